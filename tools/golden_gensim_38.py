"""Writes the golden files of gensim 3.8.3: run it where that is (Python 2.7 to 3.8), and only once.

PYTHONPATH=where/gensim/3.8.3/is python3.7 tools/golden_gensim_38.py -python3
PYTHONPATH=where/gensim/3.8.3/is python2.7 tools/golden_gensim_38.py -python2
"""

from __future__ import unicode_literals  # noqa: UP010 - it runs on Python 2, too

import io
import sys

import numpy as np
from gensim.models import Doc2Vec, FastText, Word2Vec
from gensim.models.doc2vec import TaggedDocument

KEYS = ["the", "of", "socket", "port", "na\u00efve", "stra\u00dfe", "\u65e5\u672c", "don't", "42",
        "I-95"]  # fmt: skip
COUNTS = [1000, 700, 300, 200, 90, 40, 20, 10, 5, 5]
VECTORS = ((np.arange(60, dtype=np.float32) * 37 % 61 - 30) / 16).reshape(10, 6)
WEIGHTS = (np.arange(60, dtype=np.float32).reshape(10, 6) - 30) / 64
PREFIX = "tests/data/golden/gensim/"


def settle(store):
    """Put the ten words into their order, with their vectors."""
    store.index2word = list(KEYS)
    for index, key in enumerate(KEYS):
        store.vocab[key].index = index
    store.vectors = VECTORS.copy()


def main(ending):
    """Write all files."""
    frequencies = dict(zip(KEYS, COUNTS))  # noqa: B905 - Python 2 has no strict
    model = Word2Vec(size=6, min_count=5, sg=1, negative=3, window=7, iter=4, seed=9, workers=2)
    model.build_vocab_from_freq(frequencies, corpus_count=120)
    settle(model.wv)
    model.trainables.syn1neg = WEIGHTS.copy()
    model.save(PREFIX + "word2vec-3.8.3" + ending)
    model.wv.save(PREFIX + "keyedvectors-3.8.3" + ending, sep_limit=0)

    documents = [TaggedDocument(KEYS * 5, [0, "a"]), TaggedDocument(KEYS * 5, [1, "b"])]
    paragraphs = Doc2Vec(documents, vector_size=6, min_count=1, workers=1, epochs=1)
    settle(paragraphs.wv)
    paragraphs.docvecs.vectors_docs = VECTORS[:4].copy()
    paragraphs.save(PREFIX + "doc2vec-3.8.3" + ending)

    subwords = FastText(size=6, min_count=1, bucket=40, min_n=3, max_n=4)
    subwords.build_vocab_from_freq(frequencies, corpus_count=120)
    subwords.save(PREFIX + "fasttext-3.8.3" + ending)
    words = ["socket", "sockets", "\u65e5\u672c\u8a9e", "unheard-of"]
    answers = np.stack([subwords.wv[word] for word in words])
    with io.open(PREFIX + "fasttext-3.8.3" + ending + ".answers.npy", "wb") as file:  # noqa: UP020
        np.save(file, answers)


if __name__ == "__main__":
    main(sys.argv[1])
