"""SYNVEC_SIMD: which arithmetic is used changes the speed and nothing else."""

import hashlib
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from synvec import Word2Vec
from tests.checkpointing import SETTINGS, bits, environment, halted

TRAIN = """
import hashlib
import numpy as np
from synvec import Word2Vec

random = np.random.default_rng(1)
sentences = [[f"w{i}" for i in random.zipf(1.5, 20) % 50] for _ in range(200)]
digest = hashlib.sha256()
for sg, hs, shared_negatives, deterministic in [
    (1, 0, True, False), (1, 0, False, False), (0, 0, True, False), (1, 1, True, False),
    (1, 0, True, True), (0, 1, True, True),
]:
    model = Word2Vec(
        sentences, vector_size=33, sg=sg, hs=hs, negative=5 * (1 - hs), min_count=1, epochs=2,
        workers=1 + deterministic, shared_negatives=shared_negatives, progress=False,
        deterministic=deterministic,
    )
    digest.update(model.syn0.tobytes())
print(digest.hexdigest())
"""


RESUME = """
import hashlib
import sys
import synvec
from tests.checkpointing import bits

model = synvec.resume(sys.argv[1], progress=False)
print(synvec._core.instruction_set(), hashlib.sha256(repr(bits(model)).encode()).hexdigest())
"""


def train(name: str, code: str = TRAIN, *arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-c", code, *arguments],
        env=environment(SYNVEC_SIMD=name),
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def default() -> str:
    finished = train("")
    assert finished.returncode == 0, finished.stderr
    return finished.stdout


@pytest.mark.parametrize("name", ["scalar", "avx2", "avx512", "neon"])
def test_every_instruction_set_trains_the_same_bits(name: str, default: str) -> None:
    finished = train(name)
    if "but this processor can use" in finished.stderr and name != "scalar":
        pytest.skip(f"this processor has no {name}")
    assert finished.returncode == 0, finished.stderr
    assert finished.stdout == default


@pytest.mark.slow
@pytest.mark.parametrize("options", [{"workers": 1}, {"workers": 3, "deterministic": True}])
def test_an_interrupted_training_goes_on_under_another_one(
    tmp_path: Path, text: Path, options: dict[str, Any]
) -> None:
    settings = {"epochs": 3, "vector_size": 33, **options}
    whole = bits(Word2Vec(corpus_file=text, **SETTINGS | settings))
    expected = hashlib.sha256(repr(whole).encode()).hexdigest()
    halted(tmp_path / "begun", corpus_file=text, **settings)
    gone_on = set()
    for name in ("scalar", "avx2", "avx512", "neon"):
        shutil.copytree(tmp_path / "begun", tmp_path / name)
        done = train(name, RESUME, str(tmp_path / name))
        if "but this processor can use" in done.stderr:
            continue
        assert done.stdout.split() == [name, expected], done.stderr
        gone_on.add(name)
    assert "scalar" in gone_on


def test_an_unknown_instruction_set_is_refused_with_those_there_are() -> None:
    finished = train("mmx")
    assert finished.returncode == 1
    message = finished.stderr.splitlines()[-1]
    assert message.startswith('ValueError: SYNVEC_SIMD is "mmx", but this processor can use scalar')
