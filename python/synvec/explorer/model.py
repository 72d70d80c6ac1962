"""What the page asks of one model: its points and keys, neighbours, sums of words, completions."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from synvec.arithmetic import Matrix, unit
from synvec.explorer.clusters import Clusters, clusters_of
from synvec.explorer.layouts import Layouts
from synvec.keyed_vectors import KeyedVectors
from synvec.keyed_vectors.misses import close_keys
from synvec.projection import principal_components

POINTS = 100_000
"""How many of the first keys are drawn; all of them can be searched for and asked."""

LONGEST_KEY = 200
"""Characters of a key in a list; `ExploredModel.word` has them all."""

MOST_NEIGHBORS = 100
KEYS_AT_A_TIME = 50_000

Json = dict[str, Any]


class ExploredModel:
    """One model behind the page.

    Words are told apart by their position, because a key may be 5,000 characters long.

    Parameters
    ----------
    name
        What the page calls it.
    vectors
        Its vectors, which must not change any more.
    points
        How many of the first keys are drawn.
    path
        The file they came from: computed maps are kept beside it. None keeps them in memory.
    computes
        Whether whoever sees the page may have t-SNE and UMAP computed, which takes minutes.

    Examples
    --------
    >>> from synvec import KeyedVectors
    >>> kv = KeyedVectors.from_arrays(["socket", "port", "year"], [[3, 4], [4, 3], [-1, 1]])
    >>> model = ExploredModel("sockets", kv)
    >>> [near["key"] for near in model.word(0, 2)["neighbors"]]
    ['port', 'year']
    """

    def __init__(
        self,
        name: str,
        vectors: KeyedVectors[Any],
        *,
        points: int = POINTS,
        path: Path | None = None,
        computes: bool = True,
    ) -> None:
        if points < 1:
            raise ValueError(f"points is {points}, expected at least 1")
        self.name = name
        self.vectors = _with_text(vectors)
        self.drawn = min(points, len(vectors))
        self._lock = threading.Lock()
        self.layouts = Layouts(self.vectors, self.drawn, path, computes=computes)

    def summary(self) -> Json:
        """Return what the page must know before it draws anything."""
        return {
            "name": self.name,
            "words": len(self.vectors),
            "drawn": self.drawn,
            "dimensions": self.vectors.vector_size,
            "counted": self.vectors.known_counts is not None,
            "layouts": self.layouts.states(),
        }

    # --- the map --------------------------------------------------------------------------------

    def points(self, layout: str) -> Matrix:
        """Return where the drawn words lie: N × 2 float32.

        Raises
        ------
        KeyError
            For a map that is unknown or not computed yet.
        ValueError
            For vectors that are not finite.
        """
        return self._principal if layout == "pca" else self.layouts.points(layout)

    @cached_property
    def _principal(self) -> Matrix:
        return principal_components(self.vectors.vectors[: self.drawn]).points

    def drawn_keys(self) -> list[str]:
        """Return the keys of the drawn words, long ones cut."""
        return [short(key) for key in self.vectors.key_table.keys(0, self.drawn)]

    def drawn_counts(self) -> NDArray[np.float32]:
        """Return how often each drawn word was seen, or nothing where that is unknown."""
        counts = self.vectors.known_counts
        if counts is None:
            return np.empty(0, np.float32)
        return counts[: self.drawn].astype(np.float32)

    def clusters(self) -> Clusters:
        """Return which words belong together, with names; computed at the first call."""
        with self._lock:  # a second request waits for the first one's answer
            return self._clusters

    @cached_property
    def _clusters(self) -> Clusters:
        return clusters_of(self.vectors.vectors[: self.drawn], self.vectors.key_table.keys_at)

    # --- words ----------------------------------------------------------------------------------

    def word(self, position: int, topn: int) -> Json:
        """Return a word with all that is known of it, and its neighbours.

        Raises
        ------
        IndexError
            For a position outside the model.
        """
        self._check(position)
        found, scores = self.vectors.most_similar_batch(
            [position], topn=_capped(topn), as_arrays=True
        )
        counts = self.vectors.known_counts
        return {
            "index": position,
            "key": self.vectors.key_table.key(position),
            "count": None if counts is None else int(counts[position]),
            "norm": float(np.linalg.norm(self.vectors.get_vector(position))),
            "neighbors": self._named(found[0], scores[0]),
        }

    def walk(self, plus: Sequence[int], minus: Sequence[int], topn: int) -> Json:
        """Return what lies near a sum of words, and near each sum on the way to it.

        Words are added as unit vectors, as `KeyedVectors.most_similar` does: first one of
        ``plus``, then those of ``minus``, then the rest of ``plus``.

        Raises
        ------
        IndexError
            For a position outside the model.
        ValueError
            For no word at all.
        """
        if not plus and not minus:
            raise ValueError("a sum needs at least one word")
        order = [(at, 1) for at in plus[:1]] + [(at, -1) for at in minus]
        order += [(at, 1) for at in plus[1:]]
        total = np.zeros(self.vectors.vector_size)
        steps = []
        for number, (position, sign) in enumerate(order, 1):
            self._check(position)
            total = total + sign * self.vectors.get_vector(position, norm=True)
            is_last = number == len(order)
            seen = {at for at, _ in order}
            steps.append(
                {
                    "index": position,
                    "key": short(self.vectors.key_table.key(position)),
                    "sign": sign,
                    "neighbors": self._near(total, _capped(topn) if is_last else 1, seen),
                }
            )
        return {"steps": steps, "neighbors": steps[-1]["neighbors"]}

    def _near(self, total: NDArray[np.float64], topn: int, without: set[int]) -> list[Json]:
        direction = unit(total)
        if not direction.any():
            return []  # the words cancel out: no direction, no neighbours
        found, scores = self.vectors.most_similar_batch(
            direction[np.newaxis], topn=topn + len(without), as_arrays=True
        )
        kept = ~np.isin(found[0], list(without))
        return self._named(found[0][kept][:topn], scores[0][kept][:topn])

    def pair(self, first: int, second: int) -> Json:
        """Return the cosine of two words."""
        self._check(first)
        self._check(second)
        return {"cosine": float(self.vectors.similarity(first, second))}

    def find(self, text: str, n: int) -> list[Json]:
        """Return words beyond the map that begin with ``text``, whatever its case, in order.

        The page completes the words it has drawn by itself.
        """
        sought = text.casefold()
        found: list[Json] = []
        for start in range(self.drawn, len(self.vectors), KEYS_AT_A_TIME):
            keys = self.vectors.key_table.keys(start, start + KEYS_AT_A_TIME)
            for position, key in enumerate(keys, start):
                if key[: len(text) + 8].casefold().startswith(sought):
                    found.append({"index": position, "key": short(key)})
                    if len(found) == n:
                        return found
        return found

    def index(self, key: str) -> Json:
        """Return the position of a key, or -1 and keys like it."""
        position = self.vectors.get_index(key, default=-1)
        close = [] if position >= 0 else close_keys(key, self.vectors.key_table)
        return {"index": position, "close": close}

    def _named(self, positions: NDArray[np.int64], scores: NDArray[np.float32]) -> list[Json]:
        there = positions >= 0  # fewer than were asked for
        keys = self.vectors.key_table.keys_at(positions[there])
        return [
            {"index": position, "key": short(key), "cosine": round(float(score), 4)}
            for position, key, score in zip(
                positions[there].tolist(), keys, scores[there], strict=True
            )
        ]

    def _check(self, position: int) -> None:
        if not 0 <= position < len(self.vectors):
            raise IndexError(f"no word {position}, there are {len(self.vectors)}")


def _with_text(vectors: KeyedVectors[Any]) -> KeyedVectors:
    """Return the same vectors with keys that can be shown and searched for as text."""
    if vectors.key_type is str:
        return vectors
    counts = vectors.known_counts
    vectors.fill_norms()
    return KeyedVectors.from_arrays(
        vectors.key_table.texts(), vectors.vectors, counts=counts, norms=vectors.norms
    )


def short(key: str) -> str:
    """Return a key as it goes into a list."""
    return key if len(key) <= LONGEST_KEY else f"{key[: LONGEST_KEY - 1]}…"


def _capped(topn: int) -> int:
    return max(1, min(topn, MOST_NEIGHBORS))
