"""Keys, counts and vectors, by the names that gensim has had for them since 0.12.

| gensim | keys | counts | vectors |
|---|---|---|---|
| 4.x | `index_to_key` | `expandos["count"]` | `vectors` |
| 3.3 to 3.8 | `index2word` or `index2entity`, `vocab` | `vocab[key].count` | `vectors` |
| 0.12 to 3.2 | `index2word`, `vocab` | `vocab[key].count` | `syn0` |

Before 0.13.4 the three lie in the model itself, later in its `wv`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from synvec import _core
from synvec.errors import EncodingError, HeaderError, LimitError, NonFiniteError
from synvec.formats.limits import Limits
from synvec.formats.pickles.companions import Companion
from synvec.formats.pickles.standins import Array, Instance
from synvec.warning import warn_caller

if TYPE_CHECKING:
    from synvec.keyed_vectors import KeyedVectors

_TRAINING_COLUMNS = ("sample_int", "code", "point")
"""Columns that gensim computes from the counts before it trains."""


@dataclass(frozen=True, slots=True)
class Reading:
    """The file that is read, and how.

    Attributes
    ----------
    name
        What messages call it.
    limits
        Bounds on what it may ask for.
    rows
        Read so many rows at most; None for all.
    allow_nonfinite
        Let NaN and infinity in.
    """

    name: str
    limits: Limits
    rows: int | None
    allow_nonfinite: bool

    def wrong(self, message: str) -> HeaderError:
        """Return an error about the file."""
        return HeaderError(f"{self.name}: gensim pickle: {message}")

    def warn(self, message: str) -> None:
        """Warn about something in the file, at the line that asked for it."""
        warn_caller(f"{self.name}: {message}")


@dataclass(frozen=True, slots=True)
class Words:
    """The keys of a store, and which rows they have.

    Attributes
    ----------
    keys
        V distinct keys.
    kept
        The row of each; None when they are the first V rows as they stand.
    total
        Rows that the matrices of the file have.
    columns
        Attributes of the keys, ``"count"`` among them, V numbers each.
    """

    keys: _core.KeyTable[Any]
    kept: NDArray[np.int64] | None
    total: int
    columns: dict[str, NDArray[Any]]


def keyed_vectors(holder: Instance, reading: Reading) -> KeyedVectors:
    """Return the words of a store of any version, and their vectors."""
    words = words_of(holder, reading)
    vectors = matrix(holder.find("vectors", "syn0"), "vectors", words, reading)
    return store(words, vectors)


def store(words: Words, vectors: NDArray[np.float32]) -> KeyedVectors:
    """Return words and vectors as a store."""
    from synvec.keyed_vectors import KeyedVectors

    found = KeyedVectors.from_arrays(words.keys, vectors)
    found.expandos.update(words.columns)
    return found


# --- keys -----------------------------------------------------------------------------------------


def words_of(holder: Instance, reading: Reading) -> Words:
    """Return the keys of a store of any version, with their counts."""
    names = holder.find("index_to_key", "index2word", "index2entity")
    if isinstance(names, Array):
        names = names.items
    if not isinstance(names, list):
        raise reading.wrong(
            f"a {holder.kind.name} without a list of keys; its vectors may never have been trained"
        )
    vocabulary = holder.find("vocab")
    columns = _columns(holder, names, vocabulary, reading)
    return words(names, columns, reading)


def words(names: list[Any], columns: dict[str, NDArray[Any]], reading: Reading) -> Words:
    """Return keys, each once, with their attributes."""
    total = len(names)
    if total > reading.limits.max_rows:
        raise LimitError(
            f"{reading.name}: {total} rows, beyond max_rows = {reading.limits.max_rows}; if it is"
            " meant, load with limits=synvec.Limits(max_rows=…)"
        )
    texts = _keys(names[: reading.rows], reading)
    rows = [row for row, text in enumerate(texts) if text is not None]
    present = [text for text in texts if text is not None]
    if len(present) < len(texts):
        # gensim leaves such rows where a file that it read had a key twice.
        reading.warn(f"{len(texts) - len(present)} rows have no key and were left out")
    try:
        table = _core.KeyTable(present)
    except ValueError as error:
        raise EncodingError(
            f"{reading.name}: gensim pickle: a key cannot be kept: {error}"
        ) from None
    kept = None
    if len(table) < len(texts):
        distinct = table.keys()
        first = dict(zip(reversed(present), reversed(rows), strict=True))
        kept = np.array([first[key] for key in distinct], dtype=np.int64)
        if len(table) < len(present):
            reading.warn(
                f"{len(present) - len(table)} rows have a key that came before, the first was kept"
            )
    chosen = {name: column[: len(texts)] for name, column in columns.items()}
    if kept is not None:
        chosen = {name: column[kept] for name, column in chosen.items()}
    return Words(table, kept, total, chosen)


def _keys(names: list[Any], reading: Reading) -> list[Any]:
    """Return keys, None for rows without one: integers when all are, otherwise text."""
    if any(type(name) is int for name in names) and all(
        name is None or type(name) is int for name in names
    ):
        return list(names)
    return _texts(names, reading)


def _texts(names: list[Any], reading: Reading) -> list[str | None]:
    """Return keys as text: Python 2's bytes are UTF-8, integers are spelled, None stays."""
    if all(type(name) is str for name in names):
        texts = list(names)
    else:
        texts = [_text(name, row, reading) for row, name in enumerate(names)]
        numbers = sum(type(name) is int for name in names)
        if numbers:
            reading.warn(
                f"{numbers} keys are integers; they are text here, as '0' for 0, like the others"
            )
    longest = reading.limits.max_key_bytes
    for row, text in enumerate(texts):
        if text is not None and len(text) > longest:
            raise LimitError(
                f"{reading.name}: key {row} has more than {longest} bytes; if it is meant, load"
                " with limits=synvec.Limits(max_key_bytes=…)"
            )
    return texts


def _text(name: object, row: int, reading: Reading) -> str | None:
    if name is None or isinstance(name, str):
        return name
    if isinstance(name, bytes):
        try:
            return name.decode()
        except UnicodeDecodeError as error:
            raise EncodingError(
                f"{reading.name}: gensim pickle: key {row}, {name[:40]!r}, is not valid UTF-8"
                f" ({error.reason})"
            ) from None
    if type(name) is int:
        return str(name)
    raise reading.wrong(f"key {row} is a {type(name).__name__}, expected text")


# --- counts and other columns ---------------------------------------------------------------------


def _columns(
    holder: Instance, names: list[Any], vocabulary: object, reading: Reading
) -> dict[str, NDArray[Any]]:
    """Return the attributes of keys that are numbers, one for each key."""
    if isinstance(vocabulary, dict) and vocabulary:
        counts = [_count(vocabulary, name, row, reading) for row, name in enumerate(names)]
        return {"count": np.array(counts, dtype=np.int64)}
    columns: dict[str, NDArray[Any]] = {}
    expandos = holder.find("expandos")
    for name, column in expandos.items() if isinstance(expandos, dict) else ():
        is_numbers = isinstance(column, Array | Companion) and column.dtype is not None
        if name in _TRAINING_COLUMNS or not is_numbers or not isinstance(name, str):
            continue
        if column.shape != (len(names),):
            raise reading.wrong(f"{name} has shape {column.shape}, expected ({len(names)},)")
        columns[name] = np.ascontiguousarray(column.read(), dtype=column.dtype.newbyteorder("="))
    _check_counts(columns.get("count"), reading)
    return columns


def _count(vocabulary: dict[Any, Any], name: object, row: int, reading: Reading) -> int:
    """Return the count of a key in a vocabulary of gensim before 4.0."""
    entry = vocabulary.get(name) if isinstance(name, str | bytes | int) else None
    if not isinstance(entry, Instance):
        raise reading.wrong(f"key {row}, {name!r:.80}, is not in its vocabulary")
    count = entry.find("count")
    if isinstance(count, float) and count.is_integer():
        count = int(count)
    if type(count) is not int or not 0 <= count < 1 << 63:
        raise reading.wrong(
            f"key {row}, {name!r:.80}, has the count {count!r:.40} in its vocabulary"
        )
    index = entry.find("index")
    if index is not None and index != row:
        raise reading.wrong(f"key {name!r:.80} has the index {index!r:.40}, its row is {row}")
    return count


def _check_counts(counts: NDArray[Any] | None, reading: Reading) -> None:
    if counts is not None and (counts.dtype.kind not in "iu" or (len(counts) and counts.min() < 0)):
        raise reading.wrong("the counts are not integers from 0 on")


# --- matrices -------------------------------------------------------------------------------------


def matrix(
    numbers: object, what: str, words: Words, reading: Reading, *, columns: int | None = None
) -> NDArray[np.float32]:
    """Return one row for each word, float32 and C-contiguous; the shape is looked at before."""
    found = _numbers(numbers, what, words.total, columns, reading).read(
        None if words.kept is not None else len(words.keys)
    )
    if words.kept is not None:
        found = found[words.kept]
    return finite(found, what, reading, words.keys)


def whole_matrix(
    numbers: object, what: str, reading: Reading, *, columns: int | None = None
) -> NDArray[np.float32]:
    """Return all rows of a matrix that has no keys."""
    return finite(_numbers(numbers, what, None, columns, reading).read(), what, reading, None)


def _numbers(
    numbers: object, what: str, rows: int | None, columns: int | None, reading: Reading
) -> Array | Companion:
    """Return an array whose type and shape are as expected; nothing of it was read yet."""
    if not isinstance(numbers, Array | Companion) or numbers.shape is None:
        raise reading.wrong(f"it has no {what}; if they were large, gensim wrote them beside it")
    where = (
        f"{numbers.path}: NumPy" if isinstance(numbers, Companion) else f"{reading.name}: gensim"
    )
    if numbers.dtype is None or numbers.dtype.kind != "f":
        raise HeaderError(f"{where}: {what} are {numbers.dtype or 'objects'}, expected floats")
    shape = numbers.shape
    is_right = len(shape) == 2 and shape[1] > 0
    is_right = is_right and rows in (None, shape[0]) and columns in (None, shape[1])
    if not is_right:
        expected = f"({'rows' if rows is None else rows}, {'D' if columns is None else columns})"
        raise HeaderError(
            f"{where}: {what} have shape {shape}, expected {expected}; all files of a model must be"
            " of one save"
        )
    if shape[1] > reading.limits.max_vector_size:
        raise LimitError(
            f"{where}: vectors of {shape[1]} numbers, beyond max_vector_size ="
            f" {reading.limits.max_vector_size}; if it is meant, load with"
            " limits=synvec.Limits(max_vector_size=…)"
        )
    return numbers


def finite(
    found: NDArray[Any], what: str, reading: Reading, keys: _core.KeyTable[Any] | None
) -> NDArray[np.float32]:
    """Return writable float32 numbers, C-contiguous; NaN and infinity only where allowed."""
    with np.errstate(over="ignore"):
        rows = np.require(found, np.float32, ["C", "A", "W"])
    if not reading.allow_nonfinite:
        # A sum is finite unless a number isn't, or the sum overflows: a look at each decides.
        with np.errstate(over="ignore", invalid="ignore"):
            sums = rows.sum(axis=1)
        for row in np.flatnonzero(~np.isfinite(sums)):
            if not np.isfinite(rows[row]).all():
                key = f" (key {keys.key(int(row))!r})" if keys is not None else ""
                raise NonFiniteError(
                    f"{reading.name}: gensim pickle: row {row}{key} of the {what} holds NaN,"
                    " infinity or a number too large for float32; load with allow_nonfinite=True to"
                    " keep it"
                )
    return rows
