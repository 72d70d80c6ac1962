"""Train word vectors on English that every machine has, save them, and ask them questions."""

import itertools
import sysconfig
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import click

from synvec import KeyedVectors, Word2Vec
from synvec.demo import text

SAVED_AS = "demo.kv"

# A small text wants more epochs, a wider window, a higher learning rate and more thinning out of
# its frequent words than the defaults, which are for millions of sentences.
SETTINGS: dict[str, Any] = {
    "vector_size": 100,
    "sg": 0,
    "window": 8,
    "epochs": 15,
    "alpha": 0.05,
    "sample": 1e-4,
    "min_count": 10,
}
WORDS = ("socket", "year", "thread", "raises", "integer", "directory")
ANALOGIES = (
    ("input", "output", "stdin"),
    ("key", "keyerror", "index"),
    ("integer", "int", "string"),
    ("read", "write", "reader"),
    ("lower", "upper", "lowercase"),
    ("call", "called", "raise"),
    ("process", "processes", "thread"),
    ("file", "files", "function"),
)


@click.command()
@click.argument("corpus", required=False, type=click.Path(exists=True, dir_okay=False))
def demo(corpus: str | None) -> None:
    """Train on CORPUS, or on what Python's standard library says about itself."""
    if corpus is None:
        click.echo(f"Reading the docstrings, comments and help pages of {text.describe()} …")
        model, sentences = Word2Vec(**SETTINGS), list(text.sentences())
    else:
        click.echo(f"Reading {corpus} …")
        model, sentences = Word2Vec(**SETTINGS, tokenize="words", lowercase=True), None
    model.build_vocab(sentences, corpus)
    # A text that is not small says enough in fewer epochs.
    model.epochs = max(5, min(model.epochs, 20_000_000 // model.corpus_total_words))
    click.echo(
        f"  {model.corpus_total_words:,} words; the {len(model.wv):,} different ones that occur "
        f"{model.min_count} times or more get a vector"
    )
    train(model, sentences, corpus)
    model.wv.save(SAVED_AS)
    click.echo(f"  saved to {SAVED_AS} ({Path(SAVED_AS).stat().st_size / 1e6:.1f} MB)")
    asked = [word for word in WORDS if word in model.wv] if corpus is None else familiar(model.wv)
    show_neighbors(model.wv, asked)
    questions = [f"similar {SAVED_AS} {word}" for word in asked[:1]]
    if corpus is None:
        show_analogies(model.wv)
        questions.append(f"analogy {SAVED_AS} {' '.join(ANALOGIES[0])}")
    show_next_steps(questions)


def train(model: Word2Vec, sentences: Iterable[list[str]] | None, corpus: str | None) -> None:
    """Train, and say how long it took."""
    click.echo(
        f"Training CBOW with negative sampling: {model.vector_size} dimensions, {model.epochs} "
        f"epochs, {model.workers} threads …"
    )
    start = time.perf_counter()
    _, raw_words = model.train(
        sentences,
        corpus,
        total_examples=model.corpus_count,
        total_words=model.corpus_total_words,
        epochs=model.epochs,
    )
    seconds = time.perf_counter() - start
    speed = raw_words / seconds / 1e6
    click.echo(f"  {raw_words:,} words in {seconds:.1f} s: {speed:.1f} million a second")


def familiar(vectors: KeyedVectors, count: int = 6) -> list[str]:
    """Return words of an unknown text that are likely to mean something: frequent, not short.

    The most frequent words of any text are those of its grammar, so the search starts below them.
    """
    below = min(500, len(vectors) // 10)
    candidates = (word for word in vectors.key_table.keys(below) if len(word) > 4)
    return list(itertools.islice(candidates, 0, count * 20, 20)) or vectors.key_table.keys(0, count)


def show_neighbors(vectors: KeyedVectors, words: Iterable[str]) -> None:
    """Print the nearest words to each word, with their cosines."""
    for word in words:
        click.echo(f"\nNearest to {word!r}, by cosine:")
        for neighbor, cosine in vectors.most_similar(word, topn=5):
            click.echo(f"  {neighbor:<20} {cosine:.3f}")


def show_analogies(vectors: KeyedVectors) -> None:
    """Print what the vectors make of each analogy."""
    click.echo("\nA is to B as C is to …, by B − A + C:")
    for a, b, c in ANALOGIES:
        if all(word in vectors for word in (a, b, c)):
            answers = vectors.most_similar(positive=[b, c], negative=[a], topn=3)
            first, *others = [f"{word} {cosine:.2f}" for word, cosine in answers]
            question = f"{a} : {b}  =  {c} : "
            click.echo(f"  {question:<34}{first:<18} (then {', '.join(others)})")


def show_next_steps(questions: list[str]) -> None:
    """Print commands to go on with; ``questions`` are arguments that ask the saved vectors."""
    click.echo("\nGo on with:")
    for arguments in (*questions, f"info {SAVED_AS}"):
        click.echo(f"  {own_command()} {arguments}")
    click.echo("  make demo CORPUS=path/to/your/own.txt")


def own_command() -> str:
    """Return how to call ``synvec`` from here: the environment of make need not be active."""
    script = Path(sysconfig.get_path("scripts"), "synvec")
    if not script.exists():  # on Windows it has an ending
        return "python -m synvec"
    return str(script.relative_to(Path.cwd())) if script.is_relative_to(Path.cwd()) else str(script)


if __name__ == "__main__":
    demo()
