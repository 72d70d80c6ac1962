"""Corpora: where sentences come from, and the one pass that reads them.

A corpus is a file (or several), or any iterable of lists of words. However it comes, the same words
in the same sentences give the same ids.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import IO, TYPE_CHECKING, Any, Literal, Protocol, cast, runtime_checkable

import numpy as np

from synvec import _core, table_files, tables, texts
from synvec.arguments import whole
from synvec.arrow import batches_of, batches_of_lists, is_arrow
from synvec.paths import StrPath, files_of, folder_at, place_of, shown
from synvec.warning import warn_caller

if TYPE_CHECKING:
    from synvec.encoded import Corpus
    from synvec.key_types import KeyT

DEFAULT_SPOOL_BYTES = 1 << 30
"""Bytes of ids that stay in memory by default; what goes beyond waits in a temporary file."""

MAX_WORDS_IN_BATCH = 10_000
"""gensim's longest sentence. Training here has no such limit; iterating over a corpus class has."""


Tokenize = Literal["whitespace", "words"] | Callable[[str], Iterable[str]]
"""How a text becomes words: a way that has a name, or a function."""


@runtime_checkable
class ScannedByItself(Protocol):
    """A corpus that has its own way to be read: one seen through phrases."""

    def scan(self, **settings: Any) -> _core.ScannedCorpus:
        """Read the corpus once, with the settings of `synvec.scan`."""


class LineSentence:
    r"""The sentences of a text: one a line, words separated by ASCII whitespace.

    Given to `scan` or `Word2Vec`, a path with the default settings is read by the core in parallel
    and its lines are kept whole; iterating over the object splits lines of more than
    ``max_sentence_length`` words, as gensim does.

    Parameters
    ----------
    source
        A path or a URL, plain or compressed (gzip, bzip2, xz, zstd, recognised by content), or a
        file object of text or UTF-8 bytes. A file object is wound back before each pass where it
        can be.
    max_sentence_length
        The most words of one sentence; the rest of the line is the next.
    limit
        The most lines to read; all by default.

    Examples
    --------
    >>> import io
    >>> list(LineSentence(io.StringIO("the cat sat\non the mat")))
    [['the', 'cat', 'sat'], ['on', 'the', 'mat']]
    """

    def __init__(
        self,
        source: StrPath | IO[str] | IO[bytes],
        max_sentence_length: int = MAX_WORDS_IN_BATCH,
        limit: int | None = None,
    ) -> None:
        if isinstance(source, bytes | bytearray) or not isinstance(
            source, str | os.PathLike | Iterable
        ):
            raise TypeError(f"source is {shown(source)}, expected a path or an open text")
        self.source = source
        self.max_sentence_length = whole("max_sentence_length", max_sentence_length, least=1)
        self.limit = _limit(limit)

    def __iter__(self) -> Iterator[list[str]]:
        """Yield lists of words; blank lines yield nothing."""
        yield from texts.sentences([self.source], self.max_sentence_length, self.limit)


class PathLineSentences:
    """The sentences of every file in a directory, the files in order of their names.

    Parameters
    ----------
    source
        A directory, whose files are read and whose directories are not, or one file.
    max_sentence_length, limit
        As in `LineSentence`; the limit is for each file.

    Raises
    ------
    FileNotFoundError
        When there is no such path.
    """

    def __init__(
        self,
        source: StrPath,
        max_sentence_length: int = MAX_WORDS_IN_BATCH,
        limit: int | None = None,
    ) -> None:
        self.source = source
        self.max_sentence_length = whole("max_sentence_length", max_sentence_length, least=1)
        self.limit = _limit(limit)
        from pathlib import Path  # here, since it costs 5 ms of `import synvec`

        path = Path(source)
        if path.is_dir():
            self.input_files = sorted(str(file) for file in path.iterdir() if file.is_file())
        else:
            path.stat()  # a missing one is an error here, not in the middle of a long job
            self.input_files = [str(path)]

    def __iter__(self) -> Iterator[list[str]]:
        """Yield lists of words; blank lines yield nothing."""
        yield from texts.sentences(self.input_files, self.max_sentence_length, self.limit)


class Text8Corpus:
    """A text without sentences, such as text8, in pieces of equal length.

    Newlines separate words like any other whitespace. To train on the whole without cuts, give the
    path as ``corpus_file`` instead.

    Parameters
    ----------
    fname
        A path, plain or compressed.
    max_sentence_length
        The words of each piece; the last has what is left.
    """

    def __init__(self, fname: StrPath, max_sentence_length: int = MAX_WORDS_IN_BATCH) -> None:
        self.fname = fname
        self.max_sentence_length = whole("max_sentence_length", max_sentence_length, least=1)

    def __iter__(self) -> Iterator[list[str]]:
        """Yield lists of words."""
        decoder = texts.Decoder()
        length = self.max_sentence_length
        words: list[str] = []
        for piece in texts.pieces(self.fname):
            words += decoder.words(piece)
            whole = len(words) - len(words) % length
            for start in range(0, whole, length):
                yield words[start : start + length]
            del words[:whole]
        if words:
            yield words
        decoder.warn(self.fname)


def scan(
    corpus_iterable: Corpus[KeyT] | None = None,
    corpus_file: StrPath | Sequence[StrPath] | None = None,
    *,
    workers: int | None = None,
    spool_bytes: int = DEFAULT_SPOOL_BYTES,
    spool_dir: StrPath | None = None,
    tokenize: Tokenize | None = None,
    lowercase: bool = False,
    column: str | None = None,
    progress: Callable[[dict[str, Any]], object] | None = None,
) -> _core.ScannedCorpus:
    """Read a corpus once: count its words and keep their ids.

    Parameters
    ----------
    corpus_iterable
        Lists of words; generators that give them once are fine. All words are ``str``, or all are
        integers of 64 bits; NumPy's arrays of integers, a sentence of one dimension or a sentence a
        row of two, need no Python object a word. Or a column of lists of words, or of texts, whose
        words ``tokenize`` finds: of Arrow, Polars, pandas or Hugging Face's ``datasets``, or a
        table of theirs and the name of its ``column``. Rows that are null are empty sentences; a
        null among the words of one is an error. pyarrow's arrays may also come one by one.
        `LineSentence` and `PathLineSentences` over paths are read like ``corpus_file``.
    corpus_file
        A path or several, ``"-"`` for standard input; a folder stands for the files in it and a
        pattern (``"news/*.txt"``, ``"**/*.gz"``) for those that match, by name. UTF-8, plain or
        compressed (gzip, bzip2, xz, zstd, recognised by content), a sentence a line, words
        separated by ASCII whitespace. NUL is part of a word. Invalid UTF-8 becomes U+FFFD, with
        one warning that has the count. Or Parquet and Arrow files, recognised by content and read
        batch by batch, one column of each. Files elsewhere go by their URLs (``s3://…``,
        ``https://…``; ``pip install synvec[remote]``), ``…/`` for a folder.
    workers
        Threads for files; by default the cores that this process may use.
    spool_bytes
        Bytes of ids (four for each word and each sentence) that stay in memory, once for what is
        read and once for what is trained on; more goes to a temporary file that is deleted however
        the process ends. 1 GiB by default; 0 keeps none in memory.
    spool_dir
        The folder of that file; the system's for temporary files by default.
    tokenize
        How texts become words. ``"whitespace"``, which is the default for files and columns, takes
        what stands between ASCII whitespace as a word; ``"words"`` takes the words in it by the
        rules of Unicode (UAX #29), which leaves punctuation out. A function takes a line (without
        its end), a row or a ``str`` and returns its words; what it raises carries a note of the
        file and line. With ``tokenize`` the corpus may also be an iterable of ``str``, each a
        sentence; sentences that are lists of words already are an error.
    lowercase
        Lower-case each word, by the rules of Unicode.
    column
        The column to read of a table. Needed where more than one holds strings or lists of strings.
    progress
        Called about five times a second with a dictionary: ``phase`` ("scan"), ``bytes``,
        ``total_bytes`` (None when unknown), ``words`` and ``sentences``. What it raises ends the
        scan.

    Returns
    -------
    _core.ScannedCorpus
        Words and counts in order of first sight, and the way to ids by any vocabulary.

    Raises
    ------
    TypeError
        When both corpora are given or neither, when the corpus is a string, when a word is neither
        a ``str`` nor an integer, or when there are both.
    ValueError
        When a setting is out of range, integers are to be lower-cased, a word cannot be UTF-8 or is
        beyond 64 bits, a table has no such column, or ``tokenize`` is given for sentences that are
        lists of words.
    FormatError
        When a compressed file is cut short or damaged, or a word is longer than 64 MiB.
    ImportError
        Without the package that a table (``synvec[arrow]``) or a URL (``synvec[remote]``) needs.
    OSError
        When a file cannot be read, or the temporary one cannot be written.
    MemoryError
        When there is less memory than the sizes of files say that reading them takes.

    Examples
    --------
    >>> scanned = scan([["the", "cat"], ["the", "dog"]])
    >>> scanned.keys.keys(), scanned.counts.tolist()
    (['the', 'cat', 'dog'], [2, 1, 1])
    >>> scan(["The cat.", "A dog!"], tokenize="words", lowercase=True).keys.keys()
    ['the', 'cat', 'a', 'dog']
    """
    tokenize = _checked_tokenize(tokenize)
    spool_bytes = whole("spool_bytes", spool_bytes, least=0)
    workers = _core.available_workers() if workers is None else whole("workers", workers, least=1)
    settings: dict[str, Any] = {
        "spool_bytes": spool_bytes,
        "spool_dir": None if spool_dir is None else folder_at("spool_dir", spool_dir),
        "lowercase": lowercase,
        "progress": progress,
    }
    if corpus_file is None and isinstance(corpus_iterable, ScannedByItself):
        settings |= {"workers": workers, "tokenize": tokenize, "column": column}
        return corpus_iterable.scan(**settings)
    files = files_read_whole(corpus_iterable, corpus_file)
    if files is not None:
        from synvec.preflight import check_memory_of_reading  # it costs 5 ms of `import synvec`

        check_memory_of_reading(files, spool_bytes)
    if files is None:
        found = tables.column_of(corpus_iterable, column)
    elif table_files.are_tables(files):
        found = table_files.column_of_files(files, column)
    elif column is not None:
        raise ValueError(f"column={column!r} is for tables, and {files[0]} is text; leave it out")
    elif callable(tokenize):
        return _scan_cut(texts.numbered_lines(files), tokenize, settings)
    else:
        scanned = _core.scan_files(
            [texts.source_of(file) for file in files],
            workers=workers,
            tokenize=tokenize or "whitespace",
            **settings,
        )
        texts.warn_of_invalid(scanned.invalid_words, "the corpus")
        return scanned
    is_column = isinstance(found, tables.Column)
    if callable(tokenize):
        given = found.texts() if is_column else _texts(_checked_sentences(found))
        return _scan_cut(given, tokenize, settings)
    given = found.batches() if is_column else _checked_sentences(found)
    return _scan_sentences(given, tokenize, settings)


def _scan_sentences(
    sentences: Iterable[object],
    tokenize: Literal["whitespace", "words"] | None,
    settings: dict[str, Any],
) -> _core.ScannedCorpus:
    return _core.scan_sentences(
        sentences,
        tokenize=tokenize,
        batches=batches_of_lists if tokenize is None else batches_of,
        warn=warn_caller,
        **settings,
    )


def _scan_cut(
    found: Iterable[tuple[str, str]],
    tokenize: Callable[[str], Iterable[str]],
    settings: dict[str, Any],
) -> _core.ScannedCorpus:
    """Scan texts, with where each is, that a function of the caller's cuts into words."""
    cut = texts.CutByFunction(found, tokenize)
    try:
        return _scan_sentences(cut, None, settings)
    except Exception as error:
        cut.note_place(error)
        raise


def _texts(corpus: Iterable[object]) -> Iterator[tuple[str, str]]:
    """Yield the sentences of a corpus that are texts, and where they are."""
    for number, sentence in enumerate(corpus):
        if isinstance(sentence, str):
            yield f"sentence {number}", sentence
        elif is_arrow(sentence):
            yield from tables.Column(iter([("the array", sentence)])).texts()
        else:
            raise ValueError(
                f"sentence {number} is {type(sentence).__name__}, which has been cut into words "
                "already, expected str: leave out tokenize, or give the text itself"
            )


def _checked_tokenize(tokenize: Any) -> Any:
    if tokenize is None or tokenize in ("whitespace", "words") or callable(tokenize):
        return tokenize
    kind = ValueError if isinstance(tokenize, str) else TypeError
    hint = "; a model's file keeps only the name of a function: set tokenize to it again"
    is_name = isinstance(tokenize, str) and "." in tokenize
    raise kind(
        f"tokenize must be 'whitespace', 'words' or a function, not {tokenize!r}"
        f"{hint if is_name else ''}"
    )


def save_as_line_sentence(corpus: Corpus[KeyT], filename: StrPath | IO[bytes]) -> None:
    r"""Write a corpus as text that `LineSentence` reads: a sentence a line, words between spaces.

    Parameters
    ----------
    corpus
        Lists of words, or what else `scan` takes; sentences without words are left out.
    filename
        The file, which takes an old one's place once it is whole, or a file object open for
        writing bytes. An ending of ``.gz``, ``.bz2``, ``.xz`` or ``.zst`` compresses.

    Raises
    ------
    RowError
        When a word is empty or holds white space: it would not be read back as one word.
    OSError
        When the system refuses; the old file is left.

    Examples
    --------
    >>> import io
    >>> file = io.BytesIO()
    >>> save_as_line_sentence([["the", "cat"], ["the", "dog"]], file)
    >>> file.getvalue()
    b'the cat\nthe dog\n'
    """
    _core.write_text(scan(corpus), filename)


def files_read_whole(
    corpus_iterable: object, corpus_file: StrPath | Sequence[StrPath] | None
) -> list[str] | None:
    """Name the files that the core reads by itself; None for sentences."""
    if (corpus_iterable is None) == (corpus_file is None):
        given = "both" if corpus_file is not None else "neither"
        raise TypeError(f"expected one of corpus_iterable and corpus_file, got {given}")
    if corpus_file is None:
        return _whole_files(corpus_iterable)
    return files_of(corpus_file)


def _whole_files(corpus: object) -> list[str] | None:
    """Name the files of a corpus whose iteration the core can take over; None for any other.

    Exactly these classes: a subclass may have an iteration of its own. And with the default
    settings alone: other ones ask for cuts.
    """
    if type(corpus) is LineSentence and isinstance(corpus.source, (str, os.PathLike)):
        files = [place_of(corpus.source)]
    elif type(corpus) is PathLineSentences:
        files = list(corpus.input_files)
    else:
        return None
    has_cuts = corpus.limit is not None or corpus.max_sentence_length != MAX_WORDS_IN_BATCH
    return None if has_cuts else files


def _checked_sentences(corpus: object) -> Iterable[object]:
    """Return the corpus, if it can be one."""
    if isinstance(corpus, (str, bytes, bytearray, os.PathLike)):
        raise TypeError(
            f"corpus_iterable must be a list of token lists, not {shown(corpus)}; "
            "for a file use corpus_file=path"
        )
    if not isinstance(corpus, Iterable) and not hasattr(corpus, "__getitem__"):
        raise TypeError(f"corpus_iterable must be an iterable of token lists, not {shown(corpus)}")
    if isinstance(corpus, np.ndarray) and corpus.ndim == 2 and corpus.dtype.kind in "iu":
        return [corpus]  # a sentence a row, which the core takes whole
    return cast("Iterable[object]", corpus)


def _limit(lines: int | None) -> int | None:
    return None if lines is None else whole("limit", lines, least=0)
