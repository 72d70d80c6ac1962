"""Writes the golden files of gensim's pickles: run it where gensim 4.4 is, and only once.

    python tools/golden_gensim.py    # from the repository's root, with gensim installed

`tests/gensim_files.py` makes those of older versions, which no Python of today installs.
"""

import sys
from pathlib import Path

import numpy as np
from gensim.models import Doc2Vec, FastText, KeyedVectors, Word2Vec
from gensim.models.doc2vec import TaggedDocument

KEYS = ["the", "of", "socket", "port", "naïve", "straße", "日本", "don't", "42", "I-95"]
COUNTS = [1000, 700, 300, 200, 90, 40, 20, 10, 5, 5]
VECTORS = ((np.arange(60, dtype=np.float32) * 37 % 61 - 30) / 16).reshape(10, 6)
WEIGHTS = (np.arange(60, dtype=np.float32).reshape(10, 6) - 30) / 64
FOLDER = Path("tests/data/golden/gensim")


def settle(vectors: KeyedVectors) -> None:
    """Give a store the ten words' vectors."""
    order = [KEYS.index(key) for key in vectors.index_to_key]
    vectors.vectors = VECTORS[order].copy()


def main() -> None:
    """Write all files."""
    FOLDER.mkdir(exist_ok=True)
    vectors = KeyedVectors(6)
    vectors.add_vectors(KEYS, VECTORS)
    for key, count in zip(KEYS, COUNTS, strict=True):
        vectors.set_vecattr(key, "count", count)
    vectors.lifecycle_events = None  # they tell of the machine
    vectors.save(str(FOLDER / "keyedvectors-4.4"))
    vectors.save(str(FOLDER / "keyedvectors-4.4-npy"), sep_limit=0)
    vectors.save(str(FOLDER / "keyedvectors-4.4-npz.gz"), sep_limit=0)
    vectors.save(str(FOLDER / "keyedvectors-4.4-protocol0"), pickle_protocol=0)
    vectors.save(str(FOLDER / "keyedvectors-4.4-protocol5"), pickle_protocol=5)

    frequencies = dict(zip(KEYS, COUNTS, strict=True))
    model = Word2Vec(
        vector_size=6, min_count=5, sg=1, negative=3, window=7, epochs=4, seed=9, sorted_vocab=0
    )
    model.build_vocab_from_freq(frequencies, corpus_count=120)
    order = [KEYS.index(key) for key in model.wv.index_to_key]
    settle(model.wv)
    model.syn1neg = WEIGHTS[order].copy()
    model.lifecycle_events = None
    model.save(str(FOLDER / "word2vec-4.4"))
    model.save(str(FOLDER / "word2vec-4.4-npy"), sep_limit=0)

    documents = [TaggedDocument(KEYS * 5, [tag]) for tag in range(3)]
    paragraphs = Doc2Vec(documents, vector_size=6, min_count=1, workers=1, epochs=1, sorted_vocab=0)
    settle(paragraphs.wv)
    paragraphs.dv.vectors = VECTORS[:3].copy()
    paragraphs.lifecycle_events = None
    paragraphs.save(str(FOLDER / "doc2vec-4.4"))

    subwords = FastText(vector_size=6, min_count=1, bucket=40, min_n=3, max_n=4)
    subwords.build_vocab_from_freq(frequencies, corpus_count=120)
    subwords.lifecycle_events = None
    subwords.save(str(FOLDER / "fasttext-4.4"))
    words = ["socket", "sockets", "日本語", "unheard-of"]
    np.save(FOLDER / "fasttext-4.4.answers.npy", np.stack([subwords.wv[word] for word in words]))


if __name__ == "__main__":
    sys.exit(main())
