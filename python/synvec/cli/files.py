"""Paths that commands are given: ``-`` for stdin or stdout, OUT's ending, and room for OUT."""

import contextlib
import os
import re
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import click

from synvec import KeyedVectors, formats
from synvec.errors import FormatError
from synvec.formats import remote
from synvec.formats.sources import BinaryReader, is_url
from synvec.key_types import Key

FunctionT = TypeVar("FunctionT", bound=Callable[..., Any])

STDIO = "-"
_MEGABYTE = 1 << 20


def format_option(
    flag: str, name: str, about: str, *, lists_formats: bool = True
) -> Callable[[FunctionT], FunctionT]:
    """Return an option that takes the name of a format, as a decorator of a command.

    ``--help`` lists them in a sentence: in brackets, as click would have them, they would be a line
    of twice the screen's width.
    """
    help_text = f"{about}: one of {', '.join(formats.FORMATS)}." if lists_formats else f"{about}."
    kind = click.Choice(list(formats.FORMATS))
    return click.option(flag, name, type=kind, metavar="FORMAT", help=help_text)


@contextlib.contextmanager
def readable(path: str) -> Iterator[str]:
    """Give a path that can be opened as often as one likes: ``-`` and URLs are copied for it."""
    with remote.readable(sys.stdin.buffer if path == STDIO else path) as source:
        if not isinstance(source, BinaryReader):
            yield os.fspath(source)
            return
        handle, name = tempfile.mkstemp(prefix="synvec-")
        try:
            with os.fdopen(handle, "wb") as copy:
                while block := source.read(_MEGABYTE):
                    copy.write(block)
            yield name
        finally:
            # On Windows a file that is still mapped cannot go; the system's clean-up takes it.
            with contextlib.suppress(PermissionError):
                Path(name).unlink(missing_ok=True)


def open_vectors(path: str) -> KeyedVectors:
    """Open the vectors in a file of any format, or on stdin; of a full model, its word vectors."""
    return formats.vectors_of(formats.load(sys.stdin.buffer if path == STDIO else path))


def check_out(
    out: str, inputs: tuple[str, ...], *, out_format: formats.Format | None = None
) -> None:
    """Make sure, before hours of work, that OUT can be written in a format that synvec knows.

    Raises
    ------
    click.BadParameter
        When the ending names no format, or OUT is one of the inputs.
    OSError
        When the folder is missing or refuses a test file.
    """
    if out == STDIO:
        return
    if out_format is None:
        try:
            out_format = formats.format_of_ending(out)
        except ValueError:
            known = ", ".join(
                f"{ending} ({entry.title})"
                for entry in formats.FORMATS.values()
                for ending in entry.endings
            )
            raise click.BadParameter(
                f"{out!r} ends in no known format; end it in one of {known}"
            ) from None
    check_text_out(out, inputs, is_folder=formats.FORMATS[out_format].is_folder)


_NO_TEXT = frozenset(("native", "fasttext", "gensim", "safetensors", "numpy", "npz", "finalfusion"))
"""Formats whose first bytes no text has."""


def check_text(path: str) -> None:
    """Raise a UsageError for a file of vectors in the place of a text, which would train too."""
    try:
        found = formats.sniff(path)
    except FormatError:
        return  # as of a text, which is of no format
    if found in _NO_TEXT:
        raise click.UsageError(f"{path} is no text but a file of vectors or arrays ({found})")


def check_text_out(out: str, inputs: tuple[str, ...], *, is_folder: bool = False) -> None:
    """Make sure, before the work, that OUT can be written whatever its ending.

    Raises
    ------
    click.BadParameter
        When OUT is one of the inputs.
    OSError
        When the folder is missing or refuses a test file.
    """
    if out == STDIO or is_url(out):
        return  # what is at a URL shows when it is written
    path = Path(out)
    check_writable(path, is_folder=is_folder)
    for given in inputs:
        if given != STDIO and path.exists() and Path(given).exists() and path.samefile(given):
            raise click.BadParameter(f"{out!r} is also the input; give another name")


def check_writable(path: Path, *, is_folder: bool = False) -> None:
    """Raise an OSError unless a file can be made where ``path`` is to be; leaves nothing behind.

    A folder of files (``is_folder``) is made beside its place, too, and may replace another.
    """
    path = path.resolve()  # what a link points at is what is going to be written
    if path.is_dir() and not is_folder:
        raise IsADirectoryError(21, "Is a folder; name a file in it", str(path))
    if path.exists() and not path.is_file() and not path.is_dir():
        return  # a device or a pipe takes no neighbours
    if not path.parent.is_dir():
        raise FileNotFoundError(2, "No such folder; make it first", str(path.parent))
    with tempfile.TemporaryFile(dir=path.parent, prefix=f".{path.name}."):
        pass


def check_space(path: Path, needed: int) -> None:
    """Raise an OSError when the disk of ``path`` has not ``needed`` bytes left."""
    free = shutil.disk_usage(path.resolve().parent).free
    if free < needed:
        raise OSError(
            28, f"The disk has {size(free)} left, {size(needed)} are needed; make room", str(path)
        )


def save_vectors(vectors: KeyedVectors, out: str) -> None:
    """Save in the format that OUT's ending names; stdout gets word2vec text."""
    target = sys.stdout.buffer if out == STDIO else out
    form: formats.Format | None = "word2vec-text" if out == STDIO else None
    formats.save(vectors, target, format=form)


def lines_of_stdin() -> Iterator[list[str]]:
    """Yield the words of each line of stdin that has some, as soon as the line is there."""
    for line in sys.stdin:
        words = line.split()
        if words:
            yield words


def bytes_of(path: Path) -> int:
    """Return the bytes of a file, or of all files in a folder."""
    files = path.rglob("*") if path.is_dir() else (path,)
    return sum(file.stat().st_size for file in files if file.is_file())


def size(count: float) -> str:
    """Return a number of bytes as people say it, e.g. ``34.5 MB``."""
    for unit in ("bytes", "kB", "MB", "GB"):
        if count < 1000:
            return f"{count:.0f} {unit}" if unit == "bytes" else f"{count:.1f} {unit}"
        count /= 1000
    return f"{count:.1f} TB"


_DECIMAL = re.compile(r"0|-?[1-9][0-9]*")


def keys_of(vectors: KeyedVectors[Any], words: Iterable[str]) -> list[Key]:
    """Return what was typed as keys: decimal digits are an integer where keys are integers."""
    if vectors.key_type is str:
        return list(words)
    return [int(word) if _DECIMAL.fullmatch(word) else word for word in words]
