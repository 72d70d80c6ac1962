"""A supervised fastText model in plain NumPy, read and asked slowly: what the tests compare with.

It shares nothing with the core but the bytes of the file. Numbers are float64, so that what the
core rounds to float32 shows.
"""

import math
import struct
from dataclasses import dataclass
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float64]
INTS = ["dim", "ws", "epoch", "min_count", "neg", "word_ngrams", "loss", "model", "bucket"]
INTS += ["minn", "maxn", "lr_update_rate"]
LOSSES = {1: "hs", 2: "ns", 3: "softmax", 4: "ova"}


@dataclass
class Model:
    """What a file holds."""

    args: dict[str, int]
    words: dict[bytes, int]
    labels: dict[bytes, int]
    label_counts: list[int]
    kept: dict[int, int] | None
    input: Vectors
    output: Vectors

    def rows(self, text: str) -> list[int]:
        """The rows of a line: words and their n-grams, then n-grams of words."""
        rows: list[int] = []
        hashes: list[int] = []
        for token in tokens(text):
            if token in self.labels or (token not in self.words and token[:9] == b"__label__"):
                continue
            rows += self.word_rows(token)
            number = fnv(token)
            hashes.append(number - (1 << 32) if number >= 1 << 31 else number)
        for start in range(len(hashes)):
            number = hashes[start]
            for end in range(start + 1, min(start + self.args["word_ngrams"], len(hashes))):
                number = (number * 116049371 + hashes[end]) % (1 << 64)
                rows += self.bucket_rows(number)
        return rows

    def word_rows(self, token: bytes) -> list[int]:
        """The rows of a word."""
        rows = [self.words[token]] if token in self.words else []
        if token != b"</s>":
            characters = [c.encode() for c in f"<{token.decode()}>"]
            for start in range(len(characters)):
                for end in range(start + 1, min(start + self.args["maxn"], len(characters)) + 1):
                    is_mark = end == start + 1 and (start == 0 or end == len(characters))
                    if end - start >= self.args["minn"] and not is_mark:
                        rows += self.bucket_rows(fnv(b"".join(characters[start:end])))
        return rows

    def bucket_rows(self, number: int) -> list[int]:
        """The row of a hash's bucket, if it has one."""
        if not self.args["bucket"]:
            return []
        bucket = number % self.args["bucket"]
        if self.kept is None:
            return [len(self.words) + bucket]
        return [len(self.words) + self.kept[bucket]] if bucket in self.kept else []

    def vector(self, rows: list[int]) -> Vectors:
        """The mean of rows, or 0."""
        mean: Vectors = self.input[rows].mean(axis=0) if rows else np.zeros(self.args["dim"])
        return mean

    def probabilities(self, text: str) -> list[float]:
        """The probability of every label, as fastText gives it; none when nothing is known."""
        rows = self.rows(text)
        if not rows:
            return []
        hidden = self.vector(rows)
        loss = LOSSES[self.args["loss"]]
        if loss == "hs":
            return [math.exp(score) for score in self.tree_scores(hidden)]
        products = self.output @ hidden
        if loss == "softmax":
            powers = np.exp(products - products.max())
            found = powers / powers.sum()
        else:
            # Looked up in 512 steps from -8 to 8; 0 and 1 beyond.
            steps = np.floor((np.clip(products, -8, 8) + 8) * 32)
            found = 1 / (1 + np.exp(8 - steps / 32))
            found = np.where(products < -8, 0, np.where(products > 8, 1, found))
        return [float(probability) + 1e-5 for probability in found]

    def tree_scores(self, hidden: Vectors) -> list[float]:
        """The logarithm of each label's probability: the product of its turns'."""
        ways = huffman(self.label_counts)

        def turn(node: int, is_right: bool) -> float:
            right = 1 / (1 + math.exp(-float(self.output[node] @ hidden)))
            return math.log((right if is_right else 1 - right) + 1e-5)

        return [sum(turn(node, is_right) for node, is_right in way) for way in ways]


def tokens(text: str) -> list[bytes]:
    """The words of a line, the end of the line as the last."""
    found = "".join(" " if c in "\n\r\t\v\f\0" else c for c in text).split(" ")
    words = [word.encode() for word in found if word] + [b"</s>"]
    return words[: words.index(b"</s>") + 1]


def fnv(data: bytes) -> int:
    """FNV-1a of 32 bits over signed bytes."""
    number = 2166136261
    for byte in data:
        signed = byte - 256 if byte > 127 else byte
        number = ((number ^ (signed % (1 << 32))) * 16777619) % (1 << 32)
    return number


def huffman(counts: list[int]) -> list[list[tuple[int, bool]]]:
    """For each label the inner nodes on the way to it, and whether it turns right there.

    The two lightest nodes are joined again and again: of equal ones an inner node goes before a
    label, and the last label before the others.
    """
    waiting = [(count, 1, -label, label) for label, count in enumerate(counts)]
    ways: dict[int, list[tuple[int, bool]]] = {label: [] for label in range(len(counts))}
    under = {label: [label] for label in range(len(counts))}
    for node in range(len(counts), 2 * len(counts) - 1):
        waiting.sort()
        (left_count, *_, left), (right_count, *_, right) = waiting[:2]
        for child, is_right in ((left, False), (right, True)):
            for label in under[child]:
                ways[label].insert(0, (node - len(counts), is_right))
        under[node] = under[left] + under[right]
        waiting = [*waiting[2:], (left_count + right_count, 0, node, node)]
    return [ways[label] for label in range(len(counts))]


def read(file: BinaryIO) -> Model:
    """Read a file of version 12."""

    def take(layout: str) -> Any:
        (value,) = struct.unpack("<" + layout, file.read(struct.calcsize("<" + layout)))
        return value

    assert (take("i"), take("i")) == (793712314, 12)
    args = {name: take("i") for name in INTS}
    take("d")
    size, words, _, _, kept_size = (take(layout) for layout in "iiiqq")
    entries = []
    for _ in range(size):
        word = b""
        while (byte := file.read(1)) != b"\0":
            word += byte
        entries.append((word, take("q"), take("b")))
    kept = {take("i"): take("i") for _ in range(kept_size)} if kept_size >= 0 else None

    def dense() -> Vectors:
        rows, columns = take("q"), take("q")
        values = np.frombuffer(file.read(rows * columns * 4), dtype="<f4")
        return values.reshape(rows, columns).astype(np.float64)

    def centroids() -> tuple[int, NDArray[np.float32]]:
        columns, _, part, _ = (take("i") for _ in range(4))
        return part, np.frombuffer(file.read(columns * 256 * 4), dtype="<f4")

    def quantized() -> Vectors:
        has_norms, rows, columns, code_bytes = take("?"), take("q"), take("q"), take("i")
        codes = np.frombuffer(file.read(code_bytes), dtype=np.uint8).reshape(rows, -1)
        part, values = centroids()
        matrix = np.zeros((rows, columns))
        for start in range(0, columns, part):
            width = min(part, columns - start)
            choices = values[256 * start : 256 * (start + width)].reshape(256, width)
            matrix[:, start : start + width] = choices[codes[:, start // part]]
        if has_norms:
            norm_codes = np.frombuffer(file.read(rows), dtype=np.uint8)
            matrix *= centroids()[1][norm_codes][:, None]
        return matrix

    is_quantized = take("?")
    input_rows = quantized() if is_quantized else dense()
    output_rows = quantized() if take("?") and is_quantized else dense()
    assert file.read() == b""
    names = [word for word, _, _ in entries]
    return Model(
        args,
        {word: row for row, word in enumerate(names[:words])},
        {word: row for row, word in enumerate(names[words:])},
        [count for _, count, _ in entries[words:]],
        kept,
        input_rows,
        output_rows,
    )
