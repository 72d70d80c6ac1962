"""The library's messages name Python's arguments: here they become the options that were typed."""

import re
from collections.abc import Mapping

import click

Spellings = Mapping[str, tuple[str, str]]
"""By argument: the option that sets it, and the one that turns it off (or an empty string)."""

_ARGUMENTS = {"dim": "vector_size", "model": "sg", "loss": "hs", "source_format": "format"}
"""What Python calls those options that it doesn't call the same."""

_DECLARED = "synvec.option_names"


def declare(flags: Mapping[str, str]) -> None:
    """Name the flags of arguments, for a command that parses its flags itself."""
    click.get_current_context().meta[_DECLARED] = {name: (flags[name], "") for name in flags}


def with_options(text: str) -> str:
    """Return a message of the library in the words of the command that is running."""
    for argument, spelled in _of_running_command().items():
        text = spell(text, argument, *spelled)
    return text


def spell(text: str, argument: str, option: str, off: str = "") -> str:
    """Return a message that calls an argument as an option.

    An argument is known by its underscore, by ``=`` behind it, or by what messages say of one: it
    ``must be …``, it ``is …, expected …``. What is quoted, or within a path, is left as it is.

    Parameters
    ----------
    off
        The option instead of ``argument=False``.

    Examples
    --------
    >>> spell("vector_size must be 1 or more, not -3", "vector_size", "--dim")
    '--dim must be 1 or more, not -3'
    >>> spell("none occurs min_count=9 times; lower min_count", "min_count", "--min-count")
    'none occurs --min-count=9 times; lower --min-count'
    >>> spell("window.txt: the window is empty", "window", "--window")
    'window.txt: the window is empty'
    """

    def option_of(found: re.Match[str]) -> str:
        value = found["value"] or ""
        if value == "=False" and off:
            return off
        # A flag has no value; "pass keys=" has none either.
        return option if value in ("=True", "=") else option + value

    return re.sub(_pattern(argument), option_of, text)


def _pattern(argument: str) -> str:
    name = rf"(?<![\w./\\'\"-]){argument}"
    followed = [r"(?P<value>=(?:[\w.'\"-]*[\w'\"])?)"]
    if "_" in argument:
        followed.append(r"(?![\w./\\'\"-])")
    else:  # an English word, too: it is the argument in some places only
        followed += [
            r"(?= (?:must|should) (?:not )?be )",
            r"(?= is [^;]+, expected )",
            r"(?= is \S+ there and )",
        ]
    told = rf"(?<=set ){argument}(?= to )|(?<=leave out ){argument}\b"
    return rf"{name}(?:{'|'.join(followed)})|{told}"


def _of_running_command() -> Spellings:
    context = click.get_current_context(silent=True)
    if context is None:
        return {}
    if _DECLARED in context.meta:
        declared: Spellings = context.meta[_DECLARED]
        return declared
    command = context.command
    if isinstance(command, click.Group):  # of a command that has failed, it is the group's turn
        command = command.commands.get(context.invoked_subcommand or "", command)
    return {
        _ARGUMENTS.get(option.name or "", option.name or ""): (
            max(option.opts, key=len),
            "".join(option.secondary_opts),
        )
        for option in command.params
        if isinstance(option, click.Option)
    }
