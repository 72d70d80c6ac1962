"""One door for every format: `load` recognises what is there, `convert` writes what is asked."""

from os import PathLike
from typing import TYPE_CHECKING, Literal, Unpack

from synvec.formats.glove import load_glove, save_glove
from synvec.formats.limits import DEFAULT, Limits
from synvec.formats.native import open_native, save_native
from synvec.formats.sniff import FORMATS, Format, format_of_ending, recognize
from synvec.formats.sources import Source, Target, name_of, peek
from synvec.formats.word2vec import ReadOptions, Style, load_word2vec, save_word2vec

if TYPE_CHECKING:
    from synvec.keyed_vectors import KeyedVectors
    from synvec.word2vec import Word2Vec


def load(
    path: Source,
    *,
    format: Format | None = None,
    mmap: Literal["c", "r"] | None = None,
    limits: Limits = DEFAULT,
    **options: Unpack[ReadOptions],
) -> "KeyedVectors | Word2Vec":
    r"""Load a vector file of any format; it is recognised by content, compressed or not.

    Parameters
    ----------
    path
        The file, or a file object open for reading bytes.
    format
        The format, where it is known better than by its content.
    mmap
        ``"r"`` for a read-only view of a native file; by default its arrays can be written to, and
        the file stays as it is.
    limits
        Bounds on what the file may ask for.
    **options
        As `load_word2vec` takes them; a native file takes none.

    Returns
    -------
    KeyedVectors or Word2Vec
        The latter for a native file that holds a full model.

    Raises
    ------
    FormatError
        When the file is not what it claims to be, or of a format that is not read.
    OSError
        When the system refuses.

    Examples
    --------
    >>> import io
    >>> load(io.BytesIO(b"2 3\nsocket 0.1 0.2 0.3\nyear 0.4 0.5 0.6\n")).vector_size
    3
    """
    if format is None:
        head, path = peek(path)
        format = recognize(head, name_of(path))
    if format not in FORMATS:
        raise ValueError(f"format is {format!r}, expected one of {', '.join(FORMATS)}")
    if format == "native":
        if options:
            raise TypeError(f"{', '.join(options)} is nothing for a native file; leave it out")
        return _load_native(path, mmap, limits)
    if mmap == "r":
        raise ValueError(
            f"{name_of(path)} is {format} and cannot be mapped; convert it to .kv first"
        )
    if format == "glove":
        return load_glove(path, limits=limits, **options)
    return load_word2vec(path, binary=format == "word2vec-binary", limits=limits, **options)


def _load_native(
    path: Source, mmap: Literal["c", "r"] | None, limits: Limits
) -> "KeyedVectors | Word2Vec":
    parts = open_native(path, mmap, limits=limits)
    if parts.config is not None:
        from synvec.word2vec import Word2Vec

        return Word2Vec._from_native(parts)
    from synvec.keyed_vectors import KeyedVectors

    return KeyedVectors.from_arrays(
        parts.keys, parts.vectors, counts=parts.counts, norms=parts.norms
    )


def convert(
    source: Source,
    target: Target,
    *,
    source_format: Format | None = None,
    format: Format | None = None,
    style: Style = "gensim",
    limits: Limits = DEFAULT,
    **options: Unpack[ReadOptions],
) -> None:
    """Write the vectors of one file to another, in another format.

    Of a full model the keys, vectors and counts go over, not the output layers.

    Parameters
    ----------
    source
        The file, or a file object open for reading bytes.
    target
        The file, whose ending picks the format (``.kv``, ``.txt``, ``.vec``, ``.bin``, each also
        with a compression's ending), or a file object open for writing bytes.
    source_format
        The format of ``source``; by default it is recognised.
    format
        The format of ``target``; needed for a file object and for GloVe's.
    style
        As `save_word2vec` takes it.
    limits
        Bounds on what the source may ask for.
    **options
        As `load_word2vec` takes them.

    Raises
    ------
    FormatError
        When the source is not what it claims to be, or a key cannot go into the target's format.
    ValueError
        When the ending of ``target`` names no format.
    OSError
        When the system refuses.

    Examples
    --------
    >>> convert("glove.6B.50d.txt", "glove.kv")  # doctest: +SKIP
    """
    from synvec.keyed_vectors import KeyedVectors

    if format is None:
        if not isinstance(target, str | PathLike):
            raise ValueError("a file object has no ending; pass format=")
        format = format_of_ending(target)
    if format not in FORMATS:
        raise ValueError(f"format is {format!r}, expected one of {', '.join(FORMATS)}")
    loaded = load(source, format=source_format, limits=limits, **options)
    vectors = loaded if isinstance(loaded, KeyedVectors) else loaded.wv
    # What was let in is let out.
    allow = options.get("allow_nonfinite", False)
    keys, rows, counts = vectors.key_table, vectors.vectors, vectors.counts
    if format == "native":
        save_native(target, keys, rows, counts=counts, allow_nonfinite=allow)
    elif format == "glove":
        save_glove(target, keys, rows, allow_nonfinite=allow)
    else:
        binary = format == "word2vec-binary"
        save_word2vec(
            target, keys, rows, counts=counts, binary=binary, style=style, allow_nonfinite=allow
        )
