"""What the writers in Python share: folders written whole or not at all, and bytes in blocks."""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Iterable, Iterator, Mapping
from os import PathLike
from pathlib import Path

from synvec import _core
from synvec.formats.sources import Target

Files = Mapping[str, Iterable[bytes]]
"""The files of a folder by their names in it, and their bytes."""


class Pending:
    """A file object that keeps what a library writes until it is taken: bytes flow on in blocks."""

    closed = False

    def __init__(self) -> None:
        self._blocks: list[bytes] = []

    def write(self, data: bytes, /) -> int:
        """Keep a copy of some bytes."""
        block = bytes(data)
        self._blocks.append(block)
        return len(block)

    def flush(self) -> None:
        """Do nothing: the bytes are on their way once they are taken."""

    def take(self) -> Iterator[bytes]:
        """Yield what has been written since the last time."""
        taken, self._blocks = self._blocks, []
        yield from taken


def write_folder(target: Target, files: Files, title: str) -> None:
    """Write a folder of files; what stands in its place is replaced once the new one is whole.

    The files are written to a folder beside it, which is then renamed. A folder cannot take
    another's place in one step: the old one is first moved aside, so that whoever looks between
    two instants finds none. Only a folder that holds nothing but files of these names is replaced.

    Raises
    ------
    TypeError
        When ``target`` is a file object.
    OSError
        When there is something else in its place, or the system refuses; the old one is left.
    """
    if not isinstance(target, str | PathLike):
        raise TypeError(f"{title} is a folder of files and needs a path, not a file object")
    if not os.fspath(target):  # pathlib takes it for the current folder
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), "")
    place = Path(os.path.realpath(target))  # in a loop of links `resolve` is no OSError
    if not place.parent.is_dir():
        message = "No such folder; make it first"
        raise FileNotFoundError(errno.ENOENT, message, str(place.parent))
    _refuse_strangers(place, files, title)
    fresh = _beside(place)
    fresh.mkdir()
    try:
        for name, blocks in files.items():
            path = fresh / name
            path.parent.mkdir(parents=True, exist_ok=True)
            _core.write_blocks(path, blocks)
        _publish(fresh, place, files)
    except BaseException:
        _remove(fresh, files)
        raise


def _beside(place: Path) -> Path:
    return place.with_name(f".synvec-{os.urandom(4).hex()}-{place.name}.tmp")


def _refuse_strangers(place: Path, files: Files, title: str) -> None:
    if not place.exists():
        return
    if not place.is_dir():
        message = f"Is a file; {title} needs the name of a folder"
        raise NotADirectoryError(errno.ENOTDIR, message, str(place))
    known = {place / name for name in files}
    for path in place.rglob("*"):
        if path not in known and (path.is_symlink() or not path.is_dir()):
            message = f"Holds {path.relative_to(place)}, no file of {title}; name another folder"
            raise FileExistsError(errno.EEXIST, message, str(place))


def _publish(fresh: Path, place: Path, files: Files) -> None:
    if place.exists():
        old = _beside(place)
        place.rename(old)
        try:
            fresh.rename(place)
        except OSError:
            old.rename(place)
            raise
        _remove(old, files)
    else:
        fresh.rename(place)
    _sync(place.parent)


def _sync(folder: Path) -> None:
    """Make a rename last; Windows has no such call and needs none."""
    if os.name == "posix":
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _remove(folder: Path, files: Files) -> None:
    """Remove files of these names, and the folders that are empty then; nothing else."""
    paths = [folder / name for name in files]
    for path in paths:
        with contextlib.suppress(OSError):
            path.unlink()
    # The deepest first; of folders above, none.
    parents = {parent for path in paths for parent in path.parents if folder in parent.parents}
    for parent in (*sorted(parents, key=lambda path: -len(path.parts)), folder):
        with contextlib.suppress(OSError):
            parent.rmdir()
