"""What it costs to hand over sentences, by the way they come: ``python -m benchmarks.sentences``.

The same words are counted (and, by synvec, encoded) from a file, from lists of str, from a
generator that splits lines, and from an Arrow array; as numbers, in order of first sight, from
lists of int, from an array a sentence, and from one matrix of short sentences. gensim's
``build_vocab`` counts the lists of str.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

from benchmarks.corpus import prepare
from benchmarks.measure import Meter
from benchmarks.programs import ROOT, find_peers_python
from benchmarks.report import table
from synvec import Word2Vec

ROW_WORDS = 10
"""Words of a sentence of the matrix."""

GENSIM = """
import json, sys
from gensim.models.word2vec import Word2Vec
from benchmarks.measure import Meter
lists = [line.split() for line in open(sys.argv[1], encoding="utf-8")]
meter = Meter()
with meter.phase("vocabulary"):
    Word2Vec(vector_size=1, min_count=5).build_vocab(lists)
print(json.dumps(meter.phases["vocabulary"]))
"""


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.sentences", description=__doc__.splitlines()[0]
    )
    add = parser.add_argument
    add("--corpus", type=Path, required=True, help="text, also .xz, .gz or .bz2")
    add("--words", type=int, default=4_000_000, help="use only so many words of the corpus")
    add("--line-words", type=int, default=1000, help="words of a sentence, at most")
    add("--repeat", type=int, default=5)
    add("--peers-python", help="interpreter with gensim; or SYNVEC_PEERS_PYTHON")
    return parser.parse_args(arguments)


def ways(path: Path) -> dict[str, Callable[[], dict[str, Any]]]:
    """Return for each way to give the lines of a file the arguments of ``build_vocab``."""
    import pyarrow

    lines = path.read_text(encoding="utf-8").splitlines()
    lists = [line.split() for line in lines]
    array = pyarrow.array(lists, pyarrow.list_(pyarrow.string()))
    number: dict[str, int] = {}
    numbers = [[number.setdefault(word, len(number)) for word in words] for words in lists]
    arrays = [np.array(words, np.int32) for words in numbers]
    flat = np.concatenate(arrays)
    matrix = flat[: len(flat) // ROW_WORDS * ROW_WORDS].reshape(-1, ROW_WORDS)
    return {
        "a file, one thread": lambda: {"corpus_file": str(path)},
        "lists of str": lambda: {"corpus_iterable": lists},
        "a generator of line.split()": lambda: {
            "corpus_iterable": (line.split() for line in lines)
        },
        "an Arrow array": lambda: {"corpus_iterable": array},
        "lists of int": lambda: {"corpus_iterable": numbers},
        "a NumPy array a sentence": lambda: {"corpus_iterable": arrays},
        f"a NumPy matrix, rows of {ROW_WORDS}": lambda: {"corpus_iterable": matrix},
    }


def time_of(arguments: dict[str, Any]) -> dict[str, float]:
    """Return the seconds of one vocabulary."""
    model = Word2Vec(vector_size=1, min_count=5, workers=1, progress=False)
    meter = Meter()
    with meter.phase("vocabulary"):
        model.build_vocab(**arguments)
    return meter.phases["vocabulary"]


def time_of_gensim(path: Path, python: str) -> dict[str, float]:
    """Return the same of gensim, which keeps no ids."""
    command = [python, "-c", GENSIM, str(path)]
    finished = subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    found: dict[str, float] = json.loads(finished.stdout)
    return found


def main(arguments: Sequence[str] | None = None) -> None:
    options = parse(sys.argv[1:] if arguments is None else arguments)
    python = find_peers_python(options.peers_python)
    with tempfile.TemporaryDirectory(prefix="synvec-benchmark-") as folder:
        path = Path(folder) / "corpus.txt"
        corpus = prepare(options.corpus, path, line_words=options.line_words, limit=options.words)
        given = ways(path)
        runs: dict[str, list[dict[str, float]]] = {name: [] for name in given}
        runs["gensim, lists of str"] = []
        for _ in range(options.repeat):
            for name, make in given.items():
                runs[name].append(time_of(make()))
            runs["gensim, lists of str"].append(time_of_gensim(path, python))
    rows = []
    for name, seconds in runs.items():
        cpu, wall = (
            median(run[f"{clock}_seconds"] for run in seconds) for clock in ("cpu", "wall")
        )
        million = corpus.raw_words / 1e6
        rows.append([name, f"{million / cpu:.1f}", f"{million / wall:.1f}", f"{cpu:.2f}"])
    print(table(["sentences come as", "M words/CPU-s", "M words/s", "CPU-s"], rows))


if __name__ == "__main__":
    main()
