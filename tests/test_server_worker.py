"""What a worker hands to uvicorn, without a server that runs."""

import os
import socket
import threading
from typing import Any, cast

import pytest

if os.name != "posix":
    pytest.skip("serve runs on POSIX systems", allow_module_level=True)

from synvec.server import worker
from synvec.server.settings import Settings
from synvec.server.worker import Worker


class Told:
    """A channel on which the supervisor has said all there is to say."""

    def __init__(self, settings: Settings) -> None:
        self.messages = [{"do": "settings", "settings": settings.to_json()}, {"do": "start"}]

    def receive(self) -> Any:
        if not self.messages:
            threading.Event().wait()  # a daemon's thread waits here until the tests end
        return self.messages.pop(0), None


def test_deadlines_of_uvicorn_are_to_the_part_of_a_second(monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[Any] = []

    class Server:
        def __init__(self, config: Any, _: Any) -> None:
            given.append(config)

        def run(self, sockets: Any) -> None: ...

    monkeypatch.setattr(worker, "_Server", Server)
    settings = Settings(idle_seconds=0.25, stop_seconds=1.75)
    with socket.socket() as listener:
        Worker(listener, cast(Any, Told(settings))).run()
    [config] = given
    assert (config.timeout_keep_alive, config.timeout_graceful_shutdown) == (0.25, 1.75)
    assert not config.proxy_headers, "whoever asks may write any"
