"""What every request passes first, asked without a server around it."""

import asyncio
import json
import logging
import os
from collections.abc import Iterator
from typing import Any

import pytest

from synvec.server import gate, memory
from synvec.server.gate import Gate
from synvec.server.metrics import Metrics
from synvec.server.models import Models
from synvec.server.settings import Settings

pytestmark = pytest.mark.skipif(os.name != "posix", reason="serve runs on POSIX systems")


class Guarded:
    """A gate before an application that answers when it may, and what came out."""

    def __init__(self, **settings: Any) -> None:
        self.metrics = Metrics(Models())
        self.gate = Gate(self._application, Settings(**settings), self.metrics)
        self.may_answer = asyncio.Event()
        self.inside = 0

    async def _application(self, scope: Any, receive: Any, send: Any) -> None:
        self.inside += 1
        await self.may_answer.wait()
        await receive()
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"{}"})

    async def ask(
        self, path: str = "/v1/models", method: str = "GET", headers: Any = (), body: bytes = b""
    ) -> tuple[int, dict[str, Any]]:
        """Return the status and the JSON of an answer."""
        sent: list[Any] = []

        async def receive() -> Any:
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: Any) -> None:
            sent.append(message)

        scope = {
            "type": "http", "method": method, "path": path, "raw_path": path.encode(),
            "headers": list(headers), "client": ("10.0.0.7", 5),
        }  # fmt: skip
        await self.gate(scope, receive, send)
        return sent[0]["status"], json.loads(sent[1]["body"])

    def told(self) -> str:
        """Return what Prometheus would be told."""
        return self.metrics.exposition()[0].decode()


def test_as_many_requests_as_are_allowed_and_no_more() -> None:
    async def ask() -> None:
        guarded = Guarded(max_requests=2)
        first = [asyncio.create_task(guarded.ask()) for _ in range(2)]
        await asyncio.sleep(0)
        assert (guarded.inside, "in_flight 2.0" in guarded.told()) == (2, True)
        status, answer = await guarded.ask()
        assert (status, answer["error"]["type"]) == (503, "busy")
        # That is when somebody wants to know how it is.
        health = [asyncio.create_task(guarded.ask(path)) for path in gate.UNLIMITED]
        await asyncio.sleep(0)
        assert guarded.inside == 5
        guarded.may_answer.set()
        assert [status for status, _ in await asyncio.gather(*first, *health)] == [200] * 5
        assert (await guarded.ask())[0] == 200
        assert "in_flight 0.0" in guarded.told()

    asyncio.run(ask())


def test_refusals_do_not_make_answers_look_quick() -> None:
    async def ask() -> str:
        guarded = Guarded(max_requests=1)
        first = asyncio.create_task(guarded.ask())
        await asyncio.sleep(0)
        for _ in range(5):
            assert (await guarded.ask())[0] == 503
        guarded.may_answer.set()
        await first
        return guarded.told()

    told = asyncio.run(ask())
    assert 'synvec_requests_total{code="503",endpoint="other"} 5.0' in told
    assert 'synvec_request_seconds_count{endpoint="other"} 1.0' in told


def test_what_a_request_may_take_grows_with_its_body(monkeypatch: pytest.MonkeyPatch) -> None:
    left = gate.BYTES_A_REQUEST + 100 * gate.BYTES_A_BYTE
    monkeypatch.setattr(memory, "available_memory", lambda: (left, "so the test says"))
    monkeypatch.setattr(memory, "_SEEN", memory._Seen())

    async def ask(size: int) -> tuple[int, dict[str, Any]]:
        guarded = Guarded()
        guarded.may_answer.set()
        headers = [(b"content-type", b"application/json")]
        return await guarded.ask(method="POST", headers=headers, body=b"x" * size)

    assert asyncio.run(ask(100))[0] == 200
    status, answer = asyncio.run(ask(101))
    assert (status, answer["error"]["type"]) == (503, "out_of_memory")


@pytest.fixture
def audited(caplog: pytest.LogCaptureFixture) -> Iterator[pytest.LogCaptureFixture]:
    caplog.set_level(logging.WARNING, "synvec.server.gate")
    yield caplog


class TestAudit:
    @pytest.mark.parametrize("path", ["/v1/../x", "/v1/models/a\\b", "/v1/models/a\0", "/v1//etc"])
    def test_what_looks_like_a_path_is_written_down(
        self, audited: pytest.LogCaptureFixture, path: str
    ) -> None:
        gate._Audit().write({"method": "GET", "raw_path": path.encode(), "path": path}, 404)
        assert gate._is_suspicious({"path": path}, 404)
        [line] = audited.messages
        assert line.startswith("audit: 404 for GET ")
        assert "\0" not in line

    def test_what_does_not_is_not(self) -> None:
        assert not gate._is_suspicious({"path": "/v1/models/nobody"}, 404)
        assert gate._is_suspicious({"path": "/v1/models"}, 401)

    def test_a_flood_writes_a_few_lines_and_how_many_there_were(
        self, audited: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        now = 100.0
        monkeypatch.setattr("time.monotonic", lambda: now)
        audit, scope = gate._Audit(), {"method": "GET", "raw_path": b"/..", "path": "/.."}
        for _ in range(1000):
            audit.write(scope, 404)
        assert len(audited.messages) == audit.PER_SECOND
        now = 101.0
        audit.write(scope, 404)
        assert audited.messages[audit.PER_SECOND :] == [
            "audit: 990 more refused", "audit: 404 for GET '/..' from unknown",
        ]  # fmt: skip

    def test_a_wrong_token_and_a_wrong_host_are(self, audited: pytest.LogCaptureFixture) -> None:
        async def ask() -> list[int]:
            host = [(b"host", b"evil.example")]
            wrong_token, wrong_host = Guarded(token="long enough"), Guarded(allowed_hosts=("a",))
            return [(await wrong_token.ask())[0], (await wrong_host.ask(headers=host))[0]]

        assert asyncio.run(ask()) == [401, 421]
        assert audited.messages == [
            f"audit: {status} for GET '/v1/models' from 10.0.0.7" for status in (401, 421)
        ]
