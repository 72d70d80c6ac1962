"""Types of the native module."""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

__version__: str

def available_workers() -> int:
    """Return the cores this process may use (affinity and cgroup quota respected)."""

class KeyTable:
    """Distinct strings by index and indices by string, in memory or in a mapped file alike.

    Parameters
    ----------
    keys
        The keys in order; of equal ones the first is kept.

    Raises
    ------
    ValueError
        When a key holds a lone surrogate, which UTF-8 cannot hold.

    Examples
    --------
    >>> table = KeyTable(["socket", "year"])
    >>> table.index("year"), table.index("month")
    (1, -1)
    """

    def __init__(self, keys: Iterable[str] = ()) -> None: ...
    def __len__(self) -> int: ...
    def __eq__(self, other: object) -> bool:
        """Whether both hold the same keys in the same order."""
    def __copy__(self) -> KeyTable: ...
    def __deepcopy__(self, memo: object, /) -> KeyTable: ...
    @staticmethod
    def from_blob(key_bytes: bytes, key_offsets: NDArray[np.uint64]) -> KeyTable:
        """Build a table from UTF-8 text and V + 1 offsets; ValueError for damage or duplicates."""
    @property
    def nbytes(self) -> int:
        """Bytes that the table takes up, in memory or in its file."""
    def index(self, key: str) -> int:
        """Return the index of ``key``; -1 when it is absent."""
    def indices(self, keys: Iterable[str]) -> NDArray[np.int64]:
        """Return the index of each key; -1 for those that are absent."""
    def key(self, index: int) -> str:
        """Return the key at ``index``; IndexError outside 0 to V - 1."""
    def keys(self, start: int = 0, stop: int | None = None) -> list[str]:
        """Return the keys of ``[start:stop]`` as a slice of a list would."""
    def keys_at(self, indices: NDArray[np.int64]) -> list[str]:
        """Return the key at each index; IndexError outside 0 to V - 1."""
    def extend(self, keys: Iterable[str]) -> NDArray[np.int64]:
        """Add the keys that are new; return the index of each, new or not.

        ValueError or TypeError for a bad key leaves the table as it was.
        """
    def take(self, order: NDArray[np.int64]) -> KeyTable:
        """Return a table of the keys at ``order``, in that order, each at most once."""
    def copy(self) -> KeyTable:
        """Return an independent table; nothing is copied until one of the two grows."""
