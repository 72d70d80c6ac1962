"""Evaluation: analogies against a plain loop, word pairs, and statistics against SciPy's values."""

import logging
import math
import tracemalloc
from pathlib import Path

import numpy as np
import pytest

from synvec import Correlation, EncodingError, KeyedVectors
from synvec.evaluation import LOOKED_AT, PRODUCTS, ROWS
from synvec.statistics import incomplete_beta, pearson, ranks, spearman

# --- statistics; expected values from SciPy 1.17 --------------------------------------------------


def waves() -> tuple[np.ndarray, np.ndarray]:
    i = np.arange(50.0)
    x = np.sin(i)
    return x, np.cos(i * i) + 0.2 * x


def steps() -> tuple[np.ndarray, np.ndarray]:
    i = np.arange(300.0)
    x = (i * 7) % 11
    return x, (i * 5) % 13 + x


def rounded_waves() -> tuple[np.ndarray, np.ndarray]:
    x, y = waves()
    return np.round(x, 1), np.round(y, 1)


def seven() -> tuple[list[float], list[float]]:
    return [1, 2, 3, 4, 5, 5, 7], [2, 1, 4, 3, 7, 7, 5]


@pytest.mark.parametrize(
    ("measure", "sample", "statistic", "pvalue"),
    [
        (pearson, seven, 0.7398150693461064, 0.05731610106244122),
        (pearson, waves, 0.19590384037743644, 0.17273569064364558),
        (pearson, steps, 0.6473189017512825, 5.142622990218792e-37),
        (spearman, seven, 0.8181818181818182, 0.024483833062139446),
        (spearman, rounded_waves, 0.1891384038306786, 0.1883441100902466),
        (spearman, steps, 0.6317103855762257, 8.088090328280547e-35),
    ],
)
def test_correlations(measure, sample, statistic: float, pvalue: float) -> None:  # type: ignore[no-untyped-def]
    found = measure(*sample())
    assert found.statistic == pytest.approx(statistic, rel=1e-12)
    assert found.pvalue == pytest.approx(pvalue, rel=1e-9)
    x, y = sample()
    assert measure(y, x) == pytest.approx(found)
    assert measure(x, [-value for value in y]).statistic == pytest.approx(-statistic)


def test_correlations_at_the_edge() -> None:
    assert pearson([1, 2, 3], [2, 1, 4]) == pytest.approx((0.654653670707977, 0.5456289483429901))
    assert spearman([1, 2, 3], [2, 1, 4]) == pytest.approx((0.5, 2 / 3))
    assert pearson([1, 2], [5, 3]) == pytest.approx((-1, 1))
    exact = pearson([1, 2, 3], [10, 20, 30])
    assert exact.statistic == pytest.approx(1)
    assert exact.pvalue < 1e-7
    assert all(math.isnan(number) for number in pearson([1, 1, 1], [1, 2, 3]))
    assert all(math.isnan(number) for number in spearman([3, 1, 2], [4, 4, 4]))
    assert pearson([1e200, 2e200, 4e200], [1, 2, 4]).statistic == pytest.approx(1)


def test_correlations_refuse() -> None:
    with pytest.raises(ValueError, match="1 pairs, expected at least 2"):
        pearson([1], [1])
    with pytest.raises(ValueError, match="expected as many numbers"):
        spearman([1, 2], [1, 2, 3])


@pytest.mark.parametrize(
    ("a", "b", "x", "value"),
    [
        (0.5, 0.5, 0.3, 0.36901011956554536),
        (10, 0.5, 0.99, 0.6579281751567845),
        (175.5, 0.5, 0.4, 7.95451388132828e-72),
        (1499, 0.5, 0.7, 1.684815134479367e-234),
        (2, 3, 0.5, 0.6875),
        (1e4, 0.5, 0.999, 7.705811569294884e-06),
        (3, 2, 0, 0),
        (3, 2, 1, 1),
    ],
)
def test_incomplete_beta(a: float, b: float, x: float, value: float) -> None:
    assert incomplete_beta(a, b, x) == pytest.approx(value, rel=1e-9)
    assert incomplete_beta(b, a, 1 - x) == pytest.approx(1 - value, rel=1e-9, abs=1e-15)


def test_ranks_share_their_mean() -> None:
    assert ranks([5, 1, 5, 5, 9]).tolist() == [3, 1, 3, 3, 5]


# --- analogies ------------------------------------------------------------------------------------


def plain_prediction(kv: KeyedVectors, question: list[str], size: int, function: str) -> str | None:
    """The rule by way of public queries: the first of the five best that is no form of a, b, c."""
    folded = {key.upper(): key for key in reversed(kv.index_to_key[:size])}
    a, b, c, _ = (folded[word.upper()] for word in question)
    ask = getattr(kv, function)
    for key, _ in ask([b, c], [a], topn=LOOKED_AT, restrict_vocab=size):
        if key.upper() not in {word.upper() for word in question[:3]}:
            return str(key).upper()
    return None


def mixed_store(rows: int, seed: int) -> KeyedVectors:
    """Words that come in up to seven forms, whose vectors are close to one another."""
    rng = np.random.default_rng(seed)
    stems = [f"w{''.join(chr(97 + int(d)) for d in str(stem))}" for stem in range(rows // 4)]
    keys, vectors = [], []
    for stem in stems:
        center = rng.standard_normal(12)
        forms = {stem, stem.upper(), stem.title(), stem[0].upper() + stem[1:-1] + stem[-1].upper(),
                 stem[:-1] + stem[-1].upper(), stem[0] + stem[1:].upper()}  # fmt: skip
        for form in sorted(forms)[: int(rng.integers(1, 7))]:
            keys.append(form)
            vectors.append(center + 0.1 * rng.standard_normal(12))
    order = rng.permutation(len(keys))
    return KeyedVectors.from_arrays([keys[i] for i in order], np.array(vectors)[order])


@pytest.mark.parametrize("function", ["most_similar", "most_similar_cosmul"])
@pytest.mark.parametrize("restrict_vocab", [None, 150])
def test_analogies_follow_the_plain_rule(
    tmp_path: Path, function: str, restrict_vocab: int | None
) -> None:
    kv = mixed_store(400, seed=11)
    size = restrict_vocab or len(kv)
    rng = np.random.default_rng(1)
    words = sorted({key.lower() for key in kv.index_to_key[:size]})
    questions = [[words[i] for i in rng.integers(0, len(words), 4)] for _ in range(300)]
    predicted = [plain_prediction(kv, question, size, function) for question in questions]
    for question, answer in zip(questions[::2], predicted[::2], strict=True):
        question[3] = (answer or "none").lower()  # half of the questions are to be right
    path = tmp_path / "questions.txt"
    lines = [": first", *(" ".join(q) for q in questions[:100])]
    lines += [": second", *(" ".join(q) for q in questions[100:])]
    path.write_text("\n".join(lines), encoding="utf-8")

    score, sections = kv.evaluate_word_analogies(
        path,
        restrict_vocab,
        similarity_function=function,  # type: ignore[arg-type]
    )
    assert [section["section"] for section in sections] == ["first", "second", "Total accuracy"]
    asked = [
        (tuple(word.upper() for word in question), answer)
        for question, answer in zip(questions, predicted, strict=True)
        if all(word.upper() in {key.upper() for key in kv.index_to_key[:size]} for word in question)
    ]
    right = [question for question, answer in asked if question[3] == answer]
    wrong = [question for question, answer in asked if question[3] != answer]
    assert sections[-1]["correct"] == right
    assert sections[-1]["incorrect"] == wrong
    assert sections[0]["correct"] + sections[1]["correct"] == right
    assert score == len(right) / len(asked)
    assert len(right) > 100


def test_an_answer_behind_five_forms_is_none(tmp_path: Path) -> None:
    forms = ["kin", "Kin", "KIn", "KIN", "kIn", "kiN", "KiN"]
    rows = [[1, 0, 0], *([[1, 0, 0.01 * i] for i in range(1, 7)]), [0, 1, 0], [0, -1, 0], [1, 1, 5]]
    kv = KeyedVectors.from_arrays([*forms, "b", "c", "answer"], rows)
    path = tmp_path / "questions.txt"
    path.write_text(": one\nc kin b answer\n", encoding="utf-8")
    assert plain_prediction(kv, ["c", "kin", "b", "answer"], 10, "most_similar") != "ANSWER"
    assert kv.evaluate_word_analogies(path)[0] == 0
    path.write_text(": one\nc Kin b answer\n", encoding="utf-8")
    assert kv.evaluate_word_analogies(path, case_insensitive=False)[1][0]["incorrect"] == [
        ("c", "Kin", "b", "answer")
    ]


def test_across_blocks_of_questions_and_rows(tmp_path: Path) -> None:
    rng = np.random.default_rng(4)
    count = 2 * ROWS + 100
    kv = KeyedVectors.from_arrays(
        [f"k{i}" for i in range(count)], rng.standard_normal((count, 6), dtype=np.float32)
    )
    questions = [[f"k{i}" for i in rng.integers(0, count, 3)] for _ in range(PRODUCTS + 40)]
    for question in questions[:: len(questions) // 50]:
        question.append(kv.most_similar(question[1:3], question[:1], topn=1)[0][0])
    path = tmp_path / "questions.txt"
    lines = [" ".join(q if len(q) == 4 else [*q, q[0]]) for q in questions]
    path.write_text("\n".join([": all", *lines]), encoding="utf-8")
    _, sections = kv.evaluate_word_analogies(path)
    expected = [tuple(word.upper() for word in q) for q in questions if len(q) == 4]
    assert sections[0]["correct"] == expected


def test_of_equal_answers_the_first_row_is_taken(tmp_path: Path) -> None:
    rows = np.zeros((2 * ROWS, 3), dtype=np.float32)
    rows[:3] = [[1, 0, 0], [1, 1, 0], [1, 0, 1]]
    rows[[7, ROWS + 7, ROWS + 9]] = [1, 1, 1]
    kv = KeyedVectors.from_arrays([f"k{row}" for row in range(2 * ROWS)], rows)
    path = tmp_path / "questions.txt"
    path.write_text(f": ties\nk0 k1 k2 k7\nk0 k1 k2 k{ROWS + 7}\n", encoding="utf-8")
    _, sections = kv.evaluate_word_analogies(path)
    assert sections[0]["correct"] == [("K0", "K1", "K2", "K7")]


def test_memory_does_not_grow_with_questions_and_rows(tmp_path: Path) -> None:
    count = 30_000
    kv = KeyedVectors.from_arrays(
        [f"k{i}" for i in range(count)], np.random.default_rng(4).random((count, 4), np.float32)
    )
    path = tmp_path / "questions.txt"
    path.write_text(": all\n" + "k1 k2 k3 k4\n" * 1500, encoding="utf-8")
    tracemalloc.start()
    try:
        kv.evaluate_word_analogies(path)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 60e6  # all the scores at once would be 180 MB


@pytest.fixture
def royals() -> KeyedVectors:
    rows = [[1, 0, 0], [1, 1, 0], [1, 0, 1], [1, 1, 1], [-3, 0.2, 0.1]]
    return KeyedVectors.from_arrays(["man", "king", "Woman", "queen", "apple"], rows)


def write(folder: Path, text: str) -> Path:
    path = folder / "file.txt"
    path.write_bytes(text.encode())
    return path


def test_unknown_words_and_odd_lines(
    royals: KeyedVectors, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    text = "\ufeff: royals\r\nman king woman queen\r\n\r\nman king woman duke\nman king\n: none\n"
    path = write(tmp_path, text)
    with caplog.at_level(logging.INFO, logger="synvec"):
        score, sections = royals.evaluate_word_analogies(path)
    assert "line 5: skipped, expected 4 words" in caplog.text
    assert "Total accuracy: 100.0% (1/1)" in caplog.text
    assert score == 1
    assert [section["section"] for section in sections] == ["royals", "none", "Total accuracy"]
    assert sections[0]["correct"] == [("MAN", "KING", "WOMAN", "QUEEN")]
    score, sections = royals.evaluate_word_analogies(path, dummy4unknown=True)
    assert score == 0.5
    assert sections[2]["incorrect"] == [("MAN", "KING", "WOMAN", "DUKE")]
    assert royals.evaluate_word_analogies(path, case_insensitive=False)[0] == 0
    assert royals.evaluate_word_analogies(path, restrict_vocab=2)[0] == 0
    assert royals.evaluate_word_analogies(path, restrict_vocab=0)[0] == 1


def test_no_questions_score_zero(royals: KeyedVectors, tmp_path: Path) -> None:
    for text in ("", ": empty\n"):
        assert royals.evaluate_word_analogies(write(tmp_path, text))[0] == 0.0


def test_analogy_files_that_are_none(royals: KeyedVectors, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="line 1: a question before the first section"):
        royals.evaluate_word_analogies(write(tmp_path, "man king woman queen\n"))
    path = tmp_path / "latin"
    path.write_bytes(b": caf\xe9\n")
    with pytest.raises(EncodingError, match="not valid utf-8 at byte 5"):
        royals.evaluate_word_analogies(path)
    with pytest.raises(FileNotFoundError):
        royals.evaluate_word_analogies(tmp_path / "absent")
    with pytest.raises(ValueError, match="similarity_function is 'nearest'"):
        royals.evaluate_word_analogies(path, similarity_function="nearest")  # type: ignore[arg-type]


# --- word pairs -----------------------------------------------------------------------------------


def test_word_pairs(royals: KeyedVectors, tmp_path: Path) -> None:
    text = "# word word score\nman\tKing\t7\nking\tqueen\t9\nman\tapple\t1\nman\tduke\t5\nodd\n"
    path = write(tmp_path, text)
    pearson_, spearman_, unknown = royals.evaluate_word_pairs(path)
    cosines = [float(royals.similarity(a, b)) for a, b in ((0, 1), (1, 3), (0, 4))]
    assert pearson_ == pytest.approx(pearson([7, 9, 1], cosines))
    assert (spearman_.statistic, spearman_[0]) == (pytest.approx(1), pytest.approx(1))
    assert unknown == 25
    filled = royals.evaluate_word_pairs(path, dummy4unknown=True)
    assert filled.pearson == pytest.approx(pearson([7, 9, 1, 5], [*cosines, 0]))
    assert filled.oov_ratio == 25
    assert royals.evaluate_word_pairs(path, case_insensitive=False).oov_ratio == 50


def test_word_pairs_with_another_delimiter_and_encoding(tmp_path: Path) -> None:
    kv = KeyedVectors.from_arrays(["é", "b", "c"], [[1, 0], [1, 1], [0, 1]])
    path = tmp_path / "pairs.csv"
    path.write_text("é, b, 6\né, c, 1\n", encoding="latin-1")
    result = kv.evaluate_word_pairs(path, delimiter=",", encoding="latin-1")
    assert result.pearson.statistic == pytest.approx(1)
    with pytest.raises(EncodingError, match="not valid utf8"):
        kv.evaluate_word_pairs(path, delimiter=",")


def test_pairs_that_are_all_unknown(royals: KeyedVectors, tmp_path: Path) -> None:
    for text in ("duke\tearl\t5\n", "man king 5\n", ""):
        path = write(tmp_path, text)
        for dummy in (False, True):
            with pytest.raises(ValueError, match="has both words in the vocabulary"):
                royals.evaluate_word_pairs(path, dummy4unknown=dummy)


def test_results_can_be_logged(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, logger="synvec"):
        KeyedVectors.log_evaluate_word_pairs(
            Correlation(0.5, 0.01), Correlation(0.4, 0.02), 12.5, "pairs.tsv"
        )
        question = ("A", "B", "C", "D")
        section = {"section": "s", "correct": [question], "incorrect": [question]}
        assert KeyedVectors.log_accuracy(section) == 0.5  # type: ignore[arg-type]
    assert "Pearson 0.5000" in caplog.text
    assert "12.5%" in caplog.text
    assert "s: 50.0% (1/2)" in caplog.text


def test_a_row_of_nan_hides_no_answer(tmp_path: Path) -> None:
    rows = np.array([[1, 0, 0], [1, 1, 0], [1, 0, 1], [1, 1, 1], [np.nan] * 3], np.float32)
    kv = KeyedVectors.from_arrays(["man", "king", "woman", "queen", "x"], rows)
    path = tmp_path / "questions.txt"
    path.write_text(": royals\nman king woman queen\n", encoding="utf-8")
    assert kv.evaluate_word_analogies(path)[0] == 1
    assert kv.evaluate_word_analogies(path, similarity_function="most_similar_cosmul")[0] == 1
    with pytest.raises(ValueError, match="restrict_vocab is -1"):
        kv.evaluate_word_analogies(path, restrict_vocab=-1)
    assert kv.evaluate_word_analogies(path, restrict_vocab=10**30)[0] == 1


def test_a_score_that_is_no_number_is_no_pair(tmp_path: Path) -> None:
    kv = KeyedVectors.from_arrays(["a", "b", "c", "d"], [[1, 0], [1, 1], [0, 1], [0.3, 0.4]])
    path = tmp_path / "pairs.tsv"
    lines = ["a\tb\t1", "a\tc\tnan", "a\td\t3", "b\tc\tinf", "c\td\t2"]
    path.write_text("\n".join(lines), encoding="utf-8")
    scored = kv.evaluate_word_pairs(path)
    path.write_text("\n".join([lines[0], lines[2], lines[4]]), encoding="utf-8")
    assert scored == kv.evaluate_word_pairs(path)
    assert all(math.isnan(value) for value in pearson([1, 2, math.nan], [1, 2, 3]))
