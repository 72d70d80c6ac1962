"""Full models in synvec's own format: what of a model goes into its file, and back."""

from __future__ import annotations

import os
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from synvec.keyed_vectors import KeyedVectors
from synvec.training import Epoch, require_own_words

if TYPE_CHECKING:
    from synvec.formats import NativeParts
    from synvec.word2vec import Word2Vec

_SETTINGS = (
    "vector_size", "alpha", "window", "min_count", "max_vocab_size", "sample", "seed", "workers",
    "min_alpha", "sg", "hs", "negative", "ns_exponent", "cbow_mean", "epochs", "sorted_vocab",
    "batch_words", "compute_loss", "comment", "max_final_vocab", "shrink_windows",
    "shared_negatives", "tokenize", "lowercase",
)  # fmt: skip
"""Arguments of the constructor that a file keeps."""

_RESULTS = (
    "corpus_count", "corpus_total_words", "effective_min_count", "min_alpha_yet_reached",
)  # fmt: skip
"""What building the vocabulary and training have made of them."""


def save_model(model: Word2Vec, path: str | os.PathLike[str]) -> None:
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


def model_config(model: Word2Vec) -> dict[str, Any]:
    """Return settings, results and history of a model, as its file keeps them."""
    config: dict[str, Any] = {name: getattr(model, name) for name in _SETTINGS + _RESULTS}
    config["history"] = [asdict(epoch) for epoch in model.history]
    return config


def model_settings(parts: NativeParts) -> dict[str, Any]:
    """Return the constructor's arguments that a file holds."""
    config = parts.config or {}
    return {name: config[name] for name in _SETTINGS}


def restore_model(model: Word2Vec, parts: NativeParts) -> Word2Vec:
    """Put an opened file's vectors, weights and results into a new model."""
    config = parts.config or {}
    for name in _RESULTS:
        setattr(model, name, config[name])
    model.history = [Epoch(**epoch) for epoch in config["history"]]
    model.wv = KeyedVectors.from_arrays(
        parts.keys, parts.vectors, counts=parts.counts, norms=parts.norms
    )
    model._words = model.wv.key_table.copy()
    if parts.output_vectors is not None:
        model.syn1neg = parts.output_vectors
    if parts.output_nodes is not None:
        model.syn1 = parts.output_nodes
    return model
