"""Phrases beside gensim's: ``python -m benchmarks.phrases``.

Each program reads the text, counts pairs, and chooses the phrases, in a process of its own; both
find the same ones. synvec also writes the corpus anew with the phrases in it, as training needs it.
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

from benchmarks.corpus import prepare
from benchmarks.programs import ROOT, find_peers_python
from benchmarks.report import table

OURS = """
import json, sys
from benchmarks.measure import Meter, peak_bytes
from synvec import ENGLISH_CONNECTOR_WORDS, Phrases, scan
meter = Meter()
with meter.phase("phrases"):
    phrases = Phrases(corpus_file=sys.argv[1], connector_words=ENGLISH_CONNECTOR_WORDS)
    found = phrases.export_phrases()
peak = peak_bytes()
scanned = scan(corpus_file=sys.argv[1])
with meter.phase("applied"):
    phrases.freeze().apply(scanned)
print(json.dumps({**meter.phases, "found": len(found), "peak_bytes": peak}))
"""

GENSIM = """
import json, sys
from gensim.models.phrases import ENGLISH_CONNECTOR_WORDS, Phrases
from gensim.models.word2vec import LineSentence
from benchmarks.measure import Meter, peak_bytes
meter = Meter()
with meter.phase("phrases"):
    phrases = Phrases(LineSentence(sys.argv[1]), connector_words=ENGLISH_CONNECTOR_WORDS)
    found = phrases.export_phrases()
print(json.dumps({**meter.phases, "found": len(found), "peak_bytes": peak_bytes()}))
"""


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.phrases", description=__doc__.splitlines()[0]
    )
    add = parser.add_argument
    add("--corpus", type=Path, required=True, help="text, also .xz, .gz or .bz2")
    add("--words", type=int, help="use only so many words of the corpus")
    add("--line-words", type=int, default=1000, help="words of a sentence, at most")
    add("--repeat", type=int, default=3)
    add("--peers-python", help="interpreter with gensim; or SYNVEC_PEERS_PYTHON")
    return parser.parse_args(arguments)


def run(python: str, script: str, path: Path) -> dict[str, Any]:
    done = subprocess.run(
        [python, "-c", script, str(path)], cwd=ROOT, capture_output=True, text=True, check=True
    )
    result: dict[str, Any] = json.loads(done.stdout)
    return result


def main(arguments: Sequence[str] | None = None) -> None:
    options = parse(sys.argv[1:] if arguments is None else arguments)
    peers = find_peers_python(options.peers_python)
    with tempfile.TemporaryDirectory(prefix="synvec-benchmark-") as folder:
        path = Path(folder) / "corpus.txt"
        corpus = prepare(options.corpus, path, line_words=options.line_words, limit=options.words)
        runs: dict[str, list[dict[str, Any]]] = {"synvec": [], "gensim": []}
        for _ in range(options.repeat):
            runs["gensim"].append(run(peers, GENSIM, path))
            runs["synvec"].append(run(sys.executable, OURS, path))
    rows, speeds = [], {}
    for name, own in runs.items():
        wall, cpu = (
            median(each["phrases"][f"{clock}_seconds"] for each in own) for clock in ("wall", "cpu")
        )
        speeds[name] = corpus.raw_words / wall
        peak = max(each["peak_bytes"] or 0 for each in own)
        rows.append(
            [name, f"{own[0]['found']:,}", f"{wall:.2f}", f"{cpu:.2f}", f"{speeds[name] / 1e6:.2f}",
             f"{peak / 1e6:,.0f}"]
        )  # fmt: skip
    print(table(["program", "phrases", "seconds", "CPU-s", "M words/s", "peak MB"], rows))
    applied = median(each["applied"]["wall_seconds"] for each in runs["synvec"])
    print(
        f"\n{speeds['synvec'] / speeds['gensim']:.1f} x gensim; "
        f"writing the corpus anew takes synvec {applied:.2f} s"
    )


if __name__ == "__main__":
    main()
