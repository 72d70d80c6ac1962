"""What goes in and what comes out, as OpenAPI tells it."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

KEY_LENGTH = 1000
"""Characters of a key in a request: longer ones are no words."""

Key = Annotated[str, StringConstraints(min_length=1, max_length=KEY_LENGTH)]
Number = Annotated[float, Field(strict=True, allow_inf_nan=False)]
VectorItem = Annotated[list[Number], Field(min_length=1, max_length=100_000)]
Item = Key | VectorItem
Items = Annotated[
    list[Item], Field(description="Keys, and vectors of as many numbers as the model has")
]
TopN = Annotated[int, Field(ge=1, description="How many neighbours")]
RestrictVocab = Annotated[
    int | None,
    Field(
        ge=1, description="Search the first so many keys alone, which are the most frequent ones"
    ),
]


Result = Annotated[float | None, Field(description="null stands for NaN")]


class Asked(BaseModel):
    """A request: a field that means nothing is an error, not ignored; no type is guessed."""

    model_config = ConfigDict(extra="forbid", strict=True)


class Limited(Asked):
    """A request for neighbours."""

    topn: TopN = 10
    restrict_vocab: RestrictVocab = None


class NeighborsRequest(Limited):
    """The nearest to a sum of keys and vectors, as ``most_similar`` finds them."""

    positive: Items = []
    negative: Items = []

    model_config = ConfigDict(
        json_schema_extra={
            "example": {"positive": ["king", "woman"], "negative": ["man"], "topn": 3}
        }
    )


class BatchRequest(Limited):
    """The nearest to each of many keys and vectors."""

    queries: Annotated[Items, Field(min_length=1)]

    model_config = ConfigDict(
        json_schema_extra={"example": {"queries": ["coffee", "tea"], "topn": 2}}
    )


class AnalogyRequest(Limited):
    """What is to C as B is to A."""

    a: Key
    b: Key
    c: Key

    model_config = ConfigDict(
        json_schema_extra={"example": {"a": "man", "b": "king", "c": "woman", "topn": 3}}
    )


class SimilaritiesRequest(Asked):
    """Cosines of pairs of keys."""

    pairs: Annotated[list[tuple[Key, Key]], Field(min_length=1)]

    # A pair comes as a list, which strict validation doesn't take for a tuple.
    model_config = ConfigDict(
        strict=False, json_schema_extra={"example": {"pairs": [["coffee", "tea"], ["cat", "dog"]]}}
    )


class VectorsRequest(Asked):
    """Vectors of keys."""

    keys: Annotated[list[Key], Field(min_length=1)]
    norm: Annotated[bool, Field(description="Scale them to length 1")] = False

    model_config = ConfigDict(
        json_schema_extra={"example": {"keys": ["coffee", "tea"], "norm": True}}
    )


class KeysRequest(Asked):
    """Keys, one of which is the odd one."""

    keys: Annotated[list[Key], Field(min_length=1)]

    model_config = ConfigDict(
        json_schema_extra={"example": {"keys": ["breakfast", "cereal", "dinner", "lunch"]}}
    )


class ScoredPairsRequest(Asked):
    """Pairs of keys, each with the similarity that people gave it."""

    pairs: Annotated[list[tuple[Key, Key, Number]], Field(min_length=2)]

    model_config = ConfigDict(
        strict=False,
        json_schema_extra={"example": {"pairs": [["tiger", "cat", 7.35], ["tiger", "car", 1.2]]}},
    )


class Neighbor(BaseModel):
    """A key and its cosine."""

    key: str
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

    key: str


class CorrelationAnswer(BaseModel):
    """A correlation."""

    statistic: Result
    pvalue: Result


class PairScoresAnswer(BaseModel):
    """How well the cosines go with the scores."""

    pearson: CorrelationAnswer
    spearman: CorrelationAnswer
    oov_ratio: Annotated[float, Field(description="Pairs with an unknown key, in percent")]


class ModelAnswer(BaseModel):
    """A model that is served."""

    name: str
    keys: int
    vector_size: int
    version: Annotated[int, Field(description="One more each time its file was replaced")]


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
    key: str | None = None
    suggestions: list[str] | None = None
    fields: list[FieldError] | None = None
    limit: int | None = None


class ErrorAnswer(BaseModel):
    """An error."""

    error: Error
