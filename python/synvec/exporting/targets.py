"""What every engine is asked to do in an export, and the rows that it is given."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from synvec._core import KeyTable
from synvec.arithmetic import Matrix
from synvec.arrow_columns import key_column, vector_column
from synvec.optional import imported

if TYPE_CHECKING:
    import pyarrow

Label: TypeAlias = Mapping[str, Any]
"""Which vectors a table holds, as JSON can say it; kept with the table."""

BLOCK_BYTES = 64 << 20


@dataclass(frozen=True, slots=True)
class Batch:
    """Some rows of a store, one after another.

    Attributes
    ----------
    start
        The first row.
    table
        The keys of all rows.
    vectors
        N × D, the vectors of these.
    counts
        How often each of their keys was seen, N; None when that is unknown.
    """

    start: int
    table: KeyTable[Any]
    vectors: Matrix
    counts: NDArray[Any] | None

    def __len__(self) -> int:
        return len(self.vectors)

    @property
    def stop(self) -> int:
        """The row after the last."""
        return self.start + len(self)

    @property
    def keys(self) -> list[Any]:
        """The keys of these rows, N."""
        return self.table.keys(self.start, self.stop)

    def as_arrow(self, extra: str) -> pyarrow.Table:
        """Return columns ``row``, ``key``, ``vector`` and, when known, ``count``."""
        arrow = imported("pyarrow", extra, "an export of tables")
        columns = {
            "row": np.arange(self.start, self.stop, dtype=np.int64),
            "key": key_column(self.table, self.start, self.stop),
            "vector": vector_column(self.vectors),
        }
        if self.counts is not None:
            columns["count"] = self.counts.astype(np.int64)
        return arrow.table(columns)


class Target(Protocol):
    """A table of an engine that rows are written to, in their order.

    Attributes
    ----------
    name
        How messages call it.
    batch_rows
        How many rows it takes at once.
    overlap
        How many of the last rows may have come without some before them, if an export was cut off.
    """

    name: str
    batch_rows: int
    overlap: int

    def label(self) -> Label | None:
        """Return the label of the table that is there; None for no table, empty for no label."""

    def create(self, first: Batch, label: Label) -> None:
        """Make an empty table with a label, in the place of one that may be there.

        ``first`` shows what the rows are like.
        """

    def count(self) -> int:
        """Return how many rows the table holds: the first of the store."""

    def write(self, batch: Batch) -> None:
        """Add rows: all or none, or, with an ``overlap``, over those that are there already."""

    def close(self) -> None:
        """Let go of it."""


def label_in(comment: str | bytes | None) -> Label:
    """Return the label that was written beside a table; empty where something else stands there."""
    try:
        label = json.loads(comment or "{}")
    except ValueError:
        return {}
    return label if isinstance(label, dict) else {}


def rows_at_once(vector_size: int, blocks: int = 1) -> int:
    """Return how many rows make a batch of so many blocks for an engine that likes large ones."""
    return max(1024, blocks * BLOCK_BYTES // (4 * vector_size))
