"""The process that computes a map: ``python -m synvec.explorer.layout_process METHOD FOLDER``.

Reads ``vectors.npy`` of the folder, writes ``points.npy`` again and again as the map takes shape,
and says so on stdout, one JSON object a line.
"""

from __future__ import annotations

import json
import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np

from synvec.arithmetic import Matrix
from synvec.optional import imported
from synvec.projection import principal_components

EARLY_ROUNDS, ROUNDS = 250, 500
SHOWN_EVERY = 25
LARGE = 10_000
"""Points from which repulsion is interpolated (FIt-SNE), not summed in a tree (Barnes-Hut)."""


def main() -> None:
    """Compute and leave."""
    method, folder = sys.argv[1], Path(sys.argv[2])
    if hasattr(os, "nice"):
        os.nice(10)  # a click on the map comes first
    vectors = np.load(folder / "vectors.npy", allow_pickle=False)
    report = Report(folder)
    report.show(None, 0.01)  # what follows is a long import
    points = {"tsne": tsne, "umap": umap}[method](vectors, report)
    report.show(points, 1.0)


class Report:
    """Tells the server how far it is."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def show(self, points: Matrix | None, progress: float) -> None:
        """Write the points, if there are any yet, and say so."""
        if points is not None:
            unfinished = self._folder / "unfinished.npy"
            np.save(unfinished, np.asarray(points, dtype=np.float32))
            unfinished.replace(self._folder / "points.npy")
        line = {"progress": round(progress, 3), "drawn": points is not None}
        print(json.dumps(line), flush=True)


def tsne(vectors: Matrix, report: Report) -> Matrix:
    """Lay out by t-SNE, from the principal components on.

    References
    ----------
    van der Maaten and Hinton 2008; Kobak and Berens 2019 for the start and the learning rate;
    Poličar, Stražar and Zupan 2024, openTSNE.
    """
    library = imported("openTSNE", "viz", "t-SNE")
    cores = max(1, (os.cpu_count() or 2) - 1)
    report.show(None, 0.02)
    start = principal_components(vectors, normalize=False).points.astype(np.float64)
    start *= 1e-4 / max(start[:, 0].std(), 1e-12)

    rounds_before = 0

    def shown(iteration: int, _: float, embedding: Any) -> bool:
        done = rounds_before + iteration
        report.show(np.asarray(embedding), 0.2 + 0.8 * done / (EARLY_ROUNDS + ROUNDS))
        return False

    affinities = library.affinity.PerplexityBasedNN(
        vectors,
        perplexity=min(30, (len(vectors) - 1) / 3),
        metric="euclidean",  # of unit vectors: as cosines order them
        n_jobs=cores,
        random_state=0,
    )
    embedding = library.TSNEEmbedding(
        start,
        affinities,
        negative_gradient_method="fft" if len(vectors) >= LARGE else "bh",
        n_jobs=cores,
        random_state=0,
        callbacks=shown,
        callbacks_every_iters=SHOWN_EVERY,
    )
    embedding = embedding.optimize(EARLY_ROUNDS, exaggeration=12, momentum=0.5)
    rounds_before = EARLY_ROUNDS
    embedding = embedding.optimize(ROUNDS, momentum=0.8)
    return np.asarray(embedding, dtype=np.float32)


def umap(vectors: Matrix, report: Report) -> Matrix:
    """Lay out by UMAP, from the principal components on; there is nothing to see before the end.

    References
    ----------
    McInnes, Healy and Melville 2018; Kobak and Linderman 2021 for the start.
    """
    library = imported("umap", "umap", "UMAP")
    report.show(None, 0.05)
    start = principal_components(vectors, normalize=False).points
    start = start * (10 / max(float(np.abs(start).max()), 1e-12))
    reducer = library.UMAP(
        n_neighbors=min(15, len(vectors) - 1),
        metric="euclidean",  # of unit vectors: as cosines order them
        init=start,
        random_state=0,
        n_jobs=1,  # what a fixed seed comes to in any case
        tqdm_kwds={"disable": False, "bar_format": "{percentage}", "file": _Percentages(report)},
    )
    return np.asarray(reducer.fit_transform(vectors), dtype=np.float32)


class _Percentages:
    """Takes the place of a terminal: the bar that UMAP draws there is its only sign of progress."""

    def __init__(self, report: Report) -> None:
        self._report = report

    def write(self, text: str) -> None:
        with suppress(ValueError):  # what moves the cursor is no number
            self._report.show(None, 0.3 + 0.7 * float(text.strip()) / 100)

    def flush(self) -> None:
        """Nothing is held back."""


if __name__ == "__main__":
    main()
