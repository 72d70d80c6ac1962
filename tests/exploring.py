"""What tests of the explorer's page have in common: models, waiting, what is shown."""

from __future__ import annotations

import json
import re
import time
from typing import Any

import numpy as np

from synvec import KeyedVectors


def random_vectors(keys: list[str], size: int = 8) -> KeyedVectors:
    draw = np.random.default_rng(5)
    return KeyedVectors.from_arrays(keys, draw.normal(size=(len(keys), size)).astype(np.float32))


def neighbors(vectors: KeyedVectors, *query: Any, topn: int = 20) -> list[str]:
    return [key for key, _ in vectors.most_similar(*query, topn=topn)]


def until(page: Any, expression: str, argument: Any = None) -> None:
    """Wait until an expression is true in the page.

    Playwright's own way of waiting evaluates text in the page, which the page's policy forbids.
    """
    end = time.monotonic() + 20
    while not page.evaluate(expression, argument):
        assert time.monotonic() < end, f"never true: {expression}"
        page.wait_for_timeout(15)


def listed(page: Any, within: str = ".bars") -> list[str]:
    """Return the words of the neighbours that are shown."""
    words: list[str] = page.locator(f"{within} .word").all_inner_texts()
    return words


def heading(page: Any) -> str:
    return str(page.locator(".body h2").inner_text())


def wait_for_word(page: Any, word: str) -> None:
    page.locator(".body h2", has_text=re.compile(f"^{re.escape(word)}$")).wait_for()


def click_on(page: Any, word: str, m: int = 0) -> None:
    until(page, "synvec.isStill()")
    page.mouse.click(*page.evaluate(f"synvec.place({json.dumps(word)}, {m})"))
