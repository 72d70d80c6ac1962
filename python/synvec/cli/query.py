"""``synvec similar`` and ``synvec analogy``: what lies near a word, or near a sum of words."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

import click

from synvec import KeyedVectors
from synvec.cli import files, messages

if TYPE_CHECKING:
    from synvec.search import ApproximateIndex

Neighbors = list[tuple[str, float]]


def _query_options(command: Any) -> Any:
    for option in (
        messages.verbosity_options,
        click.option("--json", "as_json", is_flag=True, help="One JSON object a query."),
        click.option(
            "--restrict-vocab",
            type=click.IntRange(min=1),
            metavar="N",
            help="Look among the first N words only, which are the most frequent ones.",
        ),
        click.option(
            "--index",
            type=click.Path(exists=True, dir_okay=False),
            metavar="INDEX",
            help="Search an index of FILE that synvec index made, not every row.",
        ),
        click.option(
            "-n", "--topn", type=click.IntRange(min=1), default=10, help="How many neighbours."
        ),
    ):
        command = option(command)
    return command


@click.command(
    context_settings={"show_default": True}, short_help="The words nearest to a word, or several."
)
@click.argument("file", type=click.Path(allow_dash=True))
@click.argument("words", nargs=-1, required=True, metavar="WORD...")
@_query_options
def similar(
    file: str,
    words: tuple[str, ...],
    topn: int,
    restrict_vocab: int | None,
    index: str | None,
    as_json: bool,
) -> None:
    """Print the words nearest to WORD, one a line: word, tab, cosine.

    Several WORDs are one query, by their mean. With - for WORD, each line of stdin is a query, and
    each line printed begins with it.

    \b
      synvec similar vectors.kv coffee
      synvec similar vectors.kv - < words.txt
    """  # noqa: D301 - click's own sign for lines to be kept

    def neighbors(
        vectors: KeyedVectors, query: list[str], indexer: ApproximateIndex | None
    ) -> Neighbors:
        return vectors.most_similar(
            files.keys_of(vectors, query), topn=topn, restrict_vocab=restrict_vocab, indexer=indexer
        )

    _answer(file, words, neighbors, index, as_json)


@click.command(context_settings={"show_default": True}, short_help="A is to B as C is to what?")
@click.argument("file", type=click.Path(allow_dash=True))
@click.argument("words", nargs=-1, required=True, metavar="A B C")
@_query_options
def analogy(
    file: str,
    words: tuple[str, ...],
    topn: int,
    restrict_vocab: int | None,
    index: str | None,
    as_json: bool,
) -> None:
    """Answer "A is to B as C is to what?": the words nearest to B − A + C.

    With - instead of A B C, each line of stdin holds three words, and each line printed begins
    with them.

    \b
      synvec analogy vectors.kv man king woman
    """  # noqa: D301 - click's own sign for lines to be kept

    def neighbors(
        vectors: KeyedVectors, query: list[str], indexer: ApproximateIndex | None
    ) -> Neighbors:
        if len(query) != 3:
            raise ValueError(f"an analogy takes three words, not {len(query)}: {' '.join(query)}")
        a, b, c = files.keys_of(vectors, query)
        return vectors.most_similar(
            [b, c], [a], topn=topn, restrict_vocab=restrict_vocab, indexer=indexer
        )

    if words != (files.STDIO,) and len(words) != 3:
        raise click.UsageError(f"A B C are three words, not {len(words)}; or give - for stdin")
    _answer(file, words, neighbors, index, as_json)


def _answer(
    file: str,
    words: tuple[str, ...],
    neighbors: Callable[[KeyedVectors, list[str], ApproximateIndex | None], Neighbors],
    index: str | None,
    as_json: bool,
) -> None:
    """Answer the one query of the command line, or those of stdin one by one."""
    many = words == (files.STDIO,)
    if many and file == files.STDIO:
        raise click.UsageError("stdin cannot be both FILE and the words; name one of them")
    queries: Iterable[list[str]] = files.lines_of_stdin() if many else [list(words)]
    failed = False
    vectors = files.open_vectors(file)
    indexer = None if index is None else vectors.load_index(index)
    for query in queries:
        try:
            found = neighbors(vectors, query, indexer)
        except (KeyError, ValueError) as error:
            if not many:
                raise
            # One word that is not there leaves the other questions of a long list standing.
            click.echo(f"synvec: {messages.one_line(error)}", err=True)
            failed = True
            continue
        _print(query, found, as_json, name_query=many)
    if failed:
        raise click.exceptions.Exit(1)


def _print(query: list[str], found: Neighbors, as_json: bool, *, name_query: bool) -> None:
    if as_json:
        neighbors = [{"word": word, "cosine": float(cosine)} for word, cosine in found]
        click.echo(json.dumps({"query": query, "neighbors": neighbors}, ensure_ascii=False))
        return
    prefix = " ".join(query) + "\t" if name_query else ""
    for word, cosine in found:
        click.echo(f"{prefix}{word}\t{cosine:.4f}")
