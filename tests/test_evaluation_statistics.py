"""Resampling and clustering: against plain loops, answers by hand, and simulated truths."""

import math

import numpy as np
import pytest

from synvec.evaluation.clustering import k_means, pure
from synvec.evaluation.resampling import (
    BLOCK,
    mcnemar_pvalue,
    paired_pvalue,
    percentile_interval,
    resampled_correlations,
    resampled_means,
)
from synvec.statistics import pearson, spearman

# --- the bootstrap --------------------------------------------------------------------------------


def drawn(count: int, resamples: int, seed: int) -> np.ndarray:
    """The draws that `resampled_correlations` makes, which come in blocks."""
    rng = np.random.default_rng(seed)
    step = max(1, BLOCK // count)
    blocks = [
        rng.integers(0, count, (min(step, resamples - start), count))
        for start in range(0, resamples, step)
    ]
    return np.concatenate(blocks)


@pytest.mark.parametrize(("name", "plain"), [("Pearson", pearson), ("Spearman", spearman)])
@pytest.mark.parametrize(("count", "resamples"), [(7, 200), (60, 40), (BLOCK // 3, 7)])
def test_correlations_follow_the_plain_loop(name, plain, count: int, resamples: int) -> None:  # type: ignore[no-untyped-def]
    rng = np.random.default_rng(5)
    human = rng.integers(0, 5, count).astype(float)  # with ties
    models = [human + rng.standard_normal(count), np.round(rng.standard_normal(count), 1)]
    found = resampled_correlations(human, models, name, resamples, seed=3)
    for row, items in enumerate(drawn(count, resamples, seed=3)):
        for own, model in zip(found[:, row], models, strict=True):
            expected = plain(human[items], model[items]).statistic
            assert own == pytest.approx(expected, rel=1e-9, abs=1e-12, nan_ok=True)


def test_constant_draws_have_no_correlation() -> None:
    for name in ("Pearson", "Spearman"):
        found = resampled_correlations([0.1, 0.1, 0.1], [[1.0, 2.0, 3.0]], name, 50, 1)  # type: ignore[arg-type]
        assert np.isnan(found).all()
        assert percentile_interval(found[0]) == pytest.approx((math.nan, math.nan), nan_ok=True)
    assert np.isnan(resampled_correlations([1.0], [[1.0]], "Pearson", 5, 1)).all()
    with pytest.raises(ValueError, match=r"columns of \[2, 3\] items"):
        resampled_correlations([1, 2], [[1, 2, 3]], "Pearson", 5, 1)


def test_means_have_the_moments_of_the_bootstrap() -> None:
    values = np.array([0, 0, 1, 1, 1, 0.25, 0.5, 0.5])
    means = resampled_means(values, 20_000, seed=1)
    assert means.mean() == pytest.approx(values.mean(), abs=0.005)
    assert means.var() == pytest.approx(values.var() / len(values), rel=0.05)
    assert np.isnan(resampled_means([], 10, 1)).all()
    assert (resampled_means([1, 1, 1], 10, 1) == 1).all()
    np.testing.assert_array_equal(means, resampled_means(values, 20_000, seed=1))


def test_the_interval_of_a_share_covers_the_truth() -> None:
    rng = np.random.default_rng(8)
    covered = 0
    for trial in range(400):
        answers = rng.random(150) < 0.6
        low, high = percentile_interval(resampled_means(answers, 400, trial))
        covered += low <= 0.6 <= high
    assert 0.92 <= covered / 400 <= 0.98


def test_the_interval_of_a_rank_correlation_covers_the_truth() -> None:
    rng = np.random.default_rng(8)
    r = 0.6
    truth = 6 / math.pi * math.asin(r / 2)  # Spearman's rho of normal samples of correlation r
    covered = 0
    for trial in range(300):
        x = rng.standard_normal(100)
        y = r * x + math.sqrt(1 - r * r) * rng.standard_normal(100)
        low, high = percentile_interval(resampled_correlations(x, [y], "Spearman", 300, trial)[0])
        covered += low <= truth <= high
    assert 0.90 <= covered / 300 <= 0.98


# --- paired tests ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("only_one", "only_other", "pvalue"),
    [
        (5, 0, 2 / 32),
        (8, 2, 2 * (1 + 10 + 45) / 1024),
        (2, 8, 2 * (1 + 10 + 45) / 1024),
        (4, 4, 1),
        (4, 3, 1),
        (0, 0, 1),
        (300, 240, 2 * sum(math.comb(540, k) for k in range(241)) / 2**540),
    ],
)
def test_mcnemar(only_one: int, only_other: int, pvalue: float) -> None:
    first = [1] * only_one + [0] * only_other + [1] * 20 + [0] * 7
    second = [0] * only_one + [1] * only_other + [1] * 20 + [0] * 7
    assert mcnemar_pvalue(first, second) == pytest.approx(pvalue, rel=1e-9)


def test_paired_pvalue_counts_the_rarer_side() -> None:
    differences = np.array([-1.0] * 3 + [0.0] + [2.0] * 95)
    assert paired_pvalue(differences) == pytest.approx(2 * 5 / 100)
    assert paired_pvalue(-differences) == pytest.approx(2 * 5 / 100)
    assert paired_pvalue(np.array([math.nan, 0.0])) == 1
    assert math.isnan(paired_pvalue(np.array([math.nan])))
    with pytest.raises(ValueError, match="expected those to the same items"):
        mcnemar_pvalue([1], [1, 0])


def test_pvalues_are_small_by_chance_as_often_as_they_say() -> None:
    rng = np.random.default_rng(2)
    bootstrap = exact = 0
    for trial in range(400):
        hard = rng.random(120)  # the same items are hard for both
        first, second = (rng.random(120) < 0.2 + 0.6 * hard for _ in range(2))
        difference = first.astype(float) - second
        bootstrap += paired_pvalue(resampled_means(difference, 400, trial)) < 0.05
        exact += mcnemar_pvalue(first, second) < 0.05
    assert 0.02 <= bootstrap / 400 <= 0.09
    assert exact / 400 <= 0.06


# --- clusters -------------------------------------------------------------------------------------


def blobs(count: int, size: int, spread: float) -> tuple[np.ndarray, list[str]]:
    rng = np.random.default_rng(6)
    centers = rng.standard_normal((count, 20))
    rows = np.repeat(centers, size, axis=0) + spread * rng.standard_normal((count * size, 20))
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    return rows.astype(np.float32), [f"kind {i // size}" for i in range(count * size)]


def test_k_means_finds_planted_clusters() -> None:
    rows, kinds = blobs(12, 15, spread=0.2)
    clusters = k_means(rows, 12)
    assert len(set(zip(clusters.tolist(), kinds, strict=True))) == 12
    assert pure(clusters, kinds).mean() == 1
    np.testing.assert_array_equal(clusters, k_means(rows, 12))


def test_k_means_restarts_never_make_it_worse() -> None:
    rows, _ = blobs(8, 20, spread=1.5)

    def squares(clusters: np.ndarray) -> float:
        parts = [rows[clusters == cluster].astype(float) for cluster in range(8)]
        return sum(float(((part - part.mean(axis=0)) ** 2).sum()) for part in parts)

    single = [squares(k_means(rows, 8, restarts=1, seed=seed)) for seed in range(5)]
    best = squares(k_means(rows, 8, restarts=30))
    assert best <= min(single) + 1e-6
    # No point would be nearer to another center: a local minimum.
    clusters = k_means(rows, 8)
    centers = np.array([rows[clusters == c].mean(axis=0, dtype=float) for c in range(8)])
    distances = ((rows[:, np.newaxis] - centers) ** 2).sum(axis=2)
    np.testing.assert_array_equal(distances.argmin(axis=1), clusters)


def test_k_means_at_the_edge() -> None:
    same = np.ones((6, 3), dtype=np.float32)
    assert sorted(set(k_means(same, 3).tolist())) == [0, 1, 2]  # no cluster stays empty
    assert k_means(same, 1).tolist() == [0] * 6
    assert sorted(k_means(np.eye(4, dtype=np.float32), 4).tolist()) == [0, 1, 2, 3]
    for count in (0, 7):
        with pytest.raises(ValueError, match=f"count is {count}, expected 1 to 6"):
            k_means(same, count)


def test_purity_by_hand() -> None:
    # Manning, Raghavan and Schütze 2008, figure 16.4: (5 + 4 + 3) / 17.
    clusters = [0] * 6 + [1] * 6 + [2] * 5
    kinds = list("xxxxxo") + list("xooood") + list("xxddd")
    assert pure(clusters, kinds).sum() == 12
    assert pure([], []).tolist() == []


def test_the_purity_of_random_clusters_is_low() -> None:
    rng = np.random.default_rng(3)
    kinds = [str(kind) for kind in rng.integers(0, 4, 2000)]
    assert pure(rng.integers(0, 4, 2000), kinds).mean() < 0.3
