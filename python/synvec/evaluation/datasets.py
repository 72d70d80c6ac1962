"""What models are asked: analogies, word pairs, categories and outliers, as plain tuples.

Every kind has ``name``, ``task`` and a length: how many items it asks about.
"""

from __future__ import annotations

from collections.abc import Sized
from dataclasses import dataclass
from typing import ClassVar, NamedTuple, TypeAlias

from synvec.evaluation.analogies import Quadruple


@dataclass(frozen=True)
class AnalogySet:
    """Questions "a is to b as c is to d", each in a section.

    Examples
    --------
    >>> len(AnalogySet("royals", [("man", "king", "woman", "queen")], ["royals"]))
    1
    """

    task: ClassVar[str] = "analogies"
    name: str
    questions: tuple[Quadruple, ...]
    sections: tuple[str, ...]
    """The section of each question."""

    def __post_init__(self) -> None:
        _freeze(self, "questions", "sections")

    def __len__(self) -> int:
        return len(self.questions)


@dataclass(frozen=True)
class PairSet:
    """Pairs of words, each with the similarity that people gave it.

    Examples
    --------
    >>> len(PairSet("two", [("tiger", "cat"), ("tiger", "car")], [7.35, 1.2]))
    2
    """

    task: ClassVar[str] = "pairs"
    name: str
    pairs: tuple[tuple[str, str], ...]
    scores: tuple[float, ...]

    def __post_init__(self) -> None:
        _freeze(self, "pairs", "scores")

    def __len__(self) -> int:
        return len(self.pairs)


@dataclass(frozen=True)
class CategorySet:
    """Words, each with the category that people put it in.

    Examples
    --------
    >>> len(CategorySet("food", ["apple", "pear", "leek"], ["fruit", "fruit", "vegetable"]))
    3
    """

    task: ClassVar[str] = "categories"
    name: str
    words: tuple[str, ...]
    categories: tuple[str, ...]

    def __post_init__(self) -> None:
        _freeze(self, "words", "categories")

    def __len__(self) -> int:
        return len(self.words)


class Topic(NamedTuple):
    """Words that belong together, and words that don't belong to them."""

    name: str
    group: tuple[str, ...]
    outliers: tuple[str, ...]


@dataclass(frozen=True)
class OutlierSet:
    """Topics; each outlier of each topic is one item.

    Examples
    --------
    >>> len(OutlierSet("two", [Topic("pets", ("cat", "dog", "hamster"), ("car", "tea"))]))
    2
    """

    task: ClassVar[str] = "outliers"
    name: str
    topics: tuple[Topic, ...]

    def __post_init__(self) -> None:
        _freeze(self, "topics")

    def __len__(self) -> int:
        return sum(len(topic.outliers) for topic in self.topics)


Dataset: TypeAlias = AnalogySet | PairSet | CategorySet | OutlierSet


def _freeze(dataset: Sized, *fields: str) -> None:
    """Make the columns tuples, and sure that they are of one length."""
    for field in fields:
        object.__setattr__(dataset, field, tuple(getattr(dataset, field)))
    lengths = [len(getattr(dataset, field)) for field in fields]
    if len(set(lengths)) > 1:
        raise ValueError(
            f"{lengths[0]} {fields[0]} and {lengths[1]} {fields[1]}, expected as many of each"
        )
