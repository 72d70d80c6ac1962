"""Vectors with subwords, as fastText makes them."""

from synvec.fasttext.facebook import load_facebook_vectors
from synvec.fasttext.keyed_vectors import FastTextKeyedVectors

__all__ = ["FastTextKeyedVectors", "load_facebook_vectors"]
