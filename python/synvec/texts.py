"""Texts: from a path, a URL or a file object to lines, and from lines to words."""

from __future__ import annotations

import io
import os
import re
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import IO, Any

from synvec import _core
from synvec.paths import StrPath, is_url, place_of
from synvec.warning import warn_caller

_SPACES = re.compile(r"[ \t\n\v\f\r]+")
_PIECE_BYTES = 1 << 18


def source_of(path: StrPath) -> Any:
    """Return what the core opens: a path as it is, a URL as a file object."""
    place = place_of(path)
    if not is_url(place):
        return place
    from synvec.formats.remote import RemoteText  # here: most texts are on this machine

    return RemoteText(place)


def warn_of_invalid(count: int, source: object, unit: str = "word") -> None:
    """Say how many words, or what the unit is, were not UTF-8."""
    if count:
        warn_caller(
            f"{count} {unit if count == 1 else unit + 's'} of {source} held bytes that are not "
            "UTF-8, which became U+FFFD; convert the text to UTF-8 if it has another encoding"
        )


class Decoder:
    """Text → words; counts those that are not valid UTF-8."""

    def __init__(self) -> None:
        self.invalid = 0

    def words(self, text: str | bytes) -> list[str]:
        """Split a text at ASCII whitespace, which `str.split` alone does not."""
        if isinstance(text, str):
            return [word for word in _SPACES.split(text) if word]
        words = text.split()
        if not words:
            return []
        try:
            return b"\n".join(words).decode().split("\n")
        except UnicodeDecodeError:
            return [self.text(word) for word in words]

    def text(self, text: bytes) -> str:
        """Decode one word, or one line."""
        try:
            return text.decode()
        except UnicodeDecodeError:
            self.invalid += 1
            return text.decode(errors="replace")

    def warn(self, source: object, unit: str = "word") -> None:
        """Say how many were not valid, once all were read."""
        warn_of_invalid(self.invalid, source, unit)


class _Text(io.RawIOBase):
    """A path as the core reads it, for Python's own buffering and lines."""

    def __init__(self, path: StrPath) -> None:
        self._reader = _core.TextReader(source_of(path))

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        data = self._reader.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)


def pieces(path: StrPath) -> Iterator[bytes]:
    """Yield the bytes of a text in pieces that end between words."""
    reader = _core.TextReader(source_of(path))
    carried = b""
    while piece := reader.read(_PIECE_BYTES):
        # What follows the last whitespace may go on in the next piece.
        piece = carried + piece
        cut = max(piece.rfind(space) for space in b" \t\n\v\f\r") + 1
        carried = piece[cut:]
        yield piece[:cut]
    yield carried


def lines(source: StrPath | IO[str] | IO[bytes]) -> Iterator[str | bytes]:
    """Yield the lines of a text, as a file object gives them."""
    if isinstance(source, (str, os.PathLike)):
        with io.BufferedReader(_Text(source), _PIECE_BYTES) as text:
            yield from text
        return
    if hasattr(source, "seekable") and source.seekable():
        source.seek(0)
    yield from source


def sentences(
    sources: Iterable[StrPath | IO[str] | IO[bytes]], length: int, limit: int | None
) -> Iterator[list[str]]:
    """Yield lists of up to ``length`` words, from up to ``limit`` lines of each source."""
    for source in sources:
        decoder = Decoder()
        for line in islice(lines(source), limit):
            words = decoder.words(line)
            for start in range(0, len(words), length):
                yield words[start : start + length]
        decoder.warn(source)


def numbered_lines(files: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Yield where each line of files is, and the line without its end."""
    decoder = Decoder()
    for file in files:
        for number, line in enumerate(lines(file), 1):
            assert isinstance(line, bytes)  # a path's lines are
            yield f"{file}, line {number}", decoder.text(line.rstrip(b"\r\n"))
    decoder.warn("the corpus", "line")


class CutByFunction:
    """Sentences that a function of the caller's makes of texts; says which text it failed at.

    Parameters
    ----------
    texts
        Where each text is, and the text.
    tokenize
        Takes a text, returns its words.
    """

    def __init__(
        self, texts: Iterable[tuple[str, str]], tokenize: Callable[[str], Iterable[str]]
    ) -> None:
        self._texts = texts
        self._tokenize = tokenize
        self._place: str | None = None

    def __iter__(self) -> Iterator[Iterable[str]]:
        for place, text in self._texts:
            self._place = place
            words = self._tokenize(text)
            if isinstance(words, str | bytes):  # whose characters would be taken for words
                raise TypeError(
                    f"tokenize returned {type(words).__name__} {words[:60]!r}, expected an "
                    "iterable of words"
                )
            yield words
        self._place = None

    def note_place(self, error: BaseException) -> None:
        """Add to an error which text it happened at."""
        if self._place is not None:
            error.add_note(f"tokenize was at {self._place}")
