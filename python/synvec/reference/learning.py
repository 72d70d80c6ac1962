"""One step of learning, for each architecture."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from synvec.reference.draws import Stream
from synvec.reference.settings import MAX_BLOCK_INPUTS, Config, Floats
from synvec.reference.targets import AliasTable, Negatives, Targets, huffman_paths, told_from


def _answers(scores: Floats, targets: Targets) -> tuple[Floats, float]:
    """Return minus the gradient by the scores (n × T), and the loss, -log σ(±score) an example.

    For label y the loss of a score s is -log σ(s) if y = 1 and -log σ(-s) = -log(1 - σ(s)) if not;
    its derivative is σ(s) - y either way.
    """
    counted = np.abs(scores) < targets.score_limit
    sigmoid = 0.5 * (1 + np.tanh(scores / 2))  # 1 / (1 + exp(-s)) without the overflow
    gradients = (targets.labels - sigmoid) * counted
    losses = np.logaddexp(0, np.where(targets.labels == 1, -scores, scores)) * counted
    return gradients.astype(scores.dtype), float(losses.sum(dtype=np.float64))


def update_together(
    hidden: Floats, outputs: Floats, targets: Targets, alpha: float
) -> tuple[Floats, float]:
    """Train all targets at once against n hidden vectors (n × D), from the values before.

    Return the change of the hidden vectors, and the loss. Changes are added onto the rows as they
    stand, so that a negative that occurs twice changes twice.
    """
    y = outputs[targets.rows]  # T × D, a copy
    gradients, loss = _answers(hidden @ y.T, targets)
    np.add.at(outputs, targets.rows, alpha * (gradients.T @ hidden))
    return alpha * (gradients @ y), loss


def update_in_order(
    hidden: Floats, outputs: Floats, targets: Targets, alpha: float
) -> tuple[Floats, float]:
    """Train targets one after another against one hidden vector; return its change and the loss.

    The hidden vector keeps still meanwhile, as in word2vec.c; a target that comes again has already
    changed.
    """
    change, loss = np.zeros_like(hidden), 0.0
    for row, label in zip(targets.rows, targets.labels, strict=True):
        score = np.atleast_1d(hidden @ outputs[row])
        gradient, added = _answers(score, targets._replace(labels=label))
        change += alpha * gradient * outputs[row]
        outputs[row] += alpha * gradient * hidden
        loss += added
    return change, loss


class Model:
    """The matrices in training, and one step for each architecture.

    Where both losses are on, hierarchical softmax takes its whole step before negative sampling.
    """

    def __init__(
        self,
        counts: NDArray[np.uint64],
        input_vectors: Floats,
        output_vectors: Floats | None,
        output_nodes: Floats | None,
        config: Config,
    ) -> None:
        self.inputs, self.config = input_vectors, config
        self.output_vectors, self.output_nodes = output_vectors, output_nodes
        self.negatives = Negatives(AliasTable(counts, config.ns_exponent), config)
        self.paths = huffman_paths(counts) if config.hs else []

    def targets(self, center: int, stream: Stream) -> Iterator[tuple[Floats, Targets]]:
        """Yield the matrix and the targets of each loss for one step."""
        if self.output_nodes is not None:
            yield self.output_nodes, self.paths[center]
        if self.output_vectors is not None:
            yield self.output_vectors, told_from(center, self.negatives.draw(stream))

    def skip_gram(self, center: int, contexts: list[int], stream: Stream, alpha: float) -> float:
        """Let each context predict the center; return the loss.

        In exact order each pair is a step. In shared order (Ji et al. 2016) near-equal blocks of at
        most 16 contexts are; larger ones would train too many inputs from values too old. A context
        that occurs twice changes twice.
        """
        loss = 0.0
        if not self.config.shared_negatives:
            for context in contexts:
                for outputs, targets in self.targets(center, stream):
                    change, added = update_in_order(self.inputs[context], outputs, targets, alpha)
                    self.inputs[context] += change
                    loss += added
            return loss
        for block in np.array_split(contexts, math.ceil(len(contexts) / MAX_BLOCK_INPUTS)):
            for outputs, targets in self.targets(center, stream):
                change, added = update_together(self.inputs[block], outputs, targets, alpha)
                np.add.at(self.inputs, block, change)
                loss += added
        return loss

    def cbow(self, center: int, contexts: list[int], stream: Stream, alpha: float) -> float:
        """Let the mean or the sum of the contexts predict the center; return the loss.

        The gradient of a mean goes to each of its C contexts with 1/C, that of a sum with 1.
        word2vec.c and gensim do it the other way round: the whole change to each context of a mean
        and (gensim) 1/C of it in sum mode. Irsoy, Benton, Stratos 2021, "Corrected CBOW performs as
        well as skip-gram", arXiv:2012.15332, show what that costs. The habit is the default here,
        so that learning rates mean what they mean elsewhere: the contexts take the true gradient
        with a step of their own, alpha · C for a mean and alpha / C for a sum. With
        ``cbow_corrected`` they take it as it is.
        """
        loss = 0.0
        part = 1 / len(contexts)
        share = part if self.config.cbow_mean == self.config.cbow_corrected else 1
        for outputs, targets in self.targets(center, stream):
            hidden = self.inputs[contexts].sum(axis=0) * (part if self.config.cbow_mean else 1)
            if self.config.shared_negatives:
                change, added = update_together(hidden[None], outputs, targets, alpha)
                change = change[0]
            else:
                change, added = update_in_order(hidden, outputs, targets, alpha)
            np.add.at(self.inputs, contexts, change * share)
            loss += added
        return loss
