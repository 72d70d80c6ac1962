"""``synvec serve`` as a process to measure: its address, its workers, their memory and files."""

import contextlib
import http.client
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass
class ServerProcess:
    """A running server."""

    process: subprocess.Popen[bytes]
    host: str
    port: int

    @property
    def url(self) -> str:
        return f"http://{self.host}:{self.port}"

    def workers(self) -> list[int]:
        """Return the process ids of the workers."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        listed = children.read_text(encoding="ascii").split()
        return [int(child) for child in listed if "worker" in _command(int(child))]

    def own_bytes(self) -> int:
        """Return the memory that is the workers' own: pages of the vectors are shared."""
        return sum(memory_of(worker).own for worker in self.workers())

    def open_files(self) -> int:
        """Return how many files the workers have open."""
        return sum(len(list(Path(f"/proc/{worker}/fd").iterdir())) for worker in self.workers())

    def get(self, path: str, timeout: float = 30) -> tuple[int, bytes]:
        """Return status and body of a path."""
        connection = http.client.HTTPConnection(self.host, self.port, timeout=timeout)
        try:
            connection.request("GET", path)
            response = connection.getresponse()
            return response.status, response.read()
        finally:
            connection.close()

    def metric(self, name: str) -> float:
        """Return the sum of a metric over its labels."""
        text = self.get("/metrics")[1].decode()
        found = re.findall(rf"^{name}(?:{{.*}})? (\S+)$", text, re.MULTILINE)
        return sum(map(float, found))


@contextlib.contextmanager
def serving(files: Sequence[str], *options: str, wait: bool = True) -> Iterator[ServerProcess]:
    """Start a server, and stop it in the end."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "synvec", "serve", *files, "--port", str(port), *options]
    server = ServerProcess(subprocess.Popen(command), "127.0.0.1", port)
    try:
        if wait:
            wait_for_answer(server, "/readyz")
        yield server
    finally:
        server.process.send_signal(signal.SIGTERM)
        try:
            server.process.wait(40)
        except subprocess.TimeoutExpired:
            server.process.kill()
            server.process.wait()


def wait_for_answer(server: ServerProcess, path: str, seconds: float = 120) -> None:
    """Ask until there is an answer."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and server.process.poll() is None:
        with contextlib.suppress(OSError):
            if server.get(path)[0] == 200:
                return
        time.sleep(0.005)
    raise SystemExit(f"{server.url}{path}: no answer")


@dataclass(frozen=True)
class Memory:
    """The memory of a process, in bytes."""

    resident: int
    """All pages that it has (RSS)."""
    proportional: int
    """Of a page that several have, a part (PSS)."""
    own: int
    """Pages that it alone has (USS)."""


def memory_of(process: int) -> Memory:
    """Return what the kernel says of the pages of a process."""
    rollup = Path(f"/proc/{process}/smaps_rollup").read_text(encoding="ascii")
    sizes = {name: 1024 * int(kb) for name, kb in re.findall(r"^(\w+): +(\d+) kB", rollup, re.M)}
    return Memory(sizes["Rss"], sizes["Pss"], sizes["Private_Clean"] + sizes["Private_Dirty"])


def _command(process: int) -> str:
    try:
        return Path(f"/proc/{process}/cmdline").read_bytes().replace(b"\0", b" ").decode()
    except OSError:
        return ""


def cpu_seconds(process: int) -> float:
    """Return the CPU seconds that a process has used."""
    fields = Path(f"/proc/{process}/stat").read_text(encoding="ascii").rpartition(") ")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
