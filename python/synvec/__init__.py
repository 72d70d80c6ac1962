"""Word vectors: train, open and question them."""

from synvec._core import __version__
from synvec.callbacks import CallbackAny2Vec
from synvec.corpora import LineSentence, PathLineSentences, Text8Corpus, scan
from synvec.errors import (
    ChecksumError,
    EncodingError,
    FormatError,
    HeaderError,
    LimitError,
    NonFiniteError,
    RowError,
    TruncatedFileError,
    UnsafePickleError,
    UnsupportedFormatError,
)
from synvec.evaluation import PairScores, compare, evaluate
from synvec.fasttext import FastTextKeyedVectors, load_facebook_vectors
from synvec.formats import (
    Limits,
    NativeParts,
    convert,
    load,
    load_glove,
    load_word2vec,
    open_native,
    save_glove,
    save_native,
    save_word2vec,
    sniff,
    verify,
)
from synvec.keyed_vectors import KeyedVectors, UnknownKeyError
from synvec.presets import PRESETS
from synvec.statistics import Correlation
from synvec.training import Epoch
from synvec.vocabulary import RULE_DEFAULT, RULE_DISCARD, RULE_KEEP
from synvec.word2vec import Word2Vec

__all__ = [
    "PRESETS",
    "RULE_DEFAULT",
    "RULE_DISCARD",
    "RULE_KEEP",
    "CallbackAny2Vec",
    "ChecksumError",
    "Correlation",
    "EncodingError",
    "Epoch",
    "FastTextKeyedVectors",
    "FormatError",
    "HeaderError",
    "KeyedVectors",
    "LimitError",
    "Limits",
    "LineSentence",
    "NativeParts",
    "NonFiniteError",
    "PairScores",
    "PathLineSentences",
    "RowError",
    "Text8Corpus",
    "TruncatedFileError",
    "UnknownKeyError",
    "UnsafePickleError",
    "UnsupportedFormatError",
    "Word2Vec",
    "__version__",
    "compare",
    "convert",
    "evaluate",
    "load",
    "load_facebook_vectors",
    "load_glove",
    "load_word2vec",
    "open_native",
    "save_glove",
    "save_native",
    "save_word2vec",
    "scan",
    "sniff",
    "verify",
]
