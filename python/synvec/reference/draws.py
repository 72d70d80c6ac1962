"""Random draws, and what they decide first: which tokens are kept, and how wide windows are."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from synvec.reference.settings import SENTENCE_END, Config

MASK = 0xFFFF_FFFF_FFFF_FFFF
GAMMA = 0x9E37_79B9_7F4A_7C15  # 2^64 divided by the golden ratio, made odd


def mix(z: int) -> int:
    """Scramble 64 bits: the finalizer of SplitMix64 (Steele, Lea, Flood, OOPSLA 2014)."""
    z &= MASK
    z = (z ^ (z >> 30)) * 0xBF58_476D_1CE4_E5B9 & MASK
    z = (z ^ (z >> 27)) * 0x94D0_49BB_1331_11EB & MASK
    return z ^ (z >> 31)


def stream_key(seed: int, epoch: int, kind: int, block: int) -> int:
    """Where the stream of one purpose begins: no draw depends on the thread that makes it."""
    return mix(mix(mix(mix(seed) + epoch) + kind) + block)


class Stream:
    """64-bit draws of SplitMix64, in order or at any index.

    Examples
    --------
    >>> stream = Stream(1234567)
    >>> stream.draw() == stream.draw_at(0) == 6457827717110365317
    True
    """

    def __init__(self, key: int) -> None:
        self.key = key
        self.drawn = 0

    def draw_at(self, index: int) -> int:
        """Draw number ``index``, leaving the stream where it is."""
        return mix(self.key + (index + 1) * GAMMA)

    def draw(self) -> int:
        """Draw the next number."""
        self.drawn += 1
        return self.draw_at(self.drawn - 1)


def below(draw: int, bound: int) -> int:
    """Scale the upper half of a draw to 0 .. bound - 1 (Lemire 2019, without the rejection)."""
    return (draw >> 32) * bound >> 32


# --- Subsampling and windows ---------------------------------------------------------------------


def keep_thresholds(counts: NDArray[np.uint64], sample: float) -> list[int]:
    """How often a token of each word is kept, out of 2^32 times.

    A word of count c is kept with probability (sqrt(c/t) + 1) · t/c, as word2vec.c and gensim have
    it; the paper prints sqrt(t/c). t is ``sample`` times the corpus, or a count from ``sample`` 1
    on, scaled so that words up to that count are always kept (gensim).
    """
    if sample == 0:
        return [1 << 32] * len(counts)
    total = int(counts.sum())
    t = sample * total if sample < 1 else math.floor(sample * (3 + math.sqrt(5)) / 2)
    keep = [(math.sqrt(c / t) + 1) * (t / c) for c in map(int, counts)]
    return [1 << 32 if p >= 1 else math.floor(p * 2**32) for p in keep]


def kept_positions(ids: NDArray[np.uint32], thresholds: Sequence[int], stream: Stream) -> list[int]:
    """Return the positions whose tokens are kept in one epoch; draw i decides on position i."""
    return [
        position
        for position, word in enumerate(map(int, ids))
        if word != SENTENCE_END and stream.draw_at(position) >> 32 < thresholds[word]
    ]


def windows(
    ids: NDArray[np.uint32], kept: Sequence[int], block: range, config: Config, stream: Stream
) -> Iterator[tuple[int, list[int]]]:
    """Yield each center of a block with its contexts, left to right.

    Contexts are up to w kept tokens of the same sentence on either side, also beyond the block, so
    that no sentence is cut. ``stream`` is drawn from just before each window is handed out: the
    negatives of one window come between its draw and the next.
    """
    sentence = np.cumsum(ids == SENTENCE_END)
    for at, position in enumerate(kept):
        if position not in block:
            continue
        reach = 1 + below(stream.draw(), config.window) if config.shrink_windows else config.window
        around = [*kept[max(0, at - reach) : at], *kept[at + 1 : at + 1 + reach]]
        contexts = [int(ids[p]) for p in around if sentence[p] == sentence[position]]
        yield int(ids[position]), contexts
