"""Matplotlib's axes, for a picture that was given none."""

from __future__ import annotations

from typing import Any

from synvec.optional import imported


def axes_to_draw_in(axes: Any) -> Any:
    """Return the axes that were given, or the only ones of a new figure.

    Raises
    ------
    ImportError
        Without matplotlib.
    """
    if axes is not None:
        return axes
    pyplot = imported("matplotlib.pyplot", "viz", "a plot")
    return pyplot.figure(layout="constrained").add_subplot()
