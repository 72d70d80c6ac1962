"""From answers to scores: over all items of a data set, and over each of its sections."""

from __future__ import annotations

import math
from typing import Literal, TypeGuard

import numpy as np
from numpy.typing import NDArray

from synvec.evaluation.datasets import AnalogySet, Dataset, PairSet
from synvec.evaluation.resampling import (
    Floats,
    resampled_correlations,
    resampled_means,
)
from synvec.statistics import pearson, spearman

CORRELATIONS = {"Pearson": pearson, "Spearman": spearman}


def is_correlation(measure: str) -> TypeGuard[Literal["Pearson", "Spearman"]]:
    """Whether a measure compares cosines with human scores, and isn't a mean over items."""
    return measure in CORRELATIONS


def sections(dataset: Dataset) -> dict[str | None, NDArray[np.bool_]]:
    """Return which items belong to each section; to None, the whole, belong all.

    Questions-words.txt names its syntactic sections by this beginning alone, "gram"; where there
    are both kinds they are summed up as "semantic" and "syntactic".
    """
    found: dict[str | None, NDArray[np.bool_]] = {None: np.ones(len(dataset), dtype=bool)}
    if not isinstance(dataset, AnalogySet):
        return found
    own = np.array(dataset.sections, dtype=np.str_)
    names = list(dict.fromkeys(dataset.sections))
    syntactic = np.array([name.startswith("gram") for name in dataset.sections], dtype=bool)
    if syntactic.any() and not syntactic.all():
        found |= {"semantic": ~syntactic, "syntactic": syntactic}
    if len(names) > 1:
        found |= {name: own == name for name in names}
    return found


def value_of(dataset: Dataset, measure: str, answers: Floats, items: NDArray[np.bool_]) -> float:
    """Return the score over some items; NaN when there are too few."""
    if not is_correlation(measure):
        return float(answers[items].mean()) if items.any() else math.nan
    if np.count_nonzero(items) < 2:
        return math.nan
    return CORRELATIONS[measure](_human(dataset)[items], answers[items]).statistic


def resampled(
    dataset: Dataset,
    measure: str,
    answers: Floats,
    items: NDArray[np.bool_],
    resamples: int,
    seed: int,
) -> Floats:
    """Return the scores of resampled items."""
    if not is_correlation(measure):
        return resampled_means(answers[items], resamples, seed)
    human = _human(dataset)[items]
    scores: Floats = resampled_correlations(human, [answers[items]], measure, resamples, seed)[0]
    return scores


def resampled_differences(
    dataset: Dataset,
    measure: str,
    answers: tuple[Floats, Floats],
    items: NDArray[np.bool_],
    resamples: int,
    seed: int,
) -> Floats:
    """Return first score − second score, of the same resampled items each time."""
    first, second = (column[items] for column in answers)
    if not is_correlation(measure):
        return resampled_means(first - second, resamples, seed)
    human = _human(dataset)[items]
    found = resampled_correlations(human, [first, second], measure, resamples, seed)
    differences: Floats = found[0] - found[1]
    return differences


def _human(dataset: Dataset) -> Floats:
    assert isinstance(dataset, PairSet)  # only pairs are measured by correlation
    return np.array(dataset.scores, dtype=np.float64)
