"""Answers as JSON, and how the description names them."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from typing import Any

from starlette.responses import Response

from synvec.server.batching import Neighbors

REF = "#/components/schemas/{model}"
"""Where the description of the server has the shape of an answer."""


_JSON = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":"))


def as_json(answer: Any) -> bytes:
    """Return an answer as JSON; NaN and infinity, which it doesn't know, as ``null``."""
    try:
        text = _JSON.encode(answer)
    except ValueError:  # vectors may be saved with NaN when somebody insists
        text = _JSON.encode(_without_nan(answer))
    return text.encode()


def neighbors_as_json(found: Neighbors) -> bytes:
    """Return neighbours as JSON."""
    return as_json([{"key": key, "cosine": cosine} for key, cosine in found])


def json_response(answer: dict[str, Any], status: int = 200) -> Response:
    """Return an answer that was made here: nothing of it has to be validated again."""
    return Response(as_json(answer), status, media_type="application/json")


def neighbors_response(found: bytes) -> Response:
    """Return neighbours that are JSON already."""
    return Response(b'{"neighbors":%b}' % found, media_type="application/json")


def list_response(name: str, parts: Sequence[bytes]) -> Response:
    """Return a list whose items are JSON already."""
    text = b'{"%b":[%b]}' % (name.encode(), b",".join(parts))
    return Response(text, media_type="application/json")


def told(model: str, status: int = 200, description: str = "The answer") -> dict[int | str, Any]:
    """Return what a route says of its answer: the name of a class in ``answers``.

    With the class itself FastAPI would make a validator for each answer of each route, which is a
    tenth of the time that a worker takes to start, and no answer is ever validated.
    """
    content = {"application/json": {"schema": {"$ref": REF.format(model=model)}}}
    return {status: {"description": description, "content": content}}


def _without_nan(answer: Any) -> Any:
    if isinstance(answer, float):
        return answer if math.isfinite(answer) else None
    if isinstance(answer, list):
        return [_without_nan(each) for each in answer]
    if isinstance(answer, dict):
        return {name: _without_nan(each) for name, each in answer.items()}
    return answer
