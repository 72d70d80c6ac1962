"""What is asked, made ready to be looked for: unit vectors, and the rows that are no answer."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias, cast

import numpy as np
from numpy.typing import NDArray

from synvec.arithmetic import Matrix, Numbers, Vector, unit, unit_rows
from synvec.key_types import Key, KeyT
from synvec.keyed_vectors.keys import key_list, require_order
from synvec.keyed_vectors.misses import UnknownKeyError
from synvec.keyed_vectors.store import VectorStore

Item: TypeAlias = Key | Numbers
"""A key, a position, or a vector."""
Query: TypeAlias = Item | Sequence[Item | tuple[Item, float]] | None
"""One item, or a list of items and of (item, weight)."""


@dataclass(frozen=True, slots=True)
class PreparedQueries:
    """Queries that need no more than a search; ``KeyedVectors.answer`` makes it.

    Whoever collects queries, as a server does, prepares each when it comes, which is when errors
    are told, and has several answered together later.

    Attributes
    ----------
    vectors
        N × D float32, each of length 1 or 0.
    excluded
        For each the rows that are no answer, ascending.
    """

    vectors: Matrix
    excluded: list[list[int]]

    def __len__(self) -> int:
        return len(self.vectors)

    def part(self, start: int, stop: int) -> PreparedQueries:
        """Return some of them."""
        return PreparedQueries(self.vectors[start:stop], self.excluded[start:stop])

    @classmethod
    def joined(cls, parts: Sequence[PreparedQueries]) -> PreparedQueries:
        """Return several as one; at least one, all of one store."""
        if len(parts) == 1:
            return parts[0]
        vectors = np.concatenate([part.vectors for part in parts])
        return cls(vectors, [rows for part in parts for rows in part.excluded])


class Preparing(VectorStore[KeyT]):
    """From keys and vectors to queries."""

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

    def prepare_query(self, positive: Query = None, negative: Query = None) -> PreparedQueries:
        """Make a sum of keys and vectors ready for ``answer``, as ``most_similar`` does.

        Parameters
        ----------
        positive, negative
            As in ``most_similar``.

        Raises
        ------
        KeyError
            For an unknown key.
        ValueError
            For an empty query, NaN, or a vector of another length.

        Examples
        --------
        >>> from synvec import KeyedVectors
        >>> kv = KeyedVectors.from_arrays(["socket", "port", "year"], [[3, 4], [4, 3], [-1, 1]])
        >>> asked = kv.prepare_query("socket", "year")
        >>> asked.vectors.shape, asked.excluded
        ((1, 2), [[0, 2]])
        """
        items, weights = weighted(positive, negative)
        vector = self.get_mean_vector(
            items, weights, pre_normalize=True, post_normalize=True, ignore_missing=False
        )
        return PreparedQueries(vector[np.newaxis], [self._positions_among(items)])

    def prepare_queries(
        self, keys_or_vectors: Sequence[Key | Numbers] | NDArray[Any]
    ) -> PreparedQueries:
        """Make many keys or vectors ready for ``answer``, as ``most_similar_batch`` does.

        Parameters
        ----------
        keys_or_vectors
            Keys, positions and vectors of D numbers, or an N × D matrix of vectors.

        Raises
        ------
        KeyError
            For an unknown key.
        ValueError
            For a vector of another length, or NaN.
        TypeError
            When the queries are a single str.

        Examples
        --------
        >>> from synvec import KeyedVectors
        >>> kv = KeyedVectors.from_arrays(["socket", "port", "year"], [[3, 4], [4, 3], [-1, 1]])
        >>> asked = kv.prepare_queries(["socket", "year"])
        >>> asked.excluded
        [[0], [2]]
        >>> [best[0][0] for best in kv.answer(asked, topn=1)]
        ['port', 'socket']
        """
        items = keys_or_vectors
        if isinstance(items, str):
            raise TypeError(f"keys_or_vectors is the str {items!r}, expected a list of keys")
        if isinstance(items, np.ndarray) and items.ndim == 2:
            return PreparedQueries(_unit(self._checked_rows(items)), [[] for _ in items])
        require_order(items)
        listed = list(items)
        is_vector = np.array([isinstance(item, np.ndarray) and item.ndim > 0 for item in listed])
        raw = np.empty((len(listed), self.vector_size), dtype=np.float32)
        excluded: list[list[int]] = [[] for _ in listed]
        own = np.flatnonzero(~is_vector) if len(listed) else np.empty(0, np.int64)
        raw[own] = self._unit_rows_of([listed[place] for place in own.tolist()])
        if not np.isfinite(raw[own]).all():
            raise ValueError("a key's vector holds NaN or infinity, expected finite vectors")
        for place in own.tolist():
            excluded[place] = self._positions_among([listed[place]])
        for place in np.flatnonzero(is_vector).tolist():
            raw[place] = self._checked(listed[place])
        return PreparedQueries(_unit(raw), excluded)

    def _positions_among(self, items: Iterable[Item]) -> list[int]:
        """Return the positions of the keys of a query, of those that have one; ascending."""
        keys = (item for item in items if not isinstance(item, np.ndarray))
        return sorted({position for key in keys if (position := self._position(key)) >= 0})

    def _checked_rows(self, rows: NDArray[Any]) -> Matrix:
        if rows.shape[1] != self.vector_size:
            raise ValueError(f"vectors have shape {rows.shape}, expected (…, {self.vector_size})")
        matrix: Matrix = np.ascontiguousarray(rows, dtype=np.float32)
        if not np.isfinite(matrix).all():
            raise ValueError("the vectors hold NaN or infinity, expected finite float32 numbers")
        return matrix

    def _checked(self, vector: Numbers) -> Vector:
        """Return a vector from outside as D finite float32 numbers."""
        if vector.shape != (self.vector_size,):
            raise ValueError(f"vector has shape {vector.shape}, expected ({self.vector_size},)")
        row: Vector = np.ascontiguousarray(vector, dtype=np.float32)
        if not np.isfinite(row).all():
            raise ValueError("vector holds NaN or infinity, expected finite float32 numbers")
        return row


def weighted(
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


def _unit(rows: Matrix) -> Matrix:
    return unit_rows(rows.astype(np.float64))
