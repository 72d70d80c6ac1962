"""Cosines between given keys: similarity, distances, ranks, and which of a few is the odd one."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from synvec.arithmetic import Numbers, Vector, cosines, dots, row_norms, unit
from synvec.key_types import Key, KeyT
from synvec.keyed_vectors.batches import Batches
from synvec.keyed_vectors.keys import key_list

logger = logging.getLogger(__name__)

K = TypeVar("K", bound=Key)


class Similarity(Batches[KeyT]):
    """Similarity and distance between keys that are given."""

    def similarity(self, w1: Key, w2: Key) -> np.float32:
        """Return the cosine of two keys, between −1 and 1; 0 when either vector is zero.

        Raises
        ------
        KeyError
            For an unknown key.

        Examples
        --------
        >>> from synvec import KeyedVectors
        >>> kv = KeyedVectors.from_arrays(["socket", "port"], [[3, 4], [4, 3]])
        >>> round(float(kv.similarity("socket", "port")), 2)
        0.96
        """
        rows = self._unit_rows_of([w1, w2])
        return np.float32(dots(rows[:1], rows[1])[0])

    def distance(self, w1: Key, w2: Key) -> np.float32:
        """Return 1 − ``similarity(w1, w2)``.

        Examples
        --------
        >>> from synvec import KeyedVectors
        >>> kv = KeyedVectors.from_arrays(["socket", "year"], [[1, 0], [0, 1]])
        >>> kv.distance("socket", "year")
        np.float32(1.0)
        """
        return np.float32(1 - self.similarity(w1, w2))

    def distances(
        self,
        word_or_vector: Key | Numbers | list[float] | tuple[float, ...],
        other_words: Sequence[Key] | NDArray[Any] = (),
    ) -> Vector:
        """Return the cosine distances from a key or vector to all keys, or to some.

        Parameters
        ----------
        word_or_vector
            A key, a position, or a vector of D numbers: an array, a list or a tuple.
        other_words
            To which keys; to all, in the order of their index, by default.

        Returns
        -------
        numpy.ndarray
            float32 numbers between 0 and 2, one a key; 1 where a vector is zero.

        Raises
        ------
        KeyError
            For an unknown key.
        ValueError
            For a vector of another length, or NaN.

        Examples
        --------
        >>> from synvec import KeyedVectors
        >>> kv = KeyedVectors.from_arrays(["socket", "year"], [[1, 0], [0, 1]])
        >>> kv.distances("socket")
        array([0., 1.], dtype=float32)
        """
        if isinstance(word_or_vector, np.ndarray | list | tuple):
            query = unit(self._checked(np.asarray(word_or_vector)).astype(np.float64))
        else:
            query = self.get_vector(word_or_vector, norm=True)
        if isinstance(other_words, str):
            raise TypeError(f"other_words is the str {other_words!r}, expected a list of keys")
        if len(other_words):
            rows = self[other_words]
            return 1 - cosines(rows, row_norms(rows), query)
        return 1 - cosines(self.vectors, self._needed_norms(), query)

    @staticmethod
    def cosine_similarities(vector_1: Numbers, vectors_all: Numbers) -> NDArray[np.floating[Any]]:
        """Return the cosine of one vector with each row of a matrix; 0 where either is zero.

        Parameters
        ----------
        vector_1
            D numbers.
        vectors_all
            N × D numbers.

        Returns
        -------
        numpy.ndarray
            N numbers, float32 or float64 as the arguments are.

        Examples
        --------
        >>> from synvec import KeyedVectors
        >>> rows = np.array([[6.0, 8.0], [4.0, -3.0], [0.0, 0.0]])
        >>> KeyedVectors.cosine_similarities(np.array([3.0, 4.0]), rows)
        array([1., 0., 0.])
        """
        lengths = np.sqrt(np.einsum("ij,ij->i", vectors_all, vectors_all, dtype=np.float64))
        lengths *= np.sqrt(np.einsum("i,i->", vector_1, vector_1, dtype=np.float64))
        products = np.einsum("ij,j->i", vectors_all, vector_1, dtype=np.float64)
        kind = np.result_type(vector_1, vectors_all, np.float32)
        cosine = np.divide(products, lengths, out=np.zeros_like(lengths), where=lengths != 0)
        scores: NDArray[np.floating[Any]] = cosine.astype(kind)
        return scores

    def n_similarity(
        self, ws1: Sequence[Key] | NDArray[Any], ws2: Sequence[Key] | NDArray[Any]
    ) -> np.float32:
        """Return the cosine of the means of two lists of keys; unknown keys are left out.

        The means are of the raw vectors, so that long ones weigh more.

        Raises
        ------
        ZeroDivisionError
            When a list is empty.

        Examples
        --------
        >>> from synvec import KeyedVectors
        >>> kv = KeyedVectors.from_arrays(["socket", "port", "year"], [[1, 0], [0, 1], [1, 1]])
        >>> round(float(kv.n_similarity(["socket", "port"], ["year"])), 2)
        1.0
        """
        means = []
        for name, words in (("ws1", ws1), ("ws2", ws2)):
            items = key_list(name, words)
            if not items:
                raise ZeroDivisionError(f"{name} is empty, expected at least one key")
            mean = self.get_mean_vector(items, pre_normalize=False)
            means.append(unit(mean.astype(np.float64)))
        return np.float32(dots(means[0][np.newaxis], means[1])[0])

    def closer_than(self, key1: Key, key2: Key) -> list[KeyT]:
        """Return the keys that are strictly closer to ``key1`` than ``key2`` is, by their index.

        Examples
        --------
        >>> from synvec import KeyedVectors
        >>> kv = KeyedVectors.from_arrays(["socket", "port", "year"], [[1, 0], [1, 1], [0, 1]])
        >>> kv.closer_than("socket", "year")
        ['port']
        """
        return self._keys.keys_at(self._closer(key1, key2))

    def rank(self, key1: Key, key2: Key) -> int:
        """Return the place of ``key2`` among the neighbours of ``key1``: 1 for the closest.

        Examples
        --------
        >>> from synvec import KeyedVectors
        >>> kv = KeyedVectors.from_arrays(["socket", "port", "year"], [[1, 0], [1, 1], [0, 1]])
        >>> kv.rank("socket", "year")
        2
        """
        return len(self._closer(key1, key2)) + 1

    def _closer(self, key1: Key, key2: Key) -> NDArray[np.int64]:
        other = self.get_index(key2)
        scores = cosines(self.vectors, self._needed_norms(), self.get_vector(key1, norm=True))
        closer = np.flatnonzero(scores > scores[other])
        others: NDArray[np.int64] = closer[closer != self._position(key1)]
        return others

    def most_similar_to_given(self, key1: Key, keys_list: Sequence[K]) -> K:
        """Return the one of ``keys_list`` that is most similar to ``key1``; the first of equals.

        Raises
        ------
        ValueError
            When the list is empty.

        Examples
        --------
        >>> from synvec import KeyedVectors
        >>> kv = KeyedVectors.from_arrays(["socket", "port", "year"], [[1, 0], [1, 1], [0, 1]])
        >>> kv.most_similar_to_given("socket", ["year", "port"])
        'port'
        """
        if isinstance(keys_list, str):
            raise TypeError(f"keys_list is the str {keys_list!r}, expected a list of keys")
        if not len(keys_list):
            raise ValueError("keys_list is empty, expected at least one key")
        return keys_list[int(np.argmin(self.distances(key1, keys_list)))]

    def doesnt_match(self, words: Sequence[K]) -> K:
        """Return the key that fits the others least: the one farthest from the mean of all.

        Unknown keys are left out, with a line in the log.

        Raises
        ------
        ValueError
            When none is left.

        Examples
        --------
        >>> from synvec import KeyedVectors
        >>> kv = KeyedVectors.from_arrays(["socket", "port", "year"], [[3, 1], [3, 2], [-1, 3]])
        >>> kv.doesnt_match(["socket", "port", "year"])
        'year'
        """
        return self.rank_by_centrality(key_list("words", words))[-1][1]

    def rank_by_centrality(
        self, words: Sequence[K], use_norm: bool = True
    ) -> list[tuple[float, K]]:
        """Return (score, key) by closeness to the mean of all, the most central first.

        Parameters
        ----------
        words
            Keys; unknown ones are left out, with a line in the log.
        use_norm
            Whether vectors are scaled to length 1, which makes the score a cosine.

        Raises
        ------
        ValueError
            When no known key is left.

        Examples
        --------
        >>> from synvec import KeyedVectors
        >>> kv = KeyedVectors.from_arrays(["socket", "port", "year"], [[3, 1], [3, 2], [-1, 3]])
        >>> [key for _, key in kv.rank_by_centrality(["year", "socket", "port"])]
        ['port', 'socket', 'year']
        """
        given = key_list("words", words)
        known = [word for word in given if word in self]
        if len(known) < len(given):
            logger.warning(
                "left out, not present: %s", [word for word in given if word not in self]
            )
        if not known:
            raise ValueError("cannot select a word from an empty list: none of the words is known")
        rows = self.rows_of(known, use_norm)
        scores = dots(rows, unit(rows.mean(axis=0, dtype=np.float64))).tolist()
        return sorted(zip(scores, known, strict=True), key=lambda pair: (pair[0], str(pair[1])))[
            ::-1
        ]

    def relative_cosine_similarity(self, wa: Key, wb: Key, topn: int = 10) -> float:
        """Return the cosine of two keys relative to those of ``wa``'s neighbours.

        ``similarity(wa, wb)`` divided by the sum of the cosines of the ``topn`` nearest keys of
        ``wa`` (Leeuwenberg et al. 2016): more than 1/topn means closer than the average neighbour.

        Raises
        ------
        ValueError
            When ``topn`` is less than 1 or ``wa`` has no neighbour.

        Examples
        --------
        >>> from synvec import KeyedVectors
        >>> kv = KeyedVectors.from_arrays(["socket", "port", "year"], [[1, 0], [2, 0], [0, 1]])
        >>> kv.relative_cosine_similarity("socket", "port", topn=2)
        1.0
        """
        neighbours = self.similar_by_key(wa, topn)
        if not neighbours:
            raise ValueError(f"topn is {topn}, expected at least 1, and at least one other key")
        total = sum(cosine for _, cosine in neighbours)
        return float(self.similarity(wa, wb)) / total if total else 0.0
