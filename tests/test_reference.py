"""The plain NumPy algorithms: known answers, properties, and gradients checked numerically."""

import heapq
import math
from collections import Counter
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from synvec import reference
from synvec.reference import (
    SENTENCE_END,
    AliasTable,
    Config,
    Model,
    Negatives,
    Stream,
    Targets,
)

COUNTS = st.lists(st.integers(1, 10**6), min_size=1, max_size=60).map(
    lambda counts: np.array(counts, dtype=np.uint64)
)


# --- Random draws


def test_the_generator_gives_the_published_draws() -> None:
    # Steele, Lea and Flood's SplitMix64 as in Vigna's splitmix64.c, seed 1234567.
    stream = Stream(1234567)
    assert [stream.draw() for _ in range(5)] == [
        6457827717110365317,
        3203168211198807973,
        9817491932198370423,
        4593380528125082431,
        16408922859458223821,
    ]


def test_any_draw_can_be_had_alone() -> None:
    stream = Stream(reference.stream_key(seed=7, epoch=3, kind=1, block=11))
    alone = [stream.draw_at(index) for index in range(50)]
    assert [stream.draw() for _ in range(50)] == alone


def test_streams_differ_in_each_part_of_their_key() -> None:
    keys = [
        reference.stream_key(*parts)
        for parts in [(0, 0, 0, 0), (1, 0, 0, 0), (0, 1, 0, 0), (0, 0, 1, 0), (0, 0, 0, 1)]
    ]
    assert len(set(keys)) == 5
    assert all(0 <= key < 2**64 for key in keys)


def test_a_seed_of_64_bits_wraps() -> None:
    assert 0 <= reference.stream_key(2**64 - 1, 2**32 - 1, 1, 10**9) < 2**64


# --- Subsampling and windows


def test_keep_thresholds_by_hand() -> None:
    # t = 1e-3 · 1000 = 1: a word of 100 is kept with (sqrt(100) + 1) / 100 = 0.11.
    counts = np.array([100, 899, 1], dtype=np.uint64)
    thresholds = reference.keep_thresholds(counts, 1e-3)
    assert thresholds[0] == math.floor(0.11 * 2**32)
    assert thresholds[1] / 2**32 == pytest.approx((math.sqrt(899) + 1) / 899)
    assert thresholds[2] == 1 << 32


def test_a_sample_from_one_on_is_a_count() -> None:
    counts = np.array([100, 101, 1044], dtype=np.uint64)
    thresholds = reference.keep_thresholds(counts, 100)
    # t = floor(100 · 2.618…) = 261: words up to 2.618 t are always kept, 1044 = 4 t with 3 / 4.
    assert thresholds[:2] == [1 << 32] * 2
    assert thresholds[2] == 3 * 2**32 // 4


def test_sample_zero_keeps_everything() -> None:
    assert reference.keep_thresholds(np.array([5, 10**9], dtype=np.uint64), 0) == [1 << 32] * 2


def test_tokens_are_kept_as_often_as_the_threshold_says() -> None:
    ids = np.array([0] * 20_000 + [SENTENCE_END], dtype=np.uint32)
    kept = reference.kept_positions(ids, [2**32 // 4], Stream(3))
    assert len(kept) / 20_000 == pytest.approx(0.25, abs=0.015)
    assert 20_000 not in kept


def all_windows(
    ids: NDArray[np.uint32], kept: list[int], config: Config, key: int = 1
) -> list[tuple[int, list[int]]]:
    return list(reference.windows(ids, kept, range(len(ids)), config, Stream(key)))


def test_windows_stop_at_sentences_and_skip_dropped_tokens() -> None:
    end = SENTENCE_END
    ids = np.array([0, 1, 2, 3, end, 4, end, 5, 6, end], dtype=np.uint32)
    config = Config(window=2, shrink_windows=False)
    assert all_windows(ids, [0, 2, 3, 5, 7, 8], config) == [
        (0, [2, 3]),
        (2, [0, 3]),
        (3, [0, 2]),
        (4, []),
        (5, [6]),
        (6, [5]),
    ]


def test_contexts_reach_beyond_the_block() -> None:
    ids = np.array([0, 1, 2, 3, 4, SENTENCE_END], dtype=np.uint32)
    config = Config(window=2, shrink_windows=False)
    block = reference.windows(ids, range(5), range(2, 3), config, Stream(1))
    assert list(block) == [(2, [0, 1, 3, 4])]


def test_window_sizes_are_uniform() -> None:
    ids = np.array([0] * 8_000 + [SENTENCE_END], dtype=np.uint32)
    found = all_windows(ids, list(range(8_000)), Config(window=5))[5:-5]
    sizes = Counter(len(contexts) for _, contexts in found)
    assert sorted(sizes) == [2, 4, 6, 8, 10]
    expected = len(found) / 5
    chi_squared = sum((count - expected) ** 2 / expected for count in sizes.values())
    assert chi_squared < 23.5  # 4 degrees of freedom, p = 1e-4; the draws are fixed


# --- Negatives


@settings(deadline=None)
@given(COUNTS, st.sampled_from([0.75, 0.0, 1.0, -0.5]))
def test_the_columns_add_up_to_the_distribution(
    counts: NDArray[np.uint64], exponent: float
) -> None:
    table = AliasTable(counts, exponent)
    share = np.zeros(len(counts))
    for column, (threshold, alias) in enumerate(zip(table.thresholds, table.aliases, strict=True)):
        share[column] += threshold / 2**32
        share[alias] += 1 - threshold / 2**32
    expected = counts.astype(float) ** exponent
    # Each threshold is rounded down to a multiple of 2^-32.
    np.testing.assert_allclose(
        share / len(counts), expected / expected.sum(), rtol=0, atol=len(counts) * 2**-32
    )


def test_a_draw_is_a_column_and_a_height() -> None:
    table = AliasTable(np.array([1, 3], dtype=np.uint64), 1.0)
    assert (table.thresholds[0], table.aliases) == (2**31, [1, 1])
    upper, half = 1 << 63, 2**31
    assert [table.word(draw) for draw in (0, half - 1, half, upper)] == [0, 0, 1, 1]
    assert table.word(upper | 0xFFFF_FFFF) == 1, "a full column has no other word"


def test_negatives_equal_to_the_center_are_dropped() -> None:
    rows, labels, _ = reference.told_from(1, [0, 1, 2, 1, 0])
    assert rows.tolist() == [1, 0, 2, 0]
    assert labels.tolist() == [1.0, 0.0, 0.0, 0.0]


@pytest.mark.parametrize(("window", "lag"), [(1, 3), (5, 11), (8, 17), (15, 62), (500, 204)])
def test_a_negative_comes_back_when_its_contexts_are_gone(window: int, lag: int) -> None:
    table = AliasTable(np.arange(1, 10_000, dtype=np.uint64), 0.0)
    negatives = Negatives(table, Config(window=window, negative=5))
    assert negatives.lag == lag
    stream = Stream(1)
    steps = [negatives.draw(stream) for _ in range(5 * lag + 1)]
    assert stream.drawn == 4 * lag + len(steps), "one draw a step, and those before the first"
    assert [steps[back * lag][back] for back in range(5)] == [steps[0][0]] * 5
    within_a_lag = {word for step in steps[:lag] for word in step}
    assert len(within_a_lag) > 0.9 * 5 * lag, "no draw comes back, but words may be drawn twice"
    negatives.begin_block()
    assert negatives.draw(Stream(1)) == steps[0]


def test_exact_order_draws_every_negative_anew() -> None:
    table = AliasTable(np.arange(1, 100, dtype=np.uint64), 0.75)
    negatives = Negatives(table, Config(shared_negatives=False, negative=7))
    plain = Stream(3)
    stream = Stream(3)
    for _ in range(4):
        assert negatives.draw(stream) == [table.word(plain.draw()) for _ in range(7)]


# --- The tree


def codes(counts: NDArray[np.uint64]) -> list[str]:
    paths = reference.huffman_paths(counts)
    return ["".join(str(int(1 - label)) for label in path.labels) for path in paths]


def least_cost(counts: NDArray[np.uint64]) -> int:
    """Bits in the shortest encoding: the sum of all joined weights."""
    heap = [int(count) for count in counts]
    heapq.heapify(heap)
    cost = 0
    while len(heap) > 1:
        joined = heapq.heappop(heap) + heapq.heappop(heap)
        cost += joined
        heapq.heappush(heap, joined)
    return cost


@settings(deadline=None)
@given(COUNTS)
def test_the_tree_is_optimal_and_free_of_prefixes(counts: NDArray[np.uint64]) -> None:
    found = codes(counts)
    cost = sum(int(c) * len(code) for c, code in zip(counts, found, strict=True))
    assert cost == least_cost(counts)
    ordered = sorted(found)
    assert not any(b.startswith(a) for a, b in pairwise(ordered))


@settings(deadline=None)
@given(COUNTS)
def test_paths_begin_at_the_root_and_share_their_nodes(counts: NDArray[np.uint64]) -> None:
    node_of: dict[str, int] = {}
    for path, code in zip(reference.huffman_paths(counts), codes(counts), strict=True):
        for depth, row in enumerate(path.rows):
            assert node_of.setdefault(code[:depth], int(row)) == row
    assert sorted(node_of.values()) == list(range(len(counts) - 1))
    assert node_of.get("", len(counts) - 2) == len(counts) - 2


def test_a_tree_by_hand() -> None:
    # 1 + 1 join to node 0 (the last word first); 2 and node 0 tie, and the leaf goes first.
    assert codes(np.array([5, 2, 1, 1], dtype=np.uint64)) == ["1", "00", "011", "010"]
    rows = [path.rows.tolist() for path in reference.huffman_paths(np.array([5, 2, 1, 1]))]
    assert rows == [[2], [2, 1], [2, 1, 0], [2, 1, 0]]


# --- Gradients

V, D = 6, 4
CENTER, CONTEXTS = 2, [0, 1, 3, 1, 2]  # one context twice, one equal to the center

LOSSES = {"ns": {"negative": 5}, "hs": {"negative": 0, "hs": True}}


def build(config: Config, scale: float = 1.0) -> Model:
    random = np.random.default_rng(11)
    inputs, outputs, nodes = (random.normal(0, scale / 2, (V, D)) for _ in range(3))
    counts = np.array([9, 7, 5, 4, 2, 1], dtype=np.uint64)
    return Model(
        counts, inputs, outputs if config.negative else None, nodes if config.hs else None, config
    )


def step(model: Model, alpha: float) -> float:
    """One window with the same draws each time; alpha 0 changes nothing and measures the loss."""
    learn = model.skip_gram if model.config.sg else model.cbow
    model.negatives.begin_block()
    return learn(CENTER, CONTEXTS, Stream(4), alpha)


def numerical_gradient(model: Model, matrix: NDArray[np.float64]) -> NDArray[np.float64]:
    gradient, epsilon = np.empty_like(matrix), 1e-6
    for at in np.ndindex(matrix.shape):
        value = matrix[at]
        losses = []
        for matrix[at] in (value + epsilon, value - epsilon):
            losses.append(step(model, 0.0))
        matrix[at] = value
        gradient[at] = (losses[0] - losses[1]) / (2 * epsilon)
    return gradient


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize(
    ("order", "input_step"),
    [
        ({"sg": True, "shared_negatives": True}, 1),
        ({"sg": True, "shared_negatives": False}, 1),
        # The habit told in Model.cbow: contexts step C times too far for a mean, short for a sum.
        ({"cbow_mean": True}, len(CONTEXTS)),
        ({"cbow_mean": False}, 1 / len(CONTEXTS)),
        ({"cbow_mean": True, "shared_negatives": False}, len(CONTEXTS)),
        ({"cbow_mean": True, "cbow_corrected": True}, 1),
        ({"cbow_mean": False, "cbow_corrected": True}, 1),
    ],
    ids=[
        "sg-shared",
        "sg-exact",
        "cbow-mean",
        "cbow-sum",
        "cbow-exact",
        "corrected",
        "sum-corrected",
    ],
)
def test_a_step_goes_down_the_gradient(
    order: dict[str, bool], input_step: float, loss: str
) -> None:
    model = build(Config(**order, **LOSSES[loss]))
    outputs = model.output_nodes if model.config.hs else model.output_vectors
    for matrix, own_step in ((model.inputs, input_step), (outputs, 1)):
        gradient = numerical_gradient(model, matrix)
        alpha, saved = 1e-7, (model.inputs.copy(), outputs.copy())
        before = matrix.copy()
        step(model, alpha)
        moved = (matrix - before) / alpha
        model.inputs[:], outputs[:] = saved
        assert np.abs(gradient).max() > 0.1
        np.testing.assert_allclose(moved, -own_step * gradient, rtol=0, atol=1e-5)


def test_a_repeated_target_has_changed_in_exact_order_only() -> None:
    inputs, alpha = np.array([[1.0, 2.0]]), 0.5
    twice = Targets(np.array([0, 0]), np.array([0.0, 0.0]))
    shared, exact = np.array([[0.5, 0.5]]), np.array([[0.5, 0.5]])
    reference.update_together(inputs, shared, twice, alpha)
    reference.update_in_order(inputs[0], exact, twice, alpha)

    def once(row: NDArray[np.float64]) -> NDArray[np.float64]:
        return -alpha / (1 + np.exp(-row @ inputs[0])) * inputs[0]

    start = np.array([0.5, 0.5])
    np.testing.assert_allclose(shared[0], start + 2 * once(start))
    np.testing.assert_allclose(exact[0], start + once(start) + once(start + once(start)))


def test_nodes_with_certain_scores_are_skipped() -> None:
    inputs, outputs = np.array([[1.0]]), np.array([[5.9], [6.0], [-6.0]])
    targets = Targets(np.arange(3), np.zeros(3), reference.MAX_NODE_SCORE)
    before = outputs.copy()
    _, loss = reference.update_together(inputs, outputs, targets, 0.1)
    assert loss == pytest.approx(math.log1p(math.exp(5.9)))
    assert (outputs != before).ravel().tolist() == [True, False, False]


def test_large_scores_neither_overflow_nor_stop_learning() -> None:
    inputs, outputs = np.float32([[100.0]]), np.float32([[-3.0], [3.0]])
    targets = Targets(np.arange(2), np.array([1.0, 0.0]))
    _, loss = reference.update_together(inputs, outputs, targets, 0.01)
    assert loss == pytest.approx(600.0)
    np.testing.assert_allclose(outputs.ravel(), [-2.0, 2.0])


def test_a_long_window_draws_negatives_for_each_sixteen_contexts() -> None:
    model = build(Config(sg=True))
    for contexts, blocks in ((16, 1), (17, 2), (33, 3)):
        stream = Stream(1)
        model.negatives.begin_block()
        model.skip_gram(CENTER, [0] * contexts, stream, 0.0)
        assert stream.drawn == 4 * model.negatives.lag + blocks


# --- Training


def two_topics(sentences: int) -> NDArray[np.uint32]:
    """Words 0 to 4 keep each other's company, and so do words 5 to 9."""
    random = np.random.default_rng(1)
    rows = [[*random.integers(0, 5, 4) + 5 * (i % 2), SENTENCE_END] for i in range(sentences)]
    return np.array(rows, dtype=np.uint32).ravel()


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("sg", [True, False])
def test_words_of_one_topic_come_together(sg: bool, loss: str) -> None:
    ids = two_topics(300)
    counts = np.bincount(ids[ids != SENTENCE_END]).astype(np.uint64)
    config = Config(sg=sg, sample=0, alpha=0.1, epochs=3, **LOSSES[loss])
    inputs = np.random.default_rng(2).uniform(-0.1, 0.1, (10, 8))
    outputs = np.zeros((2, 10, 8))
    results = reference.train(
        ids,
        counts,
        inputs,
        outputs[0] if config.negative else None,
        outputs[1] if config.hs else None,
        config=config,
    )
    unit = inputs / np.linalg.norm(inputs, axis=1, keepdims=True)
    cosines = unit @ unit.T
    apart = cosines[:5, 5:].max()
    assert cosines[:5, :5].min() > apart
    assert cosines[5:, 5:].min() > apart
    assert results[-1].loss < results[0].loss
    assert [result.trained_words for result in results] == [1200] * 3


def test_the_same_seed_gives_the_same_vectors() -> None:
    ids = two_topics(20)
    counts = np.bincount(ids[ids != SENTENCE_END]).astype(np.uint64)
    found = []
    for seed in (3, 3, 4):
        inputs, outputs = np.full((10, 3), 0.1), np.zeros((10, 3))
        config = Config(seed=seed, epochs=1)
        reference.train(ids, counts, inputs, outputs, config=config)
        found.append(inputs)
    np.testing.assert_array_equal(found[0], found[1])
    assert np.abs(found[0] - found[2]).max() > 0


def test_the_rate_falls_linearly_and_never_below_its_end() -> None:
    config = Config(alpha=0.05, min_alpha=0.01)
    rates = [reference.learning_rate(config, passed, 100) for passed in (0, 50, 100, 1000)]
    assert rates == pytest.approx([0.05, 0.03, 0.01, 0.01])
    rising = replace(config, alpha=0.01, min_alpha=0.05)
    assert reference.learning_rate(rising, 0, 100) == pytest.approx(0.05)


@pytest.mark.parametrize("given", [(True, True), (False, False), (False, True)])
def test_matrices_that_do_not_fit_the_losses_are_refused(given: tuple[bool, bool]) -> None:
    ids, counts = np.array([0, SENTENCE_END], dtype=np.uint32), np.array([1], dtype=np.uint64)
    matrices = [np.zeros((1, 2)) if present else None for present in given]
    with pytest.raises(ValueError, match=r"negative=5 and hs=False need one output matrix"):
        reference.train(ids, counts, np.zeros((1, 2)), *matrices, config=Config())
