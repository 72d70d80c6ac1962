"""Whole sentences as windows, and CBOW's two gradients."""

import itertools
import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from synvec import Word2Vec


def baskets(count: int, seed: int) -> list[list[str]]:
    """Baskets of 12 to 40 items out of one of four groups, in any order."""
    chance = random.Random(seed)
    items = [[f"{group}{n}" for n in range(40)] for group in "abcd"]
    return [chance.sample(items[n % 4], chance.randint(12, 40)) for n in range(count)]


def test_all_other_words_are_contexts() -> None:
    """One epoch of a basket: as with a window that reaches every word and is never shrunk."""
    settings: dict[str, Any] = {
        "vector_size": 6, "min_count": 1, "sg": 1, "seed": 2, "workers": 1, "epochs": 3,
    }  # fmt: skip
    corpus = baskets(20, seed=1)
    whole = Word2Vec(corpus, window=None, **settings)
    wide = Word2Vec(corpus, window=1_000_000, shrink_windows=False, **settings)
    assert (whole.wv.vectors == wide.wv.vectors).all()
    narrow = Word2Vec(corpus, window=5, **settings)
    assert (whole.wv.vectors != narrow.wv.vectors).any()


@pytest.mark.parametrize("sg", [0, 1])
def test_baskets_group_their_items(sg: int) -> None:
    model = Word2Vec(
        baskets(400, seed=3), window=None, sg=sg, vector_size=16, min_count=1, epochs=20, seed=1,
        sample=0,
    )  # fmt: skip
    within, across = [], []
    words = model.wv.index_to_key
    for one, other in itertools.combinations(words, 2):
        (within if one[0] == other[0] else across).append(model.wv.similarity(one, other))
    assert np.mean(within) > np.mean(across) + 0.5


def test_a_model_of_whole_sentences_is_saved(tmp_path: Path) -> None:
    model = Word2Vec(baskets(10, seed=1), window=None, vector_size=4, min_count=1, epochs=1)
    model.save(tmp_path / "m.kv")
    again = Word2Vec.load(tmp_path / "m.kv")
    assert again.window is None
    again.train(baskets(10, seed=1), total_examples=10, epochs=1)


@pytest.mark.parametrize("mean", [0, 1])
def test_the_true_gradient_differs_where_there_are_several_contexts(mean: int) -> None:
    """Of one context the mean, the sum and both gradients are the same."""

    def trained(corpus: list[list[str]], corrected: bool) -> Word2Vec:
        return Word2Vec(
            corpus,
            cbow_mean=mean,
            cbow_corrected=corrected,
            vector_size=4,
            min_count=1,
            workers=1,
            sample=0,
        )

    pairs = [["a", "b"], ["c", "d"], ["a", "d"]] * 20
    assert (trained(pairs, True).wv.vectors == trained(pairs, False).wv.vectors).all()
    triples = [["a", "b", "c"], ["c", "d", "a"]] * 20
    assert (trained(triples, True).wv.vectors != trained(triples, False).wv.vectors).any()


def test_a_text_on_one_line_is_no_basket() -> None:
    model = Word2Vec(window=None, min_count=1, vector_size=2, negative=1, epochs=1)
    line = [["a", "b"] * 5_001]
    model.build_vocab(line)

    def stop(report: object) -> None:
        raise KeyboardInterrupt  # it would take long

    with (
        pytest.warns(UserWarning, match="a sentence has 10,002 words on average"),
        pytest.raises(KeyboardInterrupt),
    ):
        model.train(line, total_examples=1, epochs=1, progress=stop)
