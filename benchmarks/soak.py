"""A server under steady load for long: ``python -m benchmarks.soak --minutes 120``.

Load at 70 % of what it sustains, in windows; after each its memory and files are looked at. It
fails when an answer was cut, when memory or files grew, or when answers became slower.
"""

import argparse
import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.server_process import ServerProcess, serving
from benchmarks.serving import SUSTAINED, load, share_of, vectors

GROWTH_BYTES = 16 << 20
"""That a worker's own memory may differ by between the second window and the last."""
GROWTH_FILES = 20
SLOWER = 3.0
"""Times the p99 of the first half; where others use the machine, say 0: it is not judged."""


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.soak", description=__doc__.splitlines()[0]
    )
    add = parser.add_argument
    add("--minutes", type=float, default=10)
    add("--windows", type=int, default=20)
    add("--rows", type=int, default=100_000)
    add("--dim", type=int, default=100)
    add("--rate", type=float, help="requests a second; found out by default")
    add("--workers", type=int, default=1)
    add(
        "--slower",
        type=float,
        default=SLOWER,
        help="times the first half's p99; 0 doesn't judge it",
    )
    add("--data", type=Path, default=Path("benchmarks/results"), help="where vectors are kept")
    add("--output", type=Path, default=Path("benchmarks/results/soak.json"))
    return parser.parse_args(arguments)


def sustained_rate(server: ServerProcess, rows: int) -> float:
    """Return 70 % of the highest rate, of some that double, at which all are answered."""
    rate = 20.0
    while share_of(load(server, rows, 1, 2 * rate, 3)) >= SUSTAINED and rate < 5000:
        rate *= 2
    return 0.7 * rate


def soak(options: argparse.Namespace) -> list[dict[str, Any]]:
    """Return what was seen in each window."""
    path = vectors(options.data, options.rows, options.dim)
    seconds = 60 * options.minutes / options.windows
    windows = []
    with serving([f"vectors={path}"], "--workers", str(options.workers)) as server:
        rate = options.rate or sustained_rate(server, options.rows)
        print(f"{rate:.0f} requests a second, {options.windows} windows of {seconds:.0f} s")
        for number in range(options.windows):
            seen = load(server, options.rows, 1, rate, seconds)
            del seen["p99_ms_by_second"]
            time.sleep(0.5)  # the client's connections are gone
            seen["own_bytes"], seen["files"] = server.own_bytes(), server.open_files()
            seen["restarts"] = server.metric("synvec_worker_restarts")
            windows.append(seen)
            print(f"{number + 1}: p99 {seen['p99_ms']} ms, {seen['own_bytes'] / 1e6:.1f} MB,"
                  f" {seen['files']} files, {seen['statuses']}", flush=True)  # fmt: skip
    return windows


def verdict(windows: Sequence[dict[str, Any]], slower: float = SLOWER) -> list[str]:
    """Return what is wrong."""
    wrong = []
    # The first window is when caches fill.
    first, last = windows[min(1, len(windows) - 1)], windows[-1]
    if (grown := last["own_bytes"] - first["own_bytes"]) > GROWTH_BYTES:
        wrong.append(f"memory grew by {grown / 1e6:.1f} MB")
    if (more := last["files"] - first["files"]) > GROWTH_FILES:
        wrong.append(f"{more} more files are open")
    if cut := sum(window["statuses"].get("0", 0) for window in windows):
        wrong.append(f"{cut} answers were cut")
    others = {code for window in windows for code in window["statuses"]} - {"0", "200", "503"}
    if others:
        wrong.append(f"there were answers {', '.join(sorted(others))}")
    if last["restarts"]:
        wrong.append(f"{last['restarts']:.0f} workers died")
    half = len(windows) // 2
    early, late = (
        float(np.median([window["p99_ms"] for window in part]))
        for part in (windows[:half] or windows, windows[half:])
    )
    if slower and late > slower * early:
        wrong.append(f"the p99 went from {early:.1f} to {late:.1f} ms")
    return wrong


def main(arguments: Sequence[str] | None = None) -> None:
    options = parse(arguments)
    windows = soak(options)
    wrong = verdict(windows, options.slower)
    hours = options.minutes / 60
    slope = (windows[-1]["own_bytes"] - windows[min(1, len(windows) - 1)]["own_bytes"]) / hours
    report = {"slope_bytes_per_hour": slope, "wrong": wrong, "windows": windows}
    options.output.parent.mkdir(parents=True, exist_ok=True)
    options.output.write_text(json.dumps(report, indent=1), encoding="utf-8")
    print("; ".join(wrong) or "steady")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
