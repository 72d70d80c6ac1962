"""Native files of phrases, version 1."""

import io
from collections.abc import Callable

from synvec import FrozenPhrases, Phrases

CORPUS = [
    ["new", "york", "is"],
    ["new", "york"],
    ["bank", "of", "america"],
    ["bank", "of", "america"],
]


def counted(**options: object) -> Phrases:
    settings = {"min_count": 1, "threshold": 0.1, "connector_words": ["of", "'"], **options}
    return Phrases(CORPUS, **settings)  # type: ignore[arg-type]


def _saved(phrases: Phrases | FrozenPhrases) -> bytes:
    file = io.BytesIO()
    phrases.save(file)
    return file.getvalue()


WRITTEN: dict[str, Callable[[], bytes]] = {
    "native-1-phrases.kv": lambda: _saved(counted()),
    "native-1-frozen-phrases.kv": lambda: _saved(counted().freeze()),
}
"""How today's synvec writes each file of `tests/data/golden`."""
