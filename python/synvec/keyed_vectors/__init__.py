"""Keys and their vectors: kept, questioned, edited, evaluated and saved."""

from typing import TYPE_CHECKING

from synvec.keyed_vectors.keyed_vectors import KeyedVectors
from synvec.keyed_vectors.misses import UnknownKeyError
from synvec.legacy import older_class

load_word2vec_format = KeyedVectors.load_word2vec_format

if not TYPE_CHECKING:
    __getattr__ = older_class  # names of classes that gensim.models.keyedvectors had

__all__ = ["KeyedVectors", "UnknownKeyError", "load_word2vec_format"]
