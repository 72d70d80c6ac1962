"""Checkpoints on the command line: signals, and the loop of kills."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.kills import DETERMINISTIC, ONE_WORKER, Loop
from synvec import KeyedVectors
from synvec.checkpoints.resuming import open_checkpoint
from tests.checkpointing import POSIX, environment, position

TRAIN = [sys.executable, "-m", "synvec", "train"]


@pytest.fixture
def long_job(tmp_path: Path, text: Path) -> Iterator[list[str]]:
    yield [
        *TRAIN, str(text), "-o", "out.kv", "--workers", "1",
        "--min-count", "1", "--epochs", "60", "--checkpoint", "c",
    ]  # fmt: skip


def started(folder: Path, job: list[str]) -> subprocess.Popen[str]:
    """Start a job, and wait until its first checkpoint is there and it has trained for a while."""
    process = subprocess.Popen(
        job, cwd=folder, env=environment(), stderr=subprocess.PIPE, encoding="utf-8"
    )
    while process.poll() is None and not list(folder.glob("c/checkpoint-000001.json")):
        time.sleep(0.1)
    time.sleep(0.5)
    return process


def finished(folder: Path, *job: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        job, cwd=folder, env=environment(), capture_output=True, encoding="utf-8", check=False
    )


@POSIX
@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
def test_signals_end_with_a_checkpoint_and_the_command_that_goes_on(
    tmp_path: Path, long_job: list[str], sent: signal.Signals
) -> None:
    with started(tmp_path, long_job) as process:
        process.send_signal(sent)
        _, said = process.communicate()
    assert process.returncode == 128 + sent
    assert said.splitlines()[-1] == "synvec: interrupted; go on with: synvec resume c"
    assert position(tmp_path / "c") != {"epoch": 0, "unit": 0}
    assert not (tmp_path / "out.kv").exists()
    again = finished(tmp_path, *long_job)
    assert again.returncode == 1
    assert "of this very job; go on with" in again.stderr
    assert "synvec resume c" in again.stderr


TELLING = """
import sys
from synvec import cli, progress

class Told:
    def __call__(self, report):
        print("report of", report["phase"], file=sys.stderr, flush=True)
    def close(self):
        pass

progress._Bar, progress._is_watched = Told, lambda: True
cli.main()
"""


@POSIX
def test_a_second_signal_waits_for_nothing(tmp_path: Path, text: Path) -> None:
    # A block of these settings takes twenty seconds and more, and a first signal waits for its end;
    # with frequent words thinned out it took one.
    job = [
        sys.executable, "-c", TELLING, "train", str(text), "-o", "out.kv", "--workers", "1",
        "--checkpoint", "c", "--min-count", "1", "--dim", "4000", "--window", "60",
        "--negative", "200", "--per-pair-negatives", "--sample", "0",
    ]  # fmt: skip
    with subprocess.Popen(
        job, cwd=tmp_path, env=environment(), stderr=subprocess.PIPE, encoding="utf-8"
    ) as process:
        assert process.stderr is not None
        reports = (line for line in process.stderr if line == "report of train\n")
        next(reports)
        process.send_signal(signal.SIGINT)
        # The look that meets the signal reports nothing; one before and two after it do.
        assert [next(reports, None) for _ in range(3)].count(None) == 0, "the first one waits"
        process.send_signal(signal.SIGINT)
        said = process.stderr.read()
    assert process.returncode == 130
    assert said.splitlines()[-1] == "synvec: interrupted; go on with: synvec resume c"
    assert position(tmp_path / "c") == {"epoch": 0, "unit": 0}
    assert sorted(path.name for path in (tmp_path / "c").iterdir()) == [
        "checkpoint-000001.json", "checkpoint-000001.kv", "lock",
    ]  # fmt: skip
    found = open_checkpoint(tmp_path / "c")  # which proves that it is whole
    assert found.where() == "epoch 1 of 5, block 0"
    found.close()


@POSIX
def test_a_used_folder_is_refused_before_the_text_is_read(tmp_path: Path, text: Path) -> None:
    job = [*TRAIN, str(text), "-o", "out.kv", "--epochs", "1", "--checkpoint", "c"]
    assert finished(tmp_path, *job).returncode == 0
    # Reading this one would never end.
    os.mkfifo(tmp_path / "pipe")
    told = finished(tmp_path, *[{str(text): "pipe", "1": "2"}.get(part, part) for part in job])
    assert told.returncode == 1
    assert "another job: --epochs is 1 there and 2 here; name another folder" in told.stderr
    told = finished(tmp_path, *[{str(text): "pipe"}.get(part, part) for part in job])
    assert told.returncode == 1
    assert "of a job with these very settings, on " in told.stderr
    assert f"{text} ({text.stat().st_size:,} bytes); go on with" in told.stderr


def test_an_interval_without_a_folder_is_refused(tmp_path: Path, text: Path) -> None:
    told = finished(tmp_path, *TRAIN, str(text), "-o", "out.kv", "--checkpoint-every", "1")
    assert told.returncode == 2
    assert "needs a folder to write to; give --checkpoint FOLDER" in told.stderr
    assert not (tmp_path / "out.kv").exists()


@POSIX
def test_a_save_that_fails_at_the_end_loses_nothing(tmp_path: Path, long_job: list[str]) -> None:
    (tmp_path / "sub").mkdir()
    job = [{"out.kv": "sub/out.kv", "60": "20"}.get(part, part) for part in long_job]
    with started(tmp_path, job) as process:
        (tmp_path / "sub").rmdir()
        _, said = process.communicate()
    assert process.returncode == 1
    assert "synvec: nothing is lost: make room, then synvec resume c\n" in said
    resume = [sys.executable, "-m", "synvec", "resume", "c"]
    refused = finished(tmp_path, *resume)
    assert refused.returncode == 1
    assert "No such folder; make it first" in refused.stderr
    (tmp_path / "sub").mkdir()
    done = finished(tmp_path, *resume)
    assert done.returncode == 0, done.stderr
    assert "synvec: c: training was finished before, nothing is left to train; " in done.stderr
    out = tmp_path / "sub" / "out.kv"
    assert f"nothing is left to train; saved: {out}\n" in done.stderr
    assert "a second" not in done.stderr
    assert len(KeyedVectors.load(str(out))) > 0
    out.write_text("what somebody made of it")
    again = finished(tmp_path, *resume)
    assert again.returncode == 0, again.stderr
    assert f"nothing is left to train; left as written since: {out}\n" in again.stderr
    assert out.read_text() == "what somebody made of it"


@pytest.mark.slow
@POSIX
@pytest.mark.parametrize("way", [ONE_WORKER, DETERMINISTIC])
def test_killed_at_random_and_resumed(tmp_path: Path, way: tuple[str, ...]) -> None:
    loop = Loop(tmp_path, sentences=20_000, way=way)
    loop.run(8)
    assert loop.kills == 8
    assert loop.resumes == loop.equal > 0
