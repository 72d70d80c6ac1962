"""gensim's FastText models of any version, as vectors with subwords.

| gensim | own rows of keys | rows of n-grams | which n-gram has which row |
|---|---|---|---|
| 4.x | `vectors_vocab` | `vectors_ngrams` | row b is bucket b |
| 3.3 to 3.8 | `vectors_vocab` | `vectors_ngrams` | `hash2index[bucket]` |
| 3.0 to 3.2 | `syn0_vocab` | `syn0_ngrams` | `hash2index[bucket]` |
| before, in `wrappers` | not kept | `syn0_all` | `ngrams[text]` |

Except in 4.x the vectors that they make are kept as well. Before 3.7 n-grams were hashed by code
points instead of bytes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from synvec.formats.pickles.layouts import Reading, Words, matrix, whole_matrix, words_of
from synvec.formats.pickles.models import find
from synvec.formats.pickles.standins import Instance

if TYPE_CHECKING:
    from synvec.fasttext import FastTextKeyedVectors

_NGRAMS = ("vectors_ngrams", "syn0_ngrams", "syn0_all")


def fasttext(top: Instance, reading: Reading) -> FastTextKeyedVectors:
    """Return the vectors of a model, or of a store with subwords, of any version."""
    holder = top.instance("wv") or top
    words = words_of(holder, reading)
    sizes = [find(holder, name) or find(top, name) or 0 for name in ("min_n", "max_n", "bucket")]
    if not all(type(size) is int and 0 <= size < 1 << 32 for size in sizes):
        raise reading.wrong(f"min_n, max_n and bucket are {sizes!r:.80}, expected integers")
    rows = whole_matrix(holder.find(*_NGRAMS), "vectors of n-grams", reading)
    buckets, rows = _by_bucket(holder, sizes[2], rows, reading)
    if buckets is None and len(rows) != sizes[2]:
        raise reading.wrong(f"{sizes[2]} buckets have {len(rows)} rows of n-grams")
    try:
        return _store(holder, words, rows, buckets, sizes, reading)
    except (ValueError, OverflowError) as error:
        raise reading.wrong(str(error)) from None


def _store(
    holder: Instance,
    words: Words,
    rows: NDArray[np.float32],
    buckets: NDArray[np.uint32] | None,
    sizes: list[int],
    reading: Reading,
) -> FastTextKeyedVectors:
    from synvec.fasttext import FastTextKeyedVectors

    min_n, max_n, bucket = sizes
    width = rows.shape[1]
    is_compatible = holder.find("compatible_hash") is True
    composed = holder.find("vectors", "syn0")
    vectors = None
    if composed is not None:
        vectors = matrix(composed, "vectors", words, reading, columns=width)
    own = holder.find("vectors_vocab", "syn0_vocab")
    if own is not None:
        own_rows = matrix(own, "own rows of keys (vectors_vocab)", words, reading, columns=width)
    elif vectors is not None:
        own_rows = np.zeros_like(vectors)  # until we know what the n-grams alone come to
    else:
        raise reading.wrong("it has neither vectors nor own rows of keys")

    def build(own_rows: NDArray[np.float32]) -> FastTextKeyedVectors:
        return FastTextKeyedVectors.from_parts(
            words.keys, own_rows, rows, min_n=min_n, max_n=max_n, bucket=bucket,
            ngram_buckets=buckets, compatible_hash=is_compatible, vectors=vectors,
        )  # fmt: skip

    found = build(own_rows)
    if own is None and vectors is not None:
        found = build(_own_rows(found, vectors))
    found.expandos.update(words.columns)
    return found


def _own_rows(found: FastTextKeyedVectors, vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the own rows that make a store's vectors what they are: what n-grams leave over."""
    found.adjust_vectors()
    lengths = np.array([len(buckets) + 1 for buckets in found.buckets_word], dtype=np.float32)
    return (vectors - found.vectors) * lengths[:, None]


# --- which n-gram has which row -------------------------------------------------------------------


def _by_bucket(
    holder: Instance, bucket: int, rows: NDArray[np.float32], reading: Reading
) -> tuple[NDArray[np.uint32] | None, NDArray[np.float32]]:
    """Return the buckets that have a row, ascending, and these rows; None when all have one."""
    table, ngrams = holder.find("hash2index"), holder.find("ngrams")
    if isinstance(table, dict):
        pairs = list(table.items())
    elif isinstance(ngrams, dict) and bucket:
        pairs = [(_hash(ngram, reading) % bucket, row) for ngram, row in ngrams.items()]
    else:
        return None, rows
    for place, row in pairs:
        if type(place) is not int or not 0 <= place < bucket:
            raise reading.wrong(f"bucket {place!r:.40} of an n-gram is not one of {bucket}")
        if type(row) is not int or not 0 <= row < len(rows):
            raise reading.wrong(f"row {row!r:.40} of an n-gram is not one of {len(rows)}")
    places = np.array([place for place, _ in pairs], dtype=np.uint32)
    of_pair = np.array([row for _, row in pairs], dtype=np.int64)
    buckets, first, which = np.unique(places, return_index=True, return_inverse=True)
    chosen = rows[of_pair[first]]
    # n-grams of one bucket share a vector: where gensim kept a copy for each, these are alike.
    if len(buckets) < len(pairs) and not np.array_equal(rows[of_pair], chosen[which]):
        raise reading.wrong("n-grams of one bucket have different vectors")
    return buckets, chosen


def _hash(ngram: object, reading: Reading) -> int:
    """FNV-1a of code points, in 32 bits, as gensim hashed n-grams before 3.7."""
    if isinstance(ngram, bytes):
        ngram = ngram.decode("utf-8", "replace")
    if not isinstance(ngram, str):
        raise reading.wrong(f"an n-gram is a {type(ngram).__name__}, expected text")
    value = 2166136261
    for character in ngram:
        value = (value ^ ord(character)) * 16777619 & 0xFFFFFFFF
    return value
