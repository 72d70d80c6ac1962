"""``synvec train --continue`` and ``--init``: training that begins with what is there."""

import random
import subprocess
import sys
from pathlib import Path

import pytest

from synvec import KeyedVectors, Word2Vec

SMALL = ("--dim", 8, "--min-count", 1, "--workers", 1, "--epochs", 1)


def run(*arguments: object, code: int = 0) -> str:
    command = [sys.executable, "-m", "synvec", "train", *map(str, arguments)]
    found = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert found.returncode == code, found.stderr
    return found.stderr


@pytest.fixture
def texts(tmp_path: Path) -> list[Path]:
    chance = random.Random(1)
    paths = []
    for name, words in (("one", "abcdef"), ("two", "defghi")):
        path = tmp_path / name
        path.write_text("\n".join(" ".join(chance.choices(words, k=10)) for _ in range(50)))
        paths.append(path)
    return paths


def test_a_model_is_trained_on(texts: list[Path], tmp_path: Path) -> None:
    model, out = tmp_path / "model.kv", tmp_path / "out.kv"
    run(texts[0], "-o", tmp_path / "first.kv", "--save-model", model, *SMALL)
    run(texts[1], "-o", out, "--continue", model, "--save-model", model, "--alpha", 0.01)
    assert set(KeyedVectors.load(out).index_to_key) == set("abcdefghi")
    again = Word2Vec.load(model)
    assert again.wv.index_to_key[:6] == KeyedVectors.load(tmp_path / "first.kv").index_to_key
    assert (again.alpha, len(again.history), again.train_count) == (0.01, 2, 2)


def test_what_a_model_has_decided_is_refused(texts: list[Path], tmp_path: Path) -> None:
    model = tmp_path / "model.kv"
    run(texts[0], "-o", tmp_path / "first.kv", "--save-model", model, *SMALL)
    for option in (("--dim", 9), ("--model", "cbow"), ("--preset", "quality")):
        said = run(texts[1], "-o", "x.kv", "--continue", model, *option, code=2)
        assert f"'{option[0]}': is what the model was made with" in said
    said = run(texts[1], "-o", tmp_path / "x.kv", "--continue", tmp_path / "first.kv", code=2)
    assert "first.kv' holds no full model, as --save-model writes it" in said


def test_training_begins_with_vectors(texts: list[Path], tmp_path: Path) -> None:
    start = tmp_path / "start.txt"
    KeyedVectors.from_arrays(["a", "z"], [[9.0] * 8, [1.0] * 8]).save_word2vec_format(start)
    out = tmp_path / "out.kv"
    said = run(texts[0], "-o", out, "--init", start, *SMALL)
    assert f"1 of 6 words begin with the vectors of {start}" in said
    found = KeyedVectors.load(out)
    assert found["a"].min() > 8 and abs(found["b"]).max() < 2
    wide = tmp_path / "wide.txt"
    KeyedVectors.from_arrays(["a"], [[9.0] * 9]).save_word2vec_format(wide)
    said = run(texts[0], "-o", out, "--init", wide, *SMALL, code=1)
    assert "the vectors have 9 dimensions, the model has --dim=8" in said


def test_settings_that_are_given_take_the_place_of_the_models(
    texts: list[Path], tmp_path: Path
) -> None:
    model, again = tmp_path / "model.kv", tmp_path / "again.kv"
    run(texts[0], "-o", tmp_path / "first.kv", "--save-model", model, *SMALL)
    options = {
        "window": 3, "epochs": 2, "min-count": 2, "sample": 0.01, "alpha": 0.02,
        "min-alpha": 0.001, "ns-exponent": 0.5, "seed": 7, "workers": 2, "negative": 4,
        "tokenize": "words",
    }  # fmt: skip
    given = [part for name, value in options.items() for part in (f"--{name}", value)]
    switches = ("--cbow-sum", "--cbow-corrected", "--per-pair-negatives", "--lowercase")
    paths = ("--continue", model, "-o", tmp_path / "out.kv", "--save-model", again)
    run(texts[1], *paths, *given, *switches, "--deterministic")
    found = Word2Vec.load(again)
    expected = {name.replace("-", "_"): value for name, value in options.items()} | {
        "cbow_mean": 0, "cbow_corrected": True, "shared_negatives": False, "lowercase": True,
        "deterministic": True, "vector_size": 8, "sg": 1,
    }  # fmt: skip
    assert {name: getattr(found, name) for name in expected} == expected
    assert len(found.history) == 3
