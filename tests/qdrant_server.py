"""A stand-in for a Qdrant server: what an export asks of its HTTP interface, kept in memory.

It checks nothing that a real one would, but it shows what is sent, and fails when it is told to.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Collections:
    """What the server holds, what it was sent, and what it does wrong."""

    port: int = 0
    key: str | None = None
    keeps_metadata: bool = True
    writes_before_failure: int | None = None
    settings: dict[str, Any] = field(default_factory=dict)
    points: dict[str, dict[int, Any]] = field(default_factory=dict)
    largest_request: int = 0

    def answer(self, method: str, path: str, body: Any) -> tuple[int, Any]:
        """Return a status, and the result."""
        name, _, what = path.removeprefix("/collections/").partition("/")
        match method, what:
            case "GET", "exists":
                return 200, {"exists": name in self.settings}
            case "GET", "":
                return 200, self._described(name)
            case "PUT", "":
                self.settings[name], self.points[name] = body, {}
                return 200, True
            case "DELETE", "":
                del self.settings[name], self.points[name]
                return 200, True
            case "POST", "points/count":
                return 200, {"count": len(self.points[name])}
            case "PUT", "points":
                return self._write(name, body["batch"])
        return 404, None

    def _write(self, name: str, batch: Any) -> tuple[int, Any]:
        if self.writes_before_failure is not None:
            if not self.writes_before_failure:
                return 500, None
            self.writes_before_failure -= 1
        rows = zip(batch["ids"], batch["vectors"], batch["payloads"], strict=True)
        self.points[name].update({row: (vector, payload) for row, vector, payload in rows})
        return 200, {"operation_id": 1, "status": "completed"}

    def _described(self, name: str) -> dict[str, Any]:
        metadata = self.settings[name].get("metadata") if self.keeps_metadata else None
        return {
            "status": "green",
            "optimizer_status": "ok",
            "segments_count": 1,
            "config": {
                "params": {"vectors": self.settings[name]["vectors"]},
                "hnsw_config": {"m": 16, "ef_construct": 100, "full_scan_threshold": 10_000},
                "optimizer_config": {
                    "deleted_threshold": 0.2,
                    "vacuum_min_vector_number": 1000,
                    "default_segment_number": 0,
                    "flush_interval_sec": 5,
                },
                "metadata": metadata,
            },
            "payload_schema": {},
        }


@contextmanager
def running() -> Iterator[Collections]:
    """Serve from a thread, at a port of 127.0.0.1."""
    collections = Collections()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _answer(self) -> None:
            sent = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            collections.largest_request = max(collections.largest_request, len(sent))
            status, result = 401, None
            if collections.key in (None, self.headers.get("api-key")):
                path = self.path.partition("?")[0]
                body = json.loads(sent) if sent else None
                status, result = collections.answer(self.command, path, body)
            answer = json.dumps({"result": result, "status": "ok", "time": 0}).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        do_GET = do_PUT = do_POST = do_DELETE = _answer  # noqa: N815 - the base class's names

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        collections.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield collections
        finally:
            server.shutdown()
            thread.join()
