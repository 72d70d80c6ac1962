"""The safetensors container: a JSON header that names tensors, and their numbers one after another.

The layout is that of https://github.com/huggingface/safetensors: eight bytes of length, the header,
the numbers. Nothing of it is believed before it has been compared with the bytes that are there.
"""

from __future__ import annotations

import json
import math
import reprlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from synvec.errors import HeaderError, TruncatedFileError, UnsupportedFormatError
from synvec.formats.reading import Reader, parse_object

# A hundred times what models of many layers have; JSON can take fifty times its size in memory.
MAX_HEADER_BYTES = 2 << 20
_BLOCK_BYTES = 1 << 22

# How a number is stored, and what NumPy calls it; it has no bfloat16, the upper half of a float32.
_DTYPES = {
    "BOOL": "u1", "U8": "u1", "I8": "i1", "U16": "<u2", "I16": "<i2", "U32": "<u4", "I32": "<i4",
    "U64": "<u8", "I64": "<i8", "F16": "<f2", "BF16": "<u2", "F32": "<f4", "F64": "<f8",
    "F8_E4M3": "u1", "F8_E5M2": "u1",
}  # fmt: skip
FLOATS = ("F32", "F16", "BF16", "F64")


@dataclass(frozen=True, slots=True)
class Tensor:
    """A tensor of a file: what it is called, its type and shape, and where it begins."""

    name: str
    dtype: str
    shape: tuple[int, ...]
    start: int

    @property
    def itemsize(self) -> int:
        """Bytes of a number."""
        return np.dtype(_DTYPES[self.dtype]).itemsize

    @property
    def nbytes(self) -> int:
        """Bytes in all."""
        return math.prod(self.shape) * self.itemsize


def read_header(reader: Reader) -> dict[str, Tensor]:
    """Return the tensors that a file names, which follow one another to its end."""
    length = reader.number(8, "the length of the header")
    if length > MAX_HEADER_BYTES:
        raise reader.error(
            HeaderError, f"a header of {length} bytes, expected at most {MAX_HEADER_BYTES}"
        )
    header = parse_object(reader.subject, reader.read(length, "the header"), "the header")
    header.pop("__metadata__", None)
    begin = reader.offset
    tensors = sorted(
        (_tensor(reader, begin, name, entry) for name, entry in header.items()),
        key=lambda tensor: (tensor.start, tensor.nbytes),
    )
    place = begin
    for tensor in tensors:
        if tensor.start != place:
            raise reader.error(
                HeaderError,
                f"the tensor {tensor.name!r} begins at byte {tensor.start}, expected {place}, where"
                " the one before it ends",
            )
        place += tensor.nbytes
    if place > reader.size:
        raise reader.error(
            TruncatedFileError,
            f"the header speaks of {place} bytes, the file has {reader.size}; fetch it again",
        )
    if place < reader.size:
        raise reader.error(
            HeaderError, f"{reader.size - place} bytes after the last tensor, expected none"
        )
    return {tensor.name: tensor for tensor in tensors}


def _tensor(reader: Reader, begin: int, name: str, entry: Any) -> Tensor:
    found = entry if isinstance(entry, dict) else {}
    dtype: Any = found.get("dtype")
    shape, offsets = _sizes(found.get("shape")), _sizes(found.get("data_offsets"))
    if shape is None or offsets is None or len(offsets) != 2:
        shown = reprlib.repr(entry)
        raise reader.error(
            HeaderError, f"the tensor {name!r} is {shown}, expected dtype, shape and data_offsets"
        )
    if not isinstance(dtype, str) or dtype not in _DTYPES:
        raise reader.error(
            UnsupportedFormatError,
            f"the tensor {name!r} has the dtype {dtype!r}, which is not read",
        )
    tensor = Tensor(name, dtype, shape, begin + offsets[0])
    if offsets[1] - offsets[0] != tensor.nbytes:
        raise reader.error(
            HeaderError,
            f"the tensor {name!r} has {offsets[1] - offsets[0]} bytes, expected {tensor.nbytes} for"
            f" the shape {list(shape)} of {dtype}",
        )
    return tensor


def _sizes(found: Any) -> tuple[int, ...] | None:
    """Return a short list of numbers from 0 on; None for anything else, True and False too."""
    is_list = isinstance(found, list) and len(found) <= 8
    if is_list and all(type(size) is int and 0 <= size < 1 << 63 for size in found):
        return tuple(found)
    return None


def read_numbers(reader: Reader, tensor: Tensor, rows: int | None = None) -> NDArray[Any]:
    """Return a tensor, or its first rows, of which BF16 has been widened to float32."""
    shape = tensor.shape if rows is None else (rows, *tensor.shape[1:])
    reader.file.seek(tensor.start)
    numbers = reader.array(_DTYPES[tensor.dtype], math.prod(shape), f"the tensor {tensor.name!r}")
    if tensor.dtype == "BF16":
        numbers = (numbers.astype(np.uint32) << 16).view(np.float32)
    return numbers.reshape(shape)


def blocks(name: str, parts: Sequence[NDArray[np.float32]]) -> Iterator[bytes]:
    """Yield the bytes of a file of one float32 tensor, made of matrices one below the other."""
    shape = [sum(map(len, parts)), *parts[0].shape[1:]]
    entry = {"dtype": "F32", "shape": shape, "data_offsets": [0, math.prod(shape) * 4]}
    text = json.dumps({name: entry}, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)  # the numbers are aligned for those who map the file
    yield len(text).to_bytes(8, "little") + text
    for part in parts:
        yield from array_blocks(part)


def array_blocks(numbers: NDArray[Any]) -> Iterator[bytes]:
    """Yield the bytes of an array, a few megabytes at once."""
    view = np.ascontiguousarray(numbers).reshape(-1)
    step = max(1, _BLOCK_BYTES // view.itemsize)
    for start in range(0, len(view), step):
        yield view[start : start + step].tobytes()
