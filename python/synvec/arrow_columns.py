"""Keys and vectors as columns of Apache Arrow, over memory that is there, with no object for each.

Whoever calls has imported pyarrow, and said which extra brings it when it is missing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from synvec._core import KeyTable
from synvec.arithmetic import Matrix
from synvec.key_types import has_integers

if TYPE_CHECKING:
    import pyarrow

MOST_BYTES = 2**31 - 1
"""What an array of Arrow's strings holds; a column takes several."""


def key_column(
    keys: KeyTable[Any], start: int = 0, stop: int | None = None
) -> pyarrow.ChunkedArray:
    """Return the keys of ``[start:stop]``: strings, or integers of 64 bits."""
    import pyarrow

    stop = len(keys) if stop is None else stop
    if has_integers(keys):
        return pyarrow.chunked_array([keys.keys(start, stop)], pyarrow.int64())
    return pyarrow.chunked_array(_strings(keys, start, stop), pyarrow.string())


def _strings(keys: KeyTable[Any], start: int, stop: int) -> list[pyarrow.StringArray]:
    import pyarrow

    text, offsets = keys.text(start, stop)
    if len(text) > MOST_BYTES:
        middle = (start + stop) // 2
        return [*_strings(keys, start, middle), *_strings(keys, middle, stop)]
    buffers = pyarrow.py_buffer(offsets.astype(np.int32)), pyarrow.py_buffer(text)
    return [pyarrow.StringArray.from_buffers(stop - start, *buffers)]


def vector_column(rows: Matrix) -> pyarrow.FixedSizeListArray:
    """Return vectors as lists of D numbers; a contiguous matrix is not copied."""
    import pyarrow

    numbers = pyarrow.array(np.ascontiguousarray(rows).reshape(-1))
    return pyarrow.FixedSizeListArray.from_arrays(numbers, rows.shape[1])
