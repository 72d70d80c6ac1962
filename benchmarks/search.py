"""Search beside gensim and faiss: ``python -m benchmarks.search``.

Random vectors, the same for all; each program in a process of its own, one after another and
alternating. The floor is what two threads need to read the matrix once. With ``--vectors`` and
``--questions`` the analogy questions are answered as well, over the full vocabulary.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

from benchmarks import machine
from benchmarks.programs import ROOT, find_peers_python
from benchmarks.report import table
from benchmarks.run_search import BATCH, SHAPES, TASKS


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.search")
    add = parser.add_argument
    add("--repeat", type=int, default=3, help="processes of each program")
    add("--vectors", type=Path, help="a file of vectors for the analogy questions")
    add("--questions", type=Path, help="questions-words.txt")
    add("--peers-python", help="interpreter with gensim and faiss; or SYNVEC_PEERS_PYTHON")
    add("--folder", type=Path, help="where 2 GB of random vectors go for the while")
    options = parser.parse_args(arguments)
    peers = find_peers_python(options.peers_python)
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        prepare(Path(folder), options.vectors)
        runs: dict[str, list[dict[str, float]]] = {
            name: [] for name in ("synvec", "gensim", "faiss")
        }
        for _ in range(options.repeat):
            for program, own in runs.items():
                python = sys.executable if program == "synvec" else peers
                own.append(run(python, program, Path(folder), options.questions))
    facts = machine.describe()
    print(f"{facts['cpu']}, {facts['cores']} cores; medians of {options.repeat} processes, ms\n")
    print(report(runs))


def prepare(folder: Path, vectors: Path | None) -> None:
    """Write the random vectors, as an array and as a native file, and those for questions."""
    import synvec
    from synvec import _core, save_native

    random = np.random.default_rng(1)
    for name, (rows, dimensions) in SHAPES.items():
        matrix = random.standard_normal((rows, dimensions), dtype=np.float32)
        np.save(folder / f"{name}.npy", matrix)
        keys = _core.KeyTable(f"word_{row:07}" for row in range(rows))
        save_native(folder / f"{name}.kv", keys, matrix, norms=np.linalg.norm(matrix, axis=1))
    if vectors is not None:
        store = synvec.load(vectors)
        assert isinstance(store, synvec.KeyedVectors), "a file of vectors, not of a model"
        store.save(folder / "questions.kv")
        store.save_word2vec_format(folder / "questions.bin", binary=True)


def run(python: str, program: str, folder: Path, questions: Path | None) -> dict[str, float]:
    command = [python, "-m", "benchmarks.run_search", program, str(folder)]
    if questions is not None and (folder / "questions.kv").exists():
        command.append(str(questions.resolve()))
    done = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE)
    found: dict[str, float] = json.loads(done.stdout)
    return found


def report(runs: dict[str, list[dict[str, Any]]]) -> str:
    """Write a row for each task: milliseconds of each program, and gensim's by synvec's."""
    medians = {
        program: {task: median(run[task] for run in own) for task in own[0]}
        for program, own in runs.items()
    }
    rows = []
    for task, title in TASKS.items():
        times = [medians[program].get(task) for program in medians]
        if times[0] is None:
            continue
        cells = ["" if time is None else f"{time:.2f}" for time in times]
        ratio = "" if times[1] is None else f"{times[1] / times[0]:.1f}"
        rows.append([title.format(batch=BATCH), *cells, ratio])
    return table(["ms", *medians, "times gensim"], rows)


if __name__ == "__main__":
    main()
