"""Which words of a corpus a model keeps."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from synvec import _core
from synvec.corpora import no_words_message

RULE_DEFAULT = 0
"""A ``trim_rule``'s answer: let ``min_count`` decide."""
RULE_DISCARD = 1
"""A ``trim_rule``'s answer: leave the word out."""
RULE_KEEP = 2
"""A ``trim_rule``'s answer: keep the word however rare."""

TrimRule = Callable[[str, int, int], int]
"""``f(word, count, min_count)`` that returns one of the rules."""


@dataclass(frozen=True)
class Vocabulary:
    """The words kept, in the order of their indices."""

    keys: _core.KeyTable
    counts: NDArray[np.uint64]
    min_count: int
    """The least count that keeps a word, after ``max_final_vocab``."""


def choose_vocabulary(
    scanned: _core.ScannedCorpus,
    *,
    min_count: int,
    max_vocab_size: int | None = None,
    max_final_vocab: int | None = None,
    sorted_vocab: bool = True,
    trim_rule: TrimRule | None = None,
) -> Vocabulary:
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
    if len(keys) == 0:
        raise RuntimeError(no_words_message(scanned, min_count))
    return Vocabulary(keys, counts, min_count)


def _least_count(counts: NDArray[np.uint64], limit: int) -> int:
    """The least ``min_count`` that leaves at most ``limit`` words."""
    if len(counts) <= limit:
        return 0
    falling = np.sort(counts)[::-1]
    return int(falling[limit]) + 1


def _trim(
    scanned: _core.ScannedCorpus, min_count: int, sorted_vocab: bool, trim_rule: TrimRule
) -> tuple[_core.KeyTable, NDArray[np.uint64]]:
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
