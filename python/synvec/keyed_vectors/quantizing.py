"""Rows rounded to half or a quarter of their size, for scans that take less memory and time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeAlias, get_args

import numpy as np
from numpy.typing import NDArray

from synvec import _core
from synvec.arithmetic import Matrix, Vector, divisors, rounded_to_bytes, row_norms
from synvec.key_types import KeyT
from synvec.keyed_vectors.batches import RowIndex
from synvec.keyed_vectors.row_numbers import RowNumbers
from synvec.keyed_vectors.similarity import Similarity

if TYPE_CHECKING:
    from synvec._core import KeyTable

Kind: TypeAlias = Literal["float16", "int8"]

# Rows looked at again with their exact vectors, for each row that is wanted, and some more:
# rounding to int8 moves a cosine by about 0.003, which changes the order of the nearest rows.
OVERSAMPLING = 4
RESERVE = 16
ROWS_AT_ONCE = 16_384


class Quantizing(Similarity[KeyT]):
    """Smaller rows for searching."""

    def quantize(
        self, kind: Kind = "int8", *, sample: int = 200, seed: int = 1
    ) -> QuantizedRows[KeyT]:
        """Round all rows to smaller numbers, for queries that take less memory or time.

        Parameters
        ----------
        kind
            ``"int8"``: a byte a number and a scale a row, a quarter of the memory to read; the best
            rows are scored again with their exact vectors, so that the answers' cosines are exact.
            ``"float16"``: half the memory, scored as rounded, with errors of about 0.0002; the
            store itself is no longer needed.
        sample
            How many keys, drawn at random, the recall is measured on; 0 measures nothing.
        seed
            Seeds their choice.

        Returns
        -------
        QuantizedRows
            Give it to ``most_similar(indexer=…)`` or ask it itself. It is a picture of the store as
            it is now: make a new one after changing the store, whose vectors ``"int8"`` scores by.

        Raises
        ------
        ValueError
            For another ``kind``, an empty store, NaN, or a negative ``sample``.

        Examples
        --------
        >>> from synvec import KeyedVectors
        >>> kv = KeyedVectors.from_arrays(["socket", "port", "year"], [[3, 4], [4, 3], [-1, 1]])
        >>> small = kv.quantize("int8", sample=3)
        >>> small
        QuantizedRows<int8, 3 keys, 18 bytes, recall@10 1.000>
        >>> [key for key, _ in kv.most_similar("socket", topn=1, indexer=small)]
        ['port']
        """
        if kind not in get_args(Kind):
            raise ValueError(f"kind is {kind!r}, expected 'float16' or 'int8'")
        if not len(self):
            raise ValueError("there are no vectors to quantize")
        if sample < 0:
            raise ValueError(f"sample is {sample}, expected a number of keys, or 0")
        exact = self.vectors, self._needed_norms()
        rows, norms = _rounded(*exact, kind)
        vectors = self.vectors if kind == "int8" else None
        quantized = QuantizedRows(self.key_table, rows, norms, vectors, self.row_numbers)
        if sample and len(self) > 1:
            from synvec.search.recall import RecallSample  # here, since most never need it

            quantized.recall = RecallSample(*exact, sample, seed).recall(quantized.nearest)
        return quantized


class QuantizedRows(RowIndex[KeyT]):
    """The rows of a store in smaller numbers; made by ``KeyedVectors.quantize``.

    Attributes
    ----------
    kind : str
        ``"float16"`` or ``"int8"``.
    recall : float or None
        recall@10: the share of the ten exact nearest rows of sampled keys that were found.
    nbytes : int
        The memory it takes.
    """

    recall: float | None = None

    def __init__(
        self,
        keys: KeyTable[KeyT],
        rows: NDArray[np.float16] | NDArray[np.int8],
        norms: Vector,
        vectors: Matrix | None,
        row_numbers: RowNumbers,
    ) -> None:
        self.kind = str(rows.dtype)
        self._keys: KeyTable[KeyT] = keys.copy()
        self._rows, self._norms = rows, norms
        self.row_numbers = row_numbers
        # To score again; of a mapped store only the rows that are looked at are read.
        self._vectors = vectors

    @property
    def vector_size(self) -> int:
        """D, the length of a vector."""
        return int(self._rows.shape[1])

    @property
    def nbytes(self) -> int:
        """The bytes of the rows and of their scales."""
        return self._rows.nbytes + self._norms.nbytes

    def __len__(self) -> int:
        return len(self._keys)

    def __repr__(self) -> str:
        recall = "" if self.recall is None else f", recall@10 {self.recall:.3f}"
        return f"QuantizedRows<{self.kind}, {len(self)} keys, {self.nbytes} bytes{recall}>"

    def nearest(
        self, queries: Matrix, wanted: int, excluded: list[list[int]] | None = None
    ) -> tuple[NDArray[np.int64], Matrix]:
        """Return rows and cosines of the best for each unit vector, N × ``wanted`` each.

        ``excluded`` has, for each query, rows in ascending order that are no answer. Where fewer
        were found the row is −1.
        """
        wanted = min(wanted, len(self))
        if self._vectors is None:
            return _core.nearest(self._rows, self._norms, queries, wanted, excluded=excluded)
        self.row_numbers.require_current()
        near, _ = _core.nearest(
            self._rows, self._norms, queries, OVERSAMPLING * wanted + RESERVE, excluded=excluded
        )
        found = np.full((len(queries), min(wanted, near.shape[1])), -1, dtype=np.int64)
        scores = np.full(found.shape, np.nan, dtype=np.float32)
        for number, rows in enumerate(near):
            rows = np.sort(rows[rows >= 0])
            exact = self._vectors[rows]
            best, cosines = _core.nearest(
                exact, row_norms(exact), queries[number : number + 1], wanted
            )
            found[number, : best.shape[1]] = rows[best[0]]
            scores[number, : best.shape[1]] = cosines[0]
        return found, scores


def _rounded(
    vectors: Matrix, norms: Vector, kind: Kind
) -> tuple[NDArray[np.float16] | NDArray[np.int8], Vector]:
    """Return rows in smaller numbers, and what their dot products are divided by to be cosines."""
    if not np.isfinite(norms).all():
        raise ValueError("the vectors hold NaN or infinity, expected finite float32 numbers")
    rows = np.empty(vectors.shape, dtype=kind)
    own_norms = np.empty(len(vectors), dtype=np.float32)
    for start in range(0, len(vectors), ROWS_AT_ONCE):
        block = slice(start, start + ROWS_AT_ONCE)
        unit = vectors[block] / divisors(norms[block])
        if kind == "float16":
            rows[block] = unit
            own_norms[block] = norms[block] != 0
            continue
        rows[block], own_norms[block] = rounded_to_bytes(unit)
    return rows, own_norms
