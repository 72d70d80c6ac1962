"""What the supervisor decides when workers die, with workers that are none and a clock of ours."""

import os
import subprocess
from pathlib import Path
from typing import Any, cast

import pytest

if os.name != "posix":
    pytest.skip("serve runs on POSIX systems", allow_module_level=True)

from synvec.server import supervisor
from synvec.server.settings import Settings
from synvec.server.supervisor import StartError, Supervisor, _Process


class Worker:
    """A process, and the end of a channel to it."""

    def __init__(self, pid: int) -> None:
        self.pid, self.returncode = pid, -9
        self.told: list[Any] = []
        self.is_closed = self.is_terminated = False

    def send(self, message: Any, file: int | None = None) -> None:
        self.told.append(message)

    def close(self) -> None:
        self.is_closed = True

    def terminate(self) -> None:
        self.is_terminated = True

    def wait(self) -> int:
        return self.returncode

    def receive(self) -> None:
        return None


class Watch:
    """A supervisor that serves, the workers that it started, and its clock."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, workers: int = 1) -> None:
        self.now = 1000.0
        self.workers: list[Worker] = []
        monkeypatch.setattr(supervisor.time, "monotonic", lambda: self.now)
        monkeypatch.setattr(supervisor, "TICK_SECONDS", 0)
        monkeypatch.setattr(Supervisor, "_start_worker", lambda _: self._start())
        listener = cast(Any, Worker(0))
        self.supervisor = Supervisor({}, Settings(), listener, workers, watch_seconds=0)
        for _ in range(workers):
            self._start()
        self.supervisor._is_ready = True

    def _start(self) -> None:
        self.workers.append(Worker(len(self.workers) + 1))
        worker = cast(Any, self.workers[-1])
        self.supervisor._processes.append(_Process(worker, worker, self.now))

    def die(self, number: int = -1) -> None:
        """Let one of the workers end."""
        self.supervisor._events.put(("died", self.supervisor._processes[number]))
        self.step()

    def step(self, seconds: float = 0.0) -> None:
        self.now += seconds
        self.supervisor._step()

    def pause(self) -> float:
        """Return how long it takes until another worker is there."""
        started, begin = len(self.workers), self.now
        while len(self.workers) == started:
            self.step(1 / 64)
            assert self.now < begin + 60
        return self.now - begin


@pytest.fixture
def watch(monkeypatch: pytest.MonkeyPatch) -> Watch:
    return Watch(monkeypatch)


def test_who_dies_again_and_again_is_started_after_longer_and_longer_pauses(watch: Watch) -> None:
    pauses = []
    for _ in range(6):
        watch.die()
        assert not watch.supervisor._processes
        pauses.append(watch.pause())
    assert pauses == [0.25, 0.5, 1, 2, 3, 3]


def test_who_lived_for_long_is_followed_at_once_and_ends_the_pauses(watch: Watch) -> None:
    for _ in range(3):
        watch.die()
        watch.pause()
    watch.now += supervisor.QUICK_DEATH_SECONDS
    started = len(watch.workers)
    watch.die()
    assert len(watch.workers) == started + 1
    watch.die()
    assert watch.pause() == 0.25


def test_no_pause_keeps_the_follower_of_another_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    watch = Watch(monkeypatch, workers=2)
    watch.now += 60
    watch.die()
    for _ in range(3):
        watch.die()
        watch.pause()
    watch.die()  # its follower comes later
    started = len(watch.workers)
    watch.die(0)  # the other one lived for a minute
    assert len(watch.workers) == started + 1
    watch.pause()
    assert len(watch.supervisor._processes) == 2, "it has one, too"


def test_restarts_are_counted_and_told_to_all(monkeypatch: pytest.MonkeyPatch) -> None:
    watch = Watch(monkeypatch, workers=3)
    watch.now += 60
    watch.die(1)
    for worker in (watch.workers[0], watch.workers[2]):
        assert worker.told == [{"do": "restarts", "count": 1}]
    assert watch.workers[1].is_closed
    watch.die(0)
    assert watch.workers[2].told[-1] == {"do": "restarts", "count": 2}
    for count, worker in ((1, watch.workers[3]), (2, watch.workers[4])):
        first = next(message for message in worker.told if message["do"] == "restarts")
        assert first["count"] == count
        assert worker.told.index(first) < worker.told.index({"do": "start"})


def test_the_requests_of_a_dead_worker_are_no_longer_under_way(
    watch: Watch, tmp_path: Path
) -> None:
    for kind in ("gauge_livesum", "counter"):
        for worker in (1, 2):
            (tmp_path / f"{kind}_{worker}.db").touch()
    watch.supervisor._metrics = str(tmp_path)
    watch.die()
    left = sorted(path.name for path in tmp_path.iterdir())
    assert left == ["counter_1.db", "counter_2.db", "gauge_livesum_2.db"]


def test_while_it_stops_nobody_is_started(watch: Watch) -> None:
    watch.die()
    watch.supervisor._stop()
    watch.step(60)
    assert len(watch.workers) == 1
    assert watch.supervisor._restarts == 1


def test_a_worker_that_ends_while_it_stops_is_no_failure(
    watch: Watch, caplog: pytest.LogCaptureFixture
) -> None:
    watch.supervisor._stop()
    assert watch.workers[0].is_terminated
    watch.die()
    assert (watch.supervisor._restarts, watch.supervisor._failure, caplog.messages) == (0, None, [])


def test_one_that_dies_before_it_serves_ends_the_start(watch: Watch) -> None:
    watch.supervisor._is_ready = False
    watch.die()
    assert watch.supervisor._failure == "a worker ended with SIGKILL before it could serve"
    assert len(watch.workers) == 1


def test_why_it_could_not_start_is_raised(monkeypatch: pytest.MonkeyPatch) -> None:
    watch = Watch(monkeypatch)
    watch.supervisor._is_ready = False
    monkeypatch.setattr(Supervisor, "_start", lambda self: self._on_died(self._processes[0]))
    with pytest.raises(StartError, match="before it could serve"):
        watch.supervisor.run()


def test_a_process_that_ended_is_known_by_how() -> None:
    ended = subprocess.run(["sh", "-c", "exit 3"])
    assert supervisor._ending(ended.returncode) == "code 3"
    assert supervisor._ending(-15) == "SIGTERM"
    assert supervisor._ending(-60) == "signal 60"
