"""Words in as many clusters as people have categories for, and how pure the clusters are."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from synvec.arithmetic import Matrix

RESTARTS = 10
ROUNDS = 100


def k_means(
    rows: Matrix, count: int, *, restarts: int = RESTARTS, seed: int = 1
) -> NDArray[np.int64]:
    """Return the cluster of each row, 0 to ``count`` − 1: the best of several runs of k-means.

    Lloyd 1982, "Least squares quantization in PCM", from the first centers of k-means++ (Arthur and
    Vassilvitskii 2007). Of the restarts the one with the least sum of squared distances is taken.

    Parameters
    ----------
    rows
        N × D numbers.
    count
        k, 1 to N.
    restarts
        From how many sets of first centers to begin.
    seed
        The same seed gives the same clusters.

    Raises
    ------
    ValueError
        For a ``count`` below 1 or above N.

    Examples
    --------
    >>> clusters = k_means(np.array([[0, 1], [1, 0], [0, 1.1], [1.1, 0]], dtype=np.float32), 2)
    >>> bool(clusters[0] == clusters[2] != clusters[1] == clusters[3])
    True
    """
    if not 1 <= count <= len(rows):
        raise ValueError(f"count is {count}, expected 1 to {len(rows)}, the number of rows")
    rng = np.random.default_rng(seed)
    points = rows.astype(np.float64)
    runs = [_lloyd(points, _first_centers(points, count, rng)) for _ in range(restarts)]
    return min(runs, key=lambda run: run[1])[0]


def _first_centers(
    points: NDArray[np.float64], count: int, rng: np.random.Generator
) -> NDArray[np.float64]:
    """k-means++: each next center is a point, more likely the farther from those there are."""
    chosen = [int(rng.integers(len(points)))]
    nearest = _squares(points, points[chosen])[:, 0]
    while len(chosen) < count:
        total = nearest.sum()
        # All points stand on centers when there are fewer distinct ones than centers.
        likely = nearest / total if total > 0 else None
        chosen.append(int(rng.choice(len(points), p=likely)))
        nearest = np.minimum(nearest, _squares(points, points[chosen[-1:]])[:, 0])
    centers: NDArray[np.float64] = points[chosen]
    return centers


def _lloyd(
    points: NDArray[np.float64], centers: NDArray[np.float64]
) -> tuple[NDArray[np.int64], float]:
    """Return the cluster of each point and the sum of squared distances to the centers."""
    count = len(centers)
    clusters = np.full(len(points), -1)
    for _ in range(ROUNDS):
        distances = _squares(points, centers)
        before, clusters = clusters, distances.argmin(axis=1)
        sizes = np.bincount(clusters, minlength=count)
        # A center that lost all its points goes to the point that is worst off.
        for empty in np.flatnonzero(sizes == 0):
            own = distances[np.arange(len(points)), clusters]
            worst = int(np.where(sizes[clusters] > 1, own, -1).argmax())
            sizes[clusters[worst]] -= 1
            clusters[worst], sizes[empty] = empty, 1
            distances[worst, empty] = 0
        if (clusters == before).all():
            break
        sums = np.zeros_like(centers)
        np.add.at(sums, clusters, points)
        centers = sums / sizes[:, np.newaxis]
    left = points - centers[clusters]
    return clusters, float(np.einsum("ij,ij->", left, left))


def _squares(points: NDArray[np.float64], centers: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the squared distance of each point from each center."""
    lengths = np.einsum("ij,ij->i", points, points)[:, np.newaxis]
    squares: NDArray[np.float64] = lengths - 2 * points @ centers.T
    squares += np.einsum("ij,ij->i", centers, centers)
    return np.maximum(squares, 0, out=squares)  # rounding may go below


def pure(clusters: ArrayLike, categories: Sequence[str]) -> NDArray[np.float64]:
    """Return 1 for each word whose category is the most frequent one of its cluster, else 0.

    Their mean is the purity, (1/N) · Σ over clusters of the size of its largest category (Manning,
    Raghavan and Schütze 2008, "Introduction to Information Retrieval", 16.3). Of equally frequent
    categories it is the alphabetically first.

    Examples
    --------
    >>> pure([0, 0, 0, 1, 1], ["fruit", "fruit", "tool", "tool", "tool"])
    array([1., 1., 0., 1., 1.])
    """
    groups = np.unique(np.asarray(clusters), return_inverse=True)[1]
    kinds = np.unique(np.asarray(categories), return_inverse=True)[1]
    table = np.zeros((groups.max(initial=-1) + 1, kinds.max(initial=-1) + 1), dtype=np.int64)
    np.add.at(table, (groups, kinds), 1)
    if not table.size:
        return np.zeros(0)
    majority = table.argmax(axis=1)
    in_majority: NDArray[np.bool_] = kinds == majority[groups]
    return in_majority.astype(np.float64)
