"""Correlation with p-values, without SciPy."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray


class Correlation(NamedTuple):
    """A correlation coefficient and the two-sided p-value of there being none."""

    statistic: float
    pvalue: float


def pearson(x: ArrayLike, y: ArrayLike) -> Correlation:
    """Return the linear correlation of two samples.

    Parameters
    ----------
    x, y
        N numbers each, N ≥ 2.

    Returns
    -------
    Correlation
        r between −1 and 1; both numbers are NaN when a sample is constant, or holds NaN or
        infinity. The p-value is that of
        uncorrelated normal samples, by Student's t with N − 2 degrees of freedom.

    Raises
    ------
    ValueError
        For samples of different length, or fewer than two pairs.

    Examples
    --------
    >>> r, p = pearson([1, 2, 3, 4, 5], [2, 1, 4, 3, 7])
    >>> round(r, 4), round(p, 4)
    (0.8242, 0.0861)
    """
    a, b = np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64)
    if a.shape != b.shape or a.ndim != 1:
        raise ValueError(f"samples have shapes {a.shape} and {b.shape}, expected as many numbers")
    if len(a) < 2:
        raise ValueError(f"{len(a)} pairs, expected at least 2 for a correlation")
    is_finite = np.isfinite(a).all() and np.isfinite(b).all()
    if not is_finite or (a == a[0]).all() or (b == b[0]).all():
        return Correlation(math.nan, math.nan)
    a, b = _centered(a), _centered(b)
    r = min(1.0, max(-1.0, float(a @ b)))
    return Correlation(r, _no_correlation(r, len(a)))


def _centered(sample: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the sample around its mean, of length 1; scaled first, so that no square overflows."""
    sample = sample / np.abs(sample).max()
    sample = sample - sample.mean()
    return sample / np.sqrt(sample @ sample)


def spearman(x: ArrayLike, y: ArrayLike) -> Correlation:
    """Return the rank correlation of two samples; equal values share their mean rank.

    Parameters
    ----------
    x, y
        N numbers each, N ≥ 2.

    Returns
    -------
    Correlation
        ρ between −1 and 1 and its p-value, by the same rules as ``pearson``.

    Raises
    ------
    ValueError
        For samples of different length, or fewer than two pairs.

    Examples
    --------
    >>> rho, p = spearman([1, 2, 3, 4, 5], [2, 1, 4, 3, 700])
    >>> round(rho, 4), round(p, 4)
    (0.8, 0.1041)
    """
    return pearson(ranks(x), ranks(y))


def ranks(values: ArrayLike) -> NDArray[np.float64]:
    """Return the rank of each value from 1; equal values share the mean of their ranks.

    Examples
    --------
    >>> ranks([30, 10, 20, 20])
    array([4. , 1. , 2.5, 2.5])
    """
    _, inverse, counts = np.unique(
        np.asarray(values, dtype=np.float64), return_inverse=True, return_counts=True
    )
    last = np.cumsum(counts)
    means: NDArray[np.float64] = last - (counts - 1) / 2
    return means[inverse]


def _no_correlation(r: float, count: int) -> float:
    """Two-sided p-value of r: the tail of Student's t, written as an incomplete beta.

    With ν = N − 2 and t² = ν·r²/(1 − r²) the tail is I(ν/(ν + t²); ν/2, 1/2), and ν/(ν + t²) is
    1 − r². Two points always lie on a line: r says nothing then.
    """
    if count == 2:
        return 1.0
    return incomplete_beta((count - 2) / 2, 0.5, (1 - r) * (1 + r))


def incomplete_beta(a: float, b: float, x: float) -> float:
    """Return the regularised incomplete beta function I_x(a, b) for a, b > 0 and 0 ≤ x ≤ 1.

    Lentz's method on the continued fraction (NIST Digital Library of Mathematical Functions,
    8.17.22), on the side of the mean where it converges fast.

    Examples
    --------
    >>> round(incomplete_beta(2, 3, 0.5), 12)
    0.6875
    """
    if x <= 0:
        return 0.0
    if x >= 1:
        return 1.0
    if x > (a + 1) / (a + b + 2):
        return 1 - incomplete_beta(b, a, 1 - x)
    front = math.exp(
        math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log1p(-x)
    )
    return front / a * _beta_fraction(a, b, x)


def _beta_fraction(a: float, b: float, x: float) -> float:
    tiny = 1e-300
    numerator, denominator = 1.0, 1 - (a + b) * x / (a + 1)
    denominator = 1 / (denominator if abs(denominator) > tiny else tiny)
    value = denominator
    for m in range(1, 10_000):
        even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        for term in (even, odd):
            denominator = 1 + term * denominator
            denominator = 1 / (denominator if abs(denominator) > tiny else tiny)
            numerator = 1 + term / numerator
            numerator = numerator if abs(numerator) > tiny else tiny
            value *= numerator * denominator
        if abs(numerator * denominator - 1) < 1e-15:
            break
    return value
