"""Older names of KeyedVectors: what each gives, sets or hints at."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest

from synvec import KeyedVectors, legacy
from tests.older_names import (
    KEYS,
    ROWS,
    once,
    three_keys,
    write_questions,
)

pytestmark = pytest.mark.usefixtures("nothing_warned_yet")


@pytest.fixture
def kv() -> KeyedVectors:
    return three_keys()


@pytest.fixture
def questions(tmp_path: Path) -> Path:
    return write_questions(tmp_path)


def test_vocab_is_a_mapping_over_the_store(kv: KeyedVectors) -> None:
    vocab = once(lambda: kv.vocab, "KeyedVectors.vocab is a name from before gensim 4: use key_to_")
    assert isinstance(vocab, Mapping)
    assert (list(vocab), len(vocab), "port" in vocab, "month" in vocab) == (KEYS, 3, True, False)
    assert [(word, v.count, v.index) for word, v in vocab.items()] == [
        ("socket", 9, 0), ("port", 5, 1), ("year", 1, 2),
    ]  # fmt: skip
    assert sorted(vocab, key=lambda word: vocab[word].count) == KEYS[::-1]
    assert max(vocab.values()).index == 0
    assert repr(vocab["port"]) == "Vocab(count=5, index=1)"
    assert "3 keys" in repr(vocab)
    assert vocab.get("month") is None
    with pytest.raises(KeyError, match="month"):
        vocab["month"]
    with pytest.raises(TypeError):
        vocab["month"] = legacy.Vocab(count=1)
    kv.add_vector("month", [1, 1])
    assert vocab["month"].index == 3


def test_counts_of_the_vocab_can_be_set_and_nothing_else(kv: KeyedVectors) -> None:
    vocab = legacy.VocabView(kv)
    vocab["year"].count = 12
    assert kv.counts is not None
    assert kv.counts.tolist() == [9, 5, 12]
    with pytest.raises(AttributeError):
        vocab["year"].index = 0
    with pytest.raises(AttributeError, match=r"model\.vocab"):
        _ = vocab["year"].sample_int


def test_unknown_counts_fall_as_in_gensim() -> None:
    vocab = legacy.VocabView(KeyedVectors.from_arrays(KEYS, ROWS))
    assert [vocab[key].count for key in KEYS] == [3, 2, 1]


def test_a_vocab_of_ones_own() -> None:
    one, other = legacy.Vocab(count=2, index=5), legacy.CompatVocab(count=3)
    one.count += 2
    assert other < one
    assert (repr(one), legacy.Vocab().count) == ("Vocab(count=4, index=5)", 0)


@pytest.mark.parametrize("name", ["index2word", "index2entity"])
def test_index2word(kv: KeyedVectors, name: str) -> None:
    message = f"KeyedVectors.{name} is a name from before gensim 4: use index_to_key"
    assert once(lambda: getattr(kv, name), message) == KEYS


def test_vectors_norm_is_made_of_the_raw_vectors(kv: KeyedVectors) -> None:
    unit = once(lambda: kv.vectors_norm, "use get_normed_vectors()")
    np.testing.assert_array_equal(unit, kv.get_normed_vectors())
    np.testing.assert_array_equal(kv.vectors, ROWS)


def test_wv_of_vectors_is_themselves(kv: KeyedVectors) -> None:
    assert once(lambda: kv.wv, "use the KeyedVectors itself") is kv


def test_methods(kv: KeyedVectors) -> None:
    word_vec = once(lambda: kv.word_vec, "use get_vector")
    np.testing.assert_array_equal(word_vec("socket"), [3, 4])
    np.testing.assert_allclose(word_vec("socket", use_norm=True), [0.6, 0.8])
    np.testing.assert_allclose(word_vec("socket", norm=True), [0.6, 0.8])
    closer = once(lambda: kv.words_closer_than("socket", "year"), "use closer_than")
    assert closer == ["port"]


def test_add(kv: KeyedVectors) -> None:
    once(lambda: kv.add(["month", "year"], [[1, 1], [7, 7]]), "use add_vectors")
    np.testing.assert_array_equal(kv[["month", "year"]], [[1, 1], [-1, 1]])
    kv.add("year", [7, 7], replace=True)
    np.testing.assert_array_equal(kv["year"], [7, 7])


def test_accuracy(questions: Path) -> None:
    rows = [[1, 0, 0], [1, 1, 0], [1, 0, 1], [1, 1, 1]]
    kv = KeyedVectors.from_arrays(["man", "king", "woman", "queen"], rows)
    right = [("MAN", "KING", "WOMAN", "QUEEN")]
    expected = [
        {"section": name, "correct": right, "incorrect": []} for name in ("royals", "total")
    ]
    assert once(lambda: kv.accuracy(questions), "use evaluate_word_analogies") == expected
    assert kv.accuracy(questions, 0, KeyedVectors.most_similar_cosmul)[-1] == expected[-1]
    assert kv.accuracy(questions, case_insensitive=False)[0]["correct"][0][0] == "man"
    with pytest.raises(ValueError, match="expected 'most_similar' or"):
        kv.accuracy(questions, most_similar=sorted)


@pytest.mark.parametrize("name", ["vocab", "index2word", "index2entity"])
def test_keys_are_not_set_by_halves(kv: KeyedVectors, name: str) -> None:
    with pytest.raises(AttributeError, match=rf"{name} can't be set .* KeyedVectors\.from_arrays"):
        setattr(kv, name, {})
    assert list(kv.index_to_key) == KEYS


def test_setting_vectors_norm_can_only_forget(kv: KeyedVectors) -> None:
    kv.fill_norms()
    kv.vectors[0] = [30, 40]

    def forget() -> None:
        kv.vectors_norm = None

    once(forget, "KeyedVectors.vectors_norm is a name from before gensim 4: use norms = None")
    assert kv.norms is None
    with pytest.raises(AttributeError, match=r"init_sims\(replace=True\)"):
        kv.vectors_norm = ROWS


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("get_keras_embedding", r"keras\.layers\.Embedding"),
        ("similarity_matrix", "SparseTermSimilarityMatrix"),
        ("syn1neg", "load or train a Word2Vec"),
    ],
)
def test_what_is_not_there_gives_a_hint(kv: KeyedVectors, name: str, hint: str) -> None:
    with pytest.raises(AttributeError, match=hint):
        getattr(kv, name)
    assert not hasattr(kv, name)


def test_documents_are_not_compared(kv: KeyedVectors) -> None:
    with pytest.raises(NotImplementedError, match="n_similarity"):
        kv.similarity_unseen_docs(["a"], ["b"])
