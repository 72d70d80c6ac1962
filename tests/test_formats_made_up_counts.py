"""Counts that were made up for files that hold none: there to be asked, never passed on as real."""

import copy
import io
import pickle
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

import synvec
from synvec import KeyedVectors, formats
from synvec.cli.app import synvec as command
from tests.golden import COUNTS, FOLDER, KEYS

Change = Callable[[KeyedVectors], KeyedVectors]


def made_up() -> KeyedVectors:
    return formats.vectors_of(formats.load(FOLDER / "glove.txt"))


@pytest.mark.parametrize("name", ["glove.txt", "gensim.txt", "gensim.bin", "word2vec-c.bin"])
def test_they_are_there_as_in_gensim_and_known_to_be_made_up(name: str) -> None:
    kv = formats.vectors_of(formats.load(FOLDER / name))
    assert kv.counts is not None
    assert kv.counts.tolist() == list(range(10, 0, -1))
    assert kv.get_vecattr("the", "count") == 10
    assert kv.known_counts is None


def test_they_are_not_written(tmp_path: Path) -> None:
    kv = made_up()
    for name in ("a.kv", "a.npz"):
        formats.save(kv, tmp_path / name)
        assert formats.vectors_of(formats.load(tmp_path / name)).counts is None
    kv.save(tmp_path / "b.kv")
    assert KeyedVectors.load(tmp_path / "b.kv").counts is None
    with pytest.raises(ValueError, match="no counts to write"):
        formats.save(kv, tmp_path / "tensor.tsv", counts=True)
    file = io.BytesIO()
    formats.save(kv, file, format="fasttext")  # which has to say something
    found = formats.vectors_of(formats.load(io.BytesIO(file.getvalue()))).counts
    assert found is not None
    assert found.tolist() == [1] * 10


def test_the_order_of_rows_is_kept(tmp_path: Path) -> None:
    kv = made_up()
    kv.save_word2vec_format(tmp_path / "a.txt")
    assert KeyedVectors.load(tmp_path / "a.txt").index_to_key == KEYS


def test_a_table_does_not_show_them() -> None:
    pandas = pytest.importorskip("pandas")
    assert isinstance(made_up().to_pandas(), pandas.DataFrame)
    assert "count" not in made_up()._repr_html_()
    polars = pytest.importorskip("polars")
    assert isinstance(made_up().to_polars(), polars.DataFrame)
    assert "count" not in made_up().to_polars().columns


def test_info_does_not_show_them(tmp_path: Path) -> None:
    done = CliRunner().invoke(command, ["info", str(FOLDER / "glove.txt")])
    assert (done.exit_code, "counts" in done.output) == (0, False)
    done = CliRunner().invoke(command, ["info", str(FOLDER / "native-1.kv")])
    assert "counts\t5 to 1,000" in done.output


def _removed(kv: KeyedVectors) -> KeyedVectors:
    kv.remove("of")
    return kv


def _grown(kv: KeyedVectors) -> KeyedVectors:
    kv.add_vector("new", np.ones(6))
    return kv


def _sorted(kv: KeyedVectors) -> KeyedVectors:
    kv.sort_by_descending_frequency()
    return kv


@pytest.mark.parametrize(
    "change",
    [
        _removed, _grown, _sorted, copy.copy, copy.deepcopy,
        lambda kv: pickle.loads(pickle.dumps(kv)),
        lambda kv: kv.vectors_for_all(["of", "42"], copy_vecattrs=True),
    ],
)  # fmt: skip
def test_they_stay_made_up(change: Change) -> None:
    changed = change(made_up())
    assert changed.counts is not None
    assert changed.known_counts is None


def test_counts_of_your_own_are_real() -> None:
    kv = made_up()
    kv.set_vecattr("the", "count", 99)
    assert kv.known_counts is not None
    kv = made_up()
    kv.expandos["count"] = np.array(COUNTS)
    assert kv.known_counts is kv.counts
    kv.remove("I-95")
    assert kv.known_counts is not None
    kv = made_up()
    kv.add_vectors(["new"], np.ones((1, 6)), extras={"count": np.array([7])})
    assert kv.known_counts is not None


def test_counts_of_a_vocabulary_are_real(tmp_path: Path) -> None:
    lines = "".join(f"{key} {count}\n" for key, count in zip(KEYS, COUNTS, strict=True))
    (tmp_path / "vocab").write_text(lines, encoding="utf-8")
    kv = synvec.load_word2vec(FOLDER / "gensim.txt", fvocab=tmp_path / "vocab")
    assert kv.known_counts is not None
    assert kv.known_counts.tolist() == COUNTS
