"""Trains once on sentences that come in one way: ``python -m benchmarks.run_sentences JSON``.

The JSON has ``program`` (synvec or gensim), ``way``, ``corpus``, ``epochs`` and ``workers``. Prints
the phases as JSON. Sentences in memory are made before the clock starts; a generator's in the run.
"""

import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.measure import Meter, peak_bytes

Lists = list[list[str]]


class Lines:
    """Lists of words that are made anew in every pass."""

    def __init__(self, lines: list[str]) -> None:
        self.lines = lines

    def __iter__(self) -> Iterator[list[str]]:
        return (line.split() for line in self.lines)


def in_lists(lines: list[str]) -> Lists:
    return [line.split() for line in lines]


def in_arrow(lines: list[str]) -> Any:
    import pyarrow

    return pyarrow.array(in_lists(lines), pyarrow.list_(pyarrow.string()))


def as_texts(lines: list[str]) -> Any:
    import pyarrow

    return pyarrow.array(lines)


def as_integers(lines: list[str]) -> list[list[int]]:
    """Number the words in order of first sight."""
    number: dict[str, int] = {}
    return [[number.setdefault(word, len(number)) for word in line.split()] for line in lines]


def in_arrays(lines: list[str]) -> Any:
    return [np.array(numbers, np.int32) for numbers in as_integers(lines)]


WAYS: dict[str, Callable[[list[str]], Any] | None] = {
    "file": None,
    "lists": in_lists,
    "generator": Lines,
    "arrow": in_arrow,
    "texts": as_texts,
    "integers": as_integers,
    "arrays": in_arrays,
}
"""What each way makes of the lines of the file; None is the file itself."""


def arguments(corpus: str, way: str) -> dict[str, Any]:
    make = WAYS[way]
    if make is None:
        return {"corpus_file": corpus}
    return {"corpus_iterable": make(Path(corpus).read_text(encoding="utf-8").splitlines())}


def model_of(program: str, **settings: Any) -> Any:
    if program == "gensim":
        from gensim.models.word2vec import Word2Vec as Gensim

        return Gensim(**settings)
    from synvec import Word2Vec

    return Word2Vec(progress=False, **settings)


def main() -> None:
    run = json.loads(sys.argv[1])
    given = arguments(run["corpus"], run["way"])
    model = model_of(
        run["program"], vector_size=100, sg=1, min_count=5, workers=run["workers"], seed=1
    )
    meter, before = Meter(), peak_bytes()
    with meter.phase("vocabulary"):
        model.build_vocab(**given)
    if run["epochs"]:
        with meter.phase("training"):
            model.train(
                **given,
                total_examples=model.corpus_count,
                total_words=model.corpus_total_words,
                epochs=run["epochs"],
            )
    memory = {"peak_bytes": peak_bytes(), "peak_bytes_before": before}
    print(json.dumps({"phases": meter.phases, **memory}))


if __name__ == "__main__":
    main()
