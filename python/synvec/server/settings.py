"""What a server serves, and every number that it heeds: its default, its meaning, its range."""

from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass
from typing import Literal, Self

Hold = Literal["memory", "map"]


@dataclass(frozen=True, slots=True)
class Source:
    """The file of a model's vectors, and that of an index of them."""

    vectors: str
    index: str | None = None


@dataclass(frozen=True, slots=True)
class Settings:
    """What a server allows and for how long it waits.

    Attributes
    ----------
    token
        What clients must send as ``Authorization: Bearer …``; None lets everyone in.
    allowed_hosts
        Names in a request's ``Host`` that are answered; empty for any. A page that makes its own
        name point at 127.0.0.1 (DNS rebinding) fails here.
    max_body
        Bytes of a request's body.
    max_topn
        Neighbours that one answer may have.
    max_batch
        Queries or keys in one request.
    max_pairs
        Pairs of keys in one request.
    max_requests
        Requests that a worker answers at once, waiting ones included; the next gets a 503.
    batch
        Queries that go to the core together: they share one pass over the rows. Twice as many may
        be under way, of one request no more than so many counted; the next gets a 503.
    max_connections
        Open connections of a worker.
    header_seconds, body_seconds
        For a request's headers to arrive, and for its body.
    send_seconds
        For a client to take some of an answer that it lets wait.
    idle_seconds
        Between two requests of a connection.
    stop_seconds
        For requests that are under way when the server stops.

    Raises
    ------
    ValueError
        For a number out of its range.

    Examples
    --------
    >>> Settings(max_topn=50).max_topn
    50
    """

    token: str | None = None
    allowed_hosts: tuple[str, ...] = ()
    max_body: int = 4 << 20
    max_topn: int = 1000
    max_batch: int = 1000
    max_pairs: int = 10_000
    max_requests: int = 64
    batch: int = 16
    max_connections: int = 4000
    header_seconds: float = 10.0
    body_seconds: float = 30.0
    send_seconds: float = 30.0
    idle_seconds: float = 60.0
    stop_seconds: float = 30.0

    def __post_init__(self) -> None:
        for name, value in asdict(self).items():
            if isinstance(value, int | float) and not 0 < value < math.inf:
                raise ValueError(f"{name} is {value}, expected a finite number of more than 0")
        if self.token is not None and not (self.token.isascii() and self.token.isprintable()):
            raise ValueError("the token holds a character that HTTP can't carry, expected ASCII")
        if self.token is not None and len(self.token) < 8:
            raise ValueError(f"the token has {len(self.token)} characters, expected at least 8")

    def to_json(self) -> str:
        """Return the settings as text, for a worker."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Return the settings that ``to_json`` wrote."""
        values = json.loads(text)
        return cls(**values | {"allowed_hosts": tuple(values["allowed_hosts"])})
