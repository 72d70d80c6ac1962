"""``synvec distance`` and ``synvec word-analogy``: word2vec.c's prompts, with completion."""

import bisect
import contextlib
from collections.abc import Callable, Iterator
from typing import Any

import click

from synvec import KeyedVectors
from synvec.cli import files, messages
from synvec.key_types import Key

Answer = Callable[[KeyedVectors[Any], list[Key]], list[tuple[Any, float]]]

_LEAVE = "EXIT"
_WIDTH = 50


def _topn(command: Callable[..., None]) -> Callable[..., None]:
    return click.option(
        "-n", "--topn", type=click.IntRange(min=1), default=40, help="How many words are listed."
    )(command)


@click.command(
    context_settings={"show_default": True}, short_help="Ask for neighbours, at a prompt."
)
@click.argument("file", type=click.Path())
@_topn
@messages.verbosity_options
def distance(file: str, topn: int) -> None:
    """Ask for the words nearest to a word, or to several, as word2vec.c's distance does.

    Each line typed is a query; EXIT or Ctrl-D leaves. Tab completes words, arrows edit the line and
    bring earlier ones back.
    """
    _prompt(
        files.open_vectors(file),
        f"Enter word or sentence ({_LEAVE} to break): ",
        lambda vectors, keys: vectors.most_similar(keys, topn=topn),
        least=1,
    )


@click.command(
    "word-analogy", context_settings={"show_default": True}, short_help="Ask analogies at a prompt."
)
@click.argument("file", type=click.Path())
@_topn
@messages.verbosity_options
def word_analogy(file: str, topn: int) -> None:
    """Ask "A is to B as C is to what?", as word2vec.c's word-analogy does.

    Each line typed holds A, B and C; EXIT or Ctrl-D leaves. Tab completes words, arrows edit the
    line and bring earlier ones back.
    """

    def answer(vectors: KeyedVectors[Any], keys: list[Key]) -> list[tuple[Any, float]]:
        first, second, third = keys[:3]
        return vectors.most_similar([second, third], [first], topn=topn)

    _prompt(files.open_vectors(file), f"Enter three words ({_LEAVE} to break): ", answer, least=3)


def _prompt(vectors: KeyedVectors[Any], prompt: str, answer: Answer, *, least: int) -> None:
    with _completion(vectors):
        for words in _lines(prompt):
            if len(words) < least:
                click.echo(f"Only {len(words)} words were entered.. {least} words are needed")
                continue
            keys = files.keys_of(vectors, words)
            unknown = [
                word
                for word, key in zip(words, keys, strict=True)
                if not vectors.has_index_for(key)
            ]
            for word, key in zip(words, keys, strict=True):
                place = vectors.get_index(key, default=-1)
                click.echo(f"\nWord: {word}  Position in vocabulary: {place}")
            if unknown:
                click.echo(f"Out of dictionary word: {', '.join(unknown)}!\n")
                continue
            click.echo(f"\n{'Word':>{_WIDTH}}{'Cosine distance':>23}\n" + "-" * (_WIDTH + 23))
            for word, cosine in answer(vectors, keys):
                click.echo(f"{word:>{_WIDTH}}{cosine:>23.6f}")


def _lines(prompt: str) -> Iterator[list[str]]:
    """Yield the words of each line until the user leaves."""
    while True:
        try:
            line = input(prompt)
        except EOFError:
            click.echo()
            return
        words = line.split()
        if words == [_LEAVE]:
            return
        if words:
            yield words


@contextlib.contextmanager
def _completion(vectors: KeyedVectors[Any]) -> Iterator[None]:
    """Let Tab complete words, where Python has line editing."""
    try:
        import readline
    except ImportError:  # Windows: the line is typed in full
        yield
        return
    words = sorted(vectors.key_table.texts().keys())

    def complete(begin: str, number: int) -> str | None:
        place = bisect.bisect_left(words, begin) + number
        return words[place] if place < len(words) and words[place].startswith(begin) else None

    before = readline.get_completer(), readline.get_completer_delims()
    readline.set_completer(complete)
    readline.set_completer_delims(" \t\n")
    readline.parse_and_bind("tab: complete")
    try:
        yield
    finally:
        readline.set_completer(before[0])
        readline.set_completer_delims(before[1])
