"""What ``import synvec`` costs beside ``import numpy``: ``python -m benchmarks.imports``."""

import argparse
import compileall
import json
import subprocess
import sys
from collections.abc import Sequence
from statistics import median

from benchmarks.programs import ROOT

PROBE = """
import json, sys, time
started = time.perf_counter()
__import__(sys.argv[1])
seconds = time.perf_counter() - started
from benchmarks.measure import resident_bytes
print(json.dumps([1000 * seconds, resident_bytes() / 1e6]))
"""
"""Measures memory after the clock has stopped: the probe itself imports NumPy."""


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.imports")
    parser.add_argument("--repeat", type=int, default=15)
    parser.add_argument("modules", nargs="*", default=["numpy", "synvec"])
    options = parser.parse_args(arguments)
    # As pip does when it installs; a checkout may run without bytecode of its own.
    compileall.compile_dir(ROOT / "python", quiet=1)
    found: dict[str, list[list[float]]] = {module: [] for module in options.modules}
    for _ in range(options.repeat):
        for module, runs in found.items():
            command = [sys.executable, "-c", PROBE, module]
            finished = subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
            runs.append(json.loads(finished.stdout))
    print(f"median of {options.repeat} processes each, alternating\n")
    print(f"{'module':12} {'ms':>8} {'resident MB':>12}")
    for module, runs in found.items():
        milliseconds, megabytes = (median(column) for column in zip(*runs, strict=True))
        print(f"{module:12} {milliseconds:8.1f} {megabytes:12.1f}")


if __name__ == "__main__":
    main()
