"""Pictures of a few words, in matplotlib: the map of some, and the neighbours of one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import product
from typing import Any

import numpy as np

from synvec.arithmetic import Matrix, Vector
from synvec.axes import axes_to_draw_in
from synvec.key_types import Key, KeyT
from synvec.keyed_vectors.queries import Queries
from synvec.optional import imported
from synvec.projection import principal_components

WORDS_ON_A_MAP = 100
"""How many of the first keys `plot` shows by default."""

LONGEST_LABEL = 40
"""Characters of a key that are drawn."""


class Plotting(Queries[KeyT]):
    """``plot`` and ``plot_neighbors``."""

    def plot(self, words: Iterable[Key] | None = None, *, axes: Any = None) -> Any:
        """Draw words where their two principal components put them.

        Near is alike, as far as two dimensions can tell; the labels of the axes say how much of
        the differences among these words they show. A label that would cover another is left out,
        its point is not.

        Parameters
        ----------
        words
            Which words, the important ones first; by default the 100 first keys, which are the
            most frequent ones after training.
        axes
            Matplotlib's axes to draw into; new ones by default.

        Returns
        -------
        matplotlib.axes.Axes

        Raises
        ------
        KeyError
            For an unknown word.
        ValueError
            For no word at all.
        ImportError
            Without matplotlib: ``pip install synvec[viz]``.

        Examples
        --------
        >>> from synvec import KeyedVectors
        >>> kv = KeyedVectors.from_arrays(["socket", "port", "year"], [[3, 4], [4, 3], [-1, 1]])
        >>> axes = kv.plot(["socket", "year"])  # doctest: +SKIP
        >>> axes.figure.savefig("words.svg")  # doctest: +SKIP
        """
        if words is None:
            positions = np.arange(min(len(self), WORDS_ON_A_MAP))
        elif isinstance(words, str):
            raise TypeError(f"words is the str {words!r}, expected a collection: put it in a list")
        else:
            positions = self._positions(words)
        points = self._lay_out(positions, axes := axes_to_draw_in(axes))
        axes.scatter(*points.T, s=12, zorder=2)
        _label(axes, points, self._keys.keys_at(positions))
        return axes

    def plot_neighbors(self, word: Key, topn: int = 15, *, axes: Any = None) -> Any:
        """Draw a word among its nearest neighbours, joined by lines that tell how near.

        Where the points lie is as in `plot`; a line's width and colour are the cosine itself, which
        two dimensions show but in part.

        Parameters
        ----------
        word
            The word in the middle.
        topn
            How many neighbours.
        axes
            Matplotlib's axes to draw into; new ones by default.

        Returns
        -------
        matplotlib.axes.Axes

        Raises
        ------
        KeyError
            For an unknown word.
        ValueError
            For ``topn`` below 1.
        ImportError
            Without matplotlib: ``pip install synvec[viz]``.

        Examples
        --------
        >>> from synvec import KeyedVectors
        >>> kv = KeyedVectors.from_arrays(["socket", "port", "year"], [[3, 4], [4, 3], [-1, 1]])
        >>> axes = kv.plot_neighbors("socket", topn=2)  # doctest: +SKIP
        """
        if topn < 1:
            raise ValueError(f"topn is {topn}, expected at least 1")
        neighbors = self.most_similar(word, topn=topn)
        cosines = np.array([cosine for _, cosine in neighbors])
        keys: list[Key] = [word]
        keys.extend(neighbor for neighbor, _ in neighbors)
        positions = self._positions(keys)
        points = self._lay_out(positions, axes := axes_to_draw_in(axes))
        _join(axes, points, cosines)
        axes.scatter(*points[1:].T, s=14, zorder=2)
        axes.scatter(*points[:1].T, s=70, zorder=3, color="tab:red")
        _label(axes, points, self._keys.keys_at(positions))
        return axes

    def _lay_out(self, positions: np.ndarray[Any, np.dtype[np.int64]], axes: Any) -> Matrix:
        """Return where the points lie, and name the axes."""
        if not len(positions):
            raise ValueError("nothing to draw: there is no word; give at least one")
        seen = principal_components(self.vectors[positions])
        for set_label, share in zip(
            (axes.set_xlabel, axes.set_ylabel), seen.explained, strict=True
        ):
            set_label(f"{share:.0%} of the variance")
        axes.set_xticks([])
        axes.set_yticks([])
        axes.set_aspect("equal", adjustable="box")
        axes.margins(0.12)
        return seen.points


def _join(axes: Any, points: Matrix, cosines: Vector) -> None:
    """Draw a line from the first point to each other, the wider the nearer, with a legend."""
    collections = imported("matplotlib.collections", "viz", "a plot")
    center = points[0]
    lines = collections.LineCollection(
        [(center, point) for point in points[1:]],
        array=cosines,
        linewidths=0.6 + 2.4 * cosines.clip(0, 1),
        alpha=0.7,
        zorder=1,
    )
    axes.add_collection(lines)
    axes.figure.colorbar(lines, ax=axes, label="cosine")


def _label(axes: Any, points: Matrix, names: Sequence[KeyT]) -> None:
    """Write names beside their points, the first first, each where it covers no other.

    Four places are tried for each; a name without room is not written.
    """
    transforms = imported("matplotlib.transforms", "viz", "a plot")
    effects = imported("matplotlib.patheffects", "viz", "a plot")
    halo = [effects.withStroke(linewidth=2.5, foreground=axes.get_facecolor())]
    axes.figure.draw_without_rendering()  # the limits are settled, so that pixels can be counted
    taken = [
        transforms.Bbox.from_bounds(x - 3, y - 3, 6, 6) for x, y in axes.transData.transform(points)
    ]
    for point, name, own in zip(points, map(str, names), list(taken), strict=True):
        short = name if len(name) <= LONGEST_LABEL else f"{name[:LONGEST_LABEL]}…"
        style = {"fontsize": 8, "parse_math": False, "zorder": 4}
        label = axes.annotate(short, point, (0, 0), textcoords="offset points", **style)
        label.set_path_effects(halo)
        others = [box for box in taken if box is not own]
        for right, above in product((True, False), repeat=2):
            label.set(
                position=(4 if right else -4, 3 if above else -3),
                horizontalalignment="left" if right else "right",
                verticalalignment="bottom" if above else "top",
            )
            box = label.get_window_extent()
            if not any(box.overlaps(other) for other in others):
                taken.append(box)
                break
        else:
            label.remove()
