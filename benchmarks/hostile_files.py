"""Small files that ask for much: what ``benchmarks.formats`` lets synvec refuse.

They are the lies about sizes among the bad inputs that every reader has to stand.
"""

import gzip
import io
import struct
from collections.abc import Callable

from benchmarks.format_files import Shape, fasttext_head

BOMB_BYTES = 1 << 30


def _row_bomb() -> bytes:
    """One line without end, compressed about a thousandfold."""
    out = io.BytesIO()
    with gzip.GzipFile(fileobj=out, mode="wb", compresslevel=9) as file:
        file.write(b"1000 300\n")
        block = b"1" * (1 << 20)
        for _ in range(BOMB_BYTES // len(block)):
            file.write(block)
    return out.getvalue()


_RECORD = b"the " + bytes(1200)
_TEXT_ROW = b"the" + b" 0.5" * 300 + b"\n"
_FASTTEXT = Shape(1000, 300, buckets=2000)

FILES: dict[str, Callable[[], bytes]] = {
    "word2vec binary: 2,000,000,000 x 300": lambda: b"2000000000 300\n" + _RECORD * 3,
    "word2vec binary: 200,000,000 x 8": lambda: b"200000000 8\n" + (b"the " + bytes(32)) * 100,
    "word2vec binary: 3 x 2,000,000,000": lambda: b"3 2000000000\n" + _RECORD * 3,
    "word2vec binary: one row too many": lambda: b"4 300\n" + _RECORD * 3,
    "word2vec binary: a key of 5 MB": lambda: b"3 300\n" + b"k" * 5_000_000 + b" " + bytes(3600),
    "word2vec binary: 20 MB without a space": lambda: b"3 300\n" + b"k" * 20_000_000,
    "word2vec text: 2,000,000,000 x 300": lambda: b"2000000000 300\n" + _TEXT_ROW * 3,
    "word2vec text: one row too many": lambda: b"4 300\n" + _TEXT_ROW * 3,
    "word2vec text: short rows under a wide header": lambda: b"9000 1000000\n" + b"a\n" * 2_000_000,
    "gzip: 1 MB that unfolds to a line of 1 GB": _row_bomb,
    "fastText: 2,147,483,647 words": lambda: fasttext_head(_FASTTEXT, words=2**31 - 1) + b"a\0",
    "fastText: 2,147,483,647 buckets": lambda: fasttext_head(_FASTTEXT, buckets=2**31 - 1) + b"a\0",
    "fastText: -1 words": lambda: fasttext_head(_FASTTEXT, words=-1) + b"a\0",
    "native: a header of 2^64 - 1 bytes": lambda: struct.pack("<Q", 2**64 - 1) + b"{}" * 100,
    "native: a header of 101 MB": lambda: (
        struct.pack("<Q", 101_000_000) + b"{" + b" " * 101_000_000
    ),
    "empty": lambda: b"",
}
