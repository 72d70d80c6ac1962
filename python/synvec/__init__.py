"""Word vectors: train, open and question them."""

from synvec._core import __version__
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

__all__ = [
    "ChecksumError",
    "EncodingError",
    "FormatError",
    "HeaderError",
    "LimitError",
    "LineSentence",
    "NonFiniteError",
    "PathLineSentences",
    "RowError",
    "Text8Corpus",
    "TruncatedFileError",
    "UnsafePickleError",
    "UnsupportedFormatError",
    "__version__",
    "scan",
]
