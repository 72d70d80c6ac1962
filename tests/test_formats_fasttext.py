"""fastText's models: what Facebook's program says, every field that can lie, and the way back."""

from __future__ import annotations

import gzip
import io
import json
import warnings
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import synvec
from synvec import FastTextKeyedVectors, KeyedVectors, Limits, _core, formats
from synvec.formats import fasttext as room
from synvec.formats.limits import DEFAULT
from tests import fasttext_files as files
from tests.golden import FOLDER, KEYS, golden, is_golden
from tests.hostile import check_prefixes_err, check_survives, flipped, megabytes_to_refuse

if TYPE_CHECKING:
    from synvec._core import FastTextParts

EXPECTED = json.loads((FOLDER / "fasttext-expected.json").read_text(encoding="utf-8"))
QUANTIZED = [(pruned, norms) for pruned in (False, True) for norms in (False, True)]


def load(data: bytes, **options: Any) -> FastTextKeyedVectors:
    loaded = formats.load(io.BytesIO(data), format="fasttext", **options)
    assert isinstance(loaded, FastTextKeyedVectors)
    return loaded


def parts(source: Any, **options: Any) -> FastTextParts:
    given: dict[str, Any] = {
        "encoding": "utf-8",
        "errors": "strict",
        "limit": None,
        "with_output": True,
        "allow_nonfinite": False,
        "limits": DEFAULT,
    }
    return _core.read_fasttext(source, **(given | options))


def check_expected(vectors: FastTextKeyedVectors, expected: dict[str, Any]) -> None:
    """Every vector that Facebook's program gave, to the bit."""
    assert vectors.index_to_key == list(expected["words"])
    for word, vector in (expected["words"] | expected["others"]).items():
        assert vectors[word].tolist() == vector, word
    assert vectors.vectors.tolist() == list(expected["words"].values())


# --- what Facebook's program says ---------------------------------------------------------------


def test_vectors_are_those_of_facebooks_program() -> None:
    vectors = synvec.load_facebook_vectors(FOLDER / "fasttext-subwords.bin")
    check_expected(vectors, EXPECTED["fasttext-subwords.bin"])
    assert (vectors.min_n, vectors.max_n, vectors.bucket) == (3, 6, 60)


def test_a_pruned_model_of_facebooks_is_unfolded() -> None:
    found = parts(FOLDER / "fasttext-pruned.ftz")
    assert sorted(found["labels"]) == ["__label__a", "__label__b", "__label__c"]
    vectors = room.vectors_of_parts(found, room.dense(found["input"]))
    check_expected(vectors, EXPECTED["fasttext-pruned.ftz"])
    output = found["output"]
    assert isinstance(output, np.ndarray)
    assert output.shape == (len(found["labels"]), found["args"]["dim"])


@pytest.mark.parametrize(("pruned", "norms"), QUANTIZED)
def test_quantised_word_vectors_are_those_of_facebooks_program(pruned: bool, norms: bool) -> None:
    vectors = load(files.quantized(pruned=pruned, norms=norms).encode())
    check_expected(vectors, EXPECTED[f"quantized pruned={pruned} norms={norms}"])


@pytest.mark.parametrize(("pruned", "norms"), QUANTIZED)
def test_centroids_are_put_together_as_the_plain_version_does(pruned: bool, norms: bool) -> None:
    matrix = files.quantized(pruned=pruned, norms=norms, size=7).input
    assert isinstance(matrix, files.Quantized)
    data = files.quantized(pruned=pruned, norms=norms, size=7).encode()
    rows = room.dense(parts(io.BytesIO(data))["input"])
    assert rows.tobytes() == matrix.dense().tobytes()


# --- versions and parts ---------------------------------------------------------------------------


def test_parts_are_what_the_file_holds() -> None:
    model = files.classifier()
    found = parts(io.BytesIO(model.encode()))
    assert found["words"].keys() == files.WORDS
    assert found["counts"].tolist() == [7, 6, 5, 4, 3]
    assert found["labels"] == ["__label__good", "__label__bad"]
    assert found["label_counts"].tolist() == [2, 1]
    assert (found["args"]["model"], found["args"]["loss"]) == ("supervised", "softmax")
    assert (found["tokens"], found["duplicates"], found["ngram_buckets"]) == (100, 0, None)
    for name, matrix in (("input", model.input), ("output", model.output)):
        assert isinstance(matrix, np.ndarray)
        assert found[name].tobytes() == matrix.tobytes()  # type: ignore[literal-required]


@pytest.mark.parametrize("changes", [{"version": 11}, {"magic": None}], ids=["11", "older"])
def test_older_versions_hold_the_same(changes: dict[str, Any]) -> None:
    new, old = load(files.skipgram().encode()), load(files.skipgram().but(**changes))
    assert old.vectors.tobytes() == new.vectors.tobytes()
    assert old["unseen"].tobytes() == new["unseen"].tobytes()
    assert formats.sniff(io.BytesIO(files.skipgram().but(**changes))) == "fasttext"


@pytest.mark.parametrize("changes", [{"version": 11}, {"magic": None}], ids=["11", "older"])
def test_classifiers_before_version_12_had_no_ngrams(changes: dict[str, Any]) -> None:
    data = files.classifier().but(maxn=3, **changes)
    assert parts(io.BytesIO(data))["args"]["maxn"] == 0


def test_the_output_is_read_when_it_is_wanted() -> None:
    skipgram, classifier = files.skipgram().encode(), files.classifier().encode()
    for data, wanted, is_there in [
        (skipgram, True, True),
        (skipgram, False, False),
        (skipgram, None, False),
        (classifier, None, True),
        (classifier, False, False),
    ]:
        found = parts(io.BytesIO(data), with_output=wanted)
        assert (found["output"] is not None) == is_there


def test_a_quantised_output_is_read() -> None:
    output = files.Quantized(
        np.array([[1, 2, 3], [4, 5, 6]], np.uint8), files.rows(256, 6, 6).reshape(-1), 6
    )
    rows = files.quantized(pruned=False, norms=True, size=6).input
    model = replace(files.classifier(), input=rows, bucket=40, output=output)
    found = parts(io.BytesIO(model.encode()))["output"]
    assert found is not None
    assert room.dense(found).tobytes() == output.dense().tobytes()


def test_limit_takes_the_first_words_and_all_ngrams() -> None:
    whole, two = load(files.skipgram().encode()), load(files.skipgram().encode(), limit=2)
    assert two.index_to_key == files.WORDS[:2]
    assert two.vectors.tobytes() == whole.vectors[:2].tobytes()
    assert two["日本"].tobytes() != whole["日本"].tobytes()  # outside now: of n-grams alone
    assert two.vectors_ngrams.tobytes() == whole.vectors_ngrams.tobytes()
    for pruned, norms in QUANTIZED:
        data = files.quantized(pruned=pruned, norms=norms).encode()
        assert load(data, limit=2).vectors.tobytes() == load(data).vectors[:2].tobytes()
    assert len(load(files.skipgram().encode(), limit=0)) == 0
    with pytest.raises(ValueError, match="limit is -1"):
        load(files.skipgram().encode(), limit=-1)


def test_of_equal_words_the_first_is_kept() -> None:
    data = files.skipgram().but(words=[b"the", b"socket", b"the", b"year", b"year"])
    with pytest.warns(UserWarning, match="2 words came before"):
        vectors = load(data)
    assert vectors.index_to_key == ["the", "socket", "year"]
    assert vectors.vectors_vocab.tobytes() == files.skipgram().input[[0, 1, 3]].tobytes()  # type: ignore[index]
    assert vectors.vectors_ngrams.tobytes() == files.skipgram().input[5:].tobytes()  # type: ignore[index]


def test_words_in_another_encoding() -> None:
    data = files.skipgram().but(words=[b"the", b"na\xefve", b"a", b"b", b"c"])
    with pytest.raises(synvec.EncodingError, match=r"entry 2 of 5 \(byte \d+\) is not UTF-8"):
        load(data)
    assert load(data, encoding="latin-1").index_to_key[1] == "naïve"
    assert load(data, unicode_errors="backslashreplace").index_to_key[1] == "na\\xefve"
    assert load(data, unicode_errors="ignore").index_to_key[1] == "nave"
    with pytest.raises(LookupError):
        load(data, encoding="no such")


def test_an_empty_word_is_one() -> None:
    # fastText's -pretrainedVectors leaves one in some dictionaries.
    vectors = load(files.skipgram().but(words=[b"the", b"", b"a", b"b", b"c"]))
    assert vectors.get_index("") == 1


def test_a_stream_and_compressed_files_are_read_as_well(tmp_path: Path) -> None:
    data = files.skipgram().encode()
    path = tmp_path / "model.bin"
    path.write_bytes(data)
    packed = tmp_path / "model.bin.gz"
    packed.write_bytes(gzip.compress(data))
    for source in (path, packed, io.BytesIO(data)):
        loaded = KeyedVectors.load(source)
        assert isinstance(loaded, FastTextKeyedVectors)
        assert loaded.vectors.tobytes() == load(data).vectors.tobytes()


def test_large_matrices_are_read_by_threads(tmp_path: Path) -> None:
    # Beyond the size from which threads share the reading, with rows left out in between.
    words = [b"the", b"socket", b"the", *(f"w{index}".encode() for index in range(2997))]
    model = replace(files.skipgram(64), words=words, bucket=40_000)
    model = replace(model, input=files.rows(43_000, 64, 8), output=files.rows(3000, 64, 9))
    path = tmp_path / "model.bin"
    path.write_bytes(model.encode())
    with pytest.warns(UserWarning, match="1 words came before"):
        vectors = formats.load(path)
    assert isinstance(vectors, FastTextKeyedVectors)
    rows = model.input
    assert isinstance(rows, np.ndarray)
    assert vectors.vectors_vocab.tobytes() == np.delete(rows[:3000], 2, axis=0).tobytes()
    assert vectors.vectors_ngrams.tobytes() == rows[3000:].tobytes()
    found = parts(path)
    assert found["output"].tobytes() == np.delete(model.output, 2, axis=0).tobytes()  # type: ignore[union-attr, arg-type]
    path.write_bytes(model.encode()[:-1])
    with pytest.raises(synvec.TruncatedFileError):
        formats.load(path)
    path.write_bytes(model.encode() + b"\0")
    with pytest.raises(synvec.HeaderError, match="trailing data"):
        formats.load(path)


def test_a_classifier_is_not_word_vectors() -> None:
    with pytest.raises(synvec.UnsupportedFormatError, match="classifier"):
        synvec.load_facebook_vectors(io.BytesIO(files.classifier().encode()))


# --- what can lie ---------------------------------------------------------------------------------

HEADER = synvec.HeaderError
TRUNCATED = synvec.TruncatedFileError
BIG = 2**31 - 1
LIES: list[tuple[dict[str, Any], type[Exception], str]] = [
    ({"magic": 793712315}, synvec.UnsupportedFormatError, "begins with 793712315"),
    ({"version": 99}, synvec.UnsupportedFormatError, "version 99, expected 11 or 12"),
    ({"version": -1}, synvec.UnsupportedFormatError, "version -1"),
    ({"dim": 0}, HEADER, "dim at byte 8 is 0, expected at least 1"),
    ({"dim": -6}, HEADER, "dim at byte 8 is -6"),
    ({"dim": 5}, HEADER, "has 45 rows of 6, expected 45 rows of 5"),
    ({"dim": BIG}, synvec.LimitError, "max_vector_size"),
    ({"ws": -1}, HEADER, "ws at byte 12"),
    ({"epoch": -1}, HEADER, "epoch at byte 16"),
    ({"min_count": -1}, HEADER, "minCount at byte 20"),
    ({"neg": -1}, HEADER, "neg at byte 24"),
    ({"word_ngrams": -1}, HEADER, "wordNgrams at byte 28"),
    ({"loss": 0}, HEADER, "loss at byte 32 is 0, expected 1 to 4"),
    ({"loss": 5}, HEADER, "loss at byte 32 is 5, expected 1 to 4"),
    ({"model": 0}, HEADER, "model at byte 36 is 0, expected 1 to 3"),
    ({"model": 4}, HEADER, "model at byte 36 is 4, expected 1 to 3"),
    ({"model": 3}, HEADER, "0 labels in a supervised model, expected at least one"),
    ({"bucket": -1}, HEADER, "bucket at byte 40 is -1"),
    ({"bucket": 41}, HEADER, "has 45 rows of 6, expected 46 rows of 6"),
    ({"bucket": BIG}, HEADER, "has 45 rows of 6, expected 2147483652 rows of 6"),
    ({"minn": -1}, HEADER, "minn at byte 44 is -1, expected 0 to 255"),
    ({"maxn": 256}, HEADER, "maxn at byte 48 is 256, expected 0 to 255"),
    ({"lr_update_rate": -1}, HEADER, "lrUpdateRate at byte 52"),
    ({"t": float("nan")}, HEADER, "t at byte 56 is NaN"),
    ({"t": -1.0}, HEADER, "t at byte 56 is -1"),
    ({"size": 4}, HEADER, "has 5 words and 0 labels but 4 entries"),
    ({"size": BIG}, HEADER, f"has 5 words and 0 labels but {BIG} entries"),
    ({"size": BIG, "nwords": BIG}, HEADER, f"has {BIG} entries .* take at least"),
    ({"size": -1, "nwords": -1}, HEADER, "has -1 words"),
    ({"size": 5, "nwords": 4, "nlabels": 1}, HEADER, "1 labels in a skipgram model"),
    ({"nlabels": -1}, HEADER, "-1 labels"),
    ({"ntokens": -1}, HEADER, "gives -1 tokens"),
    ({"pruneidx_size": -2}, HEADER, "-2 kept buckets"),
    ({"pruneidx_size": 10**9}, HEADER, "keeps 1000000000 buckets of 40"),
    ({"pruneidx_size": 0}, HEADER, "was pruned but the matrix is not quantised"),
    ({"counts": [1, 2, -3, 4, 5]}, synvec.RowError, r"entry 3 of 5 .* has count -3"),
    ({"types": [0, 1, 0, 0, 0]}, synvec.RowError, r"entry 2 of 5 .* type 1, expected .* 0"),
    ({"types": [0, 0, 0, 7, 0]}, synvec.RowError, "type 7"),
    ({"quant": 1}, HEADER, "quantised norms at byte .* is 45, expected 0 or 1"),
    ({"quant": 2}, HEADER, "quantised input at byte .* is 2, expected 0 or 1"),
    ({"qout": 2}, HEADER, "quantised output at byte .* is 2, expected 0 or 1"),
    ({"shape": (46, 6)}, HEADER, "has 46 rows of 6, expected 45 rows of 6"),
    ({"shape": (-1, 6)}, HEADER, "has -1 rows"),
    ({"shape": (45, 2**62)}, HEADER, "rows of 4611686018427387904"),
    ({"output_shape": (4, 6)}, HEADER, "output matrix at byte .* has 4 rows of 6, expected 5"),
]


@pytest.mark.parametrize("as_path", [True, False], ids=["path", "stream"])
@pytest.mark.parametrize(("changes", "error", "message"), LIES)
def test_every_field_that_lies_is_named(
    changes: dict[str, Any], error: type[Exception], message: str, as_path: bool, tmp_path: Path
) -> None:
    data = files.skipgram().but(**changes)
    path = tmp_path / "model.bin"
    path.write_bytes(data)
    if not as_path and changes.get("nwords") == BIG:
        # Nothing vouches for the size of a stream: what lies behind the words is no entry.
        error, message = synvec.FormatError, "entry 6"
    with pytest.raises(error, match=message) as found:
        formats.load(path if as_path else io.BytesIO(data), format="fasttext")
    assert "fastText model" in str(found.value)


PRUNED_LIES: list[tuple[dict[str, Any], str]] = [
    ({"pruned": {40: 0}}, "is 40 in row 0, expected below 40 and below 1"),
    ({"pruned": {-1: 0}}, "is -1 in row 0"),
    ({"pruned": {3: 1}}, "is 3 in row 1"),
    ({"pruned": {3: 0, 4: 0}}, "name a bucket or a row twice"),
    ({"pruned": None}, "expected 45 rows of 5"),
]


@pytest.mark.parametrize(("changes", "message"), PRUNED_LIES)
def test_kept_buckets_that_lie(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(HEADER, match=message):
        load(files.quantized(pruned=True, norms=False).but(**changes))


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"rows": 44}, HEADER, "has 44 rows of 5, expected 45 rows of 5"),
        ({"size": 6}, HEADER, "has 45 rows of 6, expected 45 rows of 5"),
        ({"part_size": 1}, HEADER, "has 3 codes a row, expected 5 for parts of 1"),
        ({"part_size": 5}, HEADER, "has 3 codes a row, expected 1 for parts of 5"),
        ({"codes": np.zeros((45, 6), np.uint8)}, HEADER, "take 270 bytes, expected 45 times 1 to"),
        ({"codes": np.zeros((9, 4), np.uint8), "rows": 45}, HEADER, "take 36 bytes"),
        ({"centroids": np.full(1280, np.nan, np.float32)}, synvec.NonFiniteError, "holds NaN"),
        ({"norm_centroids": np.full(256, 3e38, np.float32)}, synvec.NonFiniteError, "beyond"),
    ],
)
def test_quantised_matrices_that_lie(
    changes: dict[str, Any], error: type[Exception], message: str
) -> None:
    model = files.quantized(pruned=False, norms=True)
    matrix = model.input
    assert isinstance(matrix, files.Quantized)
    matrix.centroids = matrix.centroids * 2
    with pytest.raises(error, match=message):
        load(model.but(input=replace(matrix, **changes), dim=5))


def test_a_file_cut_within_a_word_ends() -> None:
    # gensim and fastText read on for ever.
    data = files.skipgram().encode()
    cut = data[: data.index(b"socket") + 3]
    with pytest.raises(TRUNCATED, match=r"within entry 2 of 5 \(byte \d+\); get the whole file"):
        load(cut)


def test_a_word_beyond_the_limit(tmp_path: Path) -> None:
    data = files.skipgram().but(words=[b"x" * 5000, b"a", b"b", b"c", b"d"])
    assert len(load(data)) == 5
    with pytest.raises(synvec.LimitError, match="max_key_bytes"):
        load(data, limits=Limits(max_key_bytes=4000))
    with pytest.raises(synvec.LimitError, match="max_rows"):
        load(data, limits=Limits(max_rows=44))
    with pytest.raises(synvec.LimitError, match="max_vector_size"):
        load(data, limits=Limits(max_vector_size=5))


def test_numbers_that_are_none() -> None:
    model = files.skipgram()
    assert isinstance(model.input, np.ndarray)
    model.input[44, 5] = np.inf
    with pytest.raises(synvec.NonFiniteError, match=r"input matrix holds inf at byte \d+"):
        load(model.encode())
    assert load(model.encode(), allow_nonfinite=True).vectors_ngrams[39, 5] == np.inf


def test_vectors_beyond_float32_are_not_made_by_large_numbers() -> None:
    model = files.skipgram()
    vectors = load(model.but(input=np.full((45, 6), 3e38, np.float32)))
    assert np.isfinite(vectors.vectors).all()
    assert np.isfinite(vectors["unseen"]).all()


MODELS = {
    "skipgram": files.skipgram().encode(),
    "older": files.skipgram().but(magic=None),
    "quantised": files.quantized(pruned=False, norms=True).encode(),
    "pruned": files.quantized(pruned=True, norms=False).encode(),
}


@pytest.mark.parametrize("name", MODELS)
def test_beginnings_are_no_models(name: str) -> None:
    check_prefixes_err(lambda data: load(data), MODELS[name])


def test_beginnings_of_a_classifier_are_no_models() -> None:
    check_prefixes_err(lambda data: parts(io.BytesIO(data)), files.classifier().encode())


@pytest.mark.parametrize("name", MODELS)
def test_turned_bits_never_crash(name: str) -> None:
    for data in flipped(MODELS[name][:400], times=300):
        check_survives(lambda data: load(data), data + MODELS[name][400:])


def test_it_takes_little_memory_to_refuse(tmp_path: Path) -> None:
    lies = [{"size": BIG, "nwords": BIG}, {"bucket": BIG}, {"shape": (2**40, 6)}, {"dim": 1 << 20}]
    paths = []
    for number, changes in enumerate(lies):
        path = tmp_path / f"{number}.bin"
        path.write_bytes(files.skipgram().but(**changes))
        paths.append(path)
    assert megabytes_to_refuse(*paths) < 100


def test_what_begins_like_an_older_model_only_by_chance_is_not_one() -> None:
    assert formats.sniff(io.BytesIO(files.skipgram().but(magic=None))) == "fasttext"
    with pytest.raises(synvec.HeaderError, match="another format that is read"):
        formats.sniff(io.BytesIO(files.skipgram().but(magic=None, loss=9)))


# --- writing --------------------------------------------------------------------------------------


def written(vectors: KeyedVectors, **options: Any) -> bytes:
    file = io.BytesIO()
    formats.save(vectors, file, format="fasttext", **options)
    return file.getvalue()


def test_what_is_written_is_read() -> None:
    vectors = synvec.load_facebook_vectors(FOLDER / "fasttext-subwords.bin")
    again = load(written(vectors))
    check_expected(again, EXPECTED["fasttext-subwords.bin"])
    assert again.counts is not None and vectors.counts is not None
    assert again.counts.tolist() == vectors.counts.tolist()
    assert written(again) == written(vectors)
    output = parts(io.BytesIO(written(vectors)))["output"]
    assert isinstance(output, np.ndarray) and not output.any()


def test_plain_vectors_have_no_ngrams_there() -> None:
    again = load(written(golden()))
    assert is_golden(again, counts=True)
    assert (again.bucket, again.max_n) == (0, 0)
    without = KeyedVectors.from_arrays(KEYS, golden().vectors)
    counts = load(written(without)).counts
    assert counts is not None and counts.tolist() == [1] * 10
    assert len(load(written(KeyedVectors(3)))) == 0


def test_what_the_format_cannot_hold() -> None:
    with pytest.raises(synvec.RowError, match=r'key 0 \("a\\0b"\) holds a NUL'):
        written(KeyedVectors.from_arrays(["a\0b"], [[1.0]]))
    nan = KeyedVectors.from_arrays(["a"], [[np.nan, 1]])
    with pytest.raises(synvec.NonFiniteError, match="allow_nonfinite=True"):
        written(nan)
    data = written(nan, allow_nonfinite=True)
    assert np.isnan(load(data, allow_nonfinite=True).vectors[0, 0])
    pruned = load(files.quantized(pruned=True, norms=False).encode())
    with pytest.raises(ValueError, match="pruned"):
        written(pruned)
    with pytest.raises(ValueError, match="names no format"):
        formats.save(golden(), "vectors.ftz")


def test_a_failed_write_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "model.bin"
    formats.save(golden(), path, format="fasttext")
    with pytest.raises(synvec.RowError):
        formats.save(KeyedVectors.from_arrays(["a\0b"], [[1.0]]), path, format="fasttext")
    assert is_golden(formats.vectors_of(formats.load(path)))
    assert [file.name for file in tmp_path.iterdir()] == ["model.bin"]


def test_the_text_beside_a_model_is_read() -> None:
    # fastText ends each row of a .vec in a space; its end of a sentence is a word.
    text = b"3 2\n</s> 0.5 1 \nthe -2 3e-05 \nna\xc3\xafve 0 0 \n"
    vectors = formats.vectors_of(formats.load(io.BytesIO(text)))
    assert vectors.index_to_key == ["</s>", "the", "naïve"]
    assert vectors["</s>"].tolist() == [0.5, 1]


def test_facebooks_program_answers_from_it(tmp_path: Path) -> None:
    fasttext = pytest.importorskip("fasttext")
    vectors = synvec.load_facebook_vectors(FOLDER / "fasttext-subwords.bin")
    vectors["brandnew"] = np.arange(8)
    for name, written_vectors in (("plain", golden()), ("subwords", vectors)):
        path = tmp_path / f"{name}.bin"
        formats.save(written_vectors, path, format="fasttext")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            model = fasttext.load_model(str(path))
        assert model.words == list(written_vectors.index_to_key)
        found = np.array([model.get_word_vector(word) for word in model.words])
        assert np.allclose(found, written_vectors.vectors, rtol=1e-5, atol=1e-5)
    assert model.get_word_vector("quux").tolist() == vectors["quux"].tolist()
    best = [word for _, word in model.get_nearest_neighbors("socket", k=3)]
    assert best == [word for word, _ in vectors.most_similar("socket", topn=3)]
