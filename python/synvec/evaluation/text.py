"""Small text files, line by line."""

from __future__ import annotations

from collections.abc import Iterator
from os import PathLike
from typing import TypeAlias

from synvec.errors import EncodingError

StrPath: TypeAlias = str | PathLike[str]


def numbered_lines(path: StrPath, encoding: str) -> Iterator[tuple[int, str]]:
    """Return the lines of a small text file with their numbers, from 1."""
    try:
        # The signature is no part of the first line.
        name = "utf-8-sig" if encoding.lower().replace("-", "") == "utf8" else encoding
        from pathlib import Path  # here, since it costs 5 ms of `import synvec`

        text = Path(path).read_text(encoding=name)
    except UnicodeDecodeError as error:
        raise EncodingError(
            f"{path}: not valid {encoding} at byte {error.start}, expected text in that encoding"
        ) from None
    return enumerate(text.splitlines(), start=1)
