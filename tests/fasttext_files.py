"""fastText models put together byte by byte, where any field can be wrong, and read again."""

from __future__ import annotations

import io
import struct
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from synvec import FastTextKeyedVectors, _core, formats
from synvec.formats.limits import DEFAULT

if TYPE_CHECKING:
    from synvec._core import FastTextParts

MAGIC = 793712314
MODELS = {"cbow": 1, "skipgram": 2, "supervised": 3}
LOSSES = {"hs": 1, "ns": 2, "softmax": 3, "ova": 4}


@dataclass
class Quantized:
    """A product-quantised matrix with parts of two columns."""

    codes: NDArray[np.uint8]
    centroids: NDArray[np.float32]
    size: int
    norm_codes: NDArray[np.uint8] | None = None
    norm_centroids: NDArray[np.float32] | None = None
    part_size: int = 2
    rows: int | None = None

    def encode(self) -> bytes:
        """Return it as fastText writes it."""
        rows = len(self.codes) if self.rows is None else self.rows
        data = struct.pack("<?qqi", self.norm_codes is not None, rows, self.size, self.codes.size)
        data += self.codes.tobytes() + self._quantizer(self.size, self.part_size, self.centroids)
        if self.norm_codes is not None and self.norm_centroids is not None:
            data += self.norm_codes.tobytes() + self._quantizer(1, 1, self.norm_centroids)
        return data

    @staticmethod
    def _quantizer(size: int, part: int, centroids: NDArray[np.float32]) -> bytes:
        parts, last = -(-size // part), (size - 1) % part + 1
        return struct.pack("<4i", size, parts, part, last) + centroids.tobytes()

    def dense(self) -> NDArray[np.float32]:
        """Return the rows that it stands for, number by number."""
        rows = np.empty((len(self.codes), self.size), np.float32)
        for row, codes in enumerate(self.codes):
            for column in range(self.size):
                part = column // self.part_size
                start = part * self.part_size
                width = min(self.part_size, self.size - start)
                place = 256 * start + int(codes[part]) * width + column - start
                rows[row, column] = self.centroids[place]
            if self.norm_codes is not None and self.norm_centroids is not None:
                rows[row] *= self.norm_centroids[self.norm_codes[row]]
        return rows


@dataclass
class File:
    """A model as it lies in a file; ``encode`` puts it together whatever the fields say."""

    input: NDArray[np.float32] | Quantized
    output: NDArray[np.float32] | Quantized
    words: list[bytes]
    labels: list[bytes] = field(default_factory=list)
    counts: list[int] | None = None
    types: list[int] | None = None
    pruned: dict[int, int] | None = None
    magic: int | None = MAGIC
    version: int = 12
    dim: int | None = None
    ws: int = 5
    epoch: int = 5
    min_count: int = 1
    neg: int = 5
    word_ngrams: int = 1
    loss: int = 2
    model: int = 2
    bucket: int = 0
    minn: int = 0
    maxn: int = 0
    lr_update_rate: int = 100
    t: float = 1e-4
    size: int | None = None
    nwords: int | None = None
    nlabels: int | None = None
    ntokens: int = 100
    pruneidx_size: int | None = None
    quant: int | None = None
    qout: int | None = None
    shape: tuple[int, int] | None = None
    output_shape: tuple[int, int] | None = None

    def encode(self) -> bytes:
        """Return the bytes of the file."""
        return self._args() + self._dictionary() + self._matrices()

    def but(self, **changes: Any) -> bytes:
        """Return the bytes of a file that differs in these fields."""
        return replace(self, **changes).encode()

    @property
    def columns(self) -> int:
        """D of the input matrix."""
        return self.input.size if isinstance(self.input, Quantized) else self.input.shape[1]

    def _args(self) -> bytes:
        head = b"" if self.magic is None else struct.pack("<2i", self.magic, self.version)
        dim = self.columns if self.dim is None else self.dim
        args = (dim, self.ws, self.epoch, self.min_count, self.neg, self.word_ngrams, self.loss)
        args += (self.model, self.bucket, self.minn, self.maxn, self.lr_update_rate)
        return head + struct.pack("<12id", *args, self.t)

    def _dictionary(self) -> bytes:
        entries = self.words + self.labels
        size = len(entries) if self.size is None else self.size
        nwords = len(self.words) if self.nwords is None else self.nwords
        nlabels = len(self.labels) if self.nlabels is None else self.nlabels
        data = struct.pack("<3iq", size, nwords, nlabels, self.ntokens)
        if self.magic is not None:
            pruned = -1 if self.pruned is None else len(self.pruned)
            data += struct.pack("<q", pruned if self.pruneidx_size is None else self.pruneidx_size)
        counts = self.counts or list(range(len(entries), 0, -1))
        types = self.types or [0] * len(self.words) + [1] * len(self.labels)
        for entry, count, kind in zip(entries, counts, types, strict=True):
            data += entry + b"\0" + struct.pack("<qb", count, kind)
        for bucket, row in (self.pruned or {}).items():
            data += struct.pack("<2i", bucket, row)
        return data

    def _matrices(self) -> bytes:
        data = b""
        for matrix, mark, shape in (
            (self.input, self.quant, self.shape),
            (self.output, self.qout, self.output_shape),
        ):
            is_quantized = isinstance(matrix, Quantized)
            if self.magic is not None:
                data += struct.pack("<B", int(is_quantized) if mark is None else mark)
            if isinstance(matrix, Quantized):
                data += matrix.encode()
            else:
                data += struct.pack("<2q", *(matrix.shape if shape is None else shape))
                data += matrix.astype("<f4").tobytes()
        return data


WORDS = ["the", "socket", "naïve", "日本", "</s>"]


def rows(count: int, size: int, seed: int) -> NDArray[np.float32]:
    """Return numbers between −1 and 1, the same for a seed."""
    numbers = np.random.default_rng(seed).integers(-128, 128, (count, size))
    return (numbers / 128).astype(np.float32)


def skipgram(size: int = 6, bucket: int = 40) -> File:
    """A small unsupervised model with n-grams of 2 to 4 characters."""
    return File(
        input=rows(len(WORDS) + bucket, size, 1),
        output=rows(len(WORDS), size, 2),
        words=[word.encode() for word in WORDS],
        bucket=bucket,
        minn=2,
        maxn=4,
    )


def classifier(size: int = 6) -> File:
    """A small supervised model."""
    return File(
        input=rows(len(WORDS), size, 1),
        output=rows(2, size, 2),
        words=[word.encode() for word in WORDS],
        labels=[b"__label__good", b"__label__bad"],
        loss=3,
        model=3,
    )


def quantized(*, pruned: bool, norms: bool, size: int = 5, bucket: int = 40) -> File:
    """A model as `skipgram`'s, quantised, of whose buckets only some may have a row."""
    model = skipgram(size, bucket)
    # Pairs in no order, as a hash table gives them.
    kept = {bucket: row for row, bucket in enumerate((7, 3, 39, 0, 22, 31, 12, 18))}
    count = len(WORDS) + (len(kept) if pruned else bucket)
    generator = np.random.default_rng(3)
    codes = generator.integers(0, 256, (count, -(-size // 2)), np.uint8)
    matrix = Quantized(codes, rows(256, size, 4).reshape(-1), size)
    if norms:
        matrix.norm_codes = generator.integers(0, 256, count, np.uint8)
        matrix.norm_centroids = np.abs(rows(256, 1, 5)).reshape(-1)
    return replace(model, input=matrix, pruned=kept if pruned else None)


def load(data: bytes, **options: Any) -> FastTextKeyedVectors:
    loaded = formats.load(io.BytesIO(data), format="fasttext", **options)
    assert isinstance(loaded, FastTextKeyedVectors)
    return loaded


def parts(source: Any, **options: Any) -> FastTextParts:
    given: dict[str, Any] = {
        "encoding": "utf-8",
        "errors": "strict",
        "limit": None,
        "with_output": True,
        "allow_nonfinite": False,
        "limits": DEFAULT,
    }
    return _core.read_fasttext(source, **(given | options))
