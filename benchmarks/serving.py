"""A server under load: ``python -m benchmarks.serving``. Each part stands in the report by itself.

The load is open-loop and comes from another process (``benchmarks.load``), so that waiting counts.
"""

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import machine
from benchmarks.index import synthetic
from benchmarks.report import table, write_json
from benchmarks.server_process import ServerProcess, memory_of, serving, wait_for_answer
from synvec import KeyedVectors

Report = dict[str, Any]
STEPS = (0.6, 0.8, 1.0, 1.3, 1.7, 2.2, 2.9, 3.8, 5.0, 6.5)
"""Of the in-process rate; a step is sustained when 99 % of its requests are answered."""
SUSTAINED = 0.99
HALVINGS = 3
"""Of the gap between the last step that was sustained and the first that was not."""


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = parser_of("serving", __doc__, rows=400_000, dim=300)
    add = parser.add_argument
    add("--start-rows", type=int, default=1_000_000, help="of the file whose start is timed")
    add("--seconds", type=float, default=10, help="of each step of load")
    add("--overload-seconds", type=float, default=60)
    add("--queries", default="1,16", help="queries a request, each measured by itself")
    add("--parts", default="start,sharing,load", help="what is measured")
    add("--index", action="store_true", help="the load by an hnsw index, of vectors with clusters")
    return parser.parse_args(arguments)


def parser_of(program: str, doc: str, *, rows: int, dim: int) -> argparse.ArgumentParser:
    """Return a parser of what is served, and where the report goes."""
    results = Path("benchmarks/results")
    parser = argparse.ArgumentParser(
        prog=f"python -m benchmarks.{program}", description=doc.splitlines()[0]
    )
    add = parser.add_argument
    add("--rows", type=int, default=rows)
    add("--dim", type=int, default=dim)
    add("--workers", type=int, default=1)
    add("--data", type=Path, default=results, help="where vectors are kept")
    add("--output", type=Path, default=results / f"{program}.json")
    return parser


def vectors(folder: Path, rows: int, dim: int) -> Path:
    """Return a file of random vectors, made when it isn't there."""
    path = folder / f"random-{rows}x{dim}.kv"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        matrix = np.random.default_rng(1).standard_normal((rows, dim), dtype=np.float32)
        KeyedVectors.from_arrays([f"word{row}" for row in range(rows)], matrix).save(path)
    return path


def indexed(folder: Path, rows: int, dim: int) -> tuple[Path, Path]:
    """Return a file of vectors with clusters and one of their index, made when they aren't there.

    Among random vectors without any nothing is near anything, and a graph finds little.
    """
    path = folder / f"clustered-{rows}x{dim}.kv"
    index = Path(f"{path}.hnsw")
    if not index.exists():
        folder.mkdir(parents=True, exist_ok=True)
        kv = KeyedVectors.from_arrays([f"word{row}" for row in range(rows)], synthetic(rows, dim))
        kv.save(path)
        kv.build_index("hnsw").save(index)
    return path, index


def in_process(path: Path, index: Path | None, queries: int, seconds: float) -> float:
    """Return requests a second of one caller that has the vectors in its own process."""
    kv = KeyedVectors.load(path, mmap="r")
    indexer = kv.load_index(index) if index else None
    generator = np.random.default_rng(2)
    keys = [f"word{row}" for row in generator.integers(len(kv), size=queries * 64)]
    kv.most_similar(keys[0], indexer=indexer)
    asked, start = 0, time.perf_counter()
    while time.perf_counter() - start < seconds:
        first = asked % 64 * queries
        if queries == 1:
            kv.most_similar(keys[first], indexer=indexer)
        else:
            kv.most_similar_batch(keys[first : first + queries], indexer=indexer)
        asked += 1
    return asked / (time.perf_counter() - start)


def load(server: ServerProcess, rows: int, queries: int, rate: float, seconds: float) -> Report:
    """Return what a second process saw at a constant rate."""
    command = [sys.executable, "-m", "benchmarks.load", server.url, "--model", "vectors"]
    numbers = f"--count {rows} --rate {rate} --seconds {seconds} --queries {queries}".split()
    out = subprocess.run([*command, *numbers], check=True, capture_output=True, text=True).stdout
    report: Report = json.loads(out)
    return report


def share_of(report: Report) -> float:
    """Return the share of requests that were answered."""
    return float(report["statuses"].get("200", 0) / report["sent"])


def find_capacity(
    server: ServerProcess, options: argparse.Namespace, queries: int, rate: float
) -> tuple[float, list[Report]]:
    """Return the highest rate that is sustained, and what was seen on the way there."""
    steps: list[Report] = []

    def is_sustained(step: float) -> bool:
        steps.append(load(server, options.rows, queries, rate * step, options.seconds))
        return share_of(steps[-1]) >= SUSTAINED

    good, bad = 0.0, STEPS[-1] + 1
    for step in STEPS:
        if not is_sustained(step):
            bad = step
            break
        good = step
    for _ in range(HALVINGS):
        middle = (good + bad) / 2
        good, bad = (middle, bad) if is_sustained(middle) else (good, middle)
    held = [report for report in steps if share_of(report) >= SUSTAINED] or steps[:1]
    return max(report["accepted_per_second"] for report in held), steps


def measure_load(
    options: argparse.Namespace, path: Path, index: Path | None, queries: int
) -> Report:
    """Find the rate that is sustained, then look at 70 % and 200 % of it."""
    # A B A: the in-process rate before and after.
    before = in_process(path, index, queries, options.seconds)
    chosen = ("--index", str(index)) if index else ()
    with serving([f"vectors={path}"], "--workers", str(options.workers), *chosen) as server:
        load(server, options.rows, queries, before * 0.3, 3)
        capacity, steps = find_capacity(server, options, queries, before)
        normal = load(server, options.rows, queries, 0.7 * capacity, options.seconds)
        memory = server.own_bytes()
        over = load(server, options.rows, queries, 2 * capacity, options.overload_seconds)
        after = load(server, options.rows, queries, 0.7 * capacity, max(8, options.seconds))
        grown = server.own_bytes() - memory
    again = in_process(path, index, queries, options.seconds)
    base = (before + again) / 2
    normal_p99 = normal["p99_ms"]
    back = [second for second, p99 in enumerate(after["p99_ms_by_second"]) if p99 < 2 * normal_p99]
    return {
        "queries": queries,
        "in_process_per_second": base,
        "capacity_per_second": capacity,
        "share_of_in_process": capacity / base,
        "p99_over_p50_at_70_percent": normal_p99 / normal["p50_ms"],
        "overload_p99_over_normal": over["p99_ms"] / normal_p99,
        "seconds_to_recover": min(back, default=None),
        "memory_grown_bytes": grown,
        "steps": steps, "normal": normal, "overload": over, "after": after,
    }  # fmt: skip


def measure_start(path: Path) -> Report:
    """Time from the command to the first answer to a query, five times."""
    seconds = []
    for _ in range(5):
        start = time.perf_counter()
        with serving([f"vectors={path}"], wait=False) as server:
            wait_for_answer(server, "/v1/models/vectors/neighbors?key=word7")
            seconds.append(time.perf_counter() - start)
    return {"seconds": seconds, "median_seconds": float(np.median(seconds))}


def measure_sharing(path: Path) -> Report:
    """Return what two workers that serve two models take together, beside what one does.

    The proportional share (PSS) of a page is its size divided by the processes that have it: summed
    over the workers, and the supervisor, it is the memory that is really taken.
    """
    report: Report = {"models": 2, "file_bytes": path.stat().st_size}
    for workers in (1, 2):
        options = ("--workers", str(workers))
        with serving([f"one={path}", f"other={path}"], *options) as server:
            ask_all(server, report["file_bytes"])
            sizes = [memory_of(worker) for worker in server.workers()]
            report[f"with_{workers}"] = {
                "resident_bytes": sum(size.resident for size in sizes),
                "proportional_bytes": sum(size.proportional for size in sizes),
                "own_bytes_of_a_worker": max(size.own for size in sizes),
            }
    return report


def ask_all(server: ServerProcess, file_bytes: int) -> None:
    """Ask until each worker has looked at the rows of both models."""
    for _ in range(500):
        for model in ("one", "other"):
            server.get(f"/v1/models/{model}/neighbors?key=word7")
        if all(memory_of(worker).resident > 1.8 * file_bytes for worker in server.workers()):
            return


def main(arguments: Sequence[str] | None = None) -> None:
    options = parse(arguments)
    parts = options.parts.split(",")
    report: Report = {"machine": machine.describe(), "workers": options.workers}
    path = vectors(options.data, options.rows, options.dim)
    if "start" in parts:
        large = vectors(options.data, options.start_rows, options.dim)
        report["start"] = measure_start(large)
        print(f"start to first answer: {report['start']['median_seconds']:.2f} s")
    if "sharing" in parts:
        report["sharing"] = measure_sharing(path)
        print(json.dumps(report["sharing"]))
    if "load" in parts:
        index = None
        if options.index:
            path, index = indexed(options.data, options.rows, options.dim)
        counts = map(int, options.queries.split(","))
        loads = [measure_load(options, path, index, queries) for queries in counts]
        report["load"] = loads
        columns = list(loads[0])[:8]
        rows = [[f"{each[name]:.4g}" if each[name] is not None else "never" for name in columns]
                for each in loads]  # fmt: skip
        print(table(columns, rows))
    write_json(options.output, report)


if __name__ == "__main__":
    main()
