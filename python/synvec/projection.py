"""Where vectors lie when only a few dimensions can be drawn: principal components."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from synvec.arithmetic import Matrix, Vector, block_rows, divisors, row_norms


@dataclass(frozen=True)
class Projection:
    """Rows seen along a few axes."""

    points: Matrix
    """One row of n coordinates a vector, float32, centered on 0."""
    explained: NDArray[np.float64]
    """The share of the variance along each axis, 0 to 1, largest first."""


def principal_components(
    vectors: Matrix, n: int = 2, *, norms: Vector | None = None, normalize: bool = True
) -> Projection:
    """Project rows on the n directions in which they differ most.

    The covariance is summed block by block, so that memory stays at D² numbers and one block. A
    direction's sign is arbitrary: the one taken makes its largest weight positive, so that equal
    vectors give equal pictures.

    Parameters
    ----------
    vectors
        N × D float32.
    n
        How many directions; where there are fewer than n, the other coordinates are 0.
    norms
        The lengths of the rows where they are known.
    normalize
        Whether rows are scaled to length 1 first, so that distances go with cosines.

    Raises
    ------
    ValueError
        For n below 1, or vectors that are not finite or can't be squared.

    Examples
    --------
    >>> line = np.array([[1, 1], [2, 2], [3, 3]], dtype=np.float32)
    >>> seen = principal_components(line, 1, normalize=False)
    >>> seen.points.ravel().round(3), seen.explained.round(3)
    (array([-1.414,  0.   ,  1.414], dtype=float32), array([1.]))

    References
    ----------
    Jolliffe 2002, Principal Component Analysis.
    """
    if n < 1:
        raise ValueError(f"n is {n}, expected at least 1")
    rows, size = vectors.shape
    scale = None
    if normalize:
        scale = np.float32(1) / divisors(row_norms(vectors) if norms is None else norms)
    mean, covariance = _moments(vectors, scale)
    if not np.isfinite(covariance).all():
        raise ValueError(
            "vectors are not finite, or too large to be squared; drop or scale them first"
        )
    variances, axes = np.linalg.eigh(covariance)  # ascending
    kept = min(n, size, max(rows, 1))
    variances, axes = variances[::-1].clip(min=0), axes[:, ::-1][:, :kept]
    largest = np.abs(axes).argmax(axis=0)
    axes = axes * np.sign(axes[largest, np.arange(kept)])

    points = np.zeros((rows, n), dtype=np.float32)
    direction, origin = axes.astype(np.float32), (mean @ axes).astype(np.float32)
    for block in _blocks(rows, size):
        points[block, :kept] = _scaled(vectors, scale, block) @ direction - origin
    explained, total = np.zeros(n), variances.sum()
    explained[:kept] = variances[:kept] / total if total > 0 else 0
    return Projection(points, explained)


def _moments(
    vectors: Matrix, scale: Vector | None
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the mean and the covariance of the scaled rows."""
    rows, size = vectors.shape
    blocks, count = _blocks(rows, size), max(rows, 1)
    sums = (_scaled(vectors, scale, block).sum(axis=0, dtype=np.float64) for block in blocks)
    mean = sum(sums, np.zeros(size)) / count
    # Not from the products of the rows themselves: a large mean would leave little of the rest.
    products, origin = np.zeros((size, size)), mean.astype(np.float32)
    for block in blocks:
        centered = _scaled(vectors, scale, block) - origin
        products += centered.T @ centered
    return mean, products / count


def _blocks(rows: int, size: int) -> list[slice]:
    step = block_rows(4 * size)
    return [slice(start, start + step) for start in range(0, rows, step)]


def _scaled(vectors: Matrix, scale: Vector | None, block: slice) -> Matrix:
    part: Matrix = vectors[block] if scale is None else vectors[block] * scale[block]
    return part
