"""Pictures of words: what is drawn, where, and what is left out."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from synvec import KeyedVectors, Word2Vec
from synvec.projection import principal_components

matplotlib = pytest.importorskip("matplotlib")
matplotlib.use("Agg")

from matplotlib import pyplot  # noqa: E402

WORDS = ["king", "queen", "man", "$x_1$", "<img onerror=alert(1)>", "a" * 5000]


@pytest.fixture
def kv() -> KeyedVectors:
    vectors = np.random.default_rng(3).standard_normal((len(WORDS), 7))
    return KeyedVectors.from_arrays(WORDS, vectors)


@pytest.fixture(autouse=True)
def _closed() -> Iterator[None]:
    yield
    pyplot.close("all")


def _points(axes: Any, which: int) -> np.ndarray:
    return np.asarray(axes.collections[which].get_offsets())


def _texts(axes: Any) -> list[str]:
    return [text.get_text() for text in axes.texts]


def test_a_map_of_some_words(kv: KeyedVectors) -> None:
    axes = kv.plot(["man", "king", "queen"])
    expected = principal_components(kv.vectors[[2, 0, 1]])
    np.testing.assert_allclose(_points(axes, 0), expected.points, rtol=1e-6)
    assert _texts(axes) == ["man", "king", "queen"]
    assert axes.get_xlabel() == f"{expected.explained[0]:.0%} of the variance"
    axes.figure.draw_without_rendering()


def test_a_map_of_the_first_words(kv: KeyedVectors) -> None:
    assert len(_points(kv.plot(), 0)) == len(WORDS)
    many = KeyedVectors.from_arrays([str(n) for n in range(150)], np.eye(150, 8))
    assert len(_points(many.plot(), 0)) == 100


def test_words_are_drawn_as_they_are(kv: KeyedVectors) -> None:
    axes = kv.plot(WORDS[3:])
    assert _texts(axes) == [*WORDS[3:5], "a" * 40 + "…"]
    assert not any(text.get_parse_math() for text in axes.texts)
    axes.figure.draw_without_rendering()


def test_labels_cover_neither_each_other_nor_points() -> None:
    names = [f"word{number}" for number in range(80)]
    vectors = np.random.default_rng(0).standard_normal((80, 3)) + 4
    axes = KeyedVectors.from_arrays(names, vectors).plot()
    labels = _texts(axes)
    assert "word0" in labels and len(labels) < 80 == len(_points(axes, 0))
    boxes = [text.get_window_extent() for text in axes.texts]
    covered = [
        (one, other)
        for one in range(len(boxes))
        for other in range(one)
        if boxes[one].overlaps(boxes[other])
    ]
    assert not covered


def test_a_word_among_its_neighbors(kv: KeyedVectors) -> None:
    axes = kv.plot_neighbors("king", topn=3)
    neighbors = kv.most_similar("king", topn=3)
    lines, others, center = axes.collections
    np.testing.assert_allclose(lines.get_array(), [cosine for _, cosine in neighbors], rtol=1e-6)
    positions = [kv.key_to_index[key] for key in ("king", *(key for key, _ in neighbors))]
    points = principal_components(kv.vectors[positions]).points
    np.testing.assert_allclose(others.get_offsets(), points[1:], rtol=1e-6)
    np.testing.assert_allclose(center.get_offsets(), points[:1], rtol=1e-6)
    ends = np.array([segment[1] for segment in lines.get_segments()])
    np.testing.assert_allclose(ends, points[1:], rtol=1e-6)
    assert _texts(axes)[0] == "king"


def test_axes_of_ones_own(kv: KeyedVectors) -> None:
    _, (left, right) = pyplot.subplots(1, 2)
    assert kv.plot(axes=left) is left
    assert kv.plot_neighbors("king", axes=right) is right


@pytest.mark.parametrize("size", [1, 2])
def test_few_dimensions_and_few_words(size: int) -> None:
    kv = KeyedVectors.from_arrays(["a", "b"], np.arange(1, 1 + 2 * size).reshape(2, size))
    kv.plot(["a"]).figure.draw_without_rendering()
    kv.plot().figure.draw_without_rendering()
    kv.plot_neighbors("a").figure.draw_without_rendering()


def test_bad_input(kv: KeyedVectors) -> None:
    with pytest.raises(KeyError, match="quen"):
        kv.plot(["king", "quen"])
    with pytest.raises(TypeError, match="put it in a list"):
        kv.plot("king")
    with pytest.raises(ValueError, match="there is no word"):
        kv.plot([])
    with pytest.raises(ValueError, match="there is no word"):
        KeyedVectors(3).plot()
    with pytest.raises(ValueError, match="topn is 0"):
        kv.plot_neighbors("king", topn=0)


def test_without_matplotlib(kv: KeyedVectors, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "matplotlib.pyplot", None)
    with pytest.raises(ImportError, match=r"pip install synvec\[viz\]"):
        kv.plot()


def test_the_history_of_a_model() -> None:
    model = Word2Vec([["a", "b", "c"]] * 20, vector_size=4, min_count=1, compute_loss=True)
    axes = model.plot_history()
    assert len(axes.lines[0].get_xdata()) == len(model.history) == 5
    assert model.plot_history(axes=axes) is axes
