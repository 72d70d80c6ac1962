"""Sentences in Apache Arrow arrays, handed over without a Python object for each word.

pyarrow is imported only for a corpus that is its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from synvec import _core


def is_arrow(value: object) -> bool:
    """Return whether a value is one of pyarrow's own."""
    return type(value).__module__.partition(".")[0] == "pyarrow"


def with_batches(corpus: Iterable[object]) -> Iterable[object]:
    """Put batches of sentences where a corpus is, or yields, Arrow arrays of lists of words."""
    if is_arrow(corpus):
        yield from batches(corpus)
        return
    if isinstance(corpus, np.ndarray) and corpus.ndim == 2:
        yield corpus  # the core takes it whole
        return
    for sentence in corpus:
        if is_arrow(sentence):
            yield from batches(sentence)
        else:
            yield sentence


def batches(array: Any) -> Iterator[_core.SentenceBatch | NDArray[np.integer[Any]]]:
    """Return the sentences of a ``ListArray``, a ``LargeListArray`` or a ``ChunkedArray`` of them.

    Parameters
    ----------
    array
        Lists of ``string`` or ``large_string``, plain or dictionary-encoded, or of integers. A list
        that is null is an empty sentence; a word that is null is an error when it is read.

    Raises
    ------
    TypeError
        For an array of anything else.
    """
    import pyarrow

    is_chunked = isinstance(array, pyarrow.ChunkedArray)
    if not is_chunked and not isinstance(array, pyarrow.Array):
        raise TypeError(
            f"a {type(array).__name__} of Arrow is not sentences: give the column with the lists "
            "of words, for example table['words']"
        )
    kind = array.type
    if not (pyarrow.types.is_list(kind) or pyarrow.types.is_large_list(kind)):
        raise TypeError(
            f"an Arrow array of {kind} is not sentences: expected lists of strings or integers; "
            "split texts first, for example with pyarrow.compute.utf8_split_whitespace"
        )
    for chunk in array.chunks if is_chunked else [array]:
        if pyarrow.types.is_integer(chunk.values.type):
            yield from _integers(chunk)
        else:
            yield _batch(chunk)


def _integers(lists: Any) -> Iterator[NDArray[np.integer[Any]]]:
    """Yield the part of the array that each list is, without a copy of it."""
    starts, ends = _bounds(lists)
    words = lists.values
    if words.null_count:
        listed = lists.flatten()
        if listed.null_count:
            raise TypeError(
                f"{listed.null_count} words of the Arrow array of {lists.type} are null, expected "
                "integers; drop or replace nulls first"
            )
        words = words.fill_null(0)  # those that no list has
    numbers = np.asarray(words)
    for start, end in zip(starts.tolist(), ends.tolist(), strict=True):
        yield numbers[start:end]


def _bounds(lists: Any) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return where each list begins and ends among the words."""
    offsets = np.asarray(lists.offsets).astype(np.int64)
    starts, ends = offsets[:-1], offsets[1:]
    if lists.null_count:  # what lies beneath a null is not part of the array
        ends = np.where(np.asarray(lists.is_valid()), ends, starts)
    return starts, ends


def _batch(lists: Any) -> _core.SentenceBatch:
    import pyarrow

    words = lists.values
    if pyarrow.types.is_dictionary(words.type):
        words = words.dictionary_decode()
    if not (pyarrow.types.is_string(words.type) or pyarrow.types.is_large_string(words.type)):
        raise TypeError(
            f"an Arrow array of {lists.type} is not sentences: its words must be strings or "
            "integers; convert them first, for example with .cast(pyarrow.list_(pyarrow.string()))"
        )
    starts, ends = _bounds(lists)
    valid = np.asarray(words.is_valid()) if words.null_count else None
    word_offsets, text = _strings(words)
    return _core.SentenceBatch(starts, ends, word_offsets, text, valid)


def _strings(words: Any) -> tuple[NDArray[np.int64], NDArray[np.uint8]]:
    """Return where each string begins and ends, and the bytes of all, which are not copied."""
    import pyarrow

    is_large = pyarrow.types.is_large_string(words.type)
    _, offsets, text = words.buffers()
    if offsets is None or not len(words):
        return np.zeros(1, np.int64), np.zeros(0, np.uint8)
    width = np.int64 if is_large else np.int32
    view = np.frombuffer(offsets, width)[words.offset : words.offset + len(words) + 1]
    no_text = np.zeros(0, np.uint8)
    return view.astype(np.int64), no_text if text is None else np.frombuffer(text, np.uint8)
