"""The doors that every format has in common: what they take, and what they refuse."""

import io
import sys
import warnings
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

import synvec
from synvec import KeyedVectors, Word2Vec, formats
from synvec.cli.app import synvec as command
from synvec.errors import FormatError
from tests.golden import FOLDER, golden

FLORET = b"2 2 3 5 1 0 < >\n0 0.5 1\n1 2 3\n"


@pytest.mark.parametrize("place", [None, 3, 2.5, b"a.kv", []])
def test_what_is_no_place(place: Any) -> None:
    for load in (synvec.load, KeyedVectors.load, Word2Vec.load, formats.sniff, formats.verify):
        with pytest.raises(
            TypeError, match=f"path or a binary file object, not {type(place).__name__}"
        ):
            load(place)
    with pytest.raises(
        TypeError, match=f"path or a binary file object, not {type(place).__name__}"
    ):
        formats.save(golden(), place)


def test_an_empty_name_is_not_the_current_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    golden_folder = tmp_path / "here"
    golden_folder.mkdir()
    monkeypatch.chdir(golden_folder)
    for load in (synvec.load, formats.sniff, formats.verify):
        with pytest.raises(FileNotFoundError):
            load("")
    with pytest.raises(FileNotFoundError):
        formats.save(golden(), "", format="model2vec")
    assert list(golden_folder.iterdir()) == []


@pytest.mark.parametrize("name", ["gensim.txt", "fasttext.bin", "native-1.kv"])
def test_a_map_of_an_unknown_kind(name: str) -> None:
    with pytest.raises(ValueError, match="mmap is 'x', expected"):
        formats.load(FOLDER / name, mmap="x")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "name", ["native-1-negative-sampling.kv", "gensim/word2vec-4.4", "gensim/doc2vec-4.4"]
)
def test_what_is_written_is_vectors(name: str) -> None:
    loaded: Any = formats.load(FOLDER / name)
    with pytest.raises(TypeError, match=r"expected KeyedVectors; of a model give model\.wv"):
        formats.save(loaded, io.BytesIO(), format="glove")
    formats.save(formats.vectors_of(loaded), io.BytesIO(), format="glove")


@pytest.mark.parametrize(
    "format",
    ["model2vec", "static-embedding", "numpy", "npz", "parquet", "arrow", "embedding-atlas",
     "projector", "finalfusion"],
)  # fmt: skip
def test_an_empty_key_is_written_only_where_it_is_read(
    format: formats.Format, tmp_path: Path
) -> None:
    vectors = KeyedVectors.from_arrays(["a", ""], [[1, 0], [0, 1]])
    with pytest.raises(synvec.RowError):
        formats.save(vectors, tmp_path / "a_tensor.tsv", format=format)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_at_the_end_of_a_loop_of_links(tmp_path: Path) -> None:
    (tmp_path / "loop").symlink_to("loop")
    with pytest.raises(OSError, match="loop"):
        formats.save(golden(), tmp_path / "loop", format="model2vec")
    assert [path.name for path in tmp_path.iterdir()] == ["loop"]


def test_options_are_refused_under_the_name_of_the_format() -> None:
    keys: Any = {"keys": ["a"]}
    with pytest.raises(TypeError, match="GloVe text takes no keys"):
        formats.load(FOLDER / "glove.txt", **keys)


@pytest.mark.parametrize("format", formats.FORMATS)
def test_writers_refuse_options_by_name(format: formats.Format, tmp_path: Path) -> None:
    if formats.FORMATS[format].export is None:
        return
    strangers: dict[str, Any] = {"binary": True, "limit": 3}
    with pytest.raises(TypeError, match="takes no binary and no limit; leave it out"):
        formats.save(golden(), tmp_path / "a", format=format, **strangers)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "name",
    [
        "glove.txt", "gensim.bin", "fasttext.bin", "numpy.npy", "numpy.npz", "finalfusion.fifu",
        "model2vec", "spacy", "gensim/word2vec-4.4", "projector_tensor.tsv",
    ],
)  # fmt: skip
def test_limits_of_a_wrong_type(name: str) -> None:
    wrong: Any
    for wrong in ("3", 2.5, [1]):
        with pytest.raises(TypeError, match=r"limit is .*, expected a number of rows"):
            formats.load(FOLDER / name, limit=wrong)
    for wrong in (-1, 10**30):
        with pytest.raises(ValueError, match=r"limit is .*, expected 0 or more rows"):
            formats.load(FOLDER / name, limit=wrong)
    for wrong in (None, 3):
        with pytest.raises(TypeError, match=r"limits is .*, expected synvec\.Limits"):
            formats.load(FOLDER / name, limits=wrong)


def test_keys_without_an_order() -> None:
    wrong: Any
    for wrong in (set("abcdefghij"), b"a", 3):
        with pytest.raises(TypeError, match=r"no order|decode it first|expected a list of keys"):
            formats.load(FOLDER / "numpy.npy", keys=wrong)


def test_keys_from_a_url() -> None:
    fsspec = pytest.importorskip("fsspec")
    with fsspec.open("memory://synvec-doors/keys.txt", "wb") as file:
        file.write((FOLDER / "numpy.keys.txt").read_bytes())
    keys = "memory://synvec-doors/keys.txt"
    assert len(formats.vectors_of(formats.load(FOLDER / "numpy.npy", keys=keys))) == 10


def test_counts_at_a_url() -> None:
    pytest.importorskip("fsspec")
    place, vocab = "memory://synvec-doors/a.txt", "memory://synvec-doors/a.vocab"
    golden().save_word2vec_format(place, fvocab=vocab)
    found = KeyedVectors.load_word2vec_format(place, fvocab=vocab).counts
    assert found is not None
    assert found.tolist() == golden().counts.tolist()  # type: ignore[union-attr]
    with pytest.raises(ValueError, match=r"a\.vocab is a URL, which cannot be appended to"):
        golden().save_word2vec_format(io.BytesIO(), fvocab=vocab, append=True)


def test_ngrams_of_a_floret_table_have_a_bound() -> None:
    data = FLORET.replace(b"3 5", b"3 65")
    with pytest.raises(synvec.HeaderError, match="minn up to maxn up to 64"):
        formats.load(io.BytesIO(data))


def test_models_of_fasttext_from_urls() -> None:
    fsspec = pytest.importorskip("fsspec")
    with fsspec.open("memory://synvec-doors/a.bin", "wb") as file:
        file.write((FOLDER / "fasttext-subwords.bin").read_bytes())
    assert len(synvec.load_facebook_vectors("memory://synvec-doors/a.bin")) == 26
    with fsspec.open("memory://synvec-doors/a.ftz", "wb") as file:
        file.write((FOLDER / "fasttext-pruned.ftz").read_bytes())
    assert synvec.TextClassifier.load("memory://synvec-doors/a.ftz").labels


def test_verify_reads_what_loading_passes_over() -> None:
    data = bytearray((FOLDER / "fasttext.bin").read_bytes())
    assert "the output matrix too" in formats.verify(io.BytesIO(data)).checked[0]
    data[-4:] = b"\x00\x00\xc0\x7f"
    formats.load(io.BytesIO(data))
    with pytest.raises(synvec.NonFiniteError, match="output matrix holds NaN"):
        formats.verify(io.BytesIO(data))
    assert formats.verify(io.BytesIO(data), allow_nonfinite=True).rows == 10
    with pytest.raises(synvec.TruncatedFileError):
        formats.verify(io.BytesIO(data[:-4]))


@pytest.mark.parametrize(
    ("load", "data"),
    [
        (synvec.load, b"2 1\na 1\na 2\n"),
        (KeyedVectors.load, b"2 1\na 1\na 2\n"),
        (KeyedVectors.load_word2vec_format, b"2 1\na 1\na 2\n"),
        (synvec.load_glove, b"a 1\na 2\n"),
    ],
)
def test_warnings_point_at_the_line_that_asked(load: Any, data: bytes) -> None:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        load(io.BytesIO(data))
    assert [Path(warning.filename) for warning in caught] == [Path(__file__)]


def test_info_tells_what_is_in_every_kind_of_file(tmp_path: Path) -> None:
    (tmp_path / "a.floret").write_bytes(FLORET)
    shown = {
        tmp_path / "a.floret": "floret (vectors of any word)",
        FOLDER / "gensim" / "doc2vec-4.4": "documents\t3",
        FOLDER / "fasttext-subwords.bin": "fasttext (vectors with subwords)",
        FOLDER / "fasttext-pruned.ftz": "labels\t3",
    }
    for path, line in shown.items():
        done = CliRunner().invoke(command, ["info", str(path)])
        assert (done.exit_code, line in done.output) == (0, True), done.output
        assert CliRunner().invoke(command, ["info", "--json", str(path)]).exit_code == 0


def test_verify_goes_on_without_a_library(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("pyarrow", "pyarrow.parquet"):
        monkeypatch.setitem(sys.modules, name, None)
    paths = [str(FOLDER / name) for name in ("pyarrow.parquet", "native-1.kv")]
    done = CliRunner().invoke(command, ["verify", *paths])
    assert done.exit_code == 1
    assert "pip install synvec[arrow]" in done.output
    assert "native-1.kv: OK" in done.output


@pytest.mark.parametrize(
    ("name", "title"),
    [
        ("gensim.txt", "word2vec text"),
        ("native-1.kv", "synvec native"),
        ("word2vec-c.bin", "word2vec binary"),
    ],
)
@pytest.mark.parametrize("load", [synvec.load_facebook_vectors, synvec.TextClassifier.load])
def test_what_takes_a_fasttext_model_alone_says_what_another_file_is(
    load: Any, name: str, title: str
) -> None:
    expected = rf"{title}, expected a fastText model .*; open it with synvec\.load\(path\)"
    with pytest.raises(synvec.UnsupportedFormatError, match=expected):
        load(FOLDER / name)
    with (FOLDER / name).open("rb") as file, pytest.raises(FormatError, match=expected):
        load(file)
    with pytest.raises(synvec.HeaderError, match="file is empty"):
        load(io.BytesIO())


def test_a_damaged_fasttext_model_is_told_of_by_its_reader(tmp_path: Path) -> None:
    damaged = b"\xba\x16\x4f\x2f" + b"\x0c" * 20
    for source in (io.BytesIO(damaged), tmp_path / "cut.bin"):
        if isinstance(source, Path):
            source.write_bytes(damaged)
        with pytest.raises(FormatError, match="fastText model"):
            synvec.load_facebook_vectors(source)
