"""Open a large native file: ``python -m benchmarks.open``: milliseconds and resident memory.

Writes a file of random vectors once, then opens it in fresh processes. Memory is what the process
holds beyond its imports: mapped pages count once they are touched.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median

import numpy as np

from benchmarks import machine
from benchmarks.measure import resident_bytes
from benchmarks.programs import ROOT

STEPS = {
    "open_ms": "open, ms",
    "open_mb": "open, MB",
    "lookup_ms": "first key, ms",
    "lookup_mb": "after it, MB",
    "query_ms": "first most_similar, ms",
    "query_mb": "after it, MB",
}


def write(path: Path, rows: int, dimensions: int) -> None:
    """Write a native file of random vectors under keys of everyday length."""
    from synvec import _core, save_native

    random = np.random.default_rng(1)
    vectors = random.standard_normal((rows, dimensions), dtype=np.float32)
    keys = _core.KeyTable(f"word_{row:07}" for row in range(rows))
    save_native(path, keys, vectors, norms=np.linalg.norm(vectors, axis=1))


def measure(path: str) -> dict[str, float]:
    """Open, look one key up, ask one question; the clock and the memory after each."""
    from synvec import KeyedVectors, load

    before = resident_bytes()
    found: dict[str, float] = {}

    def note(step: str, started: float) -> None:
        found[f"{step}_ms"] = 1000 * (time.perf_counter() - started)
        found[f"{step}_mb"] = (resident_bytes() - before) / 1e6

    started = time.perf_counter()
    vectors = load(path)
    note("open", started)
    assert isinstance(vectors, KeyedVectors)
    last = f"word_{len(vectors) - 1:07}"
    started = time.perf_counter()
    vectors[last]
    note("lookup", started)
    started = time.perf_counter()
    vectors.most_similar(last)
    note("query", started)
    return found


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.open")
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--dim", type=int, default=300)
    parser.add_argument("--repeat", type=int, default=7)
    parser.add_argument("--folder", type=Path, help="where the file goes for the while")
    parser.add_argument("--measure", help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.measure:
        print(json.dumps(measure(options.measure)))
        return
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        path = Path(folder) / "vectors.kv"
        write(path, options.rows, options.dim)
        command = [sys.executable, "-m", "benchmarks.open", "--measure", str(path)]
        runs = [
            json.loads(subprocess.run(command, cwd=ROOT, check=True, capture_output=True).stdout)
            for _ in range(options.repeat)
        ]
        size = path.stat().st_size
    facts = machine.describe()
    print(f"{options.rows:,} x {options.dim}, {size / 1e6:,.0f} MB in the page cache")
    print(f"{facts['cpu']}, {facts['cores']} cores; median of {options.repeat} processes\n")
    for step, title in STEPS.items():
        print(f"{title:24} {median(run[step] for run in runs):10.2f}")


if __name__ == "__main__":
    main()
