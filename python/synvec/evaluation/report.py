"""What an evaluation found: a typed report that prints as a table."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from synvec.evaluation.asking import Answers
from synvec.evaluation.comparison import Comparison, differences
from synvec.evaluation.resampling import percentile_interval
from synvec.evaluation.scoring import resampled, sections, value_of
from synvec.evaluation.tables import html_table, interval, number, plain, text_table

HEAD = ("data set", "measure", "score", "95 % interval", "asked", "unknown")


@dataclass(frozen=True)
class Score:
    """One number: a data set, or a section of it, by one measure."""

    dataset: str
    task: str
    """``"analogies"``, ``"pairs"``, ``"categories"`` or ``"outliers"``."""
    measure: str
    """3CosAdd, 3CosMul; Pearson, Spearman; purity; accuracy, OPP."""
    section: str | None
    """None for the whole data set."""
    value: float
    """−1 to 1 for correlations, 0 to 1 for all else; NaN when too few items are known."""
    low: float
    high: float
    """The ends of the 95 % interval."""
    asked: int
    """How many items the score is of: those whose words are all known."""
    unknown: int
    """How many items were left out."""


@dataclass(frozen=True, repr=False)
class Report:
    """The scores of one model; printed, or shown in a notebook, it is a table."""

    model: str
    scores: tuple[Score, ...]
    resamples: int
    seed: int
    answers: tuple[Answers, ...] = field(compare=False)
    """The answer to every item, which two reports are compared by."""

    def score(self, dataset: str, measure: str, section: str | None = None) -> Score:
        """Return one score.

        Parameters
        ----------
        dataset, measure, section
            As in ``scores``; no section is the whole data set.

        Raises
        ------
        KeyError
            When there is none such.

        Examples
        --------
        >>> from synvec import KeyedVectors
        >>> from synvec.evaluation import PairSet
        >>> kv = KeyedVectors.from_arrays(["a", "b", "c"], [[1, 0], [1, 1], [0, 1]])
        >>> pairs = PairSet("three", [("a", "a"), ("a", "b"), ("a", "c"), ("a", "z")], [9, 6, 1, 2])
        >>> found = kv.evaluate(pairs).score("three", "Spearman")
        >>> round(found.value, 6), found.asked, found.unknown
        (1.0, 3, 1)
        """
        for found in self.scores:
            if (found.dataset, found.measure, found.section) == (dataset, measure, section):
                return found
        there = sorted({(found.dataset, found.measure) for found in self.scores})
        raise KeyError(f"no score of {(dataset, measure, section)}, expected one of {there}")

    def compare(
        self, other: Report, *, resamples: int | None = None, seed: int | None = None
    ) -> Comparison:
        """Compare with another model's report, item by item.

        Only data sets that both reports have, and items that both models know, are compared.
        Clusters, and the groups around outliers, stay those that each model made of the words that
        it knows; ``synvec.compare`` asks both models about the same words in the first place.

        Parameters
        ----------
        other
            A report on the same data sets.
        resamples, seed
            Of the bootstrap; as in this report by default.

        Returns
        -------
        Comparison
            This model's scores minus the other's, with intervals and p-values.

        Raises
        ------
        ValueError
            When the reports share no data set.

        Examples
        --------
        >>> from synvec import KeyedVectors
        >>> from synvec.evaluation import PairSet
        >>> kv = KeyedVectors.from_arrays(["a", "b", "c"], [[1, 0], [1, 1], [0, 1]])
        >>> report = kv.evaluate(PairSet("three", [("a", "a"), ("a", "b"), ("a", "c")], [9, 6, 1]))
        >>> [(found.difference, found.pvalue) for found in report.compare(report).differences]
        [(0.0, 1.0), (0.0, 1.0)]
        """
        count = self.resamples if resamples is None else resamples
        start = self.seed if seed is None else seed
        found = differences(self.answers, other.answers, count, start)
        return Comparison(self.model, other.model, tuple(found), count, start)

    def to_dict(self) -> dict[str, Any]:
        """Return everything but the single answers as plain data, ready for JSON.

        Examples
        --------
        >>> from synvec import KeyedVectors
        >>> from synvec.evaluation import PairSet
        >>> kv = KeyedVectors.from_arrays(["a", "b"], [[1, 0], [1, 1]])
        >>> found = kv.evaluate(PairSet("none", [("a", "z")], [9])).to_dict()
        >>> found["scores"][0]["asked"], found["scores"][0]["value"]
        (0, None)
        """
        return {
            "model": self.model,
            "resamples": self.resamples,
            "seed": self.seed,
            "scores": [
                {name: plain(value) for name, value in dataclasses.asdict(score).items()}
                for score in self.scores
            ],
        }

    def _rows(self) -> list[list[str]]:
        return [
            [
                score.dataset if score.section is None else f"  {score.section}",
                score.measure,
                number(score.value),
                interval(score.low, score.high),
                str(score.asked),
                str(score.unknown),
            ]
            for score in self.scores
        ]

    def __str__(self) -> str:
        return f"{self.model}\n{text_table(HEAD, self._rows())}"

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return html_table(self.model, HEAD, self._rows())


def scores(answers: Answers, resamples: int, seed: int) -> Iterator[Score]:
    """Score the answers to one data set, as a whole and by section."""
    dataset = answers.dataset
    for section, members in sections(dataset).items():
        for measure, values in answers.measures.items():
            items = members & ~np.isnan(values)
            draws = resampled(dataset, measure, values, items, resamples, seed)
            low, high = percentile_interval(draws)
            asked = int(np.count_nonzero(items))
            yield Score(
                dataset=dataset.name,
                task=dataset.task,
                measure=measure,
                section=section,
                value=value_of(dataset, measure, values, items),
                low=low,
                high=high,
                asked=asked,
                unknown=int(np.count_nonzero(members)) - asked,
            )
