"""Which format a file has, by its content."""

import re
import struct

from synvec import _core
from synvec.errors import HeaderError, UnsupportedFormatError
from synvec.formats.registry import Format
from synvec.formats.sources import Source, name_of, peek

_HEADER = re.compile(rb"[ \t]*[+-]?\d+[ \t]+[+-]?\d+[ \t\r]*")
_CONTROL = re.compile(rb"[\x00-\x08\x0e-\x1f]")
# Protocols 2 to 5 say so, and an opcode follows (a fastText model of D = 640 has a zero there).
# 0 and 1 begin with the name of a class on two lines, or a dict or list: lines no vectors have.
_PICKLE = re.compile(
    rb"\x80[\x02-\x05][()\]}GIJKLMNSTUVXc\x80-\x98]"
    rb"|(?:c|\(i)[A-Za-z_][\w.]*\n[A-Za-z_][\w.]*\n"
    rb"|\([dl]p\d+\n|[\]}]q[\x00\x01]"
)
_MARK = b"\xef\xbb\xbf"
_FASTTEXT = b"\xba\x16\x4f\x2f"
# Twelve arguments, a float64, then the entries, words and labels of the dictionary.
_OLDER_FASTTEXT = struct.Struct("<12id3i")

# What is not read (yet): how it begins, and what to do about it.
_STRANGERS = {
    b"PK\x03\x04": "a zip archive; take the vector file out of it first",
    b"\x93NUMPY": "a NumPy array without keys; pass it to KeyedVectors.from_arrays with its keys",
    b"\x89HDF": "an HDF5 file, which is not read; save it as word2vec text first",
    b"\xff\xfe": "text in UTF-16; convert it to UTF-8 first",
    b"\xfe\xff": "text in UTF-16; convert it to UTF-8 first",
}


def sniff(source: Source) -> Format:
    r"""Recognise a file by its content.

    Parameters
    ----------
    source
        A path, or a binary file object, which is read from.

    Returns
    -------
    Format
        One of the names in `synvec.formats.registry`; of a compressed file, the format of what it
        holds.

    Raises
    ------
    HeaderError
        When it is none of these.
    UnsupportedFormatError
        When it is a known format that is not read; the message names it.

    Examples
    --------
    >>> import io
    >>> sniff(io.BytesIO(b"2 3\nsocket 0.1 0.2 0.3\nyear 0.4 0.5 0.6\n"))
    'word2vec-text'
    """
    head, _ = peek(source)
    return recognize(head, name_of(source))


def recognize(head: bytes, name: str) -> Format:
    """Recognise a file by its first bytes, compressed or not."""
    head = _core.unfolded_head(head)
    if not head:
        raise HeaderError(f"{name}: file is empty")
    if len(head) > 8 and head[8:9] == b"{" and int.from_bytes(head[:8], "little") < 1 << 32:
        return "native"
    if _PICKLE.match(head):
        return "gensim"
    if head.startswith(_FASTTEXT) or _is_older_fasttext(head):
        return "fasttext"
    for magic, what in _STRANGERS.items():
        if head.startswith(magic):
            raise UnsupportedFormatError(f"{name}: {what}")
    first, _, rest = head.removeprefix(_MARK).partition(b"\n")
    if _HEADER.fullmatch(first):
        row = rest.partition(b"\n")[0]
        return "word2vec-text" if not rest or _is_text_row(row) else "word2vec-binary"
    if _is_text_row(first):
        return "glove"
    shown = first[:60].decode("utf-8", "replace")
    raise HeaderError(
        f"{name}: begins with {shown!r}, expected a synvec file, word2vec text or binary, GloVe"
        " text or a fastText model; if it is one of these, load it with format="
    )


def _is_older_fasttext(head: bytes) -> bool:
    """Whether it begins as fastText's models did before they had a magic number."""
    if len(head) < _OLDER_FASTTEXT.size:
        return False
    values = _OLDER_FASTTEXT.unpack_from(head)
    dim, loss, model, bucket, minn, maxn = (values[at] for at in (0, 6, 7, 8, 9, 10))
    size, words, labels = values[-3:]
    return bool(
        0 < dim < 1 << 16
        and 1 <= loss <= 4
        and 1 <= model <= 3
        and bucket >= 0
        and 0 <= minn < 256
        and 0 <= maxn < 256
        and min(words, labels) >= 0
        and size == words + labels
    )


def _is_text_row(row: bytes) -> bool:
    """Whether a row is text with a number after its first word."""
    return not _CONTROL.search(row) and any(map(_is_number, row.split()[1:]))


def _is_number(word: bytes) -> bool:
    try:
        float(word)
    except ValueError:
        return False
    return True
