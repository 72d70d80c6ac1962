"""Speed by instruction set, dimensions, model, loss and threads: ``python -m benchmarks.table``.

Each cell is the median over the seeds of one epoch; programs alternate within a cell.
"""

import argparse
import json
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import product
from pathlib import Path
from typing import Any

from benchmarks import machine, train
from benchmarks.report import table
from synvec import _core

MODELS = ("skipgram", "cbow")
LOSSES = ("negative", "hierarchical")


@contextmanager
def instruction_set(name: str) -> Iterator[None]:
    """Make synvec use an instruction set, in processes that are started meanwhile."""
    before = os.environ.get("SYNVEC_SIMD")
    os.environ["SYNVEC_SIMD"] = name
    try:
        yield
    finally:
        if before is None:
            del os.environ["SYNVEC_SIMD"]
        else:
            os.environ["SYNVEC_SIMD"] = before


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.table", description=__doc__.splitlines()[0]
    )
    add = parser.add_argument
    add("--corpus", type=Path, required=True, help="text, also .xz, .gz or .bz2")
    add("--words", type=int, default=3_000_000, help="use only so many words of the corpus")
    add("--repeat", type=int, default=3, help="runs of each cell, with seeds 1, 2, …")
    add("--sets", default=_core.instruction_set(), help="instruction sets of synvec: avx512,avx2")
    add("--dims", default="100,300")
    add("--threads", default=f"1,{machine.available_cores()}")
    add("--peers-python", help="interpreter with gensim; or SYNVEC_PEERS_PYTHON")
    add("--output", type=Path, default=Path("benchmarks/results"), help="folder of the reports")
    options = parser.parse_args(arguments)
    for name in ("dims", "threads"):
        values = sorted({int(value) for value in getattr(options, name).split(",")})
        setattr(options, name, values)
    options.sets = options.sets.split(",")
    return options


def measure_cell(
    options: argparse.Namespace, model: str, loss: str, dim: int, threads: int
) -> dict[str, float]:
    """Return raw words per CPU-second for each instruction set and for gensim."""
    found = {}
    for name in options.sets:
        programs = "synvec,gensim-file" if name == options.sets[0] else "synvec"
        arguments = (
            f"--model {model} --loss {loss} --dim {dim} --workers {threads} --epochs 1 "
            f"--words {options.words} --repeat {options.repeat} --programs {programs}"
        ).split()
        paths = ["--corpus", str(options.corpus), "--output", str(options.output / name)]
        if options.peers_python:
            paths += ["--peers-python", options.peers_python]
        with instruction_set(name):
            report = train.measure(train.parse([*paths, *arguments]), "part of benchmarks.table")
        speeds: dict[str, Any] = report["summary"]
        found[name] = speeds["synvec"]["raw_words_per_cpu_second"]
        if "gensim-file" in speeds:
            found["gensim-file"] = speeds["gensim-file"]["raw_words_per_cpu_second"]
    return found


def main(arguments: Sequence[str] | None = None) -> None:
    options = parse(sys.argv[1:] if arguments is None else arguments)
    columns = [*options.sets, "gensim-file"]
    cells: list[dict[str, Any]] = []
    rows = []
    for model, loss, dim, threads in product(MODELS, LOSSES, options.dims, options.threads):
        speeds = measure_cell(options, model, loss, dim, threads)
        cells.append({"model": model, "loss": loss, "dim": dim, "threads": threads, **speeds})
        times = speeds[options.sets[0]] / speeds["gensim-file"]
        millions = [f"{speeds[name] / 1e6:.2f}" for name in columns]
        rows.append([model, loss, str(dim), str(threads), *millions, f"{times:.1f}"])
    text = table(["model", "loss", "D", "threads", *columns, "times"], rows) + "\n"
    (options.output / "table.json").write_text(json.dumps(cells, indent=1), encoding="utf-8")
    (options.output / "table.md").write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
