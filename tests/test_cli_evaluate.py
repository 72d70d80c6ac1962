"""``synvec evaluate``: its tables, its JSON, and two models compared."""

import json
from pathlib import Path

import pytest

from synvec import KeyedVectors
from tests.conftest import Run
from tests.test_cli import failed


@pytest.fixture
def questions(tmp_path: Path) -> Path:
    path = tmp_path / "questions.txt"
    path.write_text(
        ": turns\neast north west søuth\neast north north west\n"
        ": gram1-halves\neast northeast northeast north\nup down left right\n",
        encoding="utf-8",
    )
    return path


def test_evaluate_prints_tables(run: Run, vectors: Path, questions: Path, tmp_path: Path) -> None:
    pairs = tmp_path / "pairs.tsv"
    pairs.write_text("east\te-ish\t9\neast\tnortheast\t7\neast\twest\t0\nup\tdown\t1\n")
    command = ("evaluate", vectors, "--analogies", questions, "--pairs", pairs, "--pairs", pairs)
    result = run(*command)
    assert result.returncode == 0, result.stderr
    rows = [line.split() for line in result.stdout.splitlines()]
    assert rows[0] == ["analogies", "correct", "questions", "accuracy"]
    assert [row[0] for row in rows[1:6]] == [
        "turns", "gram1-halves", "semantic", "syntactic", "total",
    ]  # fmt: skip
    assert rows[7] == ["pairs", "pearson", "spearman", "unknown"]
    assert rows[8][2:] == ["1.0000", "25.0%"]
    assert rows[8] == rows[9]

    found = json.loads(run(*command, "--json").stdout)
    assert found["analogies"]["syntactic"]["questions"] == 1  # "up" is unknown and skipped
    total = found["analogies"]["total"]
    assert total["questions"] == 3
    assert total["accuracy"] == pytest.approx(total["correct"] / 3)
    assert found["pairs"][0]["spearman"] == pytest.approx(1)
    assert found["pairs"][0]["unknown_percent"] == pytest.approx(25)
    counted = json.loads(run(*command, "--json", "--count-unknown").stdout)
    assert counted["analogies"]["total"]["questions"] == 4


def test_evaluate_agrees_with_the_library(run: Run, vectors: Path, questions: Path) -> None:
    score, _ = KeyedVectors.load(str(vectors)).evaluate_word_analogies(str(questions))
    found = json.loads(run("evaluate", vectors, "--analogies", questions, "--json").stdout)
    assert found["analogies"]["total"]["accuracy"] == pytest.approx(score)


def test_evaluate_needs_something_to_go_by(run: Run, vectors: Path) -> None:
    failed(run("evaluate", vectors), 2, "--analogies")
    failed(run("evaluate", vectors, "--pairs", "none.tsv"), 1, "none.tsv")


@pytest.fixture
def data(tmp_path: Path) -> tuple[Path, ...]:
    pairs = tmp_path / "pairs.csv"
    pairs.write_text("one,other,score\neast,northeast,7\neast,west,0\neast,north,3\nup,down,1\n")
    folder = tmp_path / "topics"
    folder.mkdir()
    (folder / "upper.txt").write_text("north\nnortheast\n\nwest\n")
    return pairs, folder


def test_evaluate_tells_layouts_and_intervals(
    run: Run, vectors: Path, questions: Path, data: tuple[Path, ...]
) -> None:
    result = run("evaluate", vectors, questions, *data, "--resamples", 50)
    assert result.returncode == 0, result.stderr
    lines = result.stdout.splitlines()
    assert lines[0] == str(vectors)
    assert lines[1].split()[:4] == ["data", "set", "measure", "score"]
    assert "  gram1-halves  3CosAdd" in result.stdout
    assert [line.split()[0] for line in lines[-4:]] == ["pairs", "pairs", "topics", "topics"]

    both = run("evaluate", vectors, *data, "--pairs", data[0], "--delimiter", ",", "--json")
    found = json.loads(both.stdout)
    scores = {score["measure"]: score for score in found["report"]["scores"]}
    assert scores["Spearman"]["value"] == pytest.approx(found["pairs"][0]["spearman"])
    assert (scores["Spearman"]["asked"], scores["Spearman"]["unknown"]) == (3, 1)
    assert found["report"]["model"] == str(vectors)
    assert scores["OPP"]["value"] == 1


def test_evaluate_compares_two_models(
    run: Run, vectors: Path, questions: Path, data: tuple[Path, ...]
) -> None:
    command = ("evaluate", vectors, "--against", vectors, questions, data[0])
    result = run(*command)
    assert result.returncode == 0, result.stderr
    assert result.stdout.startswith(f"first: {vectors}\nsecond: {vectors}\n")
    found = json.loads(run(*command, "--json").stdout)
    assert "report" not in found
    for difference in found["comparison"]["differences"]:
        assert (difference["difference"], difference["pvalue"]) == (0, 1)
    failed(run("evaluate", vectors, "--against", vectors, "--pairs", data[0]), 2, "DATA")
    failed(run("evaluate", vectors, data[0], "--count-unknown"), 2, "--count-unknown")
    failed(run("evaluate", vectors, vectors.parent / "none.tsv"), 1, "none.tsv")
    failed(run("evaluate", "-", "--against", "-", data[0]), 2, "only once")
