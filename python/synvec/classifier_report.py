"""How right a classifier is: counts, and the precision, recall and F1 that they give."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class LabelCounts:
    """What was counted of one label, or of all of them.

    Attributes
    ----------
    gold
        How often it stands in a line.
    predicted
        How often it was predicted.
    correct
        How often both.
    """

    gold: int
    predicted: int
    correct: int

    @property
    def precision(self) -> float:
        """The share of predictions that are right; NaN when there are none."""
        return self.correct / self.predicted if self.predicted else math.nan

    @property
    def recall(self) -> float:
        """The share of labels in the lines that were predicted; NaN when there are none."""
        return self.correct / self.gold if self.gold else math.nan

    @property
    def f1(self) -> float:
        """The harmonic mean of precision and recall; NaN when there is neither."""
        both = self.gold + self.predicted
        return 2 * self.correct / both if both else math.nan


@dataclass(frozen=True, slots=True)
class ClassifierReport:
    """What `TextClassifier.test` found.

    Attributes
    ----------
    k, threshold
        What was asked: labels a line at most, and none less likely than this.
    examples
        Lines that were asked.
    skipped
        Lines without a label that the model knows.
    labels
        What was counted of each label, in the model's order.

    Examples
    --------
    >>> counts = {"__label__en": LabelCounts(3, 4, 2), "__label__fr": LabelCounts(1, 0, 0)}
    >>> report = ClassifierReport(1, 0.0, 4, 0, counts)
    >>> report.precision, report.recall, report.labels["__label__en"].recall
    (0.5, 0.5, 0.6666666666666666)
    """

    k: int
    threshold: float
    examples: int
    skipped: int
    labels: dict[str, LabelCounts]

    @property
    def total(self) -> LabelCounts:
        """What was counted of all labels together."""
        counts = self.labels.values()
        return LabelCounts(
            sum(label.gold for label in counts),
            sum(label.predicted for label in counts),
            sum(label.correct for label in counts),
        )

    @property
    def precision(self) -> float:
        """The share of all predictions that are right: fastText's P@k; NaN when there are none."""
        return self.total.precision

    @property
    def recall(self) -> float:
        """The share of all labels in the lines that were predicted: fastText's R@k, NaN if none."""
        return self.total.recall

    @property
    def f1(self) -> float:
        """The harmonic mean of the two; NaN when there is neither."""
        return self.total.f1

    def to_dict(self) -> dict[str, Any]:
        """Return all of it as JSON can hold it: what is undefined is None."""

        def scores(counts: LabelCounts) -> dict[str, float | int | None]:
            found = {"precision": counts.precision, "recall": counts.recall, "f1": counts.f1}
            defined = {name: None if math.isnan(score) else score for name, score in found.items()}
            whole = {"gold": counts.gold, "predicted": counts.predicted, "correct": counts.correct}
            return {**whole, **defined}

        return {
            "k": self.k,
            "threshold": self.threshold,
            "examples": self.examples,
            "skipped": self.skipped,
            **scores(self.total),
            "labels": {label: scores(counts) for label, counts in self.labels.items()},
        }

    def __repr__(self) -> str:
        return (
            f"{type(self).__name__}<{self.examples:,} examples, precision={self.precision:.4f}, "
            f"recall={self.recall:.4f}, f1={self.f1:.4f}>"
        )
