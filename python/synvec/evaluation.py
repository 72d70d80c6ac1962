"""How good vectors are: analogy questions, word pairs with human scores, and the statistics.

The methods of ``KeyedVectors`` are thin calls into this module. No test set is shipped.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from os import PathLike
from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias, TypedDict

import numpy as np
from numpy.typing import NDArray

from synvec.arithmetic import Matrix, Vector, divisors
from synvec.errors import EncodingError
from synvec.statistics import Correlation, pearson, spearman

if TYPE_CHECKING:
    from synvec.keyed_vectors.similarity import Similarity

logger = logging.getLogger(__name__)

StrPath: TypeAlias = str | PathLike[str]
Quadruple: TypeAlias = tuple[str, str, str, str]
Formula: TypeAlias = Literal["most_similar", "most_similar_cosmul"]
"""3CosAdd or 3CosMul, by the name of the method that ranks with it."""

# Scores are computed for this many questions and vocabulary rows at a time: 8 MB an array.
QUESTIONS = 512
ROWS = 4096
# gensim looks no further than the five best rows for one that is not a word of the question.
LOOKED_AT = 5
COSMUL_EPSILON = 1e-6


class Section(TypedDict):
    """One section of an analogy file, answered."""

    section: str
    correct: list[Quadruple]
    incorrect: list[Quadruple]


class PairScores(NamedTuple):
    """How well cosines follow human scores."""

    pearson: Correlation
    spearman: Correlation
    oov_ratio: float
    """Percent of the pairs with a word that the store doesn't hold."""


@dataclass
class Vocabulary:
    """The words that questions are asked about: the first rows, letters folded or not."""

    index: dict[str, int]
    """The row of each word; of several that fold into one, the most frequent."""
    variants: dict[str, list[int]]
    """All rows of words that fold into one with others."""
    fold: bool
    size: int

    @classmethod
    def of(cls, kv: Similarity, restrict_vocab: int | None, case_insensitive: bool) -> Vocabulary:
        """Read the first ``restrict_vocab`` keys (None or 0 for all)."""
        keys = kv.key_table.keys(0, restrict_vocab or None)
        index: dict[str, int] = {}
        variants: dict[str, list[int]] = {}
        for row, key in enumerate(keys):
            word = key.upper() if case_insensitive else key
            first = index.setdefault(word, row)
            if first != row:
                variants.setdefault(word, [first]).append(row)
        return cls(index, variants, case_insensitive, len(keys))

    def word(self, text: str) -> str:
        """Return the word as it stands in the index."""
        return text.upper() if self.fold else text

    def rows(self, word: str) -> list[int]:
        """Return every row of a word."""
        return self.variants.get(word) or [self.index[word]]


def word_analogies(
    kv: Similarity,
    analogies: StrPath,
    restrict_vocab: int | None = 300_000,
    case_insensitive: bool = True,
    dummy4unknown: bool = False,
    similarity_function: Formula = "most_similar",
) -> tuple[float, list[Section]]:
    """Answer a file of analogy questions; see ``KeyedVectors.evaluate_word_analogies``."""
    if similarity_function not in ("most_similar", "most_similar_cosmul"):
        raise ValueError(
            f"similarity_function is {similarity_function!r}, expected 'most_similar' or "
            "'most_similar_cosmul'"
        )
    vocabulary = Vocabulary.of(kv, restrict_vocab, case_insensitive)
    sections: list[Section] = []
    asked: list[tuple[Section, Quadruple, bool]] = []
    unknown = 0
    for name, question in _read_questions(analogies, vocabulary):
        if question is None:
            sections.append({"section": name, "correct": [], "incorrect": []})
            continue
        is_known = all(word in vocabulary.index for word in question)
        unknown += not is_known
        if is_known or dummy4unknown:
            asked.append((sections[-1], question, is_known))
    known = [question for _, question, is_known in asked if is_known]
    answers = iter(predictions(kv, vocabulary, known, similarity_function).tolist())
    for section, question, is_known in asked:
        row = next(answers) if is_known else -1
        right = row >= 0 and vocabulary.word(kv.key_table.key(row)) == question[3]
        section["correct" if right else "incorrect"].append(question)
    total: Section = {
        "section": "Total accuracy",
        "correct": [question for section in sections for question in section["correct"]],
        "incorrect": [question for section in sections for question in section["incorrect"]],
    }
    for section in [*sections, total]:
        log_accuracy(section)
    logger.info("%d questions held unknown words", unknown)
    return accuracy(total), [*sections, total]


def accuracy(section: Section) -> float:
    """Return the share of correct answers, between 0 and 1; 0 without any question."""
    correct, incorrect = len(section["correct"]), len(section["incorrect"])
    return correct / (correct + incorrect) if correct + incorrect else 0.0


def log_accuracy(section: Section) -> float:
    """Log the accuracy of a section and return it."""
    score, correct = accuracy(section), len(section["correct"])
    asked = correct + len(section["incorrect"])
    logger.info("%s: %.1f%% (%d/%d)", section["section"], 100 * score, correct, asked)
    return score


def _lines(path: StrPath, encoding: str) -> Iterator[tuple[int, str]]:
    """Return the lines of a small text file with their numbers."""
    try:
        # The signature is no part of the first line.
        name = "utf-8-sig" if encoding.lower().replace("-", "") == "utf8" else encoding
        from pathlib import Path  # here, since it costs 5 ms of `import synvec`

        text = Path(path).read_text(encoding=name)
    except UnicodeDecodeError as error:
        raise EncodingError(
            f"{path}: not valid {encoding} at byte {error.start}, expected text in that encoding"
        ) from None
    return enumerate(text.splitlines(), start=1)


def _read_questions(
    path: StrPath, vocabulary: Vocabulary
) -> Iterator[tuple[str, Quadruple | None]]:
    """Each header as (name, None), each question as (name of its section, words)."""
    section: str | None = None
    for number, line in _lines(path, "utf-8"):
        if line.startswith(": "):
            section = line[2:].strip()
            yield section, None
            continue
        words = [vocabulary.word(word) for word in line.split()]
        if not words:
            continue
        if section is None:
            raise ValueError(
                f"{path}, line {number}: a question before the first section, expected a line "
                "such as ': capital-common-countries'"
            )
        if len(words) != 4:
            logger.info("%s, line %d: skipped, expected 4 words: %r", path, number, line[:80])
            continue
        yield section, (words[0], words[1], words[2], words[3])


def predictions(
    kv: Similarity,
    vocabulary: Vocabulary,
    questions: list[Quadruple],
    formula: Formula = "most_similar",
) -> NDArray[np.int64]:
    """Return the row that answers each question, −1 for none.

    "a is to b as c is to ?": of the vocabulary's rows the one of the highest score that is no form
    of a, b or c, unless five rows of such forms are ahead of it. The scores of all questions are
    matrix products in blocks; memory doesn't grow with the vocabulary or the questions.
    """
    answers = np.full(len(questions), -1, dtype=np.int64)
    kv.fill_norms()
    norms = kv.norms
    assert norms is not None  # fill_norms made them
    for first in range(0, len(questions), QUESTIONS):
        block = _Block(kv, norms, vocabulary, questions[first : first + QUESTIONS], formula)
        answers[first : first + QUESTIONS] = block.answer()
    return answers


class _Block:
    """Some hundreds of questions, answered together."""

    def __init__(
        self,
        kv: Similarity,
        norms: Vector,
        vocabulary: Vocabulary,
        questions: list[Quadruple],
        formula: Formula,
    ) -> None:
        self.vectors, self.norms = kv.vectors, norms
        self.vocabulary, self.questions, self.formula = vocabulary, questions, formula
        rows = [[vocabulary.index[word] for word in question[:3]] for question in questions]
        # Sections repeat their words: cosines are computed once for each distinct one.
        self.asked, places = np.unique(np.array(rows, dtype=np.int64), return_inverse=True)
        self.a, self.b, self.c = places.reshape(-1, 3).T
        self.words = self._unit(self.asked)
        # Which rows are no answer to which question, by row.
        pairs = [
            (row, number)
            for number, question in enumerate(questions)
            for word in set(question[:3])
            for row in vocabulary.rows(word)
        ]
        pairs.sort()
        barred = np.array(pairs, dtype=np.int64)
        self.barred_rows, self.barred_questions = barred[:, 0], barred[:, 1]

    def _unit(self, rows: NDArray[np.int64] | slice) -> Matrix:
        unit: Matrix = self.vectors[rows] / divisors(self.norms[rows])
        return unit

    def scores(self, unit: Matrix) -> Matrix:
        """Return the score of each row of ``unit`` for each question: questions × rows."""
        cosine = self.words @ unit.T
        if self.formula == "most_similar":
            scores: Matrix = cosine[self.b]
            scores += cosine[self.c]
            scores -= cosine[self.a]
            return scores
        cosine += 1
        cosine /= 2
        scores = cosine[self.b]
        scores *= cosine[self.c]
        scores /= cosine[self.a] + np.float32(COSMUL_EPSILON)
        return scores

    def answer(self) -> NDArray[np.int64]:
        """Return the best row that is not barred, for each question; −1 for none."""
        count = len(self.questions)
        best = np.full(count, -np.inf, dtype=np.float32)
        answers = np.full(count, -1, dtype=np.int64)
        everyone = np.arange(count)
        for start in range(0, self.vocabulary.size, ROWS):
            end = min(start + ROWS, self.vocabulary.size)
            scores = self.scores(self._unit(slice(start, end)))
            low, high = np.searchsorted(self.barred_rows, [start, end])
            scores[self.barred_questions[low:high], self.barred_rows[low:high] - start] = -np.inf
            candidate = scores.argmax(axis=1)
            score = scores[everyone, candidate]
            better = score > best  # strictly: at equal score the lower index stays
            best[better] = score[better]
            answers[better] = candidate[better] + start
        self._give_up(best, answers)
        return answers

    def _give_up(self, best: Vector, answers: NDArray[np.int64]) -> None:
        """No answer where five other forms of the question's words are ahead of it."""
        for number, question in enumerate(self.questions):
            own = {self.vocabulary.index[word] for word in question[:3]}
            forms = {row for word in question[:3] for row in self.vocabulary.rows(word)} - own
            if len(forms) < LOOKED_AT:
                continue
            scores = self.scores(self._unit(np.array(sorted(forms))))[number]
            if np.count_nonzero(scores >= best[number]) >= LOOKED_AT:
                answers[number] = -1


def word_pairs(
    kv: Similarity,
    pairs: StrPath,
    delimiter: str = "\t",
    encoding: str = "utf8",
    restrict_vocab: int | None = 300_000,
    case_insensitive: bool = True,
    dummy4unknown: bool = False,
) -> PairScores:
    """Compare cosines with human scores; see ``KeyedVectors.evaluate_word_pairs``."""
    vocabulary = Vocabulary.of(kv, restrict_vocab, case_insensitive)
    human: list[float] = []
    cosine: list[float] = []
    unknown = total = 0
    for number, line in _lines(pairs, encoding):
        if not line.strip() or line.startswith("#"):
            continue
        try:
            one, other, text = line.split(delimiter)
            score = float(text)
        except ValueError:
            logger.info("%s, line %d: skipped, expected two words and a number", pairs, number)
            continue
        total += 1
        rows = [vocabulary.index.get(vocabulary.word(word.strip())) for word in (one, other)]
        if rows[0] is not None and rows[1] is not None:
            cosine.append(float(kv.similarity(rows[0], rows[1])))
        else:
            unknown += 1
            if not dummy4unknown:
                continue
            cosine.append(0.0)
        human.append(score)
    if total == unknown:
        raise ValueError(
            f"{pairs}: none of {total} pairs has both words in the vocabulary, expected lines of "
            f"word, word, score with {delimiter!r} between them"
        )
    result = PairScores(pearson(human, cosine), spearman(human, cosine), 100 * unknown / total)
    log_word_pairs(result, pairs)
    return result


def log_word_pairs(result: PairScores, pairs: StrPath) -> None:
    """Log the three numbers of an evaluation on word pairs."""
    logger.info("%s: Pearson %.4f, p %.4g", pairs, *result.pearson)
    logger.info("%s: Spearman %.4f, p %.4g", pairs, *result.spearman)
    logger.info("%s: %.1f%% of the pairs held unknown words", pairs, result.oov_ratio)
