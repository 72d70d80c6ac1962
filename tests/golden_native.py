"""Native files of version 1: each kind that there is, with the ten words of `tests.golden`."""

import io
from collections.abc import Callable

import numpy as np

from synvec import formats
from synvec._core import KeyTable
from tests.golden import COUNTS, KEYS, VECTORS

CONFIG = {
    "vector_size": 6, "alpha": 0.025, "window": 5, "min_count": 5, "max_vocab_size": None,
    "sample": 0.001, "seed": 1, "workers": 3, "min_alpha": 0.0001, "sg": 0, "hs": 0, "negative": 5,
    "ns_exponent": 0.75, "cbow_mean": 1, "epochs": 2, "sorted_vocab": 1, "batch_words": 10000,
    "compute_loss": True, "comment": "ten words, \"naïve\" \\ \n and all", "max_final_vocab": None,
    "shrink_windows": True, "shared_negatives": True, "tokenize": "whitespace", "lowercase": False,
    "corpus_count": 40, "corpus_total_words": 2400, "effective_min_count": 5,
    "min_alpha_yet_reached": 0.0001,
    "history": [
        {"raw_words": 2400, "trained_words": 1200, "loss": 12.5, "seconds": 0.25},
        {"raw_words": 2400, "trained_words": 1199, "loss": None, "seconds": 0.125},
    ],
}  # fmt: skip
"""Every field of a full model's configuration, each with a value that JSON gives back."""


def _nonfinite() -> np.ndarray:
    vectors = VECTORS.copy()
    vectors[3, 2], vectors[4, 0], vectors[5, 5] = np.nan, np.inf, -np.inf
    return vectors


def _saved(vectors: np.ndarray = VECTORS, **parts: object) -> bytes:
    file = io.BytesIO()
    formats.save_native(file, KeyTable(KEYS), vectors, **parts)  # type: ignore[arg-type]
    return file.getvalue()


counts = np.array(COUNTS, np.uint64)

WRITTEN: dict[str, Callable[[], bytes]] = {
    "native-1.kv": lambda: _saved(counts=counts),
    "native-1-without-counts.kv": lambda: _saved(),
    "native-1-nonfinite.kv": lambda: _saved(_nonfinite(), counts=counts, allow_nonfinite=True),
    "native-1-negative-sampling.kv": lambda: _saved(
        counts=counts, output_vectors=VECTORS + 1, config=CONFIG
    ),
    "native-1-hierarchical-softmax.kv": lambda: _saved(
        counts=counts, output_nodes=VECTORS - 1, config={**CONFIG, "hs": 1, "negative": 0}
    ),
}
"""How today's synvec writes each file of `tests/data/golden`."""
