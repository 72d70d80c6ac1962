"""spaCy's vectors: a folder with an array, the row of each hashed word, and the words.

``vectors`` is a NumPy array, ``key2row`` a MessagePack map from the hash of a word to its row,
``strings.json`` the words, ``vectors.cfg`` says whether rows belong to words or, as in floret's
tables, to n-grams. The folder is told in https://spacy.io/api/vectors and /api/vocab.
"""

from __future__ import annotations

import json
import reprlib
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from synvec.errors import FormatError, HeaderError, TruncatedFileError, UnsupportedFormatError
from synvec.formats.assembling import assemble
from synvec.formats.floret import FloretVectors, Hashing, vectors_of_words
from synvec.formats.limits import DEFAULT, Limits, check_limit
from synvec.formats.murmur import hash_64
from synvec.formats.npy import read_matrix
from synvec.formats.reading import Reader, opened, parse_object
from synvec.formats.sources import Source
from synvec.formats.word_lists import KeySource
from synvec.warning import warn_caller

if TYPE_CHECKING:
    from synvec.keyed_vectors import KeyedVectors

_TITLE = "spaCy folder"
_SEED = 1

# What the words of a model may take, for each that has a vector; others come on top.
_MOST_BYTES, _MOST_BYTES_A_KEY = 4 << 20, 1 << 10
_MOST_CONFIG_BYTES = 1 << 16


def load_spacy(
    source: Source,
    *,
    limits: Limits = DEFAULT,
    keys: KeySource | None = None,
    limit: int | None = None,
    allow_nonfinite: bool = False,
) -> KeyedVectors | FloretVectors:
    """Load the vectors of a spaCy model, or of its ``vocab`` folder.

    Words come in the order of their rows; where several share one, each gets its own. A vector
    whose word is not among the folder's strings is left out, with a warning.

    Parameters
    ----------
    source
        The folder.
    limits
        Bounds on what the files may ask for.
    keys
        Words, or the path of a text with one a line; only for a model with floret vectors, as
        `load_floret` takes them.
    limit
        Read so many words at most.
    allow_nonfinite
        Load NaN and infinity too.

    Returns
    -------
    KeyedVectors or FloretVectors
        The latter for a model with floret vectors, unless ``keys`` are given.

    Raises
    ------
    HeaderError, TruncatedFileError, EncodingError, NonFiniteError, LimitError
        When a file is not what it claims to be, or they do not belong together.
    OSError
        When the system refuses.

    Examples
    --------
    >>> load_spacy("en_core_web_md")  # doctest: +SKIP
    KeyedVectors<vector_size=300, 684830 keys>
    """
    if not isinstance(source, str | PathLike):
        raise TypeError(f"a {_TITLE} needs a path, not a file object")
    check_limit(limit)
    folder = Path(source)
    if not (folder / "vectors").is_file():
        folder /= "vocab"
    hashing = _hashing(folder / "vectors.cfg", limits)
    with opened(folder / "vectors", _TITLE, limits) as reader:
        vectors = read_matrix(reader)
        if hashing is not None:
            if limit is not None:
                raise TypeError("floret vectors have no words to limit; leave limit out")
            return vectors_of_words(
                reader.subject,
                vectors,
                hashing,
                keys,
                allow_nonfinite=allow_nonfinite,
                limits=limits,
            )
        if keys is not None:
            raise TypeError("the folder has its own words; leave keys out")
        names, rows = _words(folder, len(vectors), limits)
        names, rows = names[:limit], rows[:limit]
        reader.check_expansion(len(rows) * vectors.shape[1] * 4)
        return assemble(
            reader.subject, names, vectors[rows], allow_nonfinite=allow_nonfinite, limits=limits
        )


def _hashing(path: Path, limits: Limits) -> Hashing | None:
    """Return how floret's rows are found; None where rows belong to words."""
    if not path.is_file():  # older models
        return None
    with opened(path, _TITLE, limits) as reader:
        if reader.size > _MOST_CONFIG_BYTES:
            raise reader.error(HeaderError, f"{reader.size} bytes of configuration, expected some")
        config = parse_object(reader.subject, reader.read(reader.size, "it"), "the configuration")
        mode = config.get("mode", "default")
        if mode == "default":
            return None
        if mode != "floret":
            raise reader.error(
                UnsupportedFormatError, f"the mode {reprlib.repr(mode)}, expected default or floret"
            )
        names = ("minn", "maxn", "hash_count", "hash_seed", "bow", "eow")
        values: list[Any] = [config.get(name) for name in names]
        numbers, texts = values[:4], values[4:]
        are_well = all(type(number) is int for number in numbers) and all(
            isinstance(text, str) for text in texts
        )
        hashing = Hashing(*values) if are_well else None
        if hashing is None or not hashing.is_possible():
            shown = ", ".join(f"{name} {reprlib.repr(config.get(name))}" for name in names)
            raise reader.error(HeaderError, f"cannot hash with {shown}")
        return hashing


def _words(folder: Path, rows: int, limits: Limits) -> tuple[list[str], NDArray[np.int64]]:
    """Return the words that have a row, in the order of rows, and the row of each."""
    with opened(folder / "key2row", _TITLE, limits) as reader:
        row_of = read_map(reader)
        for key, row in row_of.items():
            if not 0 <= row < rows:
                raise reader.error(
                    HeaderError, f"the word of hash {key} has row {row}, there are {rows}"
                )
    found: dict[int, str] = {}
    for word in _strings(folder / "strings.json", len(row_of), limits):
        key = hash_64(word.encode("utf-8", "surrogatepass"), _SEED)
        if key in row_of:
            found[key] = word
    if len(found) < len(row_of):
        missing = len(row_of) - len(found)
        warn_caller(f"{folder}: {missing} vectors belong to words that are not there, left out")
    order = sorted(found, key=row_of.__getitem__)
    return [found[key] for key in order], np.array([row_of[key] for key in order], np.int64)


def _strings(path: Path, keys: int, limits: Limits) -> list[str]:
    with opened(path, _TITLE, limits) as reader:
        most = _MOST_BYTES + _MOST_BYTES_A_KEY * keys
        if reader.size > most:
            raise reader.error(
                HeaderError, f"{reader.size} bytes for {keys} words, expected at most {most}"
            )
        text = reader.read(reader.size, "the words")
        try:
            strings = json.loads(text.decode("utf-8"))
        except (ValueError, RecursionError) as error:
            reason = str(error).partition("\n")[0][:200]
            raise reader.error(HeaderError, f"is not JSON: {reason}") from None
        if not isinstance(strings, list) or not all(isinstance(word, str) for word in strings):
            raise reader.error(HeaderError, "is not a JSON list of strings")
        return strings


# --- MessagePack ----------------------------------------------------------------------------------

# The bytes that a map's size, and a whole number, begin with, and how many follow.
_MAP_BYTES = {0xDE: 2, 0xDF: 4}
_NUMBER_BYTES = {0xCC: 1, 0xCD: 2, 0xCE: 4, 0xCF: 8}


def read_map(reader: Reader) -> dict[int, int]:
    """Read a MessagePack map from whole numbers to whole numbers, which is all of a file.

    The layout is that of https://github.com/msgpack/msgpack/blob/master/spec.md.
    """
    data = reader.read(reader.size, "the map")
    first = data[0]
    if first & 0xF0 == 0x80:
        count, place = first & 0x0F, 1
    elif first in _MAP_BYTES:
        place = 1 + _MAP_BYTES[first]
        count = int.from_bytes(data[1:place], "big")
    else:
        raise reader.error(HeaderError, f"begins with {first:#04x}, expected a MessagePack map")
    if count * 2 > len(data) - place:
        raise reader.error(
            TruncatedFileError, f"{count} entries in {len(data) - place} bytes, each takes two"
        )
    found: dict[int, int] = {}
    for _ in range(count):
        key, place = _number(reader, data, place)
        found[key], place = _number(reader, data, place)
    if len(found) < count:
        raise reader.error(HeaderError, f"{count} entries with {len(found)} keys, expected as many")
    if place < len(data):
        raise reader.error(HeaderError, f"{len(data) - place} bytes after the map, expected none")
    return found


def _number(reader: Reader, data: bytes, place: int) -> tuple[int, int]:
    """Return the whole number at a place, and the place after it."""
    if place >= len(data):
        raise _cut(reader, place)
    first = data[place]
    if first < 0x80:
        return first, place + 1
    size = _NUMBER_BYTES.get(first)
    if size is None:
        raise reader.error(
            HeaderError, f"byte {place} is {first:#04x}, expected a whole number from 0 on"
        )
    end = place + 1 + size
    if end > len(data):
        raise _cut(reader, place)
    return int.from_bytes(data[place + 1 : end], "big"), end


def _cut(reader: Reader, place: int) -> FormatError:
    return reader.error(TruncatedFileError, f"ends within the entry at byte {place}")
