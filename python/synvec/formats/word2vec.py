"""word2vec text and binary, as word2vec.c, gensim and fastText write them."""

import codecs
import logging
from os import PathLike
from typing import TYPE_CHECKING, Any, Literal, TypedDict, Unpack

import numpy as np
from numpy.typing import DTypeLike, NDArray

from synvec import _core
from synvec.formats.limits import DEFAULT, Limits, check_limit, check_limits
from synvec.formats.registry import refuse_others
from synvec.formats.remote import readable, writable
from synvec.formats.sources import Source, Target, is_url, name_of
from synvec.warning import warn_caller

if TYPE_CHECKING:
    from synvec.keyed_vectors import KeyedVectors

_logger = logging.getLogger(__name__)

Count = Literal["header", "actual"]
Style = Literal["gensim", "word2vec.c"]
Layout = Literal["text", "headerless", "binary"]


class ReadOptions(TypedDict, total=False):
    """What `load_word2vec` and `load_glove` both take."""

    encoding: str
    unicode_errors: str
    limit: int | None
    datatype: DTypeLike
    count: Count
    allow_nonfinite: bool


class WriteOptions(TypedDict, total=False):
    """What `export_text` and `export_binary` take."""

    fvocab: Target | None
    total_vec: int | None
    write_header: bool
    prefix: str
    append: bool
    style: Style
    allow_nonfinite: bool


def load_word2vec(
    path: Source,
    *,
    fvocab: Source | None = None,
    binary: bool = False,
    encoding: str = "utf8",
    unicode_errors: str = "strict",
    limit: int | None = None,
    datatype: DTypeLike = np.float32,
    no_header: bool = False,
    count: Count = "header",
    allow_nonfinite: bool = False,
    limits: Limits = DEFAULT,
) -> "KeyedVectors":
    r"""Load word2vec text or binary; compressed files (gzip, bzip2, xz, zstd) are unfolded.

    In text only spaces and tabs separate, in runs of any length; numbers are read from the right,
    so that a key may hold spaces. Numbers are rounded correctly to ``datatype``. Binary rows may
    end in a newline or not. Of equal keys the first is kept, with one warning.

    Parameters
    ----------
    path
        The file, or a file object open for reading bytes.
    fvocab
        A file with a key and its count on each line; without it the counts are made up, from V
        down to 1, as gensim does.
    binary
        Whether it is the binary format.
    encoding, unicode_errors
        How keys are decoded, as ``bytes.decode`` takes them.
    limit
        Read so many rows at most.
    datatype
        float16, float32 or float64.
    no_header
        Whether the text has no first line with V and D, as GloVe's.
    count
        ``"actual"`` loads the rows that are there, with a warning when the header says otherwise.
    allow_nonfinite
        Load NaN and infinity too.
    limits
        Bounds on what the file may ask for.

    Returns
    -------
    KeyedVectors

    Raises
    ------
    HeaderError, TruncatedFileError, RowError, EncodingError, NonFiniteError, LimitError
        When the file is not what it claims to be; each tells the place and what to do.
    NotImplementedError
        For a binary file without a header.

    Examples
    --------
    >>> import io
    >>> file = io.BytesIO(b"2 3\nsocket 0.1 0.2 0.3\nyear 0.4 0.5 0.6\n")
    >>> load_word2vec(file).key_table.keys()
    ['socket', 'year']
    """
    if binary and no_header:
        raise NotImplementedError("a binary file without a header cannot be read, D is unknown")
    layout: Layout = "binary" if binary else "headerless" if no_header else "text"
    options: ReadOptions = {
        "encoding": encoding,
        "unicode_errors": unicode_errors,
        "limit": limit,
        "datatype": datatype,
        "count": count,
        "allow_nonfinite": allow_nonfinite,
    }
    return load_rows(path, layout, fvocab, options, limits)


def load_rows(
    path: Source, layout: Layout, fvocab: Source | None, options: ReadOptions, limits: Limits
) -> "KeyedVectors":
    """Load rows in one of the layouts."""
    from synvec.keyed_vectors import KeyedVectors

    title = "GloVe text" if layout == "headerless" else f"word2vec {layout}"
    refuse_others(options, ReadOptions.__annotations__, title)
    encoding, errors = options.get("encoding", "utf8"), options.get("unicode_errors", "strict")
    codecs.lookup(encoding)
    codecs.lookup_error(errors)
    count, limit = options.get("count", "header"), options.get("limit")
    if count not in ("header", "actual"):
        raise ValueError(f'count is {count!r}, expected "header" or "actual"')
    check_limit(limit)
    check_limits(limits)
    with readable(path) as source:
        keys, vectors, duplicates, miscount = _core.read_vectors(
            source,
            layout,
            dtype=np.dtype(options.get("datatype", np.float32)).name,
            limit=limit,
            count_actual=count == "actual",
            allow_nonfinite=options.get("allow_nonfinite", False),
            encoding=encoding,
            errors=errors,
            limits=limits,
        )
    if miscount is not None:
        declared, found = miscount
        warn_caller(f"{name_of(path)}: the header gives {declared} rows, {found} are there")
    if duplicates:
        warn_caller(
            f"{name_of(path)}: {duplicates} rows have a key that came before, the first was kept"
        )
    store = KeyedVectors.from_arrays(keys, vectors)
    if fvocab is None:
        store._make_up_counts()
    else:
        with readable(fvocab) as source:
            counts, missing = _core.read_counts(source, keys, encoding, errors, limits)
        if missing:
            warn_caller(f"{name_of(fvocab)}: {missing} keys have no count there, taken as 0")
        store.expandos["count"] = counts
    return store


def save_word2vec(
    path: Target,
    keys: _core.KeyTable[Any],
    vectors: NDArray[Any],
    *,
    counts: NDArray[Any] | None = None,
    fvocab: Target | None = None,
    binary: bool = False,
    total_vec: int | None = None,
    write_header: bool = True,
    prefix: str = "",
    append: bool = False,
    style: Style = "gensim",
    allow_nonfinite: bool = False,
) -> None:
    r"""Save word2vec text or binary, byte for byte as gensim does.

    Rows go in descending order of ``counts``, equal ones as they stand. An ending of ``.gz``,
    ``.bz2``, ``.xz`` or ``.zst`` compresses. Without ``append`` the new file takes the old one's
    place once it is whole.

    Parameters
    ----------
    path
        The file, or a file object open for writing bytes.
    keys
        V keys.
    vectors
        V × D, C-contiguous; written as float32 to a binary file, exactly in text.
    counts
        How often each key occurs, V; any numbers that order the rows.
    fvocab
        Also write a key and its count on each line there.
    binary
        Whether to write the binary format.
    total_vec
        The number of rows that the header gives, when more are to be appended.
    write_header
        Whether to write the first line with V and D.
    prefix
        Stands before every key.
    append
        Add to the file instead; this is not atomic.
    style
        ``"word2vec.c"`` follows the original program: six decimals and a trailing space in text,
        a newline after each binary row.
    allow_nonfinite
        Write NaN and infinity too.

    Raises
    ------
    RowError
        For a key that could not be read back, such as one with a space in the binary format.
    NonFiniteError
        When there is a NaN or an infinity.
    ValueError
        When the shapes do not go together, or ``fvocab`` is asked for without counts.
    OSError
        When the system refuses; the old file is left.

    Examples
    --------
    >>> import io
    >>> import numpy as np
    >>> from synvec._core import KeyTable
    >>> file = io.BytesIO()
    >>> rows = np.array([[0.5, 1], [2, 3]], np.float32)
    >>> save_word2vec(file, KeyTable(["a", "b"]), rows, counts=np.array([1, 2]))
    >>> file.getvalue()
    b'2 2\nb 2.0 3.0\na 0.5 1.0\n'
    """
    for target in (path, fvocab):
        if append and isinstance(target, str | PathLike) and is_url(target):
            raise ValueError(
                f"{target} is a URL, which cannot be appended to; write a file of its own"
            )
    order = None
    if counts is not None:
        order = _descending(counts, len(keys))
        if fvocab is not None:
            whole = np.ascontiguousarray(counts, dtype=np.int64)
            with writable(fvocab) as place:
                _core.write_counts(place, keys, whole, order=order, prefix=prefix, append=append)
    elif fvocab is not None:
        raise ValueError("fvocab needs counts, and there are none; leave fvocab out")
    else:
        _logger.info("%s: there are no counts, rows go as they stand", name_of(path))
    with writable(path) as place:
        _core.write_vectors(
            place,
            keys,
            vectors,
            layout="binary" if binary else "text",
            style=style,
            order=order,
            prefix=prefix,
            total=total_vec,
            has_header=write_header,
            append=append,
            allow_nonfinite=allow_nonfinite,
        )


def load_text(
    source: Source,
    *,
    limits: Limits = DEFAULT,
    fvocab: Source | None = None,
    no_header: bool = False,
    **options: Unpack[ReadOptions],
) -> "KeyedVectors":
    """Load word2vec text, as `load_word2vec` does."""
    return load_rows(source, "headerless" if no_header else "text", fvocab, options, limits)


def load_binary(
    source: Source,
    *,
    limits: Limits = DEFAULT,
    fvocab: Source | None = None,
    **options: Unpack[ReadOptions],
) -> "KeyedVectors":
    """Load word2vec binary, as `load_word2vec` does."""
    return load_rows(source, "binary", fvocab, options, limits)


def export_text(vectors: "KeyedVectors", target: Target, **options: Unpack[WriteOptions]) -> None:
    """Save word2vec text, as `save_word2vec` does."""
    refuse_others(options, WriteOptions.__annotations__, "word2vec text")
    save_word2vec(
        target, vectors.key_table, vectors.vectors, counts=vectors.counts, binary=False, **options
    )


def export_binary(vectors: "KeyedVectors", target: Target, **options: Unpack[WriteOptions]) -> None:
    """Save word2vec binary, as `save_word2vec` does."""
    refuse_others(options, WriteOptions.__annotations__, "word2vec binary")
    save_word2vec(
        target, vectors.key_table, vectors.vectors, counts=vectors.counts, binary=True, **options
    )


def _descending(counts: NDArray[Any], rows: int) -> NDArray[np.int64]:
    if counts.shape != (rows,):
        raise ValueError(f"counts has shape {counts.shape}, expected ({rows},)")
    if not rows:
        return np.empty(0, dtype=np.int64)
    # Distances from the largest: nothing is negated, so that unsigned counts stay what they are.
    return np.argsort(counts.max() - counts, kind="stable").astype(np.int64, copy=False)
