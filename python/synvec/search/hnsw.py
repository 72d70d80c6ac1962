"""Graphs of near neighbours (HNSW: Malkov and Yashunin 2016), by usearch."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar, Literal, TypeAlias, get_args

import numpy as np
from numpy.typing import NDArray

from synvec.arithmetic import Matrix, rounded_to_bytes
from synvec.optional import imported
from synvec.preflight import available_memory
from synvec.search.engine import MISSING, Bytes, Rows, UnitRows, interruptible

StoredType: TypeAlias = Literal["float32", "float16", "int8"]

_USEARCH_NAMES = {"float32": "f32", "float16": "f16", "int8": "i8"}

AUDITS = ((4, 1), (12, 4), (40, 4), (128, 4), (512, 16))
"""Effort and rows wanted of the stages of an audit, each for what the one before didn't find. A row
that its like crowd out of the first place is not lost. Of a million rows the first stage leaves
30 %, the second 10 %, then 1.7 % and a thousandth; the stages cost about 7 : 5 : 4 : 2 : 0.4."""


class HnswEngine:
    """Each vector linked to near ones; a search walks from link to link.

    Parameters
    ----------
    vector_size
        D.
    dtype
        How vectors are kept: ``"float32"``, ``"float16"`` or ``"int8"``.
    connectivity
        Links of a vector; more take memory and find more.
    expansion
        Candidates looked at for a vector's links; more take time to build and find more.
    effort
        Candidates kept during a search.
    """

    kind: ClassVar[str] = "hnsw"
    module: ClassVar[str] = "usearch"
    distribution: ClassVar[str] = "usearch"
    efforts: ClassVar[tuple[int, ...]] = (32, 64, 128, 256, 512)

    def __init__(
        self,
        vector_size: int,
        *,
        dtype: StoredType = "float32",
        connectivity: int = 16,
        expansion: int = 128,
        effort: int = 64,
    ) -> None:
        if dtype not in get_args(StoredType):
            raise ValueError(f"dtype is {dtype!r}, expected 'float32', 'float16' or 'int8'")
        for name, number, least in (("connectivity", connectivity, 2), ("expansion", expansion, 1)):
            if not isinstance(number, int) or number < least:
                raise ValueError(f"{name} is {number!r}, expected an integer from {least} on")
        usearch = imported("usearch.index", "ann", "an hnsw index")
        self.vector_size = vector_size
        self.dtype, self.connectivity, self.expansion = dtype, connectivity, expansion
        self.scores_are_exact = dtype == "float32"
        # Of unit vectors the dot product is the cosine, and takes less time. Bytes are scaled row
        # by row, so that none of their few steps is wasted: there the lengths must be divided by.
        self._index = usearch.Index(
            ndim=vector_size,
            metric="cos" if dtype == "int8" else "ip",
            dtype=_USEARCH_NAMES[dtype],
            connectivity=connectivity,
            expansion_add=expansion,
            expansion_search=effort,
        )
        self._data: Bytes | None = None
        """What the index is searched in, once it doesn't keep its rows itself."""

    @property
    def parameters(self) -> dict[str, Any]:
        """The arguments of the constructor."""
        return {
            "dtype": self.dtype,
            "connectivity": self.connectivity,
            "expansion": self.expansion,
            "effort": self.effort,
        }

    @property
    def effort(self) -> int:
        """Candidates kept during a search."""
        return int(self._index.expansion_search)

    @effort.setter
    def effort(self, effort: int) -> None:
        self._index.expansion_search = effort

    def __len__(self) -> int:
        return len(self._index)

    @property
    def training_rows(self) -> int:
        """A graph learns nothing beforehand."""
        return 0

    def train(self, sample: Matrix, workers: int) -> None:
        """Do nothing."""

    def add(self, rows: Rows, units: Matrix, workers: int) -> None:
        """Add unit vectors under the numbers of their rows."""
        self._take_back()
        with interruptible():
            self._index.add(rows, self._stored(units), threads=workers)

    def search(self, units: Matrix, wanted: int, workers: int) -> tuple[Rows, Matrix]:
        """Return rows and scores of the best for each unit vector, best first."""
        if not len(self) or not len(units):
            return np.empty((len(units), 0), np.int64), np.empty((len(units), 0), np.float32)
        wanted = min(wanted, len(self))
        with interruptible():
            found = self._index.search(self._stored(units), wanted, threads=workers)
        keys = found.keys.view(np.int64).reshape(len(units), -1)
        distances = found.distances.reshape(keys.shape)
        # One query alone comes back without the places where nothing was found, many with them,
        # and with whatever lay there in the memory.
        if len(units) > 1:
            empty = np.arange(wanted) >= np.asarray(found.counts)[:, np.newaxis]
            keys[empty], distances[empty] = MISSING, np.nan
        return keys, np.float32(1) - distances

    def compact(self) -> None:
        """Move the graph into one block of memory with large pages.

        A search goes to rows all over the memory, and most of its time goes into finding out where
        their pages are: with pages of 2 MB, which NumPy asks of Linux for large arrays, it takes
        two thirds to four fifths of it. Other systems lose nothing.

        A second copy of the graph is needed meanwhile. Where there is no memory for it, the graph
        stays where it is.
        """
        available = available_memory()
        if available is not None and available[0] < int(self._index.serialized_length):
            return
        written = np.frombuffer(self._index.save(), np.uint8)
        self.read(written)  # lets go of what was built, before there is a third copy
        self.read(written.copy())

    def lost(self, rows: Rows, units: UnitRows, workers: int) -> Rows:
        """Return those of the rows that a search for their own vector doesn't find.

        Nearly all are found with little effort; only the others are searched with a large one.
        """
        usual, suspects = self.effort, rows
        try:
            for effort, wanted in AUDITS:
                self.effort = effort
                missed = [
                    some[(self.search(own, wanted, workers)[0] != some[:, np.newaxis]).all(axis=1)]
                    for some, own in units.blocks(suspects)
                ]
                suspects = np.concatenate([*missed, np.empty(0, np.int64)])
        finally:
            self.effort = usual
        return suspects

    def repair(self, rows: Rows, units: UnitRows) -> None:
        """Take lost rows out and add them again, by one thread.

        Two threads that add at once can each miss the other's links: what loses rows
        (https://github.com/unum-cloud/USearch/issues/735).
        """
        self._take_back()
        for some, own in units.blocks(rows):
            self._index.remove(some, threads=1)
            self.add(some, own, workers=1)

    def write(self, path: Path) -> None:
        """Write usearch's own format."""
        self._index.save(str(path))

    def read(self, data: Bytes) -> None:
        """Search in the bytes where they lie."""
        usual = self.effort
        self._index.view(data)
        self.effort = usual
        self._data = data  # usearch keeps no hold of it

    def _take_back(self) -> None:
        """Let the index keep its rows itself again: what it is searched in can't be changed."""
        if self._data is None:
            return
        usual = self.effort
        self._index.load(self._data)
        self._index.expansion_add, self.effort = self.expansion, usual
        self._data = None

    def _stored(self, units: Matrix) -> Matrix | NDArray[np.int8]:
        if self.dtype != "int8":
            return np.ascontiguousarray(units)
        return rounded_to_bytes(units)[0]
