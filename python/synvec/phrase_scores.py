"""How pairs of words are scored: functions of counts, by name or to be called.

`synvec._core.PhraseModel.scored` computes the same in the core.
"""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable
from typing import Literal

from synvec.arguments import real

Scorer = Callable[[int, int, int, int, int, int], float]
Scoring = Literal["default", "npmi", "word2phrase"] | Scorer

ARGUMENTS = (
    "worda_count", "wordb_count", "bigram_count", "len_vocab", "min_count", "corpus_word_count",
)  # fmt: skip


def original_scorer(
    worda_count: float,
    wordb_count: float,
    bigram_count: float,
    len_vocab: float,
    min_count: float,
    corpus_word_count: float,
) -> float:
    """Score a pair as (n_ab - min_count) · V / (n_a · n_b): ``scoring="default"``.

    After Mikolov et al. 2013, "Distributed Representations of Words and Phrases and their
    Compositionality", equation 6, times the number V of distinct words and pairs.

    Examples
    --------
    >>> original_scorer(20, 10, 9, len_vocab=1000, min_count=5, corpus_word_count=5000)
    20.0
    """
    del corpus_word_count
    return _ratio(worda_count, wordb_count, bigram_count - min_count, len_vocab)


def word2phrase_scorer(
    worda_count: float,
    wordb_count: float,
    bigram_count: float,
    len_vocab: float,
    min_count: float,
    corpus_word_count: float,
) -> float:
    """Score a pair as (n_ab - min_count) · N / (n_a · n_b), with N words read: word2phrase.c's.

    The usual threshold is 100.

    Examples
    --------
    >>> word2phrase_scorer(20, 10, 9, len_vocab=1000, min_count=5, corpus_word_count=5000)
    100.0
    """
    del len_vocab
    return _ratio(worda_count, wordb_count, bigram_count - min_count, corpus_word_count)


def _ratio(first: float, last: float, pair: float, scale: float) -> float:
    return pair / first / last * scale if first and last else -math.inf


def npmi_scorer(
    worda_count: float,
    wordb_count: float,
    bigram_count: float,
    len_vocab: float,
    min_count: float,
    corpus_word_count: float,
) -> float:
    """Score a pair by normalised pointwise mutual information, from -1 to 1: ``scoring="npmi"``.

    ln(p_ab / (p_a · p_b)) / -ln(p_ab) (Bouma 2009); -inf for pairs rarer than ``min_count``.

    Examples
    --------
    >>> round(npmi_scorer(20, 10, 9, len_vocab=1000, min_count=5, corpus_word_count=5000), 3)
    0.857
    """
    del len_vocab
    if bigram_count < min_count:
        return -math.inf
    first, last, pair = (
        count / corpus_word_count for count in (worda_count, wordb_count, bigram_count)
    )
    return math.log(pair / (first * last)) / -math.log(pair)


SCORERS: dict[str, Scorer] = {
    "default": original_scorer,
    "npmi": npmi_scorer,
    "word2phrase": word2phrase_scorer,
}


def name_of(scoring: Scoring) -> str | None:
    """Return the name of a way to score; None for a function that is none of these."""
    return next((name for name, scorer in SCORERS.items() if scoring in (name, scorer)), None)


def check_scoring(scoring: Scoring, threshold: float) -> None:
    """Raise a `ValueError` for a way to score that there isn't, or a threshold out of its range."""
    if math.isnan(real("threshold", threshold)):
        raise ValueError("threshold is NaN, expected a number")
    if callable(scoring):
        missing = set(ARGUMENTS) - set(inspect.signature(scoring).parameters)
        if missing:
            raise ValueError(
                f"scoring function missing expected parameters: {', '.join(sorted(missing))}"
            )
    elif scoring not in SCORERS:
        raise ValueError(
            f"unknown scoring method string {scoring!r}, expected one of {', '.join(SCORERS)} or a"
            " function"
        )
    elif scoring == "npmi" and not -1 <= threshold <= 1:
        raise ValueError(f"threshold should be between -1 and 1 for npmi scoring, not {threshold}")
    elif scoring != "npmi" and threshold <= 0:
        raise ValueError(f"threshold should be positive for {scoring} scoring, not {threshold}")
