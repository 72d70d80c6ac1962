"""``synvec verify``: what it says of whole files and of damaged ones, and its exit codes."""

import gzip
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from synvec import formats
from tests.golden import FOLDER, golden
from tests.test_cli import POSIX, failed

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    def run(*arguments: object, stdin: bytes | None = None) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "synvec", "verify", *map(str, arguments)]
        done = subprocess.run(
            command, capture_output=True, input=stdin, cwd=tmp_path, timeout=120, check=False
        )
        out, said = done.stdout.decode(), done.stderr.decode()
        return subprocess.CompletedProcess(command, done.returncode, out, said)

    return run


NATIVE = (
    "OK, synvec native, 10 words × 6: the header and 6 tensors match their checksums; keys are"
    " whole, all numbers are finite\n"
)
READ = "read to its end, which is where its content ends; it holds no checksums\n"


def test_a_whole_native_file(run: Run) -> None:
    done = run(FOLDER / "native-1.kv")
    assert (done.returncode, done.stdout, done.stderr) == (
        0,
        f"{FOLDER / 'native-1.kv'}: {NATIVE}",
        "",
    )
    done = run(FOLDER / "native-1-nonfinite.kv")
    assert (done.returncode, done.stderr) == (0, "")
    assert "it was saved with NaN or infinity" in done.stdout
    done = run(FOLDER / "native-1-hierarchical-softmax.kv")
    assert "7 tensors" in done.stdout


@pytest.mark.parametrize(
    ("name", "title"),
    [
        ("gensim.txt", "word2vec text"),
        ("gensim.bin", "word2vec binary"),
        ("glove.txt", "GloVe text"),
    ],
)
def test_a_whole_foreign_file(run: Run, name: str, title: str) -> None:
    done = run(FOLDER / name)
    assert done.returncode == 0, done.stderr
    assert done.stdout == f"{FOLDER / name}: OK, {title}, 10 words × 6: {READ}"


@POSIX
def test_a_whole_file_on_stdin_and_one_that_is_compressed(run: Run, tmp_path: Path) -> None:
    data = (FOLDER / "native-1.kv").read_bytes()
    assert run("-", stdin=data).stdout == f"-: {NATIVE}"
    (tmp_path / "a").write_bytes(gzip.compress(data))
    assert run("a").stdout == f"a: {NATIVE}"


def test_a_damaged_file_is_one_line(run: Run, tmp_path: Path) -> None:
    data = bytearray((FOLDER / "native-1.kv").read_bytes())
    data[-200] ^= 1
    (tmp_path / "a.kv").write_bytes(data)
    failed(run("a.kv"), 1, "a.kv", "does not match its checksum", "get it again")
    (tmp_path / "b.kv").write_bytes(data[:-1])
    failed(run("b.kv"), 1, "b.kv", "the header describes 1413 bytes, but the file has 1412")
    (tmp_path / "a.txt").write_bytes(b"2 2\na 1 2\nb 3\n")
    failed(run("a.txt"), 1, "a.txt", "line 3", "has 1 numbers, expected 2")
    failed(run("missing"), 1, "missing", "No such file")
    failed(run("."), 1, "Is a directory")


def test_every_file_is_looked_at(run: Run, tmp_path: Path) -> None:
    (tmp_path / "b.txt").write_bytes(b"2 2\na 1 2\n")
    formats.save(golden(), tmp_path / "c.kv")
    done = run("missing", "b.txt", "c.kv")
    assert done.returncode == 1
    assert done.stdout == f"c.kv: {NATIVE}"
    first, second, last = done.stderr.splitlines()
    assert "missing" in first
    assert "after 1 of the 2 rows" in second
    assert last == "synvec: 2 of 3 files are not whole or cannot be read"


def test_options(run: Run, tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"1 2\n3 nan\n")
    failed(run("a", "--from", "glove"), 1, "header of word2vec text")
    (tmp_path / "a").write_bytes(b"x nan 1\n")
    failed(run("a"), 1, "NaN", "--allow-nonfinite loads it")
    assert run("a", "--allow-nonfinite").returncode == 0
    failed(run(), 2, "Missing argument")
    failed(run("a", "--from", "word3vec"), 2, "word3vec")
    done = run("missing", "missing", "-q")
    assert (done.returncode, done.stdout) == (1, "")
    assert "Traceback" in run("missing", "-vv").stderr


@POSIX
def test_ctrl_c_exits_130(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "synvec", "verify", "-"]
    child = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    with child:
        assert child.stdin is not None and child.stdout is not None and child.stderr is not None
        child.stdin.write(b"".join(b"w%d 1 2 3\n" % row for row in range(200_000)))
        child.stdin.flush()  # and then nothing more comes
        time.sleep(0.3)
        os.kill(child.pid, signal.SIGINT)
        said, out = child.stderr.read(), child.stdout.read()
    assert (child.returncode, said, out) == (130, b"synvec: interrupted\n", b"")
