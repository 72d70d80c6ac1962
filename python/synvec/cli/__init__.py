"""The command ``synvec``."""

import os
import sys
from pathlib import Path
from typing import NoReturn

__all__ = ["main"]


def main() -> NoReturn:
    """Run the command line and exit: 0, 1 for errors, 2 for wrong usage, 130 for Ctrl-C."""
    _stand_in_for_closed_streams()
    try:
        from synvec.cli.app import synvec

        for stream in (sys.stdin, sys.stdout, sys.stderr):
            # Words are UTF-8 whatever the terminal or the pipe pretends to be (Windows: cp1252).
            if hasattr(stream, "reconfigure"):
                stream.reconfigure(encoding="utf-8", errors="backslashreplace")
        synvec()
    except KeyboardInterrupt:  # pressed before a command had begun
        sys.exit(130)
    sys.exit(0)


def _stand_in_for_closed_streams() -> None:
    """Put something in the place of each stream that whoever started the command has closed.

    Python has None there, and a file that is opened later would get the stream's number. stdin is
    empty then, what goes to stderr is lost, and what goes to stdout is an error, as for others.
    """
    if sys.stdin is None:
        sys.stdin = Path(os.devnull).open()  # noqa: SIM115 - as long as the process
    if sys.stdout is None:
        sys.stdout = os.fdopen(os.open(os.devnull, os.O_RDONLY), "w")
    if sys.stderr is None:
        sys.stderr = Path(os.devnull).open("w")  # noqa: SIM115 - as long as the process
