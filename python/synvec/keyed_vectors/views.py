"""A dictionary's and a list's face over the key table: nothing is built unless asked for."""

from __future__ import annotations

import operator
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeVar, overload

from synvec._core import KeyTable
from synvec.key_types import KeyT, index_of

# Keys become Python objects this many at a time while one walks over them.
CHUNK = 4096
SHOWN = 5

T = TypeVar("T")


def walk(keys: KeyTable[KeyT]) -> Iterator[KeyT]:
    """Yield the keys in order without ever holding them all as objects."""
    for start in range(0, len(keys), CHUNK):
        yield from keys.keys(start, start + CHUNK)


def walk_back(keys: KeyTable[KeyT]) -> Iterator[KeyT]:
    """Yield the keys from the last to the first, likewise."""
    for stop in range(len(keys), 0, -CHUNK):
        yield from reversed(keys.keys(max(0, stop - CHUNK), stop))


class KeyToIndex(Mapping[KeyT, int]):
    """The index of each key, as a read-only dictionary over the key table.

    It compares equal to a ``dict`` of the same items, and ``dict(view)`` makes one, for JSON and
    for changes. New keys show up in it, but not in a copy of it; after the store was re-ordered,
    take the view again.

    Examples
    --------
    >>> from synvec._core import KeyTable
    >>> view = KeyToIndex(KeyTable(["socket", "year"]))
    >>> view["year"], view.get("month"), "socket" in view, len(view)
    (1, None, True, 2)
    >>> view == {"socket": 0, "year": 1}
    True
    """

    __slots__ = ("_keys",)

    def __init__(self, keys: KeyTable[KeyT]) -> None:
        self._keys: KeyTable[KeyT] = keys

    def __getitem__(self, key: KeyT) -> int:
        index = index_of(self._keys, key)
        if index < 0:
            raise KeyError(key)
        return index

    def __contains__(self, key: object) -> bool:
        return index_of(self._keys, key) >= 0

    def __len__(self) -> int:
        return len(self._keys)

    def __iter__(self) -> Iterator[KeyT]:
        return walk(self._keys)

    def __reversed__(self) -> Iterator[KeyT]:
        return walk_back(self._keys)

    def __eq__(self, other: object) -> bool:
        if isinstance(other, KeyToIndex):
            return self._keys == other._keys
        if not isinstance(other, Mapping):
            return NotImplemented
        # As many items, and each of ours in the other: then the other holds nothing else.
        return len(self) == len(other) and all(
            other.get(key) == index for index, key in enumerate(self)
        )

    __hash__ = None  # type: ignore[assignment]  # as a dict: it can grow

    def __or__(self, other: Mapping[KeyT, T]) -> dict[KeyT, int | T]:
        return {**self, **other} if isinstance(other, Mapping) else NotImplemented

    def __ror__(self, other: Mapping[KeyT, T]) -> dict[KeyT, int | T]:
        return {**other, **self} if isinstance(other, Mapping) else NotImplemented

    def copy(self) -> dict[KeyT, int]:
        """Return a real dictionary."""
        return {key: index for index, key in enumerate(self)}

    def __copy__(self) -> KeyToIndex[KeyT]:
        return KeyToIndex(self._keys.copy())  # a copy doesn't grow when the store does

    def __repr__(self) -> str:
        shown = ", ".join(f"{key!r}: {i}" for i, key in enumerate(self._keys.keys(0, SHOWN)))
        return f"KeyToIndex({{{shown}{_rest(len(self))}}})"

    def __reduce__(self) -> tuple[Any, ...]:
        return KeyToIndex, (self._keys,)


class IndexToKey(Sequence[KeyT]):
    """The keys in the order of their rows, as a read-only list over the key table.

    It compares equal to a ``list`` of the same keys, ``list(view)`` makes one, for JSON and for
    changes, and slices and sums are lists. ``in`` and ``index()`` are one look into a hash table.

    Examples
    --------
    >>> from synvec._core import KeyTable
    >>> view = IndexToKey(KeyTable(["socket", "year", "month"]))
    >>> view[0], view[-1], view[1:], view.index("month")
    ('socket', 'month', ['year', 'month'], 2)
    >>> view == ["socket", "year", "month"]
    True
    """

    __slots__ = ("_keys",)

    def __init__(self, keys: KeyTable[KeyT]) -> None:
        self._keys: KeyTable[KeyT] = keys

    @overload
    def __getitem__(self, index: int) -> KeyT: ...
    @overload
    def __getitem__(self, index: slice) -> list[KeyT]: ...
    def __getitem__(self, index: int | slice) -> KeyT | list[KeyT]:
        if isinstance(index, slice):
            positions = range(*index.indices(len(self)))
            if positions.step == 1:
                return self._keys.keys(positions.start, max(positions.start, positions.stop))
            return [self._keys.key(position) for position in positions]
        try:
            position = operator.index(index)
        except TypeError:
            raise TypeError(
                f"position is {index!r}, expected an integer or a slice: key_to_index gives the "
                "position of a key"
            ) from None
        if not -len(self) <= position < len(self):
            raise IndexError(f"position {position} is outside of {len(self)} keys")
        return self._keys.key(position + len(self) if position < 0 else position)

    def __len__(self) -> int:
        return len(self._keys)

    def __iter__(self) -> Iterator[KeyT]:
        return walk(self._keys)

    def __reversed__(self) -> Iterator[KeyT]:
        return walk_back(self._keys)

    def __contains__(self, key: object) -> bool:
        return index_of(self._keys, key) >= 0

    def index(self, key: object, start: int = 0, stop: int | None = None) -> int:
        """Return the position of ``key`` in ``[start:stop]``; ValueError when it isn't there."""
        found = index_of(self._keys, key)
        if found < 0 or found not in range(*slice(start, stop).indices(len(self))):
            raise ValueError(f"{key!r} is not among the keys")
        return found

    def count(self, key: object) -> int:
        """Return 1 when the key is there, else 0."""
        return int(key in self)

    def __add__(self, other: list[T] | IndexToKey[KeyT]) -> list[KeyT | T]:
        return _joined(self, other) if isinstance(other, list | IndexToKey) else NotImplemented

    def __radd__(self, other: list[T]) -> list[KeyT | T]:
        return _joined(other, self) if isinstance(other, list) else NotImplemented

    def copy(self) -> list[KeyT]:
        """Return a real list."""
        return self._keys.keys()

    def __copy__(self) -> IndexToKey[KeyT]:
        return IndexToKey(self._keys.copy())  # a copy doesn't grow when the store does

    def __eq__(self, other: object) -> bool:
        if isinstance(other, IndexToKey):
            return self._keys == other._keys
        if not isinstance(other, Sequence) or isinstance(other, str):
            return NotImplemented
        return len(self) == len(other) and all(a == b for a, b in zip(self, other, strict=True))

    __hash__ = None  # type: ignore[assignment]  # as a list: it can grow

    def __repr__(self) -> str:
        shown = ", ".join(map(repr, self._keys.keys(0, SHOWN)))
        return f"IndexToKey([{shown}{_rest(len(self))}])"

    def __reduce__(self) -> tuple[Any, ...]:
        return IndexToKey, (self._keys,)


def _joined(one: Iterable[Any], other: Iterable[Any]) -> list[Any]:
    return [*one, *other]


def _rest(length: int) -> str:
    return f", … {length} keys" if length > SHOWN else ""
