"""Times the queries of one program: ``python -m benchmarks.run_search PROGRAM FOLDER [QUESTIONS]``.

What the folder holds is what ``benchmarks.search`` put there. Prints milliseconds as JSON.
"""

import json
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from numpy.typing import NDArray

SHAPES = {"small": (68_000, 100), "large": (1_000_000, 300), "middle": (400_000, 300)}
BATCH = 1000
GENSIM_QUERIES = 20
"""So many of the batch are timed with gensim, one after another, and multiplied."""

TASKS = {
    "small": "one query, 68,000 x 100",
    "large": "one query, 1,000,000 x 300",
    "floor": "reading 1,000,000 x 300 once",
    "int8": "one query, 1,000,000 x 300, int8 and rescored",
    "recall": "its recall@10",
    "first": "first query after opening 1,000,000 x 300",
    "second": "second query",
    "batch": "{batch} queries, 400,000 x 300",
    "analogies": "all analogy questions, full vocabulary",
}

Matrix = NDArray[np.float32]


def once(call: Callable[..., object], *arguments: Any, **options: Any) -> float:
    """Return the milliseconds of a call."""
    started = time.perf_counter()
    call(*arguments, **options)
    return 1000 * (time.perf_counter() - started)


def typical(repeat: int, call: Callable[..., object], *arguments: Any, **options: Any) -> float:
    """Return the median of some calls, after a first one."""
    times = [once(call, *arguments, **options) for _ in range(repeat + 1)]
    return median(times[1:])


def synvec_times(folder: Path, questions: str | None) -> dict[str, float]:
    import synvec

    found: dict[str, float] = {}
    for name in ("small", "large"):
        kv: Any = synvec.load(folder / f"{name}.kv")
        kv.vectors.sum()  # in memory, as it is for the others
        if name == "large":
            kv = synvec.load(folder / "large.kv")
            found["first"] = once(kv.most_similar, 7)
            found["second"] = once(kv.most_similar, 8)
        found[name] = typical(9, kv.most_similar, 5)
    found["floor"] = floor(kv.vectors)
    small = kv.quantize("int8")
    found["int8"] = typical(9, kv.most_similar, 5, indexer=small)
    found["recall"] = small.recall
    middle: Any = synvec.load(folder / "middle.kv")
    queries = np.array(middle.vectors[:BATCH])
    found["batch"] = typical(3, middle.most_similar_batch, queries)
    if questions is not None:
        asked: Any = synvec.load(folder / "questions.kv")
        call = asked.evaluate_word_analogies
        found["analogies"] = typical(1, call, questions, restrict_vocab=None)
    return found


def floor(vectors: Matrix) -> float:
    """Return the time that two threads need to read a matrix."""
    halves = np.array_split(vectors, 2)
    with ThreadPoolExecutor(2) as threads:
        return typical(9, lambda: list(threads.map(np.sum, halves)))


def gensim_times(folder: Path, questions: str | None) -> dict[str, float]:
    from gensim.models import KeyedVectors

    found = {}
    for name in ("small", "large", "middle"):
        matrix = np.load(folder / f"{name}.npy")
        kv = KeyedVectors(matrix.shape[1])
        kv.add_vectors([f"word_{row:07}" for row in range(len(matrix))], matrix)
        if name == "large":
            found["first"] = once(kv.most_similar, "word_0000007")
            found["second"] = once(kv.most_similar, "word_0000008")
        if name == "middle":
            some = typical(3, one_by_one, kv, matrix[:GENSIM_QUERIES])
            found["batch"] = some * BATCH / GENSIM_QUERIES
        else:
            found[name] = typical(9, kv.most_similar, "word_0000005")
    if questions is not None:
        asked = KeyedVectors.load_word2vec_format(folder / "questions.bin", binary=True)
        call = asked.evaluate_word_analogies
        found["analogies"] = once(call, questions, restrict_vocab=len(asked))
    return found


def one_by_one(kv: Any, rows: Matrix) -> None:
    for row in rows:
        kv.similar_by_vector(row)


def faiss_times(folder: Path, _: str | None) -> dict[str, float]:
    import faiss

    found = {}
    for name in ("small", "large", "middle"):
        matrix = np.load(folder / f"{name}.npy")
        faiss.normalize_L2(matrix)
        index = faiss.IndexFlatIP(matrix.shape[1])
        index.add(matrix)
        if name == "middle":
            found["batch"] = typical(3, index.search, matrix[:BATCH], 10)
        else:
            found[name] = typical(9, index.search, matrix[5:6], 11)
    return found


def main() -> None:
    program, folder, *questions = sys.argv[1:]
    times = {"synvec": synvec_times, "gensim": gensim_times, "faiss": faiss_times}[program]
    print(json.dumps(times(Path(folder), questions[0] if questions else None)))


if __name__ == "__main__":
    main()
