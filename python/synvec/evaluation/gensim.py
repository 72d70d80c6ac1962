"""Analogies and word pairs in gensim's shapes: what its methods return, and what they log."""

from __future__ import annotations

import logging
import math
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple, TypedDict

from synvec.evaluation.analogies import Formula, Quadruple, predictions
from synvec.evaluation.text import StrPath, numbered_lines
from synvec.evaluation.vocabulary import Vocabulary
from synvec.statistics import Correlation, pearson, spearman

if TYPE_CHECKING:
    from synvec.keyed_vectors.similarity import Similarity

logger = logging.getLogger(__name__)


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


def word_analogies(
    kv: Similarity[Any],
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
    texts = kv.key_table.texts()
    answers = iter(predictions(kv, vocabulary, known, similarity_function).tolist())
    for section, question, is_known in asked:
        row = next(answers) if is_known else -1
        right = row >= 0 and vocabulary.word(texts.key(row)) == question[3]
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


def _read_questions(
    path: StrPath, vocabulary: Vocabulary
) -> Iterator[tuple[str, Quadruple | None]]:
    """Each header as (name, None), each question as (name of its section, words)."""
    section: str | None = None
    for number, line in numbered_lines(path, "utf-8"):
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


def word_pairs(
    kv: Similarity[Any],
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
    for number, line in numbered_lines(pairs, encoding):
        if not line.strip() or line.startswith("#"):
            continue
        try:
            one, other, text = line.split(delimiter)
            score = float(text)
            if not math.isfinite(score):
                raise ValueError(text)
        except ValueError:
            logger.info("%s, line %d: skipped, expected two words and a number", pairs, number)
            continue
        total += 1
        rows = [vocabulary.index.get(vocabulary.word(word.strip())) for word in (one, other)]
        if rows[0] is not None and rows[1] is not None:
            cosine.append(
                float(kv.similarity(kv.key_table.key(rows[0]), kv.key_table.key(rows[1])))
            )
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
