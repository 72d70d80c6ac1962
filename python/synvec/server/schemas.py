"""What goes in: every request is checked against these."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

KEY_LENGTH = 1000
"""Characters of a key in a request: longer ones are no words."""

Text = Annotated[str, StringConstraints(min_length=1, max_length=KEY_LENGTH)]
# No sign of JSON tells that a number means an integer, so 7.0 is none, nor is true.
Integer = Annotated[int, Field(strict=True, ge=-(2**63), lt=2**63)]
Key = Annotated[Text | Integer, Field(description="A string, or an integer where keys are such")]
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
