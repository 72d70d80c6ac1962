"""The benchmarks one by one: what each of them runs, and how it tells what came of it."""

import argparse
import json
import os
from pathlib import Path
from typing import Any

import pytest

from benchmarks import (
    classify,
    determinism,
    pareto,
    quality,
    run_search,
    search,
    table,
    train,
)


def test_the_table_has_a_row_for_each_cell_and_tells_the_ratio(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = []

    def measure(options: argparse.Namespace, command: str) -> dict[str, Any]:
        asked.append((os.environ["SYNVEC_SIMD"], options.model, options.loss, options.dim))
        speed = {"scalar": 3e6, "avx2": 6e6}[os.environ["SYNVEC_SIMD"]]
        speeds = {"synvec": speed, "gensim-file": 2e6}
        return {
            "summary": {
                name: {"raw_words_per_cpu_second": speeds[name]} for name in options.programs
            }
        }

    monkeypatch.setattr(train, "measure", measure)
    before = os.environ.get("SYNVEC_SIMD")
    arguments = "--corpus x --sets avx2,scalar --dims 8 --threads 1 --output"
    table.main([*arguments.split(), str(tmp_path)])
    assert os.environ.get("SYNVEC_SIMD") == before
    assert len(asked) == 2 * 2 * 2
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "| model | loss | D | threads | avx2 | scalar | gensim-file | times |"
    assert lines[2] == "| skipgram | negative | 8 | 1 | 6.00 | 3.00 | 2.00 | 3.0 |"
    assert len(lines) == 2 + 4 + 1


def test_every_setting_of_the_plot_is_one_that_training_takes() -> None:
    for program, settings in pareto.SETTINGS.items():
        for setting in settings:
            options = train.parse(["--corpus", "x", "--programs", program, *setting.split()])
            assert options.programs == [program]
    assert pareto.frontier([(1, 5), (3, 4), (2, 7), (4, 8)]) == [(1, 5), (2, 7), (4, 8)]


def test_the_plot_is_drawn(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    points = [
        {"program": program, "setting": "", "cpu_seconds": cost, "total": gain, "MEN": gain / 100}
        for program, cost, gain in (("a", 1.0, 30.0), ("a", 2.0, 40.0), ("b", 3.0, 20.0))
    ]
    pareto.plot(points, tmp_path / "plot.svg")
    drawn = (tmp_path / "plot.svg").read_text(encoding="utf-8")
    assert drawn.count("<use") > 3 and "CPU-seconds" in drawn


def test_every_setting_of_quality_is_one_that_training_takes() -> None:
    for setting in quality.SETTINGS:
        train.parse(["--corpus", "x", *setting.split()])


def test_settings_of_quality_are_chosen_by_their_words() -> None:
    assert quality.chosen(None) == list(quality.SETTINGS)
    assert quality.chosen("") == [""]
    assert quality.chosen("hierarchical --window") == ["--loss hierarchical --window 2"]
    with pytest.raises(SystemExit, match="'hirarchical' is in no setting; there are --window 2, "):
        quality.chosen("hirarchical")


def test_the_interval_of_a_difference() -> None:
    # Welch by hand: errors 1/3 and 0, 2 degrees of freedom; then 4/3 and 3/10, 2.93 of them.
    assert quality.half_interval([1, 2, 3], [5, 5]) == pytest.approx(4.303 * (1 / 3) ** 0.5)
    assert quality.half_interval([0, 2, 4], [1, 2, 2, 4, 1]) == pytest.approx(
        4.303 * (4 / 3 + 1.5 / 5) ** 0.5
    )
    assert quality.half_interval([1, 1], [2, 2]) == 0
    assert quality.half_interval([1], [1, 2]) is None


def test_quality_is_compared_by_setting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def measure(options: argparse.Namespace, command: str) -> dict[str, Any]:
        scores = {"synvec": (40.0, 41.0), "fasttext": (30.0, 30.0)}
        return {
            "runs": [
                {"program": name, "quality": {"total": score, "MEN": 0.5, "WS-353": 0.25}}
                for name in options.programs
                for score in scores[name]
            ]
        }

    monkeypatch.setattr(train, "measure", measure)
    arguments = "--corpus x --peer fasttext --only hierarchical --results"
    quality.main([*arguments.split(), str(tmp_path / "quality.json")])
    lines = capsys.readouterr().out.splitlines()
    assert lines[2] == (
        "| --loss hierarchical | 2 | 40.5 | 30.0 | +10.5 ± 6.4 | 0.500 | 0.500 | +0.000 ± 0.000 "
        "| 0.250 | 0.250 | +0.000 ± 0.000 |"
    )
    assert len(lines) == 4 and len(json.loads((tmp_path / "quality.json").read_text())) == 2


def test_what_the_same_bits_cost_is_told_for_each_number_of_workers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def measure(options: argparse.Namespace, command: str) -> dict[str, Any]:
        assert (options.programs, options.epochs) == (["synvec", "synvec-deterministic"], 1)
        costs = {"synvec": (4.0, 5.0, 90.0), "synvec-deterministic": (6.0, 7.0, 8.0)}
        phases = {
            name: [
                {"wall_seconds": cost / options.workers, "cpu_seconds": 2 * cost} for cost in own
            ]
            for name, own in costs.items()
        }
        return {
            "runs": [
                {"program": name, "phases": {"training": phase}}
                for name, own in phases.items()
                for phase in own
            ]
        }

    monkeypatch.setattr(train, "measure", measure)
    arguments = "--corpus x --workers 1,2 --models skipgram,cbow --output"
    determinism.main([*arguments.split(), str(tmp_path)])
    lines = capsys.readouterr().out.splitlines()
    assert lines[3] == (
        "| skipgram | 2 | 2.50 | 3.50 | 1.40 | 10.00 | 14.00 | 1.40 | 2.00 | 2.00 |"
    )
    assert len(json.loads((tmp_path / "determinism.json").read_text())) == 4


def test_what_the_same_bits_cost_is_asked_of_models_that_there_are(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(SystemExit):
        determinism.parse(["--corpus", "x", "--models", "glove"])
    assert "glove is not one of skipgram" in capsys.readouterr().err
    for model in determinism.MODELS.values():
        train.parse(["--corpus", "x", *model.split()])


def test_search_is_told_task_by_task() -> None:
    runs = {
        "synvec": [{"small": 1.0, "recall": 0.99}, {"small": 3.0, "recall": 1.0}],
        "gensim": [{"small": 8.0}],
        "faiss": [{"small": 2.5}],
    }
    lines = search.report(runs).splitlines()
    assert lines[0] == "| ms | synvec | gensim | faiss | times gensim |"
    assert lines[2:] == [
        "| one query, 68,000 x 100 | 2.00 | 8.00 | 2.50 | 4.0 |",
        "| its recall@10 | 0.99 |  |  |  |",
    ]


def test_what_search_is_timed_on_is_all_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search, "SHAPES", dict.fromkeys(run_search.SHAPES, (1200, 4)))
    search.prepare(tmp_path, None)
    times = run_search.synvec_times(tmp_path, None)
    assert set(times) == set(run_search.TASKS) - {"analogies"}
    assert times.pop("recall") >= 0.9
    assert all(time > 0 for time in times.values())


def test_classifying_is_measured(tmp_path: Path) -> None:
    texts, corpus = tmp_path / "texts.txt", tmp_path / "corpus.txt"
    corpus.write_text("a b c " * 100, encoding="utf-8")
    classify.write_texts(texts, 20, corpus)
    lines = texts.read_text(encoding="utf-8").splitlines()
    assert [len(line.split()) for line in lines] == [classify.WORDS_A_TEXT] * 20
    classify.write_texts(texts, 20, None)
    assert len(texts.read_text(encoding="utf-8").splitlines()) == 20
    model = Path(__file__).parent / "data" / "classifiers" / "softmax.bin"
    assert classify.measure("synvec", str(model), str(texts), 2)["texts_a_second"] > 0


def test_sentences_by_every_way_they_come(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("pyarrow")
    from benchmarks import sentences

    corpus = tmp_path / "corpus.txt"
    corpus.write_text("the cat sat on the mat\n" * 300, encoding="utf-8")
    options = ["--corpus", str(corpus), "--line-words", "3", "--repeat", "1", "--epochs", "1"]
    sentences.main([*options, "--programs", "synvec", "--workers", "1"])
    rows = capsys.readouterr().out.splitlines()[2:]
    assert [row.split(" | ")[2] for row in rows] == list(sentences.NAMES.values())
    assert "| synvec | 3 | a file, by its path |" in rows[0]
    assert rows[0].count("100 %") == 2
