"""What every reader is put through: files cut anywhere, bits turned over, headers that lie."""

import random
import subprocess
import sys
import warnings
from collections.abc import Callable, Iterator

import numpy as np
import pytest

import synvec
from synvec import KeyedVectors, formats

Read = Callable[[bytes], object]
"""Opens bytes as a file of one format."""


def flipped(data: bytes, times: int, seed: int = 7) -> Iterator[bytes]:
    """Yield copies of ``data`` with one to three bits turned over."""
    generator = random.Random(seed)
    for _ in range(times):
        changed = bytearray(data)
        for _ in range(generator.randint(1, 3)):
            changed[generator.randrange(len(changed))] ^= 1 << generator.randrange(8)
        yield bytes(changed)


def prefixes(data: bytes, most: int = 400, seed: int = 7) -> Iterator[bytes]:
    """Yield beginnings of ``data``: all, or as many as asked for, with the shortest among them."""
    ends = list(range(len(data)))
    if len(ends) > most:
        ends = sorted({*ends[:100], *random.Random(seed).sample(ends, most - 100)})
    for end in ends:
        yield data[:end]


def check_prefixes_err(read: Read, data: bytes, most: int = 400) -> None:
    """Every beginning of a file is refused as what it is: a file that is not whole."""
    for prefix in prefixes(data, most):
        with pytest.raises(synvec.FormatError):
            read(prefix)


def check_survives(read: Read, data: bytes) -> None:
    """Whatever the bytes: a clear error, or vectors that can be questioned and saved again."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            loaded = read(data)
    except synvec.FormatError:
        return
    if isinstance(loaded, KeyedVectors):
        check_usable(loaded)


def check_usable(vectors: KeyedVectors) -> None:
    """The parts agree with one another, questions are answered, and a saved copy is equal."""
    keys, rows = vectors.index_to_key, vectors.vectors
    assert rows.shape == (len(keys), vectors.vector_size)
    assert np.isfinite(rows).all()
    assert [vectors.get_index(key) for key in keys] == list(range(len(keys)))
    if keys:
        assert len(vectors.most_similar(keys[0], topn=3)) <= 3
    from io import BytesIO

    file = BytesIO()
    formats.save_native(file, vectors.key_table, rows)
    again = formats.vectors_of(formats.load(BytesIO(file.getvalue())))
    assert again.index_to_key == keys
    assert again.vectors.tobytes() == rows.tobytes()


_COST = """
import resource, sys, time
from synvec import formats, FormatError
unit = 1 if sys.platform == "darwin" else 1024
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
for path in sys.argv[1:]:
    try:
        formats.load(path)
    except FormatError as error:
        print(path, type(error).__name__, error, file=sys.stderr)
    else:
        sys.exit(f"{path} was read")
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print((peak - before) * unit / 1e6)
"""


def megabytes_to_refuse(*paths: object) -> float:
    """Return how much memory it takes to refuse files, in a process that does nothing else."""
    command = [sys.executable, "-c", _COST, *map(str, paths)]
    run = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert run.returncode == 0, run.stderr
    return float(run.stdout)
