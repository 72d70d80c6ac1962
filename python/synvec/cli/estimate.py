"""What training would need: ``synvec train --dry-run``."""

import dataclasses
import time
from typing import Any

from synvec import Word2Vec
from synvec.cli import files

_WARM_UP_SECONDS = 2.0
_FLOAT = 4
_MATRICES = ("vectors", "syn1neg", "syn1")


@dataclasses.dataclass(frozen=True)
class Estimate:
    """Memory in bytes, time in seconds, and the counts behind them."""

    words: int
    distinct_words: int
    dim: int
    matrices: int
    matrices_bytes: int
    copies_bytes: int
    ids_bytes: int
    keys_bytes: int
    file_bytes: int
    words_per_second: float
    measured_seconds: float
    train_seconds: float

    def as_dict(self) -> dict[str, Any]:
        """Return the fields and the memory in all."""
        return {**dataclasses.asdict(self), "memory_bytes": self.memory_bytes}

    @property
    def memory_bytes(self) -> int:
        """All that training keeps in memory at once."""
        return self.matrices_bytes + self.copies_bytes + self.ids_bytes + self.keys_bytes

    def lines(self) -> list[str]:
        """Return the estimate as lines of a name, a tab, and a value."""
        copies = [f"copies\t{files.size(self.copies_bytes)} (--deterministic)"]
        return [
            f"corpus\t{self.words:,} words",
            f"vocabulary\t{self.distinct_words:,} words",
            f"matrices\t{files.size(self.matrices_bytes)} ({self.matrices} of "
            f"{self.distinct_words:,} × {self.dim}, float32)",
            *(copies if self.copies_bytes else []),
            f"ids\t{files.size(self.ids_bytes)}",
            f"keys\t{files.size(self.keys_bytes)}",
            f"memory\t{files.size(self.memory_bytes)}",
            f"file\t{files.size(self.file_bytes)}",
            f"speed\t{self.words_per_second:,.0f} words a second (measured for "
            f"{self.measured_seconds:.1f} s)",
            f"time\t{duration(self.train_seconds)}",
        ]


class _EnoughError(Exception):
    """Ends the warm-up."""


class _WarmUp:
    """A progress callback that notes the speed and stops training after a moment."""

    def __init__(self) -> None:
        self.start = time.perf_counter()
        self.seconds = 0.0
        self.raw_words = 0

    def __call__(self, report: dict[str, Any]) -> None:
        if report["phase"] != "train":
            return
        self.seconds = time.perf_counter() - self.start
        self.raw_words = report["raw_words"]
        if self.seconds >= _WARM_UP_SECONDS:
            raise _EnoughError


def of(model: Word2Vec, corpus: tuple[str, ...]) -> Estimate:
    """Estimate what training ``model``, whose vocabulary is built, would need.

    The speed is that of a warm-up of two seconds on the beginning of the corpus; it is the real
    thing, so the model is spent afterwards.
    """
    warm_up = _WarmUp()
    try:
        _, raw_words = model.train(
            corpus_file=corpus,
            total_examples=model.corpus_count,
            total_words=model.corpus_total_words,
            epochs=model.epochs,
            progress=warm_up,
        )
    except _EnoughError:
        seconds, raw_words = warm_up.seconds, warm_up.raw_words
    else:  # a corpus so small that all of it was trained
        seconds = time.perf_counter() - warm_up.start
    speed = raw_words / max(seconds, 1e-9)
    needed = model.estimate_memory()
    matrices = [needed[name] for name in _MATRICES if name in needed]
    ids = model.corpus_total_words + model.corpus_count
    return Estimate(
        words=model.corpus_total_words,
        distinct_words=len(model.wv),
        dim=model.vector_size,
        matrices=len(matrices),
        matrices_bytes=sum(matrices),
        copies_bytes=needed.get("lanes", 0),
        ids_bytes=min(4 * ids, model.spool_bytes),
        keys_bytes=model.wv.key_table.nbytes,
        file_bytes=file_bytes(model),
        words_per_second=speed,
        measured_seconds=seconds,
        train_seconds=model.corpus_total_words * model.epochs / speed if speed else 0.0,
    )


def file_bytes(model: Word2Vec) -> int:
    """Return the size of the native file: vectors, norms, counts and keys."""
    rows = len(model.wv)
    keys: int = model.wv.key_table.nbytes
    return rows * (model.vector_size + 1) * _FLOAT + rows * 8 + keys


def duration(seconds: float) -> str:
    """Return a time as people say it, e.g. ``3 min 20 s``."""
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest} s"
    return f"{minutes // 60} h {minutes % 60} min"
