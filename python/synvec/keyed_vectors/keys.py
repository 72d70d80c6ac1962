"""Which keys there are, and where: the key table behind gensim's names."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, KeysView
from collections.abc import Set as AbstractSet
from typing import Generic, TypeVar, cast, overload

import numpy as np
from numpy.typing import NDArray

from synvec._core import KeyTable
from synvec.key_types import Key, KeyT, has_integers, is_integer
from synvec.keyed_vectors.misses import UnknownKeyError
from synvec.keyed_vectors.views import IndexToKey, KeyToIndex

K = TypeVar("K")

_NOT_SET = (
    "{} can't be set: make a store of keys and vectors with KeyedVectors.from_arrays(keys, vectors)"
)


def require_order(keys: object) -> None:
    """Refuse a set, whose order would decide which key gets what, and bytes."""
    _refuse_bytes(keys)
    if isinstance(keys, AbstractSet) and not isinstance(keys, KeysView):
        raise TypeError(
            f"the keys are a {type(keys).__name__}, which has no order: give them as a list"
        )


def _refuse_bytes(keys: object) -> None:
    # Walked over, they would be positions.
    if isinstance(keys, bytes | bytearray):
        raise TypeError(f"{keys!r} is {type(keys).__name__}, keys are str or int: decode it first")


def key_list(name: str, keys: Iterable[K], stacklevel: int = 3) -> list[K]:
    """Return keys as a list, with a warning when they are the letters of one."""
    _refuse_bytes(keys)
    if isinstance(keys, str):
        warnings.warn(
            f"{name} is the str {keys!r}, read letter by letter: put a single key in a list",
            stacklevel=stacklevel,
        )
    return list(keys)


class Keys(Generic[KeyT]):
    """The keys of a store by position, and the positions by key.

    Keys are strings, and then an integer stands for the key at that position; or keys are integers,
    and then an integer is a key and never a position.
    """

    _keys: KeyTable[KeyT]

    @property
    def key_type(self) -> type[str] | type[int]:
        """What the keys are, ``str`` or ``int``: ``str`` where there are none.

        A store without keys takes either; the first one decides.

        Examples
        --------
        >>> from synvec import KeyedVectors
        >>> kv = KeyedVectors.from_arrays([1001, -7], np.eye(2))
        >>> kv.key_type, kv.get_index(-7), 1 in kv
        (<class 'int'>, 1, False)
        """
        return int if has_integers(self._keys) else str

    @property
    def key_table(self) -> KeyTable[KeyT]:
        """The native table behind ``key_to_index`` and ``index_to_key``; don't extend it."""
        return self._keys

    @property
    def key_to_index(self) -> KeyToIndex[KeyT]:
        """The index of each key: a read-only mapping that builds no dictionary."""
        return KeyToIndex(self._keys)

    @key_to_index.setter
    def key_to_index(self, _: object) -> None:
        raise AttributeError(_NOT_SET.format("key_to_index"))

    @property
    def index_to_key(self) -> IndexToKey[KeyT]:
        """The keys in the order of their rows: a read-only sequence that builds no list."""
        return IndexToKey(self._keys)

    @index_to_key.setter
    def index_to_key(self, _: object) -> None:
        raise AttributeError(_NOT_SET.format("index_to_key"))

    @property
    def next_index(self) -> int:
        """The index that the next new key gets."""
        return len(self)

    def __len__(self) -> int:
        return len(self._keys)

    def __contains__(self, key: object) -> bool:
        return self.has_index_for(key)

    def has_index_for(self, key: object) -> bool:
        """Whether ``key`` is a key of the store, or a position among keys that are strings.

        Examples
        --------
        >>> from synvec import KeyedVectors
        >>> kv = KeyedVectors.from_arrays(["socket", "year"], np.eye(2))
        >>> [kv.has_index_for(key) for key in ("year", "month", 1, 2)]
        [True, False, True, False]
        """
        return self._position(key) >= 0

    @overload
    def get_index(self, key: Key, default: None = None) -> int: ...
    @overload
    def get_index(self, key: Key, default: int) -> int: ...
    def get_index(self, key: Key, default: int | None = None) -> int:
        """Return the index of ``key``.

        Parameters
        ----------
        key
            A key; or, among keys that are strings, a position, which is its own index.
        default
            What to return for an unknown key; by default that is an error.

        Raises
        ------
        KeyError
            For an unknown key without ``default``; the message suggests keys that look like it.

        Examples
        --------
        >>> from synvec import KeyedVectors
        >>> kv = KeyedVectors.from_arrays(["socket", "year"], np.eye(2))
        >>> kv.get_index("year"), kv.get_index("month", -1)
        (1, -1)
        """
        position = self._position(key)
        if position >= 0:
            return position
        if default is not None:
            return default
        raise UnknownKeyError(key, self._keys)

    def _position(self, key: object) -> int:
        """Return the index of a key or position, -1 when there is none."""
        if isinstance(key, str):
            return self._keys.index(key)
        if not is_integer(key):
            return -1
        if has_integers(self._keys):
            return self._keys.index(key)
        return int(key) if 0 <= key < len(self) else -1

    def _positions(self, keys: Iterable[Key]) -> NDArray[np.int64]:
        """Return the index of each key or position; KeyError for the first unknown one."""
        _refuse_bytes(keys)
        items = keys.tolist() if isinstance(keys, np.ndarray) else list(keys)
        if all(isinstance(key, str) for key in items) or (
            has_integers(self._keys) and all(map(is_integer, items))
        ):
            positions = self._keys.indices(cast(list[Key], items))
        else:
            positions = np.fromiter(map(self._position, items), np.int64, len(items))
        if len(items) and positions.min() < 0:
            raise UnknownKeyError(items[int(np.argmin(positions))], self._keys)
        return positions
