"""What a model thinks of words in their context."""

import signal
import sys
import time
from typing import Any

import numpy as np
import pytest

from synvec import Word2Vec, reference

CORPUS = [["a", "b", "c", "a"], ["b", "a", "d"], ["d", "c"]] * 30


def trained(**options: Any) -> Word2Vec:
    settings = {"vector_size": 5, "min_count": 1, "seed": 3, "workers": 1, "alpha": 0.2, **options}
    return Word2Vec(CORPUS, **settings)


# --- the next word -------------------------------------------------------------------------------


@pytest.mark.parametrize("mean", [0, 1])
def test_a_softmax_over_all_words(mean: int) -> None:
    model = trained(cbow_mean=mean)
    hidden = model.wv["a"] + model.wv["c"]
    exponentials = np.exp(model.syn1neg @ (hidden / 2 if mean else hidden))
    expected = dict(zip(model.wv.index_to_key, exponentials / exponentials.sum(), strict=True))
    found = model.predict_output_word(["a", "unknown", "c"], topn=None)
    assert found is not None
    assert dict(found) == pytest.approx(expected, rel=1e-5)
    assert [p for _, p in found] == sorted((p for _, p in found), reverse=True)
    assert model.predict_output_word([0, "c"], topn=1) == model.predict_output_word(
        [model.wv.index_to_key[0], "c"], topn=1
    )


def test_contexts_that_say_nothing() -> None:
    model = trained()
    assert model.predict_output_word(["unknown"]) is None
    assert model.predict_output_word([]) is None
    with pytest.raises(TypeError, match="not the string 'a b'; split it"):
        model.predict_output_word("a b")
    with pytest.raises(RuntimeError, match="train with negative > 0"):
        trained(hs=1, negative=0).predict_output_word(["a"])
    with pytest.raises(RuntimeError, match="no vocabulary"):
        Word2Vec().predict_output_word(["a"])


# --- whole sentences -----------------------------------------------------------------------------


def plain_score(model: Word2Vec, sentence: list[str]) -> float:
    """The definition, word by word."""
    assert model.wv.counts is not None
    tree = reference.huffman_paths(model.wv.counts)
    words = [model.wv.get_index(word) for word in sentence if model.wv.has_index_for(word)]
    total = 0.0
    for at, center in enumerate(words):
        contexts = words[max(0, at - model.window) : at] + words[at + 1 : at + 1 + model.window]
        rows = model.wv.vectors[contexts].astype(np.float64)
        hidden = list(rows)
        if not model.sg:
            hidden = [rows.mean(axis=0) if model.cbow_mean and contexts else rows.sum(axis=0)]
        for vector in hidden:
            turns = tree[center]
            towards = (model.syn1[turns.rows] @ vector) * (2 * turns.labels - 1)
            total -= float(np.logaddexp(0, -towards).sum())
    return total


@pytest.mark.parametrize("options", [{"sg": 1}, {"sg": 0}, {"sg": 0, "cbow_mean": 0}])
@pytest.mark.parametrize("workers", [1, 3])
def test_scores_are_the_definition(options: dict[str, int], workers: int) -> None:
    model = trained(hs=1, negative=0, window=2, workers=workers, **options)
    sentences = [["a", "b", "c"], ["d"], [], ["a", "unknown", "d", "a", "c"], ["c"] * 9] * 40
    found = model.score(sentences)
    assert found.dtype == np.float32 and found.shape == (200,)
    expected = [plain_score(model, sentence) for sentence in sentences]
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)
    assert found[2] == 0


def test_likelier_sentences_score_higher() -> None:
    corpus = [["red", "apple"], ["blue", "sky"]] * 200
    model = Word2Vec(corpus, hs=1, negative=0, sg=1, vector_size=8, min_count=1, alpha=0.1, seed=1)
    right, wrong = model.score([["red", "apple"], ["red", "sky"]])
    assert right > wrong


def test_scores_that_cannot_be_had() -> None:
    model = trained(hs=1, negative=0)
    assert model.score([]).shape == (0,)
    assert model.score(iter([["a", "b"]])).shape == (1,)
    with pytest.raises(TypeError, match="not the string 'a b'; split it"):
        model.score(["a b"])
    with pytest.raises(ValueError, match="more than total_sentences=1"):
        model.score([["a"], ["b"]], total_sentences=1)
    with pytest.raises(RuntimeError, match="hs=1, negative=0"):
        trained().score([["a"]])
    with pytest.raises(RuntimeError, match="no vocabulary"):
        Word2Vec(hs=1, negative=0).score([["a"]])


def test_a_score_is_finite_however_sure_the_model_is() -> None:
    model = Word2Vec(
        [["a", "b"]] * 3, vector_size=4, min_count=1, hs=1, negative=0, epochs=1, workers=1
    )
    model.wv.vectors[:] = 40
    model.syn1[:] = -40
    scores = model.score([["a", "b"], ["b", "a"]])
    assert np.isfinite(scores).all()
    assert scores.min() <= -6400


@pytest.mark.skipif(sys.platform == "win32", reason="signals are POSIX")
@pytest.mark.parametrize("window", [5, None])
def test_scoring_one_endless_sentence_stops_on_request(window: int | None) -> None:
    """A block is 64 sentences; nobody waits for the end of one."""
    words = ["a", "b", "c", "d"]
    model = Word2Vec(
        [words] * 3, vector_size=400, min_count=1, hs=1, negative=0, epochs=1, window=window
    )
    sentence = words * (200_000 if window else 10_000)
    alarm = signal.signal(signal.SIGALRM, signal.default_int_handler)
    try:
        begin = time.monotonic()
        signal.setitimer(signal.ITIMER_REAL, 1.0)
        with pytest.raises(KeyboardInterrupt):
            model.score([sentence] * 3)
        assert time.monotonic() - begin < 2.5
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, alarm)
    assert model.score([words])[0] < 0


@pytest.mark.parametrize(("topn", "found"), [(0, 0), (-1, 0), (1, 1), (99, 3), (None, 3)])
def test_how_many_words_are_predicted(topn: int | None, found: int) -> None:
    model = Word2Vec([["a", "b", "c"]] * 3, vector_size=4, min_count=1, epochs=1)
    assert len(model.predict_output_word(["a"], topn=topn) or []) == found
