"""Files and folders that an export goes to: engines, asked first, would tell no next step."""

import os
from pathlib import Path


def check_file(path: str) -> None:
    """Raise an OSError, which says what to do, unless a file is there or can be made there."""
    place = Path(path)
    if place.is_dir():
        raise IsADirectoryError(21, "is a folder; name a file in it", path)
    folder = place.parent
    if not folder.is_dir():
        raise FileNotFoundError(2, "no such folder; make it first", str(folder))
    if not place.exists():
        _check_access(folder, os.W_OK | os.X_OK, "no permission to make a file in it")
    else:
        _check_access(place, os.R_OK | os.W_OK, "no permission to read and write it")


def check_folder(path: str) -> None:
    """Raise an OSError, which says what to do, unless a folder is there or can be made there."""
    place = Path(path).absolute()
    nearest = next(folder for folder in (place, *place.parents) if folder.exists())
    if not nearest.is_dir():
        raise NotADirectoryError(20, "is a file; name a folder", str(nearest))
    _check_access(nearest, os.W_OK | os.X_OK, "no permission to write in it")


def _check_access(path: Path, mode: int, problem: str) -> None:
    if not os.access(path, mode):
        raise PermissionError(13, f"{problem}; name another place, or change that", str(path))
