"""What comes out, as OpenAPI tells it. Nothing else needs it: answers are not checked again."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Key = Annotated[str | int, Field(description="A string, or an integer where keys are such")]
Result = Annotated[float | None, Field(description="null stands for NaN")]


class Neighbor(BaseModel):
    """A key and its cosine."""

    key: Key
    cosine: Result


class Neighbors(BaseModel):
    """Neighbours, the best first."""

    neighbors: list[Neighbor]

    model_config = ConfigDict(
        json_schema_extra={"example": {"neighbors": [{"key": "tea", "cosine": 0.7572}]}}
    )


class NeighborsOfMany(BaseModel):
    """For each query its neighbours, in the order of the queries."""

    answers: list[list[Neighbor]]


class SimilarityAnswer(BaseModel):
    """A cosine."""

    similarity: Result


class Similarities(BaseModel):
    """For each pair its cosine."""

    similarities: list[Result]


class VectorAnswer(BaseModel):
    """The vector of a key."""

    vector: list[Result]


class Vectors(BaseModel):
    """For each key its vector."""

    vectors: list[list[Result]]


class Outlier(BaseModel):
    """The key that fits the others least."""

    key: Key


class CorrelationAnswer(BaseModel):
    """A correlation."""

    statistic: Result
    pvalue: Result


class PairScoresAnswer(BaseModel):
    """How well the cosines go with the scores."""

    pearson: CorrelationAnswer
    spearman: CorrelationAnswer
    oov_ratio: Annotated[float, Field(description="Pairs with an unknown key, in percent")]


class IndexAnswer(BaseModel):
    """An approximate index, by which neighbours are found."""

    kind: Literal["hnsw", "ivfpq"]
    effort: Annotated[int, Field(description="How far a search goes")]
    recall: Annotated[
        float | None,
        Field(description="The share of the ten nearest keys that it finds, as measured"),
    ]


class ModelAnswer(BaseModel):
    """A model that is served."""

    name: str
    keys: int
    vector_size: int
    version: Annotated[int, Field(description="One more each time its file was replaced")]
    index: Annotated[IndexAnswer | None, Field(description="None where a search is exact")]


class ModelsAnswer(BaseModel):
    """The models that are served."""

    models: list[ModelAnswer]


class Health(BaseModel):
    """How the server is."""

    status: Literal["ok", "stopping", "models_missing"]


class FieldError(BaseModel):
    """What is wrong with one field."""

    field: str
    message: str


class Error(BaseModel):
    """What went wrong: ``type`` for programs, ``message`` for people."""

    type: str
    message: str
    key: Key | None = None
    suggestions: list[Key] | None = None
    fields: list[FieldError] | None = None
    limit: int | None = None


class ErrorAnswer(BaseModel):
    """An error."""

    error: Error
