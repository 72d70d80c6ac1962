"""Evaluation as methods, also under gensim's names; the work is in `synvec.evaluation`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from synvec import evaluation
from synvec.arguments import with_known_arguments
from synvec.evaluation import Formula, PairScores, Section, StrPath
from synvec.key_types import KeyT
from synvec.keyed_vectors.similarity import Similarity
from synvec.statistics import Correlation

if TYPE_CHECKING:
    from synvec.evaluation import Dataset, Report


class Evaluating(Similarity[KeyT]):
    """Scores on analogies, word pairs, categories and outliers from files."""

    def evaluate(
        self,
        *datasets: StrPath | Dataset,
        restrict_vocab: int | None = 300_000,
        case_insensitive: bool = True,
        resamples: int = 1000,
        seed: int = 1,
    ) -> Report:
        r"""Score the vectors on data sets, with a 95 % interval around each score.

        Parameters
        ----------
        datasets
            Files or folders, whose layout is told from their content, or loaded data sets.
        restrict_vocab, case_insensitive, resamples, seed
            As for ``synvec.evaluate``, which says what is measured.

        Returns
        -------
        Report
            A table when printed; ``scores`` are its numbers, ``to_dict()`` is for JSON,
            ``compare(other)`` is the paired test.

        Raises
        ------
        ValueError
            Without a data set, or for a file in no known layout.

        Examples
        --------
        >>> from synvec import KeyedVectors
        >>> from synvec.evaluation import OutlierSet, Topic
        >>> kv = KeyedVectors.from_arrays(["cat", "dog", "car"], [[9, 1], [9, 2], [1, 9]])
        >>> print(kv.evaluate(OutlierSet("pets", [Topic("pets", ("cat", "dog"), ("car", "tea"))])))
        KeyedVectors<vector_size=2, 3 keys>
        data set  measure   score   95 % interval  asked  unknown
        pets      accuracy  1.000  [1.000, 1.000]      1        1
        pets      OPP       1.000  [1.000, 1.000]      1        1
        """
        return evaluation.evaluate(
            self,
            *datasets,
            restrict_vocab=restrict_vocab,
            case_insensitive=case_insensitive,
            resamples=resamples,
            seed=seed,
        )

    @with_known_arguments()
    def evaluate_word_analogies(
        self,
        analogies: StrPath,
        restrict_vocab: int | None = 300_000,
        case_insensitive: bool = True,
        dummy4unknown: bool = False,
        similarity_function: Formula = "most_similar",
    ) -> tuple[float, list[Section]]:
        r"""Answer analogy questions, "a is to b as c is to ?".

        A prediction is the best of the five rows most similar to b − a + c that is no form of a, b
        or c.

        Parameters
        ----------
        analogies
            A UTF-8 text file: sections begin with a line ``: name``, each other line is four words.
        restrict_vocab
            Ask about, and answer with, the first so many keys; ``None`` or 0 for all.
        case_insensitive
            Whether upper and lower case are one; the most frequent key of a word stands for it.
        dummy4unknown
            Whether questions with unknown words count as wrong; by default they are left out.
        similarity_function
            ``"most_similar"`` ranks by 3CosAdd, ``"most_similar_cosmul"`` by 3CosMul.

        Returns
        -------
        score : float
            The share of correct answers over all sections, 0 to 1; 0 when there is no question.
        sections : list of dict
            ``section``, ``correct`` and ``incorrect`` (quadruples, in capitals when
            ``case_insensitive``) for each section, and for all under ``"Total accuracy"``.

        Raises
        ------
        ValueError
            When a question stands before the first section; `EncodingError` for text that isn't
            UTF-8.

        Examples
        --------
        >>> import pathlib, tempfile
        >>> from synvec import KeyedVectors
        >>> keys = ["man", "king", "woman", "queen"]
        >>> kv = KeyedVectors.from_arrays(keys, [[1, 0, 0], [1, 1, 0], [1, 0, 1], [1, 1, 1]])
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = pathlib.Path(folder, "questions.txt")
        ...     _ = path.write_text(": royals\nman king woman queen\n")
        ...     score, sections = kv.evaluate_word_analogies(path)
        >>> score, sections[0]["correct"]
        (1.0, [('MAN', 'KING', 'WOMAN', 'QUEEN')])
        """
        return evaluation.word_analogies(
            self, analogies, restrict_vocab, case_insensitive, dummy4unknown, similarity_function
        )

    @with_known_arguments()
    def evaluate_word_pairs(
        self,
        pairs: StrPath,
        delimiter: str = "\t",
        encoding: str = "utf8",
        restrict_vocab: int | None = 300_000,
        case_insensitive: bool = True,
        dummy4unknown: bool = False,
    ) -> PairScores:
        r"""Correlate the cosines of word pairs with human scores.

        Parameters
        ----------
        pairs
            A text file of lines "word, word, score"; lines that begin with ``#`` are left out.
        delimiter
            What stands between the columns.
        encoding
            How the file is encoded.
        restrict_vocab
            Use the first so many keys; ``None`` or 0 for all.
        case_insensitive
            Whether upper and lower case are one; the most frequent key of a word stands for it.
        dummy4unknown
            Whether pairs with an unknown word get the cosine 0; by default they are left out.

        Returns
        -------
        pearson, spearman : Correlation
            Each (statistic, pvalue).
        oov_ratio : float
            The pairs with an unknown word, in percent.

        Raises
        ------
        ValueError
            When no pair, or only one, has both words; `EncodingError` for text in another encoding.

        Examples
        --------
        >>> import pathlib, tempfile
        >>> from synvec import KeyedVectors
        >>> kv = KeyedVectors.from_arrays(["a", "b", "c"], [[1, 0], [1, 1], [0, 1]])
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = pathlib.Path(folder, "pairs.tsv")
        ...     _ = path.write_text("a\ta\t9\na\tb\t6\na\tc\t1\nb\tz\t2\n")
        ...     result = kv.evaluate_word_pairs(path)
        >>> round(result.spearman.statistic, 6), result.oov_ratio
        (1.0, 25.0)
        """
        return evaluation.word_pairs(
            self, pairs, delimiter, encoding, restrict_vocab, case_insensitive, dummy4unknown
        )

    @staticmethod
    def log_accuracy(section: Section) -> float:
        """Log the accuracy of one section and return it, 0 to 1.

        Examples
        --------
        >>> from synvec import KeyedVectors
        >>> KeyedVectors.log_accuracy({"section": "empty", "correct": [], "incorrect": []})
        0.0
        """
        return evaluation.log_accuracy(section)

    @staticmethod
    def log_evaluate_word_pairs(
        pearson: Correlation,
        spearman: Correlation,
        oov: float,
        pairs: StrPath,
    ) -> None:
        """Log the three numbers that ``evaluate_word_pairs`` returns.

        Examples
        --------
        >>> from synvec import KeyedVectors
        >>> KeyedVectors.log_evaluate_word_pairs((0.5, 0.01), (0.4, 0.02), 0.0, "pairs.tsv")
        """
        evaluation.log_word_pairs(PairScores(pearson, spearman, oov), pairs)
