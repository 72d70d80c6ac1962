"""Skip-gram and CBOW in plain NumPy: short enough to read, exact enough to test the core against.

Nothing here is fast. `train` takes the very steps that the core takes with one worker, random draws
included, so that both end at the same vectors up to rounding. From top to bottom: random draws,
subsampling, windows, the alias table, the Huffman tree, one step of learning, the training loop.

V words, D dimensions, N negatives, C contexts, T targets. An *input* is a row of ``input_vectors``
(gensim's ``syn0``); a *target* is a row of ``output_vectors`` (``syn1neg``) or ``output_nodes``
(``syn1``) that should say yes (label 1) or no (label 0) to an input.

References
----------
Mikolov, Chen, Corrado, Dean 2013, "Efficient estimation of word representations in vector space",
arXiv:1301.3781: skip-gram and CBOW. Mikolov, Sutskever, Chen, Corrado, Dean 2013, "Distributed
representations of words and phrases and their compositionality", arXiv:1310.4546: negative
sampling, subsampling, the Huffman tree. Ji, Satish, Li, Dubey 2016, "Parallelizing word2vec in
shared and distributed memory", arXiv:1611.06172: shared negatives.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

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


class EpochResult(NamedTuple):
    """What one pass over the corpus did: centers trained, and the loss summed over them."""

    trained_words: int
    loss: float


# --- Random draws --------------------------------------------------------------------------------

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


# --- Targets -------------------------------------------------------------------------------------


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


# --- One step of learning ------------------------------------------------------------------------


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


# --- Training ------------------------------------------------------------------------------------


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
