"""How many of the nearest rows an approximate search finds: recall@10 beside the exact one."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import numpy as np

from synvec import _core
from synvec.arithmetic import Matrix, Vector, unit_rows
from synvec.search.engine import Rows

Nearest: TypeAlias = Callable[[Matrix, int, list[list[int]]], tuple[Rows, Matrix]]
"""Takes unit vectors, how many rows are wanted, and for each which are no answer."""

NEIGHBORS = 10
# Cosines so near to each other are one tie, and either row is as good an answer.
TIE = 1e-6


class RecallSample:
    """Rows drawn at random, and the ten rows that are truly nearest to each.

    Parameters
    ----------
    vectors, norms
        V × D and V numbers.
    sample
        How many rows are drawn.
    seed
        Seeds the choice.
    """

    def __init__(self, vectors: Matrix, norms: Vector, sample: int, seed: int) -> None:
        count = min(sample, len(vectors))
        rows = np.sort(np.random.default_rng(seed).choice(len(vectors), count, replace=False))
        self._queries = unit_rows(vectors[rows].astype(np.float64))
        self._excluded = [[row] for row in rows.tolist()]
        self._rows, self._scores = _core.nearest(
            vectors, norms, self._queries, NEIGHBORS, excluded=self._excluded
        )

    def __len__(self) -> int:
        return len(self._queries)

    def recall(self, nearest: Nearest) -> float:
        """Return the share of the true rows that ``nearest`` finds, each row left out of its own.

        A row in the place of another counts when its cosine is as high as the last true one.
        """
        found, scores = nearest(self._queries, NEIGHBORS, self._excluded)
        hits = 0
        for true, least, rows, own in zip(
            self._rows, self._scores.min(axis=1, initial=np.inf), found, scores, strict=True
        ):
            is_hit = np.isin(rows, true) | (own >= least - TIE)
            hits += int(np.count_nonzero(is_hit & (rows >= 0)))
        wanted = int(np.count_nonzero(self._rows >= 0))
        return hits / wanted if wanted else 1.0  # of a single row there is nothing to miss
