"""A column of text in Parquet and Arrow files, here or elsewhere, in batches of bounded size."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, closing, nullcontext
from typing import TYPE_CHECKING, Any

from synvec.optional import imported
from synvec.paths import is_url
from synvec.tables import Column, chosen_of

if TYPE_CHECKING:
    from synvec.formats.reading import Subject

_MAGICS = {b"PAR1": "Parquet", b"ARRO": "Arrow file", b"\xff\xff\xff\xff": "Arrow stream"}
_ROWS_AT_ONCE = 1 << 14
_BYTES_AT_ONCE = 1 << 24
_BUFFER_BYTES = 1 << 20


def are_tables(files: Sequence[str]) -> bool:
    """Whether files are tables, recognised by their content.

    Raises
    ------
    ValueError
        When some are and some are not.
    """
    found = [_title(file) is not None for file in files]
    if any(found) and not all(found):
        raise ValueError(
            f"{files[found.index(True)]} is a table and {files[found.index(False)]} is text: "
            "give one kind at a time"
        )
    return any(found)


def column_of_files(files: Sequence[str], column: str | None) -> Column:
    """Return a column of text of files; of the only such column where none is named.

    Raises
    ------
    ValueError
        When a file has no such column.
    FormatError
        When a file is cut or damaged.
    ImportError
        Without pyarrow: ``pip install synvec[arrow]``; or fsspec, for a URL.
    OSError
        When a file cannot be read.
    """
    imported("pyarrow", "arrow", f"reading {files[0]}")  # now, not in the middle of the work
    return Column(pair for file in files for pair in _arrays_of(file, column))


def _title(file: str) -> str | None:
    """Return what kind of table a file is; None for text, and for what can be read only once."""
    if is_url(file):
        from synvec.formats.remote import RemoteText

        with closing(RemoteText(file)) as source:
            return _MAGICS.get(source.read(4))
    if not os.path.isfile(file):  # noqa: PTH113 - also of "-", which is no path
        return None
    with open(file, "rb") as opened:  # noqa: PTH123 - pathlib costs 5 ms of `import synvec`
        return _MAGICS.get(opened.read(4))


def _arrays_of(file: str, column: str | None) -> Iterator[tuple[str, Any]]:
    from synvec.formats.reading import Subject

    title = _title(file) or "table"
    subject = Subject(file, title)
    with _opened(file) as source:
        read = _of_parquet if title == "Parquet" else _of_ipc
        for name, array in read(source, subject, column):
            yield f"{file}, column {name!r}", array


def _opened(file: str) -> AbstractContextManager[Any]:
    if not is_url(file):
        return nullcontext(file)
    from synvec.formats.remote import seekable

    return seekable(file)


def _of_parquet(source: Any, subject: Subject, column: str | None) -> Iterator[tuple[str, Any]]:
    from synvec.formats.arrow_files import errors_of_arrow

    parquet = imported("pyarrow.parquet", "arrow", f"reading {subject.name}")
    with errors_of_arrow(subject):
        file = parquet.ParquetFile(
            source,
            buffer_size=_BUFFER_BYTES,  # pages one after the other, not a group of rows at once
            pre_buffer=False,
            thrift_string_size_limit=1 << 26,
            thrift_container_size_limit=1 << 20,
        )
        schema = file.schema_arrow
    name = chosen_of(schema, column, subject.name)
    # Group by group: pyarrow keeps all that one iterator has read until its end.
    for group in range(file.num_row_groups):
        size = file.metadata.row_group(group)
        rows = _BYTES_AT_ONCE * size.num_rows // max(size.total_byte_size, 1)
        batches = file.iter_batches(
            batch_size=min(max(rows, 1), _ROWS_AT_ONCE), row_groups=[group], columns=[name]
        )
        yield from _columns(batches, name, subject)


def _of_ipc(source: Any, subject: Subject, column: str | None) -> Iterator[tuple[str, Any]]:
    from synvec.formats.arrow_files import errors_of_arrow

    pyarrow = imported("pyarrow", "arrow", f"reading {subject.name}")
    ipc = imported("pyarrow.ipc", "arrow", f"reading {subject.name}")
    is_stream = subject.title == "Arrow stream"
    opener = ipc.open_stream if is_stream else ipc.open_file
    with pyarrow.OSFile(source) if isinstance(source, str) else nullcontext(source) as opened:
        with errors_of_arrow(subject):
            schema = opener(opened).schema
        name = chosen_of(schema, column, subject.name)
        options = ipc.IpcReadOptions(included_fields=[schema.get_field_index(name)])
        opened.seek(0)
        with errors_of_arrow(subject):
            file = opener(opened, options=options)
        if is_stream:
            batches = iter(file)
        else:
            batches = map(file.get_batch, range(file.num_record_batches))
        yield from _columns(batches, name, subject)


def _columns(batches: Iterator[Any], name: str, subject: Subject) -> Iterator[tuple[str, Any]]:
    """Yield the column of each batch, checked in full: pyarrow trusts the offsets of a file."""
    from synvec.formats.arrow_files import errors_of_arrow

    while True:
        with errors_of_arrow(subject):
            batch = next(batches, None)
            if batch is None:
                return
            column = batch.column(batch.schema.get_field_index(name))
            column.validate(full=True)
        yield name, column
