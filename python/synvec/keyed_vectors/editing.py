"""Changing a store: each write forgets the norms that it makes false.

Everything is checked before anything is written, so that an error leaves the store as it was.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from numpy.typing import ArrayLike, NDArray

from synvec.arguments import with_known_arguments
from synvec.arithmetic import Matrix, row_norms
from synvec.key_types import Key, KeyT, has_integers, is_integer, is_text
from synvec.keyed_vectors.keys import key_list, require_order
from synvec.keyed_vectors.store import VectorStore, as_rows

if TYPE_CHECKING:
    from synvec.keyed_vectors.keyed_vectors import KeyedVectors

# Columns re-ordered at a time: the working memory of a sort is this many columns, not a matrix.
SORTED_COLUMNS = 16


class Editing(VectorStore[KeyT]):
    """What changes keys, vectors and attributes."""

    def add_vector(self, key: KeyT, vector: ArrayLike) -> int:
        """Add one key; one that is there keeps its vector.

        Parameters
        ----------
        key
            The new key: a ``str``, or an ``int`` where the keys are integers or there are none.
        vector
            Its D numbers.

        Returns
        -------
        int
            The index of the key.

        Raises
        ------
        ValueError
            For a vector of another length, or with NaN or infinity in it.
        TypeError
            For a key of another kind than the keys that there are.

        Examples
        --------
        >>> from synvec import KeyedVectors
        >>> kv = KeyedVectors(vector_size=2)
        >>> kv.add_vector("socket", [1, 0]), kv.add_vector("year", [0, 1])
        (0, 1)
        """
        self.add_vectors([key], np.asarray(vector)[np.newaxis])
        return self._keys.index(key)

    @with_known_arguments()
    def add_vectors(
        self,
        keys: KeyT | Sequence[KeyT],
        weights: ArrayLike,
        extras: Mapping[str, ArrayLike] | None = None,
        replace: bool = False,
    ) -> None:
        """Add many keys at once.

        Parameters
        ----------
        keys
            N keys. One that stands there twice gets a single row: the first, or the last with
            ``replace=True``, as if they had been added one by one.
        weights
            Their vectors: N × D numbers.
        extras
            Attributes to go with them: N values under each name. Keys that were there before and
            don't have the attribute get zero.
        replace
            Whether keys that are there already get the new vector and attributes; by default they
            keep what they have.

        Raises
        ------
        ValueError
            When shapes don't match, or a number is NaN or infinite.
        TypeError
            When a key is no str and no int, or of another kind than the others.

        Examples
        --------
        >>> from synvec import KeyedVectors
        >>> kv = KeyedVectors(vector_size=2)
        >>> kv.add_vectors(["socket", "year"], [[1, 0], [0, 1]], extras={"count": [7, 3]})
        >>> kv.add_vectors(["year", "month"], [[5, 5], [1, 1]])
        >>> kv["year"], kv.get_vecattr("month", "count")
        (array([0., 1.], dtype=float32), np.int64(0))
        """
        require_order(keys)
        is_single = isinstance(keys, str | int | np.integer)
        names = self._keys.checked([keys] if is_single else list(cast("Sequence[Any]", keys)))
        if is_single:
            weights = np.asarray(weights).reshape(1, -1)
        rows = _finite_rows(weights, len(names), self)
        columns = {
            name: _values(name, values, len(names)) for name, values in (extras or {}).items()
        }

        source: dict[KeyT, int] = {}
        for row, name in enumerate(names):
            if replace or name not in source:
                source[name] = row
        distinct = list(source)
        rows_of = np.fromiter(source.values(), np.int64, len(source))
        known = self._keys.indices(distinct)
        is_new = known < 0
        new_keys = [name for name, new in zip(distinct, is_new, strict=True) if new]
        overwritten = known[~is_new] if replace else known[:0]
        overwriting = rows_of[~is_new] if replace else rows_of[:0]

        if len(new_keys) or len(overwritten):
            self._require_writable("added to or overwritten")
        first = len(self)
        total = first + len(new_keys)
        expandos = self._extended(columns, rows_of[is_new], overwriting, overwritten)
        lockf = self._lockf
        if self._is_lockf_by_key:
            lockf = np.concatenate([lockf, np.ones(len(new_keys), lockf.dtype)])
        self._make_room(total)
        if new_keys:  # a read-only map refuses to be written even nothing
            self._rows[first:total] = rows[rows_of[is_new]]  # beyond the last key, not seen yet
        self._keys.extend(new_keys)
        if "count" in columns:
            self._made_up_counts = None
        self._replace_expandos(expandos)
        self._lockf = lockf
        if new_keys:
            self._norms = None
        self._write_rows(overwritten, rows[overwriting])

    def _extended(
        self,
        columns: dict[str, NDArray[Any]],
        added: NDArray[np.int64],
        overwriting: NDArray[np.int64],
        overwritten: NDArray[np.int64],
    ) -> dict[str, NDArray[Any]]:
        """All attributes with those of new keys at the end; the ones there now aren't touched."""
        expandos = {}
        for name in {**self.expandos, **columns}:
            old, new = self.expandos.get(name), columns.get(name)
            if new is None:
                assert old is not None  # the name came from one of the two
                new = _blank(old, len(added))
                expandos[name] = np.concatenate([old, new])
                continue
            if old is None:
                old = _blank(new, len(self))
            if old.dtype.kind in "biuf" and new.dtype.kind not in "biuf":
                raise TypeError(f"extras[{name!r}] holds {new.dtype}, expected numbers as before")
            # Counts of a file are uint64; beside int64 NumPy would make floats of both.
            if old.dtype.kind in "iu" and new.dtype.kind in "iu" and new.min(initial=0) >= 0:
                new = new.astype(old.dtype)
            column = np.concatenate([old, new[added]])
            column[overwritten] = new[overwriting]
            expandos[name] = column
        return expandos

    def _write_rows(self, positions: NDArray[np.int64], rows: Matrix) -> None:
        """Overwrite rows, and the norms of those alone."""
        if not len(positions):
            return
        norms = self._norms
        self._norms = None
        self._rows[positions] = rows
        if norms is not None:
            if not norms.flags.writeable:
                norms = norms.copy()
            norms[positions] = row_norms(rows)
            self._norms = norms

    def __setitem__(self, keys: Key | Sequence[Key], weights: ArrayLike) -> None:
        """Set the vector of a key or position, or of a list of them; unknown keys are added.

        Where there are no keys yet, an integer is a key.
        """
        require_order(keys)
        if not isinstance(keys, str | int | np.integer | Iterable):
            raise TypeError(
                f"a {type(keys).__name__} is no key: set a key, a position or a list of them, or "
                "write into .vectors and call fill_norms(force=True)"
            )
        single = isinstance(keys, str | int | np.integer)
        items: list[Key] = [keys] if isinstance(keys, str | int | np.integer) else list(keys)
        rows = _finite_rows(
            np.asarray(weights)[np.newaxis] if single else weights, len(items), self
        )
        # A position must exist; it stands for the key that is there.
        self.add_vectors([self._name(key) for key in items], rows, replace=True)

    def _name(self, key: Key) -> KeyT:
        """Return the key itself, or the one at a position."""
        is_name = isinstance(key, str) or has_integers(self._keys) or not len(self)
        return cast("KeyT", key) if is_name else self._keys.key(self.get_index(key))

    def get_vecattr(self, key: Key, attr: str) -> Any:
        """Return the attribute ``attr`` of ``key``.

        Raises
        ------
        KeyError
            For an unknown key, or an attribute that no key has.

        Examples
        --------
        >>> from synvec import KeyedVectors
        >>> kv = KeyedVectors.from_arrays(["socket", "year"], np.eye(2), counts=[7, 3])
        >>> kv.get_vecattr("year", "count")
        np.int64(3)
        """
        position = self.get_index(key)
        if attr not in self.expandos:
            raise KeyError(f"no attribute {attr!r}, there are {sorted(self.expandos)}")
        return self.expandos[attr][position]

    def set_vecattr(self, key: Key, attr: str, val: Any) -> None:
        """Set the attribute ``attr`` of ``key``; the other keys start with zero (or None).

        Parameters
        ----------
        key
            A key or a position.
        attr
            The attribute's name.
        val
            Its value. The first one decides the type: integers, floats, or any object; integers
            become floats when a float joins them. A ``"count"`` is an integer from 0 on.

        Raises
        ------
        KeyError
            For an unknown key.
        TypeError
            When the attribute holds numbers, or counts, and ``val`` is none.
        ValueError
            For a count that is no integer from 0 on.

        Examples
        --------
        >>> from synvec import KeyedVectors
        >>> kv = KeyedVectors.from_arrays(["socket", "year"], np.eye(2))
        >>> kv.set_vecattr("year", "count", 3)
        >>> kv.counts
        array([0, 3])
        """
        position = self.get_index(key)
        column = self.expandos.get(attr)
        if attr == "count":
            val = _as_count(val)
        is_number = isinstance(val, int | float | np.number | np.bool_)
        if column is None:
            self.allocate_vecattrs([attr], [type(val) if is_number else object])
            column = self.expandos[attr]
        elif column.dtype.kind in "biuf" and not is_number:
            raise TypeError(
                f"attribute {attr!r} holds {column.dtype}, expected a number, got {val!r}"
            )
        elif column.dtype.kind in "biu" and isinstance(val, float | np.floating):
            column = column.astype(np.float64)
        if column.dtype.kind in "iu":
            limits = np.iinfo(column.dtype)
            if not limits.min <= int(val) <= limits.max:
                raise ValueError(f"{attr} {val!r} doesn't fit, the attribute holds {column.dtype}")
        if not column.flags.writeable:
            column = column.copy()
        column[position] = val
        self.expandos[attr] = column
        if attr == "count":
            self._made_up_counts = None

    def allocate_vecattrs(
        self, attrs: Sequence[str] | None = None, types: Sequence[type] | None = None
    ) -> None:
        """Make room for attributes: zero for numbers, None for objects, for every key.

        Parameters
        ----------
        attrs
            Names; those that exist are left alone. None: nothing to do, as every attribute always
            has a value for every key.
        types
            The type of each.

        Raises
        ------
        ValueError
            When there aren't as many types as names.

        Examples
        --------
        >>> from synvec import KeyedVectors
        >>> kv = KeyedVectors.from_arrays(["socket", "year"], np.eye(2))
        >>> kv.allocate_vecattrs(["weight"], [float])
        >>> kv.expandos
        {'weight': array([0., 0.])}
        """
        names, kinds = attrs or [], types or []
        if len(names) != len(kinds):
            raise ValueError(f"{len(names)} attrs and {len(kinds)} types, expected as many of each")
        for name, kind in zip(names, kinds, strict=True):
            if name not in self.expandos:
                dtype = np.dtype(kind if np.dtype(kind).kind in "biuf" else object)
                self.expandos[name] = _blank(np.empty(0, dtype), len(self))

    def sort_by_descending_frequency(self) -> None:
        """Re-order keys, vectors and attributes by count, the most frequent first.

        Among equal counts the later row comes first, as in gensim. The matrix is re-ordered in
        place, some columns at a time; views of it see the new order.

        Raises
        ------
        ValueError
            When there are no counts, or the vectors are mapped read-only.

        Examples
        --------
        >>> from synvec import KeyedVectors
        >>> kv = KeyedVectors.from_arrays(["rare", "often"], np.eye(2), counts=[1, 9])
        >>> kv.sort_by_descending_frequency()
        >>> list(kv.index_to_key)
        ['often', 'rare']
        """
        if not len(self):
            return
        counts = self.counts
        if counts is None:
            raise ValueError(
                "there are no counts to sort by: set them with set_vecattr(key, 'count', n)"
            )
        self._require_writable("re-ordered")
        # Ascending and stable, then reversed: the later of equal counts first, without negating
        # counts, which may be unsigned.
        order = np.argsort(counts, kind="stable")[::-1].astype(np.int64)
        keys = self._keys.take(order)
        norms, self._norms = self._norms, None
        self._renumber_rows()
        self._reorder_rows(order)
        if self._is_lockf_by_key:
            self._lockf = self._lockf[order]
        self._keys = keys
        self._replace_expandos({name: column[order] for name, column in self.expandos.items()})
        self._norms = None if norms is None else norms[order]

    def _reorder_rows(self, order: NDArray[np.int64]) -> None:
        """Put the rows in another order, in place."""
        reorder(self.vectors, order)

    def vectors_for_all(
        self,
        keys: Iterable[KeyT],
        allow_inference: bool = True,
        copy_vecattrs: bool = False,
    ) -> KeyedVectors[KeyT]:
        """Return a new store of the given keys alone.

        Parameters
        ----------
        keys
            Keys, in the order that the new store gets; unknown ones are left out, repeated ones
            count once.
        allow_inference
            Whether keys outside the vocabulary count as known where the store can make a vector
            for them. A plain ``KeyedVectors`` can't; one with subwords can.
        copy_vecattrs
            Whether attributes (counts) go along; zero for keys outside the vocabulary.

        Examples
        --------
        >>> from synvec import KeyedVectors
        >>> kv = KeyedVectors.from_arrays(["socket", "year"], np.eye(2))
        >>> list(kv.vectors_for_all(["year", "month"]).index_to_key)
        ['year']
        """
        from synvec.keyed_vectors.keyed_vectors import KeyedVectors

        is_known = self.__contains__ if allow_inference else self.has_index_for
        distinct = dict.fromkeys(key_list("keys", keys))
        is_name = is_integer if has_integers(self._keys) else is_text
        names = self._keys.checked(key for key in distinct if is_name(key) and is_known(key))
        rows = self._rows_of(names) if names else np.empty((0, self.vector_size))
        chosen = KeyedVectors.from_arrays(names, rows)
        if copy_vecattrs:
            positions = self._keys.indices(names)
            is_own = positions >= 0
            for name, column in self.expandos.items():
                values = _blank(column, len(names))
                values[is_own] = column[positions[is_own]]
                chosen.expandos[name] = values
            if self._has_made_up_counts():
                chosen._made_up_counts = chosen.counts
        return chosen


def reorder(rows: Matrix, order: NDArray[np.int64]) -> None:
    """Put rows in another order in place, some columns at a time."""
    for start in range(0, rows.shape[1], SORTED_COLUMNS):
        columns = rows[:, start : start + SORTED_COLUMNS]
        columns[:] = columns[order]


def _finite_rows(vectors: ArrayLike, rows: int, store: VectorStore[Any]) -> Matrix:
    matrix = as_rows(vectors, rows, store.vector_size)
    if not np.isfinite(matrix).all():
        row = int(np.flatnonzero(~np.isfinite(matrix).all(axis=1))[0])
        raise ValueError(f"vector {row} holds NaN or infinity, expected finite float32 numbers")
    return matrix


def _values(name: str, values: ArrayLike, rows: int) -> NDArray[Any]:
    column = np.asarray(values)
    if not column.ndim or len(column) != rows:
        raise ValueError(f"extras[{name!r}] has shape {column.shape}, expected {rows} values")
    if name == "count" and column.dtype.kind not in "u":
        column = np.array([_as_count(value) for value in column.tolist()], dtype=np.int64)
    return column


def _as_count(value: object) -> int:
    """Return a count as an int, also one that came as a float, as from a table."""
    if isinstance(value, bool) or not isinstance(value, int | float | np.number):
        raise TypeError(f"count is {value!r}, expected a number")
    if not float(value).is_integer() or value < 0:
        raise ValueError(f"count is {value!r}, expected an integer from 0 on")
    return int(value)


def _blank(like: NDArray[Any], rows: int) -> NDArray[Any]:
    """Zeros of that type, None for objects."""
    shape = (rows, *like.shape[1:])
    return (
        np.full(shape, None, dtype=object) if like.dtype == object else np.zeros(shape, like.dtype)
    )
