"""What is neither asked of a model nor of the server's health: the front page.

The page that explores vectors in a browser belongs here: static files that come with the package,
mounted at ``/`` after every other route.
"""

from __future__ import annotations

from fastapi import APIRouter, Request

router = APIRouter(include_in_schema=False)


@router.get("/")
async def front(request: Request) -> dict[str, object]:
    """Say where to go from here."""
    names = [model.name for model in request.app.state.models]
    return {"synvec": request.app.version, "models": names, "openapi": "/openapi.json"}
