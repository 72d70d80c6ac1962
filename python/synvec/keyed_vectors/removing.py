"""Taking keys out of a store, in place: the rows behind them move up."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from synvec.arithmetic import Matrix, Vector, block_rows
from synvec.key_types import Key, KeyT
from synvec.keyed_vectors.editing import Editing


class Removing(Editing[KeyT]):
    """What makes a store smaller."""

    def remove(self, keys: Key | Iterable[Key]) -> None:
        """Remove keys with their vectors and attributes; the others keep their order.

        Rows move up in place, without a second matrix, and positions with them: take
        ``key_to_index`` and ``index_to_key`` again. Many keys at once take no longer than one.

        Parameters
        ----------
        keys
            A key or position, or some of them; one that stands there twice counts once.

        Raises
        ------
        KeyError
            For an unknown key; then nothing is removed.
        ValueError
            When the vectors are mapped read-only.

        See Also
        --------
        vectors_for_all : a new store of some keys, which leaves this one as it is.
        resize_vectors : gives the memory of the removed rows back.

        Examples
        --------
        >>> from synvec import KeyedVectors
        >>> kv = KeyedVectors.from_arrays(["socket", "port", "year"], [[3, 4], [4, 3], [-1, 1]])
        >>> kv.remove(["socket"])
        >>> list(kv.index_to_key), kv["year"]
        (['port', 'year'], array([-1.,  1.], dtype=float32))
        """
        if isinstance(keys, str | int | np.integer):
            keys = [keys]
        elif not isinstance(keys, Iterable):
            raise TypeError(f"{keys!r} is no key: give a key, a position or a list of them")
        positions = self._positions(keys)
        if not len(positions):
            return
        self._require_writable("removed")
        stays = np.ones(len(self), dtype=bool)
        stays[positions] = False
        kept = np.flatnonzero(stays).astype(np.int64)
        table = self._keys.take(kept)
        expandos = {name: column[kept] for name, column in self.expandos.items()}
        lockf = self._lockf[kept] if self._is_lockf_by_key else self._lockf
        norms = None if self._norms is None else self._norms[kept]

        self._norms = None
        self._renumber_rows()
        self._keep_rows(kept)
        self._keys, self._lockf = table, lockf
        self._replace_expandos(expandos)
        self._norms = norms

    def _keep_rows(self, kept: NDArray[np.int64]) -> None:
        """Move the kept rows to the front, in order."""
        move_up(self._rows, kept)

    def __delitem__(self, keys: Key | Iterable[Key]) -> None:
        """Remove a key or position, or some of them: ``remove(keys)``."""
        self.remove(keys)

    def pop(self, key: Key) -> Vector:
        """Remove one key and return its vector.

        Raises
        ------
        KeyError
            For an unknown key.
        ValueError
            When the vectors are mapped read-only.

        Examples
        --------
        >>> from synvec import KeyedVectors
        >>> kv = KeyedVectors.from_arrays(["socket", "year"], [[1, 0], [0, 1]])
        >>> kv.pop("socket"), len(kv)
        (array([1., 0.], dtype=float32), 1)
        """
        vector = self.get_vector(key).copy()
        self.remove(key)
        return vector

    def resize_vectors(self, seed: int = 0) -> None:
        """Give back the room beyond the last row that removed keys, or ``count=``, have left.

        Rows in a file of their own (``mapfile_path``) keep it.

        Parameters
        ----------
        seed
            Taken for gensim's sake, where new keys come without vectors and random ones are drawn
            here. A key of this store always has its vector, so nothing is ever drawn.

        Examples
        --------
        >>> from synvec import KeyedVectors
        >>> kv = KeyedVectors.from_arrays(["socket", "year"], [[1, 0], [0, 1]])
        >>> kv.remove("socket")
        >>> kv.resize_vectors()
        >>> kv.vectors
        array([[0., 1.]], dtype=float32)
        """
        if self.mapfile_path is None and len(self._rows) > len(self):
            self._rows = self.vectors.copy()


def move_up(rows: Matrix, kept: NDArray[np.int64]) -> None:
    """Move the kept rows to the front, in order, a block of working memory at a time."""
    first = int(np.argmax(np.append(kept != np.arange(len(kept)), True)))
    step = block_rows(rows.itemsize * rows.shape[1])
    for start in range(first, len(kept), step):
        block = kept[start : start + step]
        rows[start : start + len(block)] = rows[block]
