"""Sentences and texts in Apache Arrow arrays, handed over without a Python object for each word.

pyarrow is imported only for a corpus that needs it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from synvec import _core

Batch: TypeAlias = _core.SentenceBatch | NDArray[np.integer[Any]]
"""Many sentences of strings, or one of integers."""

_ROWS_AT_ONCE = 1 << 12


def is_arrow(value: object) -> bool:
    """Return whether a value is one of pyarrow's own."""
    return type(value).__module__.partition(".")[0] == "pyarrow"


def batches_of(value: object) -> Iterator[Batch] | None:
    """Return the sentences or texts of one of pyarrow's arrays; None for any other value."""
    return batches(value) if is_arrow(value) else None


def batches_of_lists(value: Any) -> Iterator[Batch] | None:
    """Return the sentences of an array of lists; None for what is not pyarrow's.

    Raises
    ------
    TypeError
        For an array of strings: among sentences it may be one of them, or many texts.
    """
    if is_arrow(value) and is_text(getattr(value, "type", None)):
        raise TypeError(
            f"an Arrow array of {value.type} among sentences is not sentences: give "
            "tokenize='whitespace' if each string is a text, or array.to_pylist() if the array is "
            "one sentence"
        )
    return batches_of(value)


def is_text(kind: Any) -> bool:
    """Whether an Arrow type is that of strings, in any of its layouts."""
    from pyarrow import DataType, types

    if not isinstance(kind, DataType):
        return False
    if types.is_dictionary(kind):
        kind = kind.value_type
    return bool(types.is_string(kind) or types.is_large_string(kind) or types.is_string_view(kind))


def is_list_of_text(kind: Any) -> bool:
    """Whether an Arrow type is that of lists of strings, in any of its layouts."""
    return _is_list(kind) and is_text(kind.value_type)


def is_list_of_integers(kind: Any) -> bool:
    """Whether an Arrow type is that of lists of integers, in any of its layouts."""
    from pyarrow import types

    return _is_list(kind) and bool(types.is_integer(kind.value_type))


def batches(array: Any) -> Iterator[Batch]:
    """Return the sentences of an array or a ``ChunkedArray``.

    Parameters
    ----------
    array
        Lists of strings, each a sentence, or strings, each a text whose words are to be found. A
        list or a text that is null is an empty sentence; a word that is null is an error when it is
        read. Dictionaries and views of strings are unfolded, which copies; other arrays are read
        where they lie. Lists of integers come as NumPy's arrays, one each.

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
    for chunk in array.chunks if is_chunked else [array]:
        if pyarrow.types.is_null(chunk.type):
            chunk = chunk.cast(pyarrow.string())
        if is_text(chunk.type):
            yield _batch_of_texts(chunk)
        elif is_list_of_integers(chunk.type):
            yield from _integers(chunk)
        elif _is_list(chunk.type):
            yield _batch_of_lists(chunk)
        else:
            raise TypeError(
                f"an Arrow array of {chunk.type} is not sentences: expected lists of strings or "
                "integers, or strings"
            )


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


def texts(array: Any, name: str, before: int) -> Iterator[tuple[str, str]]:
    """Yield where each text of an array is, and the text; ``""`` for a null.

    Parameters
    ----------
    array
        Strings.
    name
        What messages call the column.
    before
        How many rows of the column came before the array.

    Raises
    ------
    ValueError
        For an array of lists, which need no cutting.
    """
    if not is_text(array.type):
        raise ValueError(
            f"{name} holds {array.type}, which has been cut into words already, expected strings: "
            "leave out tokenize"
        )
    for start in range(0, len(array), _ROWS_AT_ONCE):
        for row, text in enumerate(array.slice(start, _ROWS_AT_ONCE).to_pylist(), before + start):
            yield f"{name}, row {row}", text or ""


def _is_list(kind: Any) -> bool:
    from pyarrow import types

    return bool(
        types.is_list(kind)
        or types.is_large_list(kind)
        or types.is_fixed_size_list(kind)
        or types.is_list_view(kind)
        or types.is_large_list_view(kind)
    )


def _batch_of_texts(texts: Any) -> _core.SentenceBatch:
    texts = _plain_strings(texts)
    starts = np.arange(len(texts), dtype=np.int64)
    ends = starts + np.asarray(texts.is_valid()) if texts.null_count else starts + 1
    return _core.SentenceBatch(starts, ends, *_strings(texts), are_texts=True)


def _batch_of_lists(lists: Any) -> _core.SentenceBatch:
    words = lists.values
    if not is_text(words.type):
        raise TypeError(
            f"an Arrow array of {lists.type} is not sentences: its words must be strings or "
            "integers; convert them first, for example with .cast(pyarrow.list_(pyarrow.string()))"
        )
    words = _plain_strings(words)
    starts, ends = _bounds(lists)
    valid = np.asarray(words.is_valid()) if words.null_count else None
    return _core.SentenceBatch(starts, ends, *_strings(words), valid)


def _bounds(lists: Any) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return where each list begins and ends in the array of all words."""
    from pyarrow import types

    if types.is_fixed_size_list(lists.type):
        size = lists.type.list_size
        starts = (lists.offset + np.arange(len(lists), dtype=np.int64)) * size
        ends = starts + size
    else:
        offsets = np.asarray(lists.offsets).astype(np.int64)
        if types.is_list(lists.type) or types.is_large_list(lists.type):
            starts, ends = offsets[:-1], offsets[1:]
        else:
            starts, ends = offsets, offsets + np.asarray(lists.sizes)
    if lists.null_count:  # what lies beneath a null is not part of the array
        ends = np.where(np.asarray(lists.is_valid()), ends, starts)
    return starts, ends


def _plain_strings(strings: Any) -> Any:
    """Unfold what is not one text with offsets."""
    import pyarrow

    if pyarrow.types.is_dictionary(strings.type):
        strings = strings.dictionary_decode()
    if pyarrow.types.is_string_view(strings.type):
        try:
            strings = strings.cast(pyarrow.large_string())
        except pyarrow.ArrowNotImplementedError:  # of older ones, such as 17
            strings = pyarrow.array(strings.to_pylist(), pyarrow.large_string())
    return strings


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
