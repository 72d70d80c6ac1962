"""What a checkpoint costs training: ``python -m benchmarks.checkpoints --folder DIR``.

A model of a million words and 300 dimensions is trained (its text is made up), and a checkpoint is
written in the middle. *Stall* is the time between the last report of training before it and the
first one after, less the time between two reports; *disk* is what as many bytes take that are
written in pieces of 4 MiB and synchronised, in the same folder and the same run, before and after:
through the page cache, as programs usually write, and past it, as checkpoints are written (Linux).
Memory is the largest resident set with checkpoints less that without, each in a process
of its own.
"""

import argparse
import json
import mmap
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

from benchmarks.measure import peak_bytes
from synvec import Word2Vec

_PIECE = 4 << 20


def train(folder: Path | None, words: int, size: int) -> dict[str, Any]:
    """Train one epoch; with a folder, keep checkpoints in it every few seconds."""
    model = Word2Vec(vector_size=size, sg=1, workers=2, min_count=1, sample=0, progress=False)
    counts = {f"word{i}": max(1, words // (i + 1)) for i in range(words)}
    model.build_vocab_from_freq(counts, corpus_count=1)
    ids = np.minimum(np.random.default_rng(1).zipf(1.2, 6_000_000) - 1, words - 1)
    sentences = [[f"word{i}" for i in line] for line in ids.reshape(-1, 1000).tolist()]
    reports: list[tuple[float, str]] = []

    def note(report: dict[str, Any]) -> None:
        reports.append((time.perf_counter(), report["phase"]))

    every = None if folder is None else "8s"
    keywords = {"checkpoint": folder, "checkpoint_every": every} if folder else {}
    model.train(
        sentences,
        total_words=ids.size,
        epochs=2,
        progress=note,
        **keywords,  # type: ignore[arg-type]
    )
    return {"stalls": _stalls(reports), "peak_bytes": peak_bytes()}


def _stalls(reports: list[tuple[float, str]]) -> list[float]:
    """Return how long training rested for each checkpoint in its middle."""
    gaps: list[float] = []
    rests: list[float] = []
    before, rested = None, False
    for at, phase in reports:
        if phase == "train":
            if before is not None:
                (rests if rested else gaps).append(at - before)
            before, rested = at, False
        rested = rested or phase == "checkpoint"
    return [rest - median(gaps) for rest in rests]


def disk_seconds(folder: Path, count: int, flags: int = 0) -> float:
    """Return what it takes to write so many bytes and have them on the disk."""
    piece = mmap.mmap(-1, _PIECE)  # begins where a page does, as writing past the cache asks
    piece.write(np.random.default_rng(2).bytes(_PIECE))
    path = folder / "plain"
    started = time.perf_counter()
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | flags)
    try:
        for _ in range(count // _PIECE):
            os.write(file, piece)
        os.fsync(file)
    finally:
        os.close(file)
    seconds = time.perf_counter() - started
    path.unlink()
    return seconds


def measure_disk(folder: Path, count: int) -> dict[str, float]:
    """Return the seconds of every way to write that there is."""
    ways = {"through the page cache": 0}
    if hasattr(os, "O_DIRECT"):
        ways["past it"] = os.O_DIRECT
    return {way: disk_seconds(folder, count, flags) for way, flags in ways.items()}


def seconds_of(times: list[float]) -> str:
    """Write them with two decimals."""
    return ", ".join(f"{seconds:.2f}" for seconds in times)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.checkpoints")
    parser.add_argument("--folder", type=Path, required=True, help="on the disk to be measured")
    parser.add_argument("--words", type=int, default=1_000_000)
    parser.add_argument("--size", type=int, default=300)
    parser.add_argument("--child", choices=["with", "without"], help=argparse.SUPPRESS)
    options = parser.parse_args()
    folder = options.folder / "checkpoints"
    if options.child:
        place = folder if options.child == "with" else None
        print(json.dumps(train(place, options.words, options.size)))
        return
    options.folder.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "benchmarks.checkpoints", *sys.argv[1:], "--child"]
    count = 2 * options.words * options.size * 4
    disk, found = [measure_disk(options.folder, count)], {}
    for child in ("without", "with"):
        shutil.rmtree(folder, ignore_errors=True)
        done = subprocess.run([*command, child], check=True, capture_output=True, text=True)
        found[child] = json.loads(done.stdout)
        disk.append(measure_disk(options.folder, count))
    shutil.rmtree(folder)
    stalls = found["with"]["stalls"]
    memory = found["with"]["peak_bytes"] - found["without"]["peak_bytes"]
    print(f"weights {count / 1e9:.2f} GB; stalls {seconds_of(stalls)} s")
    for way in disk[0]:
        alone = [seconds[way] for seconds in disk]
        beyond = median(stalls) - median(alone)
        print(f"disk alone, {way}: {seconds_of(alone)} s; stalls beyond it: {beyond:.2f} s")
    print(f"memory + {memory / 1e6:.0f} MB")


if __name__ == "__main__":
    main()
