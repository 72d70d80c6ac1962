"""What can be asked, one function each: parse, ask the model, answer."""

from __future__ import annotations

import json
import math
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Request, Response

from synvec.server import batching, problems, schemas
from synvec.server.models import Model, Models
from synvec.server.settings import Settings

ERRORS: dict[int | str, dict[str, Any]] = {
    status: {"model": schemas.ErrorAnswer, "description": description}
    for status, description in (
        (400, "The body is not JSON, or the request not HTTP"),
        (401, "The token is missing or wrong"),
        (404, "No such model or key; close keys are named"),
        (408, "The request did not arrive in time"),
        (413, "The body is too large"),
        (415, "The body does not say that it is JSON"),
        (421, "The request was made for another host"),
        (422, "A field is wrong; it is named"),
        (503, "Too many requests are under way; Retry-After says when to come again"),
    )
}

router = APIRouter(prefix="/v1", responses=ERRORS)


async def served(
    request: Request,
    model: Annotated[str, Path(description="The name of a model", examples=["wiki8"])],
) -> Model:
    """Return the model that the path names: one of those in memory, never a file."""
    models: Models = request.app.state.models
    return models[model]


async def settings_of(request: Request) -> Settings:
    """Return the limits that hold."""
    settings: Settings = request.app.state.settings
    return settings


Served = Annotated[Model, Depends(served)]
Limits = Annotated[Settings, Depends(settings_of)]
KeyQuery = Annotated[
    str,
    Query(min_length=1, max_length=schemas.KEY_LENGTH, description="A key", examples=["coffee"]),
]
TopNQuery = Annotated[int, Query(ge=1, description="How many neighbours")]
RestrictQuery = Annotated[
    int | None, Query(ge=1, description="Search the first so many keys alone")
]


@router.get("/models", response_model=schemas.ModelsAnswer, tags=["models"])
async def list_models(request: Request) -> Response:
    """List the models that are served."""
    models: Models = request.app.state.models
    return _json({"models": [_about(model) for model in models]})


@router.get("/models/{model}", response_model=schemas.ModelAnswer, tags=["models"])
async def describe_model(model: Served) -> Response:
    """Describe one model."""
    return _json(_about(model))


@router.get("/models/{model}/neighbors", response_model=schemas.Neighbors, tags=["neighbors"])
async def neighbors_of_key(
    model: Served,
    limits: Limits,
    key: KeyQuery,
    topn: TopNQuery = 10,
    restrict_vocab: RestrictQuery = None,
) -> Response:
    """Find the nearest keys to one key."""
    _check_topn(topn, limits)
    return _neighbors(await model.neighbors([key], [], topn, restrict_vocab))


@router.post("/models/{model}/neighbors", response_model=schemas.Neighbors, tags=["neighbors"])
async def neighbors(model: Served, limits: Limits, asked: schemas.NeighborsRequest) -> Response:
    """Find the nearest keys to a sum of keys and vectors, the negative ones taken away."""
    if not asked.positive and not asked.negative:
        raise problems.invalid_field("positive", "no key or vector is given, expected at least one")
    _check_count("positive", len(asked.positive) + len(asked.negative), limits.max_batch)
    _check_topn(asked.topn, limits)
    found = await model.neighbors(asked.positive, asked.negative, asked.topn, asked.restrict_vocab)
    return _neighbors(found)


@router.post(
    "/models/{model}/neighbors/batch", response_model=schemas.NeighborsOfMany, tags=["neighbors"]
)
async def neighbors_of_many(model: Served, limits: Limits, asked: schemas.BatchRequest) -> Response:
    """Find the nearest keys to each of many keys and vectors, in one request."""
    _check_count("queries", len(asked.queries), limits.max_batch)
    _check_topn(asked.topn, limits)
    answers = await model.neighbors_batch(asked.queries, asked.topn, asked.restrict_vocab)
    return _json({"answers": [_named(found) for found in answers]})


@router.get("/models/{model}/analogy", response_model=schemas.Neighbors, tags=["neighbors"])
async def analogy_of_keys(
    model: Served,
    limits: Limits,
    a: KeyQuery,
    b: KeyQuery,
    c: KeyQuery,
    topn: TopNQuery = 10,
    restrict_vocab: RestrictQuery = None,
) -> Response:
    """Answer "a is to b as c is to what?": the nearest keys to b − a + c."""
    _check_topn(topn, limits)
    return _neighbors(await model.neighbors([b, c], [a], topn, restrict_vocab))


@router.post("/models/{model}/analogy", response_model=schemas.Neighbors, tags=["neighbors"])
async def analogy(model: Served, limits: Limits, asked: schemas.AnalogyRequest) -> Response:
    """Answer "a is to b as c is to what?": the nearest keys to b − a + c."""
    _check_topn(asked.topn, limits)
    found = await model.neighbors([asked.b, asked.c], [asked.a], asked.topn, asked.restrict_vocab)
    return _neighbors(found)


@router.get("/models/{model}/similarity", response_model=schemas.SimilarityAnswer, tags=["keys"])
async def similarity(model: Served, a: KeyQuery, b: KeyQuery) -> Response:
    """Return the cosine of two keys."""
    return _json({"similarity": model.similarities([(a, b)])[0]})


@router.post("/models/{model}/similarity", response_model=schemas.Similarities, tags=["keys"])
async def similarities(
    model: Served, limits: Limits, asked: schemas.SimilaritiesRequest
) -> Response:
    """Return the cosine of each of many pairs of keys."""
    _check_count("pairs", len(asked.pairs), limits.max_pairs)
    return _json({"similarities": model.similarities(asked.pairs)})


@router.get("/models/{model}/vector", response_model=schemas.VectorAnswer, tags=["keys"])
async def vector(
    model: Served,
    key: KeyQuery,
    norm: Annotated[bool, Query(description="Scale it to length 1")] = False,
) -> Response:
    """Return the vector of a key."""
    return _json({"vector": model.rows([key], norm)[0].tolist()})


@router.post("/models/{model}/vectors", response_model=schemas.Vectors, tags=["keys"])
async def vectors(model: Served, limits: Limits, asked: schemas.VectorsRequest) -> Response:
    """Return the vectors of many keys."""
    _check_count("keys", len(asked.keys), limits.max_batch)
    return _json({"vectors": model.rows(asked.keys, asked.norm).tolist()})


@router.post("/models/{model}/doesnt-match", response_model=schemas.Outlier, tags=["keys"])
async def doesnt_match(model: Served, limits: Limits, asked: schemas.KeysRequest) -> Response:
    """Return the key that fits the others least."""
    _check_count("keys", len(asked.keys), limits.max_batch)
    return _json({"key": model.outlier(asked.keys)})


@router.post(
    "/models/{model}/evaluate-pairs", response_model=schemas.PairScoresAnswer, tags=["evaluation"]
)
async def evaluate_pairs(
    model: Served, limits: Limits, asked: schemas.ScoredPairsRequest
) -> Response:
    """Correlate the cosines of pairs of keys with the scores that people gave them."""
    _check_count("pairs", len(asked.pairs), limits.max_pairs)
    pearson, spearman, unknown = model.correlations(asked.pairs)
    return _json(
        {"pearson": pearson._asdict(), "spearman": spearman._asdict(), "oov_ratio": unknown}
    )


def _check_topn(topn: int, limits: Settings) -> None:
    if topn > limits.max_topn:
        raise problems.invalid_field("topn", f"{topn} is more than {limits.max_topn}, the limit")


def _check_count(field: str, count: int, limit: int) -> None:
    if count > limit:
        raise problems.invalid_field(field, f"{count} items are more than {limit}, the limit")


def _about(model: Model) -> dict[str, Any]:
    kv = model.vectors
    return {
        "name": model.name,
        "keys": len(kv),
        "vector_size": kv.vector_size,
        "version": model.version,
    }


def _neighbors(found: batching.Neighbors) -> Response:
    return _json({"neighbors": _named(found)})


def _named(found: batching.Neighbors) -> list[dict[str, Any]]:
    return [{"key": key, "cosine": cosine} for key, cosine in found]


def _json(answer: dict[str, Any]) -> Response:
    """Return an answer that was made here: nothing of it has to be validated again."""
    try:
        text = json.dumps(answer, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    except ValueError:  # vectors may be saved with NaN when somebody insists; JSON knows none
        text = json.dumps(_without_nan(answer), ensure_ascii=False, separators=(",", ":"))
    return Response(text.encode(), media_type="application/json")


def _without_nan(answer: Any) -> Any:
    if isinstance(answer, float):
        return answer if math.isfinite(answer) else None
    if isinstance(answer, list):
        return [_without_nan(each) for each in answer]
    if isinstance(answer, dict):
        return {name: _without_nan(each) for name, each in answer.items()}
    return answer
