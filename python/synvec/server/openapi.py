"""The description of the server, made when somebody asks for it first."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from synvec.server import answers
from synvec.server.responses import REF, told
from synvec.server.settings import Settings

ERRORS = {
    400: "The body is not JSON, or the request not HTTP",
    401: "The token is missing or wrong",
    404: "No such model or key; close keys are named",
    408: "The request did not arrive in time",
    413: "The body is too large",
    415: "The body does not say that it is JSON",
    421: "The request was made for another host",
    422: "A field is wrong; it is named",
    503: "Too many requests are under way; Retry-After says when to come again",
}
Schema = dict[str, Any]


def description_of(app: FastAPI, settings: Settings) -> Schema:
    """Return what is asked and answered, with the limits that hold here."""
    schema = get_openapi(
        title=app.title, version=app.version, description=app.description, routes=app.routes
    )
    shapes = schema["components"]["schemas"]
    for name in ("HTTPValidationError", "ValidationError"):  # FastAPI's own; ours say it otherwise
        shapes.pop(name, None)
    shapes |= _answers()
    for shape in shapes.values():
        if shape.get("title", "").endswith("Request"):
            _limit(shape["properties"], settings)
    for path, operations in schema["paths"].items():
        for operation in operations.values():
            _describe(operation, settings, has_errors=path.startswith("/v1/"))
    schema["components"]["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
    return schema


def _answers() -> Mapping[str, Schema]:
    """Return the shapes of answers by their names."""
    classes = [
        found
        for _, found in inspect.getmembers(answers, inspect.isclass)
        if issubclass(found, BaseModel) and found.__module__ == answers.__name__
    ]
    _, made = models_json_schema([(each, "serialization") for each in classes], ref_template=REF)
    shapes: Mapping[str, Schema] = made["$defs"]
    return shapes


def _limit(properties: Mapping[str, Schema], settings: Settings) -> None:
    """Add the limits of this server to the fields of a request."""
    limits = {"topn": ("maximum", settings.max_topn), "pairs": ("maxItems", settings.max_pairs)}
    for name in ("queries", "keys", "positive", "negative"):
        limits[name] = ("maxItems", settings.max_batch)
    for name, shape in properties.items():
        if name in limits:
            shape.update([limits[name]])


def _describe(operation: Schema, settings: Settings, *, has_errors: bool) -> None:
    """Add to an operation what is said of all."""
    if has_errors:
        for number, description in ERRORS.items():
            operation["responses"][str(number)] = told("ErrorAnswer", number, description)[number]
    for parameter in operation.get("parameters", []):
        if parameter["name"] == "topn":
            parameter["schema"]["maximum"] = settings.max_topn
    if settings.token is not None:
        operation["security"] = [{"token": []}]
