"""The text that all programs read: plain, in lines of bounded length, its words counted once."""

import bz2
import gzip
import lzma
import math
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

OPENERS: dict[str, Callable[..., Any]] = {".xz": lzma.open, ".gz": gzip.open, ".bz2": bz2.open}
CHUNK = 1 << 22


@dataclass(frozen=True)
class PreparedCorpus:
    """A file of lines, and how often each word stands in it."""

    path: Path
    counts: Counter[str]

    @property
    def raw_words(self) -> int:
        return self.counts.total()

    def trained_words(self, min_count: int, sample: float) -> float:
        """Return the words that pruning and subsampling should leave, for who does not count."""
        kept = [count for count in self.counts.values() if count >= min_count]
        if sample == 0:
            return float(sum(kept))
        t = sample * sum(kept)
        return sum(c * min(1.0, (math.sqrt(c / t) + 1) * t / c) for c in kept)


def prepare(source: Path, target: Path, *, line_words: int, limit: int | None) -> PreparedCorpus:
    """Copy text with lines of more than ``line_words`` words cut, and at most ``limit`` words.

    gensim and fastText cut long lines themselves, each elsewhere, and gensim hands lines to its
    threads: on a corpus of one line they would not be doing the same work.
    """
    counts: Counter[bytes] = Counter()
    left = math.inf if limit is None else limit
    with target.open("wb") as out:
        for line in _lines(source):
            if len(line) > left:
                del line[int(left) :]
            left -= len(line)
            counts.update(line)
            for start in range(0, len(line), line_words):
                out.write(b" ".join(line[start : start + line_words]) + b"\n")
            if left <= 0:
                break
    words: Counter[str] = Counter()
    for word, count in counts.items():
        words[word.decode(errors="replace")] += count
    return PreparedCorpus(target, words)


def _lines(source: Path) -> Iterator[list[bytes]]:
    """Yield lines as words; a line longer than a chunk comes in pieces."""
    with OPENERS.get(source.suffix, open)(source, "rb") as file:
        rest = b""
        while chunk := file.read(CHUNK):
            *lines, rest = (rest + chunk).split(b"\n")
            yield from (line.split() for line in lines)
            if len(rest) > CHUNK:
                # The word at the cut may go on in the next chunk.
                whole, _, rest = rest.rpartition(b" ")
                yield whole.split()
        yield rest.split()
