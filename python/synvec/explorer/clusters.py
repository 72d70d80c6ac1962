"""Words that belong together: spherical k-means, and names that people can read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from synvec.arithmetic import Matrix, block_rows, divisors, row_norms

CLUSTERS = 20
FITTED = 20_000
"""How many rows the centers are fitted to, the first ones, which are the frequent words."""
ROUNDS = 20
NAMES = 3
KNOWN = 5_000
"""Names are taken from this many of the first words, where a cluster has any there."""


@dataclass(frozen=True)
class Clusters:
    """Which cluster each row is in, and words that stand for each."""

    members: NDArray[np.uint8]
    """N numbers, each the number of a cluster."""
    names: list[list[str]]
    """Up to three words a cluster."""


def clusters_of(vectors: Matrix, keys_at: Callable[[NDArray[np.int64]], list[str]]) -> Clusters:
    """Group rows by direction.

    Spherical k-means: each row, at unit length, goes to the center with the greatest cosine; each
    center becomes the direction of its rows' sum. Centers begin at rows far from each other
    (k-means++), drawn with a fixed seed, so that equal vectors give equal clusters.

    Parameters
    ----------
    vectors
        N × D float32, frequent words first.
    keys_at
        Gives the keys of some rows.

    References
    ----------
    Dhillon and Modha 2001, Concept decompositions; Arthur and Vassilvitskii 2007, k-means++.

    Examples
    --------
    >>> rows = np.array([[1, 0], [0.9, 0.1], [0, 1]] * 3, dtype=np.float32)
    >>> found = clusters_of(rows, lambda at: [f"w{i}" for i in at])
    >>> bool(found.members[0] == found.members[1] != found.members[2])
    True
    """
    count = min(CLUSTERS, max(1, round((len(vectors) / 2) ** 0.5)))
    if not len(vectors):
        return Clusters(np.empty(0, np.uint8), [])
    centers = _fitted(_unit(vectors[:FITTED]), min(count, len(vectors)))
    members = np.empty(len(vectors), np.uint8)
    nearness = np.empty(len(vectors), np.float32)
    step = block_rows(4 * vectors.shape[1])
    for start in range(0, len(vectors), step):
        cosines = _unit(vectors[start : start + step]) @ centers.T
        members[start : start + step] = cosines.argmax(axis=1)
        nearness[start : start + step] = _distinctness(cosines)
    names = [_names(members, nearness, number, keys_at) for number in range(len(centers))]
    return Clusters(members, names)


def _fitted(rows: Matrix, count: int) -> Matrix:
    random = np.random.default_rng(0)
    centers = _far_apart(rows, count, random)
    members = np.full(len(rows), -1)
    for _ in range(ROUNDS):
        cosines = rows @ centers.T
        nearest = cosines.argmax(axis=1)
        if (nearest == members).all():
            break
        members = nearest
        one_hot = (members[np.newaxis] == np.arange(count)[:, np.newaxis]).astype(np.float32)
        centers = _unit(one_hot @ rows)
        # A center that lost all its rows begins again at the row that fits worst.
        empty = np.flatnonzero(one_hot.sum(axis=1) == 0)
        centers[empty] = rows[np.argsort(cosines.max(axis=1))[: len(empty)]]
    return centers


def _far_apart(rows: Matrix, count: int, random: np.random.Generator) -> Matrix:
    chosen = [int(random.integers(len(rows)))]
    distance = np.full(len(rows), np.inf)
    while len(chosen) < count:
        distance = np.minimum(distance, (1 - rows @ rows[chosen[-1]]).clip(min=0))
        total = distance.sum()
        odds = distance / total if total > 0 else None  # None: all rows are equal
        chosen.append(int(random.choice(len(rows), p=odds)))
    return rows[chosen]


def _distinctness(cosines: Matrix) -> Matrix:
    """Return how much nearer each row is to its own center than to the others on average."""
    if cosines.shape[1] == 1:
        return cosines[:, 0]
    own = cosines.max(axis=1)
    distinct: Matrix = own - (cosines.sum(axis=1) - own) / (cosines.shape[1] - 1)
    return distinct


def _names(
    members: NDArray[np.uint8],
    nearness: Matrix,
    number: int,
    keys_at: Callable[[NDArray[np.int64]], list[str]],
) -> list[str]:
    inside = np.flatnonzero(members == number)
    known = inside[inside < KNOWN]
    if len(known) < NAMES:
        known = inside[: 10 * NAMES]
    best = known[np.argsort(-nearness[known], kind="stable")][: 5 * NAMES]
    keys = keys_at(best)
    readable = [key for key in keys if 2 < len(key) < 20 and key.isalpha()]
    return (readable + [key for key in keys if key not in readable])[:NAMES]


def _unit(rows: Matrix) -> Matrix:
    scaled: Matrix = rows / divisors(row_norms(np.ascontiguousarray(rows)))
    return scaled
