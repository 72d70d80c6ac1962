"""``synvec verify``: whether files are whole."""

import sys
from typing import Any

import click

from synvec import formats
from synvec.cli import files, messages
from synvec.errors import FormatError


@click.command(short_help="Whether files are whole.")
@click.argument("paths", metavar="FILE...", nargs=-1, required=True, type=click.Path())
@files.format_option("--from", "source_format", "The format of FILE, if not recognised")
@click.option("--allow-nonfinite", is_flag=True, help="Let NaN and infinity pass.")
@messages.verbosity_options
def verify(paths: tuple[str, ...], source_format: Any, allow_nonfinite: bool) -> None:
    """Check each FILE as far as its format allows, and say what was checked.

    A native file (.kv) holds checksums of everything in it. Other formats hold none: they are read
    to their end, which finds what is missing or contradicts itself, but not a number that was
    changed into another. - is stdin.

    Exits with 0 when every FILE is whole, with 1 when one is not; the others are checked all the
    same.
    """
    broken = 0
    for path in paths:
        source = sys.stdin.buffer if path == files.STDIO else path
        try:
            found = formats.verify(source, format=source_format, allow_nonfinite=allow_nonfinite)
        except (FormatError, OSError, ImportError) as error:
            messages.show_error(error)
            broken += 1
        else:
            click.echo(f"{path}: {_described(found)}")
    if broken:
        if len(paths) > 1:
            messages.say(f"{broken} of {len(paths)} files are not whole or cannot be read")
        raise click.exceptions.Exit(1)


def _described(found: formats.Verified) -> str:
    shape = f", {found.rows:,} words" if found.rows is not None else ""
    if found.vector_size is not None:
        shape += f" × {found.vector_size}"
    return f"OK, {formats.FORMATS[found.format].title}{shape}: {'; '.join(found.checked)}"
