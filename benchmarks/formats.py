"""Opening files beside gensim and fastText: ``python -m benchmarks.formats``.

Each file is made of random vectors, read once so that it lies in the page cache, opened by one
program after another in fresh processes that alternate, and removed before the next is made. The
largest takes 5 GB. Then a native file is opened and shared by two processes, and small files that
ask for much are refused.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

from benchmarks import machine
from benchmarks.format_files import Shape, key_of
from benchmarks.hostile_files import FILES
from benchmarks.programs import ROOT, find_peers_python
from benchmarks.report import table

PROGRAMS = {
    "word2vec-binary": ("synvec", "gensim"),
    "word2vec-text": ("synvec", "gensim"),
    "glove": ("synvec", "gensim"),
    "fasttext-bin": ("synvec", "gensim", "fasttext"),
}
PARTS = (*PROGRAMS, "native", "hostile")

NATIVE_STEPS = {
    "open_ms": "open, ms",
    "open_mb": "resident after it, MB",
    "lookup_ms": "first key, ms",
    "lookup_mb": "resident after it, MB",
    "query_ms": "first most_similar, ms",
    "query_mb": "resident after it, MB",
}


@dataclass(frozen=True)
class LoadRuns:
    """What the programs took to load one file."""

    name: str
    shape: Shape
    file_bytes: int
    runs: dict[str, list[dict[str, Any]]]

    @property
    def held_bytes(self) -> int:
        """What has to be in memory: keys and vectors, or all of a fastText model."""
        if self.name == "fasttext-bin":
            return self.file_bytes
        return self.shape.matrix_bytes + self.shape.key_bytes


def main(arguments: Sequence[str] | None = None) -> None:
    options = parse(arguments)
    peers = find_peers_python(options.peers_python)
    shapes = shapes_of(options)
    facts = machine.describe()
    print(f"{facts['cpu']}, {facts['cores']} cores; files in the page cache;", end=" ")
    print(f"medians of {options.repeat} processes of each program\n")
    loads = []
    for name in options.parts:
        if name in PROGRAMS:
            loads.append(time_loads(name, shapes[name], options, peers))
    if loads:
        print(load_report(loads), end="\n\n")
    if "native" in options.parts:
        print(native_report(*time_native(shapes["native"], options)), end="\n\n")
    if "hostile" in options.parts:
        print(hostile_report(time_refusals(options)))


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.formats",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("--only", dest="parts", choices=PARTS, nargs="+", default=PARTS, help="some parts alone")
    add("--binary-rows", type=int, default=1_000_000, help="of the word2vec binary file")
    add("--text-rows", type=int, default=400_000, help="of the word2vec and GloVe texts")
    add("--fasttext-rows", type=int, default=1_000_000, help="words of the fastText model")
    add("--buckets", type=int, default=2_000_000, help="n-gram rows of the fastText model")
    add("--native-rows", type=int, default=3_000_000, help="of the native file")
    add("--dim", type=int, default=300)
    add("--repeat", type=int, default=3, help="processes of each program")
    add("--peers-python", help="interpreter with gensim and fastText; or SYNVEC_PEERS_PYTHON")
    add("--folder", type=Path, help="where the files go for the while")
    return parser.parse_args(arguments)


def shapes_of(options: argparse.Namespace) -> dict[str, Shape]:
    return {
        "word2vec-binary": Shape(options.binary_rows, options.dim),
        "word2vec-text": Shape(options.text_rows, options.dim),
        "glove": Shape(options.text_rows, options.dim),
        "fasttext-bin": Shape(options.fasttext_rows, options.dim, options.buckets),
        "native": Shape(options.native_rows, options.dim),
    }


@contextmanager
def made(name: str, shape: Shape, folder: Path | None) -> Iterator[Path]:
    """Give a file of one format that lies in the page cache."""
    with tempfile.TemporaryDirectory(dir=folder) as own:
        path = Path(own) / f"vectors.{name}"
        # In a process of its own: what it takes to make the file is given back.
        code = (
            "import sys; from pathlib import Path; from benchmarks.format_files import *;"
            "name, path, *shape = sys.argv[1:];"
            "WRITERS[name](Path(path), Shape(*map(int, shape)))"
        )
        numbers = [str(number) for number in (shape.rows, shape.dimensions, shape.buckets)]
        subprocess.run(
            [sys.executable, "-c", code, name, str(path), *numbers], cwd=ROOT, check=True
        )
        with path.open("rb", buffering=0) as file:
            while file.read(1 << 24):
                pass
        yield path


def child(python: str, module: str, *arguments: str) -> dict[str, Any]:
    command = [python, "-m", f"benchmarks.{module}", *arguments]
    done = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE)
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


# --- Loading


def time_loads(name: str, shape: Shape, options: argparse.Namespace, peers: str) -> LoadRuns:
    runs: dict[str, list[dict[str, Any]]] = {program: [] for program in PROGRAMS[name]}
    with made(name, shape, options.folder) as path:
        for _ in range(options.repeat):
            for program, own in runs.items():
                python = sys.executable if program == "synvec" else peers
                own.append(
                    child(python, "run_format", program, name, str(path), key_of(shape.rows - 1))
                )
        found = LoadRuns(name, shape, path.stat().st_size, runs)
    check_agreement(found)
    return found


def check_agreement(loads: LoadRuns) -> None:
    """Every program must have read the same vector under the last key."""
    vectors = [run["vector"] for own in loads.runs.values() for run in own if "vector" in run]
    for vector in vectors:
        if not np.allclose(vector, vectors[0], rtol=1e-4, atol=1e-6):
            raise SystemExit(f"{loads.name}: the programs read {vector} and {vectors[0]}")


def load_report(loads: Sequence[LoadRuns]) -> str:
    """Write a row for each format and program: speed, CPU time, memory, and ratios of medians."""
    header = [
        "file",
        "program",
        "s",
        "MB/s",
        "CPU-s",
        "MB/CPU-s",
        "peak MB",
        "beyond what it holds",
    ]
    header += ["times gensim", "times fastText"]
    rows = []
    for found in loads:
        medians = {
            program: {
                clock: median(run[clock] for run in own)
                for clock in ("wall_seconds", "cpu_seconds", "peak_bytes")
            }
            for program, own in found.runs.items()
            if own
        }
        title = f"{found.name}, {found.shape}, {found.file_bytes / 1e6:,.0f} MB"
        for program, own in medians.items():
            rows.append([title, program, *load_cells(found, own), *ratios(medians, program)])
            title = ""
    return table(header, rows)


def load_cells(found: LoadRuns, medians: Mapping[str, float]) -> list[str]:
    wall, cpu = medians["wall_seconds"], medians["cpu_seconds"]
    size, peak = found.file_bytes / 1e6, medians["peak_bytes"] / 1e6
    beyond = peak - found.held_bytes / 1e6
    speeds = [f"{wall:.2f}", f"{size / wall:,.0f}", f"{cpu:.2f}", f"{size / cpu:,.0f}"]
    return [*speeds, f"{peak:,.0f}", f"{beyond:,.0f} MB"]


def ratios(medians: Mapping[str, Mapping[str, float]], program: str) -> list[str]:
    """Return how many times as fast as each peer a program is."""
    own = medians[program]["wall_seconds"]
    return [
        f"{medians[peer]['wall_seconds'] / own:.2f}" if peer in medians else ""
        for peer in ("gensim", "fasttext")
    ]


# --- The native format


def time_native(
    shape: Shape, options: argparse.Namespace
) -> tuple[Shape, int, dict[str, float], dict[str, float]]:
    """Return the medians of the first steps, and whose pages those of a second process are."""
    with made("native", shape, options.folder) as path:
        runs = [
            child(sys.executable, "run_native", "open", str(path)) for _ in range(options.repeat)
        ]
        steps = {step: median(run[step] for run in runs) for step in NATIVE_STEPS}
        return shape, path.stat().st_size, steps, second_process(path)


def second_process(path: Path) -> dict[str, float]:
    command = [sys.executable, "-m", "benchmarks.run_native", "hold", str(path)]
    with subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as first:
        assert first.stdout is not None
        if first.stdout.readline() != "held\n":
            raise SystemExit("the first process could not hold the file; its message stands above")
        found = child(sys.executable, "run_native", "share", str(path))
        first.communicate("")
    return found


def native_report(
    shape: Shape, file_bytes: int, steps: Mapping[str, float], shared: Mapping[str, float]
) -> str:
    rows = [[title, f"{steps[step]:.2f}"] for step, title in NATIVE_STEPS.items()]
    for whose in ("private", "shared"):
        size = shared.get(f"{whose}_mb")
        text = "not told by this system" if size is None else f"{size:,.1f}"
        rows.append([f"a second process reads all vectors: {whose}, MB", text])
    return table([f"native, {shape}, {file_bytes / 1e6:,.0f} MB", "beyond the import"], rows)


# --- Hostile files


def time_refusals(options: argparse.Namespace) -> dict[str, dict[str, Any]]:
    refusals = {}
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        path = Path(folder) / "hostile"
        for title, make in FILES.items():
            path.write_bytes(make())
            runs = [
                child(sys.executable, "run_format", "refuse", str(path))
                for _ in range(options.repeat)
            ]
            refusals[title] = {
                "outcome": runs[0]["outcome"],
                "seconds": median(run["seconds"] for run in runs),
                "bytes": median(run["bytes"] for run in runs),
            }
    return refusals


def hostile_report(refusals: Mapping[str, Mapping[str, Any]]) -> str:
    rows = [
        [
            title,
            found["outcome"],
            f"{1000 * found['seconds']:,.1f}",
            f"{found['bytes'] / 1e6:,.1f}",
        ]
        for title, found in refusals.items()
    ]
    return table(["hostile file", "outcome", "ms", "MB beyond the import"], rows)


if __name__ == "__main__":
    main()
