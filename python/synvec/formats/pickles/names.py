"""Every name that a pickle may give, and what stands for it here. No other is let in.

Nothing that a pickle names is ever imported, looked up or called: a name is looked for in this
list, as it is spelled, and what is called is one of the functions below, which build plain data.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from synvec.formats.pickles.standins import Array, Dropped, Dtype, Instance, Malformed, Name


def _unpack(args: tuple[Any, ...], least: int, most: int, what: str) -> tuple[Any, ...]:
    """Return the arguments, ``most`` of them: missing ones are None."""
    if not least <= len(args) <= most:
        raise Malformed(f"{what} has {len(args)} arguments")
    return args + (None,) * (most - len(args))


def _array(args: tuple[Any, ...]) -> Array:
    """``_reconstruct(class, shape, code)``: an empty array, which BUILD fills."""
    kind, _, _ = _unpack(args, 3, 3, "an array")
    if not isinstance(kind, Name) or kind.name not in ("ndarray", "memmap"):
        raise Malformed("an array is of no class of NumPy's")
    return Array()


def _array_from_buffer(args: tuple[Any, ...]) -> Array:
    """``_frombuffer(bytes, dtype, shape, order)``: an array of protocol 5."""
    raw, dtype, shape, order = _unpack(args, 4, 4, "an array")
    if order not in ("C", "F"):
        raise Malformed(f"the order of an array is {order!r}")
    array = Array()
    array.hold(shape, dtype, order == "F", raw)
    return array


def _dtype(args: tuple[Any, ...]) -> Dtype:
    """``dtype(code, align, copy)``."""
    return Dtype(_unpack(args, 1, 3, "a dtype")[0])


def _scalar(args: tuple[Any, ...]) -> object:
    """``scalar(dtype, bytes)``: one number."""
    dtype, raw = _unpack(args, 2, 2, "a number")
    numbers = dtype.numbers if isinstance(dtype, Dtype) else None
    if numbers is None or not isinstance(raw, bytes) or len(raw) != numbers.itemsize:
        raise Malformed("a number of NumPy's is malformed")
    return np.frombuffer(raw, numbers)[0].item()


def _encoded(args: tuple[Any, ...]) -> bytes:
    """``_codecs.encode(text, "latin1")``: how protocols 0 to 2 spell bytes."""
    text, encoding = _unpack(args, 2, 2, "_codecs.encode")
    if not isinstance(text, str) or encoding not in ("latin1", "latin-1"):
        raise Malformed("_codecs.encode is asked for something else than bytes")
    try:
        return text.encode("latin-1")
    except UnicodeEncodeError:
        raise Malformed("bytes are spelled with characters beyond latin-1") from None


def _bytes(args: tuple[Any, ...]) -> bytes:
    """``bytes()`` and ``bytearray(…)``, in the ways that the protocols spell them."""
    given, encoding = _unpack(args, 0, 2, "bytes")
    if isinstance(given, str):
        return _encoded((given, encoding))
    if given is not None and not isinstance(given, bytes):
        raise Malformed(f"bytes are made of a {type(given).__name__}")
    return given or b""


def _set(args: tuple[Any, ...]) -> list[Any]:
    """``set([…])``: nobody asks it anything, so a list does."""
    (items,) = _unpack(args, 0, 1, "a set")
    if items is not None and not isinstance(items, list | tuple):
        raise Malformed(f"a set is made of a {type(items).__name__}")
    return list(items or ())


def _dict(args: tuple[Any, ...]) -> dict[Any, Any]:
    """``defaultdict(factory)``, ``OrderedDict()``, ``Counter({…})``: a dict."""
    (first,) = _unpack(args, 0, 1, "a dict")
    if isinstance(first, dict):
        return dict(first)
    if first is not None and not isinstance(first, Name) and first != []:
        raise Malformed(f"a dict is made of a {type(first).__name__}")
    return {}


def _dropped(args: tuple[Any, ...]) -> Dropped:
    """Random generators, whatever they are made of."""
    return Dropped()


def _instance(args: tuple[Any, ...]) -> Instance:
    """``__newobj__(class, …)``: an object of gensim's."""
    kind, *rest = args or (None,)
    if not isinstance(kind, Name) or not kind.is_class:
        raise Malformed("an object is of no class of gensim's")
    return Instance(kind, tuple(rest))


def _reconstructed(args: tuple[Any, ...]) -> Instance:
    """``_reconstructor(class, object, None)``, or with ``tuple`` and a tuple: protocols 0 and 1."""
    kind, _, inner = _unpack(args, 3, 3, "_reconstructor")
    return _instance((kind, *(inner if isinstance(inner, tuple) else ())))


_GENSIM = {
    "gensim.models.word2vec": ("Vocab", "Word2Vec", "Word2VecTrainables", "Word2VecVocab"),
    "gensim.models.keyedvectors": (
        "Doc2VecKeyedVectors", "EuclideanKeyedVectors", "FastTextKeyedVectors", "KeyedVectors",
        "Vocab", "Word2VecKeyedVectors",
    ),
    "gensim.models.doc2vec": (
        "Doc2Vec", "Doc2VecTrainables", "Doc2VecVocab", "Doctag", "DocvecsArray",
    ),
    "gensim.models.fasttext": (
        "FastText", "FastTextKeyedVectors", "FastTextTrainables", "FastTextVocab",
    ),
    "gensim.models.phrases": ("FrozenPhrases", "Phraser", "Phrases"),
    "gensim.models.wrappers.fasttext": ("FastText", "FastTextKeyedVectors"),
}  # fmt: skip
"""gensim's classes, by the module that each version had them in."""

_BUILTINS = ("__builtin__", "builtins")  # as Python 2 and 3 spell it

_CALLS: dict[Callable[[tuple[Any, ...]], object], list[tuple[str, str]]] = {
    # NumPy 2 moved core to _core.
    _array: [(f"numpy.{core}.multiarray", "_reconstruct") for core in ("core", "_core")],
    _array_from_buffer: [(f"numpy.{core}.numeric", "_frombuffer") for core in ("core", "_core")],
    _scalar: [(f"numpy.{core}.multiarray", "scalar") for core in ("core", "_core")],
    _dtype: [("numpy", "dtype")],
    _encoded: [("_codecs", "encode")],
    _bytes: [(builtins, name) for builtins in _BUILTINS for name in ("bytes", "bytearray")],
    _set: [(builtins, name) for builtins in _BUILTINS for name in ("set", "frozenset")],
    _dict: [
        ("collections", "defaultdict"),
        ("collections", "OrderedDict"),
        ("collections", "Counter"),
        ("UserString", "defaultdict"),  # what Python 3.4 made of the first for protocol 2
    ],
    _dropped: [
        ("numpy.random", "__RandomState_ctor"),
        ("numpy.random._pickle", "__randomstate_ctor"),
        ("numpy.random._pickle", "__bit_generator_ctor"),
        ("numpy.random._pickle", "__generator_ctor"),
    ],
    _instance: [(module, "__newobj__") for module in ("copy_reg", "copyreg")],
    _reconstructed: [(module, "_reconstructor") for module in ("copy_reg", "copyreg")],
}

_MENTIONED = [
    ("numpy", "ndarray"),
    ("numpy", "memmap"),
    ("numpy", "float16"),
    ("numpy", "float32"),
    ("numpy", "float64"),
    ("numpy.random._mt19937", "MT19937"),
    ("numpy.random._pcg64", "PCG64"),
    ("gensim.utils", "call_on_class_only"),  # what `load` is on an instance
    ("gensim.models.phrases", "original_scorer"),
    ("gensim.models.phrases", "npmi_scorer"),
    *((builtins, name) for builtins in _BUILTINS for name in ("object", "tuple", "int", "hash")),
    ("__builtin__", "long"),
]
"""What may be the value of an attribute or an argument, and is never called."""

NAMES: dict[tuple[str, str], Name] = {
    **{pair: Name(*pair) for pair in _MENTIONED},
    **{pair: Name(*pair, make=make) for make, pairs in _CALLS.items() for pair in pairs},
    **{
        (module, name): Name(module, name, is_class=True)
        for module, names in _GENSIM.items()
        for name in names
    },
}
"""The whole list."""

OTHER_MODELS = {
    ("gensim.corpora.dictionary", "Dictionary"),
    ("gensim.models.ldamodel", "LdaModel"),
    ("gensim.models.lsimodel", "LsiModel"),
    ("gensim.models.poincare", "PoincareKeyedVectors"),
    ("gensim.models.poincare", "PoincareModel"),
    ("gensim.models.tfidfmodel", "TfidfModel"),
    ("gensim.models.wrappers.varembed", "VarEmbed"),
    ("gensim.models.wrappers.wordrank", "Wordrank"),
}
"""What gensim saves in the same way and is not read: told apart from what no gensim writes."""
