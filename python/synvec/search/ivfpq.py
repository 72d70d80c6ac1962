"""Lists of vectors shrunk to a few bytes each (IVF-PQ: Jégou, Douze and Schmid 2011), by faiss."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from synvec.arithmetic import Matrix
from synvec.optional import imported
from synvec.search.engine import Bytes, Rows, UnitRows, interruptible

FEWEST_ROWS = 39 * 256
"""faiss wants 39 vectors for each of the 256 values of a byte, and warns of fewer."""
TRAINING_ROWS_A_LIST = 64


class IvfPqEngine:
    """Vectors in lists by their nearest centroid, each as a few bytes; a search opens some lists.

    Parameters
    ----------
    vector_size
        D.
    rows
        V: decides how many lists there are by default.
    lists
        How many lists; 4·√V by default, and not more than V/39.
    code_bytes
        Bytes a vector; half of D by default. More find more.
    effort
        Lists opened by a search.
    """

    kind: ClassVar[str] = "ivfpq"
    module: ClassVar[str] = "faiss"
    distribution: ClassVar[str] = "faiss-cpu"
    efforts: ClassVar[tuple[int, ...]] = (8, 16, 32, 64, 128, 256)
    scores_are_exact = False

    def __init__(
        self,
        vector_size: int,
        *,
        rows: int,
        lists: int | None = None,
        code_bytes: int | None = None,
        effort: int = 16,
    ) -> None:
        if rows < FEWEST_ROWS:
            raise ValueError(
                f"an ivfpq index needs at least {FEWEST_ROWS:,} distinct vectors to learn from, "
                f"not {rows:,}: use hnsw, or search exactly"
            )
        if lists is None:
            lists = min(round(4 * math.sqrt(rows)), rows // 39)
        if code_bytes is None:
            code_bytes = max(1, vector_size // 2)
        for name, number, most in (
            ("lists", lists, rows // 39),
            ("code_bytes", code_bytes, vector_size),
        ):
            if not isinstance(number, int) or not 1 <= number <= most:
                raise ValueError(f"{name} is {number!r}, expected an integer from 1 to {most}")
        self._faiss = imported("faiss", "ann", "an ivfpq index")
        self.vector_size, self.lists, self.code_bytes = vector_size, lists, code_bytes
        # Each byte stands for as many numbers as every other; zeros at the end make up for it.
        self._padded = code_bytes * math.ceil(vector_size / code_bytes)
        metric = self._faiss.METRIC_INNER_PRODUCT
        quantizer = self._faiss.IndexFlat(self._padded, metric)
        self._index = self._faiss.IndexIVFPQ(quantizer, self._padded, lists, code_bytes, 8, metric)
        self._quantizer = quantizer  # faiss keeps no hold of it
        self._rows = rows
        self.effort = effort

    @property
    def parameters(self) -> dict[str, Any]:
        """The arguments of the constructor."""
        return {
            "rows": self._rows,
            "lists": self.lists,
            "code_bytes": self.code_bytes,
            "effort": self.effort,
        }

    @property
    def effort(self) -> int:
        """Lists opened by a search."""
        return int(self._index.nprobe)

    @effort.setter
    def effort(self, effort: int) -> None:
        self._index.nprobe = effort

    def __len__(self) -> int:
        return int(self._index.ntotal)

    @property
    def training_rows(self) -> int:
        """How many vectors it wants to learn from."""
        return max(FEWEST_ROWS, TRAINING_ROWS_A_LIST * self.lists)

    def train(self, sample: Matrix, workers: int) -> None:
        """Learn the centroids of lists and bytes."""
        with self._threads(workers):
            self._index.train(self._widened(sample))

    def add(self, rows: Rows, units: Matrix, workers: int) -> None:
        """Add unit vectors under the numbers of their rows."""
        with self._threads(workers):
            self._index.add_with_ids(self._widened(units), rows)

    def search(self, units: Matrix, wanted: int, workers: int) -> tuple[Rows, Matrix]:
        """Return rows and rough scores of the best for each unit vector, best first."""
        with self._threads(workers):
            scores, found = self._index.search(self._widened(units), min(wanted, len(self)))
        return found, scores

    def compact(self) -> None:
        """Do nothing: lists are read from end to end as they are."""

    def lost(self, rows: Rows, units: UnitRows, workers: int) -> Rows:
        """Return those of the rows that stand in no list: only these can't be found."""
        lists = self._index.invlists
        held = [
            self._faiss.rev_swig_ptr(lists.get_ids(number), lists.list_size(number))
            for number in range(lists.nlist)
            if lists.list_size(number)
        ]
        return np.setdiff1d(rows, np.concatenate([*held, np.empty(0, np.int64)]))

    def repair(self, rows: Rows, units: UnitRows) -> None:
        """Add rows that stand in no list."""
        for some, own in units.blocks(rows):
            self.add(some, own, workers=1)

    def write(self, path: Path) -> None:
        """Write faiss's own format."""
        self._faiss.write_index(self._index, str(path))

    def read(self, data: Bytes) -> None:
        """Take a copy of the bytes."""
        usual = self.effort
        self._index = self._faiss.deserialize_index(np.asarray(data))
        if (self._index.d, self._index.nlist) != (self._padded, self.lists):
            raise ValueError("its faiss index has another shape")
        self.effort = usual

    def _widened(self, units: Matrix) -> Matrix:
        extra = self._padded - self.vector_size
        rows: Matrix = np.ascontiguousarray(np.pad(units, ((0, 0), (0, extra))) if extra else units)
        return rows

    @contextmanager
    def _threads(self, workers: int) -> Iterator[None]:
        """Have faiss use so many threads; it knows one number for the whole process alone."""
        usual = self._faiss.omp_get_max_threads()
        self._faiss.omp_set_num_threads(workers)
        try:
            with interruptible():
                yield
        finally:
            self._faiss.omp_set_num_threads(usual)
