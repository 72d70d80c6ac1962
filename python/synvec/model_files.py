"""Full models in synvec's own format: what of a model goes into its file, and back."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from synvec.errors import HeaderError
from synvec.history import Epoch, History
from synvec.keyed_vectors import KeyedVectors
from synvec.training import require_own_words

if TYPE_CHECKING:
    from synvec.corpora import Tokenize
    from synvec.formats import NativeParts
    from synvec.formats.sources import Target
    from synvec.word2vec import Word2Vec
    from synvec.word2vec.state import ModelState

SETTINGS = (
    "vector_size", "alpha", "window", "min_count", "max_vocab_size", "sample", "seed", "workers",
    "min_alpha", "sg", "hs", "negative", "ns_exponent", "cbow_mean", "epochs", "sorted_vocab",
    "batch_words", "compute_loss", "comment", "max_final_vocab", "shrink_windows",
    "shared_negatives", "tokenize", "lowercase", "null_word", "cbow_corrected",
    "deterministic",
)  # fmt: skip
"""Arguments of the constructor that a file keeps."""

_RESULTS = (
    "corpus_count", "corpus_total_words", "effective_min_count", "min_alpha_yet_reached",
    "train_count", "total_train_time",
)  # fmt: skip
"""What building the vocabulary and training have made of them."""


def save_model(model: Word2Vec[Any], path: Target) -> None:
    """Write a model: vectors, output weights, settings and history."""
    from synvec import formats

    require_own_words(model)
    config = model_config(model)
    formats.save_native(
        path,
        model.wv.key_table,
        model.wv.vectors,
        counts=model.wv.counts,
        output_vectors=model.syn1neg if model.negative else None,
        output_nodes=model.syn1 if model.hs else None,
        config=config,
    )


def model_config(model: ModelState[Any]) -> dict[str, Any]:
    """Return settings, results and history of a model, as its file keeps them."""
    config: dict[str, Any] = {name: getattr(model, name) for name in SETTINGS + _RESULTS}
    config["tokenize"] = name_of_tokenize(model.tokenize)
    config["history"] = [asdict(epoch) for epoch in model.history]
    config["lifecycle_events"] = model.lifecycle_events
    return config


def name_of_tokenize(tokenize: Tokenize | None) -> str:
    """Return what a file keeps: of a function its name, which `scan` refuses as a tokenizer."""
    if callable(tokenize):
        module = getattr(tokenize, "__module__", None) or type(tokenize).__module__
        return f"{module}.{getattr(tokenize, '__qualname__', type(tokenize).__qualname__)}"
    return tokenize or "whitespace"


def open_model(cls: type[Word2Vec[Any]], parts: NativeParts) -> Word2Vec[Any]:
    """Return the model that an opened file holds.

    What the configuration doesn't say is as the constructor has it, and what it says beyond what is
    known here is left alone: the file may be of an older synvec or of a newer one.

    Raises
    ------
    HeaderError
        When the configuration is not that of a model, or a matrix that it needs is not there.
    """
    config = dict(parts.config or {})
    if config.get("tokenize") == "whitespace":
        del config["tokenize"]  # the default, with which sentences may be lists, too
    try:
        model = cls(**{name: config[name] for name in SETTINGS if name in config})
        for name in _RESULTS:
            setattr(model, name, _number(config, name, getattr(model, name)))
        model.history = History(Epoch(**epoch) for epoch in config.get("history", []))
        model.lifecycle_events = [dict(event) for event in config.get("lifecycle_events", [])]
    except (TypeError, ValueError, AttributeError) as error:
        raise HeaderError(f"{_name(parts)}: config is not that of a Word2Vec: {error}") from None
    _check_matrices(model, parts)
    return _restored(model, parts)


def _name(parts: NativeParts) -> str:
    return f"{parts.path or '<stream>'} (synvec native)"


def _number(config: dict[str, Any], name: str, default: Any) -> Any:
    value = config.get(name, default)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(f"{name} is {value!r}, expected a number")
    return value


def _check_matrices(model: Word2Vec[Any], parts: NativeParts) -> None:
    size = parts.vectors.shape[1]
    if model.vector_size != size:
        raise HeaderError(
            f"{_name(parts)}: config says vector_size={model.vector_size}, the vectors have {size}"
        )
    needed = [
        ("output_vectors", "negative", model.negative, parts.output_vectors),
        ("output_nodes", "hs", model.hs, parts.output_nodes),
    ]
    for tensor, setting, value, found in needed:
        if value and found is None:
            raise HeaderError(
                f"{_name(parts)}: config says {setting}={value}, but there is no tensor {tensor}"
            )


def _restored(model: Word2Vec[Any], parts: NativeParts) -> Word2Vec[Any]:
    model.wv = KeyedVectors.from_arrays(
        parts.keys, parts.vectors, counts=parts.counts, norms=parts.norms
    )
    model._words = model.wv.key_table.copy()
    if parts.output_vectors is not None:
        model.syn1neg = parts.output_vectors
    if parts.output_nodes is not None:
        model.syn1 = parts.output_nodes
    return model
