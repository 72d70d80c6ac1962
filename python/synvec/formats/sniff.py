"""Which format a file has, by its content."""

import re

from synvec import _core
from synvec.errors import HeaderError, UnsafePickleError, UnsupportedFormatError
from synvec.formats.registry import Format
from synvec.formats.sources import Source, name_of, peek

_HEADER = re.compile(rb"[ \t]*[+-]?\d+[ \t]+[+-]?\d+[ \t\r]*")
_CONTROL = re.compile(rb"[\x00-\x08\x0e-\x1f]")
_MARK = b"\xef\xbb\xbf"

# What is not read (yet): how it begins, and what to do about it.
_STRANGERS = {
    b"\xba\x16\x4f\x2f": (
        "a fastText model (.bin or .ftz), which is not read yet; load the .vec file that fastText"
        " writes beside it"
    ),
    b"PK\x03\x04": "a zip archive; take the vector file out of it first",
    b"\x93NUMPY": "a NumPy array without keys; pass it to KeyedVectors.from_arrays with its keys",
    b"\x89HDF": "an HDF5 file, which is not read; save it as word2vec text first",
    b"\x1f\x8b\x08": "compressed twice; unfold it once first",
    b"BZh91AY&SY": "compressed twice; unfold it once first",
    b"\xfd7zXZ\x00": "compressed twice; unfold it once first",
    b"\x28\xb5\x2f\xfd": "compressed twice; unfold it once first",
    b"7z\xbc\xaf\x27\x1c": "a 7z archive; take the vector file out of it first",
    b"Rar!\x1a\x07": "a rar archive; take the vector file out of it first",
    b"\x04\x22\x4d\x18": "compressed by lz4, which is not read; compress it by zstd or gzip",
    b"\x1f\x9d": "compressed by compress, which is not read; compress it by gzip",
    b"]\x00\x00": "compressed by lzma, which is not read; compress it by xz",
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
        ``"native"``, ``"word2vec-text"``, ``"word2vec-binary"`` or ``"glove"``; of a compressed
        file, the format of what it holds.

    Raises
    ------
    HeaderError
        When it is none of these.
    UnsafePickleError, UnsupportedFormatError
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
    head = _core.unfolded_head(head, name)
    if not head:
        raise HeaderError(f"{name}: file is empty")
    if len(head) > 8 and head[8:9] == b"{" and int.from_bytes(head[:8], "little") < 1 << 32:
        return "native"
    if re.match(rb"\x80[\x02-\x05]", head):
        raise UnsafePickleError(
            f"{name}: a pickle, which could run code when it is opened; nothing of it was run. A"
            " gensim model comes over with kv.save_word2vec_format(path) there and load(path) here"
        )
    if head[257:262] == b"ustar":
        raise UnsupportedFormatError(f"{name}: a tar archive; take the vector file out of it first")
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
        f"{name}: begins with {shown!r}, expected a synvec file, word2vec text or binary, or GloVe"
        " text; if it is one of these, load it with format="
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
