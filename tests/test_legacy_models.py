"""Older names of Word2Vec: what each gives, sets or hints at."""

import copy
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from synvec import KeyedVectors, Word2Vec, legacy
from synvec.legacy import warning
from tests.older_names import (
    FRUIT,
    fruit_model,
    once,
    write_questions,
)

pytestmark = pytest.mark.usefixtures("nothing_warned_yet")


@pytest.fixture
def model() -> Word2Vec:
    return fruit_model()


@pytest.fixture
def questions(tmp_path: Path) -> Path:
    return write_questions(tmp_path)


def test_words_by_subscript(model: Word2Vec) -> None:
    vector = once(lambda: model["apple"], "Word2Vec[word] is a name from before gensim 4: use wv[")
    np.testing.assert_array_equal(vector, model.wv["apple"])
    assert model[["apple", "pie"]].shape == (2, 8)
    with pytest.raises(KeyError, match="appel"):
        model["appel"]
    assert once(lambda: "apple" in model, "use word in wv") is True
    assert "appel" not in model


def test_a_model_is_no_sequence(model: Word2Vec) -> None:
    with pytest.raises(TypeError, match="not iterable"):
        iter(model)
    assert np.asarray(model, dtype=object).shape == ()


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("most_similar", ("red",)),
        ("most_similar_cosmul", ("red", "pie")),
        ("similar_by_word", ("red",)),
        ("similar_by_vector", (np.ones(8),)),
        ("similarity", ("red", "pie")),
        ("n_similarity", (["red"], ["pie", "apple"])),
        ("doesnt_match", (["red", "pie", "apple"],)),
        ("log_accuracy", ({"section": "none", "correct": [], "incorrect": []},)),
        ("log_evaluate_word_pairs", ((0.5, 0.1), (0.5, 0.1), 0.0, "pairs.tsv")),
    ],
)
def test_questions_go_to_wv(model: Word2Vec, name: str, arguments: tuple[Any, ...]) -> None:
    answer = once(lambda: getattr(model, name)(*arguments), f"Word2Vec.{name} is a name from")
    assert answer == getattr(model.wv, name)(*arguments)
    warning._warned.clear()
    once(lambda: getattr(model, name), f"use wv.{name}")


def test_evaluation_and_files_go_to_wv(model: Word2Vec, questions: Path, tmp_path: Path) -> None:
    sections = once(lambda: model.accuracy(questions), "use wv.evaluate_word_analogies")
    assert [section["section"] for section in sections] == ["royals", "total"]
    pairs = tmp_path / "pairs.tsv"
    pairs.write_text("red\tapple\t3\nred\tpie\t2\npie\ttree\t1\n")
    scores = once(lambda: model.evaluate_word_pairs(pairs), "use wv.evaluate_word_pairs")
    assert scores == model.wv.evaluate_word_pairs(pairs)
    path = tmp_path / "words.bin"
    once(lambda: model.save_word2vec_format(path, binary=True), "use wv.save_word2vec_format")
    loaded = once(
        lambda: Word2Vec.load_word2vec_format(path, binary=True).vectors,
        "use KeyedVectors.load_word2vec_format",
    )
    np.testing.assert_array_equal(loaded, model.wv.vectors)


@pytest.mark.parametrize("name", ["wmdistance", "intersect_word2vec_format"])
def test_names_go_to_wv_as_soon_as_it_has_them(
    model: Word2Vec, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setattr(KeyedVectors, name, lambda self, *args: args, raising=False)
    assert once(lambda: getattr(model, name)(1, 2), f"use wv.{name}") == (1, 2)


def test_vocab_of_a_model(model: Word2Vec) -> None:
    vocab = once(lambda: model.vocab, "use wv.key_to_index, and wv.get_vecattr")
    assert {word: v.count for word, v in vocab.items()} == {
        "red": 10, "apple": 10, "pie": 10, "green": 5, "tree": 5, "cherry": 5,
    }  # fmt: skip
    words = once(lambda: model.index2word, "use wv.index_to_key")
    assert [vocab[word].index for word in words] == list(range(6))
    with pytest.raises(AttributeError, match="from_arrays"):
        model.index2word = []


@pytest.mark.parametrize(
    ("sample", "kept"),
    [
        (0, 1.0),
        (0.9, 1.0),
        (0.01, (np.sqrt(10 / 0.45) + 1) * 0.45 / 10),
        (1, (np.sqrt(10 / 2) + 1) * 2 / 10),
        (10, 1.0),
    ],
)
def test_sample_int_is_the_share_that_subsampling_keeps(
    model: Word2Vec, sample: float, kept: float
) -> None:
    vocab = legacy.VocabView(model.wv, sample)  # 45 words, "apple" 10 times
    assert vocab["apple"].sample_int == int(kept * 2**32)


def test_iter_is_epochs(model: Word2Vec) -> None:
    assert once(lambda: model.iter, "Word2Vec.iter is a name from before gensim 4: use epochs") == 2
    warning._warned.clear()
    once(lambda: setattr(model, "iter", 7), "use epochs")
    assert model.epochs == model.iter == 7
    assert "iter" not in vars(model)


@pytest.mark.parametrize("part", ["trainables", "vocabulary"])
def test_parts_of_a_model_are_the_model(model: Word2Vec, part: str) -> None:
    whole = once(lambda: getattr(model, part).syn1neg, f"Word2Vec.{part} is a name from")
    assert whole is model.syn1neg
    parts = getattr(model, part)
    parts.min_alpha = 0.001
    assert (model.min_alpha, parts.sample, parts.layer1_size) == (0.001, 1e-3, 8)
    assert parts.vectors_lockf is model.wv.vectors_lockf
    with pytest.raises(AttributeError, match="'Word2Vec' object has no attribute 'syn7'"):
        _ = parts.syn7
    for twin in (copy.copy(parts), copy.deepcopy(parts), pickle.loads(pickle.dumps(parts))):
        assert twin.epochs == 2


def test_clearing_up(model: Word2Vec) -> None:
    model.wv.fill_norms()
    once(lambda: model.clear_sims(), "use wv.norms = None")
    assert model.wv.norms is None
    once(lambda: model.delete_temporary_training_data(), "use wv alone")
    assert not np.allclose(np.linalg.norm(model.wv.vectors, axis=1), 1)
    model.delete_temporary_training_data(replace_word_vectors_with_normalized=True)
    np.testing.assert_allclose(np.linalg.norm(model.wv.vectors, axis=1), 1, rtol=1e-6)
    model.train(FRUIT, total_examples=15, epochs=1)


@pytest.mark.parametrize(
    ("name", "hint"),
    [("docvecs", "get_mean_vector"), ("syn1", r"hs=1")],
)
def test_what_a_model_does_not_have_gives_a_hint(model: Word2Vec, name: str, hint: str) -> None:
    with pytest.raises(AttributeError, match=hint):
        getattr(model, name)
    assert not hasattr(model, name)


def test_locks_by_their_older_name(model: Word2Vec) -> None:
    locks = once(lambda: model.syn0_lockf, "use wv.vectors_lockf")
    assert locks.tolist() == [1]
    model.syn0_lockf = np.zeros(len(model.wv), np.float32)
    before = model.wv.vectors.copy()
    model.train(FRUIT, total_examples=15, epochs=1)
    assert (model.wv.vectors == before).all()
    model.syn0_lockf = np.ones(1, np.float32)
    model.train(FRUIT, total_examples=15, epochs=1)
    assert (model.wv.vectors != before).any()
