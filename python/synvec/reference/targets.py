"""What an input should say yes and no to: the center and negatives, or the nodes of a tree."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from synvec.reference.draws import Stream, below
from synvec.reference.settings import (
    MAX_BLOCK_INPUTS,
    MAX_NEGATIVES_IN_USE,
    MAX_NODE_SCORE,
    Config,
    Floats,
)


class Targets(NamedTuple):
    """The rows that answer an input, what each should say, and the score at which learning ends."""

    rows: NDArray[np.int64]
    labels: Floats
    score_limit: float = math.inf


class AliasTable:
    """Draws words in proportion to count ^ exponent in constant time.

    Walker's alias method in the construction of Vose 1991, "A linear algorithm for generating
    random numbers with a given distribution". Each word has a column of height V · probability;
    columns above 1 fill up those below, so that column i is word i up to ``thresholds[i]`` / 2^32
    and word ``aliases[i]`` above. The order of the stacks and of each sum is part of the
    definition: another order gives another table of the same distribution.
    """

    def __init__(self, counts: NDArray[np.uint64], exponent: float) -> None:
        weights = [float(count) ** exponent for count in counts]
        total = 0.0
        for weight in weights:  # not sum(), which compensates from Python 3.12 on
            total += weight
        heights = [weight * len(weights) / total for weight in weights]
        self.thresholds = [0xFFFF_FFFF] * len(heights)
        self.aliases = list(range(len(heights)))
        small = [i for i, height in enumerate(heights) if height < 1]
        large = [i for i, height in enumerate(heights) if height >= 1]
        while small and large:
            receiver, donor = small.pop(), large.pop()
            self.thresholds[receiver] = math.floor(heights[receiver] * 2**32)
            self.aliases[receiver] = donor
            heights[donor] = heights[donor] + heights[receiver] - 1
            (small if heights[donor] < 1 else large).append(donor)

    def word(self, draw: int) -> int:
        """Return the word that a 64-bit draw means: its upper half is the column."""
        column = below(draw, len(self.aliases))
        return column if draw & 0xFFFF_FFFF < self.thresholds[column] else self.aliases[column]


class Negatives:
    """Which negatives a step has.

    In exact order a step draws N of its own. In shared order it draws one, and has with it those
    that were new ``lag``, 2 · ``lag``, … steps before: each negative serves in N steps, so that a
    step needs one new row instead of N. ``lag`` is such that no context meets a negative in two of
    its windows (as long as no more than 1,024 are in use): to an input its negatives are as
    independent as if every step drew its own. A block begins with draws for the steps that were
    not, and so depends on no other block.
    """

    def __init__(self, table: AliasTable, config: Config) -> None:
        self.table, self.config = table, config
        steps_of_a_window = math.ceil(2 * config.window / MAX_BLOCK_INPUTS)
        reach = (2 * config.window + 1) * steps_of_a_window
        self.lag = max(1, min(reach, MAX_NEGATIVES_IN_USE // max(1, config.negative)))
        self.drawn: list[int] = []

    def begin_block(self) -> None:
        """Forget all draws."""
        self.drawn.clear()

    def draw(self, stream: Stream) -> list[int]:
        """Return the N negatives of the next step, the new one first in shared order."""
        count = self.config.negative
        if not self.config.shared_negatives:
            return [self.table.word(stream.draw()) for _ in range(count)]
        missing = 1 if self.drawn else self.lag * (count - 1) + 1
        self.drawn += [self.table.word(stream.draw()) for _ in range(missing)]
        return self.drawn[:: -self.lag][:count]


def told_from(center: int, negatives: Sequence[int]) -> Targets:
    """Return the center, to be told from the negatives; a negative equal to it is dropped."""
    rows = [center] + [word for word in negatives if word != center]
    labels = np.zeros(len(rows))
    labels[0] = 1
    return Targets(np.array(rows, dtype=np.int64), labels)


def huffman_paths(counts: NDArray[np.uint64]) -> list[Targets]:
    """For each word the inner nodes from the root to its leaf, and the turns to predict there.

    The two lightest nodes are joined until one is left, as in word2vec.c: leaves wait in a queue by
    ascending count (of equal counts the last word first), inner nodes in a queue in the order they
    are made, and the lightest is at the head of one of the two. Of equal weights a leaf goes first,
    which keeps the tree flat. Inner node i, in the order they are made, is row i; the root is the
    last. The second node taken gets code bit 1, and a node's label is 1 - bit, so that σ(score) is
    the probability of bit 0.
    """
    vocabulary = len(counts)
    weights = [int(count) for count in counts]
    leaves = deque(sorted(range(vocabulary), key=lambda word: (weights[word], -word)))
    inner: deque[int] = deque()
    parents: dict[int, tuple[int, int]] = {}  # node -> (row of its parent, code bit)
    for row in range(vocabulary - 1):
        joined = 0
        for bit in (0, 1):
            leaf_first = not inner or (leaves and weights[leaves[0]] <= weights[inner[0]])
            node = (leaves if leaf_first else inner).popleft()
            parents[node] = (row, bit)
            joined += weights[node]
        weights.append(joined)
        inner.append(vocabulary + row)

    def path(word: int) -> Targets:
        rows: list[int] = []
        labels: list[float] = []
        node = word
        while node in parents:
            row, bit = parents[node]
            rows.insert(0, row)
            labels.insert(0, 1.0 - bit)
            node = vocabulary + row
        return Targets(np.array(rows, dtype=np.int64), np.array(labels), MAX_NODE_SCORE)

    return [path(word) for word in range(vocabulary)]
