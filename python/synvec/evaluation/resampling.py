"""How far a score would move with other items: the bootstrap, and tests on paired answers.

The bootstrap (Efron 1979, "Bootstrap methods: another look at the jackknife") draws N of the N
items with replacement, many times, and scores each draw; the middle 95 % of those scores is the
percentile interval (Efron and Tibshirani 1993, "An Introduction to the Bootstrap", chapter 13).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Literal, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from synvec.statistics import incomplete_beta

Floats: TypeAlias = NDArray[np.float64]

LEVEL = 0.95
# Items times resamples at a time: 2 MB an array.
BLOCK = 1 << 18
# Below this share of the squares a variance is rounding: the sample is constant.
CONSTANT = 1e-20


class Interval(NamedTuple):
    """Where 95 % of the resampled scores lie; both ends NaN when there are none."""

    low: float
    high: float


def percentile_interval(scores: Floats) -> Interval:
    """Return the middle 95 % of resampled scores; those that are NaN are left out.

    Examples
    --------
    >>> [round(end, 9) for end in percentile_interval(np.arange(101.0))]
    [2.5, 97.5]
    """
    known = scores[~np.isnan(scores)]
    if not len(known):
        return Interval(math.nan, math.nan)
    low, high = np.quantile(known, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return Interval(float(low), float(high))


def resampled_means(values: ArrayLike, resamples: int, seed: int) -> Floats:
    """Return the means of ``resamples`` draws of all values, with replacement.

    The mean of a draw depends only on how often it has each distinct value, and those numbers are
    multinomial; answers are right or wrong, so two numbers stand for thousands of items.

    Examples
    --------
    >>> means = resampled_means([0, 1, 1, 1], resamples=1000, seed=1)
    >>> sorted(set(means.tolist()))
    [0.0, 0.25, 0.5, 0.75, 1.0]
    """
    distinct, counts = np.unique(np.asarray(values, dtype=np.float64), return_counts=True)
    total = counts.sum()
    if not total:
        return np.full(resamples, math.nan)
    drawn = np.random.default_rng(seed).multinomial(total, counts / total, size=resamples)
    means: Floats = drawn @ distinct / total
    return means


def resampled_correlations(
    human: ArrayLike,
    models: Sequence[ArrayLike],
    measure: Literal["Pearson", "Spearman"],
    resamples: int,
    seed: int,
) -> Floats:
    """Return the correlation of each model's cosines with human scores in the same resamples.

    Parameters
    ----------
    human
        N scores.
    models
        N cosines each.
    measure
        ``"Spearman"`` ranks anew in each resample; equal values share their mean rank.
    resamples, seed
        How many draws, and of which generator.

    Returns
    -------
    numpy.ndarray
        Models × resamples; NaN where a draw is constant.

    Examples
    --------
    >>> human, cosines = [1, 2, 3, 4, 5, 6, 7], [2, 1, 4, 3, 5, 7, 6]
    >>> found = resampled_correlations(human, [cosines, human], "Spearman", resamples=100, seed=1)
    >>> found.shape, bool(np.allclose(found[1], 1))
    ((2, 100), True)
    """
    columns = [np.asarray(column, dtype=np.float64) for column in (human, *models)]
    lengths = [len(column) for column in columns]
    if len(set(lengths)) > 1:
        raise ValueError(f"columns of {lengths} items, expected as many in each")
    found = np.full((len(models), resamples), math.nan)
    if len(columns[0]) < 2:
        return found
    rank = [_Ranking(column) for column in columns] if measure == "Spearman" else None
    start = 0
    for weights in _draws(len(columns[0]), resamples, seed):
        stop = start + len(weights)
        gold, *others = [ranking.of(weights) for ranking in rank] if rank else columns
        for row, other in enumerate(others):
            found[row, start:stop] = _weighted_pearson(weights, gold, other)
        start = stop
    return found.clip(-1, 1)  # by which rounding may miss; NaN stays


def _draws(count: int, resamples: int, seed: int) -> Iterator[Floats]:
    """How often each item is drawn, resamples × items, in blocks."""
    rng = np.random.default_rng(seed)
    step = max(1, BLOCK // count)
    for start in range(0, resamples, step):
        rows = min(step, resamples - start)
        drawn = rng.integers(0, count, (rows, count)) + count * np.arange(rows)[:, np.newaxis]
        times = np.bincount(drawn.ravel(), minlength=rows * count)
        yield times.reshape(rows, count).astype(np.float64)


class _Ranking:
    """Ranks of resampled values without sorting them again: the order is that of all values."""

    def __init__(self, values: Floats) -> None:
        _, self.inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
        self.order = np.argsort(self.inverse, kind="stable")
        self.last = np.cumsum(counts) - 1

    def of(self, weights: Floats) -> Floats:
        """Return the rank of each item in each resample; equal values share their mean rank."""
        up_to = weights[:, self.order].cumsum(axis=1)[:, self.last]
        before = np.zeros_like(up_to)
        before[:, 1:] = up_to[:, :-1]
        ranks: Floats = (before + up_to + 1) / 2
        return ranks[:, self.inverse]


def _weighted_pearson(weights: Floats, x: Floats, y: Floats) -> Floats:
    """Return the correlation in each resample; x and y are one row for all, or a row each."""
    x, y = (np.broadcast_to(column, weights.shape) for column in (x, y))
    total = weights.sum(axis=1)
    sums = [np.einsum("ij,ij->i", weights, column) for column in (x, y)]
    dx, dy = (
        column - (sum_ / total)[:, np.newaxis] for column, sum_ in zip((x, y), sums, strict=True)
    )
    products = [np.einsum("ij,ij,ij->i", weights, a, b) for a, b in ((dx, dy), (dx, dx), (dy, dy))]
    covariance, x_squares, y_squares = products
    largest = [np.abs(column).max(axis=1) ** 2 * total for column in (x, y)]
    constant = (x_squares <= CONSTANT * largest[0]) | (y_squares <= CONSTANT * largest[1])
    length = np.sqrt(x_squares) * np.sqrt(y_squares)
    correlation = np.full(len(weights), math.nan)
    np.divide(covariance, length, out=correlation, where=~constant)
    return correlation


# --- paired tests ---------------------------------------------------------------------------------


def paired_pvalue(differences: Floats) -> float:
    """Return the two-sided p-value of no difference, from resampled differences.

    Twice the share of resamples on the rarer side of 0, both sides with 0 itself: below .05 where
    the 95 % interval leaves 0 out. One is added to both counts, so that no p-value is 0 (Davison
    and Hinkley 1997, "Bootstrap Methods and their Application", 4.2.3).

    Examples
    --------
    >>> paired_pvalue(np.zeros(1000))
    1.0
    >>> round(paired_pvalue(np.full(999, 0.1)), 4)
    0.002
    """
    known = differences[~np.isnan(differences)]
    if not len(known):
        return math.nan
    rarer = min(np.count_nonzero(known <= 0), np.count_nonzero(known >= 0))
    return float(min(1.0, 2 * (1 + rarer) / (1 + len(known))))


def mcnemar_pvalue(first: ArrayLike, second: ArrayLike) -> float:
    """Return the exact two-sided p-value of two models answering equally well.

    Of the n items that one model answered and the other didn't, k are the rarer kind; without a
    difference each kind is as likely, so p = 2·P(X ≤ k) with X binomial(n, ½), at most 1 (McNemar
    1947, "Note on the sampling error of the difference between correlated proportions", in its
    exact form). The tail is an incomplete beta function: P(X ≤ k) = I_½(n − k, k + 1).

    Parameters
    ----------
    first, second
        Whether each of the same N items was answered rightly: 0 or 1.

    Examples
    --------
    >>> round(mcnemar_pvalue([1, 1, 1, 1, 1, 0, 1], [0, 0, 0, 0, 0, 0, 1]), 9)
    0.0625
    """
    one, other = np.asarray(first, dtype=bool), np.asarray(second, dtype=bool)
    if one.shape != other.shape:
        raise ValueError(f"{len(one)} and {len(other)} answers, expected those to the same items")
    only_one, only_other = (int(np.count_nonzero(kind)) for kind in (one & ~other, other & ~one))
    apart, rarer = only_one + only_other, min(only_one, only_other)
    if 2 * rarer == apart:
        return 1.0
    return min(1.0, 2 * incomplete_beta(apart - rarer, rarer + 1, 0.5))
