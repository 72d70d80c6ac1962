"""What tests of checkpoints have in common: a small job, ended early, and what is left of it."""

import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest

from synvec import Word2Vec, formats

POSIX = pytest.mark.skipif(os.name != "posix", reason="signals and limits as POSIX has them")


class Halt(Exception):  # noqa: N818 - no error
    """Ends training from a progress callback."""


def sentences(text: Path) -> list[list[str]]:
    return [line.split() for line in text.read_text().splitlines()]


SETTINGS: dict[str, Any] = {
    "vector_size": 24, "min_count": 1, "workers": 1, "epochs": 3, "sg": 1, "seed": 3,
    "compute_loss": True, "progress": False,
}  # fmt: skip


def bits(model: Word2Vec) -> dict[str, bytes]:
    outputs = {name: getattr(model, name) for name in ("syn1neg", "syn1") if hasattr(model, name)}
    return {name: array.tobytes() for name, array in {"wv": model.wv.vectors, **outputs}.items()}


def halt_after(words: int) -> Any:
    def progress(report: dict[str, Any]) -> None:
        if report["phase"] == "train" and report["raw_words"] >= words:
            raise Halt

    return progress


def halted(folder: Path, after: int = 1, **settings: Any) -> None:
    """Train until a progress callback stops it, which is met as Ctrl-C is."""
    settings = {**SETTINGS, "checkpoint": folder, **settings, "progress": halt_after(after)}
    with pytest.raises(Halt):
        Word2Vec(**settings)


def environment(**variables: str) -> dict[str, str]:
    """For another process that runs anywhere and finds synvec and the tests as this one does."""
    root = str(Path(__file__).parent.parent)
    return {**os.environ, "PYTHONPATH": os.pathsep.join([root, *sys.path]), **variables}


def vectors_in(path: Path) -> Any:
    return formats.vectors_of(formats.load(path)).vectors


def position(folder: Path) -> dict[str, int]:
    newest = max(folder.glob("checkpoint-*.json"))
    found: dict[str, int] = json.loads(newest.read_text())["position"]
    return found
