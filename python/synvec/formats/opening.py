"""One door for every format: `load` recognises what is there, `convert` writes what is asked."""

from collections.abc import Mapping
from os import PathLike
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, Unpack, cast

from synvec.errors import UnsupportedFormatError
from synvec.formats.limits import DEFAULT, Limits
from synvec.formats.registry import Format, call, entry_of, format_of_ending
from synvec.formats.remote import readable, writable
from synvec.formats.sniff import recognize_source
from synvec.formats.sources import BinaryWriter, Source, Target, name_of
from synvec.formats.word2vec import ReadOptions

if TYPE_CHECKING:
    from synvec.classifier import TextClassifier
    from synvec.formats.floret import FloretVectors
    from synvec.formats.pickles import Doc2VecVectors
    from synvec.formats.word_lists import KeySource
    from synvec.frozen_phrases import FrozenPhrases
    from synvec.keyed_vectors import KeyedVectors
    from synvec.phrases import Phrases
    from synvec.word2vec import Word2Vec

    Loaded: TypeAlias = (
        KeyedVectors
        | Word2Vec
        | TextClassifier
        | FloretVectors
        | Doc2VecVectors
        | Phrases
        | FrozenPhrases
    )


class LoadOptions(ReadOptions, total=False):
    """What the reader of one format or another takes; each refuses what means nothing to it."""

    keys: "KeySource | None"
    tensor: str | None
    key_column: str | None
    vector_column: str | None
    metadata: Source | None


def load(
    path: Source,
    *,
    format: Format | None = None,
    mmap: Literal["c", "r"] | None = None,
    limits: Limits = DEFAULT,
    **options: Unpack[LoadOptions],
) -> "Loaded":
    r"""Load a vector file of any format; it is recognised by content, compressed or not.

    Parameters
    ----------
    path
        The file or folder, a URL of a file (``pip install synvec[remote]``), or a file object open
        for reading bytes.
    format
        The format, where it is known better than by its content.
    mmap
        ``"r"`` for a read-only view of a native file; by default its arrays can be written to, and
        the file stays as it is.
    limits
        Bounds on what the file may ask for.
    **options
        As the format's reader takes them; for text and word2vec's binary see `load_word2vec`. A
        native file takes none.

    Returns
    -------
    KeyedVectors, Word2Vec, TextClassifier, FloretVectors, Doc2VecVectors, Phrases or FrozenPhrases
        As the file holds them: a full model for one that holds it, a classifier for a supervised
        fastText model, word and document vectors for gensim's Doc2Vec; `FloretVectors` for a floret
        table, which has vectors for any word but lists none, unless ``keys`` are given.
        `vectors_of` gives the word vectors of each but phrases, which have none.

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
    if mmap not in (None, "c", "r"):
        raise ValueError(f'mmap is {mmap!r}, expected None, "c" or "r"')
    with readable(path) as source:
        if format is None:
            format, source = recognize_source(source)
        if mmap == "r" and format != "native":
            raise ValueError(
                f"{name_of(path)} is {entry_of(format).title} and cannot be mapped; convert it to"
                " .kv first"
            )
        mapped = {"mmap": mmap} if format == "native" else {}
        loaded = call(format, "load", source, limits=limits, **mapped, **options)
    return cast("Loaded", loaded)


def save(
    vectors: "KeyedVectors",
    target: Target,
    *,
    format: Format | None = None,
    allow_nonfinite: bool = False,
    **options: Any,
) -> None:
    r"""Write vectors to a file of any format.

    Parameters
    ----------
    vectors
        What is written.
    target
        The file, whose ending picks the format (``.kv``, ``.txt``, ``.vec``, ``.bin``, each also
        with a compression's ending, and more), a URL (``pip install synvec[remote]``), or a file
        object open for writing bytes.
    format
        The format; needed for a file object, and for formats without an ending of their own.
    allow_nonfinite
        Write NaN and infinity too.
    **options
        As the format's writer takes them: ``style="word2vec.c"`` for word2vec's two.

    Raises
    ------
    FormatError
        When a key cannot go into the format, or there is a NaN or an infinity.
    ValueError
        When the ending of ``target`` names no format.
    TypeError
        For an option that the format does not take, and for anything but vectors (of a full model
        give its ``wv``).
    OSError
        When the system refuses; the old file is left.

    Examples
    --------
    >>> import io
    >>> from synvec import KeyedVectors
    >>> file = io.BytesIO()
    >>> save(KeyedVectors.from_arrays(["a"], [[0.5, 1]]), file, format="glove")
    >>> file.getvalue()
    b'a 0.5 1.0\n'
    """
    from synvec.keyed_vectors import KeyedVectors

    if not isinstance(vectors, KeyedVectors):
        raise TypeError(
            f"vectors is a {type(vectors).__name__}, expected KeyedVectors; of a model give"
            " model.wv"
        )
    if format is None:
        if not isinstance(target, str | PathLike | BinaryWriter):
            raise TypeError(f"expected a path or a binary file object, not {type(target).__name__}")
        if not isinstance(target, str | PathLike):
            raise ValueError("a file object has no ending; pass format=")
        format = format_of_ending(target)
    with writable(target) as place:
        call(format, "export", vectors, place, allow_nonfinite=allow_nonfinite, **options)


def convert(
    source: Source,
    target: Target,
    *,
    source_format: Format | None = None,
    format: Format | None = None,
    limits: Limits = DEFAULT,
    write_options: Mapping[str, Any] | None = None,
    **options: Unpack[LoadOptions],
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
    limits
        Bounds on what the source may ask for.
    write_options
        Options of the target's writer, as ``{"style": "word2vec.c"}``.
    **options
        Options of the source's reader, as `load` takes them.

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
    loaded = load(source, format=source_format, limits=limits, **options)
    # What was let in is let out.
    allow = options.get("allow_nonfinite", False)
    save(
        vectors_of(loaded),
        target,
        format=format,
        allow_nonfinite=allow,
        **(write_options or {}),
    )


def vectors_of(loaded: "Loaded") -> "KeyedVectors":
    """Return the vectors of what `load` gave: of a full model or a classifier, its word vectors.

    Raises
    ------
    UnsupportedFormatError
        For a floret table, which has no words of its own, and for phrases.
    """
    from synvec.frozen_phrases import FrozenPhrases
    from synvec.keyed_vectors import KeyedVectors
    from synvec.phrases import Phrases

    if isinstance(loaded, KeyedVectors):
        return loaded
    if isinstance(loaded, Phrases | FrozenPhrases):
        raise UnsupportedFormatError(
            f"{loaded} has no vectors; open its file with Phrases.load or FrozenPhrases.load"
        )
    vectors: object = getattr(loaded, "wv", None)
    if not isinstance(vectors, KeyedVectors):
        raise UnsupportedFormatError(
            f"{loaded!r} has a vector for any word, but lists none; load it with keys=, the words"
            " that you want or a file with one a line"
        )
    return vectors
