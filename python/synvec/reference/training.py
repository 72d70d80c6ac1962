"""The training loop."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from synvec.reference.draws import Stream, keep_thresholds, kept_positions, stream_key, windows
from synvec.reference.learning import Model
from synvec.reference.settings import SENTENCE_END, SUBSAMPLING, WINDOWS, Config, Floats


class EpochResult(NamedTuple):
    """What one pass over the corpus did: centers trained, and the loss summed over them."""

    trained_words: int
    loss: float


def learning_rate(config: Config, raw_words_passed: float, total_raw_words: float) -> float:
    """Linear in the words passed, never below ``min_alpha``; float32, as the core computes with."""
    start, end = float(np.float32(config.alpha)), float(np.float32(config.min_alpha))
    alpha = start - (start - end) * (raw_words_passed / total_raw_words)
    return max(float(np.float32(alpha)), end)


def train(
    ids: NDArray[np.uint32],
    counts: NDArray[np.uint64],
    input_vectors: Floats,
    output_vectors: Floats | None = None,
    output_nodes: Floats | None = None,
    *,
    config: Config,
    raw_words: int | None = None,
) -> list[EpochResult]:
    """Train all epochs in place, step for step as the core does with one worker.

    Parameters
    ----------
    ids
        The corpus as indices of words, `SENTENCE_END` after each sentence.
    counts
        Occurrences of each of the V words, each at least 1.
    input_vectors
        V × D, float32 or float64.
    output_vectors
        V × D, for negative sampling; ``None`` exactly if ``config.negative`` is 0.
    output_nodes
        V × D, for hierarchical softmax; ``None`` exactly if ``config.hs`` is false. Row i is inner
        node i; the last row is not used.
    config
        The hyper-parameters.
    raw_words
        Words of the corpus with those outside the vocabulary; the words in ``ids`` by default. The
        learning rate falls by them.

    Returns
    -------
    list of EpochResult
        Centers trained and their loss, for each epoch.

    Raises
    ------
    ValueError
        When the output matrices are not those that ``config`` asks for.

    Examples
    --------
    >>> ids = np.array([0, 1, SENTENCE_END, 1, 0, SENTENCE_END] * 20, dtype=np.uint32)
    >>> inputs, outputs = np.full((2, 3), 0.1), np.zeros((2, 3))
    >>> config = Config(sg=True, sample=0, alpha=0.5)
    >>> results = train(ids, np.array([40, 40], dtype=np.uint64), inputs, outputs, config=config)
    >>> results[0].loss > results[-1].loss
    True
    """
    if (output_vectors is None, output_nodes is None) != (config.negative == 0, not config.hs):
        raise ValueError(
            f"negative={config.negative} and hs={config.hs} need one output matrix for each loss: "
            "pass output_vectors if negative > 0, output_nodes if hs"
        )
    model = Model(counts, input_vectors, output_vectors, output_nodes, config)
    learn = model.skip_gram if config.sg else model.cbow
    thresholds = keep_thresholds(counts, config.sample)
    words = int((ids != SENTENCE_END).sum()) if raw_words is None else raw_words
    results = []
    for epoch in range(config.epochs):
        stream = Stream(stream_key(config.seed, epoch, SUBSAMPLING, 0))
        kept = kept_positions(ids, thresholds, stream)
        loss = 0.0
        for block, start in enumerate(range(0, len(ids), config.block_ids)):
            stream = Stream(stream_key(config.seed, epoch, WINDOWS, block))
            model.negatives.begin_block()
            passed = epoch * words + start / len(ids) * words
            alpha = learning_rate(config, passed, config.epochs * words)
            positions = range(start, start + config.block_ids)
            for center, contexts in windows(ids, kept, positions, config, stream):
                if contexts:
                    loss += learn(center, contexts, stream, alpha)
        results.append(EpochResult(len(kept), loss))
    return results
