"""Older names of a `KeyedVectors`."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from operator import attrgetter
from typing import TYPE_CHECKING, Any, NoReturn

from synvec.legacy.tables import Older, refuse, value_of
from synvec.legacy.vocab import VocabView
from synvec.legacy.warning import warn_once

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from synvec.arithmetic import Vector
    from synvec.evaluation import Section, StrPath
    from synvec.key_types import Key
    from synvec.keyed_vectors.keyed_vectors import KeyedVectors


def _word_vec(kv: KeyedVectors, word: Key, use_norm: bool = False, norm: bool = False) -> Vector:
    return kv.get_vector(word, norm=use_norm or norm)


def _add(
    kv: KeyedVectors, entities: str | Sequence[str], weights: ArrayLike, replace: bool = False
) -> None:
    kv.add_vectors(entities, weights, replace=replace)


def accuracy(
    kv: KeyedVectors,
    questions: StrPath,
    restrict_vocab: int | None = 30_000,
    most_similar: Callable[..., Any] | None = None,
    case_insensitive: bool = True,
) -> list[Section]:
    """Answer analogy questions; ``most_similar`` tells by its name which of the two formulas."""
    formula: Any = getattr(most_similar, "__name__", most_similar) or "most_similar"
    _, sections = kv.evaluate_word_analogies(
        questions, restrict_vocab, case_insensitive, similarity_function=formula
    )
    sections[-1]["section"] = "total"
    return sections


def _forget_norms(kv: KeyedVectors, name: str, value: object) -> None:
    if value is not None:
        raise AttributeError(
            "vectors_norm is made from the raw vectors at each access and can't be set: assign "
            "vectors, or call init_sims(replace=True)"
        )
    kv.norms = None
    warn_once(f"{type(kv).__name__}.{name}", "norms = None", stacklevel=3)


_VECTORS: Older = {
    "vocab": ("key_to_index, and get_vecattr(key, 'count') for counts", VocabView),
    "index2word": ("index_to_key", attrgetter("index_to_key")),
    "index2entity": ("index_to_key", attrgetter("index_to_key")),
    "vectors_norm": ("get_normed_vectors()", lambda kv: kv.get_normed_vectors()),
    "wv": ("the KeyedVectors itself", lambda kv: kv),
    "word_vec": ("get_vector", lambda kv: functools.partial(_word_vec, kv)),
    "words_closer_than": ("closer_than", attrgetter("closer_than")),
    "add": ("add_vectors", lambda kv: functools.partial(_add, kv)),
    "accuracy": ("evaluate_word_analogies", lambda kv: functools.partial(accuracy, kv)),
}

_SET_ON_VECTORS: Mapping[str, Callable[[Any, str, Any], None]] = {
    "vocab": refuse,
    "index2word": refuse,
    "index2entity": refuse,
    "vectors_norm": _forget_norms,
}

_NOT_ON_VECTORS = {
    name: f"{name} is the output layer, which only a full model has, and this KeyedVectors holds "
    "vectors alone: load or train a Word2Vec"
    for name in ("syn1", "syn1neg")
} | {
    "get_keras_embedding": "get_keras_embedding went with gensim 4: make the layer with "
    "keras.layers.Embedding(*kv.vectors.shape, trainable=False, "
    "embeddings_initializer=keras.initializers.Constant(kv.vectors))",
    "similarity_matrix": "similarity_matrix went with gensim 4: gensim's "
    "SparseTermSimilarityMatrix(WordEmbeddingSimilarityIndex(kv), dictionary) takes this store",
}


class OlderVectorNames:
    """What a `KeyedVectors` answers to attributes that it doesn't have."""

    def similarity_unseen_docs(self, *args: object, **kwargs: object) -> NoReturn:
        """Raise `NotImplementedError`, as in gensim: only a model of documents can compare them."""
        raise NotImplementedError(
            "similarity_unseen_docs takes a model of documents, and these are vectors of words: "
            "compare lists of words with n_similarity"
        )

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            return value_of(self, name, _VECTORS, _NOT_ON_VECTORS)

        def __setattr__(self, name: str, value: Any) -> None:
            # As an attribute of the instance it would hide the older name and reach nothing.
            if name in _SET_ON_VECTORS:
                _SET_ON_VECTORS[name](self, name, value)
            else:
                super().__setattr__(name, value)
