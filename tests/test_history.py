"""What came of each epoch: numbers, a table, a plot."""

import pickle

import pytest

from synvec import Epoch, History, Word2Vec

CORPUS = [["a", "b", "c", "a"], ["b", "a", "d"]] * 50
FIRST = Epoch(raw_words=2_000_000, trained_words=500_000, loss=1_000_000.0, seconds=2.0)
SECOND = Epoch(raw_words=2_000_000, trained_words=500_000, loss=750_000.0, seconds=0.0)


def test_rates_and_means() -> None:
    assert FIRST.raw_words_per_second == 1e6
    assert FIRST.trained_words_per_second == 2.5e5
    assert FIRST.loss_per_word == 2.0
    assert SECOND.raw_words_per_second == SECOND.trained_words_per_second == 0
    assert Epoch(1, 1, None, 1.0).loss_per_word is None
    assert Epoch(1, 0, 0.0, 1.0).loss_per_word == 0


def test_a_table() -> None:
    assert repr(History([FIRST, SECOND])).splitlines() == [
        "epoch      words  trained  seconds    words/s         loss  loss/word",
        "    1  2,000,000  500,000      2.0  1,000,000  1,000,000.0      2.000",
        "    2  2,000,000  500,000      0.0          0    750,000.0      1.500",
    ]
    assert "<td>1.500</td>" in History([SECOND])._repr_html_()
    assert len(repr(History()).splitlines()) == 1


def test_a_list_like_any_other() -> None:
    history = History([FIRST])
    assert history == [FIRST] and history[-1] is FIRST
    assert pickle.loads(pickle.dumps(history)) == history


def test_a_model_has_one() -> None:
    model = Word2Vec(CORPUS, vector_size=4, min_count=1, epochs=3, compute_loss=True, alpha=0.2)
    assert isinstance(model.history, History) and len(model.history) == 3
    losses = [epoch.loss_per_word for epoch in model.history]
    assert all(loss is not None and 0 < loss < 60 for loss in losses)


@pytest.mark.parametrize("options", [{"sg": 1}, {"sg": 0}, {"sg": 1, "hs": 1, "negative": 0}])
@pytest.mark.parametrize("shared", [True, False])
def test_the_loss_counts_every_example_once(options: dict[str, int], shared: bool) -> None:
    """Where nothing is learnt the loss depends on the draws alone, not on who trains what."""
    losses = []
    for workers in (1, 2, 5):
        model = Word2Vec(
            CORPUS * 100, vector_size=4, min_count=1, epochs=1, compute_loss=True, alpha=0,
            min_alpha=0, workers=workers, shared_negatives=shared, **options,
        )  # fmt: skip
        losses.append(model.get_latest_training_loss())
    assert losses[0] > 0
    assert losses[1:] == pytest.approx(losses[:1] * 2, rel=1e-9)


def test_a_plot() -> None:
    pyplot = pytest.importorskip("matplotlib.pyplot")
    pyplot.switch_backend("agg")
    axes = History([FIRST, SECOND]).plot()
    assert axes.lines[0].get_ydata().tolist() == [2.0, 1.5]
    assert axes.get_ylabel() == "loss of a word, nats"
    speeds = History([Epoch(10, 5, None, 2.0)]).plot()
    assert speeds.lines[0].get_ydata().tolist() == [5.0]
    own = pyplot.figure().add_subplot()
    assert History([FIRST]).plot(own) is own
    pyplot.close("all")
