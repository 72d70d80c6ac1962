"""Whether an index holds what it should: rows that can't be found, and recall."""

from __future__ import annotations

import warnings
from dataclasses import asdict, dataclass, field
from typing import Any

from synvec.search.engine import Engine, Rows, UnitRows

ROUNDS = 4
"""Repairing a row can cost another its last link: what was repaired is audited again."""
LOW_RECALL = 0.9
MANY_LOST = 0.01


@dataclass(slots=True)
class Audit:
    """What was found out about an index when it was made; saved with it.

    Attributes
    ----------
    audited
        How many rows were searched for by their own vectors.
    repaired
        How many of them were not found, and were added again.
    lost
        How many the engine doesn't find even so: these are searched exactly, beside it.
    sample
        How many rows recall was measured on.
    recalls
        recall@10 at each effort it was measured at.
    """

    audited: int = 0
    repaired: int = 0
    lost: int = 0
    sample: int = 0
    recalls: dict[int, float] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """Return it as JSON can hold it: names of fields are strings."""
        return {**asdict(self), "recalls": {str(at): recall for at, recall in self.recalls.items()}}

    @classmethod
    def from_json(cls, saved: dict[str, Any]) -> Audit:
        """Return what ``as_json`` was made of."""
        recalls = {int(at): float(recall) for at, recall in saved["recalls"].items()}
        return cls(**{**saved, "recalls": recalls})

    def warn(self, effort: int) -> None:
        """Say it where an index finds less than one would think."""
        if self.lost > MANY_LOST * self.audited:
            warnings.warn(
                f"{self.lost} of {self.audited} rows are lost to the index, though they were added "
                "again, and are searched one by one: build it with more connectivity",
                stacklevel=4,
            )
        recall = self.recalls.get(effort)
        if recall is not None and recall < LOW_RECALL:
            warnings.warn(
                f"the index finds {recall:.1%} of the ten nearest rows at effort {effort}: give a "
                "higher effort, or build it with more connectivity or code_bytes",
                stacklevel=4,
            )


def repair(engine: Engine, rows: Rows, units: UnitRows, workers: int, audit: Audit) -> Rows:
    """Search for every row by its own vector, and add again what isn't found; note both.

    Returns the rows that aren't found even so.
    """
    engine.compact()
    audit.audited = len(rows)
    lost = engine.lost(rows, units, workers)
    audit.repaired = len(lost)
    for _ in range(ROUNDS):
        if not len(lost):
            break
        engine.repair(lost, units)
        lost = engine.lost(lost, units, workers)
    if audit.repaired:
        engine.compact()
    audit.lost = len(lost)
    return lost
