"""Parquet and Arrow's own files (Feather), opened and written by pyarrow, whose errors are many.

Which columns are what, and what is made of their rows, is `VectorTable`'s.
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
    UnsupportedFormatError,
)
from synvec.formats.arrow_tables import VectorTable
from synvec.formats.assembling import rows_to_write
from synvec.formats.limits import DEFAULT, Limits, check_limit
from synvec.formats.native import as_counts
from synvec.formats.reading import Reader, Subject, opened
from synvec.formats.sources import Source, Target
from synvec.formats.writing import Pending
from synvec.optional import imported

if TYPE_CHECKING:
    from synvec.keyed_vectors import KeyedVectors

_PARQUET, _ARROW, _ATLAS = "Parquet", "Arrow file", "embedding-atlas Parquet"

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
        table = VectorTable(reader, file.schema_arrow, key_column, vector_column)
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
        table = VectorTable(reader, file.schema, key_column, vector_column)
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
