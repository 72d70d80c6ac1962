"""Which format a file has, by its content."""

import json
import re
import struct

from synvec import _core
from synvec.errors import FormatError, HeaderError, UnsupportedFormatError
from synvec.formats.folders import format_of_folder
from synvec.formats.registry import Format, entry_of
from synvec.formats.sources import Source, name_of, peek

_HEADER = re.compile(rb"[ \t]*[+-]?\d+[ \t]+[+-]?\d+[ \t\r]*")
# Six numbers, and what stands before and after a word.
_FLORET_HEADER = re.compile(rb"(\d{1,10} ){6}[^\s\d]\S* \S+\s*")
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

# How files of a format begin, where a few bytes tell.
_MAGICS: dict[bytes, Format] = {
    b"\x93NUMPY": "numpy",
    b"PAR1": "parquet",
    b"FiFu": "finalfusion",
    b"ARROW1\x00\x00": "arrow",
    b"\xff\xff\xff\xff": "arrow",  # a stream
}

# What is not read (yet): how it begins, and what to do about it.
_STRANGERS = {
    b"PK\x03\x04": "a zip archive; take the vector file out of it first",
    b"FEA1": "Feather of version 1, which is not read; write it again as version 2",
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
        A path of a file or a folder, or a binary file object, which is read from.

    Returns
    -------
    Format
        A name of `FORMATS`; of a compressed file, the format of what it holds.

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
    from synvec.formats.remote import readable

    with readable(source) as opened:
        return recognize_source(opened)[0]


def require_fasttext(source: Source) -> Source:
    """Return what to read a fastText model from, unless it is plainly something else.

    What can't be recognised is left to the reader, which tells where the file is damaged.

    Raises
    ------
    UnsupportedFormatError
        When it is a file of another format; the message names that.
    """
    name, found = name_of(source), format_of_folder(source)
    if found is None:
        head, source = peek(source)
        try:
            found = recognize(head, name)
        except UnsupportedFormatError:
            raise
        except FormatError:
            return source
    if found != "fasttext":
        raise UnsupportedFormatError(
            f"{name}: {entry_of(found).title}, expected a fastText model (.bin or .ftz); open it "
            "with synvec.load(path)"
        )
    return source


def recognize_source(source: Source) -> tuple[Format, Source]:
    """Recognise a file or a folder; return its format, and what to read it from."""
    of_folder = format_of_folder(source)
    if of_folder is not None:
        return of_folder, source
    name = name_of(source)
    head, rest = peek(source)
    format = recognize(head, name)
    if format == "glove" and _is_tensor(head, source):
        format = "projector"
    return format, rest


def recognize(head: bytes, name: str) -> Format:
    """Recognise a file by its first bytes, compressed or not."""
    head = _core.unfolded_head(head, name)
    if not head:
        raise HeaderError(f"{name}: file is empty")
    if len(head) > 8 and head[8:9] == b"{" and int.from_bytes(head[:8], "little") < 1 << 32:
        return "native" if _is_native(head) else "safetensors"
    for magic, format in _MAGICS.items():
        if head.startswith(magic):
            return format
    if head.startswith(b"PK\x03\x04") and _first_member(head).endswith(b".npy"):
        return "npz"
    if _PICKLE.match(head):
        return "gensim"
    if head.startswith(_FASTTEXT) or _is_older_fasttext(head):
        return "fasttext"
    if head[257:262] == b"ustar":
        raise UnsupportedFormatError(f"{name}: a tar archive; take the vector file out of it first")
    for magic, what in _STRANGERS.items():
        if head.startswith(magic):
            raise UnsupportedFormatError(f"{name}: {what}")
    first, _, rest = head.removeprefix(_MARK).partition(b"\n")
    if _HEADER.fullmatch(first):
        row = rest.partition(b"\n")[0]
        return "word2vec-text" if not rest or _is_text_row(row) else "word2vec-binary"
    if _FLORET_HEADER.fullmatch(first):
        return "floret"
    if _is_text_row(first):
        return "glove"
    shown = first[:60].decode("utf-8", "replace")
    raise HeaderError(
        f"{name}: begins with {shown!r}, expected a file of synvec, word2vec, GloVe,"
        " fastText, gensim, NumPy, Arrow or another format that is read; if it is one, load it with"
        " format="
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


def _is_native(head: bytes) -> bool:
    """Whether the first bytes of a safetensors file may be those of a file of synvec's own."""
    # Of a header longer than what was looked at nothing can be parsed: synvec's own is short.
    header = head[8 : 8 + int.from_bytes(head[:8], "little")]
    try:
        metadata = json.loads(header.decode("utf-8")).get("__metadata__") or {}
    except (ValueError, RecursionError, AttributeError):
        return True  # it is the native reader that tells what is wrong
    return not isinstance(metadata, dict) or metadata.get("format") == "synvec"


def _first_member(archive: bytes) -> bytes:
    """Return the name of the first file in a zip archive."""
    return archive[30 : 30 + int.from_bytes(archive[26:28], "little")]


def _is_tensor(head: bytes, source: Source) -> bool:
    """Whether a text is numbers between tabs, with the file beside it that has their keys."""
    cells = _core.unfolded_head(head, name_of(source)).partition(b"\n")[0].split(b"\t")
    if len(cells) < 2 or not all(map(_is_number, cells)):
        return False
    from synvec.formats.projector import metadata_beside

    return metadata_beside(source) is not None


def _is_text_row(row: bytes) -> bool:
    """Whether a row is text with a number after its first word."""
    return not _CONTROL.search(row) and any(map(_is_number, row.split()[1:]))


def _is_number(word: bytes) -> bool:
    try:
        float(word)
    except ValueError:
        return False
    return True
