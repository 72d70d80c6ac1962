"""Parquet and Arrow's own files (Feather): tables with a column of keys and one of vectors.

pyarrow reads them. What it reads is checked again before anything is made of it: it trusts the
offsets of a file, and its errors are many.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import chain
from typing import IO, TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from synvec import _core
from synvec.arrow_columns import key_column, vector_column
from synvec.errors import (
    EncodingError,
    FormatError,
    HeaderError,
    LimitError,
    RowError,
    UnsupportedFormatError,
)
from synvec.formats.assembling import assemble, rows_to_write
from synvec.formats.limits import DEFAULT, Limits, check_limit
from synvec.formats.native import as_counts
from synvec.formats.reading import Reader, Subject, opened
from synvec.formats.sources import Source, Target
from synvec.formats.writing import Pending
from synvec.optional import imported

if TYPE_CHECKING:
    from synvec.keyed_vectors import KeyedVectors

_PARQUET, _ARROW, _ATLAS = "Parquet", "Arrow file", "embedding-atlas Parquet"

# The names that a column of keys goes by; without one of them it is the first of text.
_KEY_NAMES = ("key", "word", "token", "text")
_ROWS_AT_ONCE = 1 << 14
# A group of rows of a new file: so many numbers, 16 MB.
_NUMBERS_A_GROUP = 1 << 22


def load_parquet(
    source: Source,
    *,
    limits: Limits = DEFAULT,
    key_column: str | None = None,
    vector_column: str | None = None,
    limit: int | None = None,
    allow_nonfinite: bool = False,
) -> KeyedVectors:
    """Load a Parquet file with a column of keys, and one of vectors or one a dimension.

    Parameters
    ----------
    source
        The file, or a file object open for reading bytes.
    limits
        Bounds on what the file may ask for.
    key_column
        The column of keys; by default ``key``, ``word``, ``token`` or ``text``, else the first that
        holds text.
    vector_column
        The column of vectors, lists of floats of one length; by default the first such column, else
        all columns of floats together.
    limit
        Read so many rows at most.
    allow_nonfinite
        Load NaN and infinity too.

    Returns
    -------
    KeyedVectors
        With counts, when there is a column ``count`` of integers.

    Raises
    ------
    HeaderError, RowError, EncodingError, NonFiniteError, LimitError
        When the file is not what it claims to be.
    UnsupportedFormatError
        When no columns are keys and vectors.
    ImportError
        Without pyarrow: ``pip install synvec[arrow]``.

    Examples
    --------
    >>> load_parquet("vectors.parquet", key_column="lemma")  # doctest: +SKIP
    KeyedVectors<vector_size=300, 120000 keys>
    """
    check_limit(limit)
    parquet = imported("pyarrow.parquet", "arrow", "a Parquet file")
    with opened(source, _PARQUET, limits) as reader, errors_of_arrow(reader):
        file = parquet.ParquetFile(
            _Bounded(reader), thrift_string_size_limit=1 << 26, thrift_container_size_limit=1 << 20
        )
        table = _Table(reader, file.schema_arrow, key_column, vector_column)
        table.check_rows(file.metadata.num_rows)
        names = [*table.names, *(("count",) if table.has_counts else ())]
        # Group by group: pyarrow keeps all that one iterator has read until its end.
        groups = (
            file.iter_batches(batch_size=_ROWS_AT_ONCE, row_groups=[group], columns=names)
            for group in range(file.num_row_groups)
        )
        return table.read(chain.from_iterable(groups), limit, allow_nonfinite)


def load_arrow(
    source: Source,
    *,
    limits: Limits = DEFAULT,
    key_column: str | None = None,
    vector_column: str | None = None,
    limit: int | None = None,
    allow_nonfinite: bool = False,
) -> KeyedVectors:
    """Load an Arrow file (Feather) or stream, as `load_parquet` does a Parquet file."""
    check_limit(limit)
    ipc = imported("pyarrow.ipc", "arrow", "an Arrow file")
    with opened(source, _ARROW, limits) as reader, errors_of_arrow(reader):
        is_stream = reader.read(4, "the magic") == b"\xff\xff\xff\xff"
        reader.file.seek(0)
        file = (ipc.open_stream if is_stream else ipc.open_file)(_Bounded(reader))
        table = _Table(reader, file.schema, key_column, vector_column)
        batches = iter(file) if is_stream else map(file.get_batch, range(file.num_record_batches))
        return table.read(batches, limit, allow_nonfinite)


class _Bounded:
    """A file for pyarrow that is never asked for more bytes than it has."""

    closed = False

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._file: IO[bytes] = reader.file
        self.seek, self.tell = self._file.seek, self._file.tell

    def read(self, size: int = -1) -> bytes:
        """Return so many bytes, fewer at the end."""
        left = max(0, self._reader.remaining)
        return self._file.read(left if size is None or size < 0 else min(size, left))

    def readable(self) -> bool:
        """Whether it can be read: it can."""
        return True

    def seekable(self) -> bool:
        """Whether it can be read from any place: it can."""
        return True


@contextmanager
def errors_of_arrow(reader: Reader | Subject) -> Iterator[None]:
    """Turn whatever pyarrow raises over a file into an error of ours."""
    arrow = imported("pyarrow", "arrow", "an Arrow file")
    try:
        yield
    except FormatError:
        raise
    except MemoryError as error:
        raise reader.error(
            LimitError, f"asks for more memory than there is: {_first_line(error)}"
        ) from None
    except OSError as error:
        if error.errno is not None:
            raise
        raise reader.error(
            HeaderError, f"is cut or damaged, fetch it again: {_first_line(error)}"
        ) from None
    except arrow.ArrowNotImplementedError as error:
        raise reader.error(UnsupportedFormatError, _first_line(error)) from None
    except UnicodeDecodeError as error:
        raise reader.error(EncodingError, f"is not UTF-8: {error}") from None
    except (arrow.ArrowException, ValueError, OverflowError, KeyError, IndexError) as error:
        raise reader.error(
            HeaderError, f"is cut or damaged, fetch it again: {_first_line(error)}"
        ) from None


def _first_line(error: BaseException) -> str:
    return str(error).partition("\n")[0][:300].rstrip(".") or type(error).__name__


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


class _Table:
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


# --- written --------------------------------------------------------------------------------------


def export_parquet(vectors: KeyedVectors, target: Target, *, allow_nonfinite: bool = False) -> None:
    """Save a Parquet file with the columns ``key``, ``vector`` and, where known, ``count``.

    Parameters
    ----------
    vectors
        What is written.
    target
        The file, or a file object open for writing bytes.
    allow_nonfinite
        Write NaN and infinity too.

    Raises
    ------
    NonFiniteError
        When there is a NaN or an infinity.
    ImportError
        Without pyarrow: ``pip install synvec[arrow]``.
    OSError
        When the system refuses; the old file is left.

    Examples
    --------
    >>> from synvec import KeyedVectors
    >>> kv = KeyedVectors.from_arrays(["socket", "year"], [[1, 0], [0, 1]])
    >>> export_parquet(kv, "vectors.parquet")  # doctest: +SKIP
    """
    rows = rows_to_write(vectors, target, _PARQUET, allow_nonfinite)
    _core.write_blocks(target, _parquet_blocks(_columns(vectors, rows, "key")))


def export_arrow(vectors: KeyedVectors, target: Target, *, allow_nonfinite: bool = False) -> None:
    """Save an Arrow file (Feather, version 2), as `export_parquet` does; it can be mapped."""
    rows = rows_to_write(vectors, target, _ARROW, allow_nonfinite)
    _core.write_blocks(target, _arrow_blocks(_columns(vectors, rows, "key")))


def export_embedding_atlas(
    vectors: KeyedVectors,
    target: Target,
    *,
    projection: ArrayLike | None = None,
    allow_nonfinite: bool = False,
) -> None:
    """Save a Parquet file for https://apple.github.io/embedding-atlas.

    It has the columns ``text``, ``vector`` and, where known, ``count``. The command is
    ``embedding-atlas FILE --text text --vector vector``; with a projection, ``embedding-atlas FILE
    --text text --x projection_x --y projection_y``.

    Parameters
    ----------
    vectors
        What is written.
    target
        The file, or a file object open for writing bytes.
    projection
        V × 2 places on the map, for the columns ``projection_x`` and ``projection_y``; without
        them embedding-atlas computes its own.
    allow_nonfinite
        Write NaN and infinity too.

    Raises
    ------
    NonFiniteError
        When there is a NaN or an infinity.
    ValueError
        When the projection has another shape.
    ImportError
        Without pyarrow: ``pip install synvec[arrow]``.
    OSError
        When the system refuses; the old file is left.

    Examples
    --------
    >>> from synvec import KeyedVectors
    >>> kv = KeyedVectors.from_arrays(["socket", "year"], [[1, 0], [0, 1]])
    >>> export_embedding_atlas(kv, "atlas.parquet", projection=kv.vectors)  # doctest: +SKIP
    """
    rows = rows_to_write(vectors, target, _ATLAS, allow_nonfinite)
    columns = _columns(vectors, rows, "text")
    if projection is not None:
        places = np.asarray(projection, np.float32)
        if places.shape != (len(rows), 2):
            raise ValueError(f"projection has shape {places.shape}, expected ({len(rows)}, 2)")
        arrow = imported("pyarrow", "arrow", _ATLAS)
        columns["projection_x"] = arrow.array(np.ascontiguousarray(places[:, 0]))
        columns["projection_y"] = arrow.array(np.ascontiguousarray(places[:, 1]))
    _core.write_blocks(target, _parquet_blocks(columns))


def _columns(vectors: KeyedVectors, rows: NDArray[np.float32], key: str) -> dict[str, Any]:
    """Return the columns of a table; the vectors are not copied."""
    arrow = imported("pyarrow", "arrow", "a Parquet or Arrow file")
    columns = {key: key_column(vectors.key_table.texts()), "vector": vector_column(rows)}
    if vectors.known_counts is not None:
        columns["count"] = arrow.array(as_counts(vectors.known_counts))
    return columns


def _groups(columns: dict[str, Any]) -> Iterator[Any]:
    """Yield a table in groups of rows."""
    arrow = imported("pyarrow", "arrow", "a Parquet or Arrow file")
    table = arrow.table(columns)
    step = max(1, _NUMBERS_A_GROUP // columns["vector"].type.list_size)
    for start in range(0, table.num_rows, step):
        yield table.slice(start, step)


def _parquet_blocks(columns: dict[str, Any]) -> Iterator[bytes]:
    parquet = imported("pyarrow.parquet", "arrow", "a Parquet file")
    arrow = imported("pyarrow", "arrow", "a Parquet file")
    pending = Pending()
    # Neither keys nor numbers come twice: dictionaries of them would only take room.
    with parquet.ParquetWriter(pending, arrow.table(columns).schema, use_dictionary=False) as file:
        for group in _groups(columns):
            file.write_table(group)
            yield from pending.take()
    yield from pending.take()


def _arrow_blocks(columns: dict[str, Any]) -> Iterator[bytes]:
    ipc = imported("pyarrow.ipc", "arrow", "an Arrow file")
    arrow = imported("pyarrow", "arrow", "an Arrow file")
    pending = Pending()
    with ipc.new_file(pending, arrow.table(columns).schema) as file:
        for group in _groups(columns):
            file.write_table(group)
            yield from pending.take()
    yield from pending.take()
