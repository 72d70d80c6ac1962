"""The explorer for one person at one machine, on Python's own HTTP server: no package is needed."""

from __future__ import annotations

import logging
import socket
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

from synvec.explorer.answers import Answer, Explorer

logger = logging.getLogger(__name__)

HOST = "127.0.0.1"
_LOCAL_NAMES = {"127.0.0.1", "localhost", "::1"}
_SECONDS_OF_SILENCE = 60


class LocalServer(ThreadingHTTPServer):
    """Answers on 127.0.0.1.

    Parameters
    ----------
    explorer
        What answers.
    port
        0 takes a free one; `url` tells which.

    Raises
    ------
    OSError
        When the port is taken.
    """

    daemon_threads = True

    def __init__(self, explorer: Explorer, port: int = 0) -> None:
        self.explorer = explorer
        self._open: set[socket.socket] = set()
        super().__init__((HOST, port), _Handler)

    @property
    def url(self) -> str:
        """Where the page is."""
        return f"http://{HOST}:{self.server_address[1]}/"

    def process_request(self, request: Any, client_address: Any) -> None:
        """Answer a connection, and know of it."""
        self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        """Forget a connection that has ended."""
        self._open.discard(request)
        super().shutdown_request(request)

    def server_close(self) -> None:
        """Close the port and the connections, which browsers keep for more questions."""
        super().server_close()
        for connection in list(self._open):
            with suppress(OSError):  # gone already
                connection.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say what went wrong with a connection at debug level: pages close theirs as they like."""
        logger.debug("a request of %s failed", client_address, exc_info=True)


class _Handler(BaseHTTPRequestHandler):
    """Carries requests to the explorer and answers back."""

    protocol_version = "HTTP/1.1"
    wbufsize = -1  # head and body leave together, and at once
    disable_nagle_algorithm = True
    timeout = _SECONDS_OF_SILENCE
    server: LocalServer

    def do_GET(self) -> None:
        self._answer()

    do_HEAD = do_POST = do_DELETE = do_GET  # noqa: N815

    def _answer(self) -> None:
        answer = self._refusal() or self._asked()
        self.send_response(answer.status)
        self.send_header("Content-Type", answer.kind)
        self.send_header("Content-Length", str(len(answer.body)))
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(answer.body)

    def _refusal(self) -> Answer | None:
        # A page elsewhere whose name was made to mean this machine must not read the vectors
        # (DNS rebinding), and one that can't read answers must not start a computation.
        name = urlsplit(f"//{self.headers.get('Host', '')}").hostname
        if name not in _LOCAL_NAMES:
            return Answer(b'{"error":"ask for 127.0.0.1 or localhost"}', status=403)
        origin = self.headers.get("Origin")
        if origin is not None and urlsplit(origin).netloc != self.headers.get("Host"):
            return Answer(b'{"error":"other pages may not ask"}', status=403)
        if int(self.headers.get("Content-Length") or 0) or self.headers.get("Transfer-Encoding"):
            self.close_connection = True
            return Answer(b'{"error":"no request has a body here"}', status=413)
        return None

    def _asked(self) -> Answer:
        parts = urlsplit(self.path)
        try:
            return self.server.explorer.answer(self.command, parts.path, parts.query)
        except Exception as error:  # a defect of ours: the page says so and goes on
            logger.exception("no answer to %s", self.path[:200])
            return Answer(
                b'{"error":"the server failed, see its terminal"}',
                status=500,
                headers={"X-Error": type(error).__name__},
            )

    def log_message(self, format: str, *args: Any) -> None:
        """Log requests at debug level."""
        logger.debug(format, *args)
