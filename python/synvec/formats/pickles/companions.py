"""The files beside a pickle that gensim puts large arrays in.

``<file>.<attribute>.npy`` beside a plain pickle; beside one that ends in ``.gz`` or ``.bz2``,
``<file>.<attribute>.npz``: a zip archive with the array under the name ``val``. Attributes of
attributes have longer names, as ``<file>.wv.vectors.npy``. The pickle lists their names; only plain
names are taken, so that nothing but a file beside the pickle is ever opened.
"""

from __future__ import annotations

import errno
import math
import re
import zipfile
import zlib
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from synvec.errors import (
    ChecksumError,
    FormatError,
    HeaderError,
    LimitError,
    TruncatedFileError,
    UnsafePickleError,
    UnsupportedFormatError,
)
from synvec.formats.limits import Limits
from synvec.formats.pickles.standins import Array, Instance

_ATTRIBUTE = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}")
_COMPRESSED = (".gz", ".bz2")
_DEEPEST = 4
_BLOCK = 1 << 20
_RATIO_GRACE_BYTES = 256 << 20  # as for compressed files elsewhere

# NumPy's NEP 1, as np.save writes arrays of plain numbers since 2008.
_MAGIC = b"\x93NUMPY\x01\x00"
_HEADER = re.compile(
    rb"\{'descr': '([<>|](?:f[248]|[iu][1248]|b1))', 'fortran_order': (True|False), "
    rb"'shape': \(((?:\d{1,15}L?, ?)*(?:\d{1,15}L?)?)\), \} *\n"
)


def attach(top: Instance, path: Path | None, name: str, limits: Limits) -> None:
    """Put a `Companion` where an attribute of a model lies in a file of its own."""
    _attach(top, "" if path is None else str(path), path is None, name, limits, _DEEPEST)


def _attach(
    owner: Instance, prefix: str, is_stream: bool, name: str, limits: Limits, depth: int
) -> None:
    if depth == 0:
        raise HeaderError(f"{name}: gensim pickle: attributes lie in one another's files in a ring")
    if owner.find("__scipys"):
        raise UnsupportedFormatError(
            f"{name}: gensim pickle: sparse matrices lie beside it, which no word vectors have"
        )
    for attribute in _names(owner, "__recursive_saveloads", name):
        inner = owner.instance(attribute)
        if inner is not None:
            _attach(inner, f"{prefix}.{attribute}", is_stream, name, limits, depth - 1)
    ending = "npz" if name.endswith(_COMPRESSED) else "npy"
    for attribute in _names(owner, "__numpys", name):
        if isinstance(owner.find(attribute), Array):
            continue  # a model that was saved once and then pickled whole has it inside
        file = f"{prefix}.{attribute}.{ending}"
        if is_stream:
            raise UnsupportedFormatError(
                f"{name}: gensim pickle: its {attribute} lie in a file beside it (*{file}), and a"
                " stream has none; open it by its path"
            )
        owner.state[attribute] = Companion(Path(file), name, limits)


def _names(owner: Instance, key: str, name: str) -> list[str]:
    found = owner.find(key) or []
    if not isinstance(found, list):
        raise HeaderError(f"{name}: gensim pickle: {key} is a {type(found).__name__}, not a list")
    names = [item.decode("ascii", "replace") if isinstance(item, bytes) else item for item in found]
    for attribute in names:
        if not isinstance(attribute, str) or not _ATTRIBUTE.fullmatch(attribute):
            raise UnsafePickleError(
                f"{name}: a pickle that names {attribute!r:.200} as a file beside it, expected a"
                " plain name; nothing was opened"
            )
    return names


class Companion:
    """An array in a file beside the pickle; the file is opened when it is first asked something."""

    def __init__(self, path: Path, owner: str, limits: Limits) -> None:
        self.path = path
        self._owner = owner
        self._limits = limits
        self._header: tuple[tuple[int, ...], np.dtype[Any], bool, int] | None = None

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape that the file's header gives, once the file was found to be as long."""
        return self._read_header()[0]

    @property
    def dtype(self) -> np.dtype[Any]:
        """The type of its numbers."""
        return self._read_header()[1]

    def read(self, rows: int | None = None) -> NDArray[Any]:
        """Return the numbers; the first rows alone when ``rows`` says so."""
        shape, dtype, is_fortran, start = self._read_header()
        if rows is not None and shape and not is_fortran:
            shape = (min(rows, shape[0]), *shape[1:])
        size = math.prod(shape)
        with self._failing():
            if self.path.suffix == ".npy":
                flat = np.fromfile(self.path, dtype, size, offset=start)
                filled = flat.nbytes
            else:
                flat = np.empty(size, dtype)
                filled = self._unzip(flat, start)
        if filled != size * dtype.itemsize:
            raise self._truncated(size * dtype.itemsize, filled)
        return flat.reshape(shape, order="F" if is_fortran else "C")[:rows]

    def _unzip(self, flat: NDArray[Any], start: int) -> int:
        """Fill an array from the archive; return how many bytes there were."""
        out = flat.view(np.uint8)
        with zipfile.ZipFile(self.path) as archive, archive.open("val.npy") as file:
            file.read(start)
            filled = 0
            while filled < len(out) and (block := file.read(min(_BLOCK, len(out) - filled))):
                out[filled : filled + len(block)] = np.frombuffer(block, np.uint8)
                filled += len(block)
            file.read(1)  # at the end the archive's checksum is looked at
        return filled

    def _read_header(self) -> tuple[tuple[int, ...], np.dtype[Any], bool, int]:
        if self._header is None:
            if not self.path.is_file():
                raise TruncatedFileError(
                    f"{self.path}: missing; {self._owner} is a gensim pickle whose arrays lie in"
                    " files beside it: copy them along, under the names that gensim gave them"
                )
            with self._failing():
                if self.path.suffix == ".npy":
                    with self.path.open("rb") as file:
                        self._header = self._parse(file, self.path.stat().st_size)
                else:
                    with zipfile.ZipFile(self.path) as archive:
                        info = archive.getinfo("val.npy")
                        self._check_expansion(info.file_size, info.compress_size)
                        with archive.open(info) as member:
                            self._header = self._parse(member, info.file_size)
        return self._header

    def _parse(
        self, file: IO[bytes], size: int
    ) -> tuple[tuple[int, ...], np.dtype[Any], bool, int]:
        head = file.read(len(_MAGIC) + 2)
        if len(head) < len(_MAGIC) + 2:
            raise self._truncated(len(_MAGIC) + 2, len(head))
        length = int.from_bytes(head[-2:], "little")
        text = file.read(length)
        found = _HEADER.fullmatch(text)
        if not head.startswith(_MAGIC) or found is None:
            raise HeaderError(
                f"{self.path}: NumPy: begins with {(head + text)[:100]!r}, expected the header of"
                " an array of numbers; save the model in gensim again"
            )
        dtype = np.dtype(found[1].decode())
        shape = tuple(int(part.strip(b" L")) for part in found[3].split(b",") if part.strip(b" L"))
        start = len(head) + length
        needed = start + math.prod(shape) * dtype.itemsize
        if needed > size:
            raise self._truncated(needed, size)
        if needed < size:
            raise HeaderError(
                f"{self.path}: NumPy: {needed} bytes hold an array of shape {shape}, {size} are"
                " there; copy the file anew"
            )
        return shape, dtype, found[2] == b"True", start

    def _check_expansion(self, unfolded: int, raw: int) -> None:
        limits = self._limits
        ratio = unfolded / max(raw, 1)
        if unfolded > limits.max_decompressed_bytes:
            name, limit = "max_decompressed_bytes", limits.max_decompressed_bytes
        elif unfolded > _RATIO_GRACE_BYTES and ratio > limits.max_expansion_ratio:
            name, limit = "max_expansion_ratio", limits.max_expansion_ratio
        else:
            return
        raise LimitError(
            f"{self.path}: {raw} compressed bytes unfold to {unfolded}, beyond {name} = {limit}; if"
            f" it is meant, load with limits=synvec.Limits({name}=…)"
        )

    def _truncated(self, needed: int, found: int) -> FormatError:
        return TruncatedFileError(
            f"{self.path}: NumPy: {needed} bytes are needed, {found} are there; copy the file anew"
        )

    def _failing(self) -> _ArchiveErrors:
        return _ArchiveErrors(self.path)


class _ArchiveErrors:
    """Tells what `zipfile` raises about a damaged archive as a `FormatError`."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if error is None or isinstance(error, FormatError):
            return
        # An OSError is the system's, but for a place before the file's beginning.
        if isinstance(error, OSError) and error.errno != errno.EINVAL:
            return
        if isinstance(error, EOFError):
            raise TruncatedFileError(f"{self._path}: NumPy archive: it ends early") from None
        if isinstance(error, zipfile.BadZipFile | zlib.error) and "CRC" in str(error):
            raise ChecksumError(f"{self._path}: NumPy archive: {error}; copy it anew") from None
        # zipfile lets much through when a directory lies: KeyError, struct.error, RuntimeError (a
        # password), NotImplementedError, UnicodeDecodeError, OverflowError …
        if isinstance(error, Exception):
            raise HeaderError(
                f"{self._path}: NumPy archive: {type(error).__name__}: {error}; copy it anew, or"
                " save the model in gensim again"
            ) from None


Numbers = Array | Companion
"""An array, wherever its numbers lie."""
