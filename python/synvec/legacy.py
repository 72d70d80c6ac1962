"""Names that gensim had before 4.0: they work, and each warns once and says what to write now.

The classes hook in by `OlderVectorNames`, `OlderModelNames` and `with_older_keywords`; the tables
hold everything else. They are consulted only for attributes that aren't there, so that today's
names pay nothing. ``syn0``, ``syn0norm``, ``syn1``, ``syn1neg`` and ``init_sims`` are no older
names here: they live in the classes and never warn.
"""

from __future__ import annotations

import functools
import math
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from operator import attrgetter
from typing import TYPE_CHECKING, Any, NoReturn, ParamSpec, TypeAlias, TypeVar

from synvec.arguments import name_of_call

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from synvec.arithmetic import Vector
    from synvec.evaluation import Section, StrPath
    from synvec.key_types import Key
    from synvec.keyed_vectors.keyed_vectors import KeyedVectors
    from synvec.keyed_vectors.keyed_vectors import KeyedVectors as BaseKeyedVectors
    from synvec.keyed_vectors.keyed_vectors import KeyedVectors as Doc2VecKeyedVectors
    from synvec.keyed_vectors.keyed_vectors import KeyedVectors as EuclideanKeyedVectors
    from synvec.keyed_vectors.keyed_vectors import KeyedVectors as Word2VecKeyedVectors
    from synvec.keyed_vectors.keyed_vectors import KeyedVectors as WordEmbeddingsKeyedVectors
    from synvec.word2vec import Word2Vec

__all__ = [
    "BaseKeyedVectors",
    "CompatVocab",
    "Doc2VecKeyedVectors",
    "EuclideanKeyedVectors",
    "Vocab",
    "Word2VecKeyedVectors",
    "WordEmbeddingsKeyedVectors",
]

P = ParamSpec("P")
T = TypeVar("T")
Older: TypeAlias = Mapping[str, tuple[str, Callable[[Any], Any]]]
"""For each older name what to write now, and what makes its value."""

_warned: set[str] = set()


def warn_once(old: str, new: str, stacklevel: int) -> None:
    """Warn of an older name the first time that it is met in this process."""
    if old in _warned:
        return
    message = f"{old} is a name from before gensim 4: use {new}"
    warnings.warn(message, DeprecationWarning, stacklevel=stacklevel + 1)
    _warned.add(old)  # after the warning: where it is made an error, each use is one


def with_older_keywords(**renamed: str) -> Callable[[Callable[P, T]], Callable[P, T]]:
    """Let a method take arguments by their older names: ``size="vector_size"``.

    Both names at once are a `TypeError`.
    """

    def decorate(function: Callable[P, T]) -> Callable[P, T]:
        @functools.wraps(function)
        def wrapper(*args: P.args, **kwargs: P.kwargs) -> T:
            for old in renamed.keys() & kwargs.keys():
                called = name_of_call(function, args)
                new = renamed[old]
                if new in kwargs:
                    raise TypeError(
                        f"{called} got {old}={kwargs[old]!r} and {new}={kwargs[new]!r}, two names "
                        f"of one argument: keep {new}"
                    )
                warn_once(f"{called}({old}=...)", f"{new}=...", stacklevel=2)
                kwargs[new] = kwargs.pop(old)
            return function(*args, **kwargs)

        return wrapper

    return decorate


def _value(owner: object, name: str, names: Older, absent: Mapping[str, str]) -> Any:
    """Return what an older name stands for; to be called from ``__getattr__``, for the warning."""
    if name in names:
        new, make = names[name]
        value = make(owner)  # before the warning: a name whose successor is missing must not warn
        warn_once(f"{type(owner).__name__}.{name}", new, stacklevel=3)
        return value
    if name in absent:
        raise AttributeError(absent[name])
    raise AttributeError(f"{type(owner).__name__!r} object has no attribute {name!r}")


def _refuse(owner: object, name: str, value: object) -> NoReturn:
    raise AttributeError(
        f"{name} can't be set on a {type(owner).__name__}: make a new store of keys and vectors "
        "with KeyedVectors.from_arrays(keys, vectors, counts=counts)"
    )


# --- The vocabulary -------------------------------------------------------------------------------


class Vocab:
    """What older gensims knew of a word; compared by ``count``.

    Examples
    --------
    >>> Vocab(count=3, index=0) < Vocab(count=7, index=1)
    True
    >>> Vocab(count=3, index=0)
    Vocab(count=3, index=0)
    """

    def __init__(self, **values: Any) -> None:
        self.__dict__.update({"count": 0, **values})

    if TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any: ...

    def __lt__(self, other: Vocab) -> bool:
        return bool(self.count < other.count)

    def __repr__(self) -> str:
        return f"Vocab({', '.join(f'{name}={value!r}' for name, value in vars(self).items())})"


CompatVocab = Vocab


class _StoredVocab(Vocab):
    """One key of a store; nothing is copied out of it."""

    def __init__(self, kv: KeyedVectors, key: str, index: int, sample: float | None) -> None:
        self._kv, self._key, self._index, self._sample = kv, key, index, sample

    @property
    def index(self) -> int:
        return self._index

    @property
    def count(self) -> int:
        """How often the key was seen; where that is unknown, falling numbers as in gensim."""
        counts = self._kv.counts
        return len(self._kv) - self._index if counts is None else int(counts[self._index])

    @count.setter
    def count(self, count: int) -> None:
        self._kv.set_vecattr(self._key, "count", count)

    @property
    def sample_int(self) -> int:
        """How many of 2³² tokens of the word subsampling keeps: (√(c/t) + 1) · t/c of them."""
        counts = self._kv.counts
        if self._sample is None or counts is None:
            raise AttributeError(
                "sample_int takes the model's sample, and a KeyedVectors doesn't know it: ask for "
                "model.vocab[word].sample_int"
            )
        t = self._sample
        t = t * int(counts.sum()) if t < 1 else math.floor(t * (3 + math.sqrt(5)) / 2)
        c = self.count
        keep = (math.sqrt(c / t) + 1) * t / c if t and c else 1
        return math.floor(min(keep, 1) * 2**32)

    def __repr__(self) -> str:
        return f"Vocab(count={self.count}, index={self._index})"


class VocabView(Mapping[str, Vocab]):
    """Each key with its ``count`` and ``index``, as a read-only dictionary over the store.

    Its values are made when they are asked for. A count can be set, which sets it in the store.

    Parameters
    ----------
    kv
        The store.
    sample
        The subsampling threshold of its model, which the values' ``sample_int`` takes.

    Examples
    --------
    >>> import numpy as np
    >>> from synvec import KeyedVectors
    >>> vocab = VocabView(KeyedVectors.from_arrays(["socket", "year"], np.eye(2), counts=[7, 3]))
    >>> vocab["year"].count, vocab["year"].index, "month" in vocab
    (3, 1, False)
    >>> sorted(vocab, key=lambda word: vocab[word].count)
    ['year', 'socket']
    """

    def __init__(self, kv: KeyedVectors, sample: float | None = None) -> None:
        self._kv, self._sample = kv, sample

    def __getitem__(self, key: str) -> Vocab:
        return _StoredVocab(self._kv, key, self._kv.key_to_index[key], self._sample)

    def __contains__(self, key: object) -> bool:
        return key in self._kv.key_to_index

    def __iter__(self) -> Iterator[str]:
        return iter(self._kv.key_to_index)

    def __len__(self) -> int:
        return len(self._kv)

    def __eq__(self, other: object) -> bool:
        return self._kv is other._kv if isinstance(other, VocabView) else NotImplemented

    __hash__ = None  # type: ignore[assignment]  # as a dict

    def __repr__(self) -> str:
        return f"VocabView({self._kv!r})"


# --- KeyedVectors ---------------------------------------------------------------------------------


def _word_vec(kv: KeyedVectors, word: Key, use_norm: bool = False, norm: bool = False) -> Vector:
    return kv.get_vector(word, norm=use_norm or norm)


def _add(
    kv: KeyedVectors, entities: str | Sequence[str], weights: ArrayLike, replace: bool = False
) -> None:
    kv.add_vectors(entities, weights, replace=replace)


def _accuracy(
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
    "accuracy": ("evaluate_word_analogies", lambda kv: functools.partial(_accuracy, kv)),
}

_SET_ON_VECTORS: Mapping[str, Callable[[Any, str, Any], None]] = {
    "vocab": _refuse,
    "index2word": _refuse,
    "index2entity": _refuse,
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
            return _value(self, name, _VECTORS, _NOT_ON_VECTORS)

        def __setattr__(self, name: str, value: Any) -> None:
            # As an attribute of the instance it would hide the older name and reach nothing.
            if name in _SET_ON_VECTORS:
                _SET_ON_VECTORS[name](self, name, value)
            else:
                super().__setattr__(name, value)


# --- Word2Vec -------------------------------------------------------------------------------------


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
        lambda model: functools.partial(_accuracy, model.wv),
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
    "vocab": _refuse,
    "index2word": _refuse,
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
            return _value(self, name, _MODEL, _NOT_ON_MODEL)

        def __setattr__(self, name: str, value: Any) -> None:
            if name in _SET_ON_MODEL:
                _SET_ON_MODEL[name](self, name, value)
            else:
                super().__setattr__(name, value)


# --- Names of classes -----------------------------------------------------------------------------

_VECTOR_CLASSES = {
    "BaseKeyedVectors", "Doc2VecKeyedVectors", "EuclideanKeyedVectors", "Word2VecKeyedVectors",
    "WordEmbeddingsKeyedVectors",
}  # fmt: skip


def older_class(name: str) -> type:
    """Return the class that an older name stands for: a module's ``__getattr__``.

    Raises
    ------
    AttributeError
        For a name that is none.
    """
    if name in ("Vocab", "CompatVocab"):
        warn_once(name, "get_vecattr(key, 'count') of KeyedVectors", stacklevel=2)
        return Vocab
    if name in _VECTOR_CLASSES:
        from synvec.keyed_vectors.keyed_vectors import KeyedVectors

        warn_once(name, "KeyedVectors", stacklevel=2)
        return KeyedVectors
    raise AttributeError(f"no attribute {name!r}")


if not TYPE_CHECKING:
    __getattr__ = older_class
