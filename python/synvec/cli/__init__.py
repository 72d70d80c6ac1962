"""The command ``synvec``."""

import sys
from typing import NoReturn

__all__ = ["main"]


def main() -> NoReturn:
    """Run the command line and exit: 0, 1 for errors, 2 for wrong usage, 130 for Ctrl-C."""
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
