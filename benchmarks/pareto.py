"""Quality against time, for several programs: ``python -m benchmarks.pareto``.

Trains a few settings of each program, asks all of them the same questions, and plots analogies and
word similarity against the CPU-seconds of training (those of two programs that take turns on the
same cores can be compared even where the machine has other work). Needs matplotlib.
"""

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks import train
from benchmarks.report import table
from synvec import PRESETS

GENSIM_DEFAULTS = "--model cbow"
SETTINGS: Mapping[str, Sequence[str]] = {
    "synvec": (
        GENSIM_DEFAULTS,
        "--epochs 1",
        "--epochs 3",
        "--epochs 5",
        "--epochs 15",
        "--dim 50",
        "--dim 300",
        "--window 10",
        "--negative 10",
        "--model cbow --epochs 15",
        "--model cbow --window 10",
        "--model cbow --negative 15 --dim 200 --window 8 --epochs 10",
        "--dim {vector_size} --window {window} --negative {negative} --epochs {epochs}".format(
            **PRESETS["quality"]
        ),
    ),
    "gensim-file": (
        GENSIM_DEFAULTS,
        "--epochs 5",
        "--dim 300",
        "--window 10",
        "--window 2",
        "--model cbow --window 10",
        "--model cbow --window 2",
        "--loss hierarchical",
    ),
    "fasttext": ("--model cbow", "--epochs 1"),
}
"""What differs from ``benchmarks.train``'s defaults: skip-gram, D = 100, window 5, 5 epochs."""

MEASURES = {"total": "analogies, %", "MEN": "MEN, Spearman's ρ"}


def parse(arguments: Sequence[str]) -> tuple[argparse.Namespace, list[str]]:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.pareto",
        description=__doc__.splitlines()[0],
        epilog="Everything else goes to benchmarks.train: --corpus and --eval-dir are needed.",
    )
    parser.add_argument("--programs", default=",".join(SETTINGS))
    parser.add_argument("--plot", type=Path, default=Path("benchmarks/results/pareto.svg"))
    return parser.parse_known_args(arguments)


def main(arguments: Sequence[str] | None = None) -> None:
    options, rest = parse(sys.argv[1:] if arguments is None else arguments)
    points = []
    for program in options.programs.split(","):
        for setting in SETTINGS[program]:
            given = [*rest, "--programs", program, *setting.split()]
            report = train.measure(train.parse(given), "part of benchmarks.pareto")
            points.append(_point(program, setting, report))
    options.plot.parent.mkdir(parents=True, exist_ok=True)
    options.plot.with_suffix(".json").write_text(json.dumps(points, indent=1), encoding="utf-8")
    plot(points, options.plot)
    header = ["program", "setting", "CPU-s", *MEASURES.values()]
    rows = [
        [
            point["program"],
            point["setting"],
            f"{point['cpu_seconds']:.0f}",
            f"{point['total']:.1f}",
            f"{point['MEN']:.3f}",
        ]
        for point in points
    ]
    print(table(header, rows))


def _point(program: str, setting: str, report: Mapping[str, Any]) -> dict[str, Any]:
    """Return the means over the seeds."""
    runs = report["runs"]
    seconds = [run["phases"]["training"]["cpu_seconds"] for run in runs]
    quality = report["summary"][program]["quality"]
    return {
        "program": program,
        "setting": setting,
        "cpu_seconds": sum(seconds) / len(seconds),
        **{measure: quality[measure]["mean"] for measure in MEASURES},
    }


def plot(points: Sequence[Mapping[str, Any]], path: Path) -> None:
    """Draw one panel a measure: each program's points, and a line along its best ones."""
    import matplotlib

    matplotlib.use("svg")
    from matplotlib import pyplot

    figure, panels = pyplot.subplots(1, len(MEASURES), figsize=(10, 4.5), layout="constrained")
    programs = list(dict.fromkeys(point["program"] for point in points))
    for panel, (measure, label) in zip(panels, MEASURES.items(), strict=True):
        for number, program in enumerate(programs):
            own = [point for point in points if point["program"] == program]
            panel.scatter(
                [point["cpu_seconds"] for point in own],
                [point[measure] for point in own],
                color=f"C{number}",
                label=program,
            )
            best = frontier([(point["cpu_seconds"], point[measure]) for point in own])
            panel.plot(*zip(*best, strict=True), color=f"C{number}", linewidth=1)
        panel.set(xscale="log", xlabel="CPU-seconds of training", ylabel=label)
        panel.grid(alpha=0.3)
    figure.legend(*panels[0].get_legend_handles_labels(), loc="outside upper center", ncols=9)
    figure.savefig(path, metadata={"Date": None})
    pyplot.close(figure)


def frontier(points: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """Return the points, by rising cost, that none is both cheaper and better than.

    Examples
    --------
    >>> frontier([(1, 5), (3, 4), (2, 7), (4, 8)])
    [(1, 5), (2, 7), (4, 8)]
    """
    best: list[tuple[float, float]] = []
    for cost, gain in sorted(points):
        if not best or gain > best[-1][1]:
            best.append((cost, gain))
    return best


if __name__ == "__main__":
    main()
