"""The ASGI application: routes, errors and the gate put together."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from os import PathLike
from typing import TYPE_CHECKING, Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp

from synvec import __version__, formats
from synvec.keyed_vectors import KeyedVectors
from synvec.server import health, pages, problems, routes
from synvec.server.batching import Batcher
from synvec.server.gate import Gate
from synvec.server.metrics import Metrics
from synvec.server.models import Model, Models
from synvec.server.problems import RequestError
from synvec.server.responses import neighbors_as_json
from synvec.server.settings import Settings

if TYPE_CHECKING:
    from synvec.search import ApproximateIndex

logger = logging.getLogger(__name__)

DESCRIPTION = "Word vectors: neighbours, analogies, similarities. Every answer is JSON."


def application(
    models: Mapping[str, KeyedVectors | str | PathLike[str]],
    settings: Settings | None = None,
    *,
    indexes: Mapping[str, ApproximateIndex[Any] | str | PathLike[str]] | None = None,
) -> ASGIApp:
    """Return an ASGI application that answers from vectors, for a server of one's own.

    ``synvec serve`` adds to it what an application can't have: deadlines for receiving requests,
    workers that share the vectors and are started again, files that are replaced while it runs.

    Parameters
    ----------
    models
        Names, and the vectors or files of each.
    settings
        The limits.
    indexes
        By the names of models, what ``build_index`` made of the vectors, or the file that it was
        saved in: neighbours are found by it then.

    Raises
    ------
    FormatError
        When a file is not what it claims to be, or an index one of other vectors.
    ValueError
        For an index of a model that there is none of.

    Examples
    --------
    >>> from synvec import KeyedVectors
    >>> kv = KeyedVectors.from_arrays(["socket", "port"], [[3, 4], [4, 3]])
    >>> app = application({"sockets": kv})
    """
    settings, indexes = settings or Settings(), indexes or {}
    if unknown := sorted(indexes.keys() - models.keys()):
        raise ValueError(f"indexes are given for {', '.join(unknown)}, expected names of models")
    opened = Models()
    batcher = Batcher(ThreadPoolExecutor(1, "core"), settings.batch, neighbors_as_json)
    for name, given in models.items():
        vectors = (
            given if isinstance(given, KeyedVectors) else formats.vectors_of(formats.load(given))
        )
        vectors.fill_norms()
        index = indexes.get(name)
        if isinstance(index, str | PathLike):
            index = vectors.load_index(index)
        opened.put(Model(name, vectors, 1, batcher, index))
    return assemble(opened, settings, Metrics(opened))


def assemble(
    models: Models,
    settings: Settings,
    metrics: Metrics,
    is_stopping: Callable[[], bool] = lambda: False,
) -> ASGIApp:
    """Return the application around models that may change while it runs."""
    # The interactive pages of FastAPI load scripts from elsewhere; openapi.json is all they show.
    app = FastAPI(
        title="synvec", description=DESCRIPTION, version=__version__, docs_url=None, redoc_url=None
    )
    app.state.models = models
    app.state.settings = settings
    app.state.metrics = metrics
    app.state.is_stopping = is_stopping
    app.state.explorer = pages.explorer_of(models)
    for router in (routes.router, health.router, pages.router):
        app.include_router(router)
    app.add_exception_handler(RequestError, _tell_problem)
    app.add_exception_handler(MemoryError, _tell_full)
    app.add_exception_handler(RequestValidationError, _tell_invalid)
    app.add_exception_handler(HTTPException, _tell_status)
    app.add_exception_handler(Exception, _tell_defect)
    app.openapi = lambda: _describe(app, settings)  # type: ignore[method-assign]
    return Gate(app, settings, metrics)


def _answer(problem: RequestError) -> Response:
    return Response(problem.body(), problem.status, problem.headers, media_type="application/json")


async def _tell_problem(_: Request, error: Exception) -> Response:
    assert isinstance(error, RequestError)
    return _answer(error)


async def _tell_full(_: Request, error: Exception) -> Response:
    assert isinstance(error, MemoryError)
    return _answer(problems.out_of_memory(error))


async def _tell_invalid(_: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    fields = []
    for each in error.errors()[:20]:
        if each["type"] == "json_invalid":
            reason, place = each["ctx"]["error"], each["loc"][-1]
            return _answer(problems.invalid_json(f": {reason} at character {place}"))
        # What was sent isn't repeated: it may be a megabyte, or no JSON can hold it.
        place = [str(part) for part in each["loc"] if part not in ("body", "query", "path")]
        fields.append({"field": ".".join(place) or "body", "message": str(each["msg"])})
    return _answer(problems.invalid(fields))


async def _tell_status(_: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    if error.status_code == 400:
        return _answer(problems.invalid_json())
    if error.status_code == 404:
        return _answer(problems.nothing_there())
    return _answer(problems.of_status(error.status_code, error.headers))


async def _tell_defect(request: Request, error: Exception) -> Response:
    logger.error("defect in %s", request.url.path, exc_info=error)
    return _answer(problems.of_status(500))


def _describe(app: FastAPI, settings: Settings) -> dict[str, Any]:
    """Return the description, made the first time: it takes longer than all the rest here."""
    if app.openapi_schema is None:
        from synvec.server.openapi import description_of

        app.openapi_schema = description_of(app, settings)
    return app.openapi_schema
