"""Editing: what is added, overwritten, re-ordered, and that nothing half-done remains."""

import tracemalloc

import numpy as np
import pytest

from synvec import KeyedVectors

KEYS = ["a", "b", "c"]
ROWS = np.array([[3, 4], [0, 2], [1, 1]], dtype=np.float32)


@pytest.fixture
def kv() -> KeyedVectors:
    kv = KeyedVectors.from_arrays(KEYS, ROWS.copy(), counts=np.array([5, 9, 5], dtype=np.uint64))
    kv.fill_norms()
    return kv


def unchanged(kv: KeyedVectors) -> bool:
    return (
        kv.index_to_key == KEYS
        and np.array_equal(kv.vectors, ROWS)
        and kv.counts is not None
        and kv.counts.tolist() == [5, 9, 5]
        and list(kv.expandos) == ["count"]
    )


def true_norms(kv: KeyedVectors) -> bool:
    kv.fill_norms()
    return kv.norms is not None and np.allclose(kv.norms, np.linalg.norm(kv.vectors, axis=1))


def test_adding_one(kv: KeyedVectors) -> None:
    assert kv.add_vector("d", [6, 8]) == 3
    assert kv.add_vector("a", [9, 9]) == 0  # it is there and keeps what it has
    np.testing.assert_array_equal(kv.vectors, [*ROWS, [6, 8]])
    assert true_norms(kv)
    assert kv.get_vecattr("d", "count") == 0
    assert kv.most_similar("a", topn=1) == [("d", 1.0)]


def test_adding_one_by_one_moves_the_rows_rarely() -> None:
    kv = KeyedVectors(4)
    moves = 0
    for number in range(2000):
        before = kv.vectors
        kv.add_vector(str(number), np.full(4, number))
        moves += not np.shares_memory(before, kv.vectors)
    assert moves < 120
    np.testing.assert_array_equal(kv.vectors[:, 0], np.arange(2000))


def test_adding_many(kv: KeyedVectors) -> None:
    kv.add_vectors(["b", "d", "e"], [[7, 7], [1, 0], [0, 1]])
    assert kv.index_to_key == [*KEYS, "d", "e"]
    np.testing.assert_array_equal(kv["b"], [0, 2])
    kv.add_vectors(["b", "f"], [[7, 7], [5, 5]], replace=True)
    np.testing.assert_array_equal(kv[["b", "f"]], [[7, 7], [5, 5]])
    assert true_norms(kv)
    kv.add_vectors("g", [1, 2])
    assert kv.get_index("g") == 6
    kv.add_vectors([], np.empty((0, 2)))
    assert len(kv) == 7


def test_a_key_given_twice_gets_one_row(kv: KeyedVectors) -> None:
    kv.add_vectors(["x", "x", "y"], [[1, 1], [2, 2], [3, 3]])
    assert kv.index_to_key == [*KEYS, "x", "y"]
    np.testing.assert_array_equal(kv[["x", "y"]], [[1, 1], [3, 3]])
    kv.add_vectors(["z", "x", "z"], [[1, 1], [2, 2], [3, 3]], replace=True)
    np.testing.assert_array_equal(kv[["x", "z"]], [[2, 2], [3, 3]])
    assert len(kv) == len(kv.vectors) == 6


def test_extras_go_along(kv: KeyedVectors) -> None:
    kv.add_vectors(["b", "d"], [[7, 7], [1, 0]], extras={"count": [70, 1], "tag": ["x", "y"]})
    assert kv.counts is not None
    assert kv.counts.dtype == np.uint64
    assert kv.counts.tolist() == [5, 9, 5, 1]
    assert kv.expandos["tag"].tolist() == ["", "", "", "y"]
    kv.add_vectors(["b"], [[7, 7]], extras={"count": [70]}, replace=True)
    assert kv.get_vecattr("b", "count") == 70
    assert kv.get_vecattr("d", "tag") == "y"


def test_attributes_taken_from_the_caller_are_not_written(kv: KeyedVectors) -> None:
    counts = np.array([1, 2, 3])
    counts.flags.writeable = False
    kv = KeyedVectors.from_arrays(KEYS, ROWS.copy(), counts=counts)
    kv.set_vecattr("a", "count", 8)
    assert counts.tolist() == [1, 2, 3]
    assert kv.get_vecattr("a", "count") == 8


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ((["d"], [[1, 2, 3]]), ValueError, "3 dimensions, expected 2"),
        ((["d", "e"], [[1, 2]]), ValueError, "expected 2 rows"),
        ((["d"], [[1, np.nan]]), ValueError, "vector 0 holds NaN"),
        ((["d", "e"], [[1, 1], [1, np.inf]]), ValueError, "vector 1 holds NaN or infinity"),
        ((["d", 7], [[1, 2], [1, 2]]), TypeError, "key 7 is an int, the other keys are str"),
        ((["d", "\ud800"], [[1, 2], [1, 2]]), ValueError, "d800"),
        ((["d"], [[1, 2]], {"tag": [1, 2]}), ValueError, "expected 1 values"),
        ((["a"], [[1, 2, 3]], None, True), ValueError, "3 dimensions"),
        (([], [[1, 2]]), ValueError, "expected 0 rows"),
        ((["d"], []), ValueError, "expected 1 rows"),
        ((["d"], [["x", "y"]]), ValueError, "could not convert"),
        ((["a", "d"], [[1, 2], [1, np.nan]], None, True), ValueError, "vector 1 holds NaN"),
    ],
)
def test_a_bad_addition_leaves_all_as_it_was(
    kv: KeyedVectors, arguments: tuple, error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        kv.add_vectors(*arguments)
    assert unchanged(kv)
    assert true_norms(kv)


@pytest.mark.parametrize(
    ("keys", "rows", "error", "message"),
    [
        ("a", [1, np.nan], ValueError, "vector 0 holds NaN"),
        (["a", "b"], [[1, 2], [np.inf, 2]], ValueError, "vector 1 holds NaN or infinity"),
        (["a", 9], [[1, 2], [1, 2]], KeyError, "9 not present"),
        (["a", "b"], [[1, 2]], ValueError, "expected 2 rows"),
        (["a"], [1, 2], ValueError, "expected 1 rows"),
        ([], [[1, 2]], ValueError, "expected 0 rows"),
        ("a", 1, ValueError, "expected"),
    ],
)
def test_a_bad_assignment_leaves_all_as_it_was(
    kv: KeyedVectors, keys: object, rows: object, error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        kv[keys] = rows  # type: ignore[index, assignment]
    assert unchanged(kv)
    assert true_norms(kv)


def test_a_read_only_map_takes_neither_new_keys_nor_new_vectors(kv: KeyedVectors) -> None:
    kv.vectors.flags.writeable = False
    for call in (
        lambda: kv.add_vectors(["d"], [[1, 2]], extras={"new": [1]}),
        lambda: kv.add_vectors(["a"], [[1, 2]], replace=True),
        lambda: kv.__setitem__(["a", "d"], [[1, 2], [1, 2]]),
    ):
        with pytest.raises(ValueError, match="read-only and can't be added to or overwritten"):
            call()
    kv.add_vectors(["a"], [[9, 9]])  # it is there, so there is nothing to write
    assert unchanged(kv)


def test_add_vector_takes_keys_of_the_same_kind_alone(kv: KeyedVectors) -> None:
    with pytest.raises(TypeError, match="key 5 is an int, the other keys are str"):
        kv.add_vector(5, [1, 2])  # type: ignore[arg-type]
    assert unchanged(kv)


def test_setting_vectors(kv: KeyedVectors) -> None:
    kv["a"] = [6, 8]
    kv[1] = np.array([0, 5])
    np.testing.assert_array_equal(kv.norms, [10, 5, np.float32(2**0.5)])
    kv[["c", "new"]] = [[8, 6], [1, 0]]
    np.testing.assert_array_equal(kv.vectors, [[6, 8], [0, 5], [8, 6], [1, 0]])
    assert true_norms(kv)
    assert kv.most_similar("a", topn=1)[0] == ("c", pytest.approx(0.96))
    for key in (9, -1):
        with pytest.raises(KeyError, match="not present"):
            kv[key] = [1, 1]
    with pytest.raises(ValueError, match="dimensions"):
        kv["a"] = [1, 1, 1]


def test_a_write_touches_the_norms_of_its_rows_alone() -> None:
    norms = np.array([5, 2, 2**0.5], dtype=np.float32)
    norms.flags.writeable = False  # as they come from a mapped file
    kv = KeyedVectors.from_arrays(KEYS, ROWS.copy(), norms=norms)
    kv["b"] = [0, 7]
    np.testing.assert_array_equal(kv.norms, [5, 7, np.float32(2**0.5)])
    assert norms[1] == 2


def test_attributes(kv: KeyedVectors) -> None:
    kv.set_vecattr("b", "weight", 2.5)
    kv.set_vecattr(2, "note", "odd")
    kv.set_vecattr("a", "seen", True)
    assert kv.expandos["weight"].tolist() == [0, 2.5, 0]
    assert kv.expandos["note"].tolist() == [None, None, "odd"]
    assert kv.expandos["seen"].tolist() == [True, False, False]
    kv.set_vecattr("a", "count", 3)
    assert kv.counts is not None
    assert kv.counts.dtype == np.uint64
    kv.set_vecattr("a", "seen", 0.5)
    assert kv.expandos["seen"].tolist() == [0.5, 0, 0]
    kv.add_vector("d", [1, 1])
    assert [kv.get_vecattr("d", name) for name in kv.expandos] == [0, 0, None, 0]


def test_attributes_refuse(kv: KeyedVectors) -> None:
    with pytest.raises(KeyError, match="no attribute 'weight', there are"):
        kv.get_vecattr("a", "weight")
    for call in (lambda: kv.get_vecattr("zz", "count"), lambda: kv.set_vecattr("zz", "new", 1)):
        with pytest.raises(KeyError, match="'zz' not present"):
            call()
    with pytest.raises(TypeError, match="count is 'x', expected a number"):
        kv.set_vecattr("a", "count", "x")
    with pytest.raises(ValueError, match="count is -1, expected an integer from 0 on"):
        kv.set_vecattr("a", "count", -1)
    with pytest.raises(ValueError, match="1 attrs and 0 types"):
        kv.allocate_vecattrs(["new"])
    assert unchanged(kv)


def test_allocating_attributes(kv: KeyedVectors) -> None:
    kv.allocate_vecattrs()
    assert unchanged(kv)
    kv.allocate_vecattrs(["count", "n", "o"], [float, int, str])
    assert kv.counts is not None
    assert kv.counts.tolist() == [5, 9, 5]
    assert (kv.expandos["n"].tolist(), kv.expandos["o"].tolist()) == ([0, 0, 0], [None] * 3)


def test_sorting_by_frequency(kv: KeyedVectors) -> None:
    rows = kv.vectors
    kv.sort_by_descending_frequency()
    assert kv.index_to_key == ["b", "c", "a"]  # among equals the later row first
    assert kv.vectors is rows
    np.testing.assert_array_equal(rows, ROWS[[1, 2, 0]])
    assert kv.counts is not None
    assert kv.counts.tolist() == [9, 5, 5]
    np.testing.assert_array_equal(kv.norms, [2, np.float32(2**0.5), 5])
    KeyedVectors(2).sort_by_descending_frequency()
    with pytest.raises(ValueError, match="no counts to sort by"):
        KeyedVectors.from_arrays(KEYS, ROWS.copy()).sort_by_descending_frequency()


def test_sorting_needs_no_second_matrix() -> None:
    rng = np.random.default_rng(2)
    rows = rng.standard_normal((20_000, 200), dtype=np.float32)
    keys = [str(row) for row in range(20_000)]
    counts = rng.permutation(20_000)
    kv = KeyedVectors.from_arrays(keys, rows.copy(), counts=counts)
    tracemalloc.start()
    try:
        kv.sort_by_descending_frequency()
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < rows.nbytes / 4
    np.testing.assert_array_equal(kv.vectors, rows[np.argsort(-counts)])


def test_vectors_for_all(kv: KeyedVectors) -> None:
    some = kv.vectors_for_all(["c", "zz", "a", "c", 1], copy_vecattrs=True)  # type: ignore[list-item]
    assert some.index_to_key == ["c", "a"]
    np.testing.assert_array_equal(some.vectors, ROWS[[2, 0]])
    assert some.counts is not None
    assert some.counts.tolist() == [5, 5]
    some["a"] = [0, 0]
    assert unchanged(kv)
    assert kv.vectors_for_all(["a"], allow_inference=False).expandos == {}
    assert len(kv.vectors_for_all(["zz"])) == 0
