"""The ten words in every format: what was written once opens for ever, with the same words."""

import io

import pytest

from synvec import formats
from tests.golden import FOLDER, golden, is_golden
from tests.hostile import check_survives, flipped

# The file in tests/data/golden, its format, who wrote it.
FILES = [
    ("gensim.txt", "word2vec-text", "gensim 4.4.0"),
    ("gensim.bin", "word2vec-binary", "gensim 4.4.0"),
    ("word2vec-c.bin", "word2vec-binary", "synvec, in the style of word2vec.c"),
    ("word2vec-c.txt", "word2vec-text", "synvec, in the style of word2vec.c"),
    ("glove.txt", "glove", "synvec"),
    ("native-1.kv", "native", "synvec 0.1.0, version 1 of the format"),
    ("numpy.npz", "npz", "NumPy 2.4"),
    ("finalfusion.fifu", "finalfusion", "finalfusion 0.7.1, the Python package"),
    ("pyarrow.parquet", "parquet", "pyarrow 26"),
    ("pyarrow.feather", "arrow", "pyarrow 26"),
    ("fasttext.bin", "fasttext", "Facebook's fastText 0.9.2, given these vectors"),
    ("fasttext-synvec.bin", "fasttext", "synvec"),
    ("gensim/keyedvectors-4.4", "gensim", "gensim 4.4.0, protocol 4"),
    ("gensim/keyedvectors-4.4-protocol0", "gensim", "gensim 4.4.0, protocol 0"),
    ("gensim/keyedvectors-4.4-protocol5", "gensim", "gensim 4.4.0, protocol 5"),
    ("gensim/keyedvectors-4.4-npy", "gensim", "gensim 4.4.0, an array beside it"),
    ("gensim/keyedvectors-4.4-npz.gz", "gensim", "gensim 4.4.0, compressed, an array beside it"),
    ("gensim/word2vec-4.4", "gensim", "gensim 4.4.0, a full model"),
    ("gensim/word2vec-4.4-npy", "gensim", "gensim 4.4.0, a full model, arrays beside it"),
    ("gensim/doc2vec-4.4", "gensim", "gensim 4.4.0, a Doc2Vec model"),
    ("gensim/keyedvectors-3.8.3-python3", "gensim", "gensim 3.8.3, an array beside it"),
    ("gensim/word2vec-3.8.3-python3", "gensim", "gensim 3.8.3, a full model"),
    ("gensim/doc2vec-3.8.3-python3", "gensim", "gensim 3.8.3, a Doc2Vec model"),
    ("gensim/keyedvectors-3.8.3-python2", "gensim", "gensim 3.8.3 on Python 2.7"),
    ("gensim/word2vec-3.8.3-python2", "gensim", "gensim 3.8.3 on Python 2.7, a full model"),
    ("gensim/doc2vec-3.8.3-python2", "gensim", "gensim 3.8.3 on Python 2.7, a Doc2Vec model"),
    ("gensim/word2vec-3.8", "gensim", "synvec, in the layout of gensim 3.8 on Python 3"),
    ("gensim/word2vec-1.0-python2", "gensim", "synvec, in the layout of gensim 1.0 on Python 2"),
    ("gensim/word2vec-0.12-python2", "gensim", "synvec, in the layout of gensim 0.12 on Python 2"),
]

# What is more than one file.
SEVERAL = [
    ("model2vec", "model2vec", "model2vec 0.10"),
    ("static-embedding", "static-embedding", "synvec"),
    ("spacy", "spacy", "spaCy 3.8"),
    ("numpy.npy", "numpy", "NumPy 2.4"),
    ("projector_tensor.tsv", "projector", "synvec"),
]
ALL = [*FILES, *SEVERAL]


@pytest.mark.parametrize(("name", "format", "writer"), ALL, ids=[name for name, *_ in ALL])
def test_it_opens(name: str, format: str, writer: str) -> None:
    path = FOLDER / name
    assert formats.sniff(path) == format
    assert is_golden(formats.vectors_of(formats.load(path))), writer


@pytest.mark.parametrize(
    ("name", "format", "options"),
    [
        ("gensim.txt", "word2vec-text", {}),
        ("gensim.bin", "word2vec-binary", {}),
        ("word2vec-c.txt", "word2vec-text", {"style": "word2vec.c"}),
        ("word2vec-c.bin", "word2vec-binary", {"style": "word2vec.c"}),
        ("glove.txt", "glove", {}),
        ("native-1.kv", "native", {}),
        ("fasttext-synvec.bin", "fasttext", {}),
    ],
)
def test_what_is_written_today_is_the_same_bytes(
    name: str, format: formats.Format, options: dict[str, str]
) -> None:
    out = io.BytesIO()
    formats.save(golden(), out, format=format, **options)
    assert out.getvalue() == (FOLDER / name).read_bytes()


@pytest.mark.parametrize("name", [name for name, *_ in FILES])
def test_turned_bits_never_crash(name: str) -> None:
    for data in flipped((FOLDER / name).read_bytes(), times=150):
        check_survives(lambda data: formats.load(io.BytesIO(data)), data)
