"""HTTP on the wire, with the deadlines that uvicorn hasn't: a client that dawdles is let go.

uvicorn waits for ever for the headers and the body of a request, and for a client to take its
answer (its issue 157). Here every such wait has a clock, and headers have a size.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import ClassVar

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from synvec.server.metrics import Metrics
from synvec.server.problems import RETRY_AFTER, RequestError
from synvec.server.settings import Settings

logger = logging.getLogger(__name__)

HEADER_BYTES = 32 << 10
"""Of a request line and its headers."""
CLOSING_SECONDS = 5.0
"""For the last bytes of a connection to leave; then it is cut."""
LINGERING_SECONDS = 1.0
"""That a stopping server keeps idle connections: a request may be on its way already."""


class WatchfulProtocol(HttpToolsProtocol):
    """A connection with a clock: one for each thing that is waited for."""

    settings: ClassVar[Settings]
    metrics: ClassVar[Metrics]
    is_stopping: ClassVar[Callable[[], bool]]

    _clock: asyncio.TimerHandle | None = None
    _sending: asyncio.TimerHandle | None = None
    _header_bytes: int | None = 0
    """Of the message that is arriving; None while nothing is, or a body."""
    _is_body_arriving: bool = False
    _is_last: bool = False

    # --- the connection -------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for the first request."""
        super().connection_made(transport)
        self._await_headers()
        if type(self).is_stopping():
            self.shutdown()  # accepted just before the server stopped listening
        if len(self.connections) > self.settings.max_connections:
            retry = {"Retry-After": str(RETRY_AFTER)}
            self._end("connections", RequestError(503, "busy", "too many connections", retry))

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop all clocks."""
        self._stop_clock()
        self.resume_writing()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Parse what came, and see to it that something is waited for with a clock."""
        if self.transport.is_closing():
            return
        if self._header_bytes is not None:
            self._header_bytes += len(data)
        super().data_received(data)
        if self.transport.is_closing():
            return
        if self._header_bytes is not None and self._header_bytes > HEADER_BYTES:
            message = f"the headers are larger than {HEADER_BYTES} bytes"
            self._end("headers_too_large", RequestError(431, "headers_too_large", message))
        elif self._clock is None and self.timeout_keep_alive_task is None and self._is_idle():
            self._await_headers()  # bytes that begin no request, such as empty lines

    # --- a request as it arrives ----------------------------------------------------------------

    def on_message_begin(self) -> None:
        """Begin to wait for headers, unless that is so already."""
        super().on_message_begin()
        if self._clock is None:
            self._await_headers()

    def on_header(self, name: bytes, value: bytes) -> None:
        """Keep a header; trailers, which come after a body, are none (RFC 9110, 6.5.1)."""
        if not self._is_body_arriving:
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """Wait for the body."""
        self._header_bytes = None
        self._is_body_arriving = True
        self._start_clock(self.settings.body_seconds, "body")
        super().on_headers_complete()
        if self._is_last:
            self.cycle.keep_alive = False

    def on_chunk_header(self) -> None:
        """Count what comes as headers: after the last chunk it is trailers, which have no end."""
        self._header_bytes = 0

    def on_body(self, body: bytes) -> None:
        """Count no longer: the chunk wasn't the last one."""
        self._header_bytes = None
        super().on_body(body)

    def on_message_complete(self) -> None:
        """Wait no longer: it is our turn."""
        self._header_bytes = None
        self._is_body_arriving = False
        self._stop_clock()
        super().on_message_complete()

    def send_400_response(self, msg: str) -> None:
        """Answer what is not HTTP."""
        message = "this is no valid HTTP request; in a URL other letters than ASCII's are %XX"
        self._end("not_http", RequestError(400, "invalid_http", message))

    # --- the answer -----------------------------------------------------------------------------

    def pause_writing(self) -> None:
        """Wait for the client to take some of its answer."""
        super().pause_writing()
        if self._sending is None:
            self._sending = self.loop.call_later(self.settings.send_seconds, self._give_up)

    def resume_writing(self) -> None:
        """The client took some."""
        if self._sending is not None:
            self._sending.cancel()
            self._sending = None
        super().resume_writing()

    def timeout_keep_alive_handler(self) -> None:
        """Close a connection that was idle for long."""
        super().timeout_keep_alive_handler()
        self.loop.call_later(CLOSING_SECONDS, self.transport.abort)

    def shutdown(self) -> None:
        """Answer what is under way and what is about to arrive, then close."""
        self._is_last = True
        if self._is_idle():
            self.loop.call_later(LINGERING_SECONDS, self._close_idle)
        else:
            super().shutdown()

    # --- clocks ---------------------------------------------------------------------------------

    def _is_idle(self) -> bool:
        return self.cycle is None or self.cycle.response_complete

    def _close_idle(self) -> None:
        if self._is_idle():
            self.transport.close()

    def _has_begun_to_answer(self) -> bool:
        """Whether what is arriving has an answer, or part of one, in which another would stand."""
        cycle = self.cycle
        if cycle is None:
            return False
        # A body may be answered before it is there: one that is too large.
        return self._is_body_arriving if cycle.response_complete else cycle.response_started

    def _await_headers(self) -> None:
        self._header_bytes = 0
        self._start_clock(self.settings.header_seconds, "headers")

    def _start_clock(self, seconds: float, what: str) -> None:
        self._stop_clock()
        self._clock = self.loop.call_later(seconds, self._expire, what)

    def _stop_clock(self) -> None:
        if self._clock is not None:
            self._clock.cancel()
            self._clock = None

    def _expire(self, what: str) -> None:
        message = f"the {what} of the request did not arrive in time"
        self._end(f"slow_{what}", RequestError(408, "too_slow", message))

    def _give_up(self) -> None:
        self.metrics.refused.labels("slow_reader").inc()
        self.transport.abort()

    def _end(self, reason: str, problem: RequestError) -> None:
        """Tell what is wrong, if nothing was answered yet, and close."""
        if self.transport.is_closing():
            return
        self.metrics.refused.labels(reason).inc()
        if not self._has_begun_to_answer():
            self.transport.write(_as_http(problem))
        self.transport.close()
        self.loop.call_later(CLOSING_SECONDS, self.transport.abort)


def protocol_with(
    settings: Settings, metrics: Metrics, is_stopping: Callable[[], bool]
) -> type[WatchfulProtocol]:
    """Return the class of connections that heed these settings; uvicorn makes the instances."""

    class Connection(WatchfulProtocol):
        pass

    Connection.settings = settings
    Connection.metrics = metrics
    Connection.is_stopping = staticmethod(is_stopping)
    return Connection


def _as_http(problem: RequestError) -> bytes:
    body = problem.body()
    headers = {
        "content-type": "application/json",
        "content-length": str(len(body)),
        "connection": "close",
        **problem.headers,
    }
    lines = b"".join(f"{name}: {value}\r\n".encode("latin-1") for name, value in headers.items())
    return STATUS_LINE[problem.status] + lines + b"\r\n" + body
