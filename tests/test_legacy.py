"""Names from before gensim 4: each works, warns once, and today's names never do."""

import copy
import pickle
import subprocess
import sys
import textwrap
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import synvec.keyed_vectors
from synvec import KeyedVectors, Word2Vec, legacy

KEYS = ["socket", "port", "year"]
ROWS = np.array([[3, 4], [4, 3], [-1, 1]], dtype=np.float32)
FRUIT = [["red", "apple", "pie"], ["green", "apple", "tree"], ["red", "cherry", "pie"]] * 5
SETTINGS: dict[str, Any] = {"vector_size": 8, "min_count": 1, "workers": 1, "epochs": 2}


@pytest.fixture(autouse=True)
def _nothing_warned_yet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(legacy, "_warned", set())


@pytest.fixture
def kv() -> KeyedVectors:
    return KeyedVectors.from_arrays(KEYS, ROWS.copy(), counts=[9, 5, 1])


@pytest.fixture
def model() -> Word2Vec:
    return Word2Vec(FRUIT, **SETTINGS)


@pytest.fixture
def questions(tmp_path: Path) -> Path:
    path = tmp_path / "questions.txt"
    path.write_text(": royals\nman king woman queen\n")
    return path


def once(use: Callable[[], Any], message: str) -> Any:
    """Call twice; expect the same value, and one warning that shows the line of this file."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        value, again = use(), use()
    assert [(w.category, w.filename) for w in caught] == [(DeprecationWarning, __file__)], caught
    assert message in str(caught[0].message)
    if not callable(value):
        np.testing.assert_equal(again, value)
    return value


# --- KeyedVectors ---------------------------------------------------------------------------------


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


# --- Word2Vec -------------------------------------------------------------------------------------


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
    legacy._warned.clear()
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
    legacy._warned.clear()
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


# --- Arguments ------------------------------------------------------------------------------------


@pytest.mark.parametrize(("old", "new"), [("size", "vector_size"), ("iter", "epochs")])
def test_older_arguments(old: str, new: str) -> None:
    got = once(lambda: getattr(Word2Vec(**{old: 6}), new), f"Word2Vec({old}=...) is a name from")
    assert got == 6
    legacy._warned.clear()
    once(lambda: getattr(Word2Vec(**{old: 6}), new), f"use {new}=...")


def test_two_names_of_one_argument_are_an_error() -> None:
    with pytest.raises(TypeError, match="size=5 and vector_size=6, two names of one argument"):
        Word2Vec(size=5, vector_size=6)
    with pytest.raises(TypeError, match="iter=5 and epochs=5"):
        Word2Vec(iter=5, epochs=5)
    with pytest.warns(DeprecationWarning), pytest.raises(TypeError, match="vector_size"):
        Word2Vec(None, None, 5, size=5)
    with pytest.raises(TypeError, match="unexpected keyword argument 'sise'"):
        Word2Vec(sise=5)


def test_an_older_argument_counts_as_given_beside_a_preset() -> None:
    with pytest.warns(DeprecationWarning, match="size"):
        assert Word2Vec(preset="quality", size=7).vector_size == 7


def test_sentences_in_the_two_step_way() -> None:
    model = Word2Vec(**SETTINGS)
    once(lambda: model.build_vocab(sentences=FRUIT), "use corpus_iterable=...")
    once(
        lambda: model.train(sentences=FRUIT, total_examples=15, epochs=1)[1],
        "Word2Vec.train(sentences=...) is a name from",
    )
    with pytest.raises(TypeError, match="two names"):
        model.train(sentences=FRUIT, corpus_iterable=FRUIT, total_examples=15, epochs=1)


# --- Classes --------------------------------------------------------------------------------------


@pytest.mark.parametrize("module", [legacy, synvec.keyed_vectors])
@pytest.mark.parametrize(
    "name",
    [
        "Word2VecKeyedVectors", "WordEmbeddingsKeyedVectors", "BaseKeyedVectors",
        "EuclideanKeyedVectors", "Doc2VecKeyedVectors",
    ],
)  # fmt: skip
def test_classes(module: Any, name: str) -> None:
    found = once(lambda: getattr(module, name), f"{name} is a name from before gensim 4: use Keyed")
    assert found is KeyedVectors


def imported() -> tuple[type, type]:
    from synvec.keyed_vectors import BaseKeyedVectors
    from synvec.legacy import Word2VecKeyedVectors

    return BaseKeyedVectors, Word2VecKeyedVectors


def test_an_import_shows_the_users_line() -> None:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        assert imported() == (KeyedVectors, KeyedVectors)
    assert [warning.filename for warning in caught] == [__file__] * 2


def test_vocab_by_import() -> None:
    for name in ("Vocab", "CompatVocab"):
        assert getattr(legacy, name) is legacy.Vocab
        found = once(lambda name=name: getattr(synvec.keyed_vectors, name), f"{name} is a name")
        assert found is legacy.Vocab
    with pytest.raises(ImportError):
        from synvec.keyed_vectors import NoSuchVectors  # noqa: F401


# --- What must not change -------------------------------------------------------------------------


def test_first_class_names_do_not_warn(kv: KeyedVectors, model: Word2Vec) -> None:
    for owner in (kv, model, model.wv):
        owner.init_sims()
        assert owner.syn0.shape == owner.syn0norm.shape
    kv.syn0 = kv.syn0 * 2
    kv.init_sims(replace=True)
    assert model.syn1neg.shape == (6, 8)
    model.syn1neg = model.syn1neg * 2
    deep = Word2Vec(FRUIT, hs=1, negative=0, **SETTINGS)
    assert deep.syn1.shape == (6, 8)
    assert not legacy._warned


def test_a_warning_made_an_error_is_one_each_time(kv: KeyedVectors) -> None:
    for _ in range(2):
        with pytest.raises(DeprecationWarning, match="index2word"):
            _ = kv.index2word


@pytest.mark.parametrize("kind", [KeyedVectors, Word2Vec])
def test_half_built_objects_do_not_recurse(kind: type) -> None:
    bare = kind.__new__(kind)
    for name in (
        "wv",
        "vectors",
        "syn0",
        "_keys",
        "__array_struct__",
        "__setstate_cython__",
        "nothing",
    ):
        if (kind, name) != (KeyedVectors, "wv"):
            assert not hasattr(bare, name), name
    with pytest.warns(DeprecationWarning) if kind is Word2Vec else pytest.raises(AttributeError):
        _ = bare.trainables


def test_copies_and_pickles_do_not_warn(kv: KeyedVectors, model: Word2Vec) -> None:
    for owner in (kv, model):
        for twin in (copy.copy(owner), copy.deepcopy(owner), pickle.loads(pickle.dumps(owner))):
            assert type(twin) is type(owner)
    assert not legacy._warned


def test_protocols_are_untouched(kv: KeyedVectors, model: Word2Vec) -> None:
    for protocol in ("__array_interface__", "__dataframe__", "_repr_mimebundle_"):
        assert not hasattr(kv, protocol)
    for protocol in ("__array__", "__array_interface__", "__dataframe__", "_repr_html_"):
        assert not hasattr(model, protocol)
    with pytest.raises(AttributeError, match="'Word2Vec' object has no attribute 'vocabulry'"):
        _ = model.vocabulry


OLDER_NAMES = [(KeyedVectors, name) for name in legacy._VECTORS] + [
    (Word2Vec, name) for name in legacy._MODEL
]


@pytest.mark.parametrize(("kind", "name"), OLDER_NAMES)
def test_older_names_are_not_listed(kind: type, name: str) -> None:
    assert name not in dir(kind)
    assert name not in dir(kind(vector_size=2))


def test_a_users_line_is_shown_by_default() -> None:
    code = textwrap.dedent(
        """
        from synvec import Word2Vec
        model = Word2Vec(size=3)
        model.most_similar
        model.most_similar
        """
    )
    shown = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120
    ).stderr
    assert shown.count("DeprecationWarning") == 2
    assert "<string>:3: DeprecationWarning: Word2Vec(size=...)" in shown
    assert "<string>:4: DeprecationWarning: Word2Vec.most_similar" in shown
