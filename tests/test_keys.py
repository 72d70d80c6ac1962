"""The key table against a dictionary."""

import copy
import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from synvec._core import KeyTable

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=5)


@given(st.lists(texts), st.lists(texts))
def test_answers_as_a_dictionary_does(first: list[str], second: list[str]) -> None:
    table = KeyTable(first)
    expected = {key: index for index, key in enumerate(dict.fromkeys(first))}
    for key in second:
        expected.setdefault(key, len(expected))
    added = table.extend(second)
    assert added.dtype == np.int64
    assert added.tolist() == [expected[key] for key in second]
    assert len(table) == len(expected)
    assert table.keys() == list(expected)
    assert table.indices(list(expected)).tolist() == list(range(len(expected)))
    assert all(table.key(index) == key for key, index in expected.items())


def test_absent_keys_are_minus_one() -> None:
    table = KeyTable(["a", "b"])
    assert table.index("c") == -1
    assert table.indices(["b", "c", "a"]).tolist() == [1, -1, 0]
    assert KeyTable().index("a") == -1
    assert KeyTable().indices([]).tolist() == []


def test_a_lone_surrogate_is_absent_and_never_added() -> None:
    table = KeyTable(["a"])
    assert table.index("\ud800") == -1
    with pytest.raises(ValueError, match=r"'b\\ud800'.*surrogate"):
        table.extend(["c", "b\ud800"])
    assert table.keys() == ["a"]
    with pytest.raises(ValueError, match="surrogate"):
        KeyTable(["\udfff"])


@pytest.mark.parametrize("keys", ["abc", ["a", 1], [b"a"], [None], 3])
def test_other_types_are_refused_and_change_nothing(keys: object) -> None:
    table = KeyTable(["a"])
    with pytest.raises(TypeError):
        table.extend(keys)  # type: ignore[arg-type]
    assert table.keys() == ["a"]


@pytest.mark.parametrize("keys", ["abc", [b"a"], [None], [1.0], [True], 3])
def test_what_is_no_key_is_not_looked_for(keys: object) -> None:
    with pytest.raises(TypeError):
        KeyTable(["a"]).indices(keys)  # type: ignore[arg-type]


def test_keys_slice_as_a_list_does() -> None:
    keys = list("abcdef")
    table = KeyTable(keys)
    for start in range(-8, 9):
        for stop in [None, *range(-8, 9)]:
            assert table.keys(start, stop) == keys[start:stop]


def test_places_outside_are_index_errors() -> None:
    table = KeyTable(["a", "b"])
    for index in (-1, 2, 2**40):
        with pytest.raises(IndexError, match=str(index)):
            table.key(index)
        with pytest.raises(IndexError, match=str(index)):
            table.keys_at(np.array([0, index]))
        with pytest.raises(IndexError, match=str(index)):
            table.take(np.array([index]))
    assert table.keys_at(np.array([1, 1, 0])) == ["b", "b", "a"]


def test_indices_of_another_dtype_are_refused() -> None:
    with pytest.raises(TypeError):
        KeyTable(["a"]).keys_at(np.array([0], dtype=np.int32))  # type: ignore[arg-type]


def test_take_permutes_and_refuses_twice_the_same() -> None:
    table = KeyTable(["a", "b", "c"])
    taken = table.take(np.array([2, 0]))
    assert taken.keys() == ["c", "a"]
    assert taken.index("b") == -1
    assert table.take(np.array([], dtype=np.int64)).keys() == []
    with pytest.raises(ValueError, match="twice"):
        table.take(np.array([0, 0]))


@pytest.mark.parametrize("make", [KeyTable.copy, copy.copy, copy.deepcopy])
def test_a_copy_is_independent(make) -> None:  # type: ignore[no-untyped-def]
    table = KeyTable(["a"])
    other = make(table)
    other.extend(["b"])
    table.extend(["c"])
    assert table.keys() == ["a", "c"]
    assert other.keys() == ["a", "b"]


def test_pickles_and_equals() -> None:
    table = KeyTable(["a", "", "ß\u2028 x"])
    again = pickle.loads(pickle.dumps(table))
    assert again == table
    assert again.index("ß\u2028 x") == 2
    assert table != KeyTable(["a", ""])
    assert table != KeyTable(["", "a", "ß\u2028 x"])
    assert table != ["a", "", "ß\u2028 x"]


def test_a_damaged_blob_is_a_value_error() -> None:
    with pytest.raises(ValueError, match="not valid UTF-8"):
        KeyTable.from_blob(b"\xff", np.array([0, 1], dtype=np.uint64))
    with pytest.raises(ValueError, match="duplicate"):
        KeyTable.from_blob(b"aa", np.array([0, 1, 2], dtype=np.uint64))
    with pytest.raises(ValueError, match="not a range"):
        KeyTable.from_blob(b"a", np.array([0, 2**63, 1], dtype=np.uint64))
    with pytest.raises(ValueError, match="expected 0 to 1"):
        KeyTable.from_blob(b"a", np.array([0, 2**63], dtype=np.uint64))


def test_views_and_tuples_are_sequences_of_keys() -> None:
    counts = {"a": 3, "b": 2}
    assert KeyTable(counts.keys()).keys() == ["a", "b"]
    assert KeyTable(("b", "a")).indices(counts).tolist() == [1, 0]


def test_nbytes_counts_all_parts() -> None:
    table = KeyTable(["ab", "c"])
    assert table.nbytes == 3 + 3 * 8 + 16 * 4
