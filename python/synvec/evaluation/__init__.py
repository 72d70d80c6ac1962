"""How good vectors are: analogies, word pairs with human scores, categories, and outliers.

The methods of ``KeyedVectors`` are thin calls into this package. No test set is shipped.
"""

from typing import TYPE_CHECKING, Any

from synvec.evaluation.analogies import LOOKED_AT, PRODUCTS, ROWS, Formula, Quadruple, predictions
from synvec.evaluation.gensim import (
    PairScores,
    Section,
    accuracy,
    log_accuracy,
    log_word_pairs,
    word_analogies,
    word_pairs,
)
from synvec.evaluation.running import compare, evaluate
from synvec.evaluation.text import StrPath
from synvec.evaluation.vocabulary import Vocabulary

if TYPE_CHECKING:
    from synvec.evaluation.comparison import Comparison, Difference
    from synvec.evaluation.datasets import (
        AnalogySet,
        CategorySet,
        Dataset,
        OutlierSet,
        PairSet,
        Topic,
    )
    from synvec.evaluation.loading import load_datasets
    from synvec.evaluation.report import Report, Score

# Imported when somebody asks for them: together they would be a fifth of `import synvec`.
_LATER = {
    "comparison": ("Comparison", "Difference"),
    "datasets": ("AnalogySet", "CategorySet", "Dataset", "OutlierSet", "PairSet", "Topic"),
    "loading": ("load_datasets",),
    "report": ("Report", "Score"),
}

__all__ = [
    "LOOKED_AT",
    "PRODUCTS",
    "ROWS",
    "AnalogySet",
    "CategorySet",
    "Comparison",
    "Dataset",
    "Difference",
    "Formula",
    "OutlierSet",
    "PairScores",
    "PairSet",
    "Quadruple",
    "Report",
    "Score",
    "Section",
    "StrPath",
    "Topic",
    "Vocabulary",
    "accuracy",
    "compare",
    "evaluate",
    "load_datasets",
    "log_accuracy",
    "log_word_pairs",
    "predictions",
    "word_analogies",
    "word_pairs",
]


def __getattr__(name: str) -> Any:
    from importlib import import_module

    for module, names in _LATER.items():
        if name in names:
            return getattr(import_module(f"{__name__}.{module}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
