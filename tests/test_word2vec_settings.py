"""Every setting of training does what `synvec.reference` does by it, all the way from a corpus."""

import random
import sys
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from synvec import Word2Vec, reference, scan
from synvec.training import first_vectors

TOLERANCE = 2e-5
EFFECT = 100 * TOLERANCE
"""Nothing is said about a setting whose values all give the same vectors."""

_chance = random.Random(4)
CORPUS = [
    _chance.choices("abcdefghijkl", range(12, 0, -1), k=_chance.randint(1, 40)) for _ in range(30)
]
BASE: dict[str, Any] = {
    "vector_size": 9, "min_count": 1, "workers": 1, "sample": 0.05, "alpha": 0.2, "epochs": 2,
    "seed": 5, "compute_loss": True,
}  # fmt: skip


def by_reference(**settings: Any) -> tuple[NDArray[np.float32], float]:
    """The input vectors that plain NumPy ends with, and the loss."""
    settings = BASE | settings
    config = reference.Config(
        **{one.name: settings[one.name] for one in fields(reference.Config) if one.name in settings}
    )
    scanned = scan(CORPUS)
    keys, counts = scanned.vocabulary(1)
    shape = len(keys), settings["vector_size"]
    vectors = np.array(first_vectors(*shape, settings["seed"]))
    outputs = np.zeros(shape, np.float32) if config.negative else None
    nodes = np.zeros(shape, np.float32) if config.hs else None
    ids = np.array(scanned.encode(keys).ids)
    epochs = reference.train(ids, counts, vectors, outputs, nodes, config=config)
    return vectors, sum(epoch.loss for epoch in epochs)


CHANGES: list[dict[str, Any]] = [
    {"sg": 1},
    {"hs": 1},
    {"hs": 1, "negative": 0},
    {"vector_size": 17},
    {"window": 2},
    {"shrink_windows": False},
    {"sample": 0},
    {"sample": 20},  # a count
    {"seed": 6},
    {"alpha": 0.1},
    {"min_alpha": 0.15},
    {"epochs": 4},
    {"negative": 2},
    {"ns_exponent": -1.0},
    {"cbow_mean": 0},
    {"cbow_corrected": True},
    {"shared_negatives": False},
    {"sg": 1, "shared_negatives": False},
]


@pytest.mark.parametrize("change", CHANGES, ids=str)
def test_a_setting_does_what_the_reference_does_by_it(change: dict[str, Any]) -> None:
    model = Word2Vec(CORPUS, **BASE | change)
    vectors, loss = by_reference(**change)
    np.testing.assert_allclose(model.wv.vectors, vectors, rtol=0, atol=TOLERANCE)
    assert model.get_latest_training_loss() == pytest.approx(loss, rel=1e-4)
    without, _ = by_reference(**{name: value for name, value in change.items() if name == "sg"})
    if change != {"sg": 1}:
        assert without.shape != vectors.shape or np.abs(without - vectors).max() > EFFECT


# --- the arguments of train -----------------------------------------------------------------------

WORDS = sum(map(len, CORPUS))


def trained(alpha: float, min_alpha: float, **arguments: Any) -> NDArray[np.float32]:
    """Vectors of a call of `train`, of a model whose own learning rates say nothing."""
    model = Word2Vec(**BASE | {"alpha": 0.3})
    model.build_vocab(CORPUS)
    totals = {"total_words": WORDS, "epochs": 4} | arguments
    model.train(CORPUS, **totals, start_alpha=alpha, end_alpha=min_alpha)
    return model.wv.vectors


def test_a_call_has_learning_rates_of_its_own() -> None:
    model = Word2Vec(CORPUS, **BASE | {"alpha": 0.2, "min_alpha": 0.1, "epochs": 4})
    assert (trained(0.2, 0.1) == model.wv.vectors).all()
    assert np.abs(trained(0.2, 0.0) - model.wv.vectors).max() > EFFECT
    assert np.abs(trained(0.3, 0.1) - model.wv.vectors).max() > EFFECT


@pytest.mark.parametrize(
    "totals",
    [{"total_words": 2 * WORDS}, {"total_words": None, "total_examples": 2 * len(CORPUS)}],
)
def test_the_rate_falls_by_the_totals(totals: dict[str, int | None]) -> None:
    """Half of the words that were announced: the rate is halfway down when all have passed."""
    half = trained(0.2, 0.0, **totals)
    np.testing.assert_allclose(half, trained(0.2, 0.1), rtol=0, atol=TOLERANCE)
    assert np.abs(half - trained(0.2, 0.0)).max() > EFFECT


def test_words_that_passed_before_have_lowered_the_rate() -> None:
    rest = trained(0.2, 0.0, total_words=2 * WORDS, word_count=4 * WORDS)
    np.testing.assert_allclose(rest, trained(0.1, 0.0), rtol=0, atol=TOLERANCE)


@pytest.mark.parametrize("compute_loss", [True, False])
def test_a_call_decides_about_the_loss_itself(compute_loss: bool) -> None:
    model = Word2Vec(CORPUS, **BASE | {"compute_loss": not compute_loss})
    model.train(CORPUS, total_words=WORDS, epochs=1, compute_loss=compute_loss)
    assert (model.get_latest_training_loss() > 0) == compute_loss
    assert (model.history[-1].loss is not None) == compute_loss


# --- what changes no vector -----------------------------------------------------------------------


@pytest.mark.skipif(sys.platform != "linux", reason="counts threads in /proc")
def test_workers_are_threads() -> None:
    corpus = CORPUS * 1000
    slow = {"vector_size": 400, "negative": 20, "sample": 0}  # an epoch outlasts the first report

    def threads(workers: int) -> int:
        counted = []

        def look(report: dict[str, Any]) -> None:
            counted.append(len(list(Path("/proc/self/task").iterdir())))
            raise LookupError("seen")

        model = Word2Vec(**BASE | slow | {"workers": workers})
        model.build_vocab(corpus)
        with pytest.raises(LookupError, match="seen"):
            model.train(corpus, total_words=1000 * WORDS, epochs=1, progress=look)
        return counted[0]

    assert threads(4) == threads(1) + 3


@pytest.mark.skipif(sys.platform != "linux", reason="looks for mapped files in /proc")
def test_ids_beyond_spool_bytes_lie_in_a_file_of_spool_dir(tmp_path: Path) -> None:
    for spool_bytes, is_mapped in ((0, True), (1 << 20, False)):
        model = Word2Vec(**BASE, spool_dir=tmp_path, spool_bytes=spool_bytes)
        model.build_vocab(CORPUS)
        assert (str(tmp_path) in Path("/proc/self/maps").read_text()) == is_mapped
