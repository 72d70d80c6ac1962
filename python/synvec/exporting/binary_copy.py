"""Rows as PostgreSQL's COPY takes them in its binary format, without an object for each number.

https://www.postgresql.org/docs/current/sql-copy.html describes the format; a value of pgvector's
type is its dimensions and a zero, 16 bits each, and the numbers, all of them big-endian (its
``vector_recv``).
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain, pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from synvec.exporting.targets import Batch

SIGNATURE = b"PGCOPY\n\xff\r\n\0" + bytes(8)
"""What comes first: the name, no flags, no extension."""
END = b"\xff\xff"
"""What comes last: a row of −1 fields."""

ROWS_AT_ONCE = 1 << 13
LONG = 8


def copied_rows(batch: Batch) -> Iterator[bytes]:
    """Yield the rows of a batch, some thousands at a time.

    A field is its size in bytes and its value. All but the key have one size in every row, so that
    what comes before it and what comes after it are rows of two arrays.
    """
    for start in range(0, len(batch), ROWS_AT_ONCE):
        block = slice(start, start + ROWS_AT_ONCE)
        first = batch.start + start
        keys, ends = _keys(batch, first, min(first + ROWS_AT_ONCE, batch.stop))
        rows = np.arange(first, first + len(ends) - 1)
        counts = None if batch.counts is None else batch.counts[block]
        before = _before_the_key(rows, np.diff(ends), fields=3 if counts is None else 4)
        after = _after_the_key(batch.vectors[block], counts)
        pieces = zip(
            _pieces(before),
            (keys[begin:end] for begin, end in pairwise(ends.tolist())),
            _pieces(after),
            strict=True,
        )
        yield b"".join(chain.from_iterable(pieces))


def _keys(batch: Batch, start: int, stop: int) -> tuple[bytes, NDArray[np.int64]]:
    """Return the values of keys, one after another, and where each begins and the last one ends."""
    if batch.table.key_type == "str":
        return batch.table.text(start, stop)
    values = np.array(batch.table.keys(start, stop), dtype=">i8")
    return values.tobytes(), np.arange(len(values) + 1) * LONG


def _before_the_key(rows: NDArray[np.int64], sizes: NDArray[np.int64], fields: int) -> NDArray[Any]:
    kinds = [("fields", ">i2"), ("row_size", ">i4"), ("row", ">i8"), ("key_size", ">i4")]
    columns = np.empty(len(rows), kinds)
    columns["fields"], columns["row_size"] = fields, LONG
    columns["row"], columns["key_size"] = rows, sizes
    return columns


def _after_the_key(vectors: NDArray[np.float32], counts: NDArray[Any] | None) -> NDArray[Any]:
    dimensions = vectors.shape[1]
    kinds: list[Any] = [("size", ">i4"), ("dimensions", ">u2"), ("zero", ">u2")]
    kinds += [("vector", ">f4", (dimensions,))]
    if counts is not None:
        kinds += [("count_size", ">i4"), ("count", ">i8")]
    columns = np.zeros(len(vectors), kinds)
    columns["size"], columns["dimensions"] = 4 + 4 * dimensions, dimensions
    columns["vector"] = vectors
    if counts is not None:
        columns["count_size"], columns["count"] = LONG, counts
    return columns


def _pieces(columns: NDArray[Any]) -> Iterator[memoryview]:
    """Yield the bytes of each row."""
    whole, size = memoryview(columns.tobytes()), columns.itemsize
    return (whole[start : start + size] for start in range(0, len(whole), size))
