"""``deterministic=True``: the same bits with any number of workers."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from synvec import Word2Vec

RANDOM = np.random.default_rng(5)
SENTENCES = [[f"w{i}" for i in RANDOM.zipf(1.4, 15) % 300] for _ in range(1500)]


def trained(sentences: Any = SENTENCES, **options: Any) -> Word2Vec:
    settings = {"vector_size": 20, "min_count": 1, "epochs": 3, "deterministic": True}
    return Word2Vec(sentences, progress=False, **settings | options)


def bits(model: Word2Vec) -> bytes:
    matrices = [model.wv.vectors]
    if model.negative:
        matrices.append(model.syn1neg)
    if model.hs:
        matrices.append(model.syn1)
    return b"".join(matrix.tobytes() for matrix in matrices)


@pytest.mark.parametrize(
    "options",
    [
        {"sg": 1},
        {"sg": 1, "shared_negatives": False},
        {"sg": 0, "cbow_mean": 0},
        {"sg": 1, "hs": 1, "negative": 0},
        {"sg": 0, "hs": 1, "sample": 0, "shrink_windows": False, "window": 2},
        {"sg": 1, "window": None, "epochs": 1},
    ],
    ids=["skip-gram", "pairs", "cbow", "hs", "both-losses", "whole-sentences"],
)
def test_the_number_of_workers_changes_no_bit(options: dict[str, Any]) -> None:
    one = bits(trained(workers=1, **options))
    for workers in (2, 3, 5, 16, 33):
        assert bits(trained(workers=workers, **options)) == one
    assert bits(trained(workers=2, seed=2, **options)) != one


def test_neither_does_the_way_of_the_corpus(tmp_path: Path) -> None:
    path = tmp_path / "corpus.txt"
    path.write_text("\n".join(map(" ".join, SENTENCES)), encoding="utf-8")
    one = bits(trained(workers=1))
    assert bits(trained((list(s) for s in SENTENCES), workers=3)) == one
    assert bits(trained(None, corpus_file=str(path), workers=4)) == one


def test_it_is_another_way_of_training_even_for_one_worker() -> None:
    assert bits(trained(workers=1)) != bits(trained(workers=1, deterministic=False))


def test_words_and_loss_are_counted_alike() -> None:
    def history(workers: int) -> list[tuple[int, int, float]]:
        model = trained(workers=workers, compute_loss=True)
        return [(e.raw_words, e.trained_words, e.loss) for e in model.history]

    one = history(1)
    assert history(7) == one
    assert [raw for raw, *_ in one] == [sum(map(len, SENTENCES))] * 3
    assert one[2][2] < one[0][2]


def test_training_goes_on_alike() -> None:
    def twice(workers: int) -> bytes:
        model = trained(workers=workers)
        words = sum(map(len, SENTENCES))
        model.train(SENTENCES, total_words=words, epochs=2, start_alpha=0.02, end_alpha=0.01)
        return bits(model)

    assert twice(1) == twice(4) != bits(trained(workers=1))


def test_a_saved_model_goes_on_deterministic(tmp_path: Path) -> None:
    trained(workers=2).save(tmp_path / "m.kv")
    assert Word2Vec.load(tmp_path / "m.kv").deterministic is True
    trained(workers=2, deterministic=False).save(tmp_path / "m.kv")
    assert Word2Vec.load(tmp_path / "m.kv").deterministic is False


def test_the_quality_is_that_of_the_default() -> None:
    words = [[f"{topic}{i}" for i in range(20)] for topic in "abcdefgh"]
    random = np.random.default_rng(1)
    sentences = [random.choice(words[i % 8], 10).tolist() for i in range(4000)]

    def neighbours_of_the_topic(deterministic: bool) -> float:
        model = trained(sentences, sg=1, sample=0, epochs=5, deterministic=deterministic)
        right = [
            sum(near[0] == word[0] for near, _ in model.wv.most_similar(word, topn=19)) / 19
            for word in model.wv.index_to_key
        ]
        return float(np.mean(right))

    assert neighbours_of_the_topic(True) > neighbours_of_the_topic(False) - 0.03 > 0.9


def test_the_command_line_too(tmp_path: Path) -> None:
    corpus = tmp_path / "corpus.txt"
    corpus.write_text("\n".join(map(" ".join, SENTENCES)), encoding="utf-8")

    def train(workers: int) -> bytes:
        out = tmp_path / f"{workers}.bin"
        command = [sys.executable, "-m", "synvec", "train", str(corpus), "-o", str(out)]
        options = ["--deterministic", "--dim", "8", "--epochs", "2", "--workers", str(workers)]
        subprocess.run([*command, *options], check=True, capture_output=True, timeout=120)
        return out.read_bytes()

    assert train(1) == train(3)
