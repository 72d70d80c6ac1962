"""Files that are elsewhere: URLs, which fsspec reads and writes (``s3://``, ``https://``, …)."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from os import PathLike, fspath
from typing import TYPE_CHECKING, Any

from synvec.formats.sources import Source, Target, is_url
from synvec.optional import imported

if TYPE_CHECKING:
    from pathlib import Path

_BLOCK_BYTES = 1 << 20


class _Remote:
    """A file elsewhere, under its URL, whose failures are those of the system."""

    def __init__(self, file: Any, url: str) -> None:
        self.name = url
        self._file = file

    def read(self, size: int, /) -> bytes:
        """Return up to so many bytes, none at the end."""
        with _errors_as_system(self.name):
            block: bytes = self._file.read(size)
            return block


@contextmanager
def readable(source: Source) -> Iterator[Source]:
    """Give a source as it is, a URL as a file object.

    Raises
    ------
    ImportError
        Without fsspec: ``pip install synvec[remote]``; or when fsspec needs a package for this URL.
    OSError
        When it cannot be opened or read.
    """
    if not isinstance(source, str | PathLike) or not is_url(source):
        yield source
        return
    url = fspath(source)
    if _is_local(url):
        yield _local(url)
        return
    system, path = _place(url)
    with _errors_as_system(url):
        file = system.open(path, "rb")
    try:
        yield _Remote(file, url)
    finally:
        file.close()


@contextmanager
def writable(target: Target) -> Iterator[Target]:
    """Give a target as it is, a URL as the path of a local file that is sent there in the end.

    What is written is whole before the first byte is sent; a folder, and a format of two files, go
    as they are. Whether one file elsewhere is replaced in one step is for its system to say: object
    stores do so.

    Raises
    ------
    ImportError, OSError
        As `readable` does.
    """
    if not isinstance(target, str | PathLike) or not is_url(target):
        yield target
        return
    url = fspath(target)
    if _is_local(url):
        yield _local(url)
        return
    system, path = _place(url)
    parent, _, name = path.rpartition("/")
    if not name:
        raise IsADirectoryError(errno.EISDIR, "Names no file", url)
    import tempfile  # here, as pathlib: `import synvec` and most calls need none of this
    from pathlib import Path

    with tempfile.TemporaryDirectory(prefix="synvec-") as folder:
        yield Path(folder, name)
        for local in sorted(Path(folder).rglob("*")):
            if local.is_file():
                there = f"{parent}/{local.relative_to(folder).as_posix()}"
                with _errors_as_system(url):
                    _send(local, system, there)


def _send(local: Path, system: Any, there: str) -> None:
    import shutil

    with suppress(NotImplementedError):
        system.makedirs(there.rpartition("/")[0], exist_ok=True)
    file = system.open(there, "wb")
    try:
        with local.open("rb") as source:
            shutil.copyfileobj(source, file, _BLOCK_BYTES)
    except BaseException:
        # Closing publishes what is there, in many systems; those that can forget it are asked to.
        with suppress(Exception):
            file.discard()
        raise
    file.close()


def _is_local(url: str) -> bool:
    return url.partition("://")[0].lower() == "file"


def _local(url: str) -> str:
    from urllib.parse import urlsplit
    from urllib.request import url2pathname

    return url2pathname(urlsplit(url).path)


def _place(url: str) -> tuple[Any, str]:
    """Return the file system of a URL, and the place in it."""
    fsspec = imported("fsspec.core", "remote", f"opening {url}")
    with _errors_as_system(url):
        system, path = fsspec.url_to_fs(url)
    return system, path


@contextmanager
def _errors_as_system(url: str) -> Iterator[None]:
    """Let failures of the network be those of the system, whatever a library calls them."""
    try:
        yield
    except ImportError:
        raise
    except OSError as error:
        code = _CODES.get(type(error))
        if error.errno is None and code is not None:
            raise type(error)(code, os.strerror(code), url) from error
        raise
    except Exception as error:
        text = str(error).partition("\n")[0] or type(error).__name__
        raise OSError(f"{url}: {text}") from error


# Many libraries raise these without the code that the system's own have.
_CODES: dict[type[OSError], int] = {
    FileNotFoundError: errno.ENOENT,
    IsADirectoryError: errno.EISDIR,
    PermissionError: errno.EACCES,
}
