"""From the vectors of a store to an index of them: distinct rows, engine, audit, recall."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, TypeAlias, get_args

import numpy as np

from synvec import _core
from synvec.key_types import KeyT
from synvec.progress import Progress, ProgressCallback, observing
from synvec.search.approximate import ApproximateIndex
from synvec.search.audit import Audit, repair
from synvec.search.engine import Engine, Rows, UnitRows
from synvec.search.hnsw import HnswEngine
from synvec.search.ivfpq import IvfPqEngine
from synvec.search.recall import RecallSample
from synvec.search.twins import Twins

if TYPE_CHECKING:
    from synvec.keyed_vectors import KeyedVectors

Kind: TypeAlias = Literal["hnsw", "ivfpq"]

TARGET_RECALL = 0.95


def build_index(
    store: KeyedVectors[KeyT],
    kind: Kind = "hnsw",
    *,
    effort: int | None = None,
    target_recall: float = TARGET_RECALL,
    sample: int = 500,
    seed: int = 1,
    workers: int | None = None,
    progress: Progress = False,
    **options: Any,
) -> ApproximateIndex[KeyT]:
    """Build an approximate index of all rows of a store; see `KeyedVectors.build_index`."""
    workers = checked_workers(workers)
    _check(kind, effort, target_recall, sample)
    store.fill_norms()
    vectors, norms = store.vectors, store.norms
    assert norms is not None
    if not np.isfinite(norms).all():
        raise ValueError("the vectors hold NaN or infinity, expected finite float32 numbers")
    if not norms.any():
        raise ValueError("there are no vectors to index, or zero vectors alone")
    units = UnitRows(vectors, norms)
    twins = Twins.among(np.flatnonzero(norms), units)
    rows = twins.without(np.flatnonzero(norms))
    engine = _engine(kind, vectors.shape[1], len(rows), options)
    audit = Audit()
    with observing(progress) as report:
        _fill(engine, rows, units, workers, seed, report)
        lost = repair(engine, rows, units, workers, audit)
    index = ApproximateIndex(store, engine, twins, lost, audit, workers)
    measured = RecallSample(vectors, norms, sample, seed)
    audit.sample = len(measured)
    _choose_effort(index, effort, target_recall, measured)
    audit.warn(index.effort)
    return index


def checked_workers(workers: int | None) -> int:
    """Return how many threads are meant: all cores by default."""
    if workers is None:
        return _core.available_workers()
    if isinstance(workers, bool) or not isinstance(workers, int) or workers < 1:
        raise ValueError(f"workers is {workers!r}, expected an integer from 1 on")
    return workers


def _check(kind: str, effort: int | None, target_recall: float, sample: int) -> None:
    if kind not in get_args(Kind):
        raise ValueError(f"kind is {kind!r}, expected 'hnsw' or 'ivfpq'")
    if effort is not None and (not isinstance(effort, int) or effort < 1):
        raise ValueError(f"effort is {effort!r}, expected an integer from 1 on, or None")
    if not 0 < target_recall <= 1:
        raise ValueError(
            f"target_recall is {target_recall!r}, expected a number above 0, at most 1"
        )
    if not isinstance(sample, int) or sample < 1:
        raise ValueError(f"sample is {sample!r}, expected how many rows recall is measured on")


def _engine(kind: Kind, vector_size: int, rows: int, options: dict[str, Any]) -> Engine:
    try:
        if kind == "hnsw":
            return HnswEngine(vector_size, **options)
        return IvfPqEngine(vector_size, rows=rows, **options)
    except TypeError as error:
        raise TypeError(f"an {kind} index takes no such options: {', '.join(options)}") from error


def _fill(
    engine: Engine,
    rows: Rows,
    units: UnitRows,
    workers: int,
    seed: int,
    report: ProgressCallback | None,
) -> None:
    wanted = min(engine.training_rows, len(rows))
    if wanted:
        chosen = np.random.default_rng(seed).choice(rows, wanted, replace=False)
        engine.train(units(np.sort(chosen)), workers)
    done = 0
    for some, own in units.blocks(rows):
        engine.add(some, own, workers)
        done += len(some)
        if report is not None:
            report({"phase": "index", "rows": done, "total_rows": len(rows)})


def _choose_effort(
    index: ApproximateIndex[Any], effort: int | None, target_recall: float, measured: RecallSample
) -> None:
    """Take the effort that is asked for, or the least that reaches the target on the sample."""
    for tried in index.efforts if effort is None else (effort,):
        index.effort = tried
        recall = measured.recall(index.nearest)
        index.audit.recalls[tried] = recall
        if recall >= target_recall:
            break
