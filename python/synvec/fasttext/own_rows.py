"""Changes of vectors with subwords: own rows follow, so that vectors are what was written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from synvec._core import Subwords
from synvec.arithmetic import Matrix, block_rows
from synvec.key_types import is_integer
from synvec.keyed_vectors import KeyedVectors
from synvec.keyed_vectors.editing import reorder
from synvec.keyed_vectors.removing import move_up
from synvec.keyed_vectors.store import as_rows


class OwnRows(KeyedVectors):
    """Keys that have a row of their own beside their vector, which n-grams have a part in."""

    _subwords: Subwords
    # Each key's own row; past the last key there is room to grow, as in the rows of the base.
    _own: Matrix
    _ngrams: Matrix

    def add_vectors(
        self,
        keys: str | Sequence[str],
        weights: ArrayLike,
        extras: Mapping[str, ArrayLike] | None = None,
        replace: bool = False,
    ) -> None:
        """Add many keys at once, as `KeyedVectors.add_vectors` does.

        The own row of each is set so that its vector, n-grams and all, is the one given.

        Examples
        --------
        >>> from synvec import FastTextKeyedVectors
        >>> kv = FastTextKeyedVectors.from_parts([], np.empty((0, 2)), [[3, 4]], min_n=2, max_n=3)
        >>> kv.add_vectors(["a"], [[1, 1]])  # with the n-grams <a, a> and <a>
        >>> kv["a"], kv.vectors_vocab
        (array([1., 1.], dtype=float32), array([[-5., -8.]], dtype=float32))
        """
        names = [keys] if isinstance(keys, str | int) else keys
        require_text(int if any(map(is_integer, names)) else str)
        first = len(self)
        super().add_vectors(keys, weights, extras, replace)
        self._match_own_rows(np.arange(first, len(self)))

    def unit_normalize_all(self) -> None:
        """Overwrite each vector with its unit vector, as `KeyedVectors.unit_normalize_all` does.

        Words outside the vocabulary keep their vectors.

        Examples
        --------
        >>> from synvec import FastTextKeyedVectors
        >>> kv = FastTextKeyedVectors.from_parts(["a"], [[6, 8]], [[3, 4]], min_n=9, max_n=9)
        >>> kv.unit_normalize_all()
        >>> kv["a"]
        array([0.6, 0.8], dtype=float32)
        """
        super().unit_normalize_all()
        self._match_own_rows(np.arange(len(self)))

    def resize_vectors(self, seed: int = 0) -> None:
        """Give back the room beyond the last row, as `KeyedVectors.resize_vectors` does.

        Examples
        --------
        >>> from synvec import FastTextKeyedVectors
        >>> kv = FastTextKeyedVectors.from_parts(["a"], [[6, 8]], [[3, 4]], min_n=2, max_n=3)
        >>> kv.remove("a")
        >>> kv.resize_vectors()
        >>> kv.vectors_vocab.shape
        (0, 2)
        """
        super().resize_vectors(seed)
        if len(self._own) > len(self):
            self._own = self._own[: len(self)].copy()

    def _replace_rows(self, rows: Matrix) -> None:
        if self._subwords.bucket:
            rows = as_rows(rows, len(self), self.vector_size)
        super()._replace_rows(rows)
        self._match_own_rows(np.arange(len(self)))

    def _write_rows(self, positions: NDArray[np.int64], rows: Matrix) -> None:
        super()._write_rows(positions, rows)
        self._match_own_rows(positions)

    def _match_own_rows(self, positions: NDArray[np.int64]) -> None:
        """Set own rows so that the vectors are composed of them: (k + 1)·vector − Σ n-grams."""
        if not self._subwords.bucket:
            return
        step = block_rows(self._own.itemsize * self.vector_size)
        for start in range(0, len(positions), step):
            block = positions[start : start + step].astype(np.int64, copy=False)
            means, counts = self._subwords.means(self._keys.keys_at(block), self._ngrams)
            ngrams = counts.astype(np.float64)[:, np.newaxis]
            self._own[block] = (ngrams + 1) * self._rows[block] - ngrams * means

    def _make_room(self, rows: int) -> None:
        super()._make_room(rows)
        if len(self._own) < len(self._rows):
            grown = np.zeros(self._rows.shape, dtype=np.float32)
            grown[: len(self)] = self._own[: len(self)]
            self._own = grown

    def _reorder_rows(self, order: NDArray[np.int64]) -> None:
        super()._reorder_rows(order)
        if self._subwords.bucket:
            reorder(self._own[: len(self)], order)

    def _keep_rows(self, kept: NDArray[np.int64]) -> None:
        super()._keep_rows(kept)
        if self._subwords.bucket:
            move_up(self._own, kept)

    def _written(self) -> tuple[Matrix, ...]:
        return (self._rows, self._own)


def require_text(kind: type) -> None:
    """Raise a TypeError for keys that have no characters."""
    if kind is int:
        raise TypeError(
            "the keys are int, and subwords are made of the characters of str: use KeyedVectors, "
            "or convert them with str()"
        )
