"""Is synvec as good as a peer, whatever the setting? ``python -m benchmarks.quality``.

Trains both in many settings over several seeds, and gives the difference of the means with its
95 % interval (Welch's, so that neither the spread nor the number of runs need be equal). With
``--reuse`` the peer's runs are made once: at a large window each takes minutes.
"""

import argparse
import sys
from collections.abc import Mapping, Sequence
from math import floor, sqrt
from pathlib import Path
from statistics import mean, variance
from typing import Any

from benchmarks import train
from benchmarks.report import table, write_json

SETTINGS: Sequence[str] = (
    "",
    "--window 2",
    "--window 10",
    "--window 15",
    "--dim 300",
    "--model cbow",
    "--model cbow --window 2",
    "--model cbow --window 10",
    "--model cbow --window 15",
    "--loss hierarchical",
    "--loss hierarchical --window 2",
    "--words 330000 --epochs 20 --min-count 5",
)
"""What differs from ``benchmarks.train``'s defaults: skip-gram, D = 100, window 5, 5 epochs."""

MEASURES = {"total": "analogies %", "MEN": "MEN", "WS-353": "WS-353"}

T_975 = (12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228)
"""Student's t for a two-sided interval of 95 %, by degrees of freedom from 1 on."""


def parse(arguments: Sequence[str]) -> tuple[argparse.Namespace, list[str]]:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.quality",
        description=__doc__.splitlines()[0],
        epilog="Everything else goes to benchmarks.train: --corpus and --eval-dir are needed.",
    )
    add = parser.add_argument
    add("--candidate", default="synvec", help="or synvec-pairs")
    add("--peer", default="gensim-file", help="or synvec-pairs, gensim-sentences, fasttext")
    add(
        "--only",
        help="the settings that contain these words, as '--model cbow'; '' is the default setting "
        "alone; without it all of them",
    )
    add("--results", type=Path, default=Path("benchmarks/results/quality.json"))
    return parser.parse_known_args(arguments)


def main(arguments: Sequence[str] | None = None) -> None:
    options, rest = parse(sys.argv[1:] if arguments is None else arguments)
    programs = f"{options.candidate},{options.peer}"
    found = []
    for setting in chosen(options.only):
        given = [*rest, "--programs", programs, *setting.split()]
        report = train.measure(train.parse(given), "part of benchmarks.quality")
        found.append({"setting": setting or "defaults", **compare(report["runs"], programs)})
        write_json(options.results, found)
    print(markdown(found, options.candidate, options.peer))


def chosen(only: str | None) -> list[str]:
    """Return the settings that ``--only`` names.

    Raises
    ------
    SystemExit
        When there is none.
    """
    if only is None:
        return list(SETTINGS)
    found = [setting for setting in SETTINGS if (only in setting if only else not setting)]
    if not found:
        raise SystemExit(f"--only {only!r} is in no setting; there are {', '.join(SETTINGS[1:])}")
    return found


def compare(runs: Sequence[Mapping[str, Any]], programs: str) -> dict[str, Any]:
    """Return for each measure both means, their difference, and half of its 95 % interval."""
    candidate, peer = (
        [run["quality"] for run in runs if run["program"] == name] for name in programs.split(",")
    )
    compared: dict[str, Any] = {"seeds": len(candidate)}
    for measure in MEASURES:
        ours, theirs = ([run[measure] for run in own] for own in (candidate, peer))
        compared[measure] = {
            "means": [mean(ours), mean(theirs)],
            "difference": mean(ours) - mean(theirs),
            "half": half_interval(ours, theirs),
        }
    return compared


def half_interval(ours: Sequence[float], theirs: Sequence[float]) -> float | None:
    """Return half of the 95 % interval of the difference of two means (Welch 1947).

    ``None`` for single runs, which tell nothing of their spread.

    Examples
    --------
    >>> half_interval([1.0, 2.0, 3.0], [1.0, 2.0, 3.0])  # 2.776 * sqrt(2 / 3)
    2.266594...
    >>> half_interval([1.0], [2.0])
    """
    if min(len(ours), len(theirs)) < 2:
        return None
    errors = [variance(values) / len(values) for values in (ours, theirs)]
    if sum(errors) == 0:
        return 0.0
    parts = (error**2 / (len(v) - 1) for error, v in zip(errors, (ours, theirs), strict=True))
    freedom = floor(sum(errors) ** 2 / sum(parts) + 1e-9)
    return T_975[min(freedom, len(T_975)) - 1] * sqrt(sum(errors))


def markdown(found: Sequence[Mapping[str, Any]], candidate: str, peer: str) -> str:
    """Write a row for each setting."""
    header = ["setting", "seeds"]
    for label in MEASURES.values():
        header += [f"{label}: {candidate}", peer, "difference"]
    rows = []
    for row in found:
        cells = [row["setting"], str(row["seeds"])]
        for measure in MEASURES:
            digits, of = (1 if measure == "total" else 3), row[measure]
            cells += [f"{value:.{digits}f}" for value in of["means"]]
            half = "" if of["half"] is None else f" ± {of['half']:.{digits}f}"
            cells.append(f"{of['difference']:+.{digits}f}{half}")
        rows.append(cells)
    return table(header, rows)


if __name__ == "__main__":
    main()
