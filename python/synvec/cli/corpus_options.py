"""The options that commands have in common which read a corpus: its words, and the threads."""

from typing import Any

import click

TEXT = [
    click.option("--lowercase", is_flag=True, help="Lower-case the text."),
    click.option(
        "--tokenize",
        type=click.Choice(["whitespace", "words"]),
        default=None,
        show_default="whitespace",
        help="Split at white space, or into words by Unicode's rules, without punctuation.",
    ),
    click.option(
        "--column",
        help="The column of text of a Parquet or Arrow file; needed where there are several.",
    ),
]

WORKERS = click.option(
    "--workers",
    type=click.IntRange(min=1),
    default=None,
    show_default="the cores at hand",
    help="Threads.",
)


def corpus_options(command: Any) -> Any:
    """Add all of them to a command."""
    for option in reversed([*TEXT, WORKERS]):
        command = option(command)
    return command
