"""How the server is: for whoever starts it, balances it, and watches it."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from synvec.server.responses import json_response, told

router = APIRouter(tags=["health"])


@router.get("/healthz", responses=told("Health"))
async def healthz() -> Response:
    """Say that the process answers."""
    return json_response({"status": "ok"})


@router.get(
    "/readyz",
    responses=told("Health") | told("Health", 503, "Requests should be sent somewhere else"),
)
async def readyz(request: Request) -> Response:
    """Say whether requests should be sent here: all models are open, and it is not stopping."""
    state = request.app.state
    if state.is_stopping():
        return json_response({"status": "stopping"}, 503)
    if not state.models.is_ready:
        return json_response({"status": "models_missing"}, 503)
    return json_response({"status": "ok"})


@router.get("/metrics", response_class=Response, responses={200: {"content": {"text/plain": {}}}})
async def metrics(request: Request) -> Response:
    """Tell Prometheus what happened so far."""
    text, kind = request.app.state.metrics.exposition()
    return Response(text, headers={"Content-Type": kind})
