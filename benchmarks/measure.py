"""Clocks of one process: wall and CPU seconds of its phases, and the most memory it ever held."""

import json
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray


class Meter:
    """Wall and CPU seconds of named phases; CPU counts every thread of the process."""

    def __init__(self) -> None:
        self.phases: dict[str, dict[str, float]] = {}

    @contextmanager
    def phase(self, name: str) -> Iterator[None]:
        wall, cpu = time.perf_counter(), time.process_time()
        yield
        self.phases[name] = {
            "wall_seconds": time.perf_counter() - wall,
            "cpu_seconds": time.process_time() - cpu,
        }

    def write(self, path: str, **facts: Any) -> None:
        """Write the phases, the whole process up to now, the peak memory and what else is known."""
        result = {
            "phases": self.phases,
            "process_cpu_seconds": time.process_time(),
            "peak_bytes": peak_bytes(),
            **facts,
        }
        Path(path).write_text(json.dumps(result, indent=1), encoding="utf-8")


def peak_bytes() -> int | None:
    """Return the most memory this process ever held; None where the system does not tell."""
    # Not getrusage on Linux: there a child begins with the peak of the process that started it.
    if (peak := _process_status("VmHWM")) is not None:
        return peak
    try:
        import resource
    except ImportError:  # Windows
        return None
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def resident_bytes() -> int:
    """Return the memory this process holds now; its peak where the system tells no more."""
    return _process_status("VmRSS") or peak_bytes() or 0


def _process_status(field: str) -> int | None:
    """Return a size that Linux tells of this process."""
    status = Path("/proc/self/status")
    for line in status.read_text(encoding="utf-8").splitlines() if status.exists() else ():
        if line.startswith(f"{field}:"):
            return int(line.split()[1]) * 1024
    return None


def page_bytes() -> dict[str, int]:
    """Return the memory of this process that is its alone, and what it shares with others.

    Empty where the system does not tell.
    """
    found: dict[str, int] = {}
    rollup = Path("/proc/self/smaps_rollup")
    for line in rollup.read_text(encoding="utf-8").splitlines() if rollup.exists() else ():
        field, _, size = line.partition(":")
        whose = field.partition("_")[0].lower()
        if field in {"Private_Clean", "Private_Dirty", "Shared_Clean", "Shared_Dirty"}:
            found[whose] = found.get(whose, 0) + int(size.split()[0]) * 1024
    return found


def write_word2vec(path: str, words: Sequence[str], vectors: NDArray[np.float32]) -> None:
    """Write word2vec's binary format, for programs that do not write it themselves."""
    with Path(path).open("wb") as file:
        file.write(f"{len(words)} {vectors.shape[1]}\n".encode())
        for word, vector in zip(words, vectors, strict=True):
            file.write(word.encode() + b" " + vector.astype("<f4").tobytes())
