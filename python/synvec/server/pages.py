"""What is neither asked of a model nor of the server's health: the page that explores vectors.

A browser gets the page at ``/``, everybody else a few lines that say where to go. What the page
asks, it asks below ``/explorer``.
"""

from __future__ import annotations

import asyncio

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response

from synvec.explorer import ExploredModel, Explorer, page
from synvec.server.models import Models

router = APIRouter(include_in_schema=False)


@router.get("/")
async def front(request: Request) -> Response:
    """Show the page, or say where to go from here."""
    if page.is_built() and "text/html" in request.headers.get("accept", ""):
        return await explore(request)
    names = [model.name for model in request.app.state.models]
    content = {"synvec": request.app.version, "models": names, "openapi": "/openapi.json"}
    return JSONResponse(content, headers={"Vary": "Accept"})


@router.get("/assets/{name}")
@router.get("/explorer/{question:path}")
async def explore(request: Request) -> Response:
    """Answer the page, in a thread: the core lets others run while it searches."""
    explorer: Explorer = request.app.state.explorer
    query = request.url.query
    found = await asyncio.to_thread(explorer.answer, request.method, request.url.path, query)
    headers = {**found.headers, "Vary": "Accept"}
    return Response(found.body, found.status, headers, media_type=found.kind)


def explorer_of(models: Models) -> Explorer:
    """Return an explorer of the models as they are at each request.

    It computes no maps but the one at once: whoever may look at the page may not have the server
    busy for minutes.
    """
    kept: dict[tuple[str, int], ExploredModel] = {}

    def now() -> list[ExploredModel]:
        served = {(model.name, model.version): model for model in models}
        for gone in set(kept) - set(served):
            kept.pop(gone, None)
        for key, model in served.items():
            if key not in kept:
                kept[key] = ExploredModel(model.name, model.vectors, computes=False)
        return [kept[key] for key in served]

    return Explorer(now)
