"""`key_to_index` and `index_to_key` do what a dictionary and a list of the same keys do."""

import copy
import json
import pickle
import random
from collections import OrderedDict, UserDict, UserList
from collections.abc import Callable
from types import MappingProxyType
from typing import Any

import numpy as np
import pytest

from synvec import KeyedVectors
from synvec.keyed_vectors.views import CHUNK, IndexToKey, KeyToIndex

KEYS = ["socket", "port", "year", "größe", "nothing"]
INDEX = {key: row for row, key in enumerate(KEYS)}


def store(keys: list[str]) -> KeyedVectors:
    return KeyedVectors.from_arrays(keys, np.ones((len(keys), 1), np.float32))


@pytest.fixture
def kv() -> KeyedVectors:
    return store(KEYS)


# --- both -----------------------------------------------------------------------------------------


def outcome(ask: Callable[[Any], Any], of: Any) -> Any:
    """Return the answer with its type, or the type of the error."""
    try:
        answer = ask(of)
    except Exception as error:
        return type(error)
    return type(answer), answer


def both(one: Any, other: Any) -> list[bool]:
    return [one == other, other == one, one != other, other != one]


AS_A_DICT: dict[str, Callable[[Any], Any]] = {
    "a key": lambda d: d["year"],
    "no key": lambda d: d["month"],
    "a position is no key": lambda d: d[0],
    "get": lambda d: [d.get("year"), d.get("month"), d.get("month", 7), d.get(0)],
    "in": lambda d: ["year" in d, "month" in d, 0 in d, None in d],
    "length and truth": lambda d: (len(d), bool(d)),
    "walking": lambda d: list(d),
    "walking back": lambda d: list(reversed(d)),
    "keys": lambda d: list(d.keys()),
    "values": lambda d: [*d.values(), 3 in d.values(), 9 in d.values()],
    "items": lambda d: [*d.items(), ("year", 2) in d.items(), ("year", 3) in d.items()],
    "keys as a set": lambda d: [d.keys() & {"year", "x"}, d.keys() - {"year"}, d.keys() ^ {"x"}],
    "equal views": lambda d: [d.keys() == INDEX.keys(), INDEX.items() == d.items()],
    "dict()": lambda d: dict(d),
    "**": lambda d: {**d, "x": 1},
    "call": lambda d: dict(**d),
    "or": lambda d: d | {"year": 9, "x": 1},
    "or from the right": lambda d: {"year": 9, "x": 1} | d,
    "or with itself": lambda d: d | d,
    "or with a list": lambda d: d | ["x"],
    "json": lambda d: json.dumps(dict(d)),
    "sorted": lambda d: sorted(d, key=d.get),
    "hash": lambda d: hash(d),
    "copy": lambda d: d.copy(),
    "equal": lambda d: [both(d, INDEX), both(d, dict(reversed(INDEX.items())))],
    "equal to other mappings": lambda d: [
        both(d, kind(INDEX)) for kind in (OrderedDict, UserDict, MappingProxyType)
    ],
    "other": lambda d: [both(d, {**INDEX, "x": 5}), both(d, {**INDEX, "year": 9}), both(d, {})],
    "others": lambda d: [both(d, other) for other in (KEYS, None, "socket", 3)],
}

AS_A_LIST: dict[str, Callable[[Any], Any]] = {
    "positions": lambda k: [k[0], k[-1], k[-5], k[np.int64(2)], k[True]],
    "too far": lambda k: k[5],
    "too far back": lambda k: k[-6],
    "a float": lambda k: k[1.0],
    "a key": lambda k: k["year"],
    "None": lambda k: k[None],
    "a step of zero": lambda k: k[::0],
    "a slice of strs": lambda k: k["a":"b"],
    "in": lambda k: ["year" in k, "month" in k, 0 in k, None in k],
    "length and truth": lambda k: (len(k), bool(k)),
    "walking": lambda k: list(k),
    "walking back": lambda k: list(reversed(k)),
    "count": lambda k: [k.count("year"), k.count("month"), k.count(3)],
    "index": lambda k: [k.index("year"), k.index("year", -3), k.index("year", 0, -1)],
    "no index": lambda k: k.index("month"),
    "index elsewhere": lambda k: k.index("year", 3),
    "plus": lambda k: k + ["x", 1],
    "plus from the left": lambda k: ["x", 1] + k,
    "plus itself": lambda k: k + k,
    "plus a tuple": lambda k: k + ("x",),
    "unpacked": lambda k: [*k, "x"],
    "join": lambda k: " ".join(k),
    "sorted": lambda k: sorted(k),
    "max": lambda k: max(k),
    "zip": lambda k: dict(zip(k, range(5), strict=True)),
    "json": lambda k: json.dumps(list(k)),
    "a sample": lambda k: random.Random(3).sample(k, 3),
    "NumPy": lambda k: np.array(k).tolist(),
    "hash": lambda k: hash(k),
    "copy": lambda k: k.copy(),
    "equal": lambda k: [both(k, KEYS), both(k, UserList(KEYS))],
    "other": lambda k: [both(k, other) for other in (KEYS[:4], KEYS[::-1], [], [*KEYS, "x"])],
    "others": lambda k: [both(k, other) for other in ("socket", 3, None, INDEX)],
}


@pytest.mark.parametrize("name", AS_A_DICT)
def test_key_to_index_does_as_a_dictionary(kv: KeyedVectors, name: str) -> None:
    assert outcome(AS_A_DICT[name], kv.key_to_index) == outcome(AS_A_DICT[name], INDEX)


@pytest.mark.parametrize("name", AS_A_LIST)
def test_index_to_key_does_as_a_list(kv: KeyedVectors, name: str) -> None:
    assert outcome(AS_A_LIST[name], kv.index_to_key) == outcome(AS_A_LIST[name], KEYS)


def test_every_slice(kv: KeyedVectors) -> None:
    bounds = [None, *range(-7, 8)]
    for step in (None, 1, 2, 3, 9, -1, -2, -9, np.int64(2)):
        for start in bounds:
            for stop in bounds:
                piece = slice(start, stop, step)
                assert kv.index_to_key[piece] == KEYS[piece], piece


def test_slices_are_lists_and_the_users_own(kv: KeyedVectors) -> None:
    piece = kv.index_to_key[:2]
    piece.append("x")
    assert kv.index_to_key == KEYS


def test_walking_in_pieces() -> None:
    for count in (0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK + 5):
        keys = [str(number) for number in range(count)]
        views = store(keys) if count else KeyedVectors(1)
        assert list(views.index_to_key) == list(views.key_to_index) == keys
        assert list(reversed(views.key_to_index)) == keys[::-1]


@pytest.mark.parametrize(
    ("change", "error"),
    [
        (lambda kv: kv.key_to_index.__setitem__("x", 5), AttributeError),
        (lambda kv: kv.key_to_index.pop("year"), AttributeError),
        (lambda kv: kv.index_to_key.append("x"), AttributeError),
        (lambda kv: kv.index_to_key.sort(), AttributeError),
        (lambda kv: setattr(kv, "index_to_key", KEYS), AttributeError),
        (lambda kv: setattr(kv.index_to_key, "note", 1), AttributeError),
    ],
)
def test_they_are_read_only(kv: KeyedVectors, change: Any, error: type[Exception]) -> None:
    with pytest.raises(error):
        change(kv)
    assert kv.index_to_key == KEYS


def test_errors_say_what_to_do(kv: KeyedVectors) -> None:
    with pytest.raises(IndexError, match="position -6 is outside of 5 keys"):
        kv.index_to_key[-6]
    with pytest.raises(TypeError, match=r"position is 'year', expected .* key_to_index gives"):
        kv.index_to_key["year"]  # type: ignore[call-overload]


def test_views_follow_the_store_and_copies_of_them_do_not(kv: KeyedVectors) -> None:
    live: list[Any] = [kv.key_to_index, kv.index_to_key]
    frozen = [make(view) for view in live for make in (copy.copy, copy.deepcopy)]
    frozen += [pickle.loads(pickle.dumps(view, version)) for view in live for version in range(6)]
    kv.add_vector("late", [1])
    assert all(len(view) == 6 and "late" in view for view in live)
    assert all(len(view) == 5 and "late" not in view for view in frozen)
    assert {type(view) for view in frozen} == {KeyToIndex, IndexToKey}
    assert all(view in (INDEX, KEYS) for view in frozen)


def test_views_of_equal_stores_are_equal(kv: KeyedVectors) -> None:
    twin = copy.copy(kv)
    assert twin.key_to_index == kv.key_to_index
    assert twin.index_to_key == kv.index_to_key
    twin.add_vector("late", [1])
    assert twin.key_to_index != kv.key_to_index
    assert twin.index_to_key != kv.index_to_key
