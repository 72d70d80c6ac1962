"""``synvec resume``: finish a job that was interrupted; and what ``train`` needs for that."""

import contextlib
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NoReturn

import click

from synvec import Word2Vec
from synvec.checkpoints.resuming import Resumable, open_checkpoint
from synvec.cli import files, messages

INTERRUPTED = 128 + 2  # as a shell reports a program that SIGINT ended
TERMINATED = 128 + 15  # likewise SIGTERM


class TerminatedError(KeyboardInterrupt):
    """SIGTERM, which is met as Ctrl-C is."""


@contextlib.contextmanager
def resumable(folder: str | None) -> Iterator[None]:
    """End with the command that goes on, when Ctrl-C or SIGTERM ends training.

    Training has by then written a checkpoint, or was told a second time not to.
    """
    if folder is None:
        yield
        return
    with _terminated_like_ctrl_c():
        try:
            yield
        except KeyboardInterrupt as interrupt:
            if any(Path(folder).glob("checkpoint-*.json")):
                click.echo(f"synvec: interrupted; go on with: synvec resume {folder}", err=True)
            else:
                click.echo("synvec: interrupted before the first checkpoint", err=True)
            is_term = isinstance(interrupt, TerminatedError)
            raise click.exceptions.Exit(TERMINATED if is_term else INTERRUPTED) from None


@contextlib.contextmanager
def _terminated_like_ctrl_c() -> Iterator[None]:
    def stop(*_: object) -> NoReturn:
        raise TerminatedError

    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def save_model_and_vectors(model: Word2Vec, job: dict[str, Any]) -> None:
    """Save what a job was asked for, of that which is named."""
    if job["save_model"] is not None:
        model.save(job["save_model"])
    if job["out"] is not None:
        files.save_vectors(model.wv, job["out"])


def save_results(model: Word2Vec, job: dict[str, Any], seconds: float, raw_words: int) -> None:
    """Save what a job was asked for, and say so."""
    save_model_and_vectors(model, job)
    messages.say(
        f"{len(model.wv):,} words × {model.vector_size} dimensions saved to {job['out']}; "
        f"{raw_words:,} words in {seconds:.1f} s, {raw_words / max(seconds, 1e-9):,.0f} a second"
    )


@click.command(short_help="Finish a training that was interrupted.")
@click.argument("folder", type=click.Path())
@messages.verbosity_options
def resume(folder: str) -> None:
    """Finish the job of `synvec train --checkpoint FOLDER`, into the same OUT.

    With --workers 1 or --deterministic the result is, bit for bit, that of a job which was never
    interrupted.

    \b
      synvec train text.txt -o vectors.kv --checkpoint folder
      synvec resume folder
    """  # noqa: D301 - click's own sign for lines to be kept
    found = open_checkpoint(folder)
    try:
        job = _job(found)
        if job["out"] != files.STDIO:
            files.check_writable(Path(job["out"]))
        if found.has_ended:
            _save_again(found, job)
            return
        messages.say(f"going on from {folder}: {found.where()}")
        start = time.perf_counter()
        passed = found.raw_words
        with resumable(folder):
            model = found.finish((), None if messages.verbosity() >= 0 else False)
        raw_words = sum(epoch.raw_words for epoch in model.history[-found.epochs :]) - passed
        save_results(model, job, time.perf_counter() - start, max(raw_words, 0))
    finally:
        found.close()


def _save_again(found: Resumable, job: dict[str, Any]) -> None:
    """Save what a job that was finished was asked for, unless it has been written since.

    What somebody has put there by now stays.
    """
    asked_for = {name: job[name] for name in ("out", "save_model") if job[name] is not None}
    left = {name for name, path in asked_for.items() if _is_written_since(path, found.path)}
    save_model_and_vectors(found.model, {**job, **dict.fromkeys(left)})
    done = {"saved": asked_for.keys() - left, "left as written since": left}
    told = [
        f"{what}: {', '.join(asked_for[name] for name in sorted(names))}"
        for what, names in done.items()
        if names
    ]
    messages.say(
        f"{found.path}: training was finished before, nothing is left to train; {'; '.join(told)}"
    )


def _is_written_since(path: str, folder: str) -> bool:
    """Whether a file is newer than all checkpoints; files are there whole or not at all."""
    last = max(file.stat().st_mtime_ns for file in Path(folder).glob("checkpoint-*.json"))
    place = Path(path)
    return path != files.STDIO and place.is_file() and place.stat().st_mtime_ns >= last


def _job(found: Resumable) -> dict[str, Any]:
    job = found.job
    if "out" not in job:
        raise click.UsageError(
            f"{found.path} was begun in Python, and names no OUT; go on with "
            f"synvec.resume({found.path!r}) there"
        )
    return job
