"""Neighbours: what is most similar to keys, vectors and sums of them."""

from __future__ import annotations

import operator
from collections.abc import Iterable
from typing import Protocol, TypeAlias, overload

import numpy as np
from numpy.typing import NDArray

from synvec import _core
from synvec.arguments import with_known_arguments
from synvec.arithmetic import Numbers, Vector, cosines, top
from synvec.key_types import Key, KeyT
from synvec.keyed_vectors.preparing import PreparedQueries, Preparing, Query, weighted

Neighbor: TypeAlias = tuple[KeyT, float]
Rows: TypeAlias = slice | NDArray[np.int64]
"""A range of rows, or some of them."""

# Keeps 3CosMul's quotient finite when a negative key is the very opposite of a row.
COSMUL_EPSILON = 1e-6


class Indexer(Protocol[KeyT]):
    """Any approximate index: what ``most_similar(indexer=)`` takes."""

    def most_similar(self, vector: Vector, num_neighbors: int, /) -> list[Neighbor[KeyT]]:
        """Return the ``num_neighbors`` nearest keys with their similarity, best first."""


class Queries(Preparing[KeyT]):
    """Neighbor queries: ``most_similar`` and its kin."""

    @overload
    def most_similar(
        self,
        positive: Query = None,
        negative: Query = None,
        topn: int = 10,
        clip_start: int = 0,
        clip_end: int | None = None,
        restrict_vocab: int | None = None,
        indexer: Indexer[KeyT] | None = None,
        *,
        candidates: Iterable[Key] | None = None,
    ) -> list[Neighbor[KeyT]]: ...
    @overload
    def most_similar(
        self,
        positive: Query = None,
        negative: Query = None,
        *,
        topn: None,
        clip_start: int = 0,
        clip_end: int | None = None,
        restrict_vocab: int | None = None,
        indexer: Indexer[KeyT] | None = None,
        candidates: Iterable[Key] | None = None,
    ) -> Vector: ...
    @with_known_arguments()
    def most_similar(
        self,
        positive: Query = None,
        negative: Query = None,
        topn: int | None = 10,
        clip_start: int = 0,
        clip_end: int | None = None,
        restrict_vocab: int | None = None,
        indexer: Indexer[KeyT] | None = None,
        *,
        candidates: Iterable[Key] | None = None,
    ) -> list[Neighbor[KeyT]] | Vector:
        """Return the keys whose vectors have the highest cosine with a sum of keys and vectors.

        The query is the mean of unit vectors of the positive keys and of minus those of the
        negative ones (3CosAdd: Mikolov, Yih and Zweig 2013); arrays go in with their own length.

        Parameters
        ----------
        positive, negative
            A key, a position, a vector, a matrix (its rows), or a list of keys, positions, vectors
            and ``(item, weight)`` tuples. The weight is +1 for positive items and −1 for negative
            ones; one that is given is used as it stands, in either list.
        topn
            How many keys; ``None`` for the cosines of all rows in range as an array.
        clip_start, clip_end
            The range of rows to search; to the end by default.
        restrict_vocab
            Search the first ``restrict_vocab`` rows only, whatever ``clip_*`` say; with keys in
            order of frequency these are the most frequent ones. ``None`` or 0 for all.
        indexer
            An approximate index of all rows to search instead.
        candidates
            Search these keys and positions alone, those of them that are in range.

        Returns
        -------
        list of (key, float)
            At most ``topn`` keys with their cosine, best first, at equal cosine the lower index
            first. The keys of the query are left out; vectors leave nothing out. A zero vector has
            cosine 0 with everything.
        numpy.ndarray
            With ``topn=None``: the float32 cosine of each row in range, the query's keys included;
            with ``candidates``, of each of them in range, in their order.

        Raises
        ------
        KeyError
            For an unknown key.
        ValueError
            For an empty query, NaN, a vector of another length, or an indexer with a range or
            with candidates.
        TypeError
            When positive or negative is a bare tuple or a set, or ``topn`` is no integer.

        Examples
        --------
        >>> from synvec import KeyedVectors
        >>> kv = KeyedVectors.from_arrays(["socket", "port", "year"], [[3, 4], [4, 3], [-1, 1]])
        >>> [(key, round(cosine, 2)) for key, cosine in kv.most_similar("socket")]
        [('port', 0.96), ('year', 0.14)]
        """
        wanted = checked_topn(topn)
        if wanted is not None and wanted < 1:
            return []
        asked = self.prepare_query(positive, negative)
        query, inputs = asked.vectors[0], asked.excluded[0]
        start, end = self._range(clip_start, clip_end, restrict_vocab)
        if indexer is not None and wanted is not None:
            self._require_all_rows(start, end, candidates)
            taken = set(self._keys.keys_at(np.array(inputs, dtype=np.int64)))
            found = indexer.most_similar(query, wanted + len(inputs))
            return [(key, score) for key, score in found if key not in taken][:wanted]
        rows = self._rows_in(start, end, candidates)
        if wanted is None:
            return cosines(self.vectors[rows], self._needed_norms()[rows], query)
        best, scores = self._nearest(asked, wanted, rows)
        return list(zip(self._keys.keys_at(best[0]), scores[0].tolist(), strict=True))

    @overload
    def similar_by_key(
        self, key: Key, topn: int = 10, restrict_vocab: int | None = None
    ) -> list[Neighbor[KeyT]]: ...
    @overload
    def similar_by_key(self, key: Key, topn: None, restrict_vocab: int | None = None) -> Vector: ...
    @with_known_arguments()
    def similar_by_key(
        self, key: Key, topn: int | None = 10, restrict_vocab: int | None = None
    ) -> list[Neighbor[KeyT]] | Vector:
        """Return the keys most similar to one key: ``most_similar(key, …)``.

        Examples
        --------
        >>> from synvec import KeyedVectors
        >>> kv = KeyedVectors.from_arrays(["socket", "port", "year"], [[1, 0], [2, 0], [0, 1]])
        >>> kv.similar_by_key("socket", topn=1)
        [('port', 1.0)]
        """
        if topn is None:
            return self.most_similar([key], topn=None, restrict_vocab=restrict_vocab)
        return self.most_similar([key], topn=topn, restrict_vocab=restrict_vocab)

    @overload
    def similar_by_word(
        self, word: Key, topn: int = 10, restrict_vocab: int | None = None
    ) -> list[Neighbor[KeyT]]: ...
    @overload
    def similar_by_word(
        self, word: Key, topn: None, restrict_vocab: int | None = None
    ) -> Vector: ...
    @with_known_arguments()
    def similar_by_word(
        self, word: Key, topn: int | None = 10, restrict_vocab: int | None = None
    ) -> list[Neighbor[KeyT]] | Vector:
        """Return the keys most similar to one key: ``similar_by_key`` under its older name.

        Examples
        --------
        >>> from synvec import KeyedVectors
        >>> kv = KeyedVectors.from_arrays(["socket", "port", "year"], [[1, 0], [2, 0], [0, 1]])
        >>> kv.similar_by_word("socket", topn=1)
        [('port', 1.0)]
        """
        return self.similar_by_key(word, topn, restrict_vocab)

    @overload
    def similar_by_vector(
        self, vector: Numbers, topn: int = 10, restrict_vocab: int | None = None
    ) -> list[Neighbor[KeyT]]: ...
    @overload
    def similar_by_vector(
        self, vector: Numbers, topn: None, restrict_vocab: int | None = None
    ) -> Vector: ...
    @with_known_arguments()
    def similar_by_vector(
        self, vector: Numbers, topn: int | None = 10, restrict_vocab: int | None = None
    ) -> list[Neighbor[KeyT]] | Vector:
        """Return the keys most similar to a vector of D numbers; nothing is left out.

        Examples
        --------
        >>> from synvec import KeyedVectors
        >>> kv = KeyedVectors.from_arrays(["socket", "port", "year"], [[1, 0], [2, 0], [0, 1]])
        >>> kv.similar_by_vector(np.array([0, 9]), topn=1)
        [('year', 1.0)]
        """
        if topn is None:
            return self.most_similar([vector], topn=None, restrict_vocab=restrict_vocab)
        return self.most_similar([vector], topn=topn, restrict_vocab=restrict_vocab)

    @overload
    def most_similar_cosmul(
        self,
        positive: Query = None,
        negative: Query = None,
        topn: int = 10,
        restrict_vocab: int | None = None,
    ) -> list[Neighbor[KeyT]]: ...
    @overload
    def most_similar_cosmul(
        self,
        positive: Query = None,
        negative: Query = None,
        *,
        topn: None,
        restrict_vocab: int | None = None,
    ) -> Vector: ...
    @with_known_arguments()
    def most_similar_cosmul(
        self,
        positive: Query = None,
        negative: Query = None,
        topn: int | None = 10,
        restrict_vocab: int | None = None,
    ) -> list[Neighbor[KeyT]] | Vector:
        """Return the keys that 3CosMul ranks highest.

        The score is Π (1 + cos(x, pᵢ))/2 over the positive items, divided by
        Π (1 + cos(x, nⱼ))/2 + 10⁻⁶ over the negative ones (Levy and Goldberg 2014);
        it may exceed 1.

        Parameters
        ----------
        positive, negative
            A key, a position, a vector, a matrix (its rows), or a list of them. Arrays are taken
            as they are: give unit vectors for true cosines.
        topn
            How many keys; ``None`` for the scores of all rows in range as an array.
        restrict_vocab
            Search the first ``restrict_vocab`` rows only; ``None`` or 0 for all.

        Returns
        -------
        list of (key, float)
            At most ``topn`` keys with their score, best first, without those of the query.
        numpy.ndarray
            With ``topn=None``: the float32 score of each row in range.

        Raises
        ------
        KeyError
            For an unknown key.
        ValueError
            Without a positive item, for NaN, or for a vector of another length.
        TypeError
            For weights, which a product doesn't have, or a ``topn`` that is no integer.

        Examples
        --------
        >>> from synvec import KeyedVectors
        >>> kv = KeyedVectors.from_arrays(["socket", "port", "year"], [[3, 4], [4, 3], [-1, 1]])
        >>> [(key, round(score, 2)) for key, score in kv.most_similar_cosmul("socket", "year")]
        [('port', 2.28)]
        """
        wanted = checked_topn(topn)
        if wanted is not None and wanted < 1:
            return []
        items, weights = weighted(positive, negative, tuples=False)
        if not any(weight > 0 for weight in weights):
            raise ValueError(
                "cannot compute similarity with no input: give a positive key or vector"
            )
        start, end = self._range(0, None, restrict_vocab)
        norms = self._needed_norms()
        above = np.ones(end - start, dtype=np.float32)
        below = np.ones(end - start, dtype=np.float32)
        for item, weight in zip(items, weights, strict=True):
            if isinstance(item, np.ndarray):
                factor = cosines(self.vectors[start:end], norms[start:end], self._checked(item))
            else:
                factor = cosines(
                    self.vectors[start:end], norms[start:end], self.get_vector(item, norm=True)
                )
            (above if weight > 0 else below)[:] *= (1 + factor) / 2
        scores: Vector = above / (below + np.float32(COSMUL_EPSILON))
        inputs = self._positions_among(items)
        return scores if wanted is None else self._neighbors(scores, wanted, start, inputs)

    def _neighbors(
        self, scores: Vector, wanted: int, start: int, inputs: list[int]
    ) -> list[Neighbor[KeyT]]:
        """Return the best rows of a range that begins at ``start``, without those of the query."""
        best = top(scores, wanted + len(inputs))
        kept = [row for row in best.tolist() if row + start not in inputs][:wanted]
        keys = self._keys.keys_at(np.array(kept, dtype=np.int64) + start)
        return [(key, float(scores[row])) for key, row in zip(keys, kept, strict=True)]

    def _nearest(
        self, asked: PreparedQueries, wanted: int, rows: Rows
    ) -> tuple[NDArray[np.int64], Vector]:
        """Return rows and cosines of the best for each query, without its excluded rows.

        Where fewer were found than for other queries the row is −1.
        """
        vectors, norms = self.vectors, self._needed_norms()
        queries, excluded = asked.vectors, asked.excluded
        if isinstance(rows, slice):
            return _core.nearest(
                vectors, norms, queries, wanted, start=rows.start, end=rows.stop, excluded=excluded
            )
        chosen = np.unique(rows).astype(np.uint32)
        return _core.nearest(vectors, norms, queries, wanted, rows=chosen, excluded=excluded)

    def _rows_in(self, start: int, end: int, candidates: Iterable[Key] | None) -> Rows:
        """Return the rows of a range, or those of the candidates that lie in it."""
        if candidates is None:
            return slice(start, end)
        if isinstance(candidates, str):
            raise TypeError(f"candidates is the str {candidates!r}, expected a collection of keys")
        positions = self._positions(candidates)
        return positions[(positions >= start) & (positions < end)]

    def _range(
        self, clip_start: int, clip_end: int | None, restrict_vocab: int | None
    ) -> tuple[int, int]:
        if restrict_vocab is not None and restrict_vocab < 0:
            raise ValueError(f"restrict_vocab is {restrict_vocab}, expected a number of rows")
        if restrict_vocab:
            clip_start, clip_end = 0, restrict_vocab
        start, end, _ = slice(clip_start, clip_end or None).indices(len(self))
        return start, max(start, end)

    def _require_all_rows(self, start: int, end: int, candidates: object) -> None:
        """Refuse what no index can honour."""
        if (start, end) != (0, len(self)) or candidates is not None:
            raise ValueError(
                "an indexer searches all rows: leave out clip_*, restrict_vocab and candidates"
            )


def checked_topn(topn: int | None) -> int | None:
    """Return ``topn`` as an int, or None."""
    if topn is None:
        return None
    try:
        return operator.index(topn)
    except TypeError:
        raise TypeError(f"topn is {topn!r}, expected an integer or None") from None
