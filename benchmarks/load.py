"""An open-loop client: ``python -m benchmarks.load URL``. Requests leave at a constant rate.

They leave when they are due whether or not earlier ones were answered, and a request's time counts
from when it was due: a server that stalls can't hide the wait of those who would have come
meanwhile. It runs in a process of its own and prints a line of JSON.
"""

import argparse
import asyncio
import json
import random
import sys
import time
from collections.abc import Callable, Sequence
from urllib.parse import urlsplit

import numpy as np

CUT = 0
"""The status of a request that got no whole answer."""


class Connection(asyncio.Protocol):
    """A kept connection that asks one thing at a time."""

    def __init__(self, release: Callable[["Connection"], None]) -> None:
        self._release = release
        self._answered: Callable[[int], None] | None = None
        self._received = bytearray()
        self.transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def ask(self, request: bytes, answered: Callable[[int], None]) -> None:
        """Send a request; ``answered`` gets the status."""
        assert self.transport is not None
        self._answered = answered
        self.transport.write(request)

    def data_received(self, data: bytes) -> None:
        self._received += data
        head, separator, body = bytes(self._received).partition(b"\r\n\r\n")
        if not separator:
            return
        lines = head.lower().split(b"\r\n")
        length = next(int(line[15:]) for line in lines if line.startswith(b"content-length:"))
        if len(body) < length:
            return
        self._received.clear()
        status, answered = int(head[9:12]), self._answered
        self._answered = None
        assert self.transport is not None
        if b"connection: close" in lines:
            self.transport.close()
        else:
            self._release(self)
        if answered is not None:
            answered(status)

    def connection_lost(self, exc: Exception | None) -> None:
        self.transport = None
        if self._answered is not None:
            self._answered(CUT)


class Load:
    """Requests at a constant rate, and how long each took from when it was due."""

    def __init__(self, host: str, port: int, requests: Sequence[bytes]) -> None:
        self._host, self._port = host, port
        self._requests = requests
        self._idle: list[Connection] = []
        self.due: list[float] = []
        self.seconds: list[float] = []
        self.statuses: list[int] = []
        self._open = 0
        self._opening: set[asyncio.Task[None]] = set()

    async def run(self, rate: float, seconds: float) -> None:
        """Send ``rate`` requests a second, then wait for the last answers."""
        start = time.perf_counter()
        for number in range(int(rate * seconds)):
            due = number / rate
            ahead = start + due - time.perf_counter()
            if ahead > 0 or number % 64 == 0:
                await asyncio.sleep(max(0.0, ahead))
            self._open += 1
            request = self._requests[number % len(self._requests)]
            if not self._ask_idle(request, start, due):
                opening = asyncio.create_task(self._ask_new(request, start, due))
                self._opening.add(opening)
                opening.add_done_callback(self._opening.discard)
        deadline = time.perf_counter() + 30
        while self._open and time.perf_counter() < deadline:
            await asyncio.sleep(0.01)
        for _ in range(self._open):
            self._note(due, seconds + 30, CUT)
        for connection in self._idle:
            if connection.transport is not None:
                connection.transport.close()

    def _ask_idle(self, request: bytes, start: float, due: float) -> bool:
        while self._idle:
            connection = self._idle.pop()
            if connection.transport is not None and not connection.transport.is_closing():
                self._ask(connection, request, start, due)
                return True
        return False

    async def _ask_new(self, request: bytes, start: float, due: float) -> None:
        loop = asyncio.get_running_loop()
        try:
            _, connection = await loop.create_connection(
                lambda: Connection(self._idle.append), self._host, self._port
            )
        except OSError:
            self._note(due, time.perf_counter() - start - due, CUT)
            self._open -= 1
            return
        self._ask(connection, request, start, due)

    def _ask(self, connection: Connection, request: bytes, start: float, due: float) -> None:
        def answered(status: int) -> None:
            self._note(due, time.perf_counter() - start - due, status)
            self._open -= 1

        connection.ask(request, answered)

    def _note(self, due: float, seconds: float, status: int) -> None:
        self.due.append(due)
        self.seconds.append(seconds)
        self.statuses.append(status)

    def report(self) -> dict[str, object]:
        """Return rates, shares by status, and milliseconds of what was answered and refused."""
        statuses, times = np.array(self.statuses), 1e3 * np.array(self.seconds)
        due = np.array(self.due)
        span = float(due.max()) + 1e-9
        accepted = times[statuses == 200]
        by_second = [
            _percentile(times[(statuses == 200) & (due >= second) & (due < second + 1)], 99)
            for second in range(int(np.ceil(span)))
        ]
        return {
            "sent": len(times),
            "offered_per_second": len(times) / span,
            "accepted_per_second": len(accepted) / span,
            "statuses": {str(code): int((statuses == code).sum()) for code in np.unique(statuses)},
            "p50_ms": _percentile(accepted, 50),
            "p95_ms": _percentile(accepted, 95),
            "p99_ms": _percentile(accepted, 99),
            "p999_ms": _percentile(accepted, 99.9),
            "refused_p99_ms": _percentile(times[statuses == 503], 99),
            "p99_ms_by_second": by_second,
        }


def _percentile(times: "np.ndarray[tuple[int], np.dtype[np.float64]]", share: float) -> float:
    return round(float(np.percentile(times, share)), 3) if len(times) else float("nan")


def requests_of(
    host: str, path: str, keys: Sequence[str], queries: int, topn: int, count: int = 500
) -> list[bytes]:
    """Return requests for neighbours of random keys: ``queries`` of them in each."""
    generator = random.Random(1)
    made = []
    for _ in range(count):
        if queries == 1:
            asked: dict[str, object] = {"positive": [generator.choice(keys)], "topn": topn}
        else:
            asked = {"queries": generator.choices(keys, k=queries), "topn": topn}
        body = json.dumps(asked).encode()
        target = path if queries == 1 else f"{path}/batch"
        head = (
            f"POST {target} HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(body)}\r\n\r\n"
        )
        made.append(head.encode() + body)
    return made


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.load", description=__doc__.splitlines()[0]
    )
    add = parser.add_argument
    add("url")
    add("--model", required=True)
    add("--keys", default="word{}", help="keys, {} being a number below --count")
    add("--count", type=int, required=True)
    add("--rate", type=float, required=True, help="requests a second")
    add("--seconds", type=float, default=10)
    add("--queries", type=int, default=1, help="in each request")
    add("--topn", type=int, default=10)
    options = parser.parse_args(arguments)
    where = urlsplit(options.url)
    assert where.hostname is not None and where.port is not None
    generator = random.Random(2)
    keys = [options.keys.format(generator.randrange(options.count)) for _ in range(2000)]
    path = f"/v1/models/{options.model}/neighbors"
    requests = requests_of(where.netloc, path, keys, options.queries, options.topn)
    load = Load(where.hostname, where.port, requests)
    asyncio.run(load.run(options.rate, options.seconds))
    json.dump(load.report(), sys.stdout)
    print()


if __name__ == "__main__":
    main()
