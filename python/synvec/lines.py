"""Text as blocks of whole lines: thousands cross into the core at once, none as an object."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from os import PathLike, fspath

from synvec import _core
from synvec.errors import LimitError
from synvec.formats.limits import DEFAULT

BLOCK_BYTES = 1 << 22
_LINES_AT_ONCE = 1 << 14


@dataclass(frozen=True, slots=True)
class Block:
    """Whole lines of UTF-8, the last newline included or not.

    Attributes
    ----------
    data
        The lines.
    name
        What messages call the text.
    first_line
        The number of the first line, counted from 1.
    """

    data: bytes
    name: str
    first_line: int


def blocks_of(lines: str | PathLike[str] | Iterable[str]) -> Iterator[Block]:
    r"""Yield the lines of a file, compressed or not, or lines that are given, in blocks.

    Raises
    ------
    ValueError
        For a given line with a newline in its middle.
    LimitError
        For a line of a file that is longer than any text.
    OSError
        When the system refuses.

    Examples
    --------
    >>> [block.data for block in blocks_of(["a b", "c"])]
    [b'a b\nc\n']
    """
    if isinstance(lines, str | PathLike):
        name = fspath(lines)
        return blocks_of_bytes(_core.TextReader(name).read, name)
    return _blocks_of_lines(lines)


def blocks_of_bytes(read: Callable[[int], bytes], name: str) -> Iterator[Block]:
    """Yield whole lines of what ``read`` gives until it gives nothing.

    A line goes out as soon as it is there: ``read`` may give less than it is asked for.
    """
    rest, first_line = bytearray(), 1
    while given := read(BLOCK_BYTES):
        end = given.rfind(b"\n") + 1
        if end:
            yield Block(bytes(rest) + given[:end], name, first_line)
            first_line += given.count(b"\n")
            rest.clear()
        rest += given[end:]
        if len(rest) > DEFAULT.max_line_bytes:
            raise LimitError(
                f"{name}: line {first_line} has more than {DEFAULT.max_line_bytes:,} bytes; break"
                " the text into lines"
            )
    if rest:
        yield Block(bytes(rest), name, first_line)


def _blocks_of_lines(lines: Iterable[str]) -> Iterator[Block]:
    remaining, first_line = iter(lines), 1
    while given := [line.removesuffix("\n") for line in islice(remaining, _LINES_AT_ONCE)]:
        for number, line in enumerate(given, first_line):
            if "\n" in line:
                raise ValueError(f"line {number} holds a newline, expected one line each")
        # The newline at the end keeps a last line that is empty.
        yield Block(("\n".join(given) + "\n").encode(), "<lines>", first_line)
        first_line += len(given)
