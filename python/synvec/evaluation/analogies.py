"""Answers to analogy questions, many at a time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from synvec import _core
from synvec.arithmetic import Matrix, Vector, divisors
from synvec.evaluation.vocabulary import Vocabulary

if TYPE_CHECKING:
    from synvec.keyed_vectors.similarity import Similarity

Quadruple: TypeAlias = tuple[str, str, str, str]
Formula: TypeAlias = Literal["most_similar", "most_similar_cosmul"]
"""3CosAdd or 3CosMul, by the name of the method that ranks with it."""

# Questions that are answered together by 3CosAdd, and, with so many rows, by 3CosMul, whose scores
# are arrays of 8 MB.
SUMS = 8192
PRODUCTS = 512
ROWS = 4096
# gensim looks no further than the five best rows for one that is not a word of the question.
LOOKED_AT = 5
COSMUL_EPSILON = 1e-6


def predictions(
    kv: Similarity[Any],
    vocabulary: Vocabulary,
    questions: list[Quadruple],
    formula: Formula = "most_similar",
) -> NDArray[np.int64]:
    """Return the row that answers each question, −1 for none; see ``predictions_by``."""
    return predictions_by(kv, vocabulary, questions, [formula])[formula]


def predictions_by(
    kv: Similarity[Any],
    vocabulary: Vocabulary,
    questions: list[Quadruple],
    formulas: Sequence[Formula],
) -> dict[Formula, NDArray[np.int64]]:
    """Return the row that answers each question by each formula, −1 for none.

    "a is to b as c is to ?": of the vocabulary's rows the one of the highest score that is no form
    of a, b or c, unless five rows of such forms are ahead of it. Questions are answered in blocks;
    memory doesn't grow with the vocabulary or the questions.
    """
    found = {}
    kv.fill_norms()
    norms = kv.norms
    assert norms is not None  # fill_norms made them
    for formula in formulas:
        answers = np.full(len(questions), -1, dtype=np.int64)
        size = SUMS if formula == "most_similar" else PRODUCTS
        for first in range(0, len(questions), size):
            block = _Block(kv, norms, vocabulary, questions[first : first + size])
            answers[first : first + size] = block.answer(formula)
        found[formula] = answers
    return found


class _Block:
    """Some hundreds of questions, answered together."""

    def __init__(
        self,
        kv: Similarity[Any],
        norms: Vector,
        vocabulary: Vocabulary,
        questions: list[Quadruple],
    ) -> None:
        self.vectors, self.norms = kv.vectors, norms
        self.vocabulary, self.questions = vocabulary, questions
        rows = [[vocabulary.index[word] for word in question[:3]] for question in questions]
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

    def scores(self, cosine: Matrix, formula: Formula) -> Matrix:
        """Return the score of some rows for each question, questions × rows.

        ``cosine`` is that of the questions' distinct words with those rows.
        """
        if formula == "most_similar":
            scores: Matrix = cosine[self.b]
            scores += cosine[self.c]
            scores -= cosine[self.a]
            return scores
        positive: Matrix = cosine + np.float32(1)
        positive /= 2
        scores = positive[self.b]
        scores *= positive[self.c]
        scores /= positive[self.a] + np.float32(COSMUL_EPSILON)
        return scores

    def answer(self, formula: Formula) -> NDArray[np.int64]:
        """Return the best row that is not barred, for each question; −1 for none."""
        by_sum = formula == "most_similar"
        answers, best = self._best_of_sums() if by_sum else self._best_of_products()
        self._give_up(formula, best, answers)
        return answers

    def _best_of_sums(self) -> tuple[NDArray[np.int64], Vector]:
        """3CosAdd: the nearest row to b − a + c, found without any array of scores."""
        barred: list[list[int]] = [[] for _ in self.questions]
        for row, number in zip(self.barred_rows.tolist(), self.barred_questions, strict=True):
            barred[number].append(row)  # ascending, as the rows are
        queries, sums = self.words, None
        if len(self.words) < len(self.questions):
            # Sections repeat their words: their products are made once and added up.
            terms = np.stack([self.b, self.c, self.a], axis=1).astype(np.uint32)
            sums = terms, np.tile(np.array([1, 1, -1], dtype=np.float32), (len(terms), 1))
        else:
            queries = self.words[self.b] + self.words[self.c] - self.words[self.a]
        rows, scores = _core.nearest(
            self.vectors,
            self.norms,
            queries,
            1,
            end=self.vocabulary.size,
            excluded=barred,
            sums=sums,
        )
        if not rows.shape[1]:  # there is no row but the questions' own words
            shape = len(self.questions), 1
            rows, scores = np.full(shape, -1), np.full(shape, np.nan)
        answers, best = rows[:, 0], scores[:, 0].astype(np.float32)
        best[answers < 0] = -np.inf
        return answers, best

    def _best_of_products(self) -> tuple[NDArray[np.int64], Vector]:
        """3CosMul, block by block of the vocabulary."""
        count = len(self.questions)
        best = np.full(count, -np.inf, dtype=np.float32)
        answers = np.full(count, -1, dtype=np.int64)
        everyone = np.arange(count)
        for start in range(0, self.vocabulary.size, ROWS):
            end = min(start + ROWS, self.vocabulary.size)
            cosine = self.words @ self._unit(slice(start, end)).T
            scores = self.scores(cosine, "most_similar_cosmul")
            low, high = np.searchsorted(self.barred_rows, [start, end])
            scores[self.barred_questions[low:high], self.barred_rows[low:high] - start] = -np.inf
            if not np.isfinite(self.norms[start:end]).all():
                scores[np.isnan(scores)] = -np.inf  # as argmax would take it for the highest
            candidate = scores.argmax(axis=1)
            score = scores[everyone, candidate]
            better = score > best  # strictly: at equal score the lower index stays
            best[better] = score[better]
            answers[better] = candidate[better] + start
        return answers, best

    def _give_up(self, formula: Formula, best: Vector, answers: NDArray[np.int64]) -> None:
        """No answer where five other forms of the question's words are ahead of it."""
        for number, question in enumerate(self.questions):
            own = {self.vocabulary.index[word] for word in question[:3]}
            forms = {row for word in question[:3] for row in self.vocabulary.rows(word)} - own
            if len(forms) < LOOKED_AT:
                continue
            cosine = self.words @ self._unit(np.array(sorted(forms))).T
            scores = self.scores(cosine, formula)[number]
            if np.count_nonzero(scores >= best[number]) >= LOOKED_AT:
                answers[number] = -1
