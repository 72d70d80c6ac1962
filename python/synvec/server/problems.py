"""What a request is told when it cannot be answered: one shape, one type for each way to be wrong.

``{"error": {"type": "unknown_key", "message": "…", "key": "kinng", "suggestions": ["king"]}}``
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

logger = logging.getLogger(__name__)

RETRY_AFTER = 1
"""Seconds after which a request that found the server full may come again."""


class RequestError(Exception):
    """An answer that is an error.

    Parameters
    ----------
    status
        The HTTP status.
    type
        The kind, for programs.
    message
        The sentence, for people.
    headers
        To go with the answer.
    details
        More fields of the error.
    """

    def __init__(
        self,
        status: int,
        type: str,
        message: str,
        headers: Mapping[str, str] | None = None,
        **details: Any,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.type = type
        self.message = message
        self.headers = dict(headers or {})
        self.details = details

    def body(self) -> bytes:
        """Return the JSON of the answer."""
        error = {"type": self.type, "message": self.message, **self.details}
        return json.dumps({"error": error}, ensure_ascii=True).encode()


def unknown_model(name: str, known: Sequence[str]) -> RequestError:
    """Return the answer to a model that is not served."""
    served = ", ".join(known) or "none"
    return RequestError(404, "unknown_model", f"no model {shown(name)}; served are: {served}")


def unknown_key(
    key: str | int, suggestions: Sequence[str | int], kind: str | None = None
) -> RequestError:
    """Return the answer to a key that the model doesn't hold, with keys that look like it.

    ``kind`` is what its keys are, where that is something else.
    """
    close = f", did you mean {' or '.join(map(repr, suggestions))}?" if suggestions else ""
    name = str(key) if isinstance(key, int) else shown(key)
    message = f"key {name} is not present{f', the keys are {kind}' if kind else ''}{close}"
    return RequestError(404, "unknown_key", message, key=key, suggestions=list(suggestions))


def unavailable_model(name: str, reason: str) -> RequestError:
    """Return the answer of a model whose file went bad."""
    message = f"model {name} cannot be answered from: {reason}"
    return RequestError(503, "model_unavailable", message, {"Retry-After": str(RETRY_AFTER)})


def invalid_field(field: str, message: str) -> RequestError:
    """Return the answer to one field that is wrong."""
    return invalid([{"field": field, "message": message}])


def invalid(fields: Sequence[Mapping[str, str]]) -> RequestError:
    """Return the answer to fields that are wrong; what was sent is not repeated."""
    message = "; ".join(f"{each['field']}: {each['message']}" for each in fields[:3])
    return RequestError(422, "invalid_request", message, fields=list(fields))


def invalid_json(reason: str = "") -> RequestError:
    """Return the answer to a body that is no JSON, with the reason and the place if known."""
    return RequestError(400, "invalid_json", f"the body is not JSON{reason}")


def nothing_there() -> RequestError:
    """Return the answer to a path that means nothing; it isn't repeated."""
    return RequestError(404, "not_found", "nothing is at this path; /openapi.json lists what is")


def too_large(limit: int) -> RequestError:
    """Return the answer to a body beyond the limit."""
    message = f"the body is larger than {limit:,} bytes; send less at once"
    return RequestError(413, "too_large", message, limit=limit)


def unsupported_type(given: str) -> RequestError:
    """Return the answer to a body that doesn't say it is JSON."""
    sent = shown(given) if given else "of no type"
    message = f"the body is {sent}; send Content-Type: application/json"
    return RequestError(415, "unsupported_media_type", message)


def busy() -> RequestError:
    """Return the answer when as many requests as the server takes are under way."""
    message = f"too many requests are under way; try again in {RETRY_AFTER} s"
    return RequestError(503, "busy", message, {"Retry-After": str(RETRY_AFTER)})


def out_of_memory(error: MemoryError) -> RequestError:
    """Return the answer when there is no memory for a request; the log says how much was needed."""
    logger.error("out of memory: %s", error)
    message = f"there is no memory for this request now; try again in {RETRY_AFTER} s"
    return RequestError(503, "out_of_memory", message, {"Retry-After": str(RETRY_AFTER)})


def unauthorized() -> RequestError:
    """Return the answer to a request without the right token."""
    message = "the token is missing or wrong; send Authorization: Bearer TOKEN"
    return RequestError(401, "unauthorized", message, {"WWW-Authenticate": "Bearer"})


def misdirected(host: str) -> RequestError:
    """Return the answer to a request for a host that is not this one."""
    message = f"this server does not answer for host {shown(host)}; start it with --allow-host"
    return RequestError(421, "misdirected", message)


def of_status(status: int, headers: Mapping[str, str] | None = None) -> RequestError:
    """Return the answer of a status that says all there is to say."""
    phrase = HTTPStatus(status).phrase
    return RequestError(status, phrase.lower().replace(" ", "_"), phrase, headers)


def shown(text: str, length: int = 80) -> str:
    """Return text from outside as it may stand in a message or a log: escaped, and not endless."""
    return ascii(text if len(text) <= length else text[:length] + "…")
