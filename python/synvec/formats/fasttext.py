"""Facebook's fastText models: ``.bin``, and ``.ftz``, which is smaller."""

from __future__ import annotations

import codecs
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from synvec import _core
from synvec.errors import NonFiniteError
from synvec.formats.limits import DEFAULT, Limits, check_limit
from synvec.formats.native import as_counts
from synvec.formats.remote import readable
from synvec.formats.sources import Source, Target, name_of
from synvec.formats.verifying import Verified
from synvec.warning import warn_caller

if TYPE_CHECKING:
    from synvec._core import FastTextParts, QuantizedMatrix
    from synvec.classifier import TextClassifier
    from synvec.fasttext import FastTextKeyedVectors
    from synvec.keyed_vectors import KeyedVectors

# How many centroids a code of one byte can name.
CENTROIDS = 256


def load_fasttext(
    source: Source,
    *,
    encoding: str = "utf-8",
    unicode_errors: str = "strict",
    limit: int | None = None,
    allow_nonfinite: bool = False,
    limits: Limits = DEFAULT,
) -> FastTextKeyedVectors | TextClassifier:
    """Load a model that fastText wrote, of version 11 or 12 or older than versions.

    Parameters
    ----------
    source
        The file, or a file object open for reading bytes; compressed or not.
    encoding, unicode_errors
        How words are decoded, as ``bytes.decode`` takes them.
    limit
        Take so many words at most, and all n-grams.
    allow_nonfinite
        Load NaN and infinity too.
    limits
        Bounds on what the file may ask for.

    Returns
    -------
    FastTextKeyedVectors or TextClassifier
        The former of an unsupervised model, a quantised one unfolded to float32; the latter of a
        supervised one, as it is.

    Raises
    ------
    HeaderError, TruncatedFileError, RowError, EncodingError, NonFiniteError, LimitError
        When the file is not what it claims to be; each tells the place and what to do.
    UnsupportedFormatError
        For another version.

    Examples
    --------
    >>> load_fasttext("cc.en.300.bin")  # doctest: +SKIP
    FastTextKeyedVectors<vector_size=300, 2000000 keys>
    """
    codecs.lookup(encoding)
    codecs.lookup_error(unicode_errors)
    check_limit(limit)
    with readable(source) as opened:
        parts = _core.read_fasttext(
            opened,
            encoding=encoding,
            errors=unicode_errors,
            limit=limit,
            with_output=None,
            allow_nonfinite=allow_nonfinite,
            limits=limits,
        )
    if limit is not None and parts["args"]["model"] == "supervised":
        raise TypeError("a text classifier takes no limit; leave it out")
    return _loaded(parts, name_of(source), allow_nonfinite)


def verify_fasttext(
    source: Source, *, allow_nonfinite: bool = False, limits: Limits = DEFAULT
) -> Verified:
    """Read a model to its end, with the rows of the output matrix, which loading may pass over.

    Raises
    ------
    FormatError
        Of the class that says in which way the file is damaged.

    Examples
    --------
    >>> verify_fasttext("cc.en.300.bin").rows  # doctest: +SKIP
    2000000
    """
    with readable(source) as opened:
        parts = _core.read_fasttext(
            opened,
            encoding="utf-8",
            errors="strict",
            limit=None,
            with_output=True,
            allow_nonfinite=allow_nonfinite,
            limits=limits,
        )
    _loaded(parts, name_of(source), allow_nonfinite)
    output = parts["output"]
    if output is not None and not allow_nonfinite:
        _check_finite(output, dense(output), name_of(source))
    numbers = "NaN and infinity may be there" if allow_nonfinite else "all numbers are finite"
    return Verified(
        format="fasttext",
        rows=len(parts["words"]),
        vector_size=parts["args"]["dim"],
        checked=(
            "read to its end, the output matrix too",
            numbers,
            "it holds no checksums",
        ),
    )


def _loaded(
    parts: FastTextParts, name: str, allow_nonfinite: bool
) -> FastTextKeyedVectors | TextClassifier:
    if parts["duplicates"]:
        warn_caller(f"{name}: {parts['duplicates']} words came before, the first was kept")
    if parts["args"]["model"] == "supervised":
        from synvec.classifier import TextClassifier

        return TextClassifier.of_file(parts, name)
    rows = dense(parts["input"])
    if not allow_nonfinite:
        _check_finite(parts["input"], rows, name)
    return vectors_of_parts(parts, rows)


def _check_finite(
    matrix: NDArray[np.float32] | QuantizedMatrix, rows: NDArray[np.float32], name: str
) -> None:
    """Raise when a centroid times a norm is beyond float32; dense rows have been looked at."""
    if not isinstance(matrix, np.ndarray) and not np.isfinite(rows).all():
        raise NonFiniteError(
            f"{name}: the quantised rows hold numbers beyond float32; allow_nonfinite=True loads"
            " them"
        )


def vectors_of_parts(parts: FastTextParts, rows: NDArray[np.float32]) -> FastTextKeyedVectors:
    """Return the words and n-grams of a model, whose input matrix has these rows."""
    from synvec.fasttext import FastTextKeyedVectors

    args, words, buckets = parts["args"], parts["words"], parts["ngram_buckets"]
    ngrams = rows[len(words) :]
    if buckets is not None:
        order = np.argsort(buckets)
        buckets, ngrams = buckets[order], ngrams[order]
    return FastTextKeyedVectors.from_parts(
        words,
        rows[: len(words)],
        ngrams,
        min_n=args["minn"],
        max_n=args["maxn"],
        bucket=args["bucket"],
        ngram_buckets=buckets,
        counts=parts["counts"],
    )


def dense(matrix: NDArray[np.float32] | QuantizedMatrix) -> NDArray[np.float32]:
    """Return a matrix as float32 rows; what was quantised is put together of its centroids.

    Examples
    --------
    >>> dense(np.ones((1, 2), np.float32))
    array([[1., 1.]], dtype=float32)
    """
    if isinstance(matrix, np.ndarray):
        return matrix
    size, width, codes = matrix["size"], matrix["part_size"], matrix["codes"]
    rows = np.empty((len(codes), size), dtype=np.float32)
    for part, start in enumerate(range(0, size, width)):
        end = min(start + width, size)
        centroids = matrix["centroids"][CENTROIDS * start : CENTROIDS * end].reshape(CENTROIDS, -1)
        rows[:, start:end] = centroids[codes[:, part]]
    norm_codes, norms = matrix["norm_codes"], matrix["norm_centroids"]
    if norm_codes is not None and norms is not None:
        with np.errstate(over="ignore", invalid="ignore"):
            rows *= norms[norm_codes][:, np.newaxis]
    return rows


def export_fasttext(
    vectors: KeyedVectors, target: Target, *, allow_nonfinite: bool = False
) -> None:
    r"""Write a ``.bin`` that Facebook's program answers from, of version 12.

    Of vectors with subwords own rows and n-grams go over, and with them the vectors of all words
    there are; what was written straight into ``vectors`` does not. Of any other vectors the file
    has no n-grams. The output matrix, which only further training would use, is zeros.

    Parameters
    ----------
    vectors
        What is written; without counts every word gets 1.
    target
        The file, or a file object open for writing bytes; an ending of ``.gz``, ``.bz2``, ``.xz``
        or ``.zst`` compresses, which Facebook's program does not read.
    allow_nonfinite
        Write NaN and infinity too.

    Raises
    ------
    RowError
        For a key with a NUL in it.
    NonFiniteError
        When there is a NaN or an infinity.
    ValueError
        When only some buckets have rows, or n-grams are hashed as gensim did before 3.8: the format
        holds neither.
    OSError
        When the system refuses; the old file is left.

    Examples
    --------
    >>> import io
    >>> from synvec import KeyedVectors
    >>> file = io.BytesIO()
    >>> export_fasttext(KeyedVectors.from_arrays(["socket"], [[0.5, 1]]), file)
    >>> load_fasttext(io.BytesIO(file.getvalue()))["socket"]
    array([0.5, 1. ], dtype=float32)
    """
    from synvec.fasttext import FastTextKeyedVectors

    counts = vectors.known_counts
    own, ngrams, sizes = vectors.vectors, np.empty((0, vectors.vector_size), np.float32), (0, 0)
    if isinstance(vectors, FastTextKeyedVectors) and vectors.bucket:
        if vectors.ngram_buckets is not None or not vectors.compatible_hash:
            raise ValueError(
                "the n-grams of this store are pruned, or hashed as gensim did before 3.8, which a"
                " fastText model cannot tell; save as .kv"
            )
        own, ngrams = vectors.vectors_vocab, vectors.vectors_ngrams
        sizes = vectors.min_n, vectors.max_n
    _core.write_fasttext(
        target,
        vectors.key_table,
        own,
        ngrams,
        counts=None if counts is None else as_counts(counts),
        min_n=sizes[0],
        max_n=sizes[1],
        allow_nonfinite=allow_nonfinite,
    )
