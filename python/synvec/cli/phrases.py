"""``synvec phrases``: text in, the same text out with its phrases as words."""

import sys
from typing import Any, Literal

import click
from click.core import ParameterSource

from synvec import ENGLISH_CONNECTOR_WORDS, FrozenPhrases, Phrases, _core, scan
from synvec.cli import files, messages
from synvec.cli.corpus_options import corpus_options

_CONNECTORS = {"none": frozenset[str](), "english": ENGLISH_CONNECTOR_WORDS}
_USUAL_THRESHOLD = {"default": 10.0, "npmi": 0.5, "word2phrase": 100.0}
_SETTINGS = ("min_count", "threshold", "scoring", "connectors", "delimiter", "max_vocab_size")


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
@click.option(
    "--save",
    "saved",
    metavar="FILE",
    multiple=True,
    type=click.Path(),
    help="Save the phrases, for --load; with several passes once for each.",
)
@click.option(
    "--load",
    "loaded",
    metavar="FILE",
    multiple=True,
    type=click.Path(),
    help="Count nothing: join the phrases of this file. Several go one after the other.",
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
@corpus_options
@messages.verbosity_options
def phrases(
    text: tuple[str, ...],
    out: str,
    as_list: bool,
    saved: tuple[str, ...],
    loaded: tuple[str, ...],
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
      synvec phrases text.txt --save phrases.kv -o joined.txt
      synvec phrases other.txt --load phrases.kv -o other-joined.txt
    """  # noqa: D301 - click's own sign for lines to be kept
    files.check_text_out(out, text)
    if loaded:
        _refuse_settings_of_counting()
    _check_saved(saved, passes, text, out)
    chosen = [FrozenPhrases.load(path) for path in loaded]
    settings = {"connector_words": _CONNECTORS[connectors], "workers": workers, **options}
    scanned = scan(
        corpus_file=text, workers=workers, tokenize=tokenize, lowercase=lowercase, column=column
    )
    for number in range(len(loaded) or passes):
        if not loaded:
            chosen.append(_counted(scanned, settings))
        scanned = chosen[number].apply(scanned)
    for frozen, path in zip(chosen, saved, strict=False):  # as many, or none is to be saved
        frozen.save(path)
    found: dict[str, float] = {}
    for frozen in chosen:
        found |= frozen.phrasegrams
    if as_list:
        for phrase, score in found.items():
            click.echo(f"{phrase}\t{score:.6g}")
    else:
        _core.write_text(scanned, sys.stdout.buffer if out == files.STDIO else out)
    messages.say(f"{len(found):,} phrases in {scanned.raw_words:,} words")


def _refuse_settings_of_counting() -> None:
    context = click.get_current_context()
    for name in (*_SETTINGS, "passes", "saved"):
        if context.get_parameter_source(name) is ParameterSource.COMMANDLINE:
            option = "--save" if name == "saved" else f"--{name.replace('_', '-')}"
            raise click.BadParameter(
                "belongs to counting, and --load counts nothing; leave one of them out",
                param_hint=f"'{option}'",
            )


def _check_saved(saved: tuple[str, ...], passes: int, text: tuple[str, ...], out: str) -> None:
    """Find out now whether the phrases can be saved."""
    if saved and len(saved) != passes:
        raise click.BadParameter(
            f"is given {len(saved)} times for {passes} passes; give a file for each pass",
            param_hint="'--save'",
        )
    for number, path in enumerate(saved):
        files.check_text_out(path, text)
        if path in (out, *saved[:number]):
            raise click.BadParameter(f"{path!r} is given twice", param_hint="'--save'")


def _counted(scanned: _core.ScannedCorpus, settings: dict[str, Any]) -> FrozenPhrases:
    """Return the phrases of a corpus."""
    threshold = settings["threshold"]
    if threshold is None:
        threshold = _USUAL_THRESHOLD[settings["scoring"]]
    counted = Phrases(**settings | {"threshold": threshold})
    counted.add_scanned(scanned)
    return FrozenPhrases(counted)
