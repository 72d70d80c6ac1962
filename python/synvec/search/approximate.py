"""An approximate index as it is asked: neighbours of vectors, with what is known of its recall."""

from __future__ import annotations

from os import PathLike
from typing import TYPE_CHECKING, Any

import numpy as np

from synvec import _core
from synvec.arithmetic import Matrix, block_rows, divisors
from synvec.key_types import KeyT
from synvec.keyed_vectors.batches import RowIndex
from synvec.search.audit import Audit
from synvec.search.engine import MISSING, Engine, Rows, UnitRows
from synvec.search.recall import RecallSample
from synvec.search.twins import Twins

if TYPE_CHECKING:
    from synvec._core import KeyTable
    from synvec.keyed_vectors import KeyedVectors

# Rows looked at again with their vectors, for each that is wanted, and some more: where an engine
# keeps vectors rounded, its own order is off by a few places.
OVERSAMPLING = 4
RESERVE = 16
EXACT_SHARE = 4
"""Who wants more than one row in four is better served by looking at all of them."""


class ApproximateIndex(RowIndex[KeyT]):
    """An index of all rows of a store; made by ``KeyedVectors.build_index`` and ``load_index``.

    Give it to ``most_similar(indexer=…)`` and ``most_similar_batch(indexer=…)``, or ask it itself.
    It is a picture of the store as it was when the index was made. Any number of threads may ask
    it at once.

    Attributes
    ----------
    kind : str
        ``"hnsw"`` or ``"ivfpq"``.
    audit : Audit
        What was found out when it was made: rows that were lost and repaired, and recall.
    effort : int
        How far a search goes; see ``KeyedVectors.build_index``. It can be set.
    workers : int
        How many threads answer a batch.
    vectors, norms : numpy.ndarray
        The vectors that it is an index of, and their lengths.
    engine : Engine
        The library's index, by which candidates are found.
    twins : Twins
        Rows that are equal: one stands in the engine for all.
    lost : numpy.ndarray
        Rows that the engine doesn't find; each query looks at them beside it.
    """

    def __init__(
        self,
        store: KeyedVectors[KeyT],
        engine: Engine,
        twins: Twins,
        lost: Rows,
        audit: Audit,
        workers: int,
    ) -> None:
        self.audit, self.workers = audit, workers
        store.fill_norms()
        norms = store.norms
        assert norms is not None
        self._keys: KeyTable[KeyT] = store.key_table.copy()
        self.row_numbers = store.row_numbers
        self.vectors, self.norms = store.vectors, norms
        self.engine, self.twins, self.lost = engine, twins, lost
        self._lost_units = UnitRows(self.vectors, norms)(lost)

    @property
    def vector_size(self) -> int:
        """D, the length of a vector."""
        return int(self.vectors.shape[1])

    @property
    def kind(self) -> str:
        """``"hnsw"`` or ``"ivfpq"``."""
        return self.engine.kind

    @property
    def parameters(self) -> dict[str, Any]:
        """What it was built with, and the effort of its searches."""
        return self.engine.parameters

    @property
    def efforts(self) -> tuple[int, ...]:
        """The efforts that are tried when none is named."""
        return self.engine.efforts

    @property
    def effort(self) -> int:
        """How far a search goes."""
        return self.engine.effort

    @effort.setter
    def effort(self, effort: int) -> None:
        if isinstance(effort, bool) or not isinstance(effort, int) or effort < 1:
            raise ValueError(f"effort is {effort!r}, expected an integer from 1 on")
        self.engine.effort = effort

    @property
    def recall(self) -> float | None:
        """recall@10 at the effort that is set; None when it wasn't measured at that one."""
        return self.audit.recalls.get(self.effort)

    def measure(self, sample: int = 500, *, seed: int = 1) -> float:
        """Measure recall@10 at the effort that is set, on rows drawn at random, and keep it.

        Returns
        -------
        float
            The share of the ten exact nearest rows of the sampled ones that were found.
        """
        measured = RecallSample(self.vectors, self.norms, sample, seed)
        self.audit.sample = len(measured)
        self.audit.recalls[self.effort] = measured.recall(self.nearest)
        return self.audit.recalls[self.effort]

    def __len__(self) -> int:
        return len(self.vectors)

    def __repr__(self) -> str:
        found = f"recall@10 {self.recall:.3f}" if self.recall is not None else "recall not measured"
        lost = f", {self.audit.lost} rows lost" if self.audit.lost else ""
        about = f"{self.kind}, {len(self)} keys, {found} at effort {self.effort}{lost}"
        return f"ApproximateIndex<{about}>"

    def save(self, fname: str | PathLike[str]) -> None:
        """Save it in one file, usually beside the store's: ``vectors.kv.hnsw``.

        The file takes the place of an old one once it is whole. The vectors aren't in it:
        ``KeyedVectors.load_index`` opens it for the store that it was made of, and no other.

        Raises
        ------
        OSError
            When the system refuses; the old file is left.
        """
        from synvec.search.files import save_index

        save_index(self, fname)

    def nearest(
        self, queries: Matrix, wanted: int, excluded: list[list[int]] | None = None
    ) -> tuple[Rows, Matrix]:
        """Return rows and cosines of the best for each unit vector, N × ``wanted`` each.

        ``excluded`` has, for each query, rows in ascending order that are no answer. As many rows
        are found as an exact search finds: what the engine leaves short is searched exactly.

        Raises
        ------
        ValueError
            When rows of the store were re-ordered or removed after the index was made.
        """
        self.row_numbers.require_current()
        wanted = min(wanted, len(self))
        if wanted * EXACT_SHARE > len(self) or wanted < 1 or not len(queries):
            return self._exactly(queries, wanted, excluded)
        spare = max(map(len, excluded)) if excluded else 0
        found, scores = self._with_lost(queries, *self._candidates(queries, wanted + spare))
        found, scores = self.twins.expand(found, scores, wanted + spare)
        if excluded and spare:
            found, scores = _without(found, scores, excluded, wanted)
        # To a zero vector all rows are alike: the exact search has an order for them.
        is_whole = queries.any(axis=1)
        is_whole &= found[:, -1] >= 0 if found.shape[1] == wanted else False
        if not is_whole.all():
            short = np.flatnonzero(~is_whole)
            left_out = [excluded[place] for place in short.tolist()] if excluded else None
            found, scores = _widened(found, wanted, MISSING), _widened(scores, wanted, np.nan)
            rows, own = self._exactly(queries[short], wanted, left_out)
            found[short], scores[short] = (
                _widened(rows, wanted, MISSING),
                _widened(own, wanted, np.nan),
            )
        return found, scores

    def _exactly(
        self, queries: Matrix, wanted: int, excluded: list[list[int]] | None
    ) -> tuple[Rows, Matrix]:
        queries = np.ascontiguousarray(queries)
        return _core.nearest(self.vectors, self.norms, queries, wanted, excluded=excluded)

    def _candidates(self, queries: Matrix, wanted: int) -> tuple[Rows, Matrix]:
        """Return rows of the engine and their cosines, best first."""
        workers = min(self.workers, len(queries))
        if self.engine.scores_are_exact:
            return self.engine.search(queries, wanted, workers)
        rows, _ = self.engine.search(queries, OVERSAMPLING * wanted + RESERVE, workers)
        scores = np.empty(rows.shape, dtype=np.float32)
        step = block_rows(rows.shape[1] * queries.shape[1] * queries.itemsize)
        for start in range(0, len(queries), step):
            block = slice(start, start + step)
            scores[block] = self._cosines(rows[block], queries[block])
        order = np.argsort(-scores, axis=1, kind="stable")[:, :wanted]
        return np.take_along_axis(rows, order, axis=1), np.take_along_axis(scores, order, axis=1)

    def _with_lost(self, queries: Matrix, found: Rows, scores: Matrix) -> tuple[Rows, Matrix]:
        """Return what was found and the rows that the engine has lost, best first."""
        if not len(self.lost):
            return found, scores
        own = np.einsum("nd,ld->nl", queries, self._lost_units)
        if found.shape[1] and (own.max(axis=1) < scores[:, -1]).all():
            return found, scores  # as nearly always; NaN is below nothing
        again = (found[:, :, np.newaxis] == self.lost).any(axis=2)
        found, scores = np.where(again, MISSING, found), np.where(again, np.float32(np.nan), scores)
        lost = np.broadcast_to(self.lost, own.shape)
        found = np.concatenate([found, lost], axis=1)
        scores = np.concatenate([scores, own], axis=1)
        order = np.argsort(-scores, axis=1, kind="stable")  # NaN comes last
        return np.take_along_axis(found, order, axis=1), np.take_along_axis(scores, order, axis=1)

    def _cosines(self, rows: Rows, queries: Matrix) -> Matrix:
        """Return the cosine of each query with each of its rows; NaN where there is none."""
        units = self.vectors[rows] / divisors(self.norms[rows].ravel()).reshape(*rows.shape, 1)
        scores: Matrix = np.einsum("ncd,nd->nc", units, queries)
        scores[rows < 0] = np.nan
        return scores


def _without(
    found: Rows, scores: Matrix, excluded: list[list[int]], wanted: int
) -> tuple[Rows, Matrix]:
    """Return the best ``wanted`` rows that are not excluded, MISSING and NaN at the end."""
    width = max(map(len, excluded))
    table = np.array([[*rows, *[MISSING] * (width - len(rows))] for rows in excluded])
    dropped = (found[:, :, np.newaxis] == table[:, np.newaxis, :]).any(axis=2) | (found < 0)
    order = np.argsort(dropped, axis=1, kind="stable")[:, :wanted]
    gone = np.take_along_axis(dropped, order, axis=1)
    kept, own = np.take_along_axis(found, order, axis=1), np.take_along_axis(scores, order, axis=1)
    return np.where(gone, MISSING, kept), np.where(gone, np.float32(np.nan), own)


def _widened(array: Any, width: int, filling: float) -> Any:
    missing = width - array.shape[1]
    return np.pad(array, ((0, 0), (0, missing)), constant_values=filling) if missing > 0 else array
