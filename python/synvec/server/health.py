"""How the server is: for whoever starts it, balances it, and watches it."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from synvec.server import schemas

router = APIRouter(tags=["health"])


@router.get("/healthz", response_model=schemas.Health)
async def healthz() -> schemas.Health:
    """Say that the process answers."""
    return schemas.Health(status="ok")


@router.get("/readyz", response_model=schemas.Health, responses={503: {"model": schemas.Health}})
async def readyz(request: Request, response: Response) -> schemas.Health:
    """Say whether requests should be sent here: all models are open, and it is not stopping."""
    state = request.app.state
    if state.is_stopping() or not state.models.is_ready:
        response.status_code = 503
        return schemas.Health(status="stopping" if state.is_stopping() else "models_missing")
    return schemas.Health(status="ok")


@router.get("/metrics", response_class=Response, responses={200: {"content": {"text/plain": {}}}})
async def metrics(request: Request) -> Response:
    """Tell Prometheus what happened so far."""
    text, kind = request.app.state.metrics.exposition()
    return Response(text, headers={"Content-Type": kind})
