"""Warnings that point at the line of the user's own code."""

import sys
import warnings
from typing import Any, cast


def warn_caller(message: str) -> None:
    """Warn at the line outside this package that called into it, however deep the call goes."""
    level, frame = 1, sys._getframe()
    while frame is not None and frame.f_globals.get("__name__", "").split(".")[0] == "synvec":
        level, frame = level + 1, cast("Any", frame.f_back)
    warnings.warn(message, UserWarning, stacklevel=level)
