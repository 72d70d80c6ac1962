"""NumPy's files: a ``.npy`` matrix with its keys in a text beside it, or both in one ``.npz``."""

from __future__ import annotations

import errno
import lzma
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from os import PathLike, fspath
from typing import IO, TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from synvec import _core
from synvec.errors import (
    ChecksumError,
    EncodingError,
    FormatError,
    HeaderError,
    RowError,
    TruncatedFileError,
    UnsupportedFormatError,
)
from synvec.formats.assembling import assemble, rows_to_write
from synvec.formats.limits import DEFAULT, Limits, check_limit
from synvec.formats.native import as_counts
from synvec.formats.npy import array_file, read_array_header, read_matrix
from synvec.formats.reading import Reader, Subject, opened
from synvec.formats.sources import Source, Target, name_of
from synvec.formats.tensors import array_blocks
from synvec.formats.word_lists import (
    KeySource,
    check_counts_agree,
    keys_of,
    stem_of,
    word_list,
)
from synvec.formats.writing import Pending

if TYPE_CHECKING:
    from synvec.keyed_vectors import KeyedVectors

_ARRAY_TITLE, _ARCHIVE_TITLE = "NumPy array", "NumPy archive"

# The list of members is read in one go; a real one has some hundred bytes.
_MOST_BYTES_AT_ONCE = 4 << 20
_MOST_MEMBERS = 64
_KEYS_A_BLOCK = 1 << 14


# --- .npy -----------------------------------------------------------------------------------------


def load_numpy(
    source: Source,
    *,
    limits: Limits = DEFAULT,
    keys: KeySource | None = None,
    limit: int | None = None,
    allow_nonfinite: bool = False,
) -> KeyedVectors:
    """Load a ``.npy`` matrix, and its keys from a text with one a line.

    Parameters
    ----------
    source
        The file, or a file object open for reading bytes.
    limits
        Bounds on what the files may ask for.
    keys
        The V keys, or the path of the text; by default it is beside the file: for ``a.npy``,
        ``a.keys.txt``, ``a.vocab`` or ``a.txt``.
    limit
        Read so many rows at most.
    allow_nonfinite
        Load NaN and infinity too.

    Raises
    ------
    HeaderError, TruncatedFileError, EncodingError, NonFiniteError, LimitError
        When a file is not what it claims to be, or the two do not belong together.
    UnsafePickleError
        For an array of Python objects.
    UnsupportedFormatError
        For what is no matrix of floats, or when there are no keys.

    Examples
    --------
    >>> import io
    >>> import numpy as np
    >>> file = io.BytesIO()
    >>> np.save(file, np.eye(2, dtype=np.float32))
    >>> load_numpy(io.BytesIO(file.getvalue()), keys=["a", "b"])["b"]
    array([0., 1.], dtype=float32)
    """
    check_limit(limit)
    with opened(source, _ARRAY_TITLE, limits) as reader:
        vectors = read_matrix(reader)
    names = keys_of(reader.subject, source, keys, len(vectors), limits)
    return assemble(
        reader.subject,
        names[:limit],
        vectors[:limit],
        allow_nonfinite=allow_nonfinite,
        limits=limits,
    )


def export_numpy(
    vectors: KeyedVectors,
    target: Target,
    *,
    keys: Target | None = None,
    allow_nonfinite: bool = False,
) -> None:
    r"""Save a ``.npy`` matrix, and its keys in a text with one a line.

    Two files cannot be replaced in one step: after a crash between the two, one may be new and the
    other old. An ``.npz`` is one file.

    Parameters
    ----------
    vectors
        What is written; counts are not.
    target
        The file, or a file object open for writing bytes.
    keys
        Where the keys go; by default for ``a.npy`` to ``a.keys.txt``.
    allow_nonfinite
        Write NaN and infinity too.

    Raises
    ------
    RowError
        For a key that cannot stand on a line of its own.
    NonFiniteError
        When there is a NaN or an infinity.
    TypeError
        For a file object without ``keys``.
    OSError
        When the system refuses.

    Examples
    --------
    >>> import io
    >>> from synvec import KeyedVectors
    >>> numbers, names = io.BytesIO(), io.BytesIO()
    >>> export_numpy(KeyedVectors.from_arrays(["a"], [[0.5, 1]]), numbers, keys=names)
    >>> names.getvalue()
    b'a\n'
    """
    if keys is None:
        if not isinstance(target, str | PathLike):
            raise TypeError("a file object has no place beside it for the keys; pass keys=")
        keys = stem_of(fspath(target)) + ".keys.txt"
    rows = rows_to_write(vectors, target, _ARRAY_TITLE, allow_nonfinite)
    _core.write_blocks(keys, word_list(vectors.key_table.texts().keys(), keys))
    _core.write_blocks(target, array_file("<f4", rows.shape, array_blocks(rows)))


# --- .npz -----------------------------------------------------------------------------------------


def load_npz(
    source: Source,
    *,
    limits: Limits = DEFAULT,
    limit: int | None = None,
    allow_nonfinite: bool = False,
) -> KeyedVectors:
    """Load an ``.npz`` archive with the arrays ``keys``, ``vectors`` and perhaps ``counts``.

    Nothing of it is unpacked to the disk, and no pickle is opened.

    Parameters
    ----------
    source
        The file, or a file object open for reading bytes.
    limits
        Bounds on what the file may ask for.
    limit
        Take so many rows at most.
    allow_nonfinite
        Load NaN and infinity too.

    Raises
    ------
    HeaderError, TruncatedFileError, ChecksumError, EncodingError, NonFiniteError, LimitError
        When the file is not what it claims to be.
    UnsafePickleError
        For an array of Python objects.
    UnsupportedFormatError
        For an archive without these arrays, or with members that have no business in one.

    Examples
    --------
    >>> import io
    >>> import numpy as np
    >>> file = io.BytesIO()
    >>> np.savez(file, keys=np.array(["a", "b"]), vectors=np.eye(2, dtype=np.float32))
    >>> load_npz(io.BytesIO(file.getvalue()))["b"]
    array([0., 1.], dtype=float32)
    """
    check_limit(limit)
    with opened(source, _ARCHIVE_TITLE, limits) as reader, _archive(reader) as archive:
        members = _members(reader.subject, archive)
        with _member(reader, archive, members["vectors.npy"]) as member:
            vectors = read_matrix(member)
        with _member(reader, archive, members["keys.npy"]) as member:
            keys = _read_keys(reader.subject, member, len(vectors))
        counts = None
        if "counts.npy" in members:
            with _member(reader, archive, members["counts.npy"]) as member:
                counts = _read_counts(member, len(keys))
    return assemble(
        reader.subject,
        keys[:limit],
        vectors[:limit],
        counts=None if counts is None else counts[:limit],
        allow_nonfinite=allow_nonfinite,
        limits=limits,
    )


class _Doled:
    """A file that gives no more than some megabytes at once, whatever an archive asks for."""

    def __init__(self, file: IO[bytes]) -> None:
        self.seek, self.tell, self._file = file.seek, file.tell, file
        self.seekable = file.seekable

    def read(self, size: int = -1) -> bytes:
        """Return so many bytes, fewer at the end; all that are left when no number is given."""
        most = _MOST_BYTES_AT_ONCE
        data = self._file.read(most + 1 if size < 0 else min(size, most + 1))
        if len(data) > most:
            raise zipfile.BadZipFile(f"a list of more than {most} bytes")
        return data


@contextmanager
def _archive(reader: Reader) -> Iterator[zipfile.ZipFile]:
    """Open an archive; whatever zipfile and its decoders raise becomes one of our errors."""
    try:
        with zipfile.ZipFile(_Doled(reader.file)) as archive:
            yield archive
    except FormatError:
        raise
    except zipfile.BadZipFile as error:
        kind = ChecksumError if "CRC" in str(error) else HeaderError
        raise reader.error(kind, f"is cut or damaged, fetch it again: {error}") from None
    except (zlib.error, lzma.LZMAError, EOFError) as error:
        raise reader.error(TruncatedFileError, f"a member is cut or damaged: {error}") from None
    except RuntimeError as error:  # a password, or a method that zipfile does not know
        raise reader.error(UnsupportedFormatError, f"{error}; save it again") from None
    except (ValueError, OverflowError, struct.error) as error:  # places outside the file
        raise reader.error(HeaderError, f"is cut or damaged, fetch it again: {error}") from None
    except OSError as error:
        if error.errno not in (None, errno.EINVAL):  # bzip2's own has no code
            raise
        raise reader.error(HeaderError, f"is cut or damaged, fetch it again: {error}") from None


def _members(subject: Subject, archive: zipfile.ZipFile) -> dict[str, zipfile.ZipInfo]:
    listed = archive.infolist()
    members = {info.filename: info for info in listed}
    for info in listed[:_MOST_MEMBERS]:
        name = info.filename
        if not name.endswith(".npy") or set(name) & {"/", "\\"} or _is_special(info):
            raise subject.error(
                UnsupportedFormatError,
                f"the zip archive holds {name[:60]!r}, expected arrays alone; nothing was unpacked",
            )
    if len(members) < len(listed) or len(listed) > _MOST_MEMBERS:
        raise subject.error(
            HeaderError,
            f"{len(listed)} members with {len(members)} names, expected each once and at most"
            f" {_MOST_MEMBERS}",
        )
    if not {"keys.npy", "vectors.npy"} <= set(members):
        names = ", ".join(name.removesuffix(".npy") for name in members) or "none"
        raise subject.error(
            UnsupportedFormatError,
            f"has the arrays {names[:200]}, expected keys and vectors; save it with"
            " np.savez(path, keys=…, vectors=…)",
        )
    return members


def _is_special(info: zipfile.ZipInfo) -> bool:
    mode = info.external_attr >> 16
    return bool(mode) and stat.S_IFMT(mode) not in (0, stat.S_IFREG)


@contextmanager
def _member(reader: Reader, archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> Iterator[Reader]:
    subject = Subject(f"{reader.subject.name}: {info.filename}", _ARCHIVE_TITLE)
    limits, size = reader.limits, info.file_size
    if info.compress_type == zipfile.ZIP_STORED and size > reader.size:
        raise subject.error(HeaderError, f"{size} bytes in an archive of {reader.size}")
    if size > limits.max_decompressed_bytes:
        what = f"{info.compress_size} compressed bytes unfold to {size}"
        raise subject.beyond(what, "max_decompressed_bytes", limits.max_decompressed_bytes)
    # By the bytes of the file: what a member claims to take up is a claim, too.
    reader.check_expansion(size)
    with archive.open(info) as file:
        yield Reader(file, size, subject, limits)
        # zipfile compares the checksum when it meets the end.
        if file.read(1):
            raise subject.error(HeaderError, f"goes on after its {size} bytes")


def _read_keys(archive: Subject, member: Reader, rows: int) -> list[str]:
    header = read_array_header(member)
    if header.dtype.kind not in "US" or len(header.shape) != 1:
        raise member.error(
            UnsupportedFormatError,
            f"an array of shape {header.shape} and type {header.dtype}, expected a list of text",
        )
    limit = member.limits.max_key_bytes
    if header.dtype.itemsize > 4 * limit:
        what = f"keys of {header.dtype.itemsize} bytes"
        raise member.subject.beyond(what, "max_key_bytes", limit)
    check_counts_agree(archive, header.shape[0], rows)
    if header.shape[0] and not header.dtype.itemsize:
        raise member.error(EncodingError, "keys of no length, expected some text in each")
    keys: list[str] = []
    for start in range(0, header.shape[0], _KEYS_A_BLOCK):
        count = min(_KEYS_A_BLOCK, header.shape[0] - start)
        try:
            part = member.array(header.dtype, count, "the keys").tolist()
            keys += part if header.dtype.kind == "U" else (key.decode() for key in part)
        except FormatError:
            raise
        except (ValueError, OverflowError, SystemError) as error:  # as NumPy tells bad characters
            raise member.error(
                EncodingError, f"a key from row {start} on is not text: {error}"
            ) from None
    return keys


def _read_counts(member: Reader, rows: int) -> NDArray[np.uint64]:
    header = read_array_header(member)
    if header.dtype.kind not in "iu" or header.shape != (rows,):
        raise member.error(
            HeaderError,
            f"an array of shape {header.shape} and type {header.dtype}, expected {rows} integers",
        )
    counts = member.array(header.dtype, rows, "the counts")
    if rows and counts.min() < 0:
        raise member.error(HeaderError, f"the count {counts.min()}, expected 0 or more")
    return counts.astype(np.uint64)


def export_npz(vectors: KeyedVectors, target: Target, *, allow_nonfinite: bool = False) -> None:
    """Save an ``.npz`` archive with ``keys``, ``vectors`` and, where they are known, ``counts``.

    ``np.load(path)`` opens it.

    Parameters
    ----------
    vectors
        What is written.
    target
        The file, or a file object open for writing bytes.
    allow_nonfinite
        Write NaN and infinity too.

    Raises
    ------
    RowError
        For an empty key, or one that ends in a NUL, which NumPy would drop.
    NonFiniteError
        When there is a NaN or an infinity.
    OSError
        When the system refuses; the old file is left.

    Examples
    --------
    >>> import io
    >>> import numpy as np
    >>> from synvec import KeyedVectors
    >>> file = io.BytesIO()
    >>> export_npz(KeyedVectors.from_arrays(["a"], [[0.5, 1]]), file)
    >>> np.load(io.BytesIO(file.getvalue()))["keys"]
    array(['a'], dtype='<U1')
    """
    rows = rows_to_write(vectors, target, _ARCHIVE_TITLE, allow_nonfinite)
    keys = vectors.key_table.texts().keys()
    for key in keys:
        if not key or key.endswith("\0"):
            subject = Subject(name_of(target), _ARCHIVE_TITLE)
            raise subject.error(RowError, f"the key {key!r} cannot stand in an array; rename it")
    width = f"<U{max(map(len, keys), default=1)}"
    texts = (
        np.array(keys[start : start + _KEYS_A_BLOCK], width).tobytes()
        for start in range(0, len(keys), _KEYS_A_BLOCK)
    )
    members = {
        "keys.npy": array_file(width, (len(keys),), texts),
        "vectors.npy": array_file("<f4", rows.shape, array_blocks(rows)),
    }
    if vectors.known_counts is not None:
        counts = as_counts(vectors.known_counts)
        members["counts.npy"] = array_file("<u8", counts.shape, array_blocks(counts))
    _core.write_blocks(target, _archive_blocks(members))


def _archive_blocks(members: dict[str, Iterator[bytes]]) -> Iterator[bytes]:
    """Yield the bytes of an archive while it is made; only the keys, mostly zeros, shrink."""
    pending = Pending()
    with zipfile.ZipFile(pending, "w") as archive:  # type: ignore[call-overload]
        for name, blocks in members.items():
            info = zipfile.ZipInfo(name)  # of 1980: the same vectors are the same bytes
            if name == "keys.npy":
                info.compress_type = zipfile.ZIP_DEFLATED
            with archive.open(info, "w", force_zip64=True) as member:
                for block in blocks:
                    member.write(block)
                    yield from pending.take()
    yield from pending.take()
