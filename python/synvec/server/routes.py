"""What can be asked, one function each: parse, ask the model, answer."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Request, Response

from synvec.server import problems, schemas
from synvec.server.models import Model, Models
from synvec.server.responses import (
    as_json,
    json_response,
    list_response,
    neighbors_response,
    told,
)
from synvec.server.settings import Settings

router = APIRouter(prefix="/v1")


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


@router.get("/models", responses=told("ModelsAnswer"), tags=["models"])
async def list_models(request: Request) -> Response:
    """List the models that are served."""
    models: Models = request.app.state.models
    return json_response({"models": [_about(model) for model in models]})


@router.get("/models/{model}", responses=told("ModelAnswer"), tags=["models"])
async def describe_model(model: Served) -> Response:
    """Describe one model."""
    return json_response(_about(model))


@router.get("/models/{model}/neighbors", responses=told("Neighbors"), tags=["neighbors"])
async def neighbors_of_key(
    model: Served,
    limits: Limits,
    key: KeyQuery,
    topn: TopNQuery = 10,
    restrict_vocab: RestrictQuery = None,
) -> Response:
    """Find the nearest keys to one key."""
    _check_topn(topn, limits)
    return neighbors_response(await model.neighbors([model.key_of(key)], [], topn, restrict_vocab))


@router.post("/models/{model}/neighbors", responses=told("Neighbors"), tags=["neighbors"])
async def neighbors(model: Served, limits: Limits, asked: schemas.NeighborsRequest) -> Response:
    """Find the nearest keys to a sum of keys and vectors, the negative ones taken away."""
    if not asked.positive and not asked.negative:
        raise problems.invalid_field("positive", "no key or vector is given, expected at least one")
    _check_count("positive", len(asked.positive) + len(asked.negative), limits.max_batch)
    _check_topn(asked.topn, limits)
    found = await model.neighbors(asked.positive, asked.negative, asked.topn, asked.restrict_vocab)
    return neighbors_response(found)


@router.post(
    "/models/{model}/neighbors/batch", responses=told("NeighborsOfMany"), tags=["neighbors"]
)
async def neighbors_of_many(model: Served, limits: Limits, asked: schemas.BatchRequest) -> Response:
    """Find the nearest keys to each of many keys and vectors, in one request."""
    _check_count("queries", len(asked.queries), limits.max_batch)
    _check_topn(asked.topn, limits)
    found = await model.neighbors_batch(asked.queries, asked.topn, asked.restrict_vocab)
    return list_response("answers", found)


@router.get("/models/{model}/analogy", responses=told("Neighbors"), tags=["neighbors"])
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
    plus, minus = [model.key_of(b), model.key_of(c)], [model.key_of(a)]
    return neighbors_response(await model.neighbors(plus, minus, topn, restrict_vocab))


@router.post("/models/{model}/analogy", responses=told("Neighbors"), tags=["neighbors"])
async def analogy(model: Served, limits: Limits, asked: schemas.AnalogyRequest) -> Response:
    """Answer "a is to b as c is to what?": the nearest keys to b − a + c."""
    _check_topn(asked.topn, limits)
    found = await model.neighbors([asked.b, asked.c], [asked.a], asked.topn, asked.restrict_vocab)
    return neighbors_response(found)


@router.get("/models/{model}/similarity", responses=told("SimilarityAnswer"), tags=["keys"])
async def similarity(model: Served, a: KeyQuery, b: KeyQuery) -> Response:
    """Return the cosine of two keys."""
    return json_response(
        {"similarity": model.similarities([(model.key_of(a), model.key_of(b))])[0]}
    )


@router.post("/models/{model}/similarity", responses=told("Similarities"), tags=["keys"])
async def similarities(
    model: Served, limits: Limits, asked: schemas.SimilaritiesRequest
) -> Response:
    """Return the cosine of each of many pairs of keys."""
    _check_count("pairs", len(asked.pairs), limits.max_pairs)
    return json_response({"similarities": model.similarities(asked.pairs)})


@router.get("/models/{model}/vector", responses=told("VectorAnswer"), tags=["keys"])
async def vector(
    model: Served,
    key: KeyQuery,
    norm: Annotated[bool, Query(description="Scale it to length 1")] = False,
) -> Response:
    """Return the vector of a key."""
    return json_response({"vector": model.rows([model.key_of(key)], norm)[0].tolist()})


@router.post("/models/{model}/vectors", responses=told("Vectors"), tags=["keys"])
async def vectors(model: Served, limits: Limits, asked: schemas.VectorsRequest) -> Response:
    """Return the vectors of many keys."""
    _check_count("keys", len(asked.keys), limits.max_batch)
    rows = model.rows(asked.keys, asked.norm)
    # It takes a while to write down some hundred thousand numbers: not in the loop, row by row.
    parts = await asyncio.to_thread(lambda: [as_json(row.tolist()) for row in rows])
    return list_response("vectors", parts)


@router.post("/models/{model}/doesnt-match", responses=told("Outlier"), tags=["keys"])
async def doesnt_match(model: Served, limits: Limits, asked: schemas.KeysRequest) -> Response:
    """Return the key that fits the others least."""
    _check_count("keys", len(asked.keys), limits.max_batch)
    return json_response({"key": model.outlier(asked.keys)})


@router.post(
    "/models/{model}/evaluate-pairs", responses=told("PairScoresAnswer"), tags=["evaluation"]
)
async def evaluate_pairs(
    model: Served, limits: Limits, asked: schemas.ScoredPairsRequest
) -> Response:
    """Correlate the cosines of pairs of keys with the scores that people gave them."""
    _check_count("pairs", len(asked.pairs), limits.max_pairs)
    pearson, spearman, unknown = model.correlations(asked.pairs)
    return json_response(
        {"pearson": pearson._asdict(), "spearman": spearman._asdict(), "oov_ratio": unknown}
    )


def _check_topn(topn: int, limits: Settings) -> None:
    if topn > limits.max_topn:
        raise problems.invalid_field("topn", f"{topn} is more than {limits.max_topn}, the limit")


def _check_count(field: str, count: int, limit: int) -> None:
    if count > limit:
        raise problems.invalid_field(field, f"{count} items are more than {limit}, the limit")


def _about(model: Model) -> dict[str, Any]:
    kv, index = model.vectors, model.index
    return {
        "name": model.name,
        "keys": len(kv),
        "vector_size": kv.vector_size,
        "version": model.version,
        "index": index and {"kind": index.kind, "effort": index.effort, "recall": index.recall},
    }
