"""The group ``synvec``: its commands, and what every one of them does about errors and Ctrl-C."""

import contextlib
import errno
import os
import sys
import traceback
import warnings
from typing import Any

import click

from synvec import __version__
from synvec.cli import messages
from synvec.cli.classify import classify
from synvec.cli.convert import convert
from synvec.cli.evaluate import evaluate
from synvec.cli.explore import explore
from synvec.cli.export import export
from synvec.cli.index import index
from synvec.cli.info import info
from synvec.cli.phrases import phrases
from synvec.cli.prompts import distance, word_analogy
from synvec.cli.query import analogy, similar
from synvec.cli.resume import INTERRUPTED, resume
from synvec.cli.serve import serve
from synvec.cli.train import train
from synvec.cli.verify import verify
from synvec.cli.word2vec import word2vec

CLOSED_PIPE = 128 + 13  # likewise SIGPIPE


class CommandError(click.ClickException):
    """An error that the user reads as one line, ``synvec: …``, with exit code 1."""

    def show(self, file: Any = None) -> None:
        """Write the line to stderr."""
        click.echo(f"synvec: {self.format_message()}", file=file, err=True)


class Synvec(click.Group):
    """Runs a command and turns whatever it raises into a message and an exit code.

    It happens here, inside click, because click takes an ``EOFError`` (which a truncated file is)
    for Ctrl-D and says no more than "Aborted!".
    """

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; flush its results while an error can still be told."""
        try:
            result = super().invoke(ctx)
            sys.stdout.flush()
        except (click.ClickException, click.exceptions.Exit, click.Abort):
            raise
        except KeyboardInterrupt:
            click.echo("synvec: interrupted", err=True)
            raise click.exceptions.Exit(INTERRUPTED) from None
        except Exception as error:
            if messages.verbosity() >= messages.TRACEBACK:
                traceback.print_exc()
            if isinstance(error, OSError):
                is_of_stdout = _abandon_stdout()
                if _is_closed_pipe(error):
                    raise click.exceptions.Exit(CLOSED_PIPE) from None
                if is_of_stdout and error.filename is None:
                    raise CommandError(f"stdout: {messages.one_line(error)}") from error
            raise CommandError(messages.one_line(error)) from error
        return result


def _is_closed_pipe(error: OSError) -> bool:
    # Windows says EINVAL, but of a named file it means something else.
    on_windows = sys.platform == "win32" and error.errno == errno.EINVAL
    return isinstance(error, BrokenPipeError) or (on_windows and error.filename is None)


def _abandon_stdout() -> bool:
    """Let nothing more reach stdout, so that the interpreter's last flush has nothing to fail at.

    Only stdout that cannot take what is buffered is given up; whether it was is returned.
    """
    try:
        sys.stdout.flush()
        return False
    except OSError:
        # In a test's runner stdout has no descriptor.
        with contextlib.suppress(OSError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return True


@click.group(cls=Synvec, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="synvec")
@messages.verbosity_options
@click.pass_context
def synvec(ctx: click.Context) -> None:
    """Word vectors: train them, ask them, judge them, convert them.

    Results go to stdout, everything else to stderr. FILE may be in any format that synvec reads
    (it is recognised by content), or - for stdin.
    """
    ctx.with_resource(warnings.catch_warnings())
    ctx.with_resource(messages.logging_to_stderr())


for command in (
    train, resume, phrases, similar, analogy, explore, evaluate, classify, convert, export, index,
    info, verify, serve, word2vec, distance, word_analogy,
):  # fmt: skip
    synvec.add_command(command)
