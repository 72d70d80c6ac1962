"""finalfusion's files: a vocabulary, vectors of length 1 (or codes for them), and their lengths.

A file is a header and chunks: metadata, vocabulary, storage, norms. The layout is told in
https://finalfusion.github.io/spec, and in the sources of finalfusion-rust where that is silent:
numbers are aligned to four bytes by one to four bytes of padding, never none.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from synvec import _core
from synvec.errors import EncodingError, HeaderError, UnsupportedFormatError
from synvec.formats.assembling import assemble, rows_to_write
from synvec.formats.limits import DEFAULT, Limits, check_limit
from synvec.formats.reading import Reader, opened
from synvec.formats.sources import Source, Target
from synvec.formats.tensors import array_blocks
from synvec.warning import warn_caller

if TYPE_CHECKING:
    from synvec.keyed_vectors import KeyedVectors

MAGIC = b"FiFu"
_TITLE = "finalfusion"

_SIMPLE, _ARRAY, _BUCKETS, _QUANTIZED, _METADATA, _NORMS, _FASTTEXT, _EXPLICIT = range(1, 9)
_VOCABULARIES = {_SIMPLE, _BUCKETS, _FASTTEXT, _EXPLICIT}
_FLOAT32, _UINT8 = 10, 1
_MOST_CHUNKS = 16
_KEYS_A_BLOCK = 1 << 16
_ROWS_A_BLOCK = 1 << 14


def load_finalfusion(
    source: Source,
    *,
    limits: Limits = DEFAULT,
    limit: int | None = None,
    allow_nonfinite: bool = False,
) -> KeyedVectors:
    """Load the words of a finalfusion file (``.fifu``), quantised or not.

    Vectors are multiplied by the norms, when the file has them. Rows of subwords, which make
    vectors for unknown words, are left out with a warning; metadata is passed over.

    Parameters
    ----------
    source
        The file, or a file object open for reading bytes.
    limits
        Bounds on what the file may ask for.
    limit
        Read so many words at most.
    allow_nonfinite
        Load NaN and infinity too.

    Raises
    ------
    HeaderError, TruncatedFileError, EncodingError, NonFiniteError, LimitError
        When the file is not what it claims to be.
    UnsupportedFormatError
        For another version, a vocabulary without words (floret's), or numbers of other types.

    Examples
    --------
    >>> load_finalfusion("german-skipgram.fifu")  # doctest: +SKIP
    KeyedVectors<vector_size=300, 710288 keys>
    """
    check_limit(limit)
    with opened(source, _TITLE, limits) as reader:
        file = _File(reader, limit)
        file.read()
        if file.vectors is None or file.keys is None:
            raise reader.error(HeaderError, "has no vocabulary or no vectors")
        vectors = file.vectors
        if file.norms is not None:
            with np.errstate(over="ignore", invalid="ignore"):  # told with the key, below
                vectors *= file.norms[:, None]
        if file.subwords:
            message = f"{reader.subject.name}: {file.subwords} rows of subwords were left out"
            warn_caller(message)
        return assemble(
            reader.subject, file.keys, vectors, allow_nonfinite=allow_nonfinite, limits=limits
        )


class _File:
    """What has been found in the chunks of a file so far."""

    def __init__(self, reader: Reader, limit: int | None) -> None:
        self.reader = reader
        self._limit = limit
        self.words = 0
        self.subwords = 0
        self.keys: list[str] | None = None
        self.vectors: NDArray[np.float32] | None = None
        self.norms: NDArray[np.float32] | None = None

    @property
    def taken(self) -> int:
        """How many words are asked for."""
        return self.words if self._limit is None else min(self._limit, self.words)

    def read(self) -> None:
        """Read the header and every chunk."""
        declared, found = self._header(), []
        while self.reader.remaining:
            kind = self.reader.number(4, "a chunk's number")
            length = self.reader.number(8, "a chunk's length")
            self.reader.need(length, f"chunk {kind}")
            end = self.reader.offset + length
            found.append(kind)
            self._chunk(kind, end)
            if self.reader.offset != end and kind != _EXPLICIT:
                raise self.reader.error(
                    HeaderError,
                    f"chunk {kind} ends at byte {self.reader.offset}, by its length at {end}",
                )
        # Older versions did not name the norms in the header.
        bare = [kind for kind in found if kind != _NORMS]
        if declared not in (found, bare):
            raise self.reader.error(
                HeaderError, f"has the chunks {found}, the header speaks of {declared}"
            )

    def _header(self) -> list[int]:
        magic = self.reader.read(4, "the magic")
        if magic != MAGIC:
            raise self.reader.error(HeaderError, f"begins with {magic!r}, expected {MAGIC!r}")
        version = self.reader.number(4, "the version")
        if version != 0:
            raise self.reader.error(UnsupportedFormatError, f"version {version}, expected 0")
        chunks = self.reader.number(4, "the number of chunks")
        if chunks > _MOST_CHUNKS:
            raise self.reader.error(
                HeaderError, f"speaks of {chunks} chunks, expected at most {_MOST_CHUNKS}"
            )
        return [self.reader.number(4, "a chunk's number") for _ in range(chunks)]

    def _chunk(self, kind: int, end: int) -> None:
        if kind in _VOCABULARIES and self.keys is None:
            self._vocabulary(kind, end)
        elif kind in (_ARRAY, _QUANTIZED) and self.keys is not None and self.vectors is None:
            self.vectors = self._array() if kind == _ARRAY else self._quantized()
        elif kind == _NORMS and self.vectors is not None and self.norms is None:
            self._read_norms()
        elif kind == _METADATA:
            self.reader.skip(end - self.reader.offset, "the metadata")
        elif kind in (*_VOCABULARIES, _ARRAY, _QUANTIZED, _NORMS):
            raise self.reader.error(
                HeaderError, f"chunk {kind} is not where it belongs, expected words, vectors, norms"
            )
        else:
            raise self.reader.error(
                UnsupportedFormatError, f"chunk {kind} (9 is floret's vocabulary) is not read"
            )

    def _vocabulary(self, kind: int, end: int) -> None:
        count = self.reader.number(8, "the number of words")
        explicit = self.reader.number(8, "the number of subwords") if kind == _EXPLICIT else 0
        # Of subwords, the shortest and the longest, and, of hashed ones, how many.
        self.reader.skip({_SIMPLE: 0, _EXPLICIT: 8}.get(kind, 12), "the subwords' sizes")
        self.reader.subject.check_shape(count, 1, self.reader.limits)
        if count > (end - self.reader.offset) // 4:
            raise self.reader.error(
                HeaderError, f"{count} words in {end - self.reader.offset} bytes, each takes 4"
            )
        self.words = count
        begin = self.reader.offset
        text = self.reader.read(end - begin, "the words")
        self.keys, place = [], 0
        for row in range(count):
            key, place = self._word(text, place, row)
            self.keys.append(key)
        self.keys = self.keys[: self.taken]
        if kind != _EXPLICIT and place < len(text):
            raise self.reader.error(
                HeaderError, f"chunk {kind} ends at byte {begin + place}, by its length at {end}"
            )
        if kind == _EXPLICIT and not self._is_storage_next():
            # The Python package leaves the subwords' places, 8 bytes each, out of the length.
            self.reader.skip(8 * explicit, "the subwords")

    def _is_storage_next(self) -> bool:
        offset = self.reader.offset
        kind = int.from_bytes(self.reader.file.read(4), "little")
        length = int.from_bytes(self.reader.file.read(8), "little")
        fits = length <= self.reader.remaining
        self.reader.file.seek(offset)
        return kind in (_ARRAY, _QUANTIZED) and fits

    def _word(self, text: bytes, place: int, row: int) -> tuple[str, int]:
        """Return the word at a place, and the place after it."""
        start = place + 4
        length = int.from_bytes(text[place:start], "little")
        limit = self.reader.limits.max_key_bytes
        if length > limit:
            what = f"word {row} has {length} bytes"
            raise self.reader.subject.beyond(what, "max_key_bytes", limit)
        if start + length > len(text):
            raise self.reader.error(
                HeaderError, f"word {row} of {length} bytes goes beyond the end of its chunk"
            )
        try:
            return text[start : start + length].decode(), start + length
        except UnicodeDecodeError as error:
            raise self.reader.error(
                EncodingError, f"word {row} is not UTF-8 at its byte {error.start}"
            ) from None

    def _array(self) -> NDArray[np.float32]:
        rows = self.reader.number(8, "the number of rows")
        size = self.reader.number(4, "the number of columns")
        self._check_rows(rows, size)
        self._check_type("the vectors", _FLOAT32)
        self._skip_padding()
        self.reader.need(rows * size * 4, "the vectors")
        vectors = self.reader.array("<f4", self.taken * size, "the vectors")
        self.reader.skip((rows - self.taken) * size * 4, "the other vectors")
        return vectors.reshape(self.taken, size)

    def _quantized(self) -> NDArray[np.float32]:
        has_projection, has_norms = (self._flag() for _ in range(2))
        parts, size, centroids = (self.reader.number(4, "a size of the codes") for _ in range(3))
        rows = self.reader.number(8, "the number of rows")
        self._check_rows(rows, size)
        if not parts or size % parts or not 0 < centroids <= 256:
            raise self.reader.error(
                HeaderError,
                f"{size} dimensions in {parts} parts of {centroids} centroids, expected equal parts"
                " and at most 256",
            )
        self._check_type("the codes", _UINT8)
        self._check_type("the vectors", _FLOAT32)
        self._skip_padding()
        projection = self.reader.array("<f4", size * size * has_projection, "the projection")
        shape = (parts, centroids, size // parts)
        books = self.reader.array("<f4", size * centroids, "the centroids").reshape(shape)
        norms = self.reader.array("<f4", rows * has_norms, "the norms of the codes")
        self.reader.need(rows * parts, "the codes")
        codes = self.reader.array("u1", self.taken * parts, "the codes").reshape(-1, parts)
        self.reader.skip((rows - self.taken) * parts, "the other codes")
        if codes.size and codes.max() >= centroids:
            raise self.reader.error(
                HeaderError, f"a code is {codes.max()}, there are {centroids} centroids"
            )
        self.reader.check_expansion(self.taken * size * 4)
        turning = projection.reshape(size, size).T if has_projection else None
        return _reconstructed(codes, books, turning, norms[: self.taken] if has_norms else None)

    def _read_norms(self) -> None:
        count = self.reader.number(8, "the number of norms")
        if count != self.words:
            raise self.reader.error(HeaderError, f"{count} norms for {self.words} words")
        self._check_type("the norms", _FLOAT32)
        self._skip_padding()
        self.norms = self.reader.array("<f4", count, "the norms")[: self.taken]

    def _check_rows(self, rows: int, size: int) -> None:
        """Words have a row each, and subwords have those after them."""
        self.reader.subject.check_shape(rows, size, self.reader.limits)
        if rows < self.words:
            raise self.reader.error(HeaderError, f"{rows} vectors for {self.words} words")
        self.subwords = rows - self.words

    def _check_type(self, what: str, expected: int) -> None:
        found = self.reader.number(4, f"the type of {what}")
        if found != expected:
            raise self.reader.error(
                UnsupportedFormatError, f"{what} have the type {found}, expected {expected}"
            )

    def _flag(self) -> bool:
        flag = self.reader.number(4, "a flag")
        if flag > 1:
            raise self.reader.error(HeaderError, f"a flag is {flag}, expected 0 or 1")
        return flag == 1

    def _skip_padding(self) -> None:
        self.reader.skip(_padding(self.reader.offset), "the padding")


def _reconstructed(
    codes: NDArray[np.uint8],
    books: NDArray[np.float32],
    projection: NDArray[np.float32] | None,
    norms: NDArray[np.float32] | None,
) -> NDArray[np.float32]:
    """Return the vectors of codes: a centroid a part, turned back, and stretched to their norms."""
    parts, _, width = books.shape
    vectors = np.empty((len(codes), parts * width), np.float32)
    with np.errstate(over="ignore", invalid="ignore"):  # told with the key, later
        for start in range(0, len(codes), _ROWS_A_BLOCK):
            block = slice(start, start + _ROWS_A_BLOCK)
            rows = books[np.arange(parts), codes[block]].reshape(-1, parts * width)
            if projection is not None:
                rows = rows @ projection
            vectors[block] = rows if norms is None else rows * norms[block, None]
    return vectors


def _padding(offset: int) -> int:
    return 4 - offset % 4


def export_finalfusion(
    vectors: KeyedVectors, target: Target, *, allow_nonfinite: bool = False
) -> None:
    """Save a finalfusion file: words, unit vectors, and norms.

    Parameters
    ----------
    vectors
        What is written; counts are not. Since finalfusion holds vectors as directions and lengths,
        numbers come back to within rounding (a relative 1e-7).
    target
        The file, or a file object open for writing bytes.
    allow_nonfinite
        Write NaN and infinity too.

    Raises
    ------
    NonFiniteError
        When there is a NaN or an infinity.
    OSError
        When the system refuses; the old file is left.

    Examples
    --------
    >>> import io
    >>> from synvec import KeyedVectors
    >>> file = io.BytesIO()
    >>> export_finalfusion(KeyedVectors.from_arrays(["a"], [[3, 4]]), file)
    >>> load_finalfusion(io.BytesIO(file.getvalue()))["a"]
    array([3., 4.], dtype=float32)
    """
    rows = rows_to_write(vectors, target, _TITLE, allow_nonfinite)
    _core.write_blocks(target, _file(vectors.key_table.texts().keys(), rows))


def _file(keys: list[str], rows: NDArray[np.float32]) -> Iterator[bytes]:
    norms = _core.row_norms(rows)
    header = MAGIC + struct.pack("<5I", 0, 3, _SIMPLE, _ARRAY, _NORMS)
    size = 8 + sum(4 + len(key.encode()) for key in keys)
    yield header + struct.pack("<IQQ", _SIMPLE, size, len(keys))
    for start in range(0, len(keys), _KEYS_A_BLOCK):
        texts = [key.encode() for key in keys[start : start + _KEYS_A_BLOCK]]
        yield b"".join(struct.pack("<I", len(text)) + text for text in texts)
    offset = len(header) + 12 + size
    # A chunk begins with its number and length, 12 bytes; sizes and types of it take 16 or 12.
    padding = _padding(offset + 12 + 16)
    length = 16 + padding + rows.nbytes
    yield struct.pack("<IQQII", _ARRAY, length, *rows.shape, _FLOAT32) + bytes(padding)
    for start in range(0, len(rows), _ROWS_A_BLOCK):
        block = slice(start, start + _ROWS_A_BLOCK)
        lengths = np.where(norms[block] > 0, norms[block], 1)
        yield (rows[block].astype(np.float64) / lengths[:, None]).astype("<f4").tobytes()
    padding = _padding(offset + 12 + length + 12 + 12)
    length = 12 + padding + norms.nbytes
    yield struct.pack("<IQQI", _NORMS, length, len(norms), _FLOAT32) + bytes(padding)
    yield from array_blocks(norms)
