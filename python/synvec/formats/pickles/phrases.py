"""gensim's Phrases, and the phrases that it froze, of 3.x and 4.x.

| gensim | counted: `vocab` | chosen: `phrasegrams` | connectors |
|---|---|---|---|
| 4.x | text → count | text → score | `connector_words` |
| 3.x | bytes → count | words as bytes → score, or → count and score | `common_terms` |
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from synvec import _core
from synvec.errors import EncodingError
from synvec.formats.pickles.layouts import Reading
from synvec.formats.pickles.standins import Instance, Name

if TYPE_CHECKING:
    from synvec.phrases import FrozenPhrases, Phrases

_SCORERS = {
    "default": "default",
    "original_scorer": "default",
    "npmi": "npmi",
    "npmi_scorer": "npmi",
}
"""Our name of each of gensim's ways to score."""


def phrases(top: Instance, reading: Reading) -> Phrases:
    """Return what was counted."""
    made = _settings(top, reading)
    counts = _table(top, "vocab", reading)
    made._model = _counted(made, counts, top, reading)
    return made


def frozen_phrases(top: Instance, reading: Reading) -> FrozenPhrases:
    """Return the phrases that were chosen."""
    from synvec.phrase_files import frozen

    made = _settings(top, reading)
    found: dict[str, float] = {}
    for key, value in _table(top, "phrasegrams", reading).items():
        words = key if isinstance(key, tuple) else (key,)
        score = value[1] if isinstance(value, tuple) and len(value) == 2 else value
        if (
            isinstance(score, bool)
            or not isinstance(score, int | float)
            or not math.isfinite(score)
        ):
            raise reading.wrong(f"the score of {key!r:.80} is {score!r:.80}, expected a number")
        found[made.delimiter.join(_text(word, reading) for word in words)] = float(score)
    return frozen(made, list(found), list(found.values()))


def _settings(top: Instance, reading: Reading) -> Phrases:
    """Return a model of a file's settings that has counted nothing."""
    from synvec.phrases import Phrases

    connectors = top.find("connector_words", "common_terms") or ()
    given: dict[str, Any] = {
        name: value
        for name in ("min_count", "threshold", "max_vocab_size")
        if (value := top.find(name)) is not None
    }
    delimiter = top.find("delimiter")
    if delimiter is not None:
        given["delimiter"] = _text(delimiter, reading)
    try:
        words = [_text(word, reading) for word in connectors]
        return Phrases(**given, scoring=_scoring(top, reading), connector_words=words)  # type: ignore[arg-type]
    except (TypeError, ValueError, OverflowError) as error:
        raise reading.wrong(f"a setting is out of its range: {error}") from None


def _scoring(top: Instance, reading: Reading) -> str:
    value = top.find("scoring")
    name = value.name if isinstance(value, Name) else value
    if isinstance(name, bytes):
        name = _text(name, reading)
    if name is None:  # there was one way to score before 3.0
        return "default"
    if not isinstance(name, str) or name not in _SCORERS:
        raise reading.wrong(f"scoring is {value!r:.80}, expected one of {', '.join(_SCORERS)}")
    return _SCORERS[name]


def _table(top: Instance, name: str, reading: Reading) -> dict[Any, Any]:
    table = top.find(name)
    if not isinstance(table, dict):
        raise reading.wrong(f"{name} is a {type(table).__name__}, expected a dict")
    return table


def _counted(
    made: Phrases, vocab: dict[Any, Any], top: Instance, reading: Reading
) -> _core.PhraseModel:
    """Take gensim's one table apart: what can be read as a pair is one, all else are words."""
    counts: dict[str, int] = {}
    for key, count in vocab.items():
        if isinstance(count, bool) or not isinstance(count, int) or not 0 <= count < 1 << 63:
            raise reading.wrong(f"the count of {key!r:.80} is {count!r:.80}")
        counts[_text(key, reading)] = count
    pairs: dict[tuple[str, ...], int] = {}
    for key, count in counts.items():
        pair = _as_pair(key, counts, made)
        if pair is not None:
            pairs[pair] = count
    parts = {word for pair in pairs for word in pair}
    joined = {made.delimiter.join(pair) for pair in pairs}
    words = [key for key in counts if key not in joined or key in parts]
    words += sorted(parts.difference(words))  # connectors, which gensim does not count
    ids = {word: number for number, word in enumerate(words)}
    between = [[ids[word] for word in pair[1:-1]] for pair in pairs]
    total = top.find("corpus_word_count")
    if total is None:  # not kept before 3.0
        total = sum(counts[word] for word in words if word in counts)
    if isinstance(total, bool) or not isinstance(total, int) or not 0 <= total < 1 << 63:
        raise reading.wrong(f"corpus_word_count is {total!r:.80}")
    return _core.PhraseModel.from_parts(
        sorted(made.connector_words),
        made.max_vocab_size,
        keys=_core.KeyTable(words),
        counts=np.array([counts.get(word, 0) for word in words], np.uint64),
        total_words=total,
        first=np.array([ids[pair[0]] for pair in pairs], np.uint32),
        last=np.array([ids[pair[-1]] for pair in pairs], np.uint32),
        count=np.array(list(pairs.values()), np.uint64),
        between=np.array([word for inner in between for word in inner], np.uint32),
        offsets=np.cumsum([0, *map(len, between)]).astype(np.uint64),
    )


def _as_pair(key: str, counts: dict[str, int], made: Phrases) -> tuple[str, ...] | None:
    """Return the words of a key that two words of the table make; None when it is one itself."""
    connectors = made.connector_words
    for first, rest in _splits(key, made.delimiter):
        if first not in counts or first in connectors:
            continue
        between: list[str] = []
        while True:
            if rest in counts and rest not in connectors:
                return (first, *between, rest)
            connector, found, rest = rest.partition(made.delimiter)
            if not found or connector not in connectors:
                break
            between.append(connector)
    return None


def _splits(key: str, delimiter: str) -> Iterator[tuple[str, str]]:
    place = key.find(delimiter)
    while place >= 0:
        yield key[:place], key[place + len(delimiter) :]
        place = key.find(delimiter, place + 1)


def _text(word: object, reading: Reading) -> str:
    if isinstance(word, bytes):
        try:
            return word.decode("utf-8")
        except UnicodeDecodeError as error:
            raise EncodingError(f"{reading.name}: {word!r:.80} is not UTF-8: {error}") from None
    if not isinstance(word, str):
        raise reading.wrong(f"a word is a {type(word).__name__}, expected text")
    return word
