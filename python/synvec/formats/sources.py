"""Where bytes come from and go to: paths, or file objects that are open for bytes."""

from __future__ import annotations

import errno
import os
from os import PathLike, fspath
from typing import TYPE_CHECKING, BinaryIO, Protocol, runtime_checkable

if TYPE_CHECKING:
    from pathlib import Path

HEAD_BYTES = 1 << 20


@runtime_checkable
class BinaryReader(Protocol):
    """A file object open for reading bytes; ``sys.stdin.buffer`` is one."""

    def read(self, size: int, /) -> bytes:
        """Return up to ``size`` bytes, none at the end."""


@runtime_checkable
class BinaryWriter(Protocol):
    """A file object open for writing bytes; ``sys.stdout.buffer`` is one."""

    def write(self, data: bytes, /) -> int | None:
        """Take bytes; return how many were taken."""


Source = str | PathLike[str] | BinaryReader
Target = str | PathLike[str] | BinaryWriter


class Rewound:
    """A file object whose first bytes have been looked at and come again."""

    def __init__(self, head: bytes, file: BinaryReader) -> None:
        self._head = head
        self._file = file
        self.name = getattr(file, "name", None)

    def read(self, size: int, /) -> bytes:
        """Return up to ``size`` bytes, the first ones first."""
        if self._head:
            given, self._head = self._head[:size], self._head[size:]
            return given
        return self._file.read(size)


class _Pipe:
    """A pipe by its path, which can be opened only once; closed at its end."""

    def __init__(self, path: Path) -> None:
        self.name = fspath(path)
        self._file: BinaryIO | None = path.open("rb")

    def read(self, size: int, /) -> bytes:
        block = self._file.read(size) if self._file else b""
        if not block and self._file:
            self._file.close()
            self._file = None
        return block


def is_url(source: str | PathLike[str]) -> bool:
    """Whether a path is a URL: a scheme of two letters at least (one is a drive), and ``://``.

    Examples
    --------
    >>> is_url("s3://bucket/vectors.kv"), is_url("C://vectors.kv")
    (True, False)
    """
    scheme, separator, _ = fspath(source).partition("://")
    return bool(separator) and len(scheme) > 1 and scheme.replace("+", "").isalnum()


def peek(source: Source) -> tuple[bytes, Source]:
    """Return the first bytes of a source, and the source to read from its beginning."""
    if not isinstance(source, BinaryReader):
        if not isinstance(source, str | PathLike) or not isinstance(fspath(source), str):
            raise TypeError(f"expected a path or a binary file object, not {type(source).__name__}")
        if not fspath(source):  # pathlib takes it for the current folder
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), "")
        from pathlib import Path  # here, since it costs 5 ms of `import synvec`

        path = Path(source)
        if path.exists() and not path.is_file() and not path.is_dir():
            return peek(_Pipe(path))
        with path.open("rb") as file:
            return file.read(HEAD_BYTES), source
    head = b""
    while len(head) < HEAD_BYTES and (block := source.read(HEAD_BYTES - len(head))):
        if not isinstance(block, bytes):
            raise TypeError('the file object does not give bytes; open it in binary mode, as "rb"')
        head += block
    return head, Rewound(head, source)


def name_of(source: Source | Target) -> str:
    """Return what a message calls a source or target."""
    if isinstance(source, str | PathLike):
        return fspath(source)
    name = getattr(source, "name", None)
    return name if isinstance(name, str) else "<stream>"
