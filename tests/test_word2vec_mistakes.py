"""Word2Vec asked for what can't be: each mistake has its error, and says what to do."""

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
