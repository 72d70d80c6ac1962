"""``synvec convert``: the same vectors in another format."""

import sys
from typing import Any

import click

from synvec import formats
from synvec.cli import files, messages


@click.command(
    context_settings={"show_default": True}, short_help="The same vectors in another format."
)
@click.argument("source", metavar="IN", type=click.Path(allow_dash=True))
@click.argument("out", metavar="OUT", type=click.Path(allow_dash=True))
@files.format_option(
    "--from", "source_format", "IN's format, if not recognised", lists_formats=False
)
@files.format_option("--to", "out_format", "OUT's format, whatever its ending")
@click.option("--keys", metavar="FILE", help="The words of IN, one a line, if IN has none itself.")
@click.option("--limit", type=click.IntRange(min=1), help="Take the first N words only.")
@click.option(
    "--count",
    type=click.Choice(["header", "actual"]),
    default="header",
    help="How many words IN has: as its header says, or as there are.",
)
@click.option("--allow-nonfinite", is_flag=True, help="Let NaN and infinity pass.")
@click.option("--encoding", default="utf8", help="How IN's words are encoded.")
@click.option(
    "--unicode-errors",
    type=click.Choice(["strict", "replace", "ignore"]),
    default="strict",
    help="What becomes of words that are not valid in that encoding.",
)
@messages.verbosity_options
def convert(
    source: str, out: str, source_format: Any, out_format: Any, **read_options: Any
) -> None:
    """Write the vectors of IN to OUT, in the format that OUT's ending names.

    IN is recognised by content; some formats are folders. OUT ends in .kv (native), .txt or .vec
    (text), .bin (word2vec binary) or as the formats in --to do; - is text on stdout.

    \b
      synvec convert glove.6B.50d.txt glove.kv
      synvec convert vectors.kv - | head
      synvec convert vectors.kv folder --to model2vec
    """  # noqa: D301 - click's own sign for lines to be kept
    files.check_out(out, (source,), out_format=out_format)
    if out == files.STDIO and out_format is None:
        out_format = "word2vec-text"
    # No reader knows all of these; what was not asked for is not passed on to it.
    defaults = {
        "keys": None, "limit": None, "count": "header", "allow_nonfinite": False,
        "encoding": "utf8", "unicode_errors": "strict",
    }  # fmt: skip
    asked = {name: value for name, value in read_options.items() if value != defaults[name]}
    formats.convert(
        sys.stdin.buffer if source == files.STDIO else source,
        sys.stdout.buffer if out == files.STDIO else out,
        source_format=source_format,
        format=out_format,
        **asked,
    )
    messages.say(f"{source} saved to {out}")
