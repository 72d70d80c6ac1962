"""Vectors from a table of Arrow: which columns are what, and what is read from its rows, checked.

pyarrow trusts the offsets of a file: what it has read is checked again before anything is made of
it, and memory grows by what is there.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from synvec.errors import FormatError, HeaderError, RowError, UnsupportedFormatError
from synvec.formats.assembling import assemble
from synvec.formats.reading import Reader
from synvec.optional import imported

if TYPE_CHECKING:
    from synvec.keyed_vectors import KeyedVectors

# The names that a column of keys goes by; without one of them it is the first of text.
_KEY_NAMES = ("key", "word", "token", "text")


class VectorTable:
    """Which columns of a table are what, and the keys and vectors read from its batches."""

    def __init__(
        self, reader: Reader, schema: Any, key_column: str | None, vector_column: str | None
    ) -> None:
        self.reader = reader
        self.arrow = imported("pyarrow", "arrow", "an Arrow file")
        self._schema = schema
        if len(set(schema.names)) < len(schema.names):
            raise reader.error(UnsupportedFormatError, "two columns have one name; rename one")
        self.key = self._key_column(key_column)
        self.vectors = self._vector_columns(vector_column)
        self.names = [self.key, *self.vectors]
        self.has_counts = "count" in schema.names and self.arrow.types.is_integer(
            schema.field("count").type
        )

    def _key_column(self, wanted: str | None) -> str:
        texts: list[str] = [field.name for field in self._schema if self._is_text(field.type)]
        if wanted is not None:
            return self._one_of(wanted, texts, "text")
        for name in (*_KEY_NAMES, *texts):
            if name in texts:
                return name
        raise self._unfit("no column of text for the keys")

    def _vector_columns(self, wanted: str | None) -> list[str]:
        lists = [field.name for field in self._schema if self._is_vector(field.type)]
        if wanted is not None:
            return [self._one_of(wanted, lists, "lists of floats")]
        is_float = self.arrow.types.is_floating
        numbers = [field.name for field in self._schema if is_float(field.type)]
        if not lists and not numbers:
            raise self._unfit(
                "no column of lists of floats, nor columns of floats, for the vectors"
            )
        return lists[:1] or numbers

    def _one_of(self, wanted: str, fitting: list[str], what: str) -> str:
        if wanted not in fitting:
            shown = ", ".join(fitting[:10]) or "none"
            raise self._unfit(f"no column {wanted!r} of {what}, only {shown}")
        return wanted

    def _unfit(self, what: str) -> FormatError:
        columns = ", ".join(f"{field.name} ({field.type})" for field in list(self._schema)[:10])
        return self.reader.error(
            UnsupportedFormatError,
            f"{what}; it has {columns[:300] or 'none'}. key_column= and vector_column= name them",
        )

    def _is_text(self, kind: Any) -> bool:
        types = self.arrow.types
        if types.is_dictionary(kind):
            kind = kind.value_type
        return bool(types.is_string(kind) or types.is_large_string(kind))

    def _is_vector(self, kind: Any) -> bool:
        types = self.arrow.types
        is_list = types.is_list(kind) or types.is_large_list(kind) or types.is_fixed_size_list(kind)
        return bool(is_list and types.is_floating(kind.value_type))

    @property
    def _size(self) -> int:
        """How many dimensions the schema says there are; 0 when lists are of any length."""
        kind = self._schema.field(self.vectors[0]).type
        if not self._is_vector(kind):
            return len(self.vectors)
        return int(kind.list_size) if self.arrow.types.is_fixed_size_list(kind) else 0

    def check_rows(self, rows: int) -> None:
        """Raise when the table says that it has more rows than may be."""
        self.reader.subject.check_shape(rows, self._size or 1, self.reader.limits)

    def read(
        self, batches: Iterator[Any], limit: int | None, allow_nonfinite: bool
    ) -> KeyedVectors:
        """Return the vectors of all batches; memory grows by what has been read."""
        keys: list[str] = []
        counts: list[NDArray[Any]] = [np.empty(0, np.uint64)]
        vectors = np.empty((0, self._size), np.float32)
        # One row tells how long vectors are, even when none is asked for.
        for batch in _first_rows(batches, None if limit is None else max(limit, 1)):
            rows, done = self._rows(batch, len(keys)), len(keys)
            total, size = done + len(rows), rows.shape[1]
            if not done:
                vectors = np.empty((0, size), np.float32)
            elif size != vectors.shape[1]:
                raise self._uneven(done, size, vectors.shape[1])
            self.reader.subject.check_shape(total, size, self.reader.limits)
            self.reader.check_expansion(total * size * 4)
            vectors.resize((total, size), refcheck=False)
            with np.errstate(over="ignore"):  # what becomes infinite is found when all is there
                vectors[done:] = rows
            keys += self._keys(batch, done)
            if self.has_counts:
                counts.append(self._counts(batch, done))
        if not vectors.shape[1]:
            raise self.reader.error(HeaderError, "has no rows; the vectors have no size then")
        return assemble(
            self.reader.subject,
            keys[:limit],
            vectors[:limit],
            counts=np.concatenate(counts)[:limit] if self.has_counts else None,
            allow_nonfinite=allow_nonfinite,
            limits=self.reader.limits,
        )

    def _keys(self, batch: Any, before: int) -> list[str]:
        column = batch.column(batch.schema.get_field_index(self.key))
        self._refuse_nulls(column, before, "key")
        found: list[str] = column.to_pylist()
        return found

    def _rows(self, batch: Any, before: int) -> NDArray[Any]:
        columns = [batch.column(batch.schema.get_field_index(name)) for name in self.vectors]
        for column in columns:
            self._refuse_nulls(column, before, "vector")
        if not self._is_vector(columns[0].type):
            numbers = [column.to_numpy(zero_copy_only=False) for column in columns]
            return np.stack(numbers, axis=1)
        values = columns[0].flatten()
        if values.null_count:
            raise self.reader.error(
                RowError, f"a vector in the rows from {before} on has a number that is null"
            )
        size = self._size_of(columns[0], before)
        flat: NDArray[Any] = values.to_numpy(zero_copy_only=False)
        return flat.reshape(len(columns[0]), size)

    def _size_of(self, column: Any, before: int) -> int:
        """Return how many numbers each list of a column has."""
        if self.arrow.types.is_fixed_size_list(column.type):
            return int(column.type.list_size)
        sizes = np.diff(np.asarray(column.offsets))
        for row in np.flatnonzero(sizes != sizes[:1]):
            raise self._uneven(before + int(row), int(sizes[row]), int(sizes[0]))
        return int(sizes[0]) if len(sizes) else 0

    def _counts(self, batch: Any, before: int) -> NDArray[np.uint64]:
        column = batch.column(batch.schema.get_field_index("count"))
        self._refuse_nulls(column, before, "count")
        counts = column.to_numpy(zero_copy_only=False)
        if len(counts) and counts.min() < 0:
            raise self.reader.error(RowError, f"the count {counts.min()}, expected 0 or more")
        return np.asarray(counts, np.uint64)

    def _refuse_nulls(self, column: Any, before: int, what: str) -> None:
        if column.null_count:
            row = before + int(np.flatnonzero(np.asarray(column.is_null()))[0])
            raise self.reader.error(RowError, f"row {row} has no {what}, it is null there")

    def _uneven(self, row: int, found: int, expected: int) -> FormatError:
        return self.reader.error(
            RowError, f"the vector of row {row} has {found} dimensions, expected {expected}"
        )


def _first_rows(batches: Iterator[Any], most: int | None) -> Iterator[Any]:
    """Yield batches that have rows, checked in full, up to so many rows."""
    done = 0
    for batch in batches:
        taken = batch if most is None else batch.slice(0, most - done)
        taken.validate(full=True)
        if taken.num_rows:
            yield taken
        done += taken.num_rows
        if done == most:
            return
