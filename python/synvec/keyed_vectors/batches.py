"""Thousands of queries at once: a matrix product in blocks, not a pass over the rows for each."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from itertools import islice
from typing import Any, Generic, Literal, Protocol, overload

import numpy as np
from numpy.typing import NDArray

from synvec._core import KeyTable
from synvec.arithmetic import Matrix, Numbers, Vector, unit_rows
from synvec.key_types import Key, KeyT
from synvec.keyed_vectors.preparing import PreparedQueries
from synvec.keyed_vectors.queries import Neighbor, Queries, checked_topn
from synvec.keyed_vectors.row_numbers import RowNumbers


class BatchIndexer(Protocol):
    """An index that takes many queries at once: what ``most_similar_batch(indexer=)`` takes."""

    def nearest(
        self, queries: Matrix, wanted: int, excluded: list[list[int]] | None = None, /
    ) -> tuple[NDArray[np.int64], Matrix]:
        """Return rows and cosines of the best for each unit vector, −1 where there are fewer.

        ``excluded`` has, for each query, rows in ascending order that are no answer.
        """


class RowIndex(ABC, Generic[KeyT]):
    """An index that finds rows of a store, and so keys: for batches and for single queries."""

    _keys: KeyTable[KeyT]
    row_numbers: RowNumbers
    """Of the store that it was made of."""

    @property
    @abstractmethod
    def vector_size(self) -> int:
        """D, the length of a vector."""

    @abstractmethod
    def nearest(
        self, queries: Matrix, wanted: int, excluded: list[list[int]] | None = None
    ) -> tuple[NDArray[np.int64], Matrix]:
        """Return rows and cosines of the best for each unit vector, as a `BatchIndexer` does."""

    def most_similar(self, vector: Vector, num_neighbors: int = 10) -> list[Neighbor[KeyT]]:
        """Return the keys nearest to a vector with their cosines, best first.

        Parameters
        ----------
        vector
            D numbers.
        num_neighbors
            How many keys.

        Raises
        ------
        ValueError
            For a vector of another length, or NaN.
        """
        wanted = checked_topn(num_neighbors)
        if wanted is None or wanted < 1:
            return []
        query = np.asarray(vector, dtype=np.float64)
        size = self.vector_size
        if query.shape != (size,) or not np.isfinite(query).all():
            raise ValueError(f"vector has shape {query.shape}, expected {(size,)} finite numbers")
        found, scores = self.nearest(unit_rows(query[np.newaxis]), wanted)
        known = found[0] >= 0
        keys = self._keys.keys_at(found[0][known])
        return list(zip(keys, scores[0][known].tolist(), strict=True))


class Batches(Queries[KeyT]):
    """Queries by the thousand."""

    @overload
    def most_similar_batch(
        self,
        keys_or_vectors: Sequence[Key | Numbers] | NDArray[Any],
        topn: int = 10,
        *,
        clip_start: int = 0,
        clip_end: int | None = None,
        restrict_vocab: int | None = None,
        candidates: Iterable[Key] | None = None,
        indexer: BatchIndexer | None = None,
        as_arrays: Literal[False] = False,
    ) -> list[list[Neighbor[KeyT]]]: ...
    @overload
    def most_similar_batch(
        self,
        keys_or_vectors: Sequence[Key | Numbers] | NDArray[Any],
        topn: int = 10,
        *,
        clip_start: int = 0,
        clip_end: int | None = None,
        restrict_vocab: int | None = None,
        candidates: Iterable[Key] | None = None,
        indexer: BatchIndexer | None = None,
        as_arrays: Literal[True],
    ) -> tuple[NDArray[np.int64], Matrix]: ...
    def most_similar_batch(
        self,
        keys_or_vectors: Sequence[Key | Numbers] | NDArray[Any],
        topn: int = 10,
        *,
        clip_start: int = 0,
        clip_end: int | None = None,
        restrict_vocab: int | None = None,
        candidates: Iterable[Key] | None = None,
        indexer: BatchIndexer | None = None,
        as_arrays: bool = False,
    ) -> list[list[Neighbor[KeyT]]] | tuple[NDArray[np.int64], Matrix]:
        """Return what ``most_similar`` finds for each of many keys or vectors.

        The answers are those of single queries, to the bit, many times faster.

        Parameters
        ----------
        keys_or_vectors
            Keys, positions and vectors of D numbers, or an N × D matrix of vectors. A key is left
            out of its own answer; a vector leaves nothing out.
        topn
            How many keys for each.
        clip_start, clip_end, restrict_vocab, candidates
            Which rows are searched, as in ``most_similar``.
        indexer
            What ``build_index`` or ``quantize`` made of this store, to search all rows instead.
        as_arrays
            Return two arrays instead of lists, which is faster for very many queries.

        Returns
        -------
        list of list of (key, float)
            For each query the keys with their cosine, best first; at equal cosine the lower index
            first.
        indices, cosines : numpy.ndarray
            With ``as_arrays=True``: N × K int64 rows and N × K float32 cosines, K at most ``topn``;
            −1 and NaN where fewer were found.

        Raises
        ------
        KeyError
            For an unknown key.
        ValueError
            For a vector of another length, NaN, an indexer with a range or with candidates, or one
            that was made before rows were re-ordered or removed.
        TypeError
            When the queries are a single str, ``topn`` is no integer, or the indexer answers one
            query at a time only.

        Examples
        --------
        >>> from synvec import KeyedVectors
        >>> kv = KeyedVectors.from_arrays(["socket", "port", "year"], [[3, 4], [4, 3], [-1, 1]])
        >>> [best[0][0] for best in kv.most_similar_batch(["socket", "year"], topn=1)]
        ['port', 'socket']
        """
        wanted = checked_topn(topn)
        if wanted is None:
            raise TypeError(
                "topn is None, expected an integer: one query at a time gives all cosines"
            )
        asked = self.prepare_queries(keys_or_vectors)
        start, end = self._range(clip_start, clip_end, restrict_vocab)
        rows = self._rows_in(start, end, candidates)
        if not len(asked):
            found, scores = np.empty((0, 0), np.int64), np.empty((0, 0), np.float32)
        elif indexer is not None:
            self._require_all_rows(start, end, candidates)
            _require_row_numbers(indexer)
            found, scores = indexer.nearest(asked.vectors, max(wanted, 0), asked.excluded)
        else:
            found, scores = self._nearest(asked, max(wanted, 0), rows)
        return (found, scores) if as_arrays else self._named(found, scores, wanted)

    def answer(
        self,
        asked: PreparedQueries,
        topn: int | Sequence[int] = 10,
        restrict_vocab: int | None = None,
        indexer: BatchIndexer | None = None,
    ) -> list[list[Neighbor[KeyT]]]:
        """Return what ``most_similar`` finds for each query that was made ready.

        Parameters
        ----------
        asked
            What ``prepare_query`` and ``prepare_queries`` of this store made.
        topn
            How many keys, for all of them or for each.
        restrict_vocab
            Search the first so many rows only; ``None`` or 0 for all.
        indexer
            What ``build_index`` or ``quantize`` made of this store, to search all rows instead.

        Examples
        --------
        >>> from synvec import KeyedVectors
        >>> kv = KeyedVectors.from_arrays(["socket", "port", "year"], [[3, 4], [4, 3], [-1, 1]])
        >>> asked = kv.prepare_queries(["socket", "year"])
        >>> [[key for key, _ in best] for best in kv.answer(asked, topn=[2, 1])]
        [['port', 'year'], ['socket']]
        """
        if not len(asked):
            return []
        start, end = self._range(0, None, restrict_vocab)
        counts = np.broadcast_to(np.asarray(topn), len(asked))
        most = max(int(counts.max()), 0)
        if indexer is not None:
            self._require_all_rows(start, end, None)
            _require_row_numbers(indexer)
            found, scores = indexer.nearest(asked.vectors, most, asked.excluded)
        else:
            found, scores = self._nearest(asked, most, slice(start, end))
        return self._named(found, scores, counts)

    def _named(
        self, found: NDArray[np.int64], scores: Matrix, wanted: int | NDArray[np.int64]
    ) -> list[list[Neighbor[KeyT]]]:
        """Return keys and cosines as lists: as many as are wanted, or as were found."""
        known = (found >= 0) & (np.arange(found.shape[1]) < np.reshape(wanted, (-1, 1)))
        keys = iter(self._keys.keys_at(found[known]))
        pairs = zip(keys, scores[known].tolist(), strict=True)
        return [list(islice(pairs, count)) for count in known.sum(axis=1).tolist()]


def _require_row_numbers(indexer: object) -> None:
    if not callable(getattr(indexer, "nearest", None)):
        raise TypeError(
            f"a {type(indexer).__name__} answers one query at a time: give it to most_similar, or "
            "make an index with build_index"
        )
    if isinstance(indexer, RowIndex):
        indexer.row_numbers.require_current()
