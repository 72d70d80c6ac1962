"""Keys and their vectors: kept, questioned, edited, evaluated and saved."""

from synvec.keyed_vectors.keyed_vectors import KeyedVectors
from synvec.keyed_vectors.misses import UnknownKeyError

__all__ = ["KeyedVectors", "UnknownKeyError"]
