"""A server that may not take the memory it wants: it says so, with numbers, and lives."""

import contextlib
import os
import re
import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from serving import Server, is_right, serving, until, vectors
from synvec import KeyedVectors
from synvec.server import memory

pytestmark = pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="Linux's limits and control groups"
)

BATCH = "/v1/models/words/neighbors/batch"
LARGE = {"queries": [f"w{number}" for number in range(200)], "topn": 200}


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("memory") / "words.kv"
    vectors(2000, 50).save(path)
    return path


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a file of 120 MB."""
    path = tmp_path_factory.mktemp("large") / "large.kv"
    rows = np.zeros((150_000, 200), np.float32)
    rows[:, 0] = 1
    KeyedVectors.from_arrays(list(range(len(rows))), rows).save(path)
    return path


@contextlib.contextmanager
def control_group() -> Iterator[Path]:
    """Make a group for memory, where this process may."""
    name = f"synvec-test-{os.getpid()}"
    for root in (Path("/sys/fs/cgroup/memory"), Path("/sys/fs/cgroup")):
        group = root / name
        try:
            group.mkdir()
        except OSError:
            continue
        limit = next((one for one in (group / "memory.limit_in_bytes", group / "memory.max")
                      if one.exists() and os.access(one, os.W_OK)), None)  # fmt: skip
        if limit is not None:
            try:
                yield limit
            finally:
                until(lambda group=group: not (group / "cgroup.procs").read_text())  # type: ignore[misc]
                group.rmdir()
            return
        group.rmdir()
    pytest.skip("this user may not make control groups for memory")


def serve(large: Path, *before: str) -> subprocess.CompletedProcess[str]:
    command = [*before, sys.executable, "-m", "synvec", "serve", str(large), "--port", "0"]
    return subprocess.run(command, capture_output=True, text=True, timeout=120)


NUMBERS = r"a copy of \d+\.\d MB to serve from and \d+\.\d MB to work in are needed, [\d.]+ .?B are"


class TestStart:
    def test_the_limit_on_addresses_is_too_small(self, large: Path) -> None:
        # What the process has without a model, and less than the copy more than that.
        idle = "import synvec.cli.serve, synvec.server.supervisor as _; print(open(STATM).read())"
        idle = idle.replace("STATM", "'/proc/self/statm'")
        pages = subprocess.run([sys.executable, "-c", idle], capture_output=True, text=True)
        allowed = int(pages.stdout.split()[0]) * resource.getpagesize() // 1024 + 100_000
        ended = serve(large, "sh", "-c", f'ulimit -v {allowed}; exec "$0" "$@"')
        assert ended.returncode == 1
        assert re.search(NUMBERS, ended.stderr), ended.stderr
        assert "ulimit -v" in ended.stderr
        assert "Traceback" not in ended.stderr

    def test_the_limit_of_the_control_group_is_too_small(self, large: Path) -> None:
        with control_group() as limit:
            limit.write_text(str(300 << 20))
            joining = f'echo $$ > {limit.parent}/cgroup.procs; exec "$0" "$@"'
            ended = serve(large, "sh", "-c", joining)
        assert ended.returncode == 1
        assert re.search(NUMBERS, ended.stderr), ended.stderr
        assert "control group" in ended.stderr


def refused(server: Server) -> bool:
    status, headers, answer = server.ask(BATCH, LARGE)
    if status == 200:
        return False
    assert (status, answer["error"]["type"]) == (503, "out_of_memory")
    assert headers["retry-after"] == "1"
    return True


class TestQueries:
    def test_within_a_limit_on_addresses(self, file: Path, tmp_path: Path) -> None:
        with serving(tmp_path, file) as server:
            assert is_right(server)
            worker = server.workers()[0]
            pages = int(Path(f"/proc/{worker}/statm").read_text().split()[0])
            allowed = pages * resource.getpagesize() + (1 << 20)
            resource.prlimit(worker, resource.RLIMIT_AS, (allowed, resource.RLIM_INFINITY))
            until(lambda: refused(server))
            for path in ("/healthz", "/readyz", "/metrics"):
                assert server.ask(path)[0] == 200
            resource.prlimit(worker, resource.RLIMIT_AS, (resource.RLIM_INFINITY,) * 2)
            until(lambda: is_right(server))
            assert server.ask(BATCH, LARGE)[0] == 200
            assert server.workers() == [worker]
            assert "out of memory: " in server.log.read_text()

    def test_within_a_control_group(self, file: Path, tmp_path: Path) -> None:
        with control_group() as limit, serving(tmp_path, file) as server:
            assert is_right(server)
            worker = server.workers()[0]
            (limit.parent / "cgroup.procs").write_text(str(worker))
            assert server.ask(BATCH, LARGE)[0] == 200
            used = limit.with_name(
                "memory.usage_in_bytes"
                if limit.name == "memory.limit_in_bytes"
                else "memory.current"
            )
            limit.write_text(str(int(used.read_text()) + (12 << 20)))
            until(lambda: refused(server))
            assert server.ask("/healthz")[0] == 200
            limit.write_text(str(1 << 30))
            until(lambda: is_right(server))
            assert server.ask(BATCH, LARGE)[0] == 200
            assert server.workers() == [worker]


def test_more_than_the_system_gives_is_no_crash_whatever_it_said(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # It may have said nothing, or been asked before others took it.
    for said in (None, (1 << 62, "so the test says")):
        monkeypatch.setattr(memory, "available_memory", lambda said=said: said)
        monkeypatch.setattr(memory, "_SEEN", memory._Seen())
        with pytest.raises(MemoryError, match=r"4\.0 EB|are needed: Cannot allocate memory"):
            memory.require(1 << 60)
        memory.require(1 << 20)


def test_what_is_left_is_looked_at_now_and_then(monkeypatch: pytest.MonkeyPatch) -> None:
    looks = []

    def look() -> tuple[int, str]:
        looks.append(1)
        return 1000, "so the test says"

    monkeypatch.setattr(memory, "available_memory", look)
    monkeypatch.setattr(memory, "_SEEN", memory._Seen())
    memory.require(1000)
    for _ in range(20):
        with pytest.raises(
            MemoryError, match=r"1\.0 MB are needed, 1\.0 kB left \(so the test says"
        ):
            memory.require(1_000_000)
    assert len(looks) <= 3
    time.sleep(memory.LOOK_SECONDS)
    memory.require(1000)
    assert len(looks) >= 2
