"""Files as the server holds them: whatever happens to the file on the disk, answers stay right.

Mapped pages of a file that somebody truncates are gone, and touching them kills the process; of a
file that is written to in place (``cp new.kv served.kv``) they change under its readers, so that
keys and vectors no longer belong together. A hard link doesn't help: it is the same inode. So the
server maps a copy of its own, in memory, sealed: nobody can change or shorten it, all workers
share its pages, and a scan of every row needs the rows in memory anyway.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from synvec import formats
from synvec.errors import FormatError
from synvec.keyed_vectors import KeyedVectors
from synvec.preflight import available_memory
from synvec.preflight import size as readable
from synvec.server.settings import Hold, Source
from synvec.word2vec import Word2Vec

SPARE_BYTES = 256 << 20
"""Memory that a copy must leave free."""
_CHUNK = 64 << 20


class ChangedFileError(FormatError):
    """A file was written to while it was being copied."""


@dataclass(frozen=True, slots=True)
class Stamp:
    """By which a file is known to be the same as before."""

    device: int
    inode: int
    size: int
    changed: int

    @classmethod
    def of(cls, path: str) -> Stamp:
        """Return the stamp of what a path means now."""
        return cls._from(Path(path).stat())

    @classmethod
    def of_open(cls, file: int) -> Stamp:
        """Return the stamp of an open file."""
        return cls._from(os.fstat(file))

    @classmethod
    def _from(cls, found: os.stat_result) -> Stamp:
        return cls(found.st_dev, found.st_ino, found.st_size, found.st_ctime_ns)


@dataclass(frozen=True, slots=True)
class Held:
    """A native file that workers map: a descriptor, and how large it is."""

    file: int
    size: int
    stamp: Stamp

    def close(self) -> None:
        """Let go of it; workers that have it mapped keep it."""
        os.close(self.file)


@dataclass(frozen=True, slots=True)
class HeldModel:
    """What a model is served from; vectors and index belong together."""

    vectors: Held
    index: Held | None = None

    @property
    def files(self) -> list[int]:
        """The descriptors, vectors first."""
        return [held.file for held in self._all()]

    @property
    def stamps(self) -> tuple[Stamp, ...]:
        """The stamps of what is held."""
        return tuple(held.stamp for held in self._all())

    def close(self) -> None:
        """Let go of all."""
        for held in self._all():
            held.close()

    def _all(self) -> list[Held]:
        return [held for held in (self.vectors, self.index) if held is not None]


def stamps_of(source: Source) -> tuple[Stamp, ...]:
    """Return the stamps of what the paths of a model mean now."""
    return tuple(Stamp.of(path) for path in (source.vectors, source.index) if path is not None)


def hold_model(source: Source, how: Hold = "memory", *, verify: bool = False) -> HeldModel:
    """Return the vectors of a model and their index as workers can map them; see `hold`.

    Raises
    ------
    FormatError
        As `hold` does, and when the index is damaged or one of other vectors.
    """
    vectors = hold(source.vectors, how, verify=verify)
    if source.index is None:
        return HeldModel(vectors)
    try:
        return HeldModel(vectors, _hold_index(source.index, how, vectors))
    except BaseException:
        vectors.close()
        raise


def _hold_index(path: str, how: Hold, vectors: Held) -> Held:
    from synvec.search.files import verify_index  # not needed where there is no index

    held = _held_as_it_is(path, how)
    try:
        with _named(path, held.file):
            loaded = formats.load(path_of(vectors.file), mmap="r")
            verify_index(formats.vectors_of(loaded), path_of(held.file))
    except BaseException:
        held.close()
        raise
    return held


def hold(path: str, how: Hold = "memory", *, verify: bool = False) -> Held:
    """Return a file of vectors, of any format, as workers can map it.

    Parameters
    ----------
    path
        The file or folder.
    how
        ``"memory"``: a native file is copied; others are read once and laid out as one.
        ``"map"``: a native file is mapped as it lies on the disk, for those that are larger than
        memory; whoever replaces it must rename a new one over it.
    verify
        Check every checksum of a native file, too.

    Raises
    ------
    FormatError
        When the file is not what it claims to be, or was written to meanwhile.
    MemoryError
        When there is no room for a copy.
    OSError
        When the system refuses.
    """
    stamp = Stamp.of(path)
    if not _is_native(path):
        return _lay_out(formats.vectors_of(formats.load(path)), stamp)
    held = _held_as_it_is(path, how)
    try:
        with _named(path, held.file):
            if verify:
                formats.verify(path_of(held.file))
            loaded = formats.load(path_of(held.file), mmap="r")
            vectors = formats.vectors_of(loaded)
        if how == "memory" and isinstance(loaded, Word2Vec):
            smaller = _lay_out(vectors, held.stamp)  # without what only training needs
            held.close()
            return smaller
    except BaseException:
        held.close()
        raise
    return held


def path_of(file: int) -> str:
    """Return a path that opens a descriptor of this process again."""
    return f"/proc/self/fd/{file}" if sys.platform == "linux" else f"/dev/fd/{file}"


def _is_native(path: str) -> bool:
    """Whether it is a native file as it lies there, not a compressed one."""
    if not Path(path).is_file() or formats.sniff(path) != "native":
        return False
    with Path(path).open("rb") as file:
        return file.read(9)[5:] == b"\0\0\0{"  # the size of the header, and its first character


def _held_as_it_is(path: str, how: Hold) -> Held:
    """Return a file, copied or as it lies there; nothing is known of what is in it."""
    if how == "map":
        file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        stamp = Stamp.of_open(file)
    else:
        file, stamp = _copy(path)
    return Held(file, os.fstat(file).st_size, stamp)


def _copy(path: str) -> tuple[int, Stamp]:
    """Return a copy in memory, and the stamp of what was copied."""
    with Path(path).open("rb") as source, _memory(os.fstat(source.fileno()).st_size) as copy:
        stamp = Stamp.of_open(source.fileno())
        done = 0
        while done < stamp.size:
            count = _copy_some(source.fileno(), copy.fileno(), done)
            if not count:
                break
            done += count
        if Stamp.of_open(source.fileno()) != stamp or done != stamp.size:
            raise ChangedFileError(
                f"{path}: was written to while it was read; write a new file and rename it"
            )
        return _sealed(copy), stamp


def _copy_some(source: int, copy: int, start: int) -> int:
    """Copy some bytes from where ``start`` is in both; return how many, 0 at the end."""
    if sys.platform == "linux":
        return os.sendfile(copy, source, start, _CHUNK)
    return os.pwrite(copy, os.pread(source, _CHUNK, start), start)


def _lay_out(vectors: KeyedVectors, stamp: Stamp) -> Held:
    """Return vectors laid out as a native file in memory."""
    with _memory(vectors.vectors.nbytes) as file:
        formats.save(vectors, file, format="native", allow_nonfinite=True)
        file.flush()
        size = os.fstat(file.fileno()).st_size
        return Held(_sealed(file), size, stamp)


def _memory(size: int) -> IO[bytes]:
    """Return a file without a name, in memory where the system has such files."""
    if sys.platform != "linux":
        return tempfile.TemporaryFile()
    available = available_memory()
    if available is not None and size + SPARE_BYTES > available[0]:
        raise MemoryError(
            f"a copy of {readable(size)} to serve from and {readable(SPARE_BYTES)} to work in are"
            f" needed, {readable(available[0])} are available ({available[1]}); make room, or map a"
            " native file with --hold map"
        )
    flags = os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING
    return os.fdopen(os.memfd_create("synvec", flags), "w+b")


def _sealed(file: IO[bytes]) -> int:
    """Return a descriptor of its own to a file that nobody can change any more."""
    if sys.platform == "linux":
        seals = fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_WRITE | fcntl.F_SEAL_SEAL
        fcntl.fcntl(file.fileno(), fcntl.F_ADD_SEALS, seals)
    return os.dup(file.fileno())


@contextlib.contextmanager
def _named(path: str, file: int) -> Iterator[None]:
    """Let errors name the file that the user knows, not the copy."""
    try:
        yield
    except FormatError as error:
        error.args = (str(error).replace(path_of(file), path),)
        raise
