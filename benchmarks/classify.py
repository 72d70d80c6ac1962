"""Classify texts beside fastText: ``python -m benchmarks.classify``: texts a second, peak memory.

Asks Facebook's language model (``--languages lid.176.ftz``) and a dense model that fastText trains
here for the labels of the same lines, of a corpus or made up. Each program runs in processes of
its own; without the peers' interpreter only synvec and only the language model are measured.
"""

import argparse
import json
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks import machine
from benchmarks.measure import peak_bytes
from benchmarks.programs import ROOT, find_peers_python

WORDS_A_TEXT = 12
SYLLABLES = [c + v for c in "bdfgklmnprstvz" for v in "aeiou"]


def write_texts(path: Path, count: int, corpus: Path | None) -> None:
    """Write lines of a dozen words: of the corpus, or made up."""
    chance = random.Random(1)
    if corpus is None:
        known = ["".join(chance.choices(SYLLABLES, k=chance.randint(1, 4))) for _ in range(50_000)]
        words = chance.choices(
            known, weights=[1 / n for n in range(1, 50_001)], k=count * WORDS_A_TEXT
        )
    else:
        with corpus.open(encoding="utf-8") as file:
            words = file.read(count * WORDS_A_TEXT * 10).split()[: count * WORDS_A_TEXT]
    starts = range(0, len(words), WORDS_A_TEXT)
    lines = (" ".join(words[start : start + WORDS_A_TEXT]) for start in starts)
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def train(texts: str, model: str) -> None:
    """Train a dense model with fastText: fifty labels, told by a text's first word."""
    import fasttext

    labelled = Path(model).with_suffix(".train")
    with labelled.open("w", encoding="utf-8") as file:
        for line in Path(texts).read_text(encoding="utf-8").splitlines()[:50_000]:
            first = line.split()[0]
            file.write(f"__label__{(ord(first[0]) * 7 + len(first)) % 50} {line}\n")
    fasttext.train_supervised(
        str(labelled), dim=100, epoch=2, wordNgrams=2, bucket=200_000, minn=3, maxn=5, verbose=0
    ).save_model(model)


def measure(program: str, model: str, texts: str, k: int) -> dict[str, Any]:
    """Open the model and ask for all texts at once, as each program's own Python does it."""
    lines = Path(texts).read_text(encoding="utf-8").splitlines()
    ask: Callable[[list[str]], Any]
    if program == "synvec":
        from synvec import TextClassifier

        started = time.perf_counter()
        ask = _asking(TextClassifier.load(model), k)
    else:
        import fasttext

        started = time.perf_counter()
        opened = fasttext.load_model(model).f
        # fastText's Python of 0.9.2 fails under NumPy 2 for one text, not for a list.
        ask = lambda some: opened.multilinePredict([t + "\n" for t in some], k, 0.0, "strict")  # noqa: E731
    opening = time.perf_counter() - started
    ask(lines[:1000])
    started, worked = time.perf_counter(), time.process_time()
    ask(lines)
    seconds, worked = time.perf_counter() - started, time.process_time() - worked
    single = lines[:2000]
    started = time.process_time()
    for line in single:
        ask([line])
    each = (time.process_time() - started) / len(single)
    return {
        "open_ms": 1000 * opening,
        "texts_a_second": len(lines) / seconds,
        "cpu_us": 1e6 * worked / len(lines),
        "one_text_us": 1e6 * each,
        "peak_mb": (peak_bytes() or 0) / 1e6,
    }


def _asking(model: Any, k: int) -> Callable[[list[str]], Any]:
    return lambda some: model.predict(some, k=k)


def _run(python: str, *arguments: str) -> Any:
    command = [python, "-m", "benchmarks.classify", *arguments]
    done = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE)
    return json.loads(done.stdout or b"null")


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.classify")
    parser.add_argument("--languages", type=Path, help="lid.176.ftz, or another model")
    parser.add_argument("--corpus", type=Path, help="take the texts from here")
    parser.add_argument("--texts", type=int, default=200_000)
    parser.add_argument("-k", type=int, default=1)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--peers-python")
    parser.add_argument("--train", nargs=2, help=argparse.SUPPRESS)
    parser.add_argument("--measure", nargs=3, help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.train:
        train(*options.train)
        return
    if options.measure:
        program, model, asked = options.measure
        print(json.dumps(measure(program, model, asked, options.k)))
        return
    programs = {"synvec": sys.executable}
    try:
        programs["fasttext"] = find_peers_python(options.peers_python)
    except SystemExit as missing:
        print(f"without fastText: {missing}", file=sys.stderr)
    with tempfile.TemporaryDirectory() as folder:
        texts = Path(folder) / "texts.txt"
        write_texts(texts, options.texts, options.corpus)
        models = [options.languages] if options.languages else []
        if "fasttext" in programs:
            models.append(Path(folder) / "dense.bin")
            _run(programs["fasttext"], "--train", str(texts), str(models[-1]))
        if not models:
            raise SystemExit("there is no model to ask; give one with --languages")
        facts = machine.describe()
        print(f"{facts['cpu']}, {facts['cores']} cores; {options.texts:,} texts, k={options.k}; ")
        print(f"median of {options.repeat} processes\n")
        titles = {
            "texts_a_second": "texts/s",
            "cpu_us": "CPU µs/text",
            "one_text_us": "alone, µs",
            "open_ms": "open, ms",
            "peak_mb": "peak, MB",
        }
        print(f"{'model':16} {'program':10}", *(f"{title:>12}" for title in titles.values()))
        for model in models:
            for program, python in programs.items():
                asked = (
                    "--measure",
                    program,
                    str(model.resolve()),
                    str(texts),
                    "-k",
                    str(options.k),
                )
                runs = [_run(python, *asked) for _ in range(options.repeat)]
                found = {name: median(run[name] for run in runs) for name in runs[0]}
                shown = (f"{found[name]:12,.1f}" for name in titles)
                print(f"{model.name:16} {program:10}", *shown, flush=True)


if __name__ == "__main__":
    main()
