"""Word2Vec: train word vectors from text, with gensim's constructor and methods."""

from synvec.word2vec.model import Word2Vec

__all__ = ["Word2Vec"]
