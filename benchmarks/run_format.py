"""Opens one file with one program: ``python -m benchmarks.run_format PROGRAM FORMAT PATH KEY``.

Prints the clocks of the load, the memory of the process and the first numbers under the key, as
JSON. ``python -m benchmarks.run_format refuse PATH`` does so for
an error of synvec.
"""

import json
import sys
import time
from collections.abc import Callable
from typing import Any

from benchmarks.measure import peak_bytes, resident_bytes

Load = Callable[[str], Any]


def synvec_loader(name: str) -> Load:
    import synvec

    if name == "fasttext-bin":
        return synvec.load_facebook_vectors
    return _word2vec_loader(synvec.KeyedVectors.load_word2vec_format, name)


def gensim_loader(name: str) -> Load:
    from gensim.models import KeyedVectors
    from gensim.models.fasttext import load_facebook_vectors

    if name == "fasttext-bin":
        load: Load = load_facebook_vectors
        return load
    return _word2vec_loader(KeyedVectors.load_word2vec_format, name)


def fasttext_loader(_: str) -> Load:
    import fasttext

    load: Load = fasttext.load_model
    return load


def _word2vec_loader(load: Callable[..., Any], name: str) -> Load:
    options = {
        "word2vec-binary": {"binary": True},
        "word2vec-text": {},
        "glove": {"no_header": True},
    }[name]
    return lambda path: load(path, **options)


LOADERS = {"synvec": synvec_loader, "gensim": gensim_loader, "fasttext": fasttext_loader}


def measure(program: str, name: str, path: str, key: str) -> dict[str, Any]:
    """Return what one load took, and the vector of a key to compare the programs by."""
    load = LOADERS[program](name)
    before = resident_bytes()
    wall, cpu = time.perf_counter(), time.process_time()
    loaded = load(path)
    clocks = {
        "wall_seconds": time.perf_counter() - wall,
        "cpu_seconds": time.process_time() - cpu,
    }
    return {
        **clocks,
        "bytes_before": before,
        "peak_bytes": peak_bytes(),
        "vector": [float(number) for number in loaded[key][:3]],
    }


def refuse(path: str) -> dict[str, Any]:
    """Return the error for a file that should not open, and the time and memory it took."""
    from synvec import FormatError, load

    before = peak_bytes() or 0
    started = time.perf_counter()
    try:
        load(path)
    except FormatError as error:
        outcome = type(error).__name__
    else:
        outcome = "no error"
    seconds = time.perf_counter() - started
    return {"outcome": outcome, "seconds": seconds, "bytes": (peak_bytes() or 0) - before}


def main() -> None:
    program, *arguments = sys.argv[1:]
    found = refuse(*arguments) if program == "refuse" else measure(program, *arguments)
    print(json.dumps(found))


if __name__ == "__main__":
    main()
