"""Keys, raw vectors and norms: what is kept, what is made on demand, and when it stops being true.

The raw vectors and one norm a row are kept. Unit vectors are made at each call that asks for them
and never kept: a hidden second matrix would double the memory.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from os import PathLike
from typing import Any, Literal, Self, cast, overload

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from synvec._core import KeyTable
from synvec.arithmetic import Matrix, Vector, divisors, row_norms
from synvec.key_types import Key, KeyT, has_integers
from synvec.keyed_vectors.columns import Columns
from synvec.keyed_vectors.keys import require_order
from synvec.keyed_vectors.row_numbers import RowNumbers
from synvec.keyed_vectors.views import walk


class VectorStore(Columns[KeyT]):
    """The state of a ``KeyedVectors`` and the plain ways to read it."""

    _lockf: Vector
    _is_lockf_by_key: bool
    """How much training may change rows, 0 to 1: one number for all, or one a key."""

    # Rows past the last key are room to grow and hold nothing.
    _rows: Matrix
    _norms: Vector | None
    row_numbers: RowNumbers
    """For those who keep row numbers: whether they still mean the same rows."""

    # Whether something has needed unit vectors yet; all that decides if `syn0norm` is None.
    _unit_ready: bool

    def __init__(
        self,
        vector_size: int,
        count: int = 0,
        dtype: DTypeLike = np.float32,
        mapfile_path: str | PathLike[str] | None = None,
    ) -> None:
        if np.dtype(dtype) != np.float32:
            raise ValueError(f"dtype is {np.dtype(dtype)}, expected float32")
        for name, number in (("vector_size", vector_size), ("count", count)):
            if isinstance(number, bool) or not isinstance(number, int | np.integer):
                raise TypeError(f"{name} is {number!r}, expected an integer")
        if vector_size < 1:
            raise ValueError(f"vector_size is {vector_size}, expected at least 1")
        if count < 0:
            raise ValueError(f"count is {count}, expected at least 0")
        self.mapfile_path = mapfile_path
        self.row_numbers = RowNumbers()
        self._keys = KeyTable()
        self._rows = self._allocate(count, vector_size)
        self._norms = None
        self._unit_ready = False
        self.expandos = {}
        self._lockf, self._is_lockf_by_key = np.ones(1, dtype=np.float32), False

    @classmethod
    def from_arrays(
        cls,
        keys: KeyTable[KeyT] | Sequence[KeyT] | NDArray[np.integer[Any]],
        vectors: ArrayLike,
        *,
        counts: ArrayLike | None = None,
        norms: ArrayLike | None = None,
    ) -> Self:
        """Build a store around arrays that are there already.

        Parameters
        ----------
        keys
            V distinct keys, strings or integers of 64 bits, in the order of the rows; a set has no
            order and won't do.
        vectors
            V × D numbers. A C-contiguous float32 array is taken as it is, without a copy, and
            stays shared with the caller; anything else is converted.
        counts
            How often each key was seen: V integers.
        norms
            The lengths of the rows when they are known: V float32 numbers. By default they are
            computed when first needed.

        Raises
        ------
        ValueError
            When a key stands there twice, or the shapes don't match.
        TypeError
            When the keys are a set, one of them is no str and no int, there are both, or counts are
            no numbers.

        Examples
        --------
        >>> from synvec import KeyedVectors
        >>> kv = KeyedVectors.from_arrays(["socket", "year"], np.eye(2), counts=[7, 3])
        >>> kv.get_vecattr("socket", "count")
        np.int64(7)
        """
        if isinstance(keys, KeyTable):
            table = keys.copy()  # shares its memory until one of the two grows
        else:
            table = _table_of(cast("Sequence[KeyT]", keys))
        rows = as_rows(vectors, len(table))
        store = cls(rows.shape[1])
        store._keys, store._rows = table, rows
        if norms is not None:
            store.norms = np.asarray(norms, dtype=np.float32)
        if counts is not None:
            column = _column("counts", np.asarray(counts), len(table))
            if len(column) and column.dtype.kind not in "iuf":
                raise TypeError(f"counts are {column.dtype}, expected integers")
            store.expandos["count"] = column
        return store

    # --- vectors --------------------------------------------------------------------------------

    @property
    def vector_size(self) -> int:
        """D, the length of a vector."""
        return int(self._rows.shape[1])

    @property
    def vectors(self) -> Matrix:
        """The raw vectors: V × D float32, C-contiguous, word2vec's ``syn0``.

        The array itself, not a copy. After writing into it call ``fill_norms(force=True)``;
        assigning a whole new matrix (of V rows and any width) needs no such call.
        """
        if len(self._rows) == len(self._keys):
            return self._rows
        return self._rows[: len(self._keys)]

    @vectors.setter
    def vectors(self, vectors: Matrix) -> None:
        self._replace_rows(as_rows(vectors, len(self)))

    def _replace_rows(self, rows: Matrix) -> None:
        self._rows = rows
        self._norms = None

    @property
    def syn0(self) -> Matrix:
        """The raw vectors under word2vec's name: the same array as ``vectors``."""
        return self.vectors

    @syn0.setter
    def syn0(self, vectors: Matrix) -> None:
        self.vectors = vectors

    @overload
    def __getitem__(self, key_or_keys: Key) -> Vector: ...
    @overload
    def __getitem__(self, key_or_keys: Iterable[Key] | NDArray[Any]) -> Matrix: ...
    def __getitem__(self, key_or_keys: Key | Iterable[Key] | NDArray[Any]) -> Vector | Matrix:
        if isinstance(key_or_keys, str | int | np.integer):
            return self.get_vector(key_or_keys)
        if not isinstance(key_or_keys, Iterable) or isinstance(key_or_keys, bytes | bytearray):
            raise TypeError(
                f"a {type(key_or_keys).__name__} is no key: ask for a key, a position or a list of "
                "them, or slice .vectors"
            )
        require_order(key_or_keys)
        rows = self._rows_of(key_or_keys)
        if not len(rows):
            raise ValueError("the list of keys is empty, expected at least one")
        return rows

    def __iter__(self) -> Iterator[Vector]:
        keys = walk(self._keys) if has_integers(self._keys) else range(len(self))
        return (self.get_vector(key) for key in keys)

    def get_vector(self, key: Key, norm: bool = False) -> Vector:
        """Return the vector of ``key``.

        Parameters
        ----------
        key
            A key, or a position among keys that are strings.
        norm
            Whether to scale it to length 1; a zero vector stays zero.

        Returns
        -------
        numpy.ndarray
            D float32 numbers, read-only: a view of the row, or a fresh array with ``norm=True``.
            To change a vector write ``kv[key] = vector``.

        Raises
        ------
        KeyError
            For an unknown key.

        Examples
        --------
        >>> from synvec import KeyedVectors
        >>> kv = KeyedVectors.from_arrays(["socket"], [[3, 4]])
        >>> kv.get_vector("socket"), kv.get_vector("socket", norm=True)
        (array([3., 4.], dtype=float32), array([0.6, 0.8], dtype=float32))
        """
        position = self.get_index(key)
        if norm:
            vector: Vector = self._unit_rows(np.array([position]))[0]
        else:
            vector = self._rows[position].view()
        vector.flags.writeable = False
        return vector

    def rows_of(self, keys: Iterable[Key], norm: bool = False) -> Matrix:
        """Return the vectors of keys in a fresh N × D array; of length 1 with ``norm``.

        Raises
        ------
        KeyError
            For the first unknown key.

        Examples
        --------
        >>> from synvec import KeyedVectors
        >>> kv = KeyedVectors.from_arrays(["socket", "year"], [[3, 4], [0, 2]])
        >>> kv.rows_of(["year", "socket"], norm=True)
        array([[0. , 1. ],
               [0.6, 0.8]], dtype=float32)
        """
        return self._unit_rows_of(keys) if norm else self._rows_of(keys)

    # A store that makes vectors when they are asked for overrides these three and `_rows`.

    def _rows_at(self, positions: NDArray[np.int64]) -> Matrix:
        """Return a copy of a few rows."""
        rows: Matrix = self.vectors[positions]
        return rows

    def _rows_of(self, keys: Iterable[Key]) -> Matrix:
        """Return a copy of the vectors of keys and positions; KeyError for the first unknown."""
        return self._rows_at(self._positions(keys))

    def _unit_rows_of(self, keys: Iterable[Key]) -> Matrix:
        """Return the same as unit vectors."""
        return self._unit_rows(self._positions(keys))

    # --- norms ----------------------------------------------------------------------------------

    @property
    def norms(self) -> Vector | None:
        """The length of each vector, V float32 numbers; None until they are first needed.

        Assigning ``None`` forgets them.
        """
        return self._norms

    @norms.setter
    def norms(self, norms: Vector | None) -> None:
        if norms is not None:
            norms = _column(
                "norms", np.require(np.asarray(norms), np.float32, ["C", "A"]), len(self)
            )
        self._norms = norms

    @property
    def vectors_lockf(self) -> Vector:
        """How much training may change the rows, 0 (locked) to 1 (free): V numbers, or one."""
        return self._lockf

    @vectors_lockf.setter
    def vectors_lockf(self, locks: ArrayLike) -> None:
        column = np.require(np.asarray(locks), np.float32, ["C", "A"])
        if column.shape not in ((1,), (len(self),)):
            raise ValueError(
                f"vectors_lockf has shape {column.shape}, expected one number, or one for each of "
                f"{len(self)} keys"
            )
        self._lockf, self._is_lockf_by_key = column, len(column) == len(self)

    def fill_norms(self, force: bool = False) -> None:
        """Compute the norms unless they are there.

        Parameters
        ----------
        force
            Compute them again all the same: needed after writing into ``vectors`` directly.

        Examples
        --------
        >>> from synvec import KeyedVectors
        >>> kv = KeyedVectors.from_arrays(["socket"], [[3, 4]])
        >>> kv.fill_norms()
        >>> kv.vectors[0] = [6, 8]
        >>> kv.fill_norms(force=True)
        >>> kv.norms
        array([10.], dtype=float32)
        """
        if force:
            self._norms = None
        self._needed_norms()

    def _needed_norms(self) -> Vector:
        """Return the norms, computed if need be; whoever asks needs unit vectors."""
        # Threads that meet here compute the same numbers, and each binds a finished array.
        norms = self._norms
        if norms is None:
            norms = row_norms(self.vectors)
            self._norms = norms
        self._unit_ready = True
        return norms

    def _unit_rows(self, positions: NDArray[np.int64]) -> Matrix:
        """Return unit vectors of a few rows, without computing the norms of all."""
        rows = self._rows_at(positions)
        norms = self._norms
        self._unit_ready = True
        return rows / divisors(row_norms(rows) if norms is None else norms[positions])

    @property
    def syn0norm(self) -> Matrix | None:
        """Unit vectors, V × D float32, under word2vec's name.

        None until something first needs unit vectors: a query, or ``init_sims()``. Then it is
        made anew from the raw vectors at each access, read-only and never kept: hold on to it
        while you use it.
        """
        if not self._unit_ready:
            return None
        rows = self.get_normed_vectors()
        rows.flags.writeable = False
        return rows

    def get_normed_vectors(self) -> Matrix:
        """Return unit vectors in a fresh V × D array; zero vectors stay zero.

        Examples
        --------
        >>> from synvec import KeyedVectors
        >>> KeyedVectors.from_arrays(["socket"], [[3, 4]]).get_normed_vectors()
        array([[0.6, 0.8]], dtype=float32)
        """
        norms = self._needed_norms()
        return self.vectors / divisors(norms)

    def init_sims(self, replace: bool = False) -> None:
        """Get ready for queries, as word2vec's users know it.

        Parameters
        ----------
        replace
            False: the norms are computed, ``syn0norm`` gives unit vectors, and the raw vectors
            stay. True: the raw vectors are overwritten in place with unit vectors, without a
            second matrix; their lengths are lost for good.

        Raises
        ------
        ValueError
            When ``replace=True`` meets vectors that are mapped read-only.

        Examples
        --------
        >>> from synvec import KeyedVectors
        >>> kv = KeyedVectors.from_arrays(["socket"], np.array([[3, 4]], dtype=np.float32))
        >>> kv.syn0norm is None
        True
        >>> kv.init_sims()
        >>> kv.syn0norm
        array([[0.6, 0.8]], dtype=float32)
        """
        if replace:
            self.unit_normalize_all()
        else:
            self.fill_norms()

    def unit_normalize_all(self) -> None:
        """Overwrite each raw vector in place with its unit vector; zero vectors stay zero.

        Raises
        ------
        ValueError
            When the vectors are mapped read-only.

        Examples
        --------
        >>> from synvec import KeyedVectors
        >>> kv = KeyedVectors.from_arrays(["socket"], np.array([[3, 4]], dtype=np.float32))
        >>> kv.unit_normalize_all()
        >>> kv.vectors, kv.norms
        (array([[0.6, 0.8]], dtype=float32), array([1.], dtype=float32))
        """
        self._require_writable("overwritten with unit vectors")
        norms = self._needed_norms()
        self._norms = None  # nothing true is known of them if what follows is interrupted
        rows = self.vectors
        np.divide(rows, divisors(norms), out=rows)
        self._norms = (norms != 0).astype(np.float32)

    # --- room and rights ------------------------------------------------------------------------

    def _allocate(self, rows: int, vector_size: int, mode: Literal["w+", "r+"] = "w+") -> Matrix:
        if self.mapfile_path is None:
            return np.zeros((rows, vector_size), dtype=np.float32)
        # A file can't be mapped at no length at all.
        shape = (max(rows, 1), vector_size)
        return np.asarray(np.memmap(self.mapfile_path, np.float32, mode=mode, shape=shape))

    def _make_room(self, rows: int) -> None:
        """Have room for that many rows; an eighth to spare keeps adding one by one cheap."""
        capacity = len(self._rows)
        if rows <= capacity:
            return
        roomy = max(rows, capacity + capacity // 8)
        # r+ makes the file longer and keeps what it holds; the rows may still live elsewhere.
        grown = self._allocate(roomy, self.vector_size, "r+")
        grown[: len(self)] = self.vectors
        self._rows = grown

    def _require_writable(self, what: str) -> None:
        if not all(matrix.flags.writeable for matrix in self._written()):
            raise ValueError(
                f"the vectors are read-only and can't be {what}: load them without mmap='r', or "
                "give the store a copy of its own with kv.vectors = kv.vectors.copy()"
            )

    def _written(self) -> tuple[Matrix, ...]:
        """Return the matrices that a change of vectors writes to."""
        return (self._rows,)

    # --- as Python sees it ----------------------------------------------------------------------

    def __str__(self) -> str:
        return f"{type(self).__name__}<vector_size={self.vector_size}, {len(self)} keys>"

    def __repr__(self) -> str:
        return str(self)

    def __getstate__(self) -> dict[str, Any]:
        # Plain arrays: neither the room to spare nor the file behind a map goes along.
        norms = self._norms
        expandos = {name: np.array(column) for name, column in self.expandos.items()}
        return {
            **self.__dict__,
            "mapfile_path": None,
            **self._row_copies(),
            "_norms": None if norms is None else np.array(norms),
            "expandos": expandos,
            "_made_up_counts": expandos["count"] if self._has_made_up_counts() else None,
            "_lockf": np.array(self._lockf),
            "_keys": self._keys.copy(),
            "row_numbers": RowNumbers(),
        }

    def _renumber_rows(self) -> None:
        """Tell those who keep row numbers that these mean other rows now."""
        self.row_numbers.are_current = False
        self.row_numbers = RowNumbers()

    def _row_copies(self) -> dict[str, Any]:
        return {"_rows": np.array(self.vectors)}

    def __copy__(self) -> Self:
        # A copy that shared the rows would keep norms that the other's writes make false.
        twin = type(self).__new__(type(self))
        twin.__dict__.update(self.__getstate__())
        return twin

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        return self.__copy__()


def as_rows(vectors: ArrayLike, rows: int, vector_size: int | None = None) -> Matrix:
    """Return ``vectors`` as a C-contiguous float32 matrix of that shape, or raise ValueError."""
    matrix: Matrix = np.require(np.asarray(vectors), np.float32, ["C", "A"])
    if matrix.ndim != 2 or matrix.shape[0] != rows or matrix.shape[1] < 1:
        raise ValueError(f"vectors have shape {matrix.shape}, expected {rows} rows, one a key")
    if vector_size is not None and matrix.shape[1] != vector_size:
        raise ValueError(
            f"vectors have {matrix.shape[1]} dimensions, expected {vector_size} as in the store"
        )
    return matrix


def _table_of(keys: Iterable[KeyT]) -> KeyTable[KeyT]:
    require_order(keys)
    names = keys if isinstance(keys, str) else list(keys)
    table = KeyTable(names)
    if len(table) != len(names):
        places = (table.index(key) for key in names)
        twice = next(table.key(place) for row, place in enumerate(places) if place != row)
        raise ValueError(f"key {twice!r} stands there twice, expected distinct keys")
    return table


def _column(name: str, values: NDArray[Any], rows: int) -> NDArray[Any]:
    if values.shape != (rows,):
        raise ValueError(f"{name} have shape {values.shape}, expected {rows} values, one a key")
    return values
