"""The files of the page, which ``web/`` builds into ``built/`` beside this file."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).with_name("built")
HOW_TO_BUILD = (
    "the explorer's page is not built: install Node.js 20.19 or newer, then run `make setup`, or "
    "`npm ci && npm run build` in web/"
)

# Nothing but these is ever read: no path of a request reaches the disk.
_FILES = {
    "/": ("index.html", "text/html; charset=utf-8"),
    "/assets/explorer.js": ("assets/explorer.js", "text/javascript; charset=utf-8"),
    "/assets/explorer.css": ("assets/explorer.css", "text/css; charset=utf-8"),
}
_NOT_BUILT = f"""<!doctype html>
<html lang="en"><meta charset="utf-8"><title>synvec</title>
<h1>synvec is running</h1><p>{HOW_TO_BUILD[0].upper()}{HOW_TO_BUILD[1:]}.</p></html>
"""


@dataclass(frozen=True)
class File:
    """A file of the page."""

    body: bytes
    kind: str
    status: int = 200


def is_built() -> bool:
    """Whether the page is there; without Node it is not, and all else works."""
    return (FOLDER / "index.html").is_file()


def file(path: str) -> File | None:
    """Return the file at a path of the page; None where there is none."""
    if path not in _FILES:
        return None
    name, kind = _FILES[path]
    if not is_built():
        return File(_NOT_BUILT.encode(), "text/html; charset=utf-8", 503) if path == "/" else None
    return File((FOLDER / name).read_bytes(), kind)


def text(name: str) -> str:
    """Return a file of the built page as text.

    Raises
    ------
    FileNotFoundError
        When the page is not built.
    """
    if not is_built():
        raise FileNotFoundError(2, HOW_TO_BUILD, str(FOLDER))
    return (FOLDER / name).read_text(encoding="utf-8")
