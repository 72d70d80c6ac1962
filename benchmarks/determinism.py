"""What the same bits cost in time: ``python -m benchmarks.determinism --corpus FILE``.

One epoch of the default and of ``deterministic=True``, alternating (A B A B), for each number of
workers: medians of wall and CPU seconds of the training phase, ratios of medians, and how much
faster each is than with the first number of workers. What they cost in quality is told by
``benchmarks.train --programs synvec,synvec-deterministic --eval-dir FOLDER``.
"""

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks import machine, train
from benchmarks.report import table

DEFAULT, DETERMINISTIC = "synvec", "synvec-deterministic"
CLOCKS = ("wall", "cpu")
MODELS = {
    "skipgram": "--model skipgram",
    "hierarchical": "--model skipgram --loss hierarchical",
    "cbow": "--model cbow",
}


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.determinism", description=__doc__.splitlines()[0]
    )
    add = parser.add_argument
    add("--corpus", type=Path, required=True, help="text, also .xz, .gz or .bz2")
    add("--words", type=int, help="use only so many words of the corpus")
    add("--repeat", type=int, default=7, help="alternations for each row, with seeds 1, 2, …")
    add("--models", default="skipgram", help=f"of {','.join(MODELS)}")
    add("--dim", type=int, default=100)
    add("--workers", default=f"1,{machine.available_cores()}", help="numbers of workers: 1,2,4")
    add("--output", type=Path, default=Path("benchmarks/results"), help="folder of the reports")
    options = parser.parse_args(arguments)
    options.models = options.models.split(",")
    for name in options.models:
        if name not in MODELS:
            parser.error(f"--models: {name} is not one of {', '.join(MODELS)}")
    options.workers = [int(workers) for workers in options.workers.split(",")]
    return options


def measure(options: argparse.Namespace, model: str, workers: int) -> dict[str, Any]:
    """Return a row: every run's seconds, their medians, and the ratios of these."""
    given = [
        *("--corpus", str(options.corpus), "--output", str(options.output)),
        *("--programs", f"{DEFAULT},{DETERMINISTIC}", "--epochs", "1"),
        *("--repeat", str(options.repeat), "--dim", str(options.dim), "--workers", str(workers)),
        *MODELS[model].split(),
    ]
    given += ["--words", str(options.words)] if options.words else []
    report = train.measure(train.parse(given), "part of benchmarks.determinism")
    return {"model": model, "workers": workers, **compare(report["runs"])}


def compare(runs: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return for each clock what both take, and how many times as long the same bits take."""
    row: dict[str, Any] = {}
    for clock in CLOCKS:
        seconds = {
            name: [
                run["phases"]["training"][f"{clock}_seconds"]
                for run in runs
                if run["program"] == name
            ]
            for name in (DEFAULT, DETERMINISTIC)
        }
        medians = {name: median(values) for name, values in seconds.items()}
        ratio = medians[DETERMINISTIC] / medians[DEFAULT]
        row[clock] = {"runs": seconds, "medians": medians, "ratio": ratio}
    return row


def markdown(rows: Sequence[Mapping[str, Any]]) -> str:
    """Write a row for each model and number of workers; what scales is the wall clock."""
    header = ["model", "workers"]
    for clock in ("wall s", "CPU-s"):
        header += [f"default, {clock}", f"deterministic, {clock}", "times"]
    header += ["default, speed-up", "deterministic, speed-up"]
    first = {row["model"]: row["wall"]["medians"] for row in reversed(rows)}
    cells = []
    for row in rows:
        line = [row["model"], str(row["workers"])]
        for clock in CLOCKS:
            medians = row[clock]["medians"]
            line += [f"{medians[name]:.2f}" for name in (DEFAULT, DETERMINISTIC)]
            line.append(f"{row[clock]['ratio']:.2f}")
        wall = row["wall"]["medians"]
        base = first[row["model"]]
        line += [f"{base[name] / wall[name]:.2f}" for name in (DEFAULT, DETERMINISTIC)]
        cells.append(line)
    return table(header, cells) + "\n"


def main(arguments: Sequence[str] | None = None) -> None:
    options = parse(sys.argv[1:] if arguments is None else arguments)
    rows = []
    for model in options.models:
        for workers in options.workers:
            rows.append(measure(options, model, workers))
            path = options.output / "determinism.json"
            path.write_text(json.dumps(rows, indent=1), encoding="utf-8")
    text = markdown(rows)
    (options.output / "determinism.md").write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
