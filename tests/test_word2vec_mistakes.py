"""Word2Vec asked for what can't be: each mistake has its error, and says what to do."""

from typing import Any

import numpy as np
import pytest

from synvec import KeyedVectors, Word2Vec
from tests.test_word2vec import FRUIT, trained


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"vector_size": 0}, "vector_size must be from 1"),
        ({"window": -1}, "window must not be negative"),
        ({"alpha": -0.1}, "alpha must be 0 or more"),
        ({"workers": 0}, "workers must be from 1"),
        ({"epochs": 0}, "epochs must be from 1"),
        ({"negative": 0}, "nothing to train"),
        ({"sample": float("nan")}, "sample must be a finite number"),
        ({"seed": -1}, "seed must be 0 or more, not -1"),
    ],
)
def test_arguments_out_of_range_are_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        Word2Vec(**arguments)


def test_training_needs_a_vocabulary_epochs_and_a_total():
    model = Word2Vec(min_count=1)
    with pytest.raises(RuntimeError, match="must first build vocabulary before training the model"):
        model.train(FRUIT, total_examples=3, epochs=1)
    model.build_vocab(FRUIT)
    with pytest.raises(ValueError, match="epochs"):
        model.train(FRUIT, total_examples=3)
    with pytest.raises(ValueError, match="total_examples or total_words"):
        model.train(FRUIT, epochs=1)
    with pytest.raises(ValueError, match="no words by total_examples and total_words"):
        model.train(FRUIT, total_examples=0, epochs=1)
    with pytest.raises(TypeError, match=r"Word2Vec\.train got .* did you mean 'total_examples'\?"):
        model.train(FRUIT, total_exmaples=3, epochs=1)


def test_a_corpus_without_a_known_word_is_passed_and_told_of():
    model = trained(FRUIT, epochs=1)
    with pytest.warns(UserWarning, match="none of the 4 words of the corpus is in the vocabulary"):
        passed = model.train([["sun", "moon"]] * 2, total_examples=2, epochs=3)
    assert passed == (0, 12)


def test_training_that_diverges_is_an_error():
    with pytest.raises(FloatingPointError, match="of vectors is NaN or infinite after epoch"):
        trained(alpha=1e30, epochs=3)
    with pytest.raises(FloatingPointError, match="after epoch 1 of 1; try a lower alpha than"):
        trained(alpha=1e30, callbacks=[lambda model: True])


def test_no_words_say_what_to_change():
    with pytest.raises(RuntimeError, match="must first build vocabulary before training the model"):
        Word2Vec([])
    with pytest.raises(RuntimeError, match="min_count"):
        Word2Vec(FRUIT, min_count=100)


def test_both_corpora_at_once_are_refused(tmp_path):
    path = tmp_path / "corpus.txt"
    path.write_text("a b\n")
    with pytest.raises(TypeError, match="corpus_file"):
        Word2Vec(FRUIT, corpus_file=path, min_count=1)


@pytest.mark.parametrize("owner", [Word2Vec(), KeyedVectors(2)])
def test_arguments_about_pickles_are_refused_with_the_reason(owner, tmp_path):
    with pytest.raises(TypeError, match=r"save got .*'pickle_protocol'; that is about gensim's"):
        owner.save(tmp_path / "saved.kv", pickle_protocol=4)


@pytest.mark.parametrize("name", ["cum_table", "create_binary_tree", "update_weights"])
def test_names_of_steps_within_the_core_say_what_makes_them(name):
    with pytest.raises(AttributeError, match=f"{name} is a step of build_vocab"):
        getattr(Word2Vec(), name)


def test_what_a_model_cannot_begin_with():
    model = trained(FRUIT, epochs=1)
    with pytest.raises(TypeError, match=r"expected a KeyedVectors; KeyedVectors\.load\(path\)"):
        model.init_from("vectors.kv")
    with pytest.raises(TypeError, match="other_model is str 'other', expected a Word2Vec"):
        model.reset_from("other")
    with pytest.raises(TypeError, match="a context is int 3, expected a list of words"):
        model.predict_output_word(3)
    with pytest.raises(TypeError, match=r"topn is float 1\.5"):
        model.predict_output_word(["red"], topn=1.5)


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"start_alpha": "x"}, TypeError, "^start_alpha is str 'x', expected a number"),
        ({"start_alpha": -1}, ValueError, "^start_alpha must be a finite number, 0 or more"),
        ({"end_alpha": float("nan")}, ValueError, "^end_alpha must be a finite number, 0 or more"),
        ({"epochs": 1.5}, TypeError, "epochs is float 1.5, expected a whole number"),
        ({"total_words": 2**62, "epochs": 99}, ValueError, "total_words times epochs must be less"),
        ({"compute_loss": "yes"}, TypeError, "compute_loss is str 'yes', expected 0 or 1"),
    ],
)
def test_arguments_of_train_are_told_by_their_own_names(
    arguments: dict[str, Any], error: type[Exception], message: str
) -> None:
    model = trained(FRUIT, epochs=1)
    before = model.wv.vectors.copy()
    with pytest.raises(error, match=message):
        model.train(FRUIT, **{"total_examples": 3, "epochs": 1} | arguments)
    assert (model.wv.vectors == before).all() and len(model.history) == 1


def test_small_integers_of_numpy_do_not_overflow() -> None:
    model = trained([["a", "b"]] * 100, epochs=1)
    assert model.train([["a", "b"]] * 100, total_words=200, epochs=np.int8(3)) == (600, 600)


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"sample": -1}, ValueError, "sample must be a finite number, 0 or more, not -1"),
        ({"sample": float("inf")}, ValueError, "sample must be a finite number"),
        ({"sample": "x"}, TypeError, "sample is str 'x', expected a number"),
        ({"min_count": "x"}, TypeError, "min_count is str 'x', expected a whole number"),
    ],
)
def test_settings_of_prepare_vocab_are_looked_at_before_they_are_taken(
    arguments: dict[str, Any], error: type[Exception], message: str
) -> None:
    model = Word2Vec(min_count=1, vector_size=4)
    model.scan_vocab(FRUIT)
    with pytest.raises(error, match=message):
        model.prepare_vocab(**arguments)
    assert (model.sample, model.min_count, len(model.wv)) == (1e-3, 1, 0)


def test_what_cannot_be_scored_or_estimated() -> None:
    model = trained(FRUIT, epochs=1, hs=1, negative=0)
    with pytest.raises(TypeError, match="sentences are int 5, expected lists of words"):
        model.score(5)
    with pytest.raises(TypeError, match="total_sentences is str 'x', expected a whole number"):
        model.score(FRUIT, total_sentences="x")
    with pytest.raises(ValueError, match="vocab_size must be 0 or more, not -1"):
        model.estimate_memory(-1)
