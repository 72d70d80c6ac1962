"""Ten words that every format must hold: the same in each golden file of ``tests/data/golden``.

The numbers are sixteenths, so that every type and every spelling holds them exactly.
"""

from pathlib import Path

import numpy as np

from synvec import KeyedVectors

FOLDER = Path(__file__).parent / "data" / "golden"

KEYS = ["the", "of", "socket", "port", "naïve", "straße", "日本", "don't", "42", "I-95"]
VECTORS = ((np.arange(60, dtype=np.float32) * 37 % 61 - 30) / 16).reshape(10, 6)
COUNTS = [1000, 700, 300, 200, 90, 40, 20, 10, 5, 5]


def golden() -> KeyedVectors:
    """Return the ten words."""
    return KeyedVectors.from_arrays(KEYS, VECTORS.copy(), counts=COUNTS)


def is_golden(vectors: KeyedVectors, *, counts: bool = False) -> bool:
    """Whether these are the ten words, in order and bit by bit."""
    found = vectors.counts
    return (
        vectors.index_to_key == KEYS
        and vectors.vectors.dtype == np.float32
        and vectors.vectors.tobytes() == VECTORS.tobytes()
        and (not counts or (found is not None and found.tolist() == COUNTS))
    )
