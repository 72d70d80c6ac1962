"""Kill a training at random instants until it is finished, and compare the bits with one that ran.

    python -m benchmarks.kills --resumes 200
    python -m benchmarks.kills --resumes 200 --deterministic

Every kill is a ``kill -9`` of the whole process, at an instant drawn anew; most hit training, many
a checkpoint that is being written, since one is due all the time. What is compared is the vectors'
file, byte for byte.
"""

import argparse
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

TRAIN = ("--dim", "40", "--epochs", "6", "--min-count", "1", "-q")
ONE_WORKER = ("--workers", "1")
DETERMINISTIC = ("--workers", "3", "--deterministic")
"""The ways to train whose bits an interruption must not change."""


def write_corpus(path: Path, sentences: int) -> None:
    """Write a text in which few words are frequent, as in any."""
    chance = random.Random(1)
    with path.open("w", encoding="utf-8") as file:
        for _ in range(sentences):
            words = (f"w{int(chance.paretovariate(0.8)) % 5000}" for _ in range(20))
            file.write(" ".join(words) + "\n")


def synvec(folder: Path, *arguments: str) -> subprocess.Popen[bytes]:
    """Start a command in a folder."""
    command = [sys.executable, "-m", "synvec", *arguments]
    # From another folder a relative PYTHONPATH would find another synvec, or none.
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    return subprocess.Popen(command, cwd=folder, env=environment, stderr=subprocess.PIPE)


def finish(process: subprocess.Popen[bytes]) -> None:
    """Wait for a command that must go well."""
    _, said = process.communicate()
    if process.returncode:
        raise RuntimeError(said.decode())


class Loop:
    """Jobs that are killed and go on, one after another, until there were enough kills."""

    def __init__(
        self, folder: Path, sentences: int, way: Sequence[str] = ONE_WORKER, seed: int = 1
    ) -> None:
        self._train = (*TRAIN, *way)
        self.folder = folder
        self.kills = self.resumes = self.equal = self.jobs = 0
        self._chance = random.Random(seed)
        write_corpus(folder / "text.txt", sentences)
        started = time.perf_counter()
        finish(synvec(folder, "train", "text.txt", "-o", "whole.kv", *self._train))
        self._seconds = time.perf_counter() - started

    def run(self, kills: int) -> None:
        """Kill until there were so many, finishing the last job."""
        while self.kills < kills:
            self._one_job(min(kills - self.kills, self._chance.randint(1, 6)))

    def _one_job(self, kills: int) -> None:
        self.jobs += 1
        out, place = f"out-{self.jobs}.kv", f"checkpoints-{self.jobs}"
        begin = ("train", "text.txt", "-o", out, "--checkpoint", place)
        command: tuple[str, ...] = (*begin, "--checkpoint-every", "0.2s", *self._train)
        resumes, is_done = 0, False
        while not is_done:
            process = synvec(self.folder, *command)
            resumes += command[0] == "resume"
            if kills:
                time.sleep(self._chance.uniform(0, 1.2 * self._seconds))
                process.send_signal(signal.SIGKILL)
            _, said = process.communicate()
            is_done = process.returncode == 0  # perhaps before it could be killed
            if is_done and kills:
                self._seconds *= 0.9  # a busy machine has become quieter
            if process.returncode == -signal.SIGKILL:
                kills -= 1
                self.kills += 1
            elif not is_done:
                raise RuntimeError(said.decode())
            if any((self.folder / place).glob("checkpoint-*.json")):
                command = ("resume", place, "-q")
        if (self.folder / out).read_bytes() != (self.folder / "whole.kv").read_bytes():
            raise RuntimeError(f"job {self.jobs}: {out} differs from whole.kv in {self.folder}")
        self.resumes += resumes
        self.equal += resumes

    def summary(self) -> str:
        """Tell what came of it."""
        return f"{self.kills} kills in {self.jobs} jobs: {self.resumes} resumes, {self.equal} equal"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--resumes", type=int, default=200)
    parser.add_argument("--sentences", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--deterministic", action="store_true", help="with three workers")
    options = parser.parse_args()
    way = DETERMINISTIC if options.deterministic else ONE_WORKER
    with tempfile.TemporaryDirectory(prefix="synvec-kills-") as name:
        loop = Loop(Path(name), options.sentences, way, options.seed)
        while loop.resumes < options.resumes:  # kills before the first checkpoint lead to none
            loop.run(loop.kills + 1)
        print(loop.summary())


if __name__ == "__main__":
    main()
