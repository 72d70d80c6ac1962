"""NumPy's array files, ``.npy``: the header read with care, and the bytes written.

The layout is that of https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html. An
array of Python objects is a pickle, and is refused.
"""

from __future__ import annotations

import ast
import math
import reprlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from synvec.errors import HeaderError, UnsafePickleError, UnsupportedFormatError
from synvec.formats.reading import Reader

MAGIC = b"\x93NUMPY"

# As much as NumPy itself lets a header have.
_MAX_HEADER_BYTES = 10_000


@dataclass(frozen=True, slots=True)
class ArrayHeader:
    """What a file says of its array."""

    dtype: np.dtype[Any]
    is_fortran: bool
    shape: tuple[int, ...]


def read_array_header(reader: Reader) -> ArrayHeader:
    """Read the header; the numbers after it are as many as it says."""
    magic = reader.read(8, "the magic")
    if magic[:6] != MAGIC:
        raise reader.error(HeaderError, f"begins with {magic[:6]!r}, expected {MAGIC!r}")
    version = magic[6]
    if version not in (1, 2, 3):
        raise reader.error(UnsupportedFormatError, f"version {version}, expected 1, 2 or 3")
    length = reader.number(2 if version == 1 else 4, "the length of the header")
    if length > _MAX_HEADER_BYTES:
        raise reader.error(
            HeaderError, f"a header of {length} bytes, expected at most {_MAX_HEADER_BYTES}"
        )
    header = _parsed(reader, reader.read(length, "the header"))
    data = math.prod(header.shape) * header.dtype.itemsize
    reader.need(data, f"the array of shape {header.shape}")
    if data < reader.remaining:
        raise reader.error(
            HeaderError,
            f"{reader.remaining - data} bytes after the array {header.shape}, expected none",
        )
    return header


def _parsed(reader: Reader, text: bytes) -> ArrayHeader:
    try:
        # A literal alone: nothing is evaluated.
        found = ast.literal_eval(text.decode("utf-8").strip())
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        found = None
    if not isinstance(found, dict) or set(found) != {"descr", "fortran_order", "shape"}:
        raise reader.error(
            HeaderError, f"the header is {text[:60]!r}, expected descr, fortran_order and shape"
        )
    descr, is_fortran, shape = found["descr"], found["fortran_order"], found["shape"]
    if not isinstance(shape, tuple) or not all(type(size) is int and size >= 0 for size in shape):
        raise reader.error(HeaderError, f"the shape is {reprlib.repr(shape)}, expected sizes")
    if not isinstance(is_fortran, bool):
        raise reader.error(HeaderError, f"fortran_order is {is_fortran!r}, expected True or False")
    try:
        dtype = np.dtype(descr) if isinstance(descr, str) else None
    except (TypeError, ValueError, SyntaxError):
        dtype = None
    if dtype is None:
        raise reader.error(
            HeaderError, f"the type is {reprlib.repr(descr)}, expected one such as '<f4'"
        )
    if dtype.hasobject:
        raise reader.error(
            UnsafePickleError,
            "an array of Python objects is a pickle, which could run code; nothing of it was run."
            " Save it again as numbers, or as text of a fixed width",
        )
    return ArrayHeader(dtype, is_fortran, shape)


def read_matrix(reader: Reader, limit: int | None = None) -> NDArray[Any]:
    """Return a matrix of floats, or its first rows."""
    header = read_array_header(reader)
    if len(header.shape) != 2 or header.dtype.kind != "f" or header.dtype.itemsize > 8:
        raise reader.error(
            UnsupportedFormatError,
            f"an array of shape {header.shape} and type {header.dtype}, expected a matrix of"
            " float16, float32 or float64, one row a key",
        )
    rows, size = header.shape
    reader.subject.check_shape(rows, size, reader.limits)
    if header.is_fortran:
        return reader.array(header.dtype, rows * size, "the array").reshape(size, rows).T[:limit]
    taken = rows if limit is None else min(limit, rows)
    return reader.array(header.dtype, taken * size, "the array").reshape(taken, size)


def header_bytes(dtype: str, shape: tuple[int, ...]) -> bytes:
    """Return the beginning of a file, padded so that the numbers are aligned."""
    text = f"{{'descr': {dtype!r}, 'fortran_order': False, 'shape': {shape!r}, }}".encode()
    length = -(-(10 + len(text) + 1) // 64) * 64 - 10
    return (
        MAGIC
        + b"\x01\x00"
        + length.to_bytes(2, "little")
        + text
        + b" " * (length - len(text) - 1)
        + b"\n"
    )


def array_file(dtype: str, shape: tuple[int, ...], blocks: Iterator[bytes]) -> Iterator[bytes]:
    """Yield a file: its header, and the blocks of its numbers."""
    yield header_bytes(dtype, shape)
    yield from blocks
