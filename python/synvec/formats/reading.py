"""What the readers in Python share: a file whose every claim is compared with the bytes there."""

from __future__ import annotations

import json
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from os import PathLike, fspath
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from synvec import _core
from synvec.errors import FormatError, HeaderError, LimitError, TruncatedFileError
from synvec.formats.limits import Limits
from synvec.formats.remote import readable
from synvec.formats.sources import Source, name_of, peek

_BLOCK_BYTES = 1 << 22
# Below so many bytes nobody worries how much larger than its file something is.
_EXPANSION_GRACE_BYTES = 256 << 20


@dataclass(frozen=True, slots=True)
class Subject:
    """The file that a message is about, and the format that it was read as."""

    name: str
    title: str

    def error(self, kind: type[FormatError], message: str) -> FormatError:
        """Return an error about this file."""
        return kind(f"{self.name} ({self.title}): {message}")

    def beyond(self, what: str, limit: str, value: int) -> FormatError:
        """Return the error of a file that goes beyond a limit."""
        return self.error(
            LimitError,
            f"{what}, beyond {limit} = {value}; if it is meant, load with"
            f" limits=synvec.Limits({limit}=…)",
        )

    def check_shape(self, rows: int, vector_size: int, limits: Limits) -> None:
        """Raise unless vectors of such a shape are possible and within the limits."""
        what = f"{rows} vectors of {vector_size} dimensions"
        if rows < 0 or vector_size < 1:
            raise self.error(HeaderError, f"{what}, expected at least one dimension")
        if rows > limits.max_rows:
            raise self.beyond(what, "max_rows", limits.max_rows)
        if vector_size > limits.max_vector_size:
            raise self.beyond(what, "max_vector_size", limits.max_vector_size)


class Reader:
    """A plain file, read in order; nothing is allocated before the bytes for it are known to be.

    Attributes
    ----------
    subject
        What messages call the file.
    size
        Its bytes, unfolded.
    limits
        What the file may ask for.
    """

    def __init__(self, file: IO[bytes], size: int, subject: Subject, limits: Limits) -> None:
        self.file = file
        self.size = size
        self.subject = subject
        self.limits = limits

    @property
    def offset(self) -> int:
        """Where the next byte lies."""
        return self.file.tell()

    @property
    def remaining(self) -> int:
        """How many bytes are left."""
        return self.size - self.offset

    def error(self, kind: type[FormatError], message: str) -> FormatError:
        """Return an error about this file."""
        return self.subject.error(kind, message)

    def need(self, count: int, what: str) -> None:
        """Raise unless so many bytes are left."""
        if count > self.remaining:
            raise self.error(
                TruncatedFileError,
                f"{what} at byte {self.offset} takes {count} bytes, {self.remaining} are left; the"
                " file is cut or damaged, fetch it again",
            )

    def read(self, count: int, what: str) -> bytes:
        """Return exactly so many bytes."""
        self.need(count, what)
        block = self.file.read(count)
        # Someone may shorten a file between the look at its size and the reading.
        if len(block) != count:
            raise self.error(TruncatedFileError, f"{what} became shorter while it was read")
        return block

    def number(self, count: int, what: str) -> int:
        """Return an unsigned little-endian integer of so many bytes."""
        return int.from_bytes(self.read(count, what), "little")

    def skip(self, count: int, what: str) -> None:
        """Pass over exactly so many bytes."""
        self.need(count, what)
        self.file.seek(count, 1)

    def array(self, dtype: Any, count: int, what: str) -> NDArray[Any]:
        """Return the next ``count`` numbers."""
        kind = np.dtype(dtype)
        self.need(count * kind.itemsize, what)
        numbers = np.empty(count, kind)
        bytes_of = numbers.view(np.uint8) if numbers.nbytes else np.empty(0, np.uint8)
        for start in range(0, len(bytes_of), _BLOCK_BYTES):
            # Block by block: of an array that is claimed too large, no more is touched.
            block = self.read(min(_BLOCK_BYTES, len(bytes_of) - start), what)
            bytes_of[start : start + len(block)] = np.frombuffer(block, np.uint8)
        return numbers

    def check_expansion(self, claimed: int) -> None:
        """Raise when vectors would take many times the bytes of the file that they come from."""
        ratio = self.limits.max_expansion_ratio
        if claimed > max(_EXPANSION_GRACE_BYTES, self.size * ratio):
            what = f"{self.size} bytes unfold to {claimed} and more"
            raise self.subject.beyond(what, "max_expansion_ratio", ratio)

    def at_end(self, what: str) -> None:
        """Raise when anything follows."""
        if self.remaining:
            raise self.error(
                HeaderError,
                f"{self.remaining} bytes after {what}, expected the end of the file; the header and"
                " the data do not belong together",
            )


@contextmanager
def opened(
    source: Source, title: str, limits: Limits, *, may_be_empty: bool = False
) -> Iterator[Reader]:
    """Open a source as a plain file; what is compressed or a stream is first unfolded into one.

    Raises
    ------
    HeaderError
        When it is empty.
    OSError
        When the system refuses.
    """
    subject = Subject(name_of(source), title)
    with readable(source) as near:
        head, near = peek(near)
        if not head and not may_be_empty:
            raise HeaderError(f"{subject.name}: file is empty")
        with _plain(head, near, limits) as file:
            size = file.seek(0, 2)
            file.seek(0)
            yield Reader(file, size, subject, limits)


def _plain(head: bytes, source: Source, limits: Limits) -> IO[bytes]:
    # Eight bytes of length and a brace begin a safetensors file, whatever the length looks like.
    is_plain = head[8:9] == b"{" or _core.unfolded_head(head, name_of(source)) == head
    if is_plain and isinstance(source, str | PathLike):
        return open(fspath(source), "rb")  # noqa: PTH123 - pathlib costs 5 ms
    file = tempfile.TemporaryFile()  # noqa: SIM115 - the caller closes it
    try:
        _core.unfold(source, file, limits)
    except BaseException:
        file.close()
        raise
    return file


def parse_object(subject: Subject, text: bytes, what: str) -> dict[str, Any]:
    """Return the JSON object that bytes spell, or raise a `HeaderError`: no name stands twice."""

    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) != len(pairs):
            twice, _ = Counter(name for name, _ in pairs).most_common(1)[0]
            raise ValueError(f"{twice!r} stands there twice")
        return found

    try:
        parsed = json.loads(text.decode("utf-8"), object_pairs_hook=unique)
    except (ValueError, RecursionError) as error:
        reason = str(error).partition("\n")[0][:200]
        raise subject.error(HeaderError, f"{what} is not JSON: {reason}") from None
    if not isinstance(parsed, dict):
        kind = type(parsed).__name__
        raise subject.error(HeaderError, f"{what} is a {kind}, expected a JSON object")
    return parsed
