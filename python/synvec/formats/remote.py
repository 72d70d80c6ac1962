"""Files that are elsewhere: URLs, which fsspec reads and writes (``s3://``, ``https://``, …)."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
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
        self.file = file

    @property
    def is_seekable(self) -> bool:
        """Whether it can be read from any place."""
        return bool(self.file.seekable())

    def read(self, size: int, /) -> bytes:
        """Return up to so many bytes, none at the end."""
        with _errors_as_system(self.name):
            block: bytes = self.file.read(size)
            return block


class _Seekable(_Remote):
    """As pyarrow wants files: to be read from any place."""

    @property
    def closed(self) -> bool:
        """Whether it is closed."""
        return bool(self.file.closed)

    def readable(self) -> bool:
        """Whether it can be read: it can."""
        return True

    def seekable(self) -> bool:
        """Whether it can be read from any place: it can."""
        return True

    def tell(self) -> int:
        """Return the place."""
        return int(self.file.tell())

    def seek(self, place: int, whence: int = 0, /) -> int:
        """Go to a place."""
        with _errors_as_system(self.name):
            return int(self.file.seek(place, whence))


class RemoteText:
    """A file at a URL that is opened when it is first read, and closed at its end.

    Parameters
    ----------
    url
        Where it is, as `readable` takes it.
    """

    def __init__(self, url: str) -> None:
        self.name = url
        self._open = ExitStack()
        self._file: Any = None
        self._has_ended = False

    def read(self, size: int, /) -> bytes:
        """Return up to so many bytes, none at the end."""
        if self._has_ended:
            return b""
        if self._file is None:
            self._file = self._open.enter_context(readable(self.name))
        block: bytes = self._file.read(size)
        if not block:
            self.close()
        return block

    def close(self) -> None:
        """Let go of it; nothing more is read."""
        self._has_ended = True
        self._open.close()


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
def seekable(url: str) -> Iterator[Any]:
    """Give a file at a URL that can be read from any place; copied here where its server cannot.

    Raises
    ------
    ImportError, OSError
        As `readable` does.
    """
    with readable(url) as source:
        if isinstance(source, _Remote) and not source.is_seekable:
            import tempfile

            with tempfile.TemporaryFile(prefix="synvec-") as copy:
                while block := source.read(_BLOCK_BYTES):
                    copy.write(block)
                copy.seek(0)
                yield copy
        else:
            yield _Seekable(source.file, url) if isinstance(source, _Remote) else source


def local_path(url: str) -> str | None:
    """Return the path on this machine of a ``file://`` URL; None for any other."""
    return _local(url) if _is_local(url) else None


def files_at(url: str) -> list[str]:
    """Return the URLs that are meant: of a folder (``…/``) its files, of ``*`` all that match.

    Raises
    ------
    FileNotFoundError
        When a folder is empty, or nothing matches.
    ImportError, OSError
        As `readable` does.
    """
    if "*" not in url and not url.endswith("/"):
        return [url]
    system, path = _place(url)
    with _errors_as_system(url):
        if "*" in url:
            found, what = system.glob(path, detail=True).values(), "no file matches"
        else:
            found, what = system.ls(path, detail=True), "the folder has no files"
        names = [entry["name"] for entry in found if entry["type"] == "file"]
        files = sorted(str(system.unstrip_protocol(name)) for name in names)
    if not files:
        raise FileNotFoundError(errno.ENOENT, what, url)
    return files


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
