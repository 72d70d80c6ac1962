"""How good vectors are: analogies, word pairs with human scores, categories, and outliers.

The methods of ``KeyedVectors`` are thin calls into this package. No test set is shipped.
"""

from synvec.evaluation.analogies import LOOKED_AT, QUESTIONS, ROWS, Formula, Quadruple, predictions
from synvec.evaluation.gensim import (
    PairScores,
    Section,
    accuracy,
    log_accuracy,
    log_word_pairs,
    word_analogies,
    word_pairs,
)
from synvec.evaluation.text import StrPath
from synvec.evaluation.vocabulary import Vocabulary

__all__ = [
    "LOOKED_AT",
    "QUESTIONS",
    "ROWS",
    "Formula",
    "PairScores",
    "Quadruple",
    "Section",
    "StrPath",
    "Vocabulary",
    "accuracy",
    "log_accuracy",
    "log_word_pairs",
    "predictions",
    "word_analogies",
    "word_pairs",
]
