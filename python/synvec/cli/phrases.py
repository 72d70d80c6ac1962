"""``synvec phrases``: text in, the same text out with its phrases as words."""

import sys
from typing import Any, Literal

import click

from synvec import ENGLISH_CONNECTOR_WORDS, FrozenPhrases, Phrases, _core, scan
from synvec.cli import files, messages

_CONNECTORS = {"none": frozenset[str](), "english": ENGLISH_CONNECTOR_WORDS}
_USUAL_THRESHOLD = {"default": 10.0, "npmi": 0.5, "word2phrase": 100.0}


@click.command(
    context_settings={"show_default": True}, short_help="Join words that belong together."
)
@click.argument("text", nargs=-1, required=True, type=click.Path(allow_dash=True))
@click.option(
    "-o",
    "--out",
    default=files.STDIO,
    show_default="stdout",
    type=click.Path(allow_dash=True),
    help="Where the text goes; .gz, .bz2, .xz and .zst compress.",
)
@click.option(
    "--list", "as_list", is_flag=True, help="Print the phrases and their scores instead of text."
)
@click.option("--min-count", type=click.IntRange(min=1), default=5, help="Rarer pairs stay apart.")
@click.option(
    "--threshold",
    type=float,
    show_default="10; 0.5 for npmi, 100 for word2phrase",
    help="Pairs that score above it are phrases.",
)
@click.option(
    "--scoring",
    type=click.Choice(list(_USUAL_THRESHOLD)),
    default="default",
    help="gensim's default, normalised mutual information, or word2phrase.c's.",
)
@click.option(
    "--connectors",
    type=click.Choice(list(_CONNECTORS)),
    default="none",
    help="Words such as 'of' that may stand within a phrase.",
)
@click.option(
    "--passes",
    type=click.IntRange(min=1, max=10),
    default=1,
    help="Each one joins what the one before has joined: 2 makes phrases of up to four words.",
)
@click.option("--delimiter", default="_", help="What joins the words of a phrase.")
@click.option(
    "--max-vocab-size",
    type=click.IntRange(min=1),
    default=40_000_000,
    help="About how many pairs are kept while counting.",
)
@click.option("--lowercase", is_flag=True, help="Lower-case the text.")
@click.option(
    "--tokenize",
    type=click.Choice(["whitespace", "words"]),
    default=None,
    show_default="whitespace",
    help="Split at white space, or into words by Unicode's rules, without punctuation.",
)
@click.option(
    "--column",
    help="The column of text of a Parquet or Arrow file; needed where there are several.",
)
@click.option(
    "--workers",
    type=click.IntRange(min=1),
    default=None,
    show_default="the cores at hand",
    help="Threads.",
)
@messages.verbosity_options
def phrases(
    text: tuple[str, ...],
    out: str,
    as_list: bool,
    passes: int,
    connectors: str,
    lowercase: bool,
    tokenize: Literal["whitespace", "words"] | None,
    column: str | None,
    workers: int | None,
    **options: Any,
) -> None:
    """Find the phrases of TEXT, and write the text with each phrase as one word.

    TEXT is one or more files, also compressed, or - for stdin; or Parquet and Arrow files; or URLs.
    It is read once, whatever the number of passes.

    \b
      synvec phrases text.txt -o joined.txt --connectors english
      synvec phrases text.txt --list | head
      synvec phrases text.txt --passes 2 | synvec train - -o vectors.kv
    """  # noqa: D301 - click's own sign for lines to be kept
    files.check_text_out(out, text)
    if options["threshold"] is None:
        options["threshold"] = _USUAL_THRESHOLD[options["scoring"]]
    scanned = scan(
        corpus_file=text, workers=workers, tokenize=tokenize, lowercase=lowercase, column=column
    )
    found: dict[str, float] = {}
    for _ in range(passes):
        counted = Phrases(connector_words=_CONNECTORS[connectors], workers=workers, **options)
        counted.add_scanned(scanned)
        frozen = FrozenPhrases(counted)
        found |= frozen.phrasegrams
        scanned = frozen.apply(scanned)
    if as_list:
        for phrase, score in found.items():
            click.echo(f"{phrase}\t{score:.6g}")
    else:
        _core.write_text(scanned, sys.stdout.buffer if out == files.STDIO else out)
    messages.say(f"{len(found):,} phrases in {scanned.raw_words:,} words")
