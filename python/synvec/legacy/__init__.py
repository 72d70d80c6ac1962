"""Names that gensim had before 4.0: they work, and each warns once and says what to write now.

The classes hook in by `OlderVectorNames`, `OlderModelNames` and `with_older_keywords`; the tables
hold everything else. They are consulted only for attributes that aren't there, so that today's
names pay nothing. ``syn0``, ``syn0norm``, ``syn1``, ``syn1neg`` and ``init_sims`` are no older
names here: they live in the classes and never warn.
"""

from typing import TYPE_CHECKING

from synvec.legacy.classes import older_class
from synvec.legacy.models import ModelPart, OlderModelNames
from synvec.legacy.vectors import OlderVectorNames
from synvec.legacy.vocab import CompatVocab, Vocab, VocabView
from synvec.legacy.warning import with_older_keywords

if TYPE_CHECKING:
    from synvec.keyed_vectors.keyed_vectors import KeyedVectors as BaseKeyedVectors
    from synvec.keyed_vectors.keyed_vectors import KeyedVectors as Doc2VecKeyedVectors
    from synvec.keyed_vectors.keyed_vectors import KeyedVectors as EuclideanKeyedVectors
    from synvec.keyed_vectors.keyed_vectors import KeyedVectors as Word2VecKeyedVectors
    from synvec.keyed_vectors.keyed_vectors import KeyedVectors as WordEmbeddingsKeyedVectors
else:
    __getattr__ = older_class

__all__ = [
    "BaseKeyedVectors",
    "CompatVocab",
    "Doc2VecKeyedVectors",
    "EuclideanKeyedVectors",
    "ModelPart",
    "OlderModelNames",
    "OlderVectorNames",
    "Vocab",
    "VocabView",
    "Word2VecKeyedVectors",
    "WordEmbeddingsKeyedVectors",
    "older_class",
    "with_older_keywords",
]
