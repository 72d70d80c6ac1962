"""Phrases in synvec's own format: what goes into their files, and back."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any

import numpy as np

from synvec import _core
from synvec.arguments import real, whole
from synvec.errors import HeaderError
from synvec.phrase_scores import name_of

if TYPE_CHECKING:
    from synvec.formats.limits import Limits
    from synvec.formats.sources import Source, Target
    from synvec.frozen_phrases import FrozenPhrases
    from synvec.phrases import Phrases

_PAIRS = {
    "count": "pair_counts",
    "offsets": "pair_offsets",
    "first": "pair_first",
    "last": "pair_last",
    "between": "pair_between",
}
"""The arrays of pairs: what the core calls them, and what the file does."""


_ARGUMENTS: dict[str, type | tuple[type, ...]] = {
    "min_count": (int, float),
    "threshold": (int, float),
    "max_vocab_size": int,
    "delimiter": str,
    "scoring": str,
    "connector_words": list,
}
"""Arguments of the constructor that a file keeps, and what JSON has for them."""


def save_counted(phrases: Phrases, path: Target) -> None:
    """Write everything that was counted, and the settings."""
    config = _settings(phrases) | {
        "max_vocab_size": whole("max_vocab_size", phrases.max_vocab_size),
        "corpus_word_count": phrases.corpus_word_count,
    }
    keys, counts = phrases._model.words()
    _save(path, keys, config, counts=counts, **phrases._model.pairs(1))


def save_frozen(phrases: FrozenPhrases, path: Target) -> None:
    """Write the phrases that were chosen, and the settings."""
    keys = _core.KeyTable(list(phrases.phrasegrams))
    scores = np.fromiter(phrases.phrasegrams.values(), np.float64, len(keys))
    _save(path, keys, _settings(phrases), scores=scores)


def _save(path: Target, keys: _core.KeyTable, config: dict[str, Any], **arrays: Any) -> None:
    from synvec.formats.remote import writable

    with writable(path) as place:
        _core.save_phrases(place, keys, json.dumps(config, allow_nan=False), **arrays)


def _settings(phrases: Phrases | FrozenPhrases) -> dict[str, Any]:
    scoring = name_of(phrases.scoring)
    if scoring is None:
        raise ValueError(
            f"scoring is {phrases.scoring!r}, and a file holds no functions; set scoring to a name"
            ' ("default") before save, and to the function again after load'
        )
    return {
        "min_count": real("min_count", phrases.min_count),
        "threshold": real("threshold", phrases.threshold),
        "delimiter": phrases.delimiter,
        "scoring": scoring,
        "connector_words": sorted(phrases.connector_words),
    }


def load_phrases(path: Source, limits: Limits | None) -> Phrases | FrozenPhrases:
    """Open a file of phrases of any kind, ours or gensim's.

    Raises
    ------
    AttributeError
        When the file holds something else.
    """
    from synvec import formats
    from synvec.formats.sources import name_of as name_of_source
    from synvec.frozen_phrases import FrozenPhrases
    from synvec.phrases import Phrases

    loaded: object = formats.load(path, limits=limits or formats.Limits())
    if not isinstance(loaded, Phrases | FrozenPhrases):
        raise AttributeError(
            f"{name_of_source(path)} holds a {type(loaded).__name__}, no phrases; use synvec.load"
        )
    return loaded


def from_native(parts: dict[str, Any], name: str) -> Phrases | FrozenPhrases:
    """Return the phrases that an opened file holds, from the fields of `_core.open_native`.

    Settings that are missing are the constructor's, those that aren't known here are left alone.

    Raises
    ------
    HeaderError
        When a setting makes no sense, or the numbers do not go together.
    """
    from synvec.phrases import Phrases

    try:
        config = _checked(json.loads(parts["config"]))
        taken = {name: config[name] for name in _ARGUMENTS if name in config}
        phrases = Phrases(**taken)
        if parts["kind"] == "frozen_phrases":
            return frozen(phrases, parts["keys"].keys(), parts["scores"].tolist())
        phrases._model = _core.PhraseModel.from_parts(
            sorted(phrases.connector_words),
            phrases.max_vocab_size,
            keys=parts["keys"],
            counts=parts["counts"],
            total_words=config.get("corpus_word_count", 0),
            **{array: parts[tensor] for array, tensor in _PAIRS.items()},
        )
    except (TypeError, ValueError, OverflowError, RecursionError) as error:
        raise HeaderError(f"{name} (synvec native): not a file of phrases: {error}") from None
    return phrases


def frozen(settings: Phrases, phrases: list[str], scores: list[float]) -> FrozenPhrases:
    """Return chosen phrases with the settings of a model that has counted nothing."""
    made = settings.freeze()
    made.phrasegrams = dict(zip(phrases, scores, strict=True))
    return made


def _checked(config: object) -> dict[str, Any]:
    if not isinstance(config, dict):
        raise ValueError(f"config is a {type(config).__name__}, expected a JSON object")
    for name, expected in {**_ARGUMENTS, "corpus_word_count": int}.items():
        value = config.get(name)
        is_wrong = isinstance(value, bool) or not isinstance(value, expected)
        is_endless = isinstance(value, int | float) and not math.isfinite(value)
        if name in config and (is_wrong or is_endless):
            raise ValueError(f"{name} is {value!r:.80}")
    if not all(isinstance(word, str) for word in config.get("connector_words", [])):
        raise ValueError("connector_words holds something else than words")
    return config
