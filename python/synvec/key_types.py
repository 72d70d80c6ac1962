"""What keys may be: strings, or integers of 64 bits; a store has keys of one kind."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias, TypeGuard

import numpy as np

from synvec._core import KeyTable

if TYPE_CHECKING:
    # Only type checkers know of defaults before Python 3.13; they bring this module along.
    from typing_extensions import TypeVar

    KeyT = TypeVar("KeyT", str, int, default=str)
else:
    from typing import TypeVar

    KeyT = TypeVar("KeyT", str, int)

Key: TypeAlias = str | int | np.integer[Any]
"""A key, or the position of one among keys that are strings."""


def is_integer(key: object) -> TypeGuard[int | np.integer[Any]]:
    """Return whether it is an integer; True is an ``int``, but never meant as one.

    Examples
    --------
    >>> is_integer(7), is_integer(np.int8(7)), is_integer(True), is_integer(7.0)
    (True, True, False, False)
    """
    return isinstance(key, int | np.integer) and not isinstance(key, bool)


def is_text(key: object) -> TypeGuard[str]:
    """Return whether it is a string."""
    return isinstance(key, str)


def has_integers(keys: KeyTable[KeyT]) -> bool:
    """Return whether keys are integers; where there are none, they are not."""
    return keys.key_type == "int"


def index_of(keys: KeyTable[KeyT], key: object) -> int:
    """Return the index of a key, −1 for anything else; a position is no key.

    Examples
    --------
    >>> table = KeyTable([10, 20])
    >>> index_of(table, 20), index_of(table, "20"), index_of(table, 1), index_of(table, None)
    (1, -1, -1, -1)
    """
    return keys.index(key) if isinstance(key, str) or is_integer(key) else -1
