"""A server under steady load for long: ``python -m benchmarks.soak --minutes 120``.

Load at 70 % of what it sustains, in windows; after each, when all is answered, its memory and files
are looked at. It fails when an answer was cut, when memory or files grew, or when answers became
slower. ``.ci/run`` has ten minutes of it.
"""

import argparse
import sys
import time
from collections.abc import Sequence
from typing import Any

import numpy as np

from benchmarks.report import write_json
from benchmarks.server_process import ServerProcess, serving
from benchmarks.serving import SUSTAINED, load, parser_of, share_of, vectors

Window = dict[str, Any]
"""What was seen in a part of the time."""

GROWTH_BYTES = 16 << 20
"""That the workers' own memory may grow by from the early windows to the late ones. Of either the
least counts: what a burst took for a moment is no leak, and what leaks is never given back."""
GROWTH_FILES = 20
SETTLING_SECONDS = 30
"""That connections get to be closed after a window, on a machine that is busy."""
SLOWER = 3.0
"""Times the p99 of the first half; where others use the machine, say 0: it is not judged."""


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = parser_of("soak", __doc__, rows=100_000, dim=100)
    add = parser.add_argument
    add("--minutes", type=float, default=10)
    add("--windows", type=int, default=20)
    add("--rate", type=float, help="requests a second; found out by default")
    add(
        "--slower",
        type=float,
        default=SLOWER,
        help="times the first half's p99; 0 doesn't judge it",
    )
    return parser.parse_args(arguments)


def sustained_rate(server: ServerProcess, rows: int) -> float:
    """Return 70 % of the highest rate, of some that double, at which all are answered."""
    rate = 20.0
    while share_of(load(server, rows, 1, 2 * rate, 3)) >= SUSTAINED and rate < 5000:
        rate *= 2
    return 0.7 * rate


def soak(options: argparse.Namespace) -> list[Window]:
    """Return what was seen in each window."""
    path = vectors(options.data, options.rows, options.dim)
    seconds = 60 * options.minutes / options.windows
    windows = []
    with serving([f"vectors={path}"], "--workers", str(options.workers)) as server:
        rate = options.rate or sustained_rate(server, options.rows)
        files = server.open_files()
        print(f"{rate:.0f} requests a second, {options.windows} windows of {seconds:.0f} s")
        for number in range(options.windows):
            seen = load(server, options.rows, 1, rate, seconds)
            del seen["p99_ms_by_second"]
            settle(server, files)
            seen["own_bytes"], seen["files"] = server.own_bytes(), server.open_files()
            seen["restarts"] = server.metric("synvec_worker_restarts")
            windows.append(seen)
            print(f"{number + 1}: p99 {seen['p99_ms']} ms, {seen['own_bytes'] / 1e6:.1f} MB,"
                  f" {seen['files']} files, {seen['statuses']}", flush=True)  # fmt: skip
    return windows


def settle(server: ServerProcess, files: int) -> None:
    """Wait until nothing is under way and the client's connections are gone."""
    deadline = time.monotonic() + SETTLING_SECONDS
    while time.monotonic() < deadline:
        time.sleep(0.5)
        is_idle = server.metric("synvec_requests_in_flight") <= 1  # the one that asks
        if is_idle and server.open_files() <= files + GROWTH_FILES // 2:
            return


def verdict(windows: Sequence[Window], slower: float = SLOWER) -> list[str]:
    """Return what is wrong."""
    wrong = []
    early, late = parts_of(windows)
    if (grown := least(late, "own_bytes") - least(early, "own_bytes")) > GROWTH_BYTES:
        wrong.append(f"memory grew by {grown / 1e6:.1f} MB")
    if (more := least(late, "files") - least(early, "files")) > GROWTH_FILES:
        wrong.append(f"{more} more files are open")
    if silent := sum(not window["statuses"].get("200") for window in windows):
        wrong.append(f"nothing was answered in {silent} of {len(windows)} windows")
    if cut := sum(window["statuses"].get("0", 0) for window in windows):
        wrong.append(f"{cut} answers were cut")
    others = {code for window in windows for code in window["statuses"]} - {"0", "200", "503"}
    if others:
        wrong.append(f"there were answers {', '.join(sorted(others))}")
    if restarts := windows[-1]["restarts"]:
        wrong.append(f"{restarts:.0f} workers died")
    before, after = (float(np.median([each["p99_ms"] for each in part])) for part in (early, late))
    if slower and after > slower * before:
        wrong.append(f"the p99 went from {before:.1f} to {after:.1f} ms")
    return wrong


def parts_of(windows: Sequence[Window]) -> tuple[Sequence[Window], Sequence[Window]]:
    """Return the early and the late windows; during the first one caches fill."""
    counted = windows[1:] or windows
    half = max(1, len(counted) // 2)
    return counted[:half], counted[-half:]


def least(windows: Sequence[Window], name: str) -> int:
    return int(min(window[name] for window in windows))


def main(arguments: Sequence[str] | None = None) -> None:
    options = parse(arguments)
    windows = soak(options)
    wrong = verdict(windows, options.slower)
    early, late = parts_of(windows)
    hours = options.minutes / 60 / 2  # from the middle of the early ones to that of the late ones
    slope = (least(late, "own_bytes") - least(early, "own_bytes")) / hours
    report = {"slope_bytes_per_hour": slope, "wrong": wrong, "windows": windows}
    write_json(options.output, report)
    print("; ".join(wrong) or "steady")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
