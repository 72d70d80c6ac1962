"""The explorer as an ASGI application: what ``synvec serve`` mounts, and any other server can."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from synvec.explorer.answers import Explorer

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]


def application(explorer: Explorer) -> Callable[[Scope, Receive, Send], Awaitable[None]]:
    """Return an ASGI 3 application that answers with ``explorer``, each request in a thread.

    Examples
    --------
    >>> from synvec import KeyedVectors
    >>> from synvec.explorer import ExploredModel, Explorer
    >>> kv = KeyedVectors.from_arrays(["socket"], [[3, 4]])
    >>> app = application(Explorer([ExploredModel("sockets", kv)]))
    >>> # fastapi_app.mount("/", app)
    """

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        # Mounted below a path, the server says how much of it is its own.
        path = scope["path"].removeprefix(scope.get("root_path", ""))
        query = scope.get("query_string", b"").decode("ascii", "replace")
        found = await asyncio.to_thread(explorer.answer, scope["method"], path, query)
        headers = {
            "Content-Type": found.kind, "Content-Length": str(len(found.body)), **found.headers
        }  # fmt: skip
        raw = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
        await send({"type": "http.response.start", "status": found.status, "headers": raw})
        body = b"" if scope["method"] == "HEAD" else found.body
        await send({"type": "http.response.body", "body": body})

    return answer
