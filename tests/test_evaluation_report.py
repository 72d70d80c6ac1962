"""Reports and comparisons: every task with known answers, and what two models differ by."""

import json
import logging
import math
from pathlib import Path

import numpy as np
import pytest

import synvec
from synvec import KeyedVectors
from synvec.evaluation import AnalogySet, CategorySet, OutlierSet, PairSet, Report, Topic

SHARED = Path(__file__).parents[2] / "shared" / "data"


def random_store(count: int, seed: int, size: int = 8) -> KeyedVectors:
    rows = np.random.default_rng(seed).standard_normal((count, size), dtype=np.float32)
    return KeyedVectors.from_arrays([f"w{i}" for i in range(count)], rows)


# --- analogies ------------------------------------------------------------------------------------


def grid() -> KeyedVectors:
    """The base words "a" to "f" and three forms of each, along three directions."""
    rng = np.random.default_rng(0)
    bases, steps = rng.standard_normal((6, 30)), rng.standard_normal((3, 30))
    keys = [base + ending for base in "abcdef" for ending in ("", "s", "ed", "ing")]
    rows = [base + step for base in bases for step in (np.zeros(30), *steps)]
    return KeyedVectors.from_arrays(keys, rows)


def forms(ending: str) -> list[tuple[str, str, str, str]]:
    return [(x, x + ending, y, y + ending) for x in "abcdef" for y in "abcdef" if x != y]


def test_analogies_by_section() -> None:
    wrong = [("a", "as", "b", "bed"), ("a", "as", "b", "zs"), ("A", "AS", "B", "BS")]
    questions = forms("s") + forms("ing") + wrong
    sections = ["plural"] * 30 + ["gram ing"] * 30 + ["odd"] * 3
    report = grid().evaluate(AnalogySet("forms", tuple(questions), tuple(sections)))
    whole = report.score("forms", "3CosAdd")
    assert (whole.value, whole.asked, whole.unknown) == (61 / 62, 62, 1)
    assert (whole.task, whole.section) == ("analogies", None)
    assert whole.low < whole.value <= whole.high == 1
    by_section = {score.section: score for score in report.scores if score.measure == "3CosMul"}
    assert list(by_section) == [None, "semantic", "syntactic", "plural", "gram ing", "odd"]
    assert by_section["odd"].value == 0.5
    assert (by_section["odd"].asked, by_section["odd"].unknown) == (2, 1)
    assert (by_section["semantic"].asked, by_section["syntactic"].value) == (32, 1)
    strict = grid().evaluate(
        AnalogySet("forms", tuple(questions), tuple(sections)), case_insensitive=False
    )
    assert strict.score("forms", "3CosAdd", "odd").unknown == 2
    short = grid().evaluate(
        AnalogySet("forms", tuple(questions), tuple(sections)), restrict_vocab=8
    )
    assert short.score("forms", "3CosAdd", "plural").asked == 2


@pytest.mark.parametrize("case_insensitive", [True, False])
def test_analogies_and_pairs_agree_with_gensims_shapes(
    tmp_path: Path, case_insensitive: bool
) -> None:
    kv = random_store(60, seed=2)
    rng = np.random.default_rng(3)
    names = [("w" if i % 3 else "W") + str(i) for i in range(70)]
    questions = [[names[i] for i in rng.integers(0, 70, 4)] for _ in range(300)]
    for question in questions[::2]:
        words = [word.lower() for word in question[:3]]
        if all(word in kv for word in words):
            question[3] = kv.most_similar([words[1], words[2]], [words[0]], topn=1)[0][0]
    path = tmp_path / "questions.txt"
    path.write_text(": all\n" + "\n".join(" ".join(question) for question in questions))
    pairs = tmp_path / "pairs.tsv"
    pairs.write_text("\n".join(f"{a}\t{b}\t{rng.integers(0, 9)}" for a, b, *_ in questions))

    report = synvec.evaluate(kv, path, pairs, case_insensitive=case_insensitive)
    for measure, function in (("3CosAdd", "most_similar"), ("3CosMul", "most_similar_cosmul")):
        accuracy, sections = kv.evaluate_word_analogies(
            path,
            case_insensitive=case_insensitive,
            similarity_function=function,  # type: ignore[arg-type]
        )
        found = report.score("questions", measure)
        assert found.value == pytest.approx(accuracy)
        assert found.asked == len(sections[0]["correct"]) + len(sections[0]["incorrect"])
        assert found.value > 0.1
    expected = kv.evaluate_word_pairs(pairs, case_insensitive=case_insensitive)
    pearson, spearman = report.score("pairs", "Pearson"), report.score("pairs", "Spearman")
    assert pearson.value == pytest.approx(expected.pearson.statistic)
    assert spearman.value == pytest.approx(expected.spearman.statistic)
    assert 100 * pearson.unknown / 300 == pytest.approx(expected.oov_ratio)


# --- categories and outliers ----------------------------------------------------------------------


def test_categories_apart_are_pure_and_mixed_ones_are_not() -> None:
    rng = np.random.default_rng(4)
    centers = np.repeat(rng.standard_normal((5, 16)), 20, axis=0)
    keys = [f"w{i}" for i in range(100)]
    kv = KeyedVectors.from_arrays(keys, centers + 0.1 * rng.standard_normal((100, 16)))
    apart = CategorySet("apart", [*keys, "none"], [f"kind {i // 20}" for i in range(101)])  # type: ignore[arg-type]
    mixed = CategorySet("mixed", tuple(keys), tuple(f"kind {i % 5}" for i in range(100)))
    report = kv.evaluate(apart, mixed)
    found = report.score("apart", "purity")
    assert (found.value, found.low, found.high) == (1, 1, 1)
    assert (found.asked, found.unknown) == (100, 1)
    assert report.score("mixed", "purity").value < 0.4


def test_outliers_by_hand() -> None:
    rows = [[1, 0], [2, 0], [0, 1], [0.8, 0.6], [0, -1], [-1, 0], [1, 1]]
    kv = KeyedVectors.from_arrays(["g1", "g2", "g3", "o1", "o2", "o3", "x"], rows)
    # p × 3 of g1, g2, g3, outlier: 1.8, 1.8, 0.6, 2.2 — 1, 1, −1, −1 — 0, 0, −1, −2.
    topic = Topic("hand", ("g1", "g2", "g3"), ("o1", "o2", "o3", "none"))
    report = kv.evaluate(OutlierSet("hand", (topic,)))
    opp, detected = report.score("hand", "OPP"), report.score("hand", "accuracy")
    assert opp.value == pytest.approx((0 + 2 / 3 + 1) / 3)
    assert detected.value == pytest.approx(1 / 3)
    assert (opp.asked, opp.unknown) == (3, 1)
    np.testing.assert_allclose(report.answers[0].measures["OPP"], [0, 2 / 3, 1, math.nan])


def test_outliers_follow_the_definition(caplog: pytest.LogCaptureFixture) -> None:
    kv = random_store(16, seed=5)
    group, outliers = [f"w{i}" for i in range(8)], [f"w{i}" for i in range(8, 16)]

    def compactness(words: list[str]) -> float:
        cosines = [float(kv.similarity(a, b)) for a in words for b in words if a != b]
        return sum(cosines) / (len(words) * (len(words) - 1))

    positions = []
    for outlier in outliers:
        words = [*group, outlier]
        without = {word: compactness([other for other in words if other != word]) for word in words}
        positions.append(sorted(words, key=without.__getitem__).index(outlier) / 8)
    topic = Topic("random", tuple(group), tuple(outliers))
    report = kv.evaluate(OutlierSet("random", (topic,)))
    np.testing.assert_allclose(report.answers[0].measures["OPP"], positions)
    assert len(set(positions)) > 3
    assert report.score("random", "accuracy").value == positions.count(1) / 8

    with caplog.at_level(logging.INFO, logger="synvec"):
        gaps = Topic("gaps", ("none", *group), tuple(outliers))
        again = kv.evaluate(OutlierSet("random", (gaps,)))
    np.testing.assert_allclose(again.answers[0].measures["OPP"], positions)
    assert "topic gaps: unknown words left out of its group: ['none']" in caplog.text
    alone = kv.evaluate(OutlierSet("random", (Topic("alone", ("none", "w1"), ("w2",)),)))
    assert alone.score("random", "OPP").asked == 0


def test_planted_outliers_are_found() -> None:
    rng = np.random.default_rng(6)
    center = rng.standard_normal(20)
    rows = [*(center + 0.3 * rng.standard_normal((8, 20))), *rng.standard_normal((8, 20))]
    kv = KeyedVectors.from_arrays([f"w{i}" for i in range(16)], rows)
    words = [f"w{i}" for i in range(16)]
    topic = Topic("planted", tuple(words[:8]), tuple(words[8:]))
    report = kv.evaluate(OutlierSet("planted", (topic,)))
    assert report.score("planted", "accuracy").value == 1
    assert report.score("planted", "OPP").value == 1


# --- the report -----------------------------------------------------------------------------------


def every_task(count: int = 60) -> list[AnalogySet | PairSet | CategorySet | OutlierSet]:
    rng = np.random.default_rng(7)
    words = [f"w{i}" for i in range(count)]

    def some(size: int) -> tuple[str, ...]:
        return tuple(words[i] for i in rng.integers(0, count, size))

    questions = tuple((a, b, c, d) for a, b, c, d in (some(4) for _ in range(90)))
    pairs = tuple((a, b) for a, b in (some(2) for _ in range(80)))
    return [
        AnalogySet("questions", questions, ("one", "two", "gram three") * 30),
        PairSet("pairs", pairs, tuple(float(score) for score in rng.integers(0, 10, 80))),
        CategorySet("categories", tuple(words), tuple(f"kind {i % 6}" for i in range(count))),
        OutlierSet("outliers", tuple(Topic(f"t{i}", some(8), some(8)) for i in range(4))),
    ]


def test_a_report_tells_everything() -> None:
    kv = random_store(60, seed=1)
    report = kv.evaluate(*every_task(), resamples=200, seed=5)
    assert isinstance(report, Report)
    again = synvec.evaluate(kv, *every_task(), resamples=200, seed=5)
    assert report == again  # scores and intervals, to the bit
    assert report != kv.evaluate(*every_task(), resamples=200, seed=6)

    lines = str(report).splitlines()
    assert lines[0] == "KeyedVectors<vector_size=8, 60 keys>"
    assert lines[1].split() == [
        "data", "set", "measure", "score", "95", "%", "interval", "asked", "unknown",
    ]  # fmt: skip
    assert len({len(line) for line in lines[1:]}) == 1
    assert len(lines) == 2 + len(report.scores) == 2 + 2 * 6 + 2 + 1 + 2
    assert "  gram three  3CosAdd" in str(report)
    assert repr(report) == str(report)

    found = json.loads(json.dumps(report.to_dict(), allow_nan=False))
    assert found["scores"][0] == {
        "dataset": "questions", "task": "analogies", "measure": "3CosAdd", "section": None,
        "value": report.scores[0].value, "low": report.scores[0].low,
        "high": report.scores[0].high, "asked": 90, "unknown": 0,
    }  # fmt: skip
    with pytest.raises(KeyError, match="expected one of"):
        report.score("pairs", "Kendall")


def test_notebooks_get_an_escaped_table() -> None:
    report = random_store(4, seed=1).evaluate(PairSet("<b>&", (("w1", "w2"), ("w1", "w3")), (1, 2)))
    html = report._repr_html_()
    assert "<td" in html
    assert "&lt;b&gt;&amp;" in html
    assert "<b>" not in html
    assert html.count("<tr>") == 3
    compared = report.compare(report)._repr_html_()
    assert "&lt;b&gt;&amp;" in compared
    assert compared.count("<tr>") == 3


def test_nothing_known_is_no_number() -> None:
    kv = KeyedVectors.from_arrays(["elsewhere", "w1"], np.eye(2))
    report = kv.evaluate(*every_task())
    for score in report.scores:
        if score.task != "categories":
            assert math.isnan(score.value)
            assert math.isnan(score.low)
        assert score.asked <= 1
    assert " -  " in str(report)
    json.dumps(report.to_dict(), allow_nan=False)
    json.dumps(report.compare(report).to_dict(), allow_nan=False)
    empty = kv.evaluate(AnalogySet("empty", (), ()), CategorySet("none", ("z",), ("k",)))
    assert [score.asked for score in empty.scores] == [0, 0, 0]


def test_zero_vectors_count_as_unlike() -> None:
    kv = KeyedVectors.from_arrays([f"w{i}" for i in range(60)], np.zeros((60, 3)))
    report = kv.evaluate(*every_task())
    assert report.score("questions", "3CosAdd").value < 0.1
    assert math.isnan(report.score("pairs", "Spearman").value)  # all cosines are 0
    assert report.score("outliers", "OPP").value == 0


def test_what_evaluate_refuses(tmp_path: Path) -> None:
    kv = random_store(4, seed=1)
    with pytest.raises(ValueError, match="no data set, expected at least one"):
        kv.evaluate()
    with pytest.raises(ValueError, match="resamples is 0, expected at least 1"):
        kv.evaluate(*every_task(), resamples=0)
    with pytest.raises(TypeError, match=r"kv is a str, expected KeyedVectors; of a model give"):
        synvec.evaluate("vectors.kv", "pairs.tsv")  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="second is a Word2Vec"):
        synvec.compare(kv, synvec.Word2Vec(), *every_task())  # type: ignore[arg-type]
    with pytest.raises(FileNotFoundError):
        kv.evaluate(tmp_path / "absent.tsv")


# --- comparisons ----------------------------------------------------------------------------------


def test_a_model_does_not_differ_from_itself() -> None:
    kv = random_store(60, seed=1)
    comparison = synvec.compare(kv, kv, *every_task(), resamples=100)
    assert len(comparison.differences) == 2 * 6 + 2 + 1 + 2
    for found in comparison.differences:
        assert (found.difference, found.low, found.high, found.pvalue) == (0, 0, 0, 1)
        assert found.first == found.second
        assert found.left_out == 0
    pairs = every_task()[1]
    assert len(synvec.compare(kv, kv, pairs, pairs, resamples=10).differences) == 4
    tests = {found.measure: found.test for found in comparison.differences}
    assert tests == {
        "3CosAdd": "McNemar", "3CosMul": "McNemar", "Pearson": "paired bootstrap",
        "Spearman": "paired bootstrap", "purity": "paired bootstrap", "accuracy": "McNemar",
        "OPP": "paired bootstrap",
    }  # fmt: skip


def test_a_better_model_is_told_from_a_worse_one() -> None:
    rng = np.random.default_rng(9)
    kv = random_store(400, seed=1)
    pairs = tuple((f"w{i}", f"w{i + 200}") for i in range(200))
    human = tuple(float(kv.similarity(a, b)) for a, b in pairs)
    noisy = [
        KeyedVectors.from_arrays(
            kv.index_to_key, kv.vectors + noise * rng.standard_normal((400, 8))
        )
        for noise in (0.2, 1.0)
    ]
    dataset = PairSet("pairs", pairs, human)
    for found in synvec.compare(*noisy, dataset).differences:
        assert found.difference == pytest.approx(found.first - found.second)
        assert found.first > 0.9 > found.second
        assert 0 < found.low < found.difference < found.high
        assert found.pvalue < 0.01
    there, back = (synvec.compare(*order, dataset) for order in (noisy, noisy[::-1]))
    for one, other in zip(there.differences, back.differences, strict=True):
        assert one.difference == -other.difference
        assert one.low == pytest.approx(-other.high)
        assert one.pvalue == other.pvalue


def test_mcnemar_on_analogies() -> None:
    kv = grid()
    other = KeyedVectors.from_arrays(kv.index_to_key, kv.vectors.copy())
    for base in "def":
        other[base + "s"] = -kv[base + "s"]
    comparison = synvec.compare(
        kv, other, AnalogySet("forms", tuple(forms("s")), ("s",) * 30), resamples=300
    )
    found = comparison.differences[0]
    assert found.first == 1
    wrong = round(30 * (1 - found.second))
    assert wrong >= 15
    assert found.pvalue == pytest.approx(2 * 0.5**wrong)
    assert found.low > 0


def test_only_what_both_know_is_compared() -> None:
    kv = random_store(60, seed=1)
    half = KeyedVectors.from_arrays(kv.index_to_key[10:], kv.vectors[10:])
    tasks = every_task()
    comparison = synvec.compare(kv, half, *tasks, resamples=50)
    alone = half.evaluate(*tasks, resamples=50)
    for found in comparison.differences:
        # The analogies alone may differ: the larger model has more words to answer with.
        if found.task != "analogies":
            assert found.first == pytest.approx(found.second)
        score = alone.score(found.dataset, found.measure, found.section)
        assert found.second == pytest.approx(score.value)
        assert (found.asked, found.left_out) == (score.asked, score.unknown)
    assert comparison.differences[0].left_out > 10
    by_reports = kv.evaluate(*tasks, resamples=50).compare(alone)
    pairs = [found for found in by_reports.differences if found.task == "pairs"]
    assert pairs == [found for found in comparison.differences if found.task == "pairs"]


def test_comparisons_print_and_refuse() -> None:
    first, second = (random_store(60, seed).evaluate(*every_task()) for seed in (1, 2))
    comparison = first.compare(second, resamples=20, seed=3)
    assert (comparison.resamples, comparison.seed) == (20, 3)
    lines = str(comparison).splitlines()
    assert lines[:2] == [f"first: {first.model}", f"second: {second.model}"]
    assert lines[2].split()[-4:] == ["p", "asked", "left", "out"]
    assert len(lines) == 3 + len(comparison.differences)
    assert repr(comparison) == str(comparison)
    found = json.loads(json.dumps(comparison.to_dict(), allow_nan=False))
    assert found["differences"][0]["test"] == "McNemar"
    other = random_store(60, seed=1).evaluate(PairSet("pairs", (("w1", "w2"),), (1,)))
    with pytest.raises(ValueError, match="share no data set of the same content"):
        first.compare(other)


# --- real vectors and sets ------------------------------------------------------------------------


@pytest.mark.skipif(not SHARED.exists(), reason="needs the public test sets")
def test_real_vectors_on_the_public_sets() -> None:
    with pytest.warns(UserWarning, match="came before"):
        kv = synvec.load_glove(
            SHARED / "vectors" / "glove.6B.50d.first2446.txt", unicode_errors="replace"
        )
    report = kv.evaluate(SHARED / "eval")
    family = report.score("questions-words", "3CosAdd", "family")
    assert family.value == pytest.approx(62 / 72)
    score, _ = kv.evaluate_word_analogies(SHARED / "eval" / "questions-words.txt")
    assert report.score("questions-words", "3CosAdd").value == pytest.approx(score)
    spearman = report.score("ws353", "Spearman")
    assert (spearman.asked, spearman.unknown) == (137, 216)
    assert 0.4 < spearman.low < spearman.value < spearman.high < 0.8
