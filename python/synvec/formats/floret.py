"""floret's tables: a vector for any word, from a few thousand rows that n-grams are hashed to.

A text: ``rows dim minn maxn hashCount hashSeed BOW EOW`` in the first line, then each row's number
and its D numbers. The layout and the hashing are told in https://github.com/explosion/floret.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from os import PathLike
from typing import IO, TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from synvec import _core
from synvec.errors import FormatError, HeaderError, NonFiniteError, RowError
from synvec.formats.limits import DEFAULT, Limits
from synvec.formats.murmur import hash_128
from synvec.formats.reading import Reader, Subject, opened
from synvec.formats.sources import Source
from synvec.formats.word_lists import KeySource, read_word_list

if TYPE_CHECKING:
    from synvec.keyed_vectors import KeyedVectors

_TITLE = "floret"
_MOST_HEADER_BYTES = 1 << 12
# So many characters at most: a word has as many n-grams as it has characters, times this.
MOST_NGRAM = 1 << 6


@dataclass(frozen=True, slots=True)
class Hashing:
    """How floret finds the rows of a word.

    Attributes
    ----------
    min_n, max_n
        The lengths of n-grams, in characters; none when ``max_n`` is 0.
    hash_count
        How many rows each n-gram has, 1 to 4.
    seed
        Of the hash, 32 bits.
    begin, end
        What is put before and after a word.
    """

    min_n: int
    max_n: int
    hash_count: int
    seed: int
    begin: str
    end: str

    def is_possible(self) -> bool:
        """Whether the numbers are such as they can be."""
        return (
            0 <= self.min_n <= self.max_n <= MOST_NGRAM
            and 1 <= self.hash_count <= 4
            and 0 <= self.seed < 1 << 32
        )

    def rows(self, word: str, table_rows: int) -> list[int]:
        """Return the rows of a word: of itself, and of each n-gram, as often as they occur."""
        padded = f"{self.begin}{word}{self.end}"
        sizes = range(max(1, self.min_n), min(self.max_n, len(padded)) + 1)
        parts = [padded] + [
            padded[start : start + size]
            for size in sizes
            for start in range(len(padded) - size + 1)
        ]
        rows = []
        for part in parts:
            first, second = hash_128(part.encode("utf-8", "replace"), self.seed)
            numbers = (first & 0xFFFFFFFF, first >> 32, second & 0xFFFFFFFF, second >> 32)
            rows += [number % table_rows for number in numbers[: self.hash_count]]
        return rows


class FloretVectors:
    """Vectors for any word, from a floret table.

    A word's vector is the mean of the rows that it and its n-grams are hashed to. There is no list
    of words, and so no question for the most similar one: `keyed_vectors` makes a store that
    answers them, for the words that you name.

    Parameters
    ----------
    table
        B × D float32 numbers.
    hashing
        How the rows of a word are found.

    Examples
    --------
    >>> vectors = FloretVectors(np.eye(3, dtype=np.float32), Hashing(2, 3, 1, 0, "<", ">"))
    >>> vectors["never seen before"].shape
    (3,)
    >>> vectors.keyed_vectors(["socket", "year"])
    KeyedVectors<vector_size=3, 2 keys>
    """

    def __init__(self, table: NDArray[np.float32], hashing: Hashing) -> None:
        self.table = table
        self.hashing = hashing

    @property
    def vector_size(self) -> int:
        """D, the length of a vector."""
        return int(self.table.shape[1])

    def get_vector(self, word: str) -> NDArray[np.float32]:
        """Return the vector of a word: D float32 numbers.

        Raises
        ------
        TypeError
            When the word is no str.
        """
        if not isinstance(word, str):
            raise TypeError(f"word is a {type(word).__name__}, expected a str")
        rows = self.hashing.rows(word, len(self.table))
        mean: NDArray[np.float32] = self.table[rows].mean(axis=0, dtype=np.float64).astype("f4")
        return mean

    __getitem__ = get_vector

    def keyed_vectors(self, words: Iterable[str]) -> KeyedVectors:
        """Return a store of the vectors of some words.

        Raises
        ------
        TypeError
            When ``words`` is a single str, or one of them is none.
        ValueError
            When a word stands there twice.
        """
        from synvec.keyed_vectors import KeyedVectors

        if isinstance(words, str):
            raise TypeError(f"words is the str {words!r}, expected a collection: put it in a list")
        names = list(words)
        rows = np.empty((len(names), self.vector_size), np.float32)
        for row, word in enumerate(names):
            rows[row] = self.get_vector(word)
        return KeyedVectors.from_arrays(names, rows)

    def __repr__(self) -> str:
        return f"FloretVectors<vector_size={self.vector_size}, {len(self.table)} rows>"


def load_floret(
    source: Source,
    *,
    limits: Limits = DEFAULT,
    keys: KeySource | None = None,
    allow_nonfinite: bool = False,
) -> FloretVectors | KeyedVectors:
    r"""Load a floret table (``.floret``).

    Parameters
    ----------
    source
        The file, or a file object open for reading bytes.
    limits
        Bounds on what the file may ask for.
    keys
        Words, or the path of a text with one a line.
    allow_nonfinite
        Load NaN and infinity too.

    Returns
    -------
    FloretVectors or KeyedVectors
        The latter, with the vectors of the ``keys``, when they are given.

    Raises
    ------
    HeaderError, RowError, TruncatedFileError, NonFiniteError, LimitError
        When the file is not what it claims to be.

    Examples
    --------
    >>> import io
    >>> load_floret(io.BytesIO(b"2 2 3 5 1 0 < >\n0 0.5 1\n1 2 3\n"))
    FloretVectors<vector_size=2, 2 rows>
    """
    with opened(source, _TITLE, limits) as reader:
        rows, size, hashing = _header(reader)
        body = _Body(reader, b"%d %d\n" % (rows, size))
        try:
            numbers, table, _, _ = _core.read_vectors(
                body,
                "text",
                dtype="float32",
                limit=None,
                count_actual=False,
                allow_nonfinite=allow_nonfinite,
                encoding="utf8",
                errors="strict",
                limits=limits,
            )
        except FormatError as error:  # as the rows of a text that they are for the core
            raise type(error)(str(error).replace("(word2vec text)", f"({_TITLE})", 1)) from None
        names = numbers.keys()
        if names != [str(row) for row in range(rows)]:
            at = next((row for row, name in enumerate(names) if name != str(row)), len(names))
            found = names[at][:40] if at < len(names) else "one that came before"
            raise reader.error(RowError, f"line {at + 2} is of row {found!r}, expected {at}")
    return vectors_of_words(
        reader.subject, table, hashing, keys, allow_nonfinite=allow_nonfinite, limits=limits
    )


def vectors_of_words(
    subject: Subject,
    table: NDArray[Any],
    hashing: Hashing,
    keys: KeySource | None,
    *,
    allow_nonfinite: bool,
    limits: Limits,
) -> FloretVectors | KeyedVectors:
    """Return a table as it is, or the vectors of some words."""
    if not len(table):
        raise subject.error(HeaderError, "a table without rows")
    with np.errstate(over="ignore"):  # what becomes infinite is found now
        rows = np.ascontiguousarray(table, np.float32)
    if not allow_nonfinite and not np.isfinite(rows).all():
        raise subject.error(
            NonFiniteError,
            "holds NaN, infinity or a number too large for float32; allow_nonfinite=True loads it",
        )
    vectors = FloretVectors(rows, hashing)
    if keys is None:
        return vectors
    given = read_word_list(keys, limits) if isinstance(keys, str | PathLike) else keys
    return vectors.keyed_vectors(dict.fromkeys(given))


def is_header(line: bytes) -> bool:
    """Whether a line is the first of a floret table."""
    parts = line.split()
    return len(parts) == 8 and all(map(_is_integer, parts[:6]))


def _is_integer(text: bytes) -> bool:
    return re.fullmatch(rb"[0-9]{1,10}", text) is not None


def _header(reader: Reader) -> tuple[int, int, Hashing]:
    """Read the first line: rows, dimensions, and how the rows of a word are found."""
    line = reader.file.readline(_MOST_HEADER_BYTES)
    if not line.endswith(b"\n") or not is_header(line):
        raise reader.error(
            HeaderError,
            f"begins with {line[:80]!r}, expected rows, dim, minn, maxn, hashCount, hashSeed, BOW"
            " and EOW",
        )
    *numbers, begin, end = line.split()
    rows, size, min_n, max_n, hash_count, seed = map(int, numbers)
    reader.subject.check_shape(rows, size, reader.limits)
    try:
        hashing = Hashing(min_n, max_n, hash_count, seed, begin.decode(), end.decode())
    except UnicodeDecodeError:
        raise reader.error(HeaderError, f"BOW and EOW {line[-40:]!r} are not UTF-8") from None
    if not rows or not hashing.is_possible():
        raise reader.error(
            HeaderError,
            f"{rows} rows, minn {min_n}, maxn {max_n}, hashCount {hash_count}, hashSeed {seed};"
            f" expected rows, minn up to maxn up to {MOST_NGRAM}, 1 to 4 hashes, a 32-bit seed",
        )
    return rows, size, hashing


class _Body:
    """The rows of a table, under the header that the core wants over a text."""

    def __init__(self, reader: Reader, header: bytes) -> None:
        self.name = reader.subject.name
        self._file: IO[bytes] = reader.file
        self._header = header

    def read(self, size: int, /) -> bytes:
        """Return some bytes, none at the end."""
        header, self._header = self._header, b""
        return header or self._file.read(size)
