"""Older names of classes."""

from __future__ import annotations

from synvec.legacy.vocab import Vocab
from synvec.legacy.warning import warn_once

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
