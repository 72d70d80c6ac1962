"""What the commands say on stderr: log lines, warnings, errors, and how much of them."""

import contextlib
import logging
import sys
import traceback
import warnings
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

import click

from synvec.cli.option_names import with_options
from synvec.errors import FormatError

logger = logging.getLogger("synvec")

TRACEBACK = 2  # -vv
_LEVELS = {
    -1: logging.ERROR,
    0: logging.WARNING,
    1: logging.INFO,
    2: logging.DEBUG,
}

Decorated = TypeVar("Decorated", bound=Callable[..., Any])


class _Verbosity:
    """How often -v was given, less how often -q."""

    def __init__(self) -> None:
        self.level = 0


class _StderrHandler(logging.Handler):
    """Writes log lines around a progress bar instead of through it."""

    def emit(self, record: logging.LogRecord) -> None:
        label = "" if record.levelno <= logging.INFO else f"{record.levelname.lower()}: "
        line = f"synvec: {label}{with_options(record.getMessage())}"
        try:
            if "tqdm" in sys.modules:
                from tqdm import tqdm

                tqdm.write(line, file=sys.stderr)
            else:
                click.echo(line, err=True)
        except OSError:  # the disk of the log is full: no reason to end what is running
            self.handleError(record)


def verbosity_options(command: Decorated) -> Decorated:
    """Add -v and -q, which count wherever they stand: before the command's name or after it."""

    def count(sign: int) -> Callable[[click.Context, click.Parameter, int], None]:
        def callback(ctx: click.Context, _: click.Parameter, times: int) -> None:
            ctx.find_root().ensure_object(_Verbosity).level += sign * times
            if any(type(handler) is _StderrHandler for handler in logger.handlers):
                _set_level()  # before the command runs there is nobody to be told

        return callback

    verbose = click.option(
        "-v",
        "--verbose",
        count=True,
        show_default=False,
        expose_value=False,
        callback=count(1),
        help="Say more; -vv also shows where an error comes from.",
    )
    quiet = click.option(
        "-q",
        "--quiet",
        count=True,
        show_default=False,
        expose_value=False,
        callback=count(-1),
        help="Say less: no progress, no warnings.",
    )
    return verbose(quiet(command))


def verbosity() -> int:
    """How much to say: 0 as a rule, 1 with -v, 2 with -vv, -1 with -q."""
    ctx = click.get_current_context(silent=True)
    return ctx.find_root().ensure_object(_Verbosity).level if ctx is not None else 0


@contextlib.contextmanager
def logging_to_stderr() -> Iterator[None]:
    """Send the library's log and Python's warnings to stderr, a line each, while a command runs."""
    handler, level, shown = _StderrHandler(), logger.level, warnings.showwarning

    def show(message: Warning | str, *_: Any, **__: Any) -> None:
        logger.warning("%s", message)

    logger.addHandler(handler)
    warnings.showwarning = show
    _set_level()
    try:
        yield
    finally:
        logger.removeHandler(handler)
        logger.setLevel(level)
        warnings.showwarning = shown


def _set_level() -> None:
    logger.setLevel(_LEVELS[max(-1, min(verbosity(), TRACEBACK))])


def say(line: str) -> None:
    """Tell the user how a command went, unless -q was given."""
    if verbosity() >= 0:
        click.echo(f"synvec: {line}", err=True)


def show_error(error: Exception) -> None:
    """Tell an error that does not end the command."""
    if verbosity() >= TRACEBACK:
        traceback.print_exception(error)
    click.echo(f"synvec: {one_line(error)}", err=True)


_ON_THE_COMMAND_LINE = {
    'count="actual"': "synvec convert --count actual IN OUT",
    "allow_nonfinite=True": "synvec convert --allow-nonfinite IN OUT",
    'unicode_errors="replace"': "synvec convert --unicode-errors replace IN OUT",
    "pass keys=": "synvec convert --keys FILE IN OUT",
    "load it with format=": "synvec convert --from FORMAT IN OUT",
    "load it with keys=": "synvec convert --keys FILE IN OUT",
}
"""What a message says to Python, and what does it where the command has no such option."""


def one_line(error: BaseException) -> str:
    """Return an exception as one line for the user, with the options of the running command."""
    if isinstance(error, OSError) and error.strerror:
        text = with_options(error.strerror)
        if error.filename is not None:
            text = f"{error.filename}: {text}"
    elif isinstance(error, MemoryError):
        text = f"out of memory: {error}" if str(error) else "out of memory"
    elif type(error) is KeyError and error.args:
        text = str(error.args[0])  # its own str() puts quotes around it
    else:
        text = with_options(str(error))
        for argument, command in _ON_THE_COMMAND_LINE.items():
            is_unsaid = argument in text and f"--{argument}" not in text
            if isinstance(error, FormatError) and is_unsaid:
                text += f" (on the command line: {command})"
    return " ".join(text.split()) or type(error).__name__
