"""Names from before gensim 4: arguments, classes, and that today's names never warn."""

import copy
import pickle
import subprocess
import sys
import textwrap
import warnings
from typing import Any

import pytest

import synvec.keyed_vectors
from synvec import KeyedVectors, Word2Vec, legacy
from synvec.legacy import models, vectors, warning
from tests.older_names import (
    FRUIT,
    SETTINGS,
    fruit_model,
    once,
    three_keys,
)

pytestmark = pytest.mark.usefixtures("nothing_warned_yet")


@pytest.fixture
def kv() -> KeyedVectors:
    return three_keys()


@pytest.fixture
def model() -> Word2Vec:
    return fruit_model()


# --- Arguments ------------------------------------------------------------------------------------


@pytest.mark.parametrize(("old", "new"), [("size", "vector_size"), ("iter", "epochs")])
def test_older_arguments(old: str, new: str) -> None:
    got = once(lambda: getattr(Word2Vec(**{old: 6}), new), f"Word2Vec({old}=...) is a name from")
    assert got == 6
    warning._warned.clear()
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
    assert not warning._warned


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
    assert not warning._warned


def test_protocols_are_untouched(kv: KeyedVectors, model: Word2Vec) -> None:
    for protocol in ("__array_interface__", "__dataframe__", "_repr_mimebundle_"):
        assert not hasattr(kv, protocol)
    for protocol in ("__array__", "__array_interface__", "__dataframe__", "_repr_html_"):
        assert not hasattr(model, protocol)
    with pytest.raises(AttributeError, match="'Word2Vec' object has no attribute 'vocabulry'"):
        _ = model.vocabulry


OLDER_NAMES = [(KeyedVectors, name) for name in vectors._VECTORS] + [
    (Word2Vec, name) for name in models._MODEL
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
