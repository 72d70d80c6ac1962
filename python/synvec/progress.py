"""Progress of long jobs: a bar in the terminal or notebook, or a callable of the user's own."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from synvec.paths import shown

if TYPE_CHECKING:
    from tqdm import tqdm

ProgressCallback = Callable[[dict[str, Any]], object]
"""Takes one dictionary about five times a second; what it raises ends the job."""

Progress = bool | ProgressCallback | None
"""``None``: a bar where somebody can see it; ``True``: a bar; ``False``: none; or a callable."""


ROW_PHASES = {"index": "indexing", "export": "exporting"}
"""Phases that count rows of a matrix, and what a bar calls them."""


@contextmanager
def observing(progress: Progress) -> Iterator[ProgressCallback | None]:
    """Turn a ``progress`` argument into what the core calls, and close the bar afterwards.

    Raises
    ------
    TypeError
        When it is neither a bool nor None nor callable.
    """
    if not (progress is None or isinstance(progress, bool) or callable(progress)):
        raise TypeError(
            f"progress is {shown(progress)}, expected True, False, None or a function of a report"
        )
    if callable(progress):
        yield progress
    elif progress or (progress is None and _is_watched()):
        bar = _Bar()
        try:
            yield bar
        finally:
            bar.close()
    else:
        yield None


def _is_watched() -> bool:
    """Whether standard error is a terminal, or this is a notebook."""
    if sys.stderr is not None and sys.stderr.isatty():
        return True
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    return hasattr(shell, "kernel")


class _Bar:
    """One tqdm bar for each phase: reading the corpus, then training."""

    def __init__(self) -> None:
        self._phase: str | None = None
        self._bar: tqdm[Any] | None = None
        self._since = time.time()  # of the last report: where a new phase begins

    def __call__(self, report: dict[str, Any]) -> None:
        """Show a report."""
        if report["phase"] != self._phase:
            self._open(report)
        assert self._bar is not None
        if report["phase"] == "train":
            epoch = min(report["epoch"] + 1, report["epochs"])
            loss = f", loss {report['loss']:.4g}" if report["loss"] else ""
            text = f"epoch {epoch}/{report['epochs']}, alpha {report['alpha']:.4f}{loss}"
            self._bar.set_postfix_str(text, refresh=False)
            self._move_to(report["raw_words"])
        elif report["phase"] in ROW_PHASES:
            self._move_to(report["rows"])
        elif report["phase"] == "checkpoint":
            self._move_to(report["bytes"])
        else:
            self._bar.set_postfix_str(f"{report['words']:,} words", refresh=False)
            self._move_to(report["bytes"] or report["sentences"])
        self._since = time.time()

    def close(self) -> None:
        """Leave the bar as it stands."""
        if self._bar is not None:
            self._bar.close()

    def _open(self, report: dict[str, Any]) -> None:
        from tqdm.auto import tqdm

        self.close()
        self._phase = report["phase"]
        if self._phase == "train":
            what, unit, total = "training", " words", report["total_raw_words"]
        elif self._phase in ROW_PHASES:
            what, unit, total = ROW_PHASES[self._phase], " rows", report["total_rows"]
        elif self._phase == "checkpoint":
            what, unit, total = "writing a checkpoint", "B", report["total_bytes"]
        elif report["bytes"]:
            what, unit, total = "reading", "B", report["total_bytes"]
        else:
            what, unit, total = "reading", " sentences", None
        self._bar = tqdm(
            desc=what, unit=unit, total=total, unit_scale=True, file=sys.stderr, dynamic_ncols=True
        )
        self._bar.start_t = self._since  # the first report comes a moment after the beginning

    def _move_to(self, position: int) -> None:
        assert self._bar is not None
        self._bar.n = position
        self._bar.refresh()
