"""Files in the layouts that gensim has had since 0.12, of classes that only have its names."""

import pickle
import struct
import sys
from contextlib import ExitStack
from io import BytesIO
from types import ModuleType
from typing import Any, ClassVar
from unittest import mock

import numpy as np

from tests.golden import COUNTS, FOLDER, KEYS, VECTORS

WEIGHTS = (np.arange(60, dtype=np.float32).reshape(10, 6) - 30) / 64
"""Output weights of the models below."""


def classes(module: str, *names: str) -> list[type]:
    """Return empty classes that say they are of that module."""
    return [type(name, (), {"__module__": module, "__qualname__": name}) for name in names]


Word2Vec, Word2VecVocab, Word2VecTrainables, OldVocab = classes(
    "gensim.models.word2vec", "Word2Vec", "Word2VecVocab", "Word2VecTrainables", "Vocab"
)
KeyedVectors, Word2VecKeyedVectors, Vocab, Doc2VecKeyedVectors, FastTextKeyedVectors = classes(
    "gensim.models.keyedvectors",
    "KeyedVectors", "Word2VecKeyedVectors", "Vocab", "Doc2VecKeyedVectors", "FastTextKeyedVectors",
)  # fmt: skip
(FastText,) = classes("gensim.models.fasttext", "FastText")
Doc2Vec, DocvecsArray = classes("gensim.models.doc2vec", "Doc2Vec", "DocvecsArray")
Phrases, FrozenPhrases, Phraser = classes(
    "gensim.models.phrases", "Phrases", "FrozenPhrases", "Phraser"
)


def npmi_scorer() -> None:
    """Stand for gensim's function, which its files name."""


npmi_scorer.__module__ = "gensim.models.phrases"
_ALL: list[Any] = [
    Word2Vec, Word2VecVocab, Word2VecTrainables, OldVocab, KeyedVectors, Word2VecKeyedVectors,
    Vocab, Doc2VecKeyedVectors, FastTextKeyedVectors, FastText, Doc2Vec,
    DocvecsArray, Phrases, FrozenPhrases, Phraser, npmi_scorer,
]  # fmt: skip


def make(kind: type, **attributes: Any) -> Any:
    """Return an object of a class with these attributes."""
    made = kind()
    made.__dict__.update(attributes)
    return made


def dumps(value: object, protocol: int = 2, *, like_python2: bool = False) -> bytes:
    """Pickle as gensim did; with ``like_python2``, bytes are its strings."""
    modules = {name: ModuleType(name) for name in ("gensim", "gensim.models")}
    for kind in _ALL:
        module = modules.setdefault(kind.__module__, ModuleType(kind.__module__))
        setattr(module, kind.__name__, kind)
    out = BytesIO()
    with ExitStack() as stack:
        stack.enter_context(mock.patch.dict(sys.modules, modules))
        (Python2Pickler if like_python2 else pickle.Pickler)(out, protocol).dump(value)
    return out.getvalue()


class Python2Pickler(pickle._Pickler):  # type: ignore[name-defined, misc]
    """Writes bytes as Python 2 wrote its ``str``."""

    dispatch: ClassVar = dict(pickle._Pickler.dispatch)  # type: ignore[attr-defined]

    def save_string(self, text: bytes) -> None:
        if self.proto == 0:
            self.write(b"S" + repr(text)[1:].encode() + b"\n")
        elif len(text) < 256:
            self.write(b"U" + bytes([len(text)]) + text)
        else:
            self.write(b"T" + struct.pack("<i", len(text)) + text)
        self.memoize(text)

    dispatch[bytes] = save_string


# --- stores ---------------------------------------------------------------------------------------


def store_4(**changes: Any) -> Any:
    """A store of 4.x."""
    state = {
        "vector_size": 6,
        "index_to_key": list(KEYS),
        "next_index": 0,
        "key_to_index": {key: index for index, key in enumerate(KEYS)},
        "vectors": VECTORS.copy(),
        "norms": None,
        "expandos": {"count": np.array(COUNTS)},
        "mapfile_path": None,
        "__numpys": [], "__scipys": [], "__ignoreds": [], "__recursive_saveloads": [],
    }  # fmt: skip
    return make(KeyedVectors, **state | changes)


def vocabulary(kind: type = Vocab) -> dict[str, Any]:
    """The vocabulary of versions before 4.0."""
    return {
        key: make(kind, count=count, index=index, sample_int=1 << 31)
        for index, (key, count) in enumerate(zip(KEYS, COUNTS, strict=True))
    }


def store_38(**changes: Any) -> Any:
    """A store of 3.3 to 3.8."""
    state = {
        "vectors": VECTORS.copy(), "vocab": vocabulary(), "vector_size": 6,
        "index2word": list(KEYS), "vectors_norm": None,
    }  # fmt: skip
    return make(Word2VecKeyedVectors, **state | changes)


def store_10(**changes: Any) -> Any:
    """A store of 0.13.4 to 3.2."""
    state = {
        "syn0": VECTORS.copy(), "syn0norm": None, "vocab": vocabulary(), "index2word": list(KEYS),
    }  # fmt: skip
    return make(KeyedVectors, **state | changes)


# --- models ---------------------------------------------------------------------------------------

_LEARNT: dict[str, Any] = {
    "vector_size": 6, "alpha": 0.05, "min_alpha": 0.001, "window": 7, "sg": 1, "hs": 0,
    "negative": 3, "cbow_mean": 0, "batch_words": 10_000, "workers": 2, "corpus_count": 120,
    "min_alpha_yet_reached": 0.001, "random": np.random.RandomState(1), "hashfxn": hash,
}  # fmt: skip


def model_4(**changes: Any) -> Any:
    """A model of 4.x."""
    state = _LEARNT | {
        "wv": store_4(), "syn1neg": WEIGHTS.copy(), "epochs": 4, "seed": 9, "min_count": 5,
        "sample": 1e-4, "ns_exponent": 0.5, "sorted_vocab": 1, "max_final_vocab": None,
        "corpus_total_words": 2500, "effective_min_count": 5, "null_word": 0, "comment": None,
        "shrink_windows": True, "__recursive_saveloads": ["wv"],
        "__numpys": [], "__scipys": [], "__ignoreds": ["cum_table"],
    }  # fmt: skip
    return make(Word2Vec, **state | changes)


def model_38(**changes: Any) -> Any:
    """A model of 3.3 to 3.8, in parts."""
    words = make(
        Word2VecVocab, min_count=5, sample=1e-4, sorted_vocab=1, ns_exponent=0.5,
        effective_min_count=5, max_final_vocab=None, null_word=0,
    )  # fmt: skip
    state = _LEARNT | {
        "wv": store_38(), "vocabulary": words, "epochs": 4, "corpus_total_words": 2500,
        "trainables": make(Word2VecTrainables, syn1neg=WEIGHTS.copy(), seed=9, layer1_size=6),
    }  # fmt: skip
    return make(Word2Vec, **state | changes)


def model_10(**changes: Any) -> Any:
    """A model of 0.13.4 to 3.2."""
    state = _LEARNT | {
        "wv": store_10(), "syn1neg": WEIGHTS.copy(), "iter": 4, "seed": 9, "min_count": 5,
        "sample": 1e-4, "sorted_vocab": 1, "null_word": 0,
    }  # fmt: skip
    return make(Word2Vec, **state | changes)


def model_012(**changes: Any) -> Any:
    """A model of 0.12 to 0.13.3: keys and vectors are its own."""
    state = _LEARNT | {
        "syn0": VECTORS.copy(), "vocab": vocabulary(OldVocab), "index2word": list(KEYS),
        "syn1neg": WEIGHTS.copy(), "iter": 4, "seed": 9, "min_count": 5, "sample": 1e-4,
        "null_word": 0,
    }  # fmt: skip
    return make(Word2Vec, **state | changes)


def as_python2(value: Any) -> Any:
    """Return the same objects with Python 2's strings: text becomes UTF-8, names are bytes."""
    if isinstance(value, str):
        return value.encode()
    if isinstance(value, list):
        return [as_python2(item) for item in value]
    if isinstance(value, dict):
        return {as_python2(key): as_python2(item) for key, item in value.items()}
    if type(value) in _ALL:
        return _Python2State(type(value), as_python2(value.__dict__))
    return value


def golden_files() -> dict[str, bytes]:
    """The golden files of older layouts, by name; written once, by running this module."""
    return {
        "word2vec-3.8": dumps(model_38(), 2),
        "word2vec-1.0-python2": dumps(as_python2(model_10()), 2, like_python2=True),
        "word2vec-0.12-python2": dumps(as_python2(model_012()), 0, like_python2=True),
    }


class _Python2State:
    """An object whose attributes are bytes, as Python 2's were."""

    def __init__(self, kind: type, state: dict[bytes, Any]) -> None:
        self._given = (kind, state)

    def __reduce_ex__(self, protocol: Any) -> Any:
        import copyreg

        return copyreg.__newobj__, (self._given[0],), self._given[1]  # type: ignore[attr-defined]

    @property
    def __class__(self) -> Any:
        return self._given[0]


if __name__ == "__main__":
    for file_name, content in golden_files().items():
        (FOLDER / "gensim" / file_name).write_bytes(content)
