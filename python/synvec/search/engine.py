"""What every engine of an approximate index can do, and what is common to asking them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from synvec.arithmetic import Matrix, Vector, divisors

Rows: TypeAlias = NDArray[np.int64]
Bytes: TypeAlias = NDArray[np.uint8]

MISSING = -1
"""Stands for a row where fewer were found than were wanted."""


BLOCK_ROWS = 8192
"""Rows handed to an engine at once: between two blocks Ctrl-C is heard and progress told."""


INTERRUPTED = ("Operation has been terminated", "computation interrupted")
"""What usearch and faiss say when they notice Ctrl-C."""


@contextmanager
def interruptible() -> Iterator[None]:
    """Make of Ctrl-C what it is elsewhere, where a library makes an error of its own of it."""
    try:
        yield
    except RuntimeError as error:
        if any(words in str(error) for words in INTERRUPTED):
            raise KeyboardInterrupt from error
        raise


class UnitRows:
    """The rows of a matrix as unit vectors, made when they are asked for."""

    def __init__(self, vectors: Matrix, norms: Vector) -> None:
        self._vectors, self._norms = vectors, norms

    def __call__(self, rows: Rows) -> Matrix:
        """Return the unit vectors of some rows."""
        units: Matrix = self._vectors[rows] / divisors(self._norms[rows])
        return units

    def blocks(self, rows: Rows) -> Iterator[tuple[Rows, Matrix]]:
        """Yield rows and their unit vectors, block by block."""
        for start in range(0, len(rows), BLOCK_ROWS):
            some = rows[start : start + BLOCK_ROWS]
            yield some, self(some)


class Engine(Protocol):
    """Finds rows whose unit vectors have a high dot product with a unit vector.

    Attributes
    ----------
    kind
        Its name.
    module
        The Python module of the library that does the work; ``distribution`` brings it.
    effort
        How far a search goes: the more, the higher the recall and the fewer queries a second.
    efforts
        Those that are tried, in ascending order, when the user names none.
    scores_are_exact
        Whether the scores are those of the vectors, to float32's rounding; others are only good
        for choosing rows whose vectors are looked at again.
    parameters
        What it was built with.
    """

    kind: ClassVar[str]
    module: ClassVar[str]
    distribution: ClassVar[str]
    efforts: ClassVar[tuple[int, ...]]
    effort: int
    scores_are_exact: bool

    @property
    def parameters(self) -> dict[str, Any]:
        """The arguments of its constructor, for the file."""

    def __len__(self) -> int: ...

    @property
    def training_rows(self) -> int:
        """How many vectors it wants to learn from before the first are added; 0 for none."""

    def train(self, sample: Matrix, workers: int) -> None:
        """Learn from a sample of unit vectors."""

    def add(self, rows: Rows, units: Matrix, workers: int) -> None:
        """Add unit vectors under the numbers of their rows."""

    def search(self, units: Matrix, wanted: int, workers: int) -> tuple[Rows, Matrix]:
        """Return rows and scores of the best for each unit vector, best first."""

    def compact(self) -> None:
        """Lie in memory as searches want it, now that all rows are in; more can be added still."""

    def lost(self, rows: Rows, units: UnitRows, workers: int) -> Rows:
        """Return those of the rows that no search can find."""

    def repair(self, rows: Rows, units: UnitRows) -> None:
        """Add rows once more that were lost."""

    def write(self, path: Path) -> None:
        """Write it to a file, as its library does."""

    def read(self, data: Bytes) -> None:
        """Take what ``write`` wrote, mapped where the library can; ``data`` is kept alive.

        The bytes are known to be those that were written. Raises whatever the library does.
        """
