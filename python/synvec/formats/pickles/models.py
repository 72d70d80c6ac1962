"""gensim's Word2Vec models of any version as ours, ready to train on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from synvec import _core
from synvec.formats.pickles.layouts import (
    Reading,
    Words,
    matrix,
    store,
    words_of,
)
from synvec.formats.pickles.standins import Array, Instance

if TYPE_CHECKING:
    from synvec.keyed_vectors import KeyedVectors
    from synvec.word2vec import Word2Vec

_Plain = int | float | str | None

# An argument of our constructor, and where gensim has had it: in the model, or in one of the parts
# that it was split into from 3.3 to 3.8 (`vocabulary`, `trainables`).
_SETTINGS: dict[str, tuple[str, ...]] = {
    "vector_size": ("vector_size", "layer1_size"),
    "alpha": ("alpha",),
    "window": ("window",),
    "min_count": ("min_count",),
    "max_vocab_size": ("max_vocab_size",),
    "sample": ("sample",),
    "seed": ("seed",),
    "workers": ("workers",),
    "min_alpha": ("min_alpha",),
    "sg": ("sg",),
    "hs": ("hs",),
    "negative": ("negative",),
    "ns_exponent": ("ns_exponent",),
    "cbow_mean": ("cbow_mean",),
    "epochs": ("epochs", "iter"),
    "sorted_vocab": ("sorted_vocab",),
    "batch_words": ("batch_words",),
    "compute_loss": ("compute_loss",),
    "comment": ("comment",),
    "max_final_vocab": ("max_final_vocab",),
    "shrink_windows": ("shrink_windows",),
    "null_word": ("null_word",),
}
_PARTS = ("vocabulary", "trainables")


def word2vec(top: Instance, reading: Reading) -> Word2Vec | KeyedVectors:
    """Return a model; its vectors alone, with a warning, where it can't be trained on."""
    holder = top.instance("wv") or top
    words = words_of(holder, reading)
    vectors = matrix(holder.find("vectors", "syn0"), "vectors", words, reading)
    reason = _obstacle(top, words, reading)
    if reason is None:
        weights = _weights(top, words, vectors.shape[1], reading)
        reason = _other_tree(holder, words) if "output_nodes" in weights else None
        if reason is None:
            return _model(top, words, vectors, weights, reading)
    reading.warn(f"{reason}; its vectors alone were loaded, and can't be trained on")
    return store(words, vectors)


def find(top: Instance, *names: str) -> Any:
    """Return an attribute of a model, wherever its version has it."""
    for owner in (top, *filter(None, map(top.instance, _PARTS))):
        value = owner.find(*names)
        if value is not None:
            return value
    return None


def _obstacle(top: Instance, words: Words, reading: Reading) -> str | None:
    """Why a model can't be trained on, as far as its parts tell."""
    if reading.rows is not None:
        return f"limit={reading.rows} cuts the model"
    if not find(top, "negative") and not find(top, "hs"):
        return "the model has no objective (negative and hs are both 0)"
    for setting, names in (("negative", ("syn1neg",)), ("hs", ("syn1",))):
        if find(top, setting) and find(top, *names) is None:
            return f"the model has no output weights ({names[0]})"
    if "count" not in words.columns:
        return "the model has no counts"
    return None


def _weights(
    top: Instance, words: Words, vector_size: int, reading: Reading
) -> dict[str, NDArray[np.float32]]:
    """Return the output layers that the objectives of a model need."""
    weights = {}
    if find(top, "negative"):
        weights["output_vectors"] = matrix(
            find(top, "syn1neg"), "output weights (syn1neg)", words, reading, columns=vector_size
        )
    if find(top, "hs"):
        weights["output_nodes"] = matrix(
            find(top, "syn1"), "output weights (syn1)", words, reading, columns=vector_size
        )
    return weights


def _other_tree(holder: Instance, words: Words) -> str | None:
    """Why the output weights of hierarchical softmax don't fit our tree, unless they do.

    Between words of one count the two programs choose differently, and a node of another tree has
    learnt other questions.
    """
    from synvec.reference import huffman_paths

    ways = _ways(holder)
    reason = "gensim's tree for hierarchical softmax is another than ours"
    if ways is None or words.kept is not None or len(ways) != len(words.keys):
        return reason
    for (nodes, bits), ours in zip(ways, huffman_paths(words.columns["count"]), strict=True):
        if not np.array_equal(nodes, ours.rows) or not np.array_equal(1 - bits, ours.labels):
            return reason
    return None


def _ways(holder: Instance) -> list[tuple[NDArray[np.int64], NDArray[np.int64]]] | None:
    """Return the inner nodes on the way to each word, and the turns there; None when not told."""
    vocabulary, expandos = holder.find("vocab"), holder.find("expandos") or {}
    if isinstance(vocabulary, dict) and vocabulary:
        entries = [vocabulary[name] for name in holder.find("index2word", "index2entity")]
        ways = [(entry.find("point"), entry.find("code")) for entry in entries]
    else:
        columns = [expandos.get(name) for name in ("point", "code")]
        if not all(isinstance(column, Array) and column.items for column in columns):
            return None
        ways = list(zip(*[column.items for column in columns if column], strict=False))
    found = []
    for nodes, bits in ways:
        if not all(isinstance(part, Array) and part.dtype is not None for part in (nodes, bits)):
            return None
        found.append((nodes.read().astype(np.int64), bits.read().astype(np.int64)))
    return found


def _model(
    top: Instance,
    words: Words,
    vectors: NDArray[np.float32],
    weights: dict[str, NDArray[np.float32]],
    reading: Reading,
) -> Word2Vec:
    from synvec.formats.native import NativeParts
    from synvec.word2vec import Word2Vec

    config = _config(top, words, vectors.shape[1], reading)
    parts = NativeParts(
        keys=words.keys,
        vectors=vectors,
        norms=_core.row_norms(vectors),
        counts=words.columns["count"].astype(np.uint64),
        output_vectors=weights.get("output_vectors"),
        output_nodes=weights.get("output_nodes"),
        own_vectors=None,
        ngram_vectors=None,
        ngram_buckets=None,
        kind="word2vec",
        config=config,
        path=None,
    )
    try:
        return Word2Vec._from_native(parts)
    except (ValueError, TypeError, OverflowError) as error:
        raise reading.wrong(f"a setting is out of its range: {error}") from None


def _config(top: Instance, words: Words, vector_size: int, reading: Reading) -> dict[str, Any]:
    """Return the settings of a model and what came of them, as a native file has them."""
    from synvec.model_files import model_config
    from synvec.word2vec import Word2Vec

    config = model_config(Word2Vec())
    for setting, names in _SETTINGS.items():
        value = find(top, *names)
        if value is not None:
            config[setting] = _plain(value, setting, reading)
    config["vector_size"] = vector_size
    counts = words.columns["count"]
    config["corpus_count"] = _plain(find(top, "corpus_count") or 0, "corpus_count", reading)
    total = find(top, "corpus_total_words") or int(counts.sum())  # not kept before 1.0
    config["corpus_total_words"] = _plain(total, "corpus_total_words", reading)
    for result, fallback in (
        ("effective_min_count", "min_count"),
        ("min_alpha_yet_reached", "alpha"),
    ):
        value = find(top, result)
        config[result] = _plain(config[fallback] if value is None else value, result, reading)
    return config


def _plain(value: object, name: str, reading: Reading) -> _Plain:
    if isinstance(value, bytes):
        value = value.decode("utf-8", "replace")
    if isinstance(value, str) and name != "comment":
        raise reading.wrong(f"{name} is {value!r:.40}, expected a number")
    if value is not None and not isinstance(value, int | float | str):
        raise reading.wrong(f"{name} is a {type(value).__name__}, expected a number")
    return value
