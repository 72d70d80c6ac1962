"""Opens a native file in a process of its own: ``python -m benchmarks.run_native MODE PATH``.

``open`` times the first steps, ``share`` reads every vector and tells whose the pages are, ``hold``
does the same and keeps them until its input ends. What it found is printed as JSON.
"""

import json
import sys
import time

from benchmarks.measure import page_bytes, resident_bytes


def open_and_ask(path: str) -> dict[str, float]:
    """Open, look one key up, ask one question; the clock and the memory after each."""
    from synvec import KeyedVectors, load

    before = resident_bytes()
    found: dict[str, float] = {}

    def note(step: str, started: float) -> None:
        found[f"{step}_ms"] = 1000 * (time.perf_counter() - started)
        found[f"{step}_mb"] = (resident_bytes() - before) / 1e6

    started = time.perf_counter()
    vectors = load(path)
    note("open", started)
    assert isinstance(vectors, KeyedVectors)
    last = vectors.index_to_key[-1]
    started = time.perf_counter()
    vectors[last]
    note("lookup", started)
    started = time.perf_counter()
    vectors.most_similar(last)
    note("query", started)
    return found


def share(path: str, *, hold: bool) -> dict[str, float]:
    """Read every vector; return the megabytes that are this process's alone, and shared ones."""
    from synvec import KeyedVectors, load

    before = page_bytes()
    vectors = load(path)
    assert isinstance(vectors, KeyedVectors)
    vectors.vectors.max()
    found = {f"{whose}_mb": (size - before[whose]) / 1e6 for whose, size in page_bytes().items()}
    if hold:
        print("held", flush=True)
        sys.stdin.read()
    return found


def main() -> None:
    mode, path = sys.argv[1:]
    found = open_and_ask(path) if mode == "open" else share(path, hold=mode == "hold")
    print(json.dumps(found))


if __name__ == "__main__":
    main()
