"""A connection driven by hand: its transport keeps what is written, its clock goes as told."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import uvicorn
from uvicorn.server import ServerState

from synvec.server.metrics import Metrics
from synvec.server.models import Models
from synvec.server.protocol import WatchfulProtocol, protocol_with
from synvec.server.settings import Settings

GET = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"
POST = b"POST / HTTP/1.1\r\nHost: localhost\r\n"
LENGTH = POST + b"Content-Length: 4\r\n\r\n"
CHUNKED = POST + b"Transfer-Encoding: chunked\r\n\r\n"
SETTINGS = Settings(header_seconds=10, body_seconds=30, send_seconds=20, idle_seconds=60)


class Timer:
    """What ``call_later`` returns."""

    def __init__(self, when: float, callback: Callable[..., Any], arguments: Any) -> None:
        self.when, self.callback, self.arguments = when, callback, arguments
        self.is_cancelled = False

    def cancel(self) -> None:
        self.is_cancelled = True


class Loop:
    """The loop that runs, but for its clock, which stands still until it is told to go on."""

    def __init__(self) -> None:
        self.now = 0.0
        self.timers: list[Timer] = []
        self.create_task = asyncio.get_running_loop().create_task

    def call_later(self, seconds: float, callback: Callable[..., Any], *arguments: Any) -> Timer:
        self.timers.append(Timer(self.now + seconds, callback, arguments))
        return self.timers[-1]

    def waiting(self) -> list[Timer]:
        return [timer for timer in self.timers if not timer.is_cancelled]

    def go_on(self, seconds: float) -> None:
        """Let time pass."""
        end = self.now + seconds
        while due := [timer for timer in self.waiting() if timer.when <= end]:
            timer = min(due, key=lambda timer: timer.when)
            self.timers.remove(timer)
            self.now = timer.when
            timer.callback(*timer.arguments)
        self.now = end


class Transport:
    """Keeps what is written."""

    def __init__(self) -> None:
        self.written = b""
        self.is_closed = self.is_cut = False

    def write(self, data: bytes) -> None:
        assert not self.is_closed, "nothing is written after the end"
        self.written += data

    def close(self) -> None:
        self.is_closed = True

    def abort(self) -> None:
        self.is_closed = self.is_cut = True

    def is_closing(self) -> bool:
        return self.is_closed

    def get_extra_info(self, _: str) -> None:
        return None

    def pause_reading(self) -> None: ...

    def resume_reading(self) -> None: ...


class Wire:
    """A connection, its clock, and an application that reads a body and answers when it may."""

    def __init__(self, settings: Settings = SETTINGS, *, is_stopping: bool = False) -> None:
        self.loop, self.state, self.transport = Loop(), ServerState(), Transport()
        self.metrics = Metrics(Models())
        self.is_stopping = is_stopping
        self.reads_body = True
        self.may_answer = asyncio.Event()
        self.may_answer.set()
        self.asked: list[Any] = []
        self.kind = protocol_with(settings, self.metrics, lambda: self.is_stopping)
        self.config = uvicorn.Config(
            self._application, http=self.kind, interface="asgi3", lifespan="off", log_config=None,
            access_log=False, server_header=False, date_header=False, proxy_headers=False,
            timeout_keep_alive=int(settings.idle_seconds),
        )  # fmt: skip
        self.connection = self.open(self.transport)

    def open(self, transport: Transport) -> WatchfulProtocol:
        made = self.kind(self.config, self.state, {}, self.loop)  # type: ignore[arg-type]
        made.connection_made(transport)  # type: ignore[arg-type]
        return made

    async def _application(self, scope: Any, receive: Any, send: Any) -> None:
        self.asked.append(scope)
        if self.reads_body:
            while (message := await receive()).get("more_body"):
                pass
            if message["type"] == "http.disconnect":
                return
        await self.may_answer.wait()
        headers = [(b"content-length", b"2")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b"{}"})

    async def send(self, data: bytes) -> None:
        """Let bytes arrive, and the application do what it can."""
        self.connection.data_received(data)
        await settled()

    @property
    def statuses(self) -> list[int]:
        """Those of the answers so far."""
        return [int(part[:3]) for part in self.transport.written.split(b"HTTP/1.1 ")[1:]]

    def refused(self, reason: str) -> bool:
        """Whether Prometheus is told of one connection that was closed for a reason."""
        text = self.metrics.exposition()[0].decode()
        return f'synvec_connections_refused_total{{reason="{reason}"}} 1.0' in text


async def settled() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


def on_the_wire(test: Callable[[Wire], Awaitable[None]], **options: Any) -> None:
    async def run() -> None:
        wire = Wire(**options)
        await test(wire)
        wire.transport.is_closed = True
        wire.connection.connection_lost(None)
        await settled()
        # What still waits are the last farewells, which cut what is gone already.
        left = [timer.callback.__name__ for timer in wire.loop.waiting()]
        assert set(left) <= {"abort", "_close_idle"}, left

    asyncio.run(run())
