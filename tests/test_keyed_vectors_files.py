"""Opening and saving by the methods of the class; the formats have tests of their own."""

from pathlib import Path

import numpy as np
import pytest

from synvec import KeyedVectors, NonFiniteError

KEYS = ["rare", "often", "größe"]
ROWS = np.array([[3, 4], [0, 2], [0, 0]], dtype=np.float32)


@pytest.fixture
def kv() -> KeyedVectors:
    return KeyedVectors.from_arrays(KEYS, ROWS.copy(), counts=[1, 9, 4])


def same(kv: KeyedVectors, other: KeyedVectors) -> bool:
    return kv.index_to_key == other.index_to_key and np.array_equal(kv.vectors, other.vectors)


def test_native_there_and_back(kv: KeyedVectors, tmp_path: Path) -> None:
    path = tmp_path / "vectors.kv"
    kv.add_vector("late", [1, 1])  # with room to spare behind the last row
    kv.save(path)
    again = KeyedVectors.load(path)
    assert same(kv, again)
    assert again.counts is not None
    assert again.counts.tolist() == [1, 9, 4, 0]
    assert again.norms is not None
    np.testing.assert_allclose(again.norms, [5, 2, 0, 2**0.5], rtol=1e-6)
    assert again.syn0norm is None
    assert again.most_similar("rare") == kv.most_similar("rare")


def test_a_file_never_holds_false_norms(kv: KeyedVectors, tmp_path: Path) -> None:
    kv.fill_norms()
    kv.vectors[0] = [6, 8]  # and no fill_norms(force=True)
    kv.save(tmp_path / "vectors.kv")
    again = KeyedVectors.load(tmp_path / "vectors.kv")
    assert again.norms is not None
    assert again.norms[0] == 10


def test_an_opened_file_can_be_written_to_and_stays(kv: KeyedVectors, tmp_path: Path) -> None:
    path = tmp_path / "vectors.kv"
    kv.save(path)
    before = path.read_bytes()
    opened = KeyedVectors.load(path)
    opened["rare"] = [8, 6]
    opened.add_vector("new", [1, 0])
    opened.set_vecattr("often", "count", 10)
    opened.init_sims(replace=True)
    opened.sort_by_descending_frequency()
    np.testing.assert_allclose(opened["rare"], [0.8, 0.6], rtol=1e-6)
    assert path.read_bytes() == before


def test_a_read_only_map_says_what_to_do(kv: KeyedVectors, tmp_path: Path) -> None:
    path = tmp_path / "vectors.kv"
    kv.save(path)
    opened = KeyedVectors.load(path, mmap="r")
    for write in (
        lambda: opened.init_sims(replace=True),
        lambda: opened.add_vector("new", [1, 0]),
        lambda: opened.__setitem__("rare", [1, 0]),
    ):
        with pytest.raises(ValueError, match="load them without mmap='r'"):
            write()
    with pytest.raises(ValueError, match="read-only"):
        opened.vectors[0] = 1
    assert opened.most_similar("rare", topn=1)[0][0] == "often"
    opened.vectors = opened.vectors.copy()
    opened.init_sims(replace=True)
    np.testing.assert_allclose(opened["rare"], [0.6, 0.8], rtol=1e-6)


def test_attributes_that_are_not_saved_are_named(kv: KeyedVectors, tmp_path: Path) -> None:
    kv.set_vecattr("rare", "weight", 0.5)
    with pytest.warns(UserWarning, match="not saved: the attributes weight"):
        kv.save(tmp_path / "vectors.kv")


def test_nan_is_saved_only_when_asked(tmp_path: Path) -> None:
    kv = KeyedVectors.from_arrays(["a", "b"], [[np.nan, 1], [1, 1]])
    with pytest.raises(NonFiniteError):
        kv.save(tmp_path / "vectors.kv")
    assert not (tmp_path / "vectors.kv").exists()
    kv.save(tmp_path / "vectors.kv", allow_nonfinite=True)
    found = KeyedVectors.load(tmp_path / "vectors.kv").similar_by_vector(np.array([1, 0]))
    assert [key for key, _ in found] == ["b", "a"]  # a row that is no vector comes last


@pytest.mark.parametrize("binary", [False, True])
def test_word2vec_there_and_back(kv: KeyedVectors, tmp_path: Path, binary: bool) -> None:
    path, counts = tmp_path / "vectors.bin", tmp_path / "counts.txt"
    kv.save_word2vec_format(path, counts, binary=binary)
    assert counts.read_text(encoding="utf-8") == "often 9\ngröße 4\nrare 1\n"
    again = KeyedVectors.load_word2vec_format(path, counts, binary)
    assert again.index_to_key == ["often", "größe", "rare"]
    assert again.counts is not None
    assert again.counts.tolist() == [9, 4, 1]
    np.testing.assert_array_equal(again[KEYS], ROWS)
    assert same(KeyedVectors.load(path), again)
    some = KeyedVectors.load_word2vec_format(path, binary=binary, limit=2)
    assert some.index_to_key == ["often", "größe"]


def test_word2vec_options_arrive(kv: KeyedVectors, tmp_path: Path) -> None:
    path = tmp_path / "vectors.txt"
    kv.set_vecattr("größe", "rank", 7)
    kv.save_word2vec_format(path, total_vec=4, prefix="*", sort_attr="rank")
    extra = KeyedVectors.from_arrays(["late"], [[0.1, 0.2]], counts=[1])
    extra.save_word2vec_format(path, write_header=False, append=True)
    assert path.read_text(encoding="utf-8").splitlines() == [
        "4 2", "*größe 0.0 0.0", "*rare 3.0 4.0", "*often 0.0 2.0", "late 0.1 0.2",
    ]  # fmt: skip
    kv.save_word2vec_format(path, write_header=False)
    headerless = KeyedVectors.load_word2vec_format(path, no_header=True)
    assert headerless.index_to_key == ["often", "größe", "rare"]
    half = KeyedVectors.load_word2vec_format(path, no_header=True, datatype=np.float16)
    assert half.vectors.dtype == np.float32
