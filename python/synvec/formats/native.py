"""synvec's own file: mapped when it is opened, whole or absent when it is saved."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from os import PathLike
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from synvec import _core
from synvec.errors import HeaderError, UnsupportedFormatError
from synvec.formats.limits import DEFAULT, Limits
from synvec.formats.remote import readable, writable
from synvec.formats.sources import Source, Target, is_url, name_of
from synvec.formats.verifying import Verified

if TYPE_CHECKING:
    from pathlib import Path

    from synvec.frozen_phrases import FrozenPhrases
    from synvec.keyed_vectors import KeyedVectors
    from synvec.phrases import Phrases
    from synvec.word2vec import Word2Vec

PHRASES = ("phrases", "frozen_phrases")
"""The kinds of files that hold no vectors."""


@dataclass(frozen=True, slots=True)
class NativeParts:
    """What a native file holds. The arrays lie in the mapped file.

    Attributes
    ----------
    keys
        The V keys.
    vectors
        V × D.
    norms
        The length of each vector, V.
    counts
        How often each key occurs, V; None when the file has none.
    output_vectors, output_nodes
        Output layers of negative sampling and of hierarchical softmax, V × D each; None when the
        file has none.
    own_vectors, ngram_vectors
        What vectors with subwords are composed of: each key's own row, V × D, and the rows of
        n-grams; None in other files.
    ngram_buckets
        The bucket of each row of n-grams; None where every bucket has its row.
    kind
        ``"keyed_vectors"``, ``"word2vec"`` or ``"fasttext_keyed_vectors"``.
    config
        What a full model was saved with, or how n-grams are made; None when the file holds keys
        and vectors only.
    path
        The file; None for a stream.
    """

    keys: _core.KeyTable[Any]
    vectors: NDArray[np.float32]
    norms: NDArray[np.float32]
    counts: NDArray[np.uint64] | None
    output_vectors: NDArray[np.float32] | None
    output_nodes: NDArray[np.float32] | None
    own_vectors: NDArray[np.float32] | None
    ngram_vectors: NDArray[np.float32] | None
    ngram_buckets: NDArray[np.uint32] | None
    kind: str
    config: dict[str, Any] | None
    path: Path | None


def save_native(
    path: Target,
    keys: _core.KeyTable[Any],
    vectors: NDArray[np.float32],
    *,
    norms: NDArray[np.float32] | None = None,
    counts: NDArray[Any] | None = None,
    output_vectors: NDArray[np.float32] | None = None,
    output_nodes: NDArray[np.float32] | None = None,
    own_vectors: NDArray[np.float32] | None = None,
    ngram_vectors: NDArray[np.float32] | None = None,
    ngram_buckets: NDArray[np.uint32] | None = None,
    config: Mapping[str, Any] | None = None,
    allow_nonfinite: bool = False,
) -> None:
    """Save a store, or a full model, in synvec's own format.

    The new file takes the place of an old one once it is whole and on the disk; whatever goes
    wrong before that leaves the old one as it was. Nothing is copied in memory.

    Parameters
    ----------
    path
        The file, or a file object open for writing bytes.
    keys
        V keys.
    vectors
        V × D, C-contiguous float32.
    norms
        The length of each vector, V; by default they are computed.
    counts
        How often each key occurs: V integers, none negative.
    output_vectors, output_nodes
        The output layers of a full model, V × D, C-contiguous float32.
    own_vectors, ngram_vectors
        Each key's own row, V × D, and the rows of n-grams: with them the file is one of vectors
        with subwords.
    ngram_buckets
        The bucket of each row of n-grams, where not every bucket has one.
    config
        What JSON can hold; makes the file a full model, or tells how n-grams are made.
    allow_nonfinite
        Save NaN and infinity too.

    Raises
    ------
    NonFiniteError
        When there is a NaN or an infinity; the message names the key.
    ValueError
        When the shapes do not go together.
    OSError
        When the system refuses; the old file is left.

    Examples
    --------
    >>> import io
    >>> import numpy as np
    >>> from synvec._core import KeyTable
    >>> save_native(io.BytesIO(), KeyTable(["socket"]), np.ones((1, 3), np.float32))
    """
    with writable(path) as place:
        _core.save_native(
            place,
            keys,
            vectors,
            norms=norms,
            counts=None if counts is None else as_counts(counts),
            output_vectors=output_vectors,
            output_nodes=output_nodes,
            own_vectors=own_vectors,
            ngram_vectors=ngram_vectors,
            ngram_buckets=ngram_buckets,
            config=None if config is None else json.dumps(config, allow_nan=False),
            allow_nonfinite=allow_nonfinite,
        )


def open_native(
    path: Source, mmap: Literal["c", "r"] | None = None, *, limits: Limits = DEFAULT
) -> NativeParts:
    """Open a native file by mapping it; nothing is read before it is used.

    Files up to 64 MB are verified on the way; `verify` does it for larger ones. Streams and
    compressed files are first unfolded into a temporary file without a name.

    Parameters
    ----------
    path
        The file, or a file object open for reading bytes.
    mmap
        ``"r"`` for read-only arrays; by default (``"c"``) they can be written to, and the file
        stays as it is.
    limits
        Bounds on what the file may ask for.

    Raises
    ------
    HeaderError, TruncatedFileError, ChecksumError, UnsupportedFormatError
        When the file is not what it claims to be.

    Examples
    --------
    >>> open_native("vectors.kv").keys.keys(0, 3)  # doctest: +SKIP
    ['the', 'of', 'and']
    """
    parts = _opened(path, mmap, limits)
    if parts["kind"] in PHRASES:
        raise UnsupportedFormatError(
            f"{name_of(path)}: holds phrases, no vectors; open it with Phrases.load, or with"
            " FrozenPhrases.load"
        )
    return _as_parts(parts, path)


def _opened(path: Source, mmap: Literal["c", "r"] | None, limits: Limits) -> dict[str, Any]:
    if mmap not in (None, "c", "r"):
        raise ValueError(f'mmap is {mmap!r}, expected None, "c" or "r"')
    with readable(path) as source:
        return _core.open_native(source, mmap != "r", limits)


def _as_parts(parts: dict[str, Any], path: Source) -> NativeParts:
    from pathlib import Path  # here, since it costs 5 ms of `import synvec`

    config = parts.pop("config")
    return NativeParts(
        **parts,
        config=None if config is None else _as_config(config, name_of(path)),
        path=Path(path) if isinstance(path, str | PathLike) and not is_url(path) else None,
    )


def load_native(
    source: Source, *, limits: Limits = DEFAULT, mmap: Literal["c", "r"] | None = None
) -> KeyedVectors | Word2Vec | Phrases | FrozenPhrases:
    """Open a native file as what it holds: vectors, the model that they belong to, or phrases."""
    opened = _opened(source, mmap, limits)
    if opened["kind"] in PHRASES:
        from synvec.phrase_files import from_native

        return from_native(opened, name_of(source))
    parts = _as_parts(opened, source)
    if parts.kind == "fasttext_keyed_vectors":
        from synvec.fasttext import FastTextKeyedVectors

        return FastTextKeyedVectors._from_native(parts, name_of(source))
    if parts.kind == "word2vec":
        from synvec.word2vec import Word2Vec

        return Word2Vec._from_native(parts)
    from synvec.keyed_vectors import KeyedVectors

    return KeyedVectors.from_arrays(
        parts.keys, parts.vectors, counts=parts.counts, norms=parts.norms
    )


def export_native(vectors: KeyedVectors, target: Target, *, allow_nonfinite: bool = False) -> None:
    """Save vectors and counts, as `save_native` does; the norms are computed again."""
    save_native(
        target,
        vectors.key_table,
        vectors.vectors,
        allow_nonfinite=allow_nonfinite,
        **vectors._native_parts(),
    )


def verify_native(
    source: Source, *, allow_nonfinite: bool = False, limits: Limits = DEFAULT
) -> Verified:
    """Check a native file of any size: every checksum, and all that was proven when it was saved.

    Whether NaN and infinity may be there is for the file to say, whatever ``allow_nonfinite`` is.

    Raises
    ------
    FormatError
        Of the class that says in which way the file is damaged.

    Examples
    --------
    >>> verify_native("vectors.kv").rows  # doctest: +SKIP
    3000000
    """
    with readable(source) as opened:
        rows, size, tensors, is_finite, kind = _core.verify_native(opened, limits)
    numbers = "all numbers are finite" if is_finite else "it was saved with NaN or infinity"
    checked = (
        f"the header and {tensors} tensors match their checksums",
        f"keys are whole, {numbers}",
    )
    vector_size = None if kind in PHRASES else size
    return Verified(format="native", rows=rows, vector_size=vector_size, checked=checked)


def as_counts(counts: NDArray[Any]) -> NDArray[np.uint64]:
    """Return counts as files hold them; ValueError unless they are integers from 0 on."""
    if counts.dtype.kind not in "iu" or (counts.dtype.kind == "i" and (counts < 0).any()):
        raise ValueError("counts holds something else than integers from 0 on")
    return np.ascontiguousarray(counts, dtype=np.uint64)


def _as_config(text: str, name: str) -> dict[str, Any]:
    try:
        config = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise HeaderError(f"{name}: config is not JSON: {error}") from None
    if not isinstance(config, dict):
        raise HeaderError(f"{name}: config is a {type(config).__name__}, expected a JSON object")
    return config
