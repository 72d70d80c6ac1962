"""Runs to a table: medians of speed, ratios of medians, means of quality."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import mean, median, stdev
from typing import Any

Run = Mapping[str, Any]

SPEEDS = {
    "raw_words_per_cpu_second": "raw M/CPU-s",
    "raw_words_per_wall_second": "raw M/s",
    "trained_words_per_cpu_second": "trained M/CPU-s",
    "trained_words_per_wall_second": "trained M/s",
}
ANALOGIES = ("total", "semantic", "syntactic")


def write_json(path: Path, report: Any) -> None:
    """Write a report; its folder is made."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(report, indent=1), encoding="utf-8")


def add_speeds(run: Run, raw_words: int, expected_trained_words: float) -> dict[str, Any]:
    """Add words per second of the training phase.

    Raw words are those of the corpus times the epochs, for every program alike; trained words are
    what the program reports, or what subsampling is expected to leave where it reports nothing.
    """
    trained = run.get("trained_words")
    seconds = run["phases"]["training"]
    speeds = {}
    for name, words in (("raw", raw_words), ("trained", trained or expected_trained_words)):
        for clock in ("cpu", "wall"):
            speeds[f"{name}_words_per_{clock}_second"] = words / seconds[f"{clock}_seconds"]
    return {**run, **speeds, "trained_words_are_expected": trained is None}


def summarize(runs: Sequence[Run], against: str) -> dict[str, dict[str, Any]]:
    """Return for each program the medians, their ratio to a peer's, and quality over the seeds."""
    summary: dict[str, dict[str, Any]] = {}
    for name in dict.fromkeys(run["program"] for run in runs):
        own = [run for run in runs if run["program"] == name]
        peaks = [run["peak_bytes"] for run in own if run["peak_bytes"] is not None]
        summary[name] = {
            "runs": len(own),
            **{speed: median(run[speed] for run in own) for speed in SPEEDS},
            "vocabulary_wall_seconds": _median_of_phase(own, "vocabulary"),
            "training_wall_seconds": _median_of_phase(own, "training"),
            "process_wall_seconds": median(run["process_wall_seconds"] for run in own),
            "peak_bytes": median(peaks) if peaks else None,
            "quality": _quality([run["quality"] for run in own if run.get("quality")]),
        }
    if against in summary:
        for row in summary.values():
            row["times_the_peer"] = {
                speed: row[speed] / summary[against][speed] for speed in SPEEDS
            }
    return summary


def _median_of_phase(runs: Sequence[Run], phase: str) -> float:
    return float(median(run["phases"][phase]["wall_seconds"] for run in runs))


def _quality(scores: Sequence[Mapping[str, float]]) -> dict[str, dict[str, float | None]]:
    found: dict[str, dict[str, float | None]] = {}
    for name in scores[0] if scores else ():
        values = [run[name] for run in scores]
        found[name] = {"mean": mean(values), "sd": stdev(values) if len(values) > 1 else None}
    return found


def markdown(report: Mapping[str, Any]) -> str:
    """Write the report as Markdown: what was measured on what, speed, quality."""
    parts = [_facts(report), _speed_table(report), _quality_table(report)]
    return "\n\n".join(part for part in parts if part) + "\n"


def _facts(report: Mapping[str, Any]) -> str:
    machine, corpus = report["machine"], report["corpus"]
    versions = {k: v for run in report["runs"] for k, v in run["versions"].items() if k != "python"}
    instruction_sets = {
        run["instruction_set"] for run in report["runs"] if "instruction_set" in run
    }
    used = f"; synvec used {', '.join(sorted(instruction_sets))}" if instruction_sets else ""
    return "\n".join(
        [
            f"- {machine['cpu']}, {machine['cores']} cores, {' '.join(machine['instruction_sets'])}"
            f"{used}",
            f"- {', '.join(f'{name} {number}' for name, number in versions.items())}; "
            f"{machine['system']}",
            f"- {corpus['name']}: {corpus['raw_words']:,} words, "
            f"lines of at most {corpus['line_words']:,}",
            f"- `{report['command']}`",
            f"- seeds {', '.join(map(str, report['seeds']))}; one run after another, programs "
            "alternating; medians; speeds are those of the training phase alone",
        ]
    )


def _speed_table(report: Mapping[str, Any]) -> str:
    against = report["against"]
    summary = report["summary"]
    header = [
        "program",
        *SPEEDS.values(),
        "vocabulary s",
        "whole process s",
        "peak MB",
        *([f"raw/CPU-s, times {against}"] if against in summary else []),
    ]
    expected = {run["program"] for run in report["runs"] if run["trained_words_are_expected"]}
    rows = []
    for name, row in summary.items():
        speeds = [f"{row[speed] / 1e6:.3f}" for speed in SPEEDS]
        if name in expected:
            speeds[2:] = [f"({speed})" for speed in speeds[2:]]
        peak = "" if row["peak_bytes"] is None else f"{row['peak_bytes'] / 1e6:,.0f}"
        ratios = [f"{row['times_the_peer']['raw_words_per_cpu_second']:.2f}"] * (against in summary)
        seconds = [f"{row[key]:.1f}" for key in ("vocabulary_wall_seconds", "process_wall_seconds")]
        rows.append([name, *speeds, *seconds, peak, *ratios])
    notes = []
    if expected:
        notes.append(
            "In brackets: the program does not count them; expected from the subsampling formula."
        )
    if reused := {run["program"] for run in report["runs"] if run.get("is_reused")}:
        names = ", ".join(sorted(reused))
        notes.append(f"Measured at another time (`--reuse`), so not side by side: {names}.")
    return "\n\n".join([table(header, rows), *notes])


def _quality_table(report: Mapping[str, Any]) -> str:
    qualities = {name: row["quality"] for name, row in report["summary"].items() if row["quality"]}
    if not qualities:
        return ""
    measures = list(next(iter(qualities.values())))
    header = ["program", *(f"{m} %" if m in ANALOGIES else m for m in measures)]
    rows = []
    for name, quality in qualities.items():
        digits = [1 if measure in ANALOGIES else 3 for measure in measures]
        cells = [_spread(quality[m], d) for m, d in zip(measures, digits, strict=True)]
        rows.append([name, *cells])
    sizes = ", ".join(f"{name} {size:,}" for name, size in report["tests"].items())
    return table(header, rows) + f"\n\nQuestions, the same for all: {sizes}."


def _spread(score: Mapping[str, float | None], digits: int) -> str:
    text = f"{score['mean']:.{digits}f}"
    return text if score["sd"] is None else f"{text} ± {score['sd']:.{digits}f}"


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    assert all(len(row) == len(header) for row in rows), "a cell for each column"
    lines = [header, ["---", *["---:"] * (len(header) - 1)], *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)
