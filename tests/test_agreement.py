"""The core and `synvec.reference` take the same steps: same draws, same vectors up to rounding."""

from dataclasses import asdict, replace

import numpy as np
import pytest
from numpy.typing import NDArray

from synvec import _core, reference
from synvec.reference import SENTENCE_END, Config

DIMENSIONS = 17  # a kernel's width and one more
TOLERANCE = 2e-5

LOSSES = {
    "ns": {"hs": False, "negative": 5},
    "hs": {"hs": True, "negative": 0},
    "both": {"hs": True, "negative": 3},
}
ORDERS = {
    "sg-shared": {"sg": True, "shared_negatives": True},
    "sg-exact": {"sg": True, "shared_negatives": False},
    "cbow-mean": {"sg": False, "cbow_mean": True},
    "cbow-sum": {"sg": False, "cbow_mean": False},
    "cbow-corrected": {"sg": False, "cbow_corrected": True},
    "cbow-sum-corrected": {"sg": False, "cbow_mean": False, "cbow_corrected": True},
    "cbow-exact": {"sg": False, "shared_negatives": False},
}


def make_corpus(vocabulary: int, sentences: int, seed: int) -> NDArray[np.uint32]:
    """Sentences of 1 to 40 words, frequent words first, each word at least once."""
    random = np.random.default_rng(seed)
    shares = 1 / np.arange(1, vocabulary + 1)
    parts = []
    for length in [1, 2, *random.integers(1, 41, sentences)]:
        words = random.choice(vocabulary, size=length, p=shares / shares.sum())
        parts += [*words, SENTENCE_END]
    return np.array([*parts, *range(vocabulary), SENTENCE_END], dtype=np.uint32)


def count(ids: NDArray[np.uint32], vocabulary: int) -> NDArray[np.uint64]:
    return np.bincount(ids[ids != SENTENCE_END], minlength=vocabulary).astype(np.uint64)


def make_weights(vocabulary: int, config: Config, scale: float) -> list[NDArray[np.float32] | None]:
    """Input and output matrices that are not zero, so that a wrong row shows."""
    random = np.random.default_rng(5)
    wanted = [True, config.negative > 0, config.hs]
    shape = (vocabulary, DIMENSIONS)
    return [random.normal(0, scale, shape).astype(np.float32) if want else None for want in wanted]


def train_core(
    ids: NDArray[np.uint32],
    counts: NDArray[np.uint64],
    weights: list[NDArray[np.float32] | None],
    config: Config,
    raw_words: int,
) -> list[tuple[int, int, float, float]]:
    values = asdict(config)
    block_ids = values.pop("block_ids")
    core_config = _core.TrainConfig(
        **values, vector_size=DIMENSIONS, workers=1, deterministic=False, compute_loss=True
    )
    matrices = []
    for array in weights:
        matrix = None if array is None else _core.Matrix(*array.shape)
        if matrix is not None:
            matrix.array[:] = array
        matrices.append(matrix)
    corpus = _core.EncodedCorpus.from_ids(
        ids.tolist(), sentences=int((ids == SENTENCE_END).sum()), raw_words=raw_words
    )
    epochs = _core.train(core_config, corpus, counts, *matrices, block_ids=block_ids)
    for array, matrix in zip(weights, matrices, strict=True):
        if array is not None:
            array[:] = matrix.array
    return epochs


def assert_agreement(
    config: Config,
    vocabulary: int,
    *,
    sentences: int = 6,
    raw_words: int | None = None,
    scale: float = 0.3,
) -> None:
    ids = make_corpus(vocabulary, sentences, seed=vocabulary)
    counts = count(ids, vocabulary)
    raw_words = int(counts.sum()) if raw_words is None else raw_words
    start = make_weights(vocabulary, config, scale)
    core, expected = ([None if a is None else a.copy() for a in start] for _ in range(2))
    epochs = train_core(ids, counts, core, config, raw_words)
    results = reference.train(ids, counts, *expected, config=config, raw_words=raw_words)
    for ours, theirs, before in zip(core, expected, start, strict=True):
        if ours is not None:
            np.testing.assert_allclose(ours, theirs, rtol=0, atol=TOLERANCE)
            # Agreement about nothing would prove nothing.
            assert vocabulary == 1 or np.abs(theirs - before).max() > 100 * TOLERANCE
    assert [trained for _, trained, *_ in epochs] == [result.trained_words for result in results]
    losses = [result.loss for result in results]
    np.testing.assert_allclose([loss for *_, loss, _ in epochs], losses, rtol=1e-4)


@pytest.mark.parametrize("vocabulary", [2, 3, 7, 50])
@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("order", ORDERS)
def test_every_objective_agrees(order: str, loss: str, vocabulary: int) -> None:
    config = Config(epochs=2, block_ids=64, sample=0.05, **ORDERS[order], **LOSSES[loss])
    assert_agreement(config, vocabulary)


@pytest.mark.parametrize(
    "change",
    [
        {"window": 1},
        {"window": 40},  # several blocks of inputs a window
        {"window": 40, "shrink_windows": False},
        {"block_ids": 1},
        {"block_ids": 10_000},
        {"sample": 0.0},
        {"sample": 3.0},  # a count
        {"ns_exponent": 0.0},
        {"ns_exponent": 1.0},
        {"ns_exponent": -0.5},
        {"negative": 40},
        {"alpha": 0.05, "min_alpha": 0.05},
        {"alpha": 0.03, "min_alpha": 0.001, "epochs": 4},
        {"seed": 0},
        {"seed": 2**64 - 1},
    ],
    ids=str,
)
@pytest.mark.parametrize("order", ORDERS)
def test_every_setting_agrees(order: str, change: dict[str, float]) -> None:
    config = Config(epochs=2, block_ids=50, sample=0.05, **ORDERS[order])
    assert_agreement(replace(config, **change), vocabulary=20)


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("order", ORDERS)
def test_a_single_word_agrees(order: str, loss: str) -> None:
    config = Config(epochs=2, block_ids=64, sample=0, **ORDERS[order], **LOSSES[loss])
    assert_agreement(config, vocabulary=1, sentences=3)


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("order", ORDERS)
def test_scores_beyond_the_limit_agree(order: str, loss: str) -> None:
    config = Config(epochs=1, block_ids=64, sample=0.05, **ORDERS[order], **LOSSES[loss])
    assert_agreement(config, vocabulary=20, scale=1.5)


def test_pruned_words_slow_the_schedule_in_both() -> None:
    config = Config(sg=True, epochs=2, block_ids=40, sample=0)
    assert_agreement(config, vocabulary=10, raw_words=5_000)
