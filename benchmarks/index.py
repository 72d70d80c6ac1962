"""An approximate index beside the bare library and exact search: ``python -m benchmarks.index``.

The vectors are made from a seed: clusters of Zipf's sizes, dimensions of falling weight, lengths as
those of words have them. Both indexes are built with the same parameters and asked the same
queries at the same effort, by turns; the bare library gets unit vectors that are there already,
and is neither audited nor measured. CPU-seconds are counted, which other work on the machine
disturbs least.
"""

import argparse
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks import machine
from benchmarks.report import table
from synvec import KeyedVectors, _core
from synvec.search.audit import Audit, repair
from synvec.search.engine import UnitRows

QUERIES = 2000
SINGLE = 1000
"""So many of the queries are asked one by one as well."""
Matrix = NDArray[np.float32]
Spent = tuple[float, float]
"""CPU-seconds and seconds."""


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.index")
    add = parser.add_argument
    add("--rows", type=int, default=1_000_000)
    add("--dimensions", type=int, default=100)
    add("--kind", choices=["hnsw", "ivfpq"], default="hnsw")
    add("--dtype", choices=["float32", "float16", "int8"], default="float32", help="hnsw only")
    add("--workers", type=int, default=_core.available_workers())
    add("--repeat", type=int, default=5, help="turns of each program with the queries")
    options = parser.parse_args(arguments)
    vectors = synthetic(options.rows, options.dimensions)
    kv = KeyedVectors.from_arrays([f"word_{row}" for row in range(len(vectors))], vectors)
    facts = machine.describe()
    print(
        f"{facts['cpu']}, {facts['cores']} cores, {options.workers} workers; "
        f"{options.rows:,} × {options.dimensions}, {options.kind}\n"
    )
    print(report(kv, options))


def synthetic(rows: int, dimensions: int, seed: int = 1) -> Matrix:
    """Return vectors with clusters and norms like those of trained words."""
    random = np.random.default_rng(seed)
    clusters = max(1, rows // 100)
    weights = (1 + np.arange(dimensions, dtype=np.float32)) ** np.float32(-0.3)
    shares = (1 + np.arange(clusters)) ** -0.7
    centers = random.standard_normal((clusters, dimensions), dtype=np.float32)
    vectors: Matrix = random.standard_normal((rows, dimensions), dtype=np.float32)
    chosen = random.choice(clusters, rows, p=shares / shares.sum())
    for start in range(0, rows, 1 << 16):
        block = slice(start, start + (1 << 16))
        vectors[block] = (0.9 * vectors[block] + centers[chosen[block]]) * weights
    vectors *= random.lognormal(0.0, 0.4, (rows, 1)).astype(np.float32)
    return vectors


def report(kv: KeyedVectors, options: Any) -> str:
    """Measure all, and write a row for each figure."""
    choice = {"dtype": options.dtype} if options.kind == "hnsw" else {}
    index, build = spent(
        kv.build_index, options.kind, workers=options.workers, sample=QUERIES, **choice
    )
    audit = time_of_audit(index, options.workers)
    units = kv.get_normed_vectors()
    bare, bare_build = spent(build_bare, index, units, options.workers)
    rows = np.random.default_rng(7).choice(len(kv), QUERIES, replace=False)
    queries = units[rows]
    batches: dict[str, list[float]] = {"synvec": [], "bare": []}
    singles: dict[str, list[float]] = {"synvec": [], "bare": []}
    for _ in range(options.repeat):
        batches["synvec"].append(spent(index.nearest, queries, 10)[1][0])
        batches["bare"].append(spent(bare.search, queries, 10, options.workers)[1][0])
        singles["synvec"].append(spent(one_by_one, index.nearest, queries)[1][0])
        singles["bare"].append(spent(one_by_one, bare.search, queries, 1)[1][0])
    exact = spent(kv.most_similar_batch, queries[:SINGLE], as_arrays=True)[1][0]
    rates = {name: QUERIES / median(times) for name, times in batches.items()}
    alone = {name: SINGLE / median(times) for name, times in singles.items()}
    saved, opened, megabytes = files(kv, index)
    found = index.audit
    lines: list[list[Any]] = [
        ["build, CPU-seconds", build[0], bare_build[0]],
        ["build, seconds", build[1], bare_build[1]],
        ["audit, CPU-seconds", audit[0], ""],
        ["audit by build", f"{audit[0] / bare_build[0]:.1%}", ""],
        ["rows repaired, lost", f"{found.repaired}, {found.lost}", ""],
        [f"recall@10 at effort {index.effort}", f"{index.recall:.4f}", ""],
        [f"queries a CPU-second, {QUERIES} at once", rates["synvec"], rates["bare"]],
        ["by the library's", f"{rates['synvec'] / rates['bare']:.1%}", ""],
        ["queries a CPU-second, one by one", alone["synvec"], alone["bare"]],
        ["by the library's", f"{alone['synvec'] / alone['bare']:.1%}", ""],
        ["exact queries a CPU-second", SINGLE / exact, ""],
        [f"saving {megabytes:.0f} MB, seconds", saved, ""],
        ["opening and verifying, seconds", opened, ""],
    ]
    cells = [[f"{it:,.2f}" if isinstance(it, float) else str(it) for it in line] for line in lines]
    return table(["", "synvec", f"{index.engine.module} alone"], cells)


class BareUsearch:
    """usearch as one uses it without synvec."""

    def __init__(self, index: Any, units: Matrix, workers: int) -> None:
        from usearch.index import Index

        made = index.parameters
        names = {"float32": "f32", "float16": "f16", "int8": "i8"}
        self._index = Index(
            ndim=units.shape[1],
            metric="ip",
            dtype=names[made["dtype"]],
            connectivity=made["connectivity"],
            expansion_add=made["expansion"],
            expansion_search=made["effort"],
        )
        self._index.add(np.arange(len(units)), units, threads=workers)

    def search(self, queries: Matrix, wanted: int, workers: int) -> object:
        return self._index.search(queries, wanted, threads=workers)


class BareFaiss:
    """faiss as one uses it without synvec."""

    def __init__(self, index: Any, units: Matrix, workers: int) -> None:
        import faiss

        made = index.parameters
        faiss.omp_set_num_threads(workers)
        metric = faiss.METRIC_INNER_PRODUCT
        self._quantizer = faiss.IndexFlat(units.shape[1], metric)
        size = units.shape[1], made["lists"], made["code_bytes"]
        self._index = faiss.IndexIVFPQ(self._quantizer, *size, 8, metric)
        wanted = min(len(units), index.engine.training_rows)
        chosen = np.random.default_rng(1).choice(len(units), wanted, replace=False)
        self._index.train(units[np.sort(chosen)])
        self._index.add(units)
        self._index.nprobe = made["effort"]

    def search(self, queries: Matrix, wanted: int, workers: int) -> object:
        return self._index.search(queries, wanted)


def time_of_audit(index: Any, workers: int) -> Spent:
    """Return what it takes to look for all rows once more; the few repairs are done already."""
    units = UnitRows(index.vectors, index.norms)
    rows = index.twins.without(np.flatnonzero(index.norms))
    taken: Spent = spent(repair, index.engine, rows, units, workers, Audit())[1]
    return taken


def build_bare(index: Any, units: Matrix, workers: int) -> BareUsearch | BareFaiss:
    return (BareUsearch if index.kind == "hnsw" else BareFaiss)(index, units, workers)


def one_by_one(search: Callable[..., Any], queries: Matrix, *workers: int) -> None:
    for place in range(SINGLE):
        search(queries[place : place + 1], 10, *workers)


def files(kv: KeyedVectors, index: Any) -> tuple[float, float, float]:
    """Return seconds to save and to open an index, and its megabytes."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "index")
        _, saved = spent(index.save, path)
        _, opened = spent(kv.load_index, path)
        return saved[1], opened[1], path.stat().st_size / 1e6


def spent(call: Callable[..., Any], *arguments: Any, **options: Any) -> tuple[Any, Spent]:
    """Return what a call returns, and the CPU-seconds and seconds that it took."""
    cpu, started = time.process_time(), time.perf_counter()
    result = call(*arguments, **options)
    return result, (time.process_time() - cpu, time.perf_counter() - started)


if __name__ == "__main__":
    main()
