"""Which files are meant: paths, folders and patterns."""

from __future__ import annotations

import os
from collections.abc import Sequence

StrPath = str | os.PathLike[str]


def files_of(corpus_file: StrPath | Sequence[StrPath]) -> list[str]:
    """Return the files that are meant: of a folder all in it, of a pattern all that match.

    Both in the order of their names; folders within a folder are left alone. A pattern holds ``*``,
    ``?`` or ``[``, where there is no file of just that name. A URL is a pattern when it holds
    ``*``, and a folder when it ends in ``/``.

    Raises
    ------
    FileNotFoundError
        When a folder is empty, or nothing matches.
    TypeError
        When it is neither a path nor a list of paths.

    Examples
    --------
    >>> files_of(["text.txt", "-"])
    ['text.txt', '-']
    """
    if isinstance(corpus_file, (str, os.PathLike)):
        return _files_of_one(os.fspath(corpus_file))
    is_list = isinstance(corpus_file, Sequence) and not isinstance(corpus_file, (bytes, bytearray))
    if not is_list or not all(isinstance(path, (str, os.PathLike)) for path in corpus_file):
        raise TypeError(
            f"corpus_file must be a path or a list of paths, not {shown(corpus_file)}; "
            "give sentences as corpus_iterable"
        )
    if not corpus_file:
        raise ValueError("corpus_file must name at least one file, not an empty list")
    return [file for path in corpus_file for file in _files_of_one(os.fspath(path))]


def is_url(path: StrPath) -> bool:
    """Whether a path is a URL, as `synvec.formats` says; imports nothing for those that are not."""
    if "://" not in os.fspath(path):
        return False
    from synvec.formats import sources

    return sources.is_url(path)


def place_of(path: StrPath) -> str:
    """Return a path, or a URL unless it is a ``file://`` of this machine, which is a path."""
    if not is_url(path):
        return os.fspath(path)
    from synvec.formats import remote

    return remote.local_path(os.fspath(path)) or os.fspath(path)


def _files_of_one(path: str) -> list[str]:
    path = place_of(path)
    if is_url(path):
        from synvec.formats import remote

        return remote.files_at(path)
    from pathlib import Path  # here, since it costs 5 ms of `import synvec`

    if not path:
        raise FileNotFoundError(2, "a path is empty; name a file", path)
    if Path(path).is_dir():
        found = sorted(str(file) for file in Path(path).iterdir() if file.is_file())
        what = "the folder has no files"
    elif any(sign in path for sign in "*?[") and not Path(path).exists():
        from glob import glob  # a pattern may be absolute, which Path.glob refuses

        matching = glob(path, recursive=True)  # noqa: PTH207
        found = sorted(file for file in matching if Path(file).is_file())
        what = "no file matches"
    else:
        return [path]
    if not found:
        raise FileNotFoundError(2, what, path)
    return found


def folder_at(argument: str, path: StrPath) -> str:
    """Return the path of a folder that is there.

    Raises
    ------
    FileNotFoundError
        When nothing is.
    NotADirectoryError
        When something else is.
    TypeError
        When it is no path.
    """
    if not isinstance(path, (str, os.PathLike)):
        raise TypeError(f"{argument} is {shown(path)}, expected the path of a folder")
    from pathlib import Path

    if not Path(path).exists():
        raise FileNotFoundError(2, f"{argument}: no such folder; make it first", os.fspath(path))
    if not Path(path).is_dir():
        raise NotADirectoryError(20, f"{argument} is no folder", os.fspath(path))
    return os.fspath(path)


def shown(value: object) -> str:
    """Return the type and the beginning of a value."""
    if value is None:
        return "None"
    text = repr(value)
    return f"{type(value).__name__} {text if len(text) <= 60 else text[:60] + '…'}"
