"""Two models on the same items: how much they differ, and whether that could be chance."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from synvec.evaluation.asking import Answers
from synvec.evaluation.resampling import Floats, mcnemar_pvalue, paired_pvalue, percentile_interval
from synvec.evaluation.scoring import resampled_differences, sections, value_of
from synvec.evaluation.tables import html_table, interval, number, plain, text_table

HEAD = (
    "data set", "measure", "first", "second", "difference", "95 % interval", "p", "asked",
    "left out",
)  # fmt: skip
# What is right or wrong, item by item, on its own.
RIGHT_OR_WRONG = {"3CosAdd", "3CosMul", "accuracy"}


@dataclass(frozen=True)
class Difference:
    """Two models' scores on the items that both know."""

    dataset: str
    task: str
    measure: str
    section: str | None
    """None for the whole data set."""
    first: float
    second: float
    difference: float
    """first − second."""
    low: float
    high: float
    """The ends of the 95 % interval of the difference, by the paired bootstrap."""
    pvalue: float
    """Two-sided: how likely as large a difference would be if there were none."""
    test: Literal["McNemar", "paired bootstrap"]
    asked: int
    """How many items both models know."""
    left_out: int
    """How many items at least one of them doesn't."""


@dataclass(frozen=True, repr=False)
class Comparison:
    """Two models side by side; printed, or shown in a notebook, it is a table."""

    first: str
    second: str
    differences: tuple[Difference, ...]
    resamples: int
    seed: int

    def to_dict(self) -> dict[str, Any]:
        """Return everything as plain data, ready for JSON.

        Examples
        --------
        >>> Comparison("one", "other", (), 1000, 1).to_dict()["first"]
        'one'
        """
        return {
            "first": self.first,
            "second": self.second,
            "resamples": self.resamples,
            "seed": self.seed,
            "differences": [
                {name: plain(value) for name, value in dataclasses.asdict(found).items()}
                for found in self.differences
            ],
        }

    def _rows(self) -> list[list[str]]:
        return [
            [
                found.dataset if found.section is None else f"  {found.section}",
                found.measure,
                number(found.first),
                number(found.second),
                "-" if math.isnan(found.difference) else f"{found.difference:+.3f}",
                interval(found.low, found.high),
                "-" if math.isnan(found.pvalue) else f"{found.pvalue:.2g}",
                str(found.asked),
                str(found.left_out),
            ]
            for found in self.differences
        ]

    def __str__(self) -> str:
        return f"first: {self.first}\nsecond: {self.second}\n{text_table(HEAD, self._rows())}"

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return html_table(f"first: {self.first}, second: {self.second}", HEAD, self._rows())


def differences(
    first: Sequence[Answers], second: Sequence[Answers], resamples: int, seed: int
) -> Iterator[Difference]:
    """Compare answers to the same data sets, as wholes and by section."""
    found = ((own, _same_dataset(own, second)) for own in first)
    shared = [(own, other) for own, other in found if other is not None]
    if not shared:
        names = [[answers.dataset.name for answers in side] for side in (first, second)]
        raise ValueError(
            f"the reports are on {names[0]} and {names[1]} and share no data set of the same "
            "content, expected at least one; evaluate both models on the same files"
        )
    for own, other in shared:
        for section, members in sections(own.dataset).items():
            for measure in own.measures:
                answers = own.measures[measure], other.measures[measure]
                yield _difference(own, section, measure, answers, members, resamples, seed)


def _same_dataset(own: Answers, others: Sequence[Answers]) -> Answers | None:
    return next((other for other in others if other.dataset == own.dataset), None)


def _difference(
    own: Answers,
    section: str | None,
    measure: str,
    answers: tuple[Floats, Floats],
    members: NDArray[np.bool_],
    resamples: int,
    seed: int,
) -> Difference:
    dataset = own.dataset
    items = members & ~np.isnan(answers[0]) & ~np.isnan(answers[1])
    draws = resampled_differences(dataset, measure, answers, items, resamples, seed)
    low, high = percentile_interval(draws)
    first, second = (value_of(dataset, measure, column, items) for column in answers)
    asked = int(np.count_nonzero(items))
    is_mcnemar = measure in RIGHT_OR_WRONG
    if is_mcnemar and asked:
        pvalue = mcnemar_pvalue(answers[0][items], answers[1][items])
    else:
        pvalue = paired_pvalue(draws)
    return Difference(
        dataset=dataset.name,
        task=dataset.task,
        measure=measure,
        section=section,
        first=first,
        second=second,
        difference=first - second,
        low=low,
        high=high,
        pvalue=pvalue,
        test="McNemar" if is_mcnemar else "paired bootstrap",
        asked=asked,
        left_out=int(np.count_nonzero(members)) - asked,
    )
