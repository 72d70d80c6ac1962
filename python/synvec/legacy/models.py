"""Older names of a `Word2Vec`, most of which its vectors answer."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from synvec.legacy.tables import Older, refuse, value_of
from synvec.legacy.vectors import accuracy
from synvec.legacy.vocab import VocabView
from synvec.legacy.warning import warn_once

if TYPE_CHECKING:
    from synvec.arithmetic import Vector
    from synvec.keyed_vectors.keyed_vectors import KeyedVectors
    from synvec.word2vec import Word2Vec


class ModelPart:
    """``model.trainables`` and ``model.vocabulary`` of gensim 3.3 to 3.8: the model itself.

    What is read or set goes to the model.
    """

    _model: Word2Vec

    def __init__(self, model: Word2Vec) -> None:
        object.__setattr__(self, "_model", model)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):  # `_model` of a copy in the making, among others
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
        return getattr(self._model.wv if name == "vectors_lockf" else self._model, name)

    def __setattr__(self, name: str, value: Any) -> None:
        setattr(self._model.wv if name == "vectors_lockf" else self._model, name, value)

    def __reduce__(self) -> tuple[type[ModelPart], tuple[Word2Vec]]:
        return ModelPart, (self._model,)


def _delete_temporary_training_data(
    model: Word2Vec, replace_word_vectors_with_normalized: bool = False
) -> None:
    """Only normalise when asked: output weights stay, so that the model still trains and saves."""
    if replace_word_vectors_with_normalized:
        model.init_sims(replace=True)


def _clear_sims(model: Word2Vec) -> None:
    model.wv.norms = None


def _set_epochs(model: Word2Vec, name: str, value: int) -> None:
    model.epochs = value
    warn_once(f"{type(model).__name__}.{name}", "epochs", stacklevel=3)


def _set_lock(model: Word2Vec, name: str, value: Vector) -> None:
    model.wv.vectors_lockf = value
    warn_once(f"{type(model).__name__}.{name}", "wv.vectors_lockf", stacklevel=3)


_MODEL: Older = {
    # By name, so that what KeyedVectors learns later works here too.
    name: (f"wv.{name}", attrgetter(f"wv.{name}"))
    for name in (
        "most_similar", "most_similar_cosmul", "similar_by_word", "similar_by_vector",
        "similarity", "n_similarity", "doesnt_match", "wmdistance", "evaluate_word_pairs",
        "log_accuracy", "log_evaluate_word_pairs", "save_word2vec_format",
        "intersect_word2vec_format",
    )
} | {
    "accuracy": (
        "wv.evaluate_word_analogies",
        lambda model: functools.partial(accuracy, model.wv),
    ),
    "vocab": (
        "wv.key_to_index, and wv.get_vecattr(key, 'count') for counts",
        lambda model: VocabView(model.wv, model.sample),
    ),
    "index2word": ("wv.index_to_key", attrgetter("wv.index_to_key")),
    "syn0_lockf": ("wv.vectors_lockf", attrgetter("wv.vectors_lockf")),
    "iter": ("epochs", attrgetter("epochs")),
    "trainables": ("the model itself", ModelPart),
    "vocabulary": ("the model itself", ModelPart),
    "clear_sims": ("wv.norms = None", lambda model: functools.partial(_clear_sims, model)),
    "delete_temporary_training_data": (
        "wv alone when training is over",
        lambda model: functools.partial(_delete_temporary_training_data, model),
    ),
}  # fmt: skip

_SET_ON_MODEL: Mapping[str, Callable[[Any, str, Any], None]] = {
    "vocab": refuse,
    "index2word": refuse,
    "iter": _set_epochs,
    "syn0_lockf": _set_lock,
}

_NOT_ON_MODEL = {
    "syn1": "this model has no syn1: it is there after build_vocab with hierarchical softmax "
    "(hs=1)",
    "syn1neg": "this model has no syn1neg: it is there after build_vocab with negative sampling "
    "(negative=5)",
    "load": "load makes a new model and leaves this one as it is: write "
    "model = Word2Vec.load(path)",
    "docvecs": "docvecs belongs to Doc2Vec, and a Word2Vec has vectors of words alone: those are "
    "in wv, and wv.get_mean_vector(words) makes one for a text",
    "random": "there is no generator to share: every draw is a function of seed, epoch and place",
    "seeded_vector": "first vectors are drawn all at once, from numpy.random.default_rng(seed): "
    "init_weights() draws them anew",
    "add_null_word": "the null word is added by build_vocab with null_word=1",
} | {
    name: f"{name} is a step of build_vocab, whose result lies within the core: call build_vocab, "
    "or build_vocab_from_freq with counts of your own"
    for name in (
        "create_binary_tree", "make_cum_table", "cum_table", "prepare_weights", "update_weights"
    )
}  # fmt: skip


class OlderModelNames:
    """What a `Word2Vec` answers to attributes that it doesn't have, and its words by subscript."""

    if TYPE_CHECKING:
        wv: KeyedVectors[Any]

    # With subscripts Python would take a model for a sequence.
    __iter__ = None

    def __getitem__(self, key: Any) -> Any:
        warn_once(f"{type(self).__name__}[word]", "wv[word]", stacklevel=2)
        return self.wv[key]

    def __contains__(self, key: object) -> bool:
        warn_once(f"word in {type(self).__name__}", "word in wv", stacklevel=2)
        return key in self.wv

    @staticmethod
    def load_word2vec_format(*args: Any, **kwargs: Any) -> KeyedVectors:
        """Load vectors alone: ``KeyedVectors.load_word2vec_format`` as gensim before 1.0 had it.

        What questions a model answers, the `KeyedVectors` returned answers too.
        """
        from synvec.keyed_vectors import KeyedVectors

        warn_once(
            "Word2Vec.load_word2vec_format", "KeyedVectors.load_word2vec_format", stacklevel=2
        )
        return KeyedVectors.load_word2vec_format(*args, **kwargs)

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            return value_of(self, name, _MODEL, _NOT_ON_MODEL)

        def __setattr__(self, name: str, value: Any) -> None:
            if name in _SET_ON_MODEL:
                _SET_ON_MODEL[name](self, name, value)
            else:
                super().__setattr__(name, value)
