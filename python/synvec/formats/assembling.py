"""The checks that formats have in common, from what was read to vectors and back to a file."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from synvec._core import KeyTable
from synvec.errors import EncodingError, HeaderError, NonFiniteError, RowError
from synvec.formats.limits import Limits
from synvec.formats.reading import Subject
from synvec.formats.sources import Target, name_of
from synvec.warning import warn_caller

if TYPE_CHECKING:
    from synvec.keyed_vectors import KeyedVectors

_BLOCK_NUMBERS = 1 << 20


def assemble(
    subject: Subject,
    keys: Sequence[str],
    vectors: NDArray[Any],
    *,
    counts: NDArray[Any] | None = None,
    allow_nonfinite: bool,
    limits: Limits,
) -> KeyedVectors:
    """Return the vectors of a file: float32, finite unless allowed, of equal keys the first.

    Raises
    ------
    HeaderError
        When there are not as many keys as vectors.
    EncodingError
        For an empty key, or one that UTF-8 cannot hold.
    LimitError
        For a key beyond ``max_key_bytes``.
    NonFiniteError
        For NaN, infinity, or a number too large for float32.
    """
    from synvec.keyed_vectors import KeyedVectors

    if len(keys) != len(vectors):
        raise subject.error(
            HeaderError, f"{len(keys)} keys for {len(vectors)} vectors, expected as many"
        )
    for row, key in enumerate(keys):
        check_key(subject, key, row, limits)
    with np.errstate(over="ignore"):  # what becomes infinite is found below
        rows = np.ascontiguousarray(vectors, dtype=np.float32)
    if not allow_nonfinite:
        _check_finite(subject, keys, rows, "allow_nonfinite=True loads it")
    table = KeyTable()
    places = table.extend(keys)
    if len(table) < len(keys):
        first = np.unique(places, return_index=True)[1]
        rows, counts = rows[first], None if counts is None else counts[first]
        warn_caller(
            f"{subject.name}: {len(keys) - len(table)} rows have a key that came before, the first"
            " was kept"
        )
    return KeyedVectors.from_arrays(table, rows, counts=counts)


def check_key(subject: Subject, key: str, row: int, limits: Limits) -> None:
    """Raise for a key that is empty, too long, or that UTF-8 cannot hold."""
    if not key:
        raise subject.error(EncodingError, f"the key of row {row} is empty")
    # A character takes one byte at least and four at most.
    if len(key) * 4 > limits.max_key_bytes and (
        len(key.encode("utf-8", "surrogatepass")) > limits.max_key_bytes
    ):
        raise subject.beyond(f"a long key in row {row}", "max_key_bytes", limits.max_key_bytes)
    if not key.isascii():
        try:
            key.encode()
        except UnicodeEncodeError:
            raise subject.error(
                EncodingError, f"the key {key[:60]!r} of row {row} has half of a surrogate pair"
            ) from None


def rows_to_write(
    vectors: KeyedVectors, target: Target, title: str, allow_nonfinite: bool
) -> NDArray[np.float32]:
    """Return the V × D numbers of vectors that are to be written, finite unless allowed.

    Raises
    ------
    RowError
        For an empty key, which `assemble` would not take back.
    NonFiniteError
        When there is a NaN or an infinity.
    """
    rows = vectors.vectors
    if vectors.has_index_for(""):
        raise Subject(name_of(target), title).error(
            RowError, "the key of a row is empty, which could not be read back; rename it"
        )
    if not allow_nonfinite:
        advice = "save with allow_nonfinite=True if it is meant"
        _check_finite(Subject(name_of(target), title), vectors.index_to_key, rows, advice)
    return rows


def _check_finite(
    subject: Subject, keys: Sequence[str], rows: NDArray[np.float32], advice: str
) -> None:
    step = max(1, _BLOCK_NUMBERS // rows.shape[1])
    for start in range(0, len(rows), step):
        finite = np.isfinite(rows[start : start + step])
        if not finite.all():
            row, column = (int(place) for place in np.argwhere(~finite)[0])
            raise subject.error(
                NonFiniteError,
                f"the vector of {keys[start + row][:60]!r} (row {start + row}, column {column})"
                f" holds NaN, infinity or a number too large for float32; {advice}",
            )
