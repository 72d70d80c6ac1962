"""Neighbours: what is most similar to keys, vectors and sums of them."""

from __future__ import annotations

import operator
from collections.abc import Iterable, Sequence
from typing import Any, Protocol, TypeAlias, cast, overload

import numpy as np
from numpy.typing import NDArray

from synvec import _core
from synvec.arithmetic import Matrix, Numbers, Vector, cosines, top, unit
from synvec.key_types import Key, KeyT
from synvec.keyed_vectors.keys import key_list
from synvec.keyed_vectors.misses import UnknownKeyError
from synvec.keyed_vectors.store import VectorStore

Item: TypeAlias = Key | Numbers
"""A key, a position, or a vector."""
Query: TypeAlias = Item | Sequence[Item | tuple[Item, float]] | None
"""One item, or a list of items and of (item, weight)."""
Neighbor: TypeAlias = tuple[KeyT, float]
Rows: TypeAlias = slice | NDArray[np.int64]
"""A range of rows, or some of them."""

# Keeps 3CosMul's quotient finite when a negative key is the very opposite of a row.
COSMUL_EPSILON = 1e-6


class Indexer(Protocol[KeyT]):
    """Any approximate index: what ``most_similar(indexer=)`` takes."""

    def most_similar(self, vector: Vector, num_neighbors: int, /) -> list[Neighbor[KeyT]]:
        """Return the ``num_neighbors`` nearest keys with their similarity, best first."""


class Queries(VectorStore[KeyT]):
    """Neighbor queries: ``most_similar`` and its kin."""

    def get_mean_vector(
        self,
        keys: Sequence[Item] | NDArray[Any],
        weights: Sequence[float] | NDArray[Any] | None = None,
        pre_normalize: bool = True,
        post_normalize: bool = False,
        ignore_missing: bool = True,
    ) -> Vector:
        """Return the weighted mean of keys and vectors: Σ wᵢ·vᵢ / Σ |wᵢ|.

        Parameters
        ----------
        keys
            Keys, positions and vectors of D numbers.
        weights
            One a key; 1 by default.
        pre_normalize
            Whether the vectors of keys are scaled to length 1 first; vectors given as arrays are
            taken as they are.
        post_normalize
            Whether the mean is scaled to length 1.
        ignore_missing
            Whether unknown keys are left out. When all are, the mean is the zero vector.

        Raises
        ------
        ValueError
            For no keys at all, as many weights as keys missing, vectors of another length, NaN.
        KeyError
            For an unknown key with ``ignore_missing=False``.

        Examples
        --------
        >>> from synvec import KeyedVectors
        >>> kv = KeyedVectors.from_arrays(["socket", "year"], [[2, 0], [0, 4]])
        >>> kv.get_mean_vector(["socket", "year", "unknown"])
        array([0.5, 0.5], dtype=float32)
        """
        items = key_list("keys", keys)
        if not items:
            raise ValueError("cannot compute mean with no input: give at least one key or vector")
        if weights is None:
            weights = [1.0] * len(items)
        if len(weights) != len(items):
            raise ValueError(f"{len(weights)} weights for {len(items)} keys, expected one a key")
        total = np.zeros(self.vector_size, dtype=np.float64)
        total_weight = 0.0
        for item, weight in zip(items, weights, strict=True):
            if isinstance(item, np.ndarray):
                vector = self._checked(item)
            elif item in self:
                vector = self.get_vector(item, norm=pre_normalize)
            elif ignore_missing:
                continue
            else:
                raise UnknownKeyError(item, self._keys, where=" in vocabulary")
            total += float(weight) * vector.astype(np.float64)
            total_weight += abs(float(weight))
        if not np.isfinite(total).all():
            raise ValueError("the query holds NaN or infinity, expected finite vectors and weights")
        if total_weight > 0:
            total /= total_weight
        return unit(total) if post_normalize else total.astype(np.float32)

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
        items, weights = _weighted(positive, negative)
        query = self.get_mean_vector(
            items, weights, pre_normalize=True, post_normalize=True, ignore_missing=False
        )
        inputs = self._positions_among(items)
        start, end = self._range(clip_start, clip_end, restrict_vocab)
        if indexer is not None and wanted is not None:
            self._require_all_rows(start, end, candidates)
            taken = set(self._keys.keys_at(np.array(sorted(inputs), dtype=np.int64)))
            found = indexer.most_similar(query, wanted + len(inputs))
            return [(key, score) for key, score in found if key not in taken][:wanted]
        rows = self._rows_in(start, end, candidates)
        if wanted is None:
            return cosines(self.vectors[rows], self._needed_norms()[rows], query)
        best, scores = self._nearest(query[np.newaxis], wanted, rows, [sorted(inputs)])
        return list(zip(self._keys.keys_at(best[0]), scores[0].tolist(), strict=True))

    @overload
    def similar_by_key(
        self, key: Key, topn: int = 10, restrict_vocab: int | None = None
    ) -> list[Neighbor[KeyT]]: ...
    @overload
    def similar_by_key(self, key: Key, topn: None, restrict_vocab: int | None = None) -> Vector: ...
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
        items, weights = _weighted(positive, negative, tuples=False)
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

    def _positions_among(self, items: Iterable[Item]) -> set[int]:
        """Return the positions of the keys of a query, of those that have one."""
        keys = (item for item in items if not isinstance(item, np.ndarray))
        return {position for key in keys if (position := self._position(key)) >= 0}

    def _neighbors(
        self, scores: Vector, wanted: int, start: int, inputs: set[int]
    ) -> list[Neighbor[KeyT]]:
        """Return the best rows of a range that begins at ``start``, without those of the query."""
        best = top(scores, wanted + len(inputs))
        kept = [row for row in best.tolist() if row + start not in inputs][:wanted]
        keys = self._keys.keys_at(np.array(kept, dtype=np.int64) + start)
        return [(key, float(scores[row])) for key, row in zip(keys, kept, strict=True)]

    def _nearest(
        self, queries: Matrix, wanted: int, rows: Rows, excluded: list[list[int]]
    ) -> tuple[NDArray[np.int64], Vector]:
        """Return rows and cosines of the best for each unit vector, without its excluded rows.

        Where fewer were found than for other queries the row is −1.
        """
        vectors, norms = self.vectors, self._needed_norms()
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

    def _checked(self, vector: Numbers) -> Vector:
        """Return a vector from outside as D finite float32 numbers."""
        if vector.shape != (self.vector_size,):
            raise ValueError(f"vector has shape {vector.shape}, expected ({self.vector_size},)")
        row: Vector = np.ascontiguousarray(vector, dtype=np.float32)
        if not np.isfinite(row).all():
            raise ValueError("vector holds NaN or infinity, expected finite float32 numbers")
        return row


def checked_topn(topn: int | None) -> int | None:
    """Return ``topn`` as an int, or None."""
    if topn is None:
        return None
    try:
        return operator.index(topn)
    except TypeError:
        raise TypeError(f"topn is {topn!r}, expected an integer or None") from None


def _weighted(
    positive: Query, negative: Query, tuples: bool = True
) -> tuple[list[Item], list[float]]:
    """Return the items of both lists with their weights; an explicit weight keeps its sign."""
    items: list[Item] = []
    weights: list[float] = []
    for name, given, default in (("positive", positive, 1.0), ("negative", negative, -1.0)):
        for item in _as_list(name, given):
            if not isinstance(item, tuple):
                items.append(item)
                weights.append(default)
            elif not tuples:
                raise TypeError(
                    f"{name} holds {item!r}, expected no weights: most_similar has them"
                )
            elif len(item) == 2:
                items.append(item[0])
                weights.append(float(item[1]))
            else:
                raise TypeError(f"{name} holds {item!r}, expected (key, weight)")
    return items, weights


def _as_list(name: str, given: Query) -> Sequence[Item | tuple[Item, float]]:
    if given is None:
        return []
    if isinstance(given, str | int | np.integer):
        return [given]
    if isinstance(given, np.ndarray):
        if not given.ndim:
            return [cast(Key, given.item())]
        if given.dtype.kind in "UO":
            return list(given)
        return list(given) if given.ndim == 2 else [given]
    if isinstance(given, list):
        return given
    raise TypeError(
        f"{name} is a {type(given).__name__}, expected a key, a vector or a list of them"
    )
