"""Which words of a corpus a model keeps."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Generic, Protocol

import numpy as np
from numpy.typing import NDArray

from synvec import _core
from synvec.arguments import whole
from synvec.key_types import KeyT
from synvec.paths import shown

RULE_DEFAULT = 0
"""A ``trim_rule``'s answer: let ``min_count`` decide."""
RULE_DISCARD = 1
"""A ``trim_rule``'s answer: leave the word out."""
RULE_KEEP = 2
"""A ``trim_rule``'s answer: keep the word however rare."""

TrimRule = Callable[[KeyT, int, int], int]
"""``f(word, count, min_count)`` that returns one of the rules."""


def checked_rule(rule: TrimRule[KeyT] | None) -> TrimRule[KeyT] | None:
    """Return a ``trim_rule`` that can be called, or None.

    Raises
    ------
    TypeError
        When it is something else.
    """
    if rule is not None and not callable(rule):
        raise TypeError(
            f"trim_rule is {shown(rule)}, expected a function of a word, its count and min_count"
        )
    return rule


@dataclass(frozen=True)
class Vocabulary(Generic[KeyT]):
    """The words kept, in the order of their indices."""

    keys: _core.KeyTable[KeyT]
    counts: NDArray[np.uint64]
    min_count: int
    """The least count that keeps a word, after ``max_final_vocab``."""


class Counted(Protocol[KeyT]):
    """Words that were counted: a corpus that was read, or counts that were handed over."""

    @property
    def sentences(self) -> int:
        """How many sentences they come from."""

    @property
    def raw_words(self) -> int:
        """Words in all."""

    @property
    def distinct(self) -> int:
        """How many distinct words there are."""

    @property
    def keys(self) -> _core.KeyTable[KeyT]:
        """The distinct words, in order of first sight."""

    @property
    def counts(self) -> NDArray[np.uint64]:
        """The count of each, in the same order."""

    def vocabulary(
        self, min_count: int, sorted_vocab: bool = True
    ) -> tuple[_core.KeyTable[KeyT], NDArray[np.uint64]]:
        """Return the words that occur at least ``min_count`` times, and their counts."""


class WordFrequencies(Generic[KeyT]):
    """Counts that were handed over.

    Raises
    ------
    TypeError
        When they are no mapping, a word is no ``str`` and no integer or there are both, or a count
        is no integer.
    ValueError
        When a count is negative, or all together are beyond 64 bits.
    """

    def __init__(self, counts: Mapping[KeyT, int], sentences: int = 0) -> None:
        if not isinstance(counts, Mapping):
            raise TypeError(
                f"word_freq is a {type(counts).__name__}, expected a mapping of words to counts"
            )
        for word, count in counts.items():
            whole(f"the count of {word!r}", count, least=0)
        self.raw_words = sum(map(int, counts.values()))
        if self.raw_words >= 2**63:
            raise ValueError(f"the counts make {self.raw_words} words, expected less than 2**63")
        self.keys: _core.KeyTable[KeyT] = _core.KeyTable(list(counts))
        self.counts = np.fromiter(counts.values(), np.uint64, len(counts))
        self.sentences = whole("corpus_count", sentences, least=0)
        self.distinct = len(counts)

    def vocabulary(
        self, min_count: int, sorted_vocab: bool = True
    ) -> tuple[_core.KeyTable[KeyT], NDArray[np.uint64]]:
        """Return the words that occur at least ``min_count`` times, and their counts."""
        kept = np.flatnonzero(self.counts >= max(min_count, 0))
        if sorted_vocab:
            # By falling count, of equal ones the later first, as in gensim: rising, backwards.
            kept = kept[np.argsort(self.counts[kept], kind="stable")[::-1]]
        return self.keys.take(kept), self.counts[kept]


def choose_vocabulary(
    scanned: Counted[KeyT],
    *,
    min_count: int,
    max_vocab_size: int | None = None,
    max_final_vocab: int | None = None,
    sorted_vocab: bool = True,
    trim_rule: TrimRule[KeyT] | None = None,
    may_be_empty: bool = False,
) -> Vocabulary[KeyT]:
    """Keep the words that occur often enough.

    Parameters
    ----------
    scanned
        A corpus with its words and counts.
    min_count
        The least count.
    max_vocab_size
        The most words to consider: ``min_count`` rises until no more are left.
    max_final_vocab
        The most words to keep, in the same way (gensim applies the two at different times).
    sorted_vocab
        By falling count, of equal counts the later one first; else as first seen.
    trim_rule
        Decides word by word; called once for each distinct word.
    may_be_empty
        Whether no word is a vocabulary, too.

    Raises
    ------
    RuntimeError
        When nothing is left; it says what to change.
    """
    limits = [limit for limit in (max_vocab_size, max_final_vocab) if limit is not None]
    for limit in limits:
        min_count = max(min_count, _least_count(scanned.counts, limit))
    if trim_rule is None:
        keys, counts = scanned.vocabulary(min_count, sorted_vocab)
    else:
        keys, counts = _trim(scanned, min_count, sorted_vocab, trim_rule)
    if len(keys) == 0 and not may_be_empty:
        raise RuntimeError(no_words_message(scanned, min_count))
    return Vocabulary(keys, counts, min_count)


def _least_count(counts: NDArray[np.uint64], limit: int) -> int:
    """The least ``min_count`` that leaves at most ``limit`` words."""
    if len(counts) <= limit:
        return 0
    falling = np.sort(counts)[::-1]
    return int(falling[limit]) + 1


def _trim(
    scanned: Counted[KeyT], min_count: int, sorted_vocab: bool, trim_rule: TrimRule[KeyT]
) -> tuple[_core.KeyTable[KeyT], NDArray[np.uint64]]:
    """As `_core.ScannedCorpus.vocabulary`, with a rule for each word."""
    keys, counts = scanned.vocabulary(0, sorted_vocab)
    kept = []
    for index, (word, count) in enumerate(zip(keys.keys(), counts.tolist(), strict=True)):
        rule = trim_rule(word, count, min_count)
        if rule not in (RULE_DEFAULT, RULE_DISCARD, RULE_KEEP):
            raise ValueError(
                f"trim_rule returned {rule!r} for {word!r}; "
                "expected RULE_DEFAULT, RULE_DISCARD or RULE_KEEP"
            )
        if rule == RULE_KEEP or (rule == RULE_DEFAULT and count >= min_count):
            kept.append(index)
    order = np.array(kept, dtype=np.int64)
    return keys.take(order), counts[order]


def subsampled(counts: NDArray[np.uint64], sample: float) -> tuple[int, int]:
    """Return how many words subsampling thins out, and how many tokens are left of all.

    A token is kept with probability (sqrt(n / t) + 1) · t / n, where n is the count of its word and
    t is ``sample`` times all tokens; from 1 on ``sample`` is a count itself (word2vec.c).
    """
    if sample == 0:
        return 0, int(counts.sum())
    threshold = sample * counts.sum() if sample < 1 else int(sample * (3 + np.sqrt(5)) / 2)
    with np.errstate(divide="ignore", invalid="ignore"):
        kept = np.minimum((np.sqrt(counts / threshold) + 1) * (threshold / counts), 1)
    return int((kept < 1).sum()), int((np.nan_to_num(kept) * counts).sum())


def no_words_message(scanned: Counted[KeyT], min_count: int) -> str:
    """Say why there is no vocabulary, and what to change.

    Parameters
    ----------
    scanned
        The corpus of which no word is left.
    min_count
        How often a word had to occur.
    """
    begin = "you must first build vocabulary before training the model: "
    if scanned.distinct == 0:
        return begin + (
            f"the corpus has no words ({scanned.sentences} sentences); check that it is not empty, "
            "and that a generator was not used up before"
        )
    highest = int(scanned.counts.max())
    if highest >= min_count:
        return begin + (
            f"all {scanned.distinct} distinct words of the corpus were left out; "
            "check trim_rule and the vocabulary's limits"
        )
    return begin + (
        f"none of the {scanned.distinct} distinct words occurs min_count={min_count} times, the "
        f"most frequent occurs {highest} times; set min_count to {highest} or less, or give more "
        "text"
    )
