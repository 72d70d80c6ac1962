"""Answers as JSON, and how the description names them."""

from __future__ import annotations

import json
import math
from typing import Any

from starlette.responses import Response

REF = "#/components/schemas/{model}"
"""Where the description of the server has the shape of an answer."""


def json_response(answer: dict[str, Any], status: int = 200) -> Response:
    """Return an answer that was made here: nothing of it has to be validated again."""
    try:
        text = json.dumps(answer, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    except ValueError:  # vectors may be saved with NaN when somebody insists; JSON knows none
        text = json.dumps(_without_nan(answer), ensure_ascii=False, separators=(",", ":"))
    return Response(text.encode(), status, media_type="application/json")


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
