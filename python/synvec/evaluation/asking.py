"""A model's answer to every item of a data set."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from synvec.arithmetic import Matrix, divisors
from synvec.evaluation.analogies import Formula, predictions_by
from synvec.evaluation.clustering import k_means, pure
from synvec.evaluation.datasets import AnalogySet, CategorySet, Dataset, OutlierSet, PairSet, Topic
from synvec.evaluation.vocabulary import Vocabulary

if TYPE_CHECKING:
    from synvec.keyed_vectors.similarity import Similarity

logger = logging.getLogger(__name__)

FORMULAS: dict[str, Formula] = {"3CosAdd": "most_similar", "3CosMul": "most_similar_cosmul"}
# With a single word left of a group nothing tells which of two words is the outlier.
SMALLEST_GROUP = 2
# Compactness closer than this is equal: the same vectors are summed in another order.
EQUAL = 1e-9


@dataclass(frozen=True, eq=False)
class Answers:
    """What one model answered to the items of one data set."""

    dataset: Dataset
    measures: dict[str, NDArray[np.float64]]
    """Under each measure one number an item, NaN where a word is unknown: cosines for the
    correlations, 0 to 1 for everything else."""


def ask(kv: Similarity[Any], vocabulary: Vocabulary, dataset: Dataset, seed: int) -> Answers:
    """Ask about every item of a data set; ``seed`` is that of the clusters."""
    if isinstance(dataset, AnalogySet):
        measures = _analogies(kv, vocabulary, dataset)
    elif isinstance(dataset, PairSet):
        measures = _pairs(kv, vocabulary, dataset)
    elif isinstance(dataset, CategorySet):
        measures = _categories(kv, vocabulary, dataset, seed)
    else:
        measures = _outliers(kv, vocabulary, dataset)
    return Answers(dataset, measures)


def _places(vocabulary: Vocabulary, words: Sequence[str]) -> NDArray[np.int64]:
    """Return the row of each word, −1 where it is unknown."""
    rows = (vocabulary.index.get(vocabulary.word(word), -1) for word in words)
    return np.fromiter(rows, np.int64, len(words))


def _unit_rows(kv: Similarity[Any], places: NDArray[np.int64]) -> Matrix:
    kv.fill_norms()
    norms = kv.norms
    assert norms is not None  # fill_norms made them
    rows: Matrix = kv.vectors[places] / divisors(norms[places])
    return rows


def _analogies(
    kv: Similarity[Any], vocabulary: Vocabulary, dataset: AnalogySet
) -> dict[str, NDArray[np.float64]]:
    """3CosAdd (Mikolov et al. 2013) and 3CosMul (Levy and Goldberg 2014): 1 for a right answer."""
    questions = [
        (vocabulary.word(a), vocabulary.word(b), vocabulary.word(c), vocabulary.word(d))
        for a, b, c, d in dataset.questions
    ]
    known = np.array([all(word in vocabulary.index for word in q) for q in questions], dtype=bool)
    asked = [questions[place] for place in np.flatnonzero(known)]
    found = predictions_by(kv, vocabulary, asked, list(FORMULAS.values()))
    measures = {}
    for name, formula in FORMULAS.items():
        rows = found[formula]
        # An answer of −1 takes the key of some row, and is wrong all the same.
        words = kv.key_table.texts().keys_at(np.maximum(rows, 0))
        right = [
            row >= 0 and vocabulary.word(word) == question[3]
            for row, word, question in zip(rows, words, asked, strict=True)
        ]
        measures[name] = _filled(known, right)
    return measures


def _pairs(
    kv: Similarity[Any], vocabulary: Vocabulary, dataset: PairSet
) -> dict[str, NDArray[np.float64]]:
    sides = [_places(vocabulary, [pair[side] for pair in dataset.pairs]) for side in (0, 1)]
    known = (sides[0] >= 0) & (sides[1] >= 0)
    one, other = (_unit_rows(kv, side[known]) for side in sides)
    cosines = _filled(known, np.einsum("ij,ij->i", one, other))
    return {"Pearson": cosines, "Spearman": cosines}


def _categories(
    kv: Similarity[Any], vocabulary: Vocabulary, dataset: CategorySet, seed: int
) -> dict[str, NDArray[np.float64]]:
    places = _places(vocabulary, dataset.words)
    known = places >= 0
    categories = [dataset.categories[place] for place in np.flatnonzero(known)]
    right = np.zeros(0)
    if categories:
        clusters = k_means(_unit_rows(kv, places[known]), len(set(categories)), seed=seed)
        right = pure(clusters, categories)
    return {"purity": _filled(known, right)}


def _outliers(
    kv: Similarity[Any], vocabulary: Vocabulary, dataset: OutlierSet
) -> dict[str, NDArray[np.float64]]:
    """Outlier position and detection; both of Camacho-Collados and Navigli 2016.

    "Find the word that does not belong: A Framework for an Intrinsic Evaluation of Word Vector
    Representations": of W = {w₁ … wₙ, outlier}, p(w) is the mean cosine of w with the others, which
    falls as the compactness of W without w rises. The outlier's position OP is how many of the n
    words have a higher p. It is detected when OP = n; OPP is the mean of OP / n over all items.
    """
    positions = [
        position for topic in dataset.topics for position in _positions(kv, vocabulary, topic)
    ]
    opp = np.array(positions, dtype=np.float64)
    detected = np.where(np.isnan(opp), np.nan, opp == 1)
    return {"accuracy": detected, "OPP": opp}


def _positions(kv: Similarity[Any], vocabulary: Vocabulary, topic: Topic) -> NDArray[np.float64]:
    """Return OP / n for each outlier of a topic; unknown words of the group are left out of it."""
    members, outliers = (_places(vocabulary, words) for words in (topic.group, topic.outliers))
    found = np.full(len(outliers), np.nan)
    if (members < 0).any():
        gone = [word for word, row in zip(topic.group, members, strict=True) if row < 0]
        logger.info("topic %s: unknown words left out of its group: %s", topic.name, gone)
    members = members[members >= 0]
    if len(members) < SMALLEST_GROUP:
        return found
    group = _unit_rows(kv, members).astype(np.float64)
    strangers = _unit_rows(kv, outliers[outliers >= 0]).astype(np.float64)
    within = group @ group.sum(axis=0) - np.einsum("ij,ij->i", group, group)
    across = strangers @ group.T  # outliers × words of the group
    higher = within + across > across.sum(axis=1, keepdims=True) + EQUAL
    found[outliers >= 0] = higher.mean(axis=1)
    return found


def _filled(
    known: NDArray[np.bool_], values: Sequence[bool] | NDArray[np.floating]
) -> NDArray[np.float64]:
    """Return the values at the items that are known, NaN at the others."""
    filled = np.full(len(known), np.nan)
    filled[known] = values
    return filled
