"""Where checkpoints go, and how often."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from synvec.paths import StrPath

DEFAULT_EVERY = "10min"

_SECONDS = {"s": 1, "sec": 1, "m": 60, "min": 60, "h": 3600}


@dataclass(frozen=True)
class Checkpoints:
    """Where checkpoints go, how often, and what whoever goes on should know.

    Examples
    --------
    >>> Checkpoints("folder", every="30min").seconds
    1800.0
    >>> Checkpoints("folder", every=2).epochs
    2
    """

    folder: StrPath
    every: str | int = DEFAULT_EVERY
    """A time (``"30s"``, ``"10min"``, ``"2h"``), or a number of epochs."""
    job: Mapping[str, Any] | None = None
    """What JSON can hold; it comes back with the checkpoint."""

    def __post_init__(self) -> None:
        self._parsed()  # a slip shows now

    @property
    def seconds(self) -> float | None:
        """The interval in seconds; None when it is one of epochs."""
        return self._parsed()[0]

    @property
    def epochs(self) -> int | None:
        """The interval in epochs; None when it is a time."""
        return self._parsed()[1]

    def _parsed(self) -> tuple[float | None, int | None]:
        every = self.every
        if isinstance(every, int) and not isinstance(every, bool) and every >= 1:
            return None, every
        if isinstance(every, str):
            found = re.fullmatch(r"(\d+(?:\.\d+)?) ?([a-z]*)", every.strip())
            if found and found[2] in _SECONDS:
                return float(found[1]) * _SECONDS[found[2]], None
            if found and not found[2] and found[1].isdecimal() and int(found[1]) >= 1:
                return None, int(found[1])
        raise ValueError(
            f"checkpoint_every must be a time such as '10min', '30s' or '2h', or a number of "
            f"epochs from 1 on, not {every!r}"
        )


def as_checkpoints(
    checkpoint: StrPath | Checkpoints | None, every: str | int | None
) -> Checkpoints | None:
    """Return what the arguments ``checkpoint`` and ``checkpoint_every`` mean.

    Raises
    ------
    ValueError
        When the second comes without the first, or is no interval.
    """
    if isinstance(checkpoint, Checkpoints):
        return checkpoint if every is None else replace(checkpoint, every=every)
    if checkpoint is None:
        if every is not None:
            raise ValueError("checkpoint_every needs a folder: checkpoint='folder'")
        return None
    return Checkpoints(checkpoint, DEFAULT_EVERY if every is None else every)
