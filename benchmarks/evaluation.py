"""One judge for all programs: NumPy alone, the same questions and candidate words for everyone.

Programs break ties at the edge of "the 30,000 most frequent words" each in its own way, and so
would be asked different questions; here the words are chosen once, from the corpus and from what
every program knows.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Question = tuple[str, str, str, str]
Pair = tuple[str, str, float]

ANALOGIES = "questions-words.txt"
PAIRS = {"WS-353": "ws353.tsv", "SimLex-999": "simlex999.tsv", "MEN": "men3000.tsv"}


@dataclass(frozen=True)
class Vectors:
    """Unit vectors and the row of each word."""

    rows: Mapping[str, int]
    unit: NDArray[np.float32]

    def take(self, words: Sequence[str]) -> NDArray[np.float32]:
        return self.unit[[self.rows[word] for word in words]]


@dataclass(frozen=True)
class Exam:
    """The frozen questions: analogies over the candidates, and pairs for each set of scores."""

    candidates: list[str]
    semantic: list[Question]
    syntactic: list[Question]
    pairs: dict[str, list[Pair]]

    def sizes(self) -> dict[str, int]:
        analogies = {"semantic": len(self.semantic), "syntactic": len(self.syntactic)}
        pairs = {name: len(pairs) for name, pairs in self.pairs.items()}
        return {"candidates": len(self.candidates), **analogies, **pairs}


def read_word2vec(path: Path) -> Vectors:
    """Read word2vec's binary format, with or without a newline after each vector."""
    data = path.read_bytes()
    header_end = data.index(b"\n")
    count, dimensions = map(int, data[:header_end].split())
    rows: dict[str, int] = {}
    matrix = np.empty((count, dimensions), dtype=np.float32)
    at = header_end + 1
    for row in range(count):
        space = data.index(b" ", at)
        rows[data[at:space].lstrip(b"\n").decode(errors="replace")] = row
        matrix[row] = np.frombuffer(data, dtype="<f4", count=dimensions, offset=space + 1)
        at = space + 1 + 4 * dimensions
    norms = np.linalg.norm(matrix, axis=1, keepdims=True)
    matrix /= np.where(norms == 0, 1, norms)
    return Vectors(rows, matrix)


def freeze(
    counts: Counter[str],
    vocabularies: Iterable[Iterable[str]],
    folder: Path,
    *,
    restrict: int = 30_000,
) -> Exam:
    """Choose words and questions once: what all programs know, by count, ties by word.

    Analogies are asked and answered among the ``restrict`` most frequent; pairs among all. A set
    whose file is not in the folder is left out.
    """
    common = set(counts)
    for vocabulary in vocabularies:
        common &= set(vocabulary)
    candidates = sorted(common, key=lambda word: (-counts[word], word))[:restrict]
    semantic, syntactic = _questions(folder / ANALOGIES, set(candidates))
    pairs = {name: _pairs(folder / file, common) for name, file in PAIRS.items()}
    return Exam(candidates, semantic, syntactic, {n: found for n, found in pairs.items() if found})


def _questions(path: Path, known: set[str]) -> tuple[list[Question], list[Question]]:
    semantic: list[Question] = []
    syntactic: list[Question] = []
    section = semantic
    for line in path.read_text(encoding="utf-8").splitlines() if path.exists() else ():
        if line.startswith(":"):
            section = syntactic if line[1:].strip().startswith("gram") else semantic
            continue
        words = line.lower().split()
        if len(words) == 4 and known.issuperset(words):
            a, b, c, d = words
            section.append((a, b, c, d))
    return semantic, syntactic


def _pairs(path: Path, known: set[str]) -> list[Pair]:
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    rows = [line.lower().split("\t") for line in lines if line and not line.startswith("#")]
    return [(a, b, float(score)) for a, b, score in rows if a in known and b in known]


def evaluate(vectors: Vectors, tests: Exam) -> dict[str, float]:
    """Score the vectors: analogies in percent, Spearman's correlation for each set of pairs."""
    scores: dict[str, float] = {}
    right = {
        "semantic": _right_answers(vectors, tests.candidates, tests.semantic),
        "syntactic": _right_answers(vectors, tests.candidates, tests.syntactic),
    }
    right["total"] = np.concatenate([right["semantic"], right["syntactic"]])
    for name in ("total", "semantic", "syntactic"):
        if len(right[name]):
            scores[name] = 100 * float(right[name].mean())
    for name, pairs in tests.pairs.items():
        left, other, human = zip(*pairs, strict=True)
        cosines = (vectors.take(left) * vectors.take(other)).sum(axis=1)
        scores[name] = spearman(cosines, np.array(human))
    return scores


def _right_answers(
    vectors: Vectors, candidates: Sequence[str], questions: Sequence[Question], batch: int = 256
) -> NDArray[np.bool_]:
    """Answer a : b = c : ? with the candidate nearest b - a + c (3CosAdd), a, b, c left out."""
    if not questions:
        return np.zeros(0, dtype=bool)
    matrix = vectors.take(candidates)
    index = {word: row for row, word in enumerate(candidates)}
    asked = np.array([[index[word] for word in question] for question in questions])
    right = []
    for rows in np.array_split(asked, -(-len(asked) // batch)):
        a, b, c, d = rows.T
        similarities = (matrix[b] - matrix[a] + matrix[c]) @ matrix.T
        np.put_along_axis(similarities, rows[:, :3], -np.inf, axis=1)
        right.append(similarities.argmax(axis=1) == d)
    return np.concatenate(right)


def spearman(x: NDArray[np.floating], y: NDArray[np.floating]) -> float:
    """Spearman's rank correlation: Pearson's of the ranks, equal values sharing their mean rank."""
    a, b = (ranks - ranks.mean() for ranks in (_ranks(x), _ranks(y)))
    scale = float(np.sqrt((a @ a) * (b @ b)))
    return float(a @ b) / scale if scale else 0.0


def _ranks(values: NDArray[np.floating]) -> NDArray[np.float64]:
    _, group, sizes = np.unique(values, return_inverse=True, return_counts=True)
    mean_ranks: NDArray[np.float64] = np.cumsum(sizes) - (sizes - 1) / 2
    return mean_ranks[group]
