"""A server in a process of its own, and clients that behave as they like."""

import contextlib
import functools
import http.client
import json
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from synvec import KeyedVectors

WORDS = [
    "king",
    "queen",
    "man",
    "woman",
    "coffee",
    "tea",
    "paris",
    "france",
    "berlin",
    "germany",
    "socket",
    "port",
]


def vectors(count: int = 500, dim: int = 20, seed: int = 1) -> KeyedVectors:
    """Random vectors of a few words and of w0, w1, …"""
    keys = WORDS + [f"w{number}" for number in range(count)]
    return KeyedVectors.from_arrays(
        keys, np.random.default_rng(seed).standard_normal((len(keys), dim)).astype(np.float32)
    )


@dataclass
class Server:
    """A running ``synvec serve``."""

    process: subprocess.Popen[str]
    log: Path
    port: int = 0
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def ask(
        self, path: str, asked: Any = None, *, method: str | None = None, timeout: float = 30
    ) -> tuple[int, dict[str, str], Any]:
        """Return status, headers and the JSON of an answer."""
        body = asked if asked is None or isinstance(asked, bytes) else json.dumps(asked).encode()
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        headers = {**self.headers}
        if body is not None:
            headers["Content-Type"] = "application/json"
        try:
            connection.request(
                method or ("POST" if body is not None else "GET"), path, body, headers
            )
            response = connection.getresponse()
            content = response.read()
            found = {name.lower(): value for name, value in response.getheaders()}
        finally:
            connection.close()
        is_json = found.get("content-type", "").startswith("application/json")
        return response.status, found, json.loads(content) if is_json else content

    def connect(self) -> socket.socket:
        """Return a plain connection."""
        return socket.create_connection(("127.0.0.1", self.port), timeout=30)

    def metric(self, name: str) -> float:
        """Return the sum of a metric over its labels."""
        text = self.ask("/metrics")[2].decode()
        return sum(map(float, re.findall(rf"^{name}(?:{{.*}})? (\S+)$", text, re.MULTILINE)))

    def workers(self) -> list[int]:
        """Return the process ids of the workers."""
        process = self.process.pid
        children = Path(f"/proc/{process}/task/{process}/children").read_text().split()
        return [int(child) for child in children]

    def stop(self, number: int = signal.SIGTERM, seconds: float = 30) -> int:
        """Send a signal and return the exit code."""
        self.process.send_signal(number)
        return self.process.wait(seconds)


@contextlib.contextmanager
def serving(
    folder: Path,
    *arguments: object,
    environment: dict[str, str] | None = None,
    prefix: tuple[str, ...] = (),
    headers: dict[str, str] | None = None,
) -> Iterator[Server]:
    """Start ``synvec serve`` on a free port; it is gone in the end."""
    log = folder / f"server-{time.monotonic_ns()}.log"
    command = [*prefix, sys.executable, "-m", "synvec", "serve", "-v", "--port", "0"]
    with log.open("w") as out:
        process = subprocess.Popen(
            [*command, *map(str, arguments)], stderr=out, text=True, env=environment
        )
    server = Server(process, log, headers=headers or {})
    try:
        until(lambda: "Ctrl-C stops" in log.read_text() or process.poll() is not None)
        found = re.search(r"at http://\S+:(\d+)", log.read_text())
        assert found is not None, log.read_text()
        server.port = int(found[1])
        yield server
    finally:
        if process.poll() is None:
            process.terminate()
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def own_bytes(server: Server) -> int:
    """Return the memory that is the workers' own.

    Pages of a file count as private while one process alone has touched them, so these are those
    of no file.
    """
    total = 0
    for worker in server.workers():
        text = Path(f"/proc/{worker}/smaps_rollup").read_text()
        total += 1024 * sum(map(int, re.findall(r"^Anonymous: +(\d+) kB", text, re.MULTILINE)))
    return total


NEIGHBORS = "/v1/models/words/neighbors?key=tea&topn=3"


def neighbors(server: Server) -> list[tuple[str, float]]:
    """Return what the server answers to a question that every test may ask."""
    status, _, answer = server.ask(NEIGHBORS)
    assert status == 200, answer
    return [(each["key"], each["cosine"]) for each in answer["neighbors"]]


@functools.cache
def _expected() -> list[tuple[str, float]]:
    return vectors(2000, 50).most_similar("tea", topn=3)


def is_right(server: Server) -> bool:
    """Whether there is an answer, and it is the one of ``vectors(2000, 50)``."""
    return server.ask(NEIGHBORS)[0] == 200 and neighbors(server) == _expected()


def read_all(connection: socket.socket) -> bytes:
    """Read until the other end closes."""
    parts = []
    try:
        while part := connection.recv(65536):
            parts.append(part)
    except ConnectionResetError:
        pass
    return b"".join(parts)


def until(condition: Callable[[], bool], seconds: float = 60) -> None:
    """Wait for something to become true."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "did not happen in time"
        time.sleep(0.02)
