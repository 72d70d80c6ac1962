"""What every request passes first: who sends it, how large it is, how many there are.

It is written on bare ASGI: a request that is refused must cost next to nothing, and the body must
be bounded before anybody parses it.
"""

from __future__ import annotations

import hmac
import logging
import time
from collections.abc import Callable
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from synvec.server import memory, problems
from synvec.server.metrics import Metrics
from synvec.server.problems import RequestError
from synvec.server.settings import Settings

logger = logging.getLogger(__name__)

OPEN = ("/healthz", "/readyz")
"""Answered without a token: a balancer asks them."""
UNLIMITED = (*OPEN, "/metrics")
"""Answered however many requests are under way: that is when somebody wants to know."""
BUFFERED_BODIES = 16
"""Bodies of the largest size that may be held at once while they arrive."""
BYTES_A_REQUEST = 16 << 20
BYTES_A_BYTE = 12
"""What a request may take, by itself and for each byte of its body once that is parsed."""


class Gate:
    """Authentication, limits and counting around an application.

    Parameters
    ----------
    application
        What answers.
    settings
        The limits.
    metrics
        Where requests are counted.
    """

    def __init__(self, application: ASGIApp, settings: Settings, metrics: Metrics) -> None:
        self._application = application
        self._settings = settings
        self._metrics = metrics
        self._in_flight = 0
        self._buffered = 0
        self._audit = _Audit()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request in, or answer it with what is wrong."""
        if scope["type"] != "http":
            await self._application(scope, receive, send)
            return
        answer = _Answer(send)
        started = time.perf_counter()
        try:
            self._check(scope)
            body = await self._read(scope, receive)
            started = time.perf_counter()
            await self._let_in(scope, body, receive, answer)
        except RequestError as problem:
            await answer.tell(problem)
        except MemoryError as error:
            await answer.tell(problems.out_of_memory(error))
        except _ClientLeftError:
            return
        except Exception:
            # A defect of ours: the application has logged it and answered before it raised.
            answer.status = 500
        self._count(scope, answer.status, time.perf_counter() - started)

    def _check(self, scope: Scope) -> None:
        headers = dict(scope["headers"])
        hosts = self._settings.allowed_hosts
        host = headers.get(b"host", b"").decode("latin-1")
        if hosts and _without_port(host) not in hosts:
            raise problems.misdirected(host)
        token = self._settings.token
        if token is not None and scope["path"] not in OPEN:
            scheme, _, sent = headers.get(b"authorization", b"").partition(b" ")
            # In constant time: how long a wrong token takes says nothing of the right one.
            if scheme.lower() != b"bearer" or not hmac.compare_digest(sent.strip(), token.encode()):
                raise problems.unauthorized()
        if scope["method"] == "POST":
            given = headers.get(b"content-type", b"").decode("latin-1")
            # Also for safety: a page of another site can't send this type without being asked for
            # leave, which it isn't given.
            if given.partition(";")[0].strip().lower() != "application/json":
                raise problems.unsupported_type(given)
        length = headers.get(b"content-length", b"")
        if length.isdigit() and int(length) > self._settings.max_body:
            raise problems.too_large(self._settings.max_body)

    async def _read(self, scope: Scope, receive: Receive) -> bytes:
        """Return the body, which is held whole: while it arrives nobody else has to wait for it."""
        parts: list[bytes] = []
        size = 0
        limit = self._settings.max_body
        try:
            while True:
                message = await receive()
                if message["type"] == "http.disconnect":
                    raise _ClientLeftError
                part = message.get("body", b"")
                size += len(part)
                self._buffered += len(part)
                if size > limit:
                    raise problems.too_large(limit)
                if self._buffered > BUFFERED_BODIES * limit:
                    raise problems.busy()
                parts.append(part)
                if not message.get("more_body", False):
                    return b"".join(parts)
        finally:
            self._buffered -= size

    async def _let_in(self, scope: Scope, body: bytes, receive: Receive, answer: _Answer) -> None:
        if scope["path"] not in UNLIMITED:
            if self._in_flight >= self._settings.max_requests:
                raise problems.busy()
            memory.require(BYTES_A_REQUEST + BYTES_A_BYTE * len(body))
        self._in_flight += 1
        self._metrics.in_flight.inc()
        try:
            await self._application(scope, _whole(body, receive), answer)
        finally:
            self._in_flight -= 1
            self._metrics.in_flight.dec()

    def _count(self, scope: Scope, status: int, seconds: float) -> None:
        endpoint = getattr(scope.get("route"), "path", "other")
        self._metrics.requests.labels(endpoint, str(status)).inc()
        if status != 503:
            self._metrics.seconds.labels(endpoint).observe(seconds)
        if status in (401, 404, 421) and _is_suspicious(scope, status):
            self._audit.write(scope, status)


class _ClientLeftError(Exception):
    """The client left before its request was whole."""


class _Answer:
    """The way back, which remembers the status."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self.status = 500

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
        await self._send(message)

    async def tell(self, problem: RequestError) -> None:
        body = problem.body()
        headers = {
            "content-type": "application/json",
            "content-length": str(len(body)),
            **problem.headers,
        }
        raw = [(name.lower().encode(), value.encode("latin-1")) for name, value in headers.items()]
        await self({"type": "http.response.start", "status": problem.status, "headers": raw})
        await self({"type": "http.response.body", "body": body})


class _Audit:
    """A line in the log for requests that look like attempts, a few a second at most."""

    PER_SECOND = 10

    def __init__(self) -> None:
        self._second = 0
        self._lines = 0

    def write(self, scope: Scope, status: int) -> None:
        second = int(time.monotonic())
        if second != self._second:
            if self._lines > self.PER_SECOND:
                logger.warning("audit: %d more refused", self._lines - self.PER_SECOND)
            self._second, self._lines = second, 0
        self._lines += 1
        if self._lines <= self.PER_SECOND:
            client = (scope.get("client") or ("unknown",))[0]
            path = problems.shown(scope.get("raw_path", b"").decode("latin-1"), 200)
            logger.warning("audit: %d for %s %s from %s", status, scope["method"], path, client)


def _is_suspicious(scope: Scope, status: int) -> bool:
    """Whether a refusal is of interest: a wrong token or host, or a name that looks like a path."""
    path: str = scope["path"]
    return status != 404 or any(sign in path for sign in ("..", "\\", "\0", "//"))


def _without_port(host: str) -> str:
    name, colon, port = host.rpartition(":")
    return (name if colon and port.isdecimal() else host).lower()


def _whole(body: bytes, receive: Receive) -> Callable[[], Any]:
    """Return a ``receive`` that gives a body that is there already, then what comes after it."""
    messages: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def give() -> Message:
        return messages.pop() if messages else await receive()

    return give
