"""Messages between the supervisor and a worker: JSON, and some open files each.

A file crosses as a descriptor, so that a worker opens no path: what it maps is what the supervisor
holds, also when the file's name has long come to mean another.
"""

from __future__ import annotations

import json
import os
import socket
import struct
import threading
from collections.abc import Sequence
from typing import Any, TypeAlias

Message: TypeAlias = dict[str, Any]

MOST_FILES = 2
"""That go with one message: a model's vectors and their index."""
_LENGTH = struct.Struct("!I")


class Channel:
    """One end of a pair of sockets.

    Parameters
    ----------
    end
        A connected stream socket of the system's own.
    """

    def __init__(self, end: socket.socket) -> None:
        self._socket = end
        self._sending = threading.Lock()

    def send(self, message: Message, files: Sequence[int] = ()) -> None:
        """Send a message; OSError when the other end is gone."""
        text = json.dumps(message).encode()
        with self._sending:
            # Descriptors go with the length's first byte, so that they can't be taken for another
            # message's.
            socket.send_fds(self._socket, [_LENGTH.pack(len(text))], files)
            self._socket.sendall(text)

    def receive(self) -> tuple[Message, list[int]] | None:
        """Return the next message and its files; None when the other end is gone."""
        try:
            head, files, _, _ = socket.recv_fds(self._socket, _LENGTH.size, MOST_FILES)
            for file in files:
                os.set_inheritable(file, False)
            head += self._exactly(_LENGTH.size - len(head))
            text = self._exactly(*_LENGTH.unpack(head))
        except (OSError, EOFError):
            return None
        return json.loads(text), files

    def close(self) -> None:
        """Close this end."""
        self._socket.close()

    def _exactly(self, count: int) -> bytes:
        parts = bytearray()
        while len(parts) < count:
            part = self._socket.recv(count - len(parts))
            if not part:
                raise EOFError
            parts += part
        return bytes(parts)
