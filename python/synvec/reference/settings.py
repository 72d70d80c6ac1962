"""The hyper-parameters, and the constants that the core shares."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating[Any]]
"""Float32 or float64: all arithmetic below keeps the type of the matrices it is given."""

SENTENCE_END = 0xFFFF_FFFF
"""Closes each sentence in a stream of ids."""

MAX_BLOCK_INPUTS = 16
"""The most inputs that share one set of negatives."""

MAX_NEGATIVES_IN_USE = 1024
"""The most negatives that wait to be used again."""

MAX_NODE_SCORE = 6.0
"""Hierarchical softmax learns nothing from scores beyond this, as in word2vec.c."""

SUBSAMPLING, WINDOWS = 0, 1
"""What a stream of draws is for: keeping tokens, or windows and negatives."""


@dataclass(frozen=True)
class Config:
    """The hyper-parameters that training depends on, under gensim's names.

    Attributes
    ----------
    sg, hs
        Skip-gram instead of CBOW; whether hierarchical softmax is trained.
    negative, ns_exponent
        N, 0 for no negative sampling; negatives are drawn in proportion to count ^ ns_exponent.
    window, shrink_windows
        The farthest context in kept words; whether each window is a uniform draw from 1 .. window.
    sample
        Subsampling: a share of the corpus below 1, a count from 1 on, 0 for none.
    cbow_mean
        Mean of the contexts as the hidden vector, instead of their sum.
    cbow_corrected
        The true gradient for CBOW's contexts, instead of word2vec.c's and gensim's.
    shared_negatives
        One set of negatives for a block of contexts, in which each negative comes back in other
        windows (`Negatives`), instead of a set for each pair.
    alpha, min_alpha, epochs
        Learning rate at the start and at the end; passes over the corpus.
    seed
        Seeds every draw, 0 .. 2^64 - 1.
    block_ids
        Ids in a block, which has its own stream of draws and its own learning rate.
    """

    sg: bool = False
    hs: bool = False
    negative: int = 5
    ns_exponent: float = 0.75
    window: int = 5
    shrink_windows: bool = True
    sample: float = 1e-3
    cbow_mean: bool = True
    cbow_corrected: bool = False
    shared_negatives: bool = True
    alpha: float = 0.025
    min_alpha: float = 0.0001
    epochs: int = 5
    seed: int = 1
    block_ids: int = 8192
