"""A worker: maps what the supervisor hands it, and answers.

It takes two descriptors on its command line: the socket to listen on, and its end of the channel.
"""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import gc
import logging
import os
import resource
import signal
import socket
import struct
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import uvicorn

from synvec import formats
from synvec.errors import FormatError
from synvec.server.app import assemble
from synvec.server.batching import Batcher
from synvec.server.channel import Channel
from synvec.server.holding import path_of
from synvec.server.metrics import Metrics
from synvec.server.models import Model, Models
from synvec.server.protocol import LINGERING_SECONDS, protocol_with
from synvec.server.responses import neighbors_as_json
from synvec.server.settings import Settings

logger = logging.getLogger("synvec.server")


class Worker:
    """One process that answers.

    Parameters
    ----------
    listener
        The socket that all workers accept connections from.
    channel
        To the supervisor.
    """

    def __init__(self, listener: socket.socket, channel: Channel) -> None:
        self._listener = listener
        self._channel = channel
        self._models = Models()
        self._restarts = 0
        self._settings = Settings()
        self._core = ThreadPoolExecutor(1, "core")
        self._batcher = Batcher(self._core, self._settings.batch, neighbors_as_json)
        self._server: uvicorn.Server | None = None
        self._may_start = threading.Event()

    def run(self) -> None:
        """Answer until the supervisor says stop, or is gone."""
        threading.Thread(target=self._listen, daemon=True, name="channel").start()
        self._may_start.wait()
        settings = self._settings
        metrics = Metrics(self._models, lambda: self._restarts)
        app = assemble(self._models, settings, metrics, self._is_stopping)
        config = uvicorn.Config(
            app,
            http=protocol_with(settings, metrics, self._is_stopping),
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            # uvicorn's own command line has whole seconds; its clocks take parts of one as well.
            timeout_keep_alive=settings.idle_seconds,  # type: ignore[arg-type]
            timeout_graceful_shutdown=settings.stop_seconds,  # type: ignore[arg-type]
        )
        self._server = _Server(config, self._channel)
        self._server.run(sockets=[self._listener])
        self._core.shutdown(wait=False, cancel_futures=True)

    def _is_stopping(self) -> bool:
        return self._server is not None and self._server.should_exit

    def _listen(self) -> None:
        try:
            while (received := self._channel.receive()) is not None:
                self._heed(*received)
        except OSError:
            logger.debug("the supervisor is gone")
        finally:
            # Without a supervisor nobody would ever stop this process.
            os.kill(os.getpid(), signal.SIGTERM)

    def _heed(self, message: dict[str, Any], files: list[int]) -> None:
        match message["do"]:
            case "settings":
                self._settings = Settings.from_json(message["settings"])
                self._batcher = Batcher(self._core, self._settings.batch, neighbors_as_json)
            case "model":
                self._open(message["name"], message["version"], *files)
            case "restarts":
                self._restarts = message["count"]
            case "start":
                self._may_start.set()

    def _open(self, name: str, version: int, file: int, index_file: int | None = None) -> None:
        try:
            vectors = formats.vectors_of(formats.load(path_of(file), mmap="r"))
            index = None if index_file is None else vectors.load_index(path_of(index_file))
        except (FormatError, OSError, ImportError) as error:  # no engine, no index
            self._models.lack(name, f"{type(error).__name__}, see the log")
            reason = str(error)
            if index_file is not None:
                reason = reason.replace(path_of(index_file), f"the index of {name}")
            self._channel.send({"is": "failed", "name": name, "error": reason})
        else:
            self._models.put(Model(name, vectors, version, self._batcher, index))
            self._channel.send({"is": "opened", "name": name, "version": version})
        finally:
            for each in (file, index_file):
                if each is not None:
                    os.close(each)  # the mapping stays


class _Server(uvicorn.Server):
    """Tells the supervisor when it listens, and stops without a connection that gets no answer."""

    def __init__(self, config: uvicorn.Config, channel: Channel) -> None:
        super().__init__(config)
        self._channel = channel

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._channel.send({"is": "ready"})

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        # What waits to be accepted when the socket is closed is reset by the system. So it stays
        # open a moment longer, for whoever is connecting, each answer being a connection's last;
        # then nobody is let in any more, what is left in the queue is taken out, and the socket
        # closed.
        for connection in list(self.server_state.connections):
            connection.shutdown()
        await asyncio.sleep(LINGERING_SECONDS)
        for listener in sockets or ():
            _let_nobody_in(listener)
        late = [accepted for listener in sockets or () for accepted in _waiting(listener)]
        for server in self.servers:
            server.close()
        loop = asyncio.get_running_loop()
        for accepted in late:
            await loop.connect_accepted_socket(self._connection, accepted)
        await super().shutdown(sockets)

    def _connection(self) -> asyncio.Protocol:
        made: asyncio.Protocol = self.config.http_protocol_class(  # type: ignore[call-arg]
            config=self.config, server_state=self.server_state, app_state=self.lifespan.state
        )
        return made


_SO_ATTACH_FILTER = 26
_DROP_ALL = struct.pack("HBBI", 0x06, 0, 0, 0)
"""An instruction for the kernel's packet filter: return, of each packet, nothing."""


def _let_nobody_in(listener: socket.socket) -> None:
    """Have the system overlook whoever connects from now on, so that the queue can be emptied.

    Otherwise a connection may come between the last look at the queue and the end of the socket,
    and be reset. A client whose first packet is overlooked sends another after a second, and is
    told that nobody listens.
    """
    if sys.platform == "linux":
        program = ctypes.create_string_buffer(_DROP_ALL, len(_DROP_ALL))
        described = struct.pack("HP", 1, ctypes.addressof(program))
        with contextlib.suppress(OSError):  # where it is forbidden it is as without
            listener.setsockopt(socket.SOL_SOCKET, _SO_ATTACH_FILTER, described)


def _waiting(listener: socket.socket) -> Iterator[socket.socket]:
    """Accept the connections that wait."""
    with contextlib.suppress(OSError):  # there are no more
        while True:
            accepted, _ = listener.accept()
            accepted.setblocking(False)
            yield accepted


def main() -> None:
    """Run a worker."""
    # What was imported stays for good: a collection that walked over it would keep answers waiting.
    gc.freeze()
    gc.enable()
    listener, end = (socket.socket(fileno=int(number)) for number in sys.argv[1:3])
    level = getattr(logging, sys.argv[3])
    logging.basicConfig(
        level=level, format=f"synvec: worker {os.getpid()}: %(message)s", stream=sys.stderr
    )
    # Above it lie what clients do wrong, a line for each, which would fill a disk.
    logging.getLogger("uvicorn").setLevel(logging.ERROR)
    _allow_many_connections()
    Worker(listener, Channel(end)).run()


def _allow_many_connections() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY and (hard == resource.RLIM_INFINITY or soft < hard):
        wanted = 65_536 if hard == resource.RLIM_INFINITY else min(hard, 65_536)
        resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, wanted), hard))
