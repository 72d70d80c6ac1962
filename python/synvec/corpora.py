"""Corpora: where sentences come from, and the one pass that reads them.

A corpus is a file (or several), or any iterable of lists of words. However it comes, the same words
in the same sentences give the same ids.
"""

from __future__ import annotations

import io
import os
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from typing import IO, TYPE_CHECKING, Any, Literal, Protocol, cast, runtime_checkable

from synvec import _core
from synvec.arrow import with_batches
from synvec.paths import StrPath, files_of, shown
from synvec.warning import warn_caller

if TYPE_CHECKING:
    from synvec.vocabulary import Counted

DEFAULT_SPOOL_BYTES = 1 << 30
"""Bytes of ids that stay in memory by default; what goes beyond waits in a temporary file."""

MAX_WORDS_IN_BATCH = 10_000
"""gensim's longest sentence. Training here has no such limit; iterating over a corpus class has."""

_SPACES = re.compile(r"[ \t\n\v\f\r]+")


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
        A path, plain or compressed (gzip, bzip2, xz, zstd, recognised by content), or a file object
        of text or UTF-8 bytes. A file object is wound back before each pass where it can be.
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
        self.source = source
        self.max_sentence_length = _at_least_one("max_sentence_length", max_sentence_length)
        self.limit = limit

    def __iter__(self) -> Iterator[list[str]]:
        """Yield lists of words; blank lines yield nothing."""
        yield from _sentences([self.source], self.max_sentence_length, self.limit)


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
        self.max_sentence_length = _at_least_one("max_sentence_length", max_sentence_length)
        self.limit = limit
        from pathlib import Path  # here, since it costs 5 ms of `import synvec`

        path = Path(source)
        if path.is_dir():
            self.input_files = sorted(str(file) for file in path.iterdir() if file.is_file())
        else:
            path.stat()  # a missing one is an error here, not in the middle of a long job
            self.input_files = [str(path)]

    def __iter__(self) -> Iterator[list[str]]:
        """Yield lists of words; blank lines yield nothing."""
        yield from _sentences(self.input_files, self.max_sentence_length, self.limit)


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
        self.max_sentence_length = _at_least_one("max_sentence_length", max_sentence_length)

    def __iter__(self) -> Iterator[list[str]]:
        """Yield lists of words."""
        decoder = _Decoder()
        length = self.max_sentence_length
        words: list[str] = []
        for piece in _pieces(_core.TextReader(os.fspath(self.fname))):
            words += decoder.words(piece)
            whole = len(words) - len(words) % length
            for start in range(0, whole, length):
                yield words[start : start + length]
            del words[:whole]
        if words:
            yield words
        decoder.warn(self.fname)


def scan(
    corpus_iterable: Iterable[Sequence[str]] | None = None,
    corpus_file: StrPath | Sequence[StrPath] | None = None,
    *,
    workers: int | None = None,
    spool_bytes: int = DEFAULT_SPOOL_BYTES,
    spool_dir: StrPath | None = None,
    tokenize: Literal["whitespace", "words"] = "whitespace",
    lowercase: bool = False,
    progress: Callable[[dict[str, Any]], object] | None = None,
) -> _core.ScannedCorpus:
    """Read a corpus once: count its words and keep their ids.

    Parameters
    ----------
    corpus_iterable
        Lists of words; generators that give them once are fine. pyarrow's arrays of lists of
        strings, the whole corpus or batches of it, are read without a Python object a word.
        `LineSentence` and `PathLineSentences` over paths are read like ``corpus_file``.
    corpus_file
        A path or several, ``"-"`` for standard input; a folder stands for the files in it and a
        pattern (``"news/*.txt"``, ``"**/*.gz"``) for those that match, by name. UTF-8, plain or
        compressed (gzip, bzip2, xz, zstd, recognised by content), a sentence a line, words
        separated by ASCII whitespace. NUL is part of a word. Invalid UTF-8 becomes U+FFFD, with
        one warning that has the count.
    workers
        Threads for files; by default the cores that this process may use.
    spool_bytes
        Bytes of ids (four for each word and each sentence) that stay in memory, once for what is
        read and once for what is trained on; more goes to a temporary file that is deleted however
        the process ends. 1 GiB by default; 0 keeps none in memory.
    spool_dir
        The folder of that file; the system's for temporary files by default.
    tokenize
        ``"whitespace"`` takes what stands between spaces as a word; ``"words"`` takes the words in
        it by the rules of Unicode (UAX #29), which leaves punctuation out. For files only.
    lowercase
        Lower-case each word, by the rules of Unicode.
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
        When both corpora are given or neither, when the corpus is a string, or when a word is not a
        ``str``.
    ValueError
        When a setting is out of range, or a word cannot be UTF-8.
    FormatError
        When a compressed file is cut short or damaged, or a word is longer than 64 MiB.
    OSError
        When a file cannot be read, or the temporary one cannot be written.

    Examples
    --------
    >>> scanned = scan([["the", "cat"], ["the", "dog"]])
    >>> scanned.keys.keys(), scanned.counts.tolist()
    (['the', 'cat', 'dog'], [2, 1, 1])
    """
    if corpus_file is None and isinstance(corpus_iterable, ScannedByItself):
        return corpus_iterable.scan(
            workers=workers,
            spool_bytes=spool_bytes,
            spool_dir=spool_dir,
            tokenize=tokenize,
            lowercase=lowercase,
            progress=progress,
        )
    if spool_bytes < 0:
        raise ValueError(f"spool_bytes must be 0 or more, not {spool_bytes}")
    if workers is None:
        workers = _core.available_workers()
    folder = None if spool_dir is None else os.fspath(spool_dir)
    paths = files_read_whole(corpus_iterable, corpus_file)
    if paths is not None:
        scanned = _core.scan_files(
            paths,
            workers=_at_least_one("workers", workers),
            spool_bytes=spool_bytes,
            spool_dir=folder,
            tokenize=tokenize,
            lowercase=lowercase,
            progress=progress,
        )
        _warn_of_invalid(scanned.invalid_words, "the corpus")
        return scanned
    if tokenize != "whitespace":
        raise ValueError(
            f"tokenize must be 'whitespace' for sentences that are lists of words, not "
            f"{tokenize!r}; give the text as corpus_file"
        )
    return _core.scan_sentences(
        with_batches(_checked_sentences(corpus_iterable)),
        spool_bytes=spool_bytes,
        spool_dir=folder,
        lowercase=lowercase,
        warn=warn_caller,
        progress=progress,
    )


def save_as_line_sentence(corpus: Iterable[Sequence[str]], filename: StrPath | IO[bytes]) -> None:
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


def no_words_message(scanned: Counted, min_count: int) -> str:
    """Say why there is no vocabulary, and what to change.

    Parameters
    ----------
    scanned
        The corpus of which no word is left.
    min_count
        How often a word had to occur.
    """
    begin = "you must first build vocabulary before training the model: "
    if scanned.distinct == 0:
        return begin + (
            f"the corpus has no words ({scanned.sentences} sentences); check that it is not empty, "
            "and that a generator was not used up before"
        )
    highest = int(scanned.counts.max())
    if highest >= min_count:
        return begin + (
            f"all {scanned.distinct} distinct words of the corpus were left out; "
            "check trim_rule and the vocabulary's limits"
        )
    return begin + (
        f"none of the {scanned.distinct} distinct words occurs min_count={min_count} times, the "
        f"most frequent occurs {highest} times; set min_count to {highest} or less, or give more "
        "text"
    )


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
        files = [os.fspath(corpus.source)]
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
    return cast("Iterable[object]", corpus)


def _at_least_one(name: str, value: int) -> int:
    if value < 1:
        raise ValueError(f"{name} must be at least 1, not {value}")
    return value


def _warn_of_invalid(count: int, source: object) -> None:
    if count:
        words = "1 word" if count == 1 else f"{count} words"
        warn_caller(
            f"{words} of {source} held bytes that are not UTF-8, which became U+FFFD; "
            "convert the text to UTF-8 if it has another encoding"
        )


class _Decoder:
    """Text → words; counts those that are not valid UTF-8."""

    def __init__(self) -> None:
        self.invalid = 0

    def words(self, text: str | bytes) -> list[str]:
        """Split a text at ASCII whitespace, which `str.split` alone does not."""
        if isinstance(text, str):
            return [word for word in _SPACES.split(text) if word]
        words = text.split()
        if not words:
            return []
        try:
            return b"\n".join(words).decode().split("\n")
        except UnicodeDecodeError:
            return [self._word(word) for word in words]

    def _word(self, word: bytes) -> str:
        try:
            return word.decode()
        except UnicodeDecodeError:
            self.invalid += 1
            return word.decode(errors="replace")

    def warn(self, source: object) -> None:
        """Say how many words were not valid, once all were read."""
        _warn_of_invalid(self.invalid, source)


class _Text(io.RawIOBase):
    """A path as the core reads it, for Python's own buffering and lines."""

    def __init__(self, path: StrPath) -> None:
        self._reader = _core.TextReader(os.fspath(path))

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        data = self._reader.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)


_PIECE_BYTES = 1 << 18


def _pieces(reader: _core.TextReader) -> Iterator[bytes]:
    """Yield the bytes of a text in pieces that end between words."""
    carried = b""
    while piece := reader.read(_PIECE_BYTES):
        # What follows the last whitespace may go on in the next piece.
        piece = carried + piece
        cut = max(piece.rfind(space) for space in b" \t\n\v\f\r") + 1
        carried = piece[cut:]
        yield piece[:cut]
    yield carried


def _lines(source: StrPath | IO[str] | IO[bytes]) -> Iterator[str | bytes]:
    if isinstance(source, (str, os.PathLike)):
        with io.BufferedReader(_Text(source), _PIECE_BYTES) as text:
            yield from text
        return
    if hasattr(source, "seekable") and source.seekable():
        source.seek(0)
    yield from source


def _sentences(
    sources: Iterable[StrPath | IO[str] | IO[bytes]], length: int, limit: int | None
) -> Iterator[list[str]]:
    for source in sources:
        decoder = _Decoder()
        for line in islice(_lines(source), limit):
            words = decoder.words(line)
            for start in range(0, len(words), length):
                yield words[start : start + length]
        decoder.warn(source)
