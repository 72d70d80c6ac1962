"""Word vectors: train, open and question them."""

from typing import TYPE_CHECKING, Any

from synvec._core import __version__
from synvec.callbacks import CallbackAny2Vec
from synvec.corpora import (
    LineSentence,
    PathLineSentences,
    Text8Corpus,
    save_as_line_sentence,
    scan,
)
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
from synvec.history import Epoch, History
from synvec.keyed_vectors import KeyedVectors, UnknownKeyError
from synvec.presets import PRESETS
from synvec.statistics import Correlation
from synvec.vocabulary import RULE_DEFAULT, RULE_DISCARD, RULE_KEEP
from synvec.word2vec import Word2Vec

if TYPE_CHECKING:
    from synvec.checkpoints.resuming import resume
    from synvec.classifier import TextClassifier
    from synvec.client import Client
    from synvec.fasttext import FastTextKeyedVectors, load_facebook_vectors
    from synvec.formats import (
        Limits,
        NativeParts,
        convert,
        load,
        load_glove,
        load_word2vec,
        open_native,
        save,
        save_glove,
        save_native,
        save_word2vec,
        sniff,
        verify,
    )
    from synvec.phrases import ENGLISH_CONNECTOR_WORDS, FrozenPhrases, Phraser, Phrases
    from synvec.preprocessing import simple_preprocess

# Imported when somebody asks for them: together they would be half of `import synvec`.
_LATER = {
    "checkpoints.resuming": ("resume",),
    "classifier": ("TextClassifier",),
    "client": ("Client",),
    "fasttext": ("FastTextKeyedVectors", "load_facebook_vectors"),
    "formats": (
        "Limits", "NativeParts", "convert", "load", "load_glove", "load_word2vec", "open_native",
        "save", "save_glove", "save_native", "save_word2vec", "sniff", "verify",
    ),
    "preprocessing": ("simple_preprocess",),
    "phrases": ("ENGLISH_CONNECTOR_WORDS", "FrozenPhrases", "Phraser", "Phrases"),
}  # fmt: skip

__all__ = [
    "ENGLISH_CONNECTOR_WORDS",
    "PRESETS",
    "RULE_DEFAULT",
    "RULE_DISCARD",
    "RULE_KEEP",
    "CallbackAny2Vec",
    "ChecksumError",
    "Client",
    "Correlation",
    "EncodingError",
    "Epoch",
    "FastTextKeyedVectors",
    "FormatError",
    "FrozenPhrases",
    "HeaderError",
    "History",
    "KeyedVectors",
    "LimitError",
    "Limits",
    "LineSentence",
    "NativeParts",
    "NonFiniteError",
    "PairScores",
    "PathLineSentences",
    "Phraser",
    "Phrases",
    "RowError",
    "Text8Corpus",
    "TextClassifier",
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
    "resume",
    "save",
    "save_as_line_sentence",
    "save_glove",
    "save_native",
    "save_word2vec",
    "scan",
    "simple_preprocess",
    "sniff",
    "verify",
]


def __getattr__(name: str) -> Any:
    from importlib import import_module

    for module, names in _LATER.items():
        if name == module:
            return import_module(f"{__name__}.{module}")
        if name in names:
            value = getattr(import_module(f"{__name__}.{module}"), name)
            globals()[name] = value  # once is enough
            return value
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
