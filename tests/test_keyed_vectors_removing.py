"""Removing keys: what moves up, what follows, and that an error changes nothing."""

import pickle
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from synvec import KeyedVectors, UnknownKeyError

KEYS = ["a", "b", "c", "d"]
ROWS = np.array([[3, 4], [0, 2], [1, 1], [6, 8]], dtype=np.float32)


@pytest.fixture
def kv() -> KeyedVectors:
    kv = KeyedVectors.from_arrays(KEYS, ROWS.copy(), counts=np.array([5, 9, 5, 1], np.uint64))
    kv.fill_norms()
    kv.set_vecattr("c", "note", "odd")
    return kv


def unchanged(kv: KeyedVectors) -> bool:
    return (
        kv.index_to_key == KEYS
        and np.array_equal(kv.vectors, ROWS)
        and kv.expandos["count"].tolist() == [5, 9, 5, 1]
        and kv.expandos["note"].tolist() == [None, None, "odd", None]
        and kv.norms is not None
        and np.allclose(kv.norms, [5, 2, 2**0.5, 10])
    )


@pytest.mark.parametrize("gone", ["b", 1, np.int64(1), ["b"], ("b", 1, "b"), {"b"}, np.array([1])])
def test_one_key_in_each_form(kv: KeyedVectors, gone: object) -> None:
    kv.remove(gone)  # type: ignore[arg-type]
    assert kv.index_to_key == ["a", "c", "d"]
    assert kv.key_to_index == {"a": 0, "c": 1, "d": 2}
    np.testing.assert_array_equal(kv.vectors, ROWS[[0, 2, 3]])
    np.testing.assert_array_equal(kv.norms, [5, np.float32(2**0.5), 10])
    assert kv.expandos["count"].tolist() == [5, 5, 1]
    assert kv.expandos["count"].dtype == np.uint64
    assert kv.expandos["note"].tolist() == [None, "odd", None]
    assert "b" not in kv
    assert [key for key, _ in kv.most_similar("a")] == ["d", "c"]


@given(st.lists(st.integers(0, 39), max_size=60), st.integers(1, 3))
def test_as_taking_the_others(gone: list[int], size: int) -> None:
    rows = np.arange(40 * size, dtype=np.float32).reshape(40, size)
    keys = [f"k{number}" for number in range(40)]
    kv = KeyedVectors.from_arrays(keys, rows.copy(), counts=np.arange(40))
    kv.remove([keys[number] for number in gone])
    kept = [number for number in range(40) if number not in gone]
    assert kv.index_to_key == [keys[number] for number in kept]
    np.testing.assert_array_equal(kv.vectors, rows[kept])
    np.testing.assert_array_equal(kv.counts, kept)


def test_del_and_pop(kv: KeyedVectors) -> None:
    del kv["a"]
    del kv[["b", "d"]]
    assert kv.index_to_key == ["c"]
    vector = kv.pop("c")
    np.testing.assert_array_equal(vector, [1, 1])
    assert vector.flags.writeable
    assert (len(kv), kv.vector_size, kv.vectors.shape) == (0, 2, (0, 2))
    kv.add_vector("c", [7, 7])
    np.testing.assert_array_equal(vector, [1, 1])
    assert kv.most_similar("c") == []


def test_nothing_to_remove(kv: KeyedVectors) -> None:
    kv.vectors.flags.writeable = False
    for nothing in ([], (), np.array([], dtype=int), iter([])):
        kv.remove(nothing)  # type: ignore[arg-type]
    assert unchanged(kv)


@pytest.mark.parametrize("key", ["x", 4, -1, None, 0.5, True])
def test_an_unknown_key_removes_nothing(kv: KeyedVectors, key: object) -> None:
    calls = [lambda: kv.remove(["a", key]), lambda: kv.__delitem__(["a", key])]
    if isinstance(key, str | int):
        calls += [lambda: kv.remove(key), lambda: kv.pop(key)]
    for call in calls:
        with pytest.raises(UnknownKeyError, match="not present"):
            call()
    assert unchanged(kv)


def test_what_is_no_key_at_all(kv: KeyedVectors) -> None:
    for wrong in (None, 0.5, slice(1, 3)):
        with pytest.raises(TypeError, match="is no key: give a key"):
            kv.remove(wrong)  # type: ignore[arg-type]
    assert unchanged(kv)


def test_a_read_only_map(kv: KeyedVectors, tmp_path: Path) -> None:
    del kv.expandos["note"]
    path = tmp_path / "vectors.kv"
    kv.save(path)
    mapped = KeyedVectors.load(path, mmap="r")
    for call in (lambda: mapped.remove("a"), lambda: mapped.pop("a")):
        with pytest.raises(ValueError, match=r"can't be removed: load them without mmap='r'"):
            call()
    assert mapped.index_to_key == KEYS
    copied_on_write = KeyedVectors.load(path)
    copied_on_write.remove("a")
    np.testing.assert_array_equal(copied_on_write.vectors, ROWS[1:])
    np.testing.assert_array_equal(KeyedVectors.load(path).vectors, ROWS)


def test_rows_move_up_in_place() -> None:
    rows = np.random.default_rng(3).standard_normal((30_000, 200), dtype=np.float32)
    keys = [str(row) for row in range(30_000)]
    kv = KeyedVectors.from_arrays(keys, rows.copy())
    before = kv.vectors
    gone = np.arange(7, 30_000, 3)
    tracemalloc.start()
    try:
        kv.remove(gone)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < rows.nbytes / 2
    assert np.shares_memory(before, kv.vectors)
    np.testing.assert_array_equal(kv.vectors, np.delete(rows, gone, axis=0))


def test_what_was_removed_can_come_back(kv: KeyedVectors) -> None:
    kv.remove(["a", "c"])
    kv["a"] = [0, 7]
    assert kv.index_to_key == ["b", "d", "a"]
    np.testing.assert_array_equal(kv.vectors, [[0, 2], [6, 8], [0, 7]])
    assert kv.get_vecattr("a", "count") == 0
    assert kv.most_similar("b", topn=1) == [("a", 1.0)]


def test_old_views_stay_as_they_were(kv: KeyedVectors) -> None:
    keys, positions = kv.index_to_key, kv.key_to_index
    kv.remove("a")
    assert keys == KEYS
    assert positions["b"] == 1


def test_room_is_given_back(kv: KeyedVectors) -> None:
    before = kv.vectors
    kv.resize_vectors()
    assert kv.vectors is before
    kv.remove(["a", "b"])
    assert kv.vectors.base is not None
    kv.resize_vectors(seed=3)
    assert kv.vectors.base is None
    assert kv.vectors.flags.owndata
    np.testing.assert_array_equal(kv.vectors, ROWS[2:])
    np.testing.assert_array_equal(kv.norms, [np.float32(2**0.5), 10])
    roomy = KeyedVectors(2, count=1000)
    roomy.resize_vectors()
    roomy.add_vector("a", [1, 2])
    np.testing.assert_array_equal(roomy.vectors, [[1, 2]])


def test_rows_in_a_file_keep_their_room(tmp_path: Path) -> None:
    kv = KeyedVectors(2, mapfile_path=tmp_path / "rows.f32")
    kv.add_vectors(KEYS, ROWS)
    kv.remove("b")
    kv.resize_vectors()
    kv.add_vector("e", [9, 9])
    np.testing.assert_array_equal(kv.vectors, [*ROWS[[0, 2, 3]], [9, 9]])


def test_copies_and_pickles_hold_what_is_left(kv: KeyedVectors) -> None:
    kv.remove(["a", "b", "c"])
    again = pickle.loads(pickle.dumps(kv))
    assert again.index_to_key == ["d"]
    np.testing.assert_array_equal(again.vectors, ROWS[3:])
