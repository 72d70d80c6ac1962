"""Which buckets the n-grams of each key have, as a list that is never built."""

from __future__ import annotations

from collections.abc import Sequence
from typing import overload

import numpy as np
from numpy.typing import NDArray

from synvec._core import KeyTable, Subwords

Buckets = NDArray[np.uint32]


class BucketsOfKeys(Sequence[Buckets]):
    """The buckets of each key's n-grams by position, computed at each access.

    Examples
    --------
    >>> buckets = BucketsOfKeys(KeyTable(["socket", "year"]), Subwords(3, 3, 1000))
    >>> len(buckets), len(buckets[0]), buckets[1].dtype
    (2, 6, dtype('uint32'))
    """

    __slots__ = ("_keys", "_subwords")

    def __init__(self, keys: KeyTable, subwords: Subwords) -> None:
        self._keys, self._subwords = keys, subwords

    @overload
    def __getitem__(self, index: int) -> Buckets: ...
    @overload
    def __getitem__(self, index: slice) -> list[Buckets]: ...
    def __getitem__(self, index: int | slice) -> Buckets | list[Buckets]:
        if isinstance(index, slice):
            return [self[position] for position in range(*index.indices(len(self)))]
        position = range(len(self))[index]  # negative ones count from the end, as in a list
        return self._subwords.buckets([self._keys.key(position)])[0]

    def __len__(self) -> int:
        return len(self._keys)

    def __repr__(self) -> str:
        return f"<buckets of the n-grams of {len(self)} keys>"
