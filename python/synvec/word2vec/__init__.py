"""Word2Vec: train word vectors from text; the names of ``gensim.models.word2vec``."""

from synvec.corpora import MAX_WORDS_IN_BATCH, LineSentence, PathLineSentences, Text8Corpus
from synvec.word2vec.model import FAST_VERSION, Word2Vec

__all__ = [
    "FAST_VERSION",
    "MAX_WORDS_IN_BATCH",
    "LineSentence",
    "PathLineSentences",
    "Text8Corpus",
    "Word2Vec",
]
