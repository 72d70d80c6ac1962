"""Train several programs side by side: ``python -m benchmarks.train --corpus FILE``.

Each run is a process of its own; programs alternate (A B A B), so that a machine that slows down
slows all of them down. Prints a Markdown report and writes it, with every run, beside a JSON one.
"""

import argparse
import hashlib
import json
import shlex
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from benchmarks import machine
from benchmarks.corpus import PreparedCorpus, prepare
from benchmarks.evaluation import Exam, evaluate, freeze, read_word2vec
from benchmarks.programs import PROGRAMS, find_peers_python, run
from benchmarks.report import add_speeds, markdown, summarize
from benchmarks.settings import Settings

SHAPING = ("model", "loss", "dim", "window", "negative", "epochs", "alpha", "workers")
"""The options that a report is named after."""

DEFAULT_PROGRAMS = "synvec,gensim-file,gensim-sentences,fasttext"


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.train", description=__doc__.splitlines()[0]
    )
    add = parser.add_argument
    add("--corpus", type=Path, required=True, help="text, also .xz, .gz or .bz2")
    add("--programs", default=DEFAULT_PROGRAMS, help=f"of {','.join(PROGRAMS)}")
    add("--against", help="the peer of the ratios; the first that is not synvec by default")
    add("--peers-python", help="interpreter with gensim and fastText; or SYNVEC_PEERS_PYTHON")
    add("--eval-dir", type=Path, help="folder of questions-words.txt, ws353.tsv, …")
    add("--restrict", type=int, default=30_000, help="candidate words of analogies")
    add("--repeat", type=int, default=3, help="runs of each program, with seeds 1, 2, …")
    add("--seeds", help="instead of --repeat: 1,2,3")
    add("--words", type=int, help="use only so many words of the corpus")
    add("--line-words", type=int, default=1000, help="longer lines are cut, for all alike")
    add("--output", type=Path, default=Path("benchmarks/results"), help="folder of the reports")
    add("--keep-vectors", action="store_true", help="leave each run's vectors beside the reports")
    add(
        "--reuse",
        type=Path,
        metavar="FOLDER",
        help="keep the peers' runs here, and take those of equal settings that stand here already: "
        "a table of quality over many seeds takes hours otherwise",
    )
    add("--model", choices=["skipgram", "cbow"], default="skipgram")
    add("--loss", choices=["negative", "hierarchical"], default="negative")
    add("--dim", type=int, default=100)
    add("--window", type=int, default=5)
    add("--negative", type=int, default=5)
    add("--epochs", type=int, default=5)
    add("--alpha", type=float, default=0.025)
    add("--min-alpha", type=float, default=0.0001)
    add("--sample", type=float, default=1e-3)
    add("--min-count", type=int, default=5)
    add("--workers", type=int, default=machine.available_cores())
    options = parser.parse_args(arguments)
    options.programs = options.programs.split(",")
    for name in options.programs:
        if name not in PROGRAMS:
            parser.error(f"--programs: {name} is not one of {', '.join(PROGRAMS)}")
    options.seeds = (
        [int(seed) for seed in options.seeds.split(",")]
        if options.seeds
        else list(range(1, options.repeat + 1))
    )
    peers = [name for name in options.programs if PROGRAMS[name].is_peer]
    options.against = options.against or next(iter(peers), options.programs[0])
    return options


def settings_of(options: argparse.Namespace, corpus: Path) -> Settings:
    return Settings(
        corpus=str(corpus),
        vectors="",
        result="",
        model=options.model,
        loss=options.loss,
        vector_size=options.dim,
        window=options.window,
        negative=options.negative,
        epochs=options.epochs,
        alpha=options.alpha,
        min_alpha=options.min_alpha,
        sample=options.sample,
        min_count=options.min_count,
        workers=options.workers,
    )


def run_all(
    options: argparse.Namespace, corpus: PreparedCorpus, folder: Path
) -> list[dict[str, Any]]:
    """Run every program once for each seed, alternating."""
    needs_peers = any(PROGRAMS[name].is_peer for name in options.programs)
    peers_python = find_peers_python(options.peers_python) if needs_peers else None
    base = settings_of(options, corpus.path)
    raw_words = corpus.raw_words * base.epochs
    expected = corpus.trained_words(base.min_count, base.sample) * base.epochs
    digest = _digest(corpus.path) if options.reuse else ""
    runs = []
    for seed in options.seeds:
        for name in options.programs:
            program = PROGRAMS[name]
            settings = replace(base, seed=seed, options=program.options)
            stem = folder / f"{name}-{seed}"
            # synvec's own runs are always made: its code changes between two reports.
            reuse = options.reuse is not None and program.is_peer
            if reuse:
                stem = options.reuse.resolve() / f"{name}-{settings.digest(digest)}"
            settings = replace(settings, vectors=f"{stem}.bin", result=f"{stem}.json")
            measured = run(program, settings, peers_python, reuse=reuse)
            found = add_speeds(measured, raw_words, expected)
            print(
                f"{name}, seed {seed}: {found['raw_words_per_cpu_second'] / 1e6:.3f} M raw words "
                "per CPU-second",
                file=sys.stderr,
            )
            runs.append({"program": name, "seed": seed, "vectors": settings.vectors, **found})
    return runs


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def judge(
    runs: Sequence[dict[str, Any]], corpus: PreparedCorpus, options: argparse.Namespace
) -> Exam:
    """Add the quality of each run, all on the same questions; return the questions."""
    first = {run["program"]: run["vectors"] for run in reversed(runs)}
    vocabularies = [read_word2vec(Path(path)).rows for path in first.values()]
    tests = freeze(corpus.counts, vocabularies, options.eval_dir, restrict=options.restrict)
    for found in runs:
        found["quality"] = evaluate(read_word2vec(Path(found["vectors"])), tests)
    return tests


def measure(options: argparse.Namespace, command: str) -> dict[str, Any]:
    """Run everything that the options ask for; write the report, and return it."""
    for made in filter(None, (options.output, options.reuse)):
        made.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="synvec-benchmark-") as temporary:
        folder = options.output.resolve() if options.keep_vectors else Path(temporary)
        corpus = prepare(
            options.corpus,
            Path(temporary) / "corpus.txt",
            line_words=options.line_words,
            limit=options.words,
        )
        runs = run_all(options, corpus, folder)
        tests = judge(runs, corpus, options) if options.eval_dir else None
    for found in runs:
        found["vectors"] = Path(found["vectors"]).name
    report = {
        "command": command,
        "machine": machine.describe(),
        "corpus": {
            "name": options.corpus.name,
            "raw_words": corpus.raw_words,
            "line_words": options.line_words,
        },
        "settings": {name: getattr(options, name) for name in SHAPING},
        "seeds": options.seeds,
        "against": options.against,
        "tests": tests.sizes() if tests else {},
        "summary": summarize(runs, options.against),
        "runs": runs,
    }
    stem = "-".join(str(report["settings"][name]) for name in SHAPING)
    (options.output / f"{stem}.json").write_text(json.dumps(report, indent=1), encoding="utf-8")
    (options.output / f"{stem}.md").write_text(markdown(report), encoding="utf-8")
    return report


def main(arguments: Sequence[str] | None = None) -> None:
    given = sys.argv[1:] if arguments is None else arguments
    report = measure(parse(given), f"python -m benchmarks.train {shlex.join(given)}")
    print(markdown(report))


if __name__ == "__main__":
    main()
