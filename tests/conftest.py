"""What several files of tests have in common: commands, corpora, a database, a browser."""

import random
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks.kills import write_corpus
from synvec import KeyedVectors
from tests import browser as browsers
from tests import postgres

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def nothing_warned_yet(monkeypatch: pytest.MonkeyPatch) -> None:
    """Older names warn once a process, and so again in this test."""
    monkeypatch.setattr("synvec.legacy.warning._warned", set())


@pytest.fixture
def run(tmp_path: Path) -> Run:
    def run(*arguments: object, stdin: str | None = None) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "synvec", *map(str, arguments)],
            capture_output=True,
            text=True,
            encoding="utf-8",
            input=stdin,
            cwd=tmp_path,
            timeout=120,
        )

    return run


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    path = tmp_path / "corpus.txt"
    chance = random.Random(1)
    words = [f"word{n}" for n in range(40)]
    lines = (" ".join(chance.choices(words, k=12)) for _ in range(200))
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


@pytest.fixture
def vectors(tmp_path: Path) -> Path:
    """Vectors whose neighbours are known: angles in degrees, in the plane."""
    angles = {"east": 0, "northeast": 45, "north": 90, "west": 180, "søuth": 265, "e-ish": 10}
    radians = np.radians(list(angles.values()))
    rows = np.stack([np.cos(radians), np.sin(radians)], axis=1).astype(np.float32)
    path = tmp_path / "compass.kv"
    KeyedVectors.from_arrays(list(angles), rows).save(path)
    return path


@pytest.fixture(scope="session")
def text(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A text to be trained on for a second or two."""
    path = tmp_path_factory.mktemp("corpus") / "text.txt"
    write_corpus(path, 30_000)
    return path


@pytest.fixture(scope="session")
def database() -> Iterator[str]:
    """Run a PostgreSQL server with pgvector; give its database as a URL without a table."""
    with postgres.running() as parameters:
        url = f"postgresql:///postgres?{parameters}"
        postgres.asked(url, "CREATE EXTENSION vector")
        yield url


@pytest.fixture
def place() -> Iterator[str]:
    """A folder in fsspec's memory."""
    fsspec = pytest.importorskip("fsspec", reason="needs pip install synvec[remote]")
    name = f"/{uuid.uuid4().hex}"
    yield f"memory:/{name}"
    memory = fsspec.filesystem("memory")
    if memory.exists(name):
        memory.rm(name, recursive=True)


@pytest.fixture(scope="module")  # while it is there an event loop is set, which others can't have
def browser() -> Iterator[Any]:
    with browsers.launched() as launched:
        yield launched


@pytest.fixture
def visit(browser: Any) -> Iterator[browsers.Visit]:
    """Pages and their servers, which stop once the pages are closed."""
    with browsers.visiting(browser) as visit:
        yield visit
