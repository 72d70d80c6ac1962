"""The TensorFlow Embedding Projector's files: numbers between tabs in one, keys in the other.

The layout is that of https://projector.tensorflow.org: ``…_tensor.tsv`` has a vector a line and no
header, ``…_metadata.tsv`` a key a line, or, under a header, a key and more between tabs.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from io import BytesIO
from os import PathLike
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from synvec import _core
from synvec.errors import FormatError, RowError, UnsupportedFormatError
from synvec.formats.assembling import assemble, rows_to_write
from synvec.formats.limits import DEFAULT, Limits, check_limit
from synvec.formats.native import as_counts
from synvec.formats.reading import Subject, opened
from synvec.formats.sources import Source, Target, name_of
from synvec.formats.word_lists import check_counts_agree, read_word_list

if TYPE_CHECKING:
    from synvec.keyed_vectors import KeyedVectors

_TITLE = "Projector TSV"
_TENSOR, _METADATA = "tensor.tsv", "metadata.tsv"

# What the columns of keys and counts go by, where there are several.
_KEY_NAMES, _COUNT = ("key", "word", "token", "label", "text"), "count"
_BLOCK_BYTES, _NUMBERS_A_BLOCK = 1 << 20, 1 << 18


def load_projector(
    source: Source,
    *,
    limits: Limits = DEFAULT,
    metadata: Source | None = None,
    limit: int | None = None,
    allow_nonfinite: bool = False,
) -> KeyedVectors:
    r"""Load a Projector's tensor and its metadata.

    Parameters
    ----------
    source
        The tensor, or a file object open for reading bytes.
    limits
        Bounds on what the files may ask for.
    metadata
        The file of keys; by default the neighbour, for ``a_tensor.tsv`` ``a_metadata.tsv``. When it
        has several columns, the first line names them; keys are in ``key``, ``word``, ``token``,
        ``label`` or ``text``, else in the first.
    limit
        Read so many rows at most.
    allow_nonfinite
        Load NaN and infinity too.

    Returns
    -------
    KeyedVectors
        With counts, when the metadata has a column ``count``.

    Raises
    ------
    HeaderError, RowError, EncodingError, NonFiniteError, LimitError
        When a file is not what it claims to be, or the two do not belong together.
    UnsupportedFormatError
        When there is no metadata.

    Examples
    --------
    >>> import io
    >>> keys = io.BytesIO(b"socket\nyear\n")
    >>> load_projector(io.BytesIO(b"0.5\t1\n2\t3\n"), metadata=keys)["year"]
    array([2., 3.], dtype=float32)
    """
    check_limit(limit)
    subject = Subject(name_of(source), _TITLE)
    metadata = metadata_beside(source) if metadata is None else metadata
    if metadata is None:
        raise subject.error(
            UnsupportedFormatError,
            f"holds no keys, and there is no …_{_METADATA} beside a …_{_TENSOR}; pass metadata=",
        )
    with opened(source, _TITLE, limits) as reader:
        numbered = _Numbered(reader.file, subject.name)
        try:
            found, vectors, _, _ = _core.read_vectors(
                numbered,
                "headerless",
                dtype="float32",
                limit=limit,
                count_actual=False,
                allow_nonfinite=allow_nonfinite,
                encoding="utf8",
                errors="strict",
                limits=limits,
            )
        except FormatError as error:  # as the rows that they were made for the core
            message = str(error).replace("(GloVe text)", f"({_TITLE})", 1)
            raise type(error)(re.sub(r'"row\d+ ', '"', message)) from None
    keys, counts = _read_metadata(metadata, limits, len(found))
    if limit is not None:
        keys, counts = keys[:limit], None if counts is None else counts[:limit]
    check_counts_agree(subject, len(keys), len(found))
    return assemble(
        subject, keys, vectors, counts=counts, allow_nonfinite=allow_nonfinite, limits=limits
    )


class _Numbered:
    """The lines of a tensor, each with a key of its own before it: what the core reads as GloVe."""

    def __init__(self, file: IO[bytes], name: str) -> None:
        self.name = name
        self._file = file
        self._row = 0
        self._is_line_begun = False

    def read(self, size: int, /) -> bytes:
        """Return some bytes, none at the end."""
        block = self._file.read(_BLOCK_BYTES)
        pieces = (block if self._row else block.removeprefix(b"\xef\xbb\xbf")).split(b"\n")
        for index, piece in enumerate(pieces):
            # What is blank stays so: the core knows where a text may have blank lines.
            if not self._is_line_begun and piece.strip():
                pieces[index] = b"row%d %b" % (self._row, piece)
                self._row += 1
                self._is_line_begun = True
            if index < len(pieces) - 1:
                self._is_line_begun = False
        return b"\n".join(pieces)


def metadata_beside(source: Source) -> Path | None:
    """Return the file of keys that belongs to a tensor by its name, when it is there."""
    if not isinstance(source, str | PathLike):
        return None
    path = Path(source)
    found = path.with_name(path.name.replace(_TENSOR, _METADATA))
    return found if found.name != path.name and found.is_file() else None


def _read_metadata(
    source: Source, limits: Limits, rows: int
) -> tuple[list[str], NDArray[np.uint64] | None]:
    """Return the keys and counts of so many rows, and of one more if there is one."""
    lines = read_word_list(source, limits, rows + 2)  # one may be the header
    if not lines or "\t" not in lines[0]:
        return lines, None
    subject = Subject(name_of(source), "Projector metadata")
    header, *rest = lines
    names = header.split("\t")
    known = [name for name in names if name.lower() in _KEY_NAMES]
    key_at = names.index(known[0]) if known else 0
    count_at = next((at for at, name in enumerate(names) if name.lower() == _COUNT), None)
    table = [line.split("\t") for line in rest]
    for row, cells in enumerate(table):
        if len(cells) != len(names):
            raise subject.error(
                RowError, f"line {row + 2} has {len(cells)} columns, expected {len(names)}"
            )
    counts = None
    if count_at is not None:
        cells = [cells[count_at] for cells in table]
        counts = np.array([_count(subject, row, cell) for row, cell in enumerate(cells)], np.uint64)
    return [cells[key_at] for cells in table], counts


def _count(subject: Subject, row: int, cell: str) -> int:
    if not cell.isascii() or not cell.isdigit() or len(cell) > 19:
        raise subject.error(RowError, f"line {row + 2} has the count {cell[:40]!r}, expected 0 on")
    return int(cell)


def export_projector(
    vectors: KeyedVectors,
    target: Target,
    *,
    metadata: Target | None = None,
    counts: bool = False,
    allow_nonfinite: bool = False,
) -> None:
    r"""Save a tensor and its metadata for the TensorFlow Embedding Projector.

    Numbers are written exactly. Two files cannot be replaced in one step: after a crash between the
    two, one may be new and the other old.

    Parameters
    ----------
    vectors
        What is written.
    target
        The tensor, or a file object open for writing bytes.
    metadata
        Where the keys go; by default for ``a_tensor.tsv`` to ``a_metadata.tsv``.
    counts
        Write the counts, too: the metadata then has the columns ``key`` and ``count``, under a
        header.
    allow_nonfinite
        Write NaN and infinity too.

    Raises
    ------
    RowError
        For a key with a tab or a newline in it.
    NonFiniteError
        When there is a NaN or an infinity.
    ValueError
        When ``target`` is called otherwise and ``metadata`` is not given, or counts are asked for
        and there are none.
    OSError
        When the system refuses.

    Examples
    --------
    >>> import io
    >>> from synvec import KeyedVectors
    >>> tensor, keys = io.BytesIO(), io.BytesIO()
    >>> export_projector(KeyedVectors.from_arrays(["a"], [[0.5, 1]]), tensor, metadata=keys)
    >>> tensor.getvalue(), keys.getvalue()
    (b'0.5\t1.0\n', b'a\n')
    """
    if metadata is None:
        metadata = _metadata_for(target)
    column = None
    if counts:
        if vectors.known_counts is None:
            raise ValueError("there are no counts to write; leave counts out")
        column = as_counts(vectors.known_counts)
    rows = rows_to_write(vectors, target, _TITLE, allow_nonfinite)
    _core.write_blocks(metadata, _lines(vectors.key_table.texts().keys(), column, metadata))
    _core.write_blocks(target, _numbers(rows))


def _metadata_for(target: Target) -> Path:
    path = Path(target) if isinstance(target, str | PathLike) else Path()
    if _TENSOR not in path.name:
        raise ValueError(
            f"the name of {name_of(target)!r} leaves open where the keys go; let it end in"
            f" _{_TENSOR}, or pass metadata="
        )
    return path.with_name(path.name.replace(_TENSOR, _METADATA))


def _lines(keys: Sequence[str], counts: NDArray[Any] | None, target: Target) -> Iterator[bytes]:
    if counts is not None:
        yield b"key\tcount\n"
    subject = Subject(name_of(target), "Projector metadata")
    for row, key in enumerate(keys):
        if not key or re.search(r"[\t\n]|\r$|^\ufeff", key):
            raise subject.error(
                RowError, f"the key {key[:60]!r} cannot stand between tabs and newlines; rename it"
            )
        yield (key if counts is None else f"{key}\t{counts[row]}").encode() + b"\n"


def _numbers(rows: NDArray[np.float32]) -> Iterator[bytes]:
    """Yield rows as the core writes them, without the keys that it wants before them."""
    step = max(1, _NUMBERS_A_BLOCK // rows.shape[1])
    for start in range(0, len(rows), step):
        part, text = rows[start : start + step], BytesIO()
        _core.write_vectors(
            text,
            _core.KeyTable(map(str, range(len(part)))),
            part,
            layout="headerless",
            style="gensim",
            order=None,
            prefix="",
            total=None,
            has_header=False,
            append=False,
            allow_nonfinite=True,  # looked at already
        )
        lines = text.getvalue().replace(b" ", b"\t").split(b"\n")
        yield b"\n".join(line.partition(b"\t")[2] for line in lines)
