"""Files of random vectors for ``benchmarks.formats``, under keys of everyday length."""

import struct
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

CHUNK_ROWS = 100_000
FASTTEXT_MAGIC, FASTTEXT_VERSION = 793712314, 12


@dataclass(frozen=True)
class Shape:
    """How many rows and numbers a file has; buckets are fastText's, for character n-grams."""

    rows: int
    dimensions: int
    buckets: int = 0

    @property
    def matrix_bytes(self) -> int:
        """What the vectors of the keys take up in memory."""
        return 4 * self.rows * self.dimensions

    @property
    def key_bytes(self) -> int:
        return sum(len(key) for key in (key_of(0), key_of(self.rows - 1))) * self.rows // 2

    def __str__(self) -> str:
        buckets = f" + {self.buckets:,} buckets" if self.buckets else ""
        return f"{self.rows:,} x {self.dimensions}{buckets}"


def key_of(row: int) -> str:
    return f"word_{row:07}"


def random_rows(rows: int, dimensions: int) -> NDArray[np.float32]:
    """Return vectors of about the size that training gives."""
    random = np.random.default_rng(1)
    vectors = random.standard_normal((rows, dimensions), dtype=np.float32)
    vectors *= np.float32(0.3)
    return vectors


def write_word2vec_binary(path: Path, shape: Shape) -> None:
    _write_rows(path, shape, layout="binary", style="gensim")


def write_word2vec_text(path: Path, shape: Shape) -> None:
    """Write the shortest exact numbers, as gensim does."""
    _write_rows(path, shape, layout="text", style="gensim")


def write_glove(path: Path, shape: Shape) -> None:
    """Write six decimals, as GloVe does."""
    _write_rows(path, shape, layout="headerless", style="word2vec.c")


def _write_rows(path: Path, shape: Shape, *, layout: str, style: str) -> None:
    from synvec import _core

    _core.write_vectors(
        path,
        _core.KeyTable(map(key_of, range(shape.rows))),
        random_rows(shape.rows, shape.dimensions),
        layout=layout,
        style=style,
        order=None,
        prefix="",
        total=None,
        has_header=layout != "headerless",
        append=False,
        allow_nonfinite=False,
    )


def write_native(path: Path, shape: Shape) -> None:
    from synvec import _core, save_native

    vectors = random_rows(shape.rows, shape.dimensions)
    keys = _core.KeyTable(map(key_of, range(shape.rows)))
    save_native(path, keys, vectors, norms=np.linalg.norm(vectors, axis=1))


def write_fasttext(path: Path, shape: Shape) -> None:
    """Write a skip-gram model of fastText, version 12.

    The layout is that of ``FastText::saveModel`` and ``Dictionary::save`` in
    https://github.com/facebookresearch/fastText (little-endian): magic, version, twelve i32 and an
    f64 of arguments; the dictionary; each matrix behind a byte that says whether it is quantised.
    """
    with path.open("wb") as file:
        file.write(fasttext_head(shape))
        for row in range(shape.rows):
            file.write(key_of(row).encode() + b"\0" + struct.pack("<qb", shape.rows - row, 0))
        _write_matrix(file, shape.rows + shape.buckets, shape.dimensions)
        _write_matrix(file, shape.rows, shape.dimensions)


def fasttext_head(shape: Shape, *, words: int | None = None, buckets: int | None = None) -> bytes:
    """Return everything before the first word; the numbers may be made to lie."""
    words = shape.rows if words is None else words
    buckets = shape.buckets if buckets is None else buckets
    skip_gram, negative_sampling = 2, 2
    window, epochs, min_count, negative, word_ngrams = 5, 5, 1, 5, 1
    shortest, longest, update_rate, sample = 3, 6, 100, 1e-4
    arguments = (
        *(shape.dimensions, window, epochs, min_count, negative, word_ngrams),
        *(negative_sampling, skip_gram, buckets, shortest, longest, update_rate, sample),
    )
    tokens, pruned = shape.rows * (shape.rows + 1) // 2, -1
    dictionary = struct.pack("<iiiqq", words, words, 0, tokens, pruned)
    head = struct.pack("<ii", FASTTEXT_MAGIC, FASTTEXT_VERSION)
    return head + struct.pack("<12id", *arguments) + dictionary


def _write_matrix(file: BinaryIO, rows: int, dimensions: int) -> None:
    file.write(struct.pack("<?qq", False, rows, dimensions))
    for start in range(0, rows, CHUNK_ROWS):
        file.write(random_rows(min(CHUNK_ROWS, rows - start), dimensions).tobytes())


WRITERS: dict[str, Callable[[Path, Shape], None]] = {
    "word2vec-binary": write_word2vec_binary,
    "word2vec-text": write_word2vec_text,
    "glove": write_glove,
    "fasttext-bin": write_fasttext,
    "native": write_native,
}
