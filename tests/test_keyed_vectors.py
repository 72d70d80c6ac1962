"""The store: keys, raw vectors, norms; what is kept, what is made, and when it stops being true."""

import copy
import pickle
import threading
import tracemalloc
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pytest

from synvec import KeyedVectors, UnknownKeyError
from synvec._core import KeyTable

ROWS = np.array([[3, 4], [4, 3], [-1, 1], [0, 0]], dtype=np.float32)
KEYS = ["socket", "port", "year", "nothing"]
UNIT = np.array([[0.6, 0.8], [0.8, 0.6], [-(0.5**0.5), 0.5**0.5], [0, 0]], dtype=np.float32)


@pytest.fixture
def kv() -> KeyedVectors:
    return KeyedVectors.from_arrays(KEYS, ROWS.copy(), counts=[9, 5, 5, 1])


def read_only(kv: KeyedVectors) -> KeyedVectors:
    kv.vectors.flags.writeable = False
    return kv


# --- making one -----------------------------------------------------------------------------------


def test_from_arrays_shares_a_fitting_matrix() -> None:
    rows = ROWS.copy()
    kv = KeyedVectors.from_arrays(KEYS, rows)
    assert kv.vectors is kv.syn0
    assert np.shares_memory(kv.vectors, rows)


def test_from_arrays_keeps_the_callers_table_apart() -> None:
    table = KeyTable(KEYS)
    kv = KeyedVectors.from_arrays(table, ROWS.copy())
    kv.add_vector("month", [1, 1])
    assert len(table) == 4
    assert len(kv) == 5


def test_from_arrays_converts_what_does_not_fit() -> None:
    kv = KeyedVectors.from_arrays(KEYS, np.asfortranarray(ROWS.astype(np.float64)))
    assert kv.vectors.dtype == np.float32
    assert kv.vectors.flags.c_contiguous
    np.testing.assert_array_equal(kv.vectors, ROWS)


@pytest.mark.parametrize(
    ("keys", "rows", "more", "message"),
    [
        (["a", "b", "a"], np.eye(3), {}, "'a' stands there twice"),
        (["a"], np.eye(3), {}, r"shape \(3, 3\), expected 1 rows"),
        (["a", "b"], np.ones(2), {}, "expected 2 rows"),
        (["a"], np.ones((1, 0)), {}, "expected 1 rows"),
        (["a", "b"], np.eye(2), {"counts": [1]}, "counts have shape"),
        (["a", "b"], np.eye(2), {"norms": [1, 1, 1]}, "norms have shape"),
    ],
)
def test_from_arrays_refuses(keys: list[str], rows: object, more: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        KeyedVectors.from_arrays(keys, rows, **more)


def test_the_constructor_as_in_gensim() -> None:
    kv = KeyedVectors(3, 5, np.float32, None)
    assert (len(kv), kv.vector_size, kv.vectors.shape, kv.next_index) == (0, 3, (0, 3), 0)
    for bad in ({"vector_size": 0}, {"vector_size": 2, "count": -1}):
        with pytest.raises(ValueError, match="expected at least"):
            KeyedVectors(**bad)
    with pytest.raises(ValueError, match="float64, expected float32"):
        KeyedVectors(2, dtype=np.float64)


def test_room_made_beforehand_is_used_without_moving_a_row() -> None:
    kv = KeyedVectors(2, count=2)
    kv.add_vector("a", [1, 0])
    before = kv.vectors
    kv.add_vector("b", [0, 1])
    assert np.shares_memory(before, kv.vectors)
    kv.add_vector("c", [2, 2])
    np.testing.assert_array_equal(kv.vectors, [[1, 0], [0, 1], [2, 2]])


def test_rows_in_a_mapped_file(tmp_path: Path) -> None:
    path = tmp_path / "rows.f32"
    kv = KeyedVectors(2, count=1, mapfile_path=path)
    for number in range(20):
        kv.add_vector(f"k{number}", [number, 1])
    np.testing.assert_array_equal(kv.vectors[:, 0], np.arange(20))
    on_disk = np.fromfile(path, np.float32).reshape(-1, 2)
    np.testing.assert_array_equal(on_disk[:20], kv.vectors)


# --- keys -----------------------------------------------------------------------------------------


def test_keys_and_positions(kv: KeyedVectors) -> None:
    assert [kv.get_index(key) for key in ("year", 2, np.int64(2))] == [2, 2, 2]
    assert kv.get_index("month", -7) == -7
    assert ["year" in kv, "month" in kv, 3 in kv, 4 in kv, -1 in kv] == [True, False, True] + [
        False
    ] * 2
    assert kv.has_index_for("port")
    assert True not in kv
    assert None not in kv
    assert (str(kv), repr(kv)) == ("KeyedVectors<vector_size=2, 4 keys>",) * 2


@pytest.mark.parametrize("key", ["month", 4, -1, 0.5, None, True])
def test_an_unknown_key_is_a_key_error(kv: KeyedVectors, key: object) -> None:
    with pytest.raises(KeyError, match="not present"):
        kv.get_index(key)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("key", "hint"),
    [
        ("Socket", "did you mean 'socket'?"),
        (" PORT ", "did you mean 'port'?"),
        ("sockett", "did you mean 'socket'?"),
        ("qqqqqq", "not present"),
        (9, "positions run from 0 to 3"),
        (0.5, "keys are str"),
    ],
)
def test_a_miss_suggests(kv: KeyedVectors, key: str, hint: str) -> None:
    with pytest.raises(UnknownKeyError) as caught:
        kv.get_index(key)
    assert caught.value.key == key
    assert str(caught.value).endswith(hint) or hint in str(caught.value)
    again = pickle.loads(pickle.dumps(caught.value))
    assert type(again) is KeyError
    assert again.args == (str(caught.value),)


def test_suggestions_are_bounded() -> None:
    keys = [f"w{number:07}" for number in range(30_000)]
    kv = KeyedVectors.from_arrays([*keys, "zebra"], np.zeros((30_001, 1), np.float32))
    with pytest.raises(UnknownKeyError) as caught:
        kv.get_index("zebrra")
    assert caught.value.suggestions() == []  # beyond the keys that are looked at
    with pytest.raises(UnknownKeyError) as caught:
        kv.get_index("ZEBRA")
    assert caught.value.suggestions() == ["zebra"]


def test_key_to_index_is_a_mapping(kv: KeyedVectors) -> None:
    view = kv.key_to_index
    expected = {key: row for row, key in enumerate(KEYS)}
    assert isinstance(view, Mapping)
    assert view == expected
    assert expected == view
    assert view != {**expected, "port": 7}
    assert view != {key: row for key, row in expected.items() if row}
    assert view != list(expected)
    assert dict(view) == view.copy() == expected
    assert list(view.items()) == list(expected.items())
    assert (list(view), list(view.values()), len(view)) == (KEYS, [0, 1, 2, 3], 4)
    assert (view["year"], view.get("month"), "port" in view, 0 in view) == (2, None, True, False)
    with pytest.raises(KeyError, match="month"):
        view["month"]
    with pytest.raises(TypeError):
        view["month"] = 3  # type: ignore[index]
    with pytest.raises(TypeError):
        hash(view)
    assert pickle.loads(pickle.dumps(view)) == expected
    assert repr(view) == f"KeyToIndex({expected})"


def test_index_to_key_is_a_sequence(kv: KeyedVectors) -> None:
    view = kv.index_to_key
    assert isinstance(view, Sequence)
    assert view == KEYS
    assert KEYS.__eq__(view) is NotImplemented  # so that Python asks the view
    assert view != KEYS[::-1]
    assert view != KEYS[:3]
    assert view != "socket"
    assert list(view) == view.copy() == KEYS
    for piece in (slice(1, 3), slice(None, None, -1), slice(-2, None), slice(3, 1), slice(0, 9, 2)):
        assert view[piece] == KEYS[piece]
    assert (view[0], view[-1], view[np.int64(1)]) == ("socket", "nothing", "port")
    assert list(reversed(view)) == KEYS[::-1]
    for outside in (4, -5):
        with pytest.raises(IndexError):
            view[outside]
    assert (view.index("year"), view.count("year"), view.count("x")) == (2, 1, 0)
    for arguments in (("x",), ("year", 3), ("year", 0, 2)):
        with pytest.raises(ValueError, match="not among the keys"):
            view.index(*arguments)
    assert pickle.loads(pickle.dumps(view)) == KEYS
    assert repr(view) == f"IndexToKey({KEYS})"


def test_views_of_many_keys() -> None:
    keys = [f"k{number}" for number in range(10_000)]
    kv = KeyedVectors.from_arrays(keys, np.zeros((10_000, 1), np.float32))
    assert list(kv.index_to_key) == list(kv.key_to_index) == keys
    assert repr(kv.index_to_key).endswith("'k4', … 10000 keys])")
    kv.add_vector("new", [0])
    assert kv.key_to_index["new"] == 10_000


# --- vectors --------------------------------------------------------------------------------------


def test_lookup_by_key_position_and_list(kv: KeyedVectors) -> None:
    for one in ("year", 2, np.int64(2)):
        np.testing.assert_array_equal(kv[one], ROWS[2])
    words, mixed = ["year", "port"], ["year", 1]
    for many in (
        words,
        [2, 1],
        mixed,
        tuple(words),
        np.array(words),
        np.array([2, 1]),
        iter(words),
    ):
        found = kv[many]
        np.testing.assert_array_equal(found, ROWS[[2, 1]])
        assert found.flags.writeable
        assert not np.shares_memory(found, kv.vectors)
    with pytest.raises(ValueError, match="empty"):
        kv[[]]
    for wrong in (slice(0, 2), None, 3.5):
        with pytest.raises(TypeError, match="no key"):
            kv[wrong]  # type: ignore[index]
    with pytest.raises(KeyError, match="'month' not present"):
        kv[["year", "month"]]


def test_walking_over_it_gives_the_rows(kv: KeyedVectors) -> None:
    np.testing.assert_array_equal(list(kv), ROWS)


def test_get_vector_is_a_read_only_view(kv: KeyedVectors) -> None:
    row = kv.get_vector("port")
    assert np.shares_memory(row, kv.vectors)
    for norm in (False, True):
        with pytest.raises(ValueError, match="read-only"):
            kv.get_vector("port", norm=norm)[0] = 1
    for key, expected in zip(KEYS, UNIT, strict=True):
        np.testing.assert_allclose(kv.get_vector(key, norm=True), expected, rtol=1e-6)


def test_assigning_a_matrix(kv: KeyedVectors) -> None:
    kv.fill_norms()
    kv.vectors = np.arange(12, dtype=np.float32).reshape(4, 3)
    assert (kv.vector_size, kv.norms) == (3, None)
    kv.syn0 = ROWS.copy()
    assert kv.vector_size == 2
    with pytest.raises(ValueError, match="expected 4 rows"):
        kv.vectors = ROWS[:3]
    kv.vectors *= 2
    np.testing.assert_array_equal(kv.syn0, ROWS * 2)


# --- norms ----------------------------------------------------------------------------------------


def test_norms_are_made_when_first_needed(kv: KeyedVectors) -> None:
    assert kv.norms is None
    kv.most_similar("socket")
    np.testing.assert_allclose(kv.norms, [5, 5, 2**0.5, 0], rtol=1e-6)


def test_norms_that_came_along_are_kept() -> None:
    norms = np.array([5, 5, 2**0.5, 0], dtype=np.float32)
    kv = KeyedVectors.from_arrays(KEYS, ROWS, norms=norms)
    assert kv.norms is not None
    assert np.shares_memory(kv.norms, norms)
    assert kv.syn0norm is None
    kv.norms = None
    assert kv.norms is None


def test_norms_of_extreme_rows() -> None:
    rows = np.array([[3e30, 4e30], [3e-30, 4e-30]], dtype=np.float32)
    kv = KeyedVectors.from_arrays(["large", "small"], rows)
    assert float(kv.similarity("large", "small")) == pytest.approx(1)


@pytest.mark.parametrize(
    "need",
    [
        lambda kv: kv.init_sims(),
        lambda kv: kv.most_similar("socket"),
        lambda kv: kv.similarity("socket", "port"),
        lambda kv: kv.doesnt_match(KEYS),
        lambda kv: kv.distances("socket"),
        lambda kv: kv.get_vector("socket", norm=True),
        lambda kv: kv.get_normed_vectors(),
    ],
)
def test_syn0norm_is_none_until_needed(kv: KeyedVectors, need: object) -> None:
    kv["socket"], kv.get_vector("port"), kv.vectors  # raw vectors need nothing
    assert kv.syn0norm is None
    need(kv)  # type: ignore[operator]
    np.testing.assert_allclose(kv.syn0norm, UNIT, rtol=1e-6)


def test_syn0norm_is_made_at_each_access_and_read_only(kv: KeyedVectors) -> None:
    kv.init_sims()
    unit = kv.syn0norm
    assert unit is not None
    assert not unit.flags.writeable
    assert not np.shares_memory(unit, kv.syn0norm)
    np.testing.assert_array_equal(kv.syn0, ROWS)
    kv["socket"] = [0, 2]
    np.testing.assert_allclose(kv.syn0norm[0], [0, 1])  # type: ignore[index]
    np.testing.assert_allclose(unit[0], UNIT[0])


def test_init_sims_replace_overwrites_in_place(kv: KeyedVectors) -> None:
    rows = kv.vectors
    kv.init_sims(replace=True)
    assert kv.vectors is rows
    np.testing.assert_allclose(rows, UNIT, rtol=1e-6)
    np.testing.assert_array_equal(kv.norms, [1, 1, 1, 0])
    once = rows.copy()
    kv.unit_normalize_all()
    np.testing.assert_array_equal(rows, once)


def test_init_sims_replace_needs_no_second_matrix() -> None:
    kv = KeyedVectors.from_arrays([str(i) for i in range(40_000)], np.ones((40_000, 100), "f4"))
    tracemalloc.start()
    try:
        kv.init_sims(replace=True)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < kv.vectors.nbytes * 0.8


@pytest.mark.parametrize(
    "write",
    [
        lambda kv: kv.init_sims(replace=True),
        lambda kv: kv.unit_normalize_all(),
        lambda kv: kv.add_vector("month", [1, 1]),
        lambda kv: kv.__setitem__("socket", [1, 1]),
        lambda kv: kv.sort_by_descending_frequency(),
    ],
)
def test_writes_to_a_read_only_map_say_what_to_do(kv: KeyedVectors, write: object) -> None:
    kv.init_sims()
    read_only(kv)
    with pytest.raises(ValueError, match=r"load them without mmap='r'"):
        write(kv)  # type: ignore[operator]
    np.testing.assert_array_equal(kv.vectors, ROWS)
    assert kv.index_to_key == KEYS
    assert len(kv.most_similar("socket")) == 3


def test_fill_norms_after_a_write_into_the_array(kv: KeyedVectors) -> None:
    kv.fill_norms()
    kv.vectors[0] = [6, 8]
    kv.fill_norms()
    assert kv.norms is not None
    assert kv.norms[0] == 5
    kv.fill_norms(force=True)
    assert kv.norms[0] == 10


def test_the_output_layer_is_absent(kv: KeyedVectors) -> None:
    for name in ("syn1", "syn1neg"):
        assert not hasattr(kv, name)
        with pytest.raises(AttributeError, match=f"{name} is the output layer, which only a full"):
            getattr(kv, name)
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        kv.nonsense  # noqa: B018


# --- copies, processes, threads -------------------------------------------------------------------


@pytest.mark.parametrize(
    "twin_of", [copy.copy, copy.deepcopy, lambda kv: pickle.loads(pickle.dumps(kv))]
)
def test_copies_are_whole_and_apart(kv: KeyedVectors, twin_of: object) -> None:
    kv.init_sims()
    kv.add_vector("spare", [1, 2])
    kv.init_sims()
    twin: KeyedVectors = twin_of(kv)  # type: ignore[operator]
    assert twin.index_to_key == kv.index_to_key
    np.testing.assert_array_equal(twin.vectors, kv.vectors)
    np.testing.assert_array_equal(twin.norms, kv.norms)
    np.testing.assert_array_equal(twin.counts, kv.counts)
    assert twin.syn0norm is not None
    twin["socket"] = [0, 7]
    twin.add_vector("month", [1, 1])
    twin.set_vecattr("port", "count", 99)
    np.testing.assert_array_equal(kv["socket"], ROWS[0])
    assert kv.norms is not None
    assert kv.norms[0] == 5
    assert "month" not in kv
    assert kv.get_vecattr("port", "count") == 5


def test_room_to_grow_is_not_pickled() -> None:
    kv = KeyedVectors(100, count=10_000)
    kv.add_vector("a", np.ones(100))
    assert len(pickle.dumps(kv)) < 5_000


def test_eight_threads_read_at_once() -> None:
    rng = np.random.default_rng(5)
    kv = KeyedVectors.from_arrays(
        [f"k{i}" for i in range(2000)], rng.standard_normal((2000, 20)).astype(np.float32)
    )
    expected = {f"k{i}": copy.copy(kv).most_similar(f"k{i}") for i in range(40)}
    wrong: list[object] = []
    start = threading.Barrier(8)

    def read() -> None:
        start.wait()
        for key, answer in expected.items():
            try:
                if kv.most_similar(key) != answer or kv.rank(key, answer[2][0]) != 3:
                    wrong.append(key)
            except Exception as error:
                wrong.append(error)

    threads = [threading.Thread(target=read) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
