"""The benchmarks' own arithmetic: corpus, judge and report; no peer is needed."""

import json
import lzma
import math
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks import (
    corpus,
    machine,
    programs,
    report,
    train,
)
from benchmarks.evaluation import (
    Exam,
    Vectors,
    evaluate,
    freeze,
    read_word2vec,
    spearman,
)
from benchmarks.measure import Meter, peak_bytes, write_word2vec
from benchmarks.settings import Settings

# --- Corpus


def prepare(tmp_path: Path, text: bytes, **options: Any) -> tuple[corpus.PreparedCorpus, str]:
    source, target = tmp_path / "source", tmp_path / "target"
    source.write_bytes(text)
    found = corpus.prepare(source, target, **{"line_words": 3, "limit": None} | options)
    return found, target.read_text()


def test_long_lines_are_cut_and_words_counted(tmp_path: Path) -> None:
    found, text = prepare(tmp_path, b"a b a\tc d\n\nb\n")
    assert text == "a b a\nc d\nb\n"
    assert found.counts == {"a": 2, "b": 2, "c": 1, "d": 1}
    assert found.raw_words == 6


def test_a_limit_of_words(tmp_path: Path) -> None:
    found, text = prepare(tmp_path, b"a b c d\ne f\n", limit=5)
    assert text == "a b c\nd\ne\n"
    assert found.raw_words == 5


def test_one_huge_line_loses_no_word(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(corpus, "CHUNK", 7)
    words = [f"word{i}" for i in range(100)]
    _, text = prepare(tmp_path, " ".join(words).encode())
    assert text.split() == words


def test_compressed_text_is_read(tmp_path: Path) -> None:
    source = tmp_path / "text.xz"
    source.write_bytes(lzma.compress(b"a b\n"))
    found = corpus.prepare(source, tmp_path / "out", line_words=10, limit=None)
    assert found.counts == {"a": 1, "b": 1}


def test_expected_trained_words() -> None:
    found = corpus.PreparedCorpus(Path("unused"), Counter(a=100, b=900, c=1))
    assert found.trained_words(min_count=2, sample=0) == 1000
    # t = 1: 100 · 0.11 and 900 · (30 + 1) / 900
    assert found.trained_words(min_count=2, sample=1e-3) == pytest.approx(11 + 31)


# --- Judge


@pytest.mark.parametrize("newline", [b"", b"\n"])
def test_both_styles_of_word2vec_are_read(tmp_path: Path, newline: bytes) -> None:
    rows = {"year": [3.0, 4.0], "zero": [0.0, 0.0]}
    body = b"".join(
        word.encode() + b" " + np.array(row, "<f4").tobytes() + newline
        for word, row in rows.items()
    )
    path = tmp_path / "vectors.bin"
    path.write_bytes(b"2 2\n" + body)
    vectors = read_word2vec(path)
    assert vectors.rows == {"year": 0, "zero": 1}
    np.testing.assert_allclose(vectors.unit, [[0.6, 0.8], [0, 0]])


def test_what_is_written_is_read(tmp_path: Path) -> None:
    path = tmp_path / "vectors.bin"
    write_word2vec(str(path), ["a", "ü"], np.eye(2, dtype=np.float32))
    assert read_word2vec(path).take(["ü", "a"]).tolist() == [[0, 1], [1, 0]]


def test_everyone_is_asked_the_same(tmp_path: Path) -> None:
    (tmp_path / "questions-words.txt").write_text(
        ": family\nKing Queen man woman\nking queen boy girl\n"
        ": gram1-plural\ncat cats dog dogs\nnot four\n"
    )
    (tmp_path / "ws353.tsv").write_text("King\tqueen\t8.5\nking\tunknown\t1\n")
    words = ["king", "queen", "man", "woman", "cat", "cats", "dog", "dogs"]
    counts = Counter(dict.fromkeys([*words, "boy", "girl"], 10)) + Counter(rare=1, man=5)
    tests = freeze(counts, [[*words, "boy", "rare", "</s>"], [*words, "girl", "rare"]], tmp_path)
    assert tests.candidates == [
        "man",
        "cat",
        "cats",
        "dog",
        "dogs",
        "king",
        "queen",
        "woman",
        "rare",
    ]
    assert tests.semantic == [("king", "queen", "man", "woman")]
    assert tests.syntactic == [("cat", "cats", "dog", "dogs")]
    assert tests.pairs == {"WS-353": [("king", "queen", 8.5)]}
    assert tests.sizes() == {"candidates": 9, "semantic": 1, "syntactic": 1, "WS-353": 1}
    fewer = freeze(counts, [words], tmp_path, restrict=5)
    assert (fewer.semantic, fewer.syntactic) == ([], [("cat", "cats", "dog", "dogs")])
    assert fewer.pairs == tests.pairs, "pairs are asked of all words"


def make_vectors(rows: dict[str, list[float]]) -> Vectors:
    matrix = np.array(list(rows.values()), dtype=np.float32)
    matrix /= np.linalg.norm(matrix, axis=1, keepdims=True)
    return Vectors({word: row for row, word in enumerate(rows)}, matrix)


def test_analogies_leave_out_their_own_words() -> None:
    vectors = make_vectors(
        {
            "king": [1, 1, 0],
            "queen": [1, 1, 1],
            "man": [0, 1, 0],
            "woman": [0, 1, 1],
            "year": [-1, 0, 0],
        }
    )
    # b - a + c is nearest to "queen" itself, which is asked with and so cannot be the answer.
    right, wrong = ("king", "queen", "man", "woman"), ("king", "queen", "man", "year")
    tests = Exam(list(vectors.rows), [right], [right, wrong], {})
    scores = evaluate(vectors, tests)
    assert scores == pytest.approx({"total": 200 / 3, "semantic": 100.0, "syntactic": 50.0})


def test_answers_do_not_depend_on_the_batch() -> None:
    random = np.random.default_rng(1)
    words = [f"w{i}" for i in range(40)]
    rows = {word: list(random.normal(size=5)) for word in words}
    vectors = make_vectors(rows)
    questions = [tuple(random.choice(words, 4, replace=False)) for _ in range(600)]
    tests = Exam(words, questions, [], {})
    slow = 0
    for a, b, c, d in questions:
        query = vectors.take([b]) - vectors.take([a]) + vectors.take([c])
        others = [word for word in words if word not in (a, b, c)]
        slow += others[int((vectors.take(others) @ query[0]).argmax())] == d
    assert slow > 0
    assert evaluate(vectors, tests)["total"] == pytest.approx(100 * slow / 600)


def test_pairs_are_ranked_by_cosine() -> None:
    vectors = make_vectors({"a": [1, 0], "b": [2, 0.1], "c": [1, 1], "d": [-1, 0]})
    pairs = [("a", "b", 9.0), ("a", "c", 5.0), ("a", "d", 1.0)]
    assert evaluate(vectors, Exam([], [], [], {"MEN": pairs})) == {"MEN": pytest.approx(1.0)}


def test_spearman_by_hand() -> None:
    assert spearman(np.array([1, 2, 3, 4]), np.array([10, 30, 20, 40])) == pytest.approx(0.8)
    # Ranks 1, 2.5, 2.5, 4 against 1, 2, 3, 4: covariance 4.5, sums of squares 4.5 and 5.
    tied = spearman(np.array([1, 2, 2, 3]), np.array([1, 2, 3, 4]))
    assert tied == pytest.approx(4.5 / math.sqrt(4.5 * 5))
    assert spearman(np.array([1, 1]), np.array([1, 2])) == 0.0


# --- Measuring and reporting


def test_a_meter_counts_wall_and_cpu(tmp_path: Path) -> None:
    meter = Meter()
    with meter.phase("training"):
        sum(range(100_000))
    meter.write(str(tmp_path / "result.json"), trained_words=3)
    result = json.loads((tmp_path / "result.json").read_text())
    assert result["phases"]["training"].keys() == {"wall_seconds", "cpu_seconds"}
    assert result["trained_words"] == 3
    assert result["peak_bytes"] == pytest.approx(peak_bytes(), rel=0.5)


def test_settings_survive_the_way_to_the_child(tmp_path: Path) -> None:
    settings = Settings(
        "corpus", "vectors", "result", loss="hierarchical", options={"input": "file"}
    )
    settings.write(tmp_path / "settings.json")
    assert Settings.read(tmp_path / "settings.json") == settings
    assert (settings.sg, settings.hs) == (1, 1)


def make_run(
    program: str, cpu: float, *, trained: int | None = 50, score: float = 30.0
) -> dict[str, Any]:
    measured = {
        "phases": {
            "vocabulary": {"wall_seconds": 0.5, "cpu_seconds": 1.0},
            "training": {"wall_seconds": cpu / 2, "cpu_seconds": cpu},
        },
        "peak_bytes": 2_000_000,
        "process_wall_seconds": 3.0,
        "versions": {program: "1.0", "python": "3.11"},
        "quality": {"total": score, "MEN": score / 100},
    }
    if trained is not None:
        measured["trained_words"] = trained
    added = report.add_speeds(measured, raw_words=100, expected_trained_words=60.0)
    return {"program": program, "seed": 1, **added}


def test_speeds_are_words_by_seconds_of_training() -> None:
    run = make_run("a", cpu=4.0)
    assert run["raw_words_per_cpu_second"] == 25
    assert run["raw_words_per_wall_second"] == 50
    assert run["trained_words_per_cpu_second"] == 12.5
    assert make_run("a", cpu=4.0, trained=None)["trained_words_per_cpu_second"] == 15


def test_ratios_are_of_medians() -> None:
    runs = [make_run("ours", cpu, score=30 + cpu) for cpu in (1.0, 2.0, 100.0)]
    runs += [make_run("peer", cpu) for cpu in (10.0, 8.0, 9.0)]
    summary = report.summarize(runs, against="peer")
    assert summary["ours"]["raw_words_per_cpu_second"] == 50
    assert summary["ours"]["times_the_peer"]["raw_words_per_cpu_second"] == pytest.approx(4.5)
    assert summary["peer"]["times_the_peer"]["raw_words_per_cpu_second"] == 1.0
    assert summary["peer"]["quality"]["total"] == {"mean": 30.0, "sd": 0.0}


def test_the_report_tells_what_was_measured() -> None:
    runs = [make_run("ours", 2.0), make_run("peer", 8.0, trained=None)]
    text = report.markdown(
        {
            "command": "python -m benchmarks.train --corpus text",
            "machine": {"cpu": "Abacus", "cores": 2, "instruction_sets": ["avx2"], "system": "x"},
            "corpus": {"name": "text", "raw_words": 1234, "line_words": 1000},
            "seeds": [1],
            "against": "peer",
            "tests": {"semantic": 2_000},
            "summary": report.summarize(runs, "peer"),
            "runs": runs,
        }
    )
    assert "- Abacus, 2 cores, avx2" in text
    assert "ours 1.0, peer 1.0; x" in text
    assert "text: 1,234 words" in text
    lines = text.splitlines()
    assert "| ours | 0.000 | 0.000 | 0.000 | 0.000 | 0.5 | 3.0 | 2 | 4.00 |" in lines
    assert "| peer | 0.000 | 0.000 | (0.000) | (0.000) | 0.5 | 3.0 | 2 | 1.00 |" in lines
    assert "| ours | 30.0 | 0.300 |" in lines
    assert "semantic 2,000" in text


def test_the_machine_is_told() -> None:
    facts = machine.describe()
    assert facts["cpu"]
    assert facts["cores"] >= 1


def test_missing_peers_say_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="run `make bench`"):
        programs.find_peers_python(str(tmp_path / "python"))


def test_a_run_that_stands_there_is_reused_and_another_setting_is_another_run(
    tmp_path: Path,
) -> None:
    absent = programs.Program("benchmarks.no_such_module", is_peer=True)
    settings = Settings("text", str(tmp_path / "a.bin"), str(tmp_path / "a.json"), seed=1)
    (tmp_path / "a.json").write_text('{"peak_bytes": 5}', encoding="utf-8")
    assert programs.run(absent, settings, None, reuse=True) == {"peak_bytes": 5, "is_reused": True}
    with pytest.raises(SystemExit, match="no_such_module ended"):
        programs.run(absent, settings, None)
    digest = settings.digest("content")
    moved = replace(settings, corpus="elsewhere", vectors="b", result="c")
    assert moved.digest("content") == digest
    others = [replace(settings, seed=2).digest("content"), settings.digest("other content")]
    assert digest not in others


def test_an_unknown_program_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        train.parse(["--corpus", "text", "--programs", "synvec,glove"])
    assert "glove is not one of synvec" in capsys.readouterr().err


def test_the_peer_of_the_ratios_is_the_first() -> None:
    options = train.parse(["--corpus", "x", "--programs", "synvec,fasttext,gensim-file"])
    assert (options.against, options.seeds) == ("fasttext", [1, 2, 3])
