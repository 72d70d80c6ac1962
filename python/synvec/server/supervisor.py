"""The process that holds the files and the socket, and keeps the workers alive.

It answers no request itself, so nothing that a client sends can harm it. One thread decides
(``run``); the others wait for something to happen and put it into the queue: a thread a worker for
its messages and its end, one for files that are being copied, and the signals.
"""

from __future__ import annotations

import bisect
import logging
import os
import queue
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from synvec.errors import FormatError
from synvec.server.channel import Channel
from synvec.server.holding import HeldModel, Stamp, hold_model, stamps_of
from synvec.server.settings import Hold, Settings, Source

logger = logging.getLogger(__name__)

TICK_SECONDS = 0.25
QUICK_DEATH_SECONDS = 5.0
"""A worker that lived no longer may be about to do so again: the next one waits."""
LONGEST_PAUSE_SECONDS = 3.0
METRICS_FOLDER = "PROMETHEUS_MULTIPROC_DIR"
WORKER = "import gc; gc.disable(); from synvec.server.worker import main; main()"
"""What a worker runs. While it imports, the collector would look again and again at classes and
functions of which none is garbage, an eighth of the time that this takes; ``main`` turns it on."""


class StartError(Exception):
    """The server could not start; the message says why."""


@dataclass(slots=True)
class _Watched:
    """The files of a model."""

    source: Source
    held: HeldModel
    version: int = 1
    seen: tuple[Stamp, ...] = ()
    """What was last tried, whether or not it was any good."""
    changing: tuple[Stamp, ...] = ()
    """What it was at the last look, if that was new: it is copied once it stays the same."""
    is_copied: bool = False


@dataclass(slots=True, eq=False)
class _Process:
    """A worker."""

    process: subprocess.Popen[bytes]
    channel: Channel
    started: float
    is_ready: bool = False


@dataclass(slots=True)
class Supervisor:
    """Serves files with a number of workers until it is told to stop.

    Parameters
    ----------
    files
        The files of each model by its name.
    settings
        What workers heed.
    listener
        A bound socket.
    workers
        How many.
    how
        Whether native files are copied into memory or mapped; see `hold`.
    watch_seconds
        How often files are looked at; 0 for never. SIGHUP looks at once.
    on_ready
        Called once when requests are answered.
    """

    files: Mapping[str, Source]
    settings: Settings
    listener: socket.socket
    workers: int = 1
    how: Hold = "memory"
    watch_seconds: float = 1.0
    on_ready: Callable[[], None] = lambda: None

    _events: queue.SimpleQueue[tuple[str, Any]] = field(default_factory=queue.SimpleQueue)
    _watched: dict[str, _Watched] = field(default_factory=dict)
    _processes: list[_Process] = field(default_factory=list)
    _due: list[float] = field(default_factory=list)
    """When workers that died are started again, the next one first."""
    _pause: float = 0.0
    _restarts: int = 0
    _is_ready: bool = False
    _stop_by: float | None = None
    _next_look: float = 0.0
    _failure: str | None = None
    _metrics: str | None = None

    def run(self) -> int:
        """Serve; return 0 after an orderly stop.

        Raises
        ------
        StartError
            When a worker can't start, or a model can't be opened.
        FormatError, OSError, MemoryError
            When a file can't be held.
        """
        before = {number: signal.signal(number, self._on_signal) for number in _signals()}
        try:
            self._start()
            while self._processes or self._stop_by is None:
                self._step()
        finally:
            for process in self._processes:
                process.process.kill()
            for number, handler in before.items():
                signal.signal(number, handler)
            if self._metrics is not None:
                shutil.rmtree(self._metrics, ignore_errors=True)
        if self._failure is not None:
            raise StartError(self._failure)
        return 0

    # --- start ----------------------------------------------------------------------------------

    def _start(self) -> None:
        if self.workers > 1:
            self._metrics = tempfile.mkdtemp(prefix="synvec-metrics-", dir=_shared_memory())
        # While the files are copied the workers import what they need.
        for _ in range(self.workers):
            self._start_worker()
        for name, source in self.files.items():
            held = hold_model(source, self.how)
            self._watched[name] = _Watched(source, held, seen=held.stamps)
        for process in self._processes:
            self._hand_over(process)
        self._next_look = time.monotonic() + self.watch_seconds

    def _start_worker(self) -> None:
        ours, theirs = socket.socketpair()
        # The worker imports what this process would, and nothing that lies in the folder at hand.
        path = os.pathsep.join(folder or str(Path.cwd()) for folder in sys.path)
        environment = {**os.environ, "PYTHONPATH": path}
        if self._metrics is not None:
            environment[METRICS_FOLDER] = self._metrics
        else:
            environment.pop(METRICS_FOLDER, None)
        descriptors = (self.listener.fileno(), theirs.fileno())
        level = logging.getLevelName(logging.getLogger("synvec").getEffectiveLevel())
        process = subprocess.Popen(
            [sys.executable, "-P", "-c", WORKER, *map(str, descriptors), level],
            pass_fds=descriptors,
            stdin=subprocess.DEVNULL,
            env=environment,
            # Ctrl-C is for the supervisor, which then stops the workers in order.
            start_new_session=True,
        )
        theirs.close()
        started = _Process(process, Channel(ours), time.monotonic())
        self._processes.append(started)
        threading.Thread(target=self._attend, args=(started,), daemon=True).start()
        self._send(started, {"do": "settings", "settings": self.settings.to_json()})

    def _hand_over(self, process: _Process) -> None:
        """Give a new worker all it needs to start."""
        for name, watched in self._watched.items():
            self._send_model(process, name, watched)
        self._send(process, {"do": "restarts", "count": self._restarts})
        self._send(process, {"do": "start"})

    def _attend(self, process: _Process) -> None:
        """Pass on what a worker says, until it ends; runs in a thread of its own."""
        while (received := process.channel.receive()) is not None:
            self._events.put((received[0]["is"], (process, received[0])))
        process.process.wait()
        self._events.put(("died", process))

    # --- what happens ---------------------------------------------------------------------------

    def _on_signal(self, number: int, _: Any) -> None:
        self._events.put(("signal", number))

    def _step(self) -> None:
        try:
            what, about = self._events.get(timeout=TICK_SECONDS)
        except queue.Empty:
            pass
        else:
            getattr(self, f"_on_{what}")(about) if what != "signal" else self._heed(about)
        now = time.monotonic()
        if self._stop_by is not None:
            if now > self._stop_by:
                for process in self._processes:
                    process.process.kill()
            return
        while self._due and self._due[0] <= now:
            self._due.pop(0)
            self._start_worker()
            self._hand_over(self._processes[-1])
        if self.watch_seconds and now >= self._next_look:
            self._look()

    def _heed(self, number: int) -> None:
        if number == getattr(signal, "SIGHUP", None):
            logger.info("looking at the files")
            self._look(at_once=True)
        elif self._stop_by is None:
            logger.info("stopping: requests under way are answered")
            self._stop()
        elif number == signal.SIGINT:
            self._stop_by = 0.0  # a second Ctrl-C: now

    def _stop(self) -> None:
        self._stop_by = time.monotonic() + self.settings.stop_seconds + 1
        for process in self._processes:
            process.process.terminate()
        # Until the workers have accepted what waits there, the socket stays open with them.
        self.listener.close()

    def _on_ready(self, about: tuple[_Process, Any]) -> None:
        about[0].is_ready = True
        if not self._is_ready:
            self._is_ready = True
            self.on_ready()

    def _on_opened(self, about: tuple[_Process, Any]) -> None:
        process, message = about
        logger.debug(
            "worker %d opened %s, version %d",
            process.process.pid, message["name"], message["version"],
        )  # fmt: skip

    def _on_failed(self, about: tuple[_Process, Any]) -> None:
        name, error = about[1]["name"], about[1]["error"]
        if self._is_ready:
            logger.error("%s cannot be opened, it is not answered from: %s", name, error)
        elif self._stop_by is None:
            self._failure = error
            self._stop()

    def _on_died(self, process: _Process) -> None:
        self._processes.remove(process)
        process.channel.close()
        code = process.process.returncode
        if self._metrics is not None:
            _forget_gauges(process.process.pid, self._metrics)
        if self._stop_by is not None:
            return
        if not self._is_ready:
            self._failure = f"a worker ended with {_ending(code)} before it could serve"
            self._stop()
            return
        lived = time.monotonic() - process.started
        quick = lived < QUICK_DEATH_SECONDS
        self._pause = min(LONGEST_PAUSE_SECONDS, self._pause * 2 or 0.25) if quick else 0.0
        self._restarts += 1
        logger.error(
            "worker %d ended with %s, another one is started", process.process.pid, _ending(code)
        )
        for other in self._processes:
            self._send(other, {"do": "restarts", "count": self._restarts})
        bisect.insort(self._due, time.monotonic() + self._pause)

    # --- files ----------------------------------------------------------------------------------

    def _look(self, *, at_once: bool = False) -> None:
        """Copy files that are no longer what they were, once they stay as they are."""
        self._next_look = time.monotonic() + self.watch_seconds
        for name, watched in self._watched.items():
            try:
                stamps = stamps_of(watched.source)
            except OSError:
                continue  # between the removal of the old and the arrival of the new
            if watched.is_copied or (stamps == watched.seen and not at_once):
                continue
            if stamps == watched.changing or at_once:
                watched.is_copied = True
                watched.seen = stamps
                copying = threading.Thread(
                    target=self._copy, args=(name, watched.source), daemon=True
                )
                copying.start()
            watched.changing = stamps

    def _copy(self, name: str, source: Source) -> None:
        """Hold a new version; runs in a thread of its own."""
        try:
            held: HeldModel | Exception = hold_model(source, self.how, verify=True)
        except (FormatError, OSError, MemoryError) as error:
            held = error
        self._events.put(("held", (name, held)))

    def _on_held(self, about: tuple[str, HeldModel | Exception]) -> None:
        name, held = about
        watched = self._watched[name]
        watched.is_copied = False
        if isinstance(held, Exception):
            logger.error("%s stays as it was, its new file is no good: %s", name, held)
            return
        old, watched.held = watched.held, held
        watched.seen = held.stamps
        watched.version += 1
        for process in self._processes:
            self._send_model(process, name, watched)
        old.close()
        logger.info("%s is answered from its new file, version %d", name, watched.version)

    def _send_model(self, process: _Process, name: str, watched: _Watched) -> None:
        message = {"do": "model", "name": name, "version": watched.version}
        self._send(process, message, watched.held.files)

    def _send(self, process: _Process, message: dict[str, Any], files: Sequence[int] = ()) -> None:
        try:
            process.channel.send(message, files)
        except OSError:
            logger.debug("worker %d is gone", process.process.pid)  # "died" comes for it


def _signals() -> list[signal.Signals]:
    hangup = [signal.SIGHUP] if hasattr(signal, "SIGHUP") else []
    return [signal.SIGINT, signal.SIGTERM, *hangup]


def _ending(code: int) -> str:
    if code >= 0:
        return f"code {code}"
    try:
        return signal.Signals(-code).name
    except ValueError:
        return f"signal {-code}"


def _shared_memory() -> str | None:
    """Return a folder in memory: on a full disk its files would kill who maps them."""
    folder = Path("/dev/shm")
    return str(folder) if folder.is_dir() and os.access(folder, os.W_OK) else None


def _forget_gauges(process: int, folder: str) -> None:
    from prometheus_client.multiprocess import mark_process_dead

    mark_process_dead(process, folder)  # type: ignore[no-untyped-call]
