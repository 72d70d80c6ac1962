"""``synvec.evaluate`` and ``synvec.compare``: data sets in, a report or a comparison out."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from synvec.evaluation.text import StrPath
from synvec.evaluation.vocabulary import Vocabulary

# The rest of the package is imported where it is used: it would be a fifth of `import synvec`.
if TYPE_CHECKING:
    from synvec.evaluation.comparison import Comparison
    from synvec.evaluation.datasets import Dataset
    from synvec.evaluation.report import Report
    from synvec.keyed_vectors.similarity import Similarity

logger = logging.getLogger(__name__)


def evaluate(
    kv: Similarity[Any],
    *datasets: StrPath | Dataset,
    restrict_vocab: int | None = 300_000,
    case_insensitive: bool = True,
    resamples: int = 1000,
    seed: int = 1,
) -> Report:
    """Score vectors on data sets, with a 95 % interval around each score.

    Parameters
    ----------
    kv
        The vectors.
    datasets
        Files or folders in the layouts that ``synvec.evaluation.load_datasets`` tells from their
        content, or data sets that are loaded already. Each is scored by what it holds:

        - analogies: the share of right answers by 3CosAdd (Mikolov et al. 2013) and by 3CosMul
          (Levy and Goldberg 2014), in all and by section;
        - pairs with human scores: Pearson's and Spearman's correlation with the cosines;
        - categories: purity of as many k-means clusters of the unit vectors;
        - outliers: accuracy and OPP (Camacho-Collados and Navigli 2016).
    restrict_vocab
        Ask about, and answer with, the first so many keys; ``None`` or 0 for all.
    case_insensitive
        Whether upper and lower case are one; the most frequent key of a word stands for it.
    resamples
        How many times the bootstrap (Efron 1979) draws the items anew.
    seed
        Of the bootstrap and of the clusters; the same seed gives the same report.

    Returns
    -------
    Report
        A score with its interval, and how many items were asked and how many hold unknown words,
        for each data set and measure.

    Raises
    ------
    ValueError
        Without a data set, for a file in no known layout, or ``resamples`` below 1.
    TypeError
        For a whole model instead of its vectors.

    Examples
    --------
    >>> from synvec import KeyedVectors
    >>> from synvec.evaluation import AnalogySet
    >>> keys = ["man", "king", "woman", "queen"]
    >>> kv = KeyedVectors.from_arrays(keys, [[1, 0, 0], [1, 1, 0], [1, 0, 1], [1, 1, 1]])
    >>> royals = AnalogySet("royals", [("man", "king", "woman", "queen")], ["royals"])
    >>> print(evaluate(kv, royals))
    KeyedVectors<vector_size=3, 4 keys>
    data set  measure  score   95 % interval  asked  unknown
    royals    3CosAdd  1.000  [1.000, 1.000]      1        0
    royals    3CosMul  1.000  [1.000, 1.000]      1        0
    """
    _check_vectors("kv", kv)
    loaded = _load(datasets, resamples)
    vocabulary = Vocabulary.of(kv, restrict_vocab, case_insensitive)
    return _report(kv, vocabulary, loaded, resamples, seed)


def compare(
    first: Similarity,
    second: Similarity,
    *datasets: StrPath | Dataset,
    restrict_vocab: int | None = 300_000,
    case_insensitive: bool = True,
    resamples: int = 1000,
    seed: int = 1,
) -> Comparison:
    """Compare two models on the items whose words both know.

    Both are asked about the same words; what each answers an analogy with is any word of its own.

    Parameters
    ----------
    first, second
        The vectors.
    datasets, restrict_vocab, case_insensitive, resamples, seed
        As for ``evaluate``.

    Returns
    -------
    Comparison
        For each data set and measure: first − second, its 95 % interval by the paired bootstrap
        (both models on the same resampled items), and a two-sided p-value: exact McNemar (1947)
        where items are right or wrong, else by the paired bootstrap.

    Raises
    ------
    ValueError
        As for ``evaluate``.

    Examples
    --------
    >>> from synvec import KeyedVectors
    >>> from synvec.evaluation import PairSet
    >>> one = KeyedVectors.from_arrays(["a", "b", "c"], [[1, 0], [1, 1], [0, 1]])
    >>> other = KeyedVectors.from_arrays(["a", "b", "c"], [[1, 0], [0, 1], [1, 1]])
    >>> pairs = PairSet("three", [("a", "a"), ("a", "b"), ("a", "c")], [9, 6, 1])
    >>> found = compare(one, other, pairs).differences[1]
    >>> found.measure, round(found.first, 2), round(found.second, 2), found.asked
    ('Spearman', 1.0, 0.5, 3)
    """
    _check_vectors("first", first)
    _check_vectors("second", second)
    loaded = _load(datasets, resamples)
    one, other = (Vocabulary.of(kv, restrict_vocab, case_insensitive) for kv in (first, second))
    shared = one.index.keys() & other.index.keys()
    report = _report(first, one.only(shared), loaded, resamples, seed)
    return report.compare(_report(second, other.only(shared), loaded, resamples, seed))


def _check_vectors(name: str, given: object) -> None:
    from synvec.keyed_vectors.similarity import Similarity

    if not isinstance(given, Similarity):
        raise TypeError(
            f"{name} is a {type(given).__name__}, expected KeyedVectors; of a model give model.wv"
        )


def _load(given: tuple[StrPath | Dataset, ...], resamples: int) -> list[Dataset]:
    from synvec.evaluation.datasets import AnalogySet, CategorySet, OutlierSet, PairSet
    from synvec.evaluation.loading import load_datasets

    if resamples < 1:
        raise ValueError(f"resamples is {resamples}, expected at least 1; 1000 are a good number")
    if not given:
        raise ValueError("no data set, expected at least one; give the path of a file or folder")
    loaded: list[Dataset] = []
    for item in given:
        if isinstance(item, AnalogySet | PairSet | CategorySet | OutlierSet):
            loaded.append(item)
        else:
            loaded += load_datasets(item)
    return loaded


def _report(
    kv: Similarity[Any], vocabulary: Vocabulary, datasets: list[Dataset], resamples: int, seed: int
) -> Report:
    from synvec.evaluation.asking import ask
    from synvec.evaluation.report import Report, scores

    answers = []
    for dataset in datasets:
        logger.info("%s: %d items of %s", dataset.name, len(dataset), dataset.task)
        answers.append(ask(kv, vocabulary, dataset, seed))
    found = [score for own in answers for score in scores(own, resamples, seed)]
    return Report(str(kv), tuple(found), resamples, seed, tuple(answers))
