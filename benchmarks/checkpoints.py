"""What a checkpoint costs training: ``python -m benchmarks.checkpoints --folder DIR``.

A model of a million words and 300 dimensions is trained (its text is made up), and a checkpoint is
written in the middle. *Stall* is the time between the last report of training before it and the
first one after, less the time between two reports; *disk* is what the same number of bytes takes
that are written in the same pieces and synchronised, in the same folder and the same run, before
and after. Memory is the largest resident set with checkpoints less that without, each in a process
of its own.
"""

import argparse
import json
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


def disk_seconds(folder: Path, count: int) -> float:
    """Return what it takes to write so many bytes and have them on the disk."""
    piece = np.random.default_rng(2).bytes(_PIECE)
    path = folder / "plain"
    started = time.perf_counter()
    with path.open("wb", buffering=0) as file:
        for _ in range(count // _PIECE):
            file.write(piece)
        os.fsync(file.fileno())
    seconds = time.perf_counter() - started
    path.unlink()
    return seconds


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
    disk, found = [disk_seconds(options.folder, count)], {}
    for child in ("without", "with"):
        shutil.rmtree(folder, ignore_errors=True)
        done = subprocess.run([*command, child], check=True, capture_output=True, text=True)
        found[child] = json.loads(done.stdout)
        disk.append(disk_seconds(options.folder, count))
    shutil.rmtree(folder)
    stalls = found["with"]["stalls"]
    memory = found["with"]["peak_bytes"] - found["without"]["peak_bytes"]
    print(f"weights {count / 1e9:.2f} GB; disk alone {', '.join(f'{s:.2f}' for s in disk)} s")
    print(f"stalls {', '.join(f'{s:.2f}' for s in stalls)} s")
    print(f"beyond the disk's median: {median(stalls) - median(disk):.2f} s")
    print(f"memory + {memory / 1e6:.0f} MB")


if __name__ == "__main__":
    main()
