"""What it costs to hand over sentences, by the way they come: ``python -m benchmarks.sentences``.

The same words are read and trained on from a file, from lists of str, from lists that are made on
the way, from Arrow arrays of lists of strings and of texts, and as numbers, from lists of int and
from NumPy's arrays; gensim takes the first three too. Each run is a process of its own, and all
ways alternate. ``--epochs 0`` reads only.
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

from benchmarks import machine
from benchmarks.corpus import prepare
from benchmarks.programs import ROOT, find_peers_python
from benchmarks.report import table

NAMES = {
    "file": "a file, by its path",
    "lists": "lists of str",
    "generator": "a generator of `line.split()`",
    "arrow": "an Arrow array of lists of strings",
    "texts": "an Arrow array of texts",
    "integers": "lists of int",
    "arrays": "a NumPy array of integers a sentence",
}
WAYS = [("synvec", way) for way in NAMES]
WAYS += [("gensim", way) for way in ("file", "lists", "generator")]


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.sentences", description=__doc__.splitlines()[0]
    )
    add = parser.add_argument
    add("--corpus", type=Path, required=True, help="text, also .xz, .gz or .bz2")
    add("--words", type=int, help="use only so many words of the corpus")
    add("--line-words", default="1000,10", help="words of a sentence, at most; several by commas")
    add("--epochs", type=int, default=5)
    add("--workers", type=int, default=machine.available_cores())
    add("--repeat", type=int, default=3)
    add("--programs", default="synvec,gensim", help="of synvec,gensim")
    add("--gensim-repeat", type=int, default=1, help="runs of gensim, which takes minutes")
    add("--peers-python", help="interpreter with gensim; or SYNVEC_PEERS_PYTHON")
    return parser.parse_args(arguments)


def run(program: str, way: str, corpus: Path, python: str, options: Any) -> dict[str, float]:
    """Return the seconds that one run took, and of these the ones for reading."""
    asked = {
        "program": program, "way": way, "corpus": str(corpus),
        "epochs": options.epochs, "workers": options.workers,
    }  # fmt: skip
    command = [python, "-m", "benchmarks.run_sentences", json.dumps(asked)]
    finished = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE)
    phases = json.loads(finished.stdout)["phases"]
    found = {
        clock: sum(phase[f"{clock}_seconds"] for phase in phases.values())
        for clock in ("wall", "cpu")
    }
    found["reading"] = phases["vocabulary"]["cpu_seconds"]
    print(f"{program}, {way}: {found}", file=sys.stderr)
    return found


def measure(corpus: Path, options: Any) -> dict[tuple[str, str], dict[str, float]]:
    """Return the median seconds of every way, which alternate."""
    programs = options.programs.split(",")
    pythons = {"synvec": sys.executable}
    if "gensim" in programs:
        pythons["gensim"] = find_peers_python(options.peers_python)
    ways = [(program, way) for program, way in WAYS if program in programs]
    runs: dict[tuple[str, str], list[dict[str, float]]] = {key: [] for key in ways}
    for round_ in range(options.repeat):
        for program, way in ways:
            if program == "synvec" or round_ < options.gensim_repeat:
                seconds = run(program, way, corpus, pythons[program], options)
                runs[program, way].append(seconds)
    return {
        key: {clock: median(one[clock] for one in found) for clock in found[0]}
        for key, found in runs.items()
    }


def rows_of(
    found: dict[tuple[str, str], dict[str, float]], raw_words: int, line_words: int, epochs: int
) -> list[list[str]]:
    """Return a row for each way: speeds, and the share of the file's."""
    million = raw_words / 1e6
    rows = []
    for (program, way), seconds in found.items():
        share = found[program, "file"]
        trained = million * max(epochs, 1)
        rows.append(
            [
                program,
                f"{line_words:,}",
                NAMES[way],
                f"{trained / seconds['wall']:.2f}",
                f"{100 * share['wall'] / seconds['wall']:.0f} %",
                f"{trained / seconds['cpu']:.2f}",
                f"{100 * share['cpu'] / seconds['cpu']:.0f} %",
                f"{million / seconds['reading']:.1f}",
            ]
        )
    return rows


def main(arguments: Sequence[str] | None = None) -> None:
    options = parse(sys.argv[1:] if arguments is None else arguments)
    rows = []
    for line_words in map(int, options.line_words.split(",")):
        with tempfile.TemporaryDirectory(prefix="synvec-benchmark-") as folder:
            path = Path(folder) / "corpus.txt"
            corpus = prepare(options.corpus, path, line_words=line_words, limit=options.words)
            found = measure(path, options)
        rows += rows_of(found, corpus.raw_words, line_words, options.epochs)
    heads = ["program", "words a sentence", "sentences come as", "M words/s", "of the file's"]
    heads += ["M words/CPU-s", "of the file's", "reading, M words/CPU-s"]
    print(table(heads, rows))


if __name__ == "__main__":
    main()
