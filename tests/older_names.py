"""What tests of names from before gensim 4 share: a store, a model, and a name that warns once."""

import warnings
from pathlib import Path
from types import FunctionType
from typing import Any

import numpy as np

from synvec import KeyedVectors, Word2Vec

KEYS = ["socket", "port", "year"]
ROWS = np.array([[3, 4], [4, 3], [-1, 1]], dtype=np.float32)
FRUIT = [["red", "apple", "pie"], ["green", "apple", "tree"], ["red", "cherry", "pie"]] * 5
SETTINGS: dict[str, Any] = {"vector_size": 8, "min_count": 1, "workers": 1, "epochs": 2}


def three_keys() -> KeyedVectors:
    return KeyedVectors.from_arrays(KEYS, ROWS.copy(), counts=[9, 5, 1])


def fruit_model() -> Word2Vec:
    return Word2Vec(FRUIT, **SETTINGS)


def write_questions(folder: Path) -> Path:
    path = folder / "questions.txt"
    path.write_text(": royals\nman king woman queen\n")
    return path


def once(use: FunctionType, message: str) -> Any:
    """Call twice; expect the same value, and one warning that shows the caller's own line."""
    line = use.__code__.co_filename
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        value, again = use(), use()
    assert [(w.category, w.filename) for w in caught] == [(DeprecationWarning, line)], caught
    assert message in str(caught[0].message)
    if not callable(value):
        np.testing.assert_equal(again, value)
    return value
