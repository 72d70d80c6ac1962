"""Keys in a text file of their own, one a line, for formats that hold numbers alone."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from os import PathLike, fspath

from synvec.errors import EncodingError, HeaderError, RowError, UnsupportedFormatError
from synvec.formats.assembling import check_key
from synvec.formats.limits import Limits
from synvec.formats.reading import Subject, opened
from synvec.formats.registry import COMPRESSED_ENDINGS
from synvec.formats.sources import Source, Target, name_of
from synvec.keyed_vectors.keys import require_order

KeySource = str | PathLike[str] | Sequence[str]
"""The keys themselves, or the path of a file with one a line."""

TITLE = "word list"

# What follows the name of a file without its ending: the first that is there holds its keys.
_ENDINGS = (".keys.txt", ".vocab", ".txt")
_LINES_A_BLOCK = 1 << 16


def keys_of(
    subject: Subject, source: Source, given: KeySource | None, rows: int, limits: Limits
) -> list[str]:
    """Return the keys of a file that holds none: as given, or from the word list beside it.

    Raises
    ------
    UnsupportedFormatError
        When nothing is given, and nothing is there.
    HeaderError
        When there are not as many keys as vectors.
    """
    if given is None:
        given = _neighbour(source)
        if given is None:
            raise subject.error(
                UnsupportedFormatError,
                f"holds no keys, and there is no file {stem_of(name_of(source))}{_ENDINGS[0]} with"
                " one a line; pass keys=, or give both to KeyedVectors.from_arrays",
            )
    if isinstance(given, str | PathLike):
        keys = read_word_list(given, limits, rows + 1)
    else:
        require_order(given)
        if not isinstance(given, Iterable):
            raise TypeError(f"keys is {given!r}, expected a list of keys or the path of one")
        keys = list(given)
    for key in keys:
        if not isinstance(key, str):
            raise TypeError(f"keys holds the {type(key).__name__} {key!r}, expected a str")
    check_counts_agree(subject, len(keys), rows)
    return keys


def read_word_list(source: Source, limits: Limits, most: int | None = None) -> list[str]:
    """Return the lines of a text, or so many at most; a newline ends one, or CR and newline."""
    keys: list[str] = []
    with opened(source, TITLE, limits, may_be_empty=True) as reader:
        for row, line in enumerate(_lines(reader.file, limits)):
            if row == most:
                break
            if row >= limits.max_rows:
                raise reader.subject.beyond("more lines", "max_rows", limits.max_rows)
            if row == 0:
                line = line.removeprefix(b"\xef\xbb\xbf")
            text = line.removesuffix(b"\n").removesuffix(b"\r")
            try:
                key = text.decode("utf-8")
            except UnicodeDecodeError as error:
                raise reader.error(
                    EncodingError, f"line {row + 1} is not UTF-8 at its byte {error.start}"
                ) from None
            check_key(reader.subject, key, row, limits)
            keys.append(key)
    return keys


def _lines(file: object, limits: Limits) -> Iterator[bytes]:
    # One byte more than a key may have, and its line's end: what is longer shows as too long.
    most = limits.max_key_bytes + 3
    while line := file.readline(most):  # type: ignore[attr-defined]
        yield line


def word_list(keys: Sequence[str], target: Target) -> Iterator[bytes]:
    """Yield the lines of a word list.

    Raises
    ------
    RowError
        For a key that could not be read back.
    """
    subject = Subject(name_of(target), TITLE)
    for start in range(0, len(keys), _LINES_A_BLOCK):
        part = keys[start : start + _LINES_A_BLOCK]
        for key in part:
            if not key or "\n" in key or key.endswith("\r") or key.startswith("\ufeff"):
                raise subject.error(
                    RowError, f"the key {key[:60]!r} cannot stand on a line of its own; rename it"
                )
        yield ("\n".join(part) + "\n").encode()


def check_counts_agree(subject: Subject, keys: int, rows: int) -> None:
    """Raise unless there are as many keys as vectors; those beyond may not have been counted."""
    if keys != rows:
        found = f"{keys} keys" if keys < rows else "more keys"
        raise subject.error(
            HeaderError, f"{rows} vectors and {found}, expected as many; one of them is another's"
        )


def stem_of(path: str) -> str:
    """Return a path without its ending, and without a compression's."""
    for ending in COMPRESSED_ENDINGS:
        path = path.removesuffix(ending)
    return os.path.splitext(path)[0]  # noqa: PTH122


def _neighbour(source: Source) -> str | None:
    if not isinstance(source, str | PathLike):
        return None
    path = fspath(source)
    for ending in _ENDINGS:
        found = stem_of(path) + ending
        if found != path and os.path.isfile(found):  # noqa: PTH113
            return found
    return None
