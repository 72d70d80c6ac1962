"""Files of classifiers that are not what they claim to be: a clear error, or answers."""

import io
import struct
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import synvec
from synvec import TextClassifier
from tests.hostile import check_prefixes_err, flipped, megabytes_to_refuse
from tests.test_classifier import ANY, FOLDER, MODELS, TEXTS

# Where the fields of a file of version 12 lie.
DIM, WORD_NGRAMS, LOSS, MODEL, BUCKET, MINN, MAXN = (8 + 4 * n for n in (0, 5, 6, 7, 8, 9, 10))
SIZE, WORDS, LABELS, PRUNED = 64, 68, 72, 84


def read(data: bytes) -> TextClassifier:
    return TextClassifier.load(io.BytesIO(data))


def content(name: str = ANY) -> bytes:
    return (FOLDER / name).read_bytes()


def changed(data: bytes, *fields: tuple[int, int], layout: str = "<i") -> bytes:
    made = bytearray(data)
    for offset, value in fields:
        struct.pack_into(layout, made, offset, value)
    return bytes(made)


def field(data: bytes, offset: int, layout: str = "<i") -> int:
    value: int = struct.unpack_from(layout, data, offset)[0]
    return value


def matrices(data: bytes) -> int:
    """Where the input matrix of a dense file begins: its rows and columns stand there."""
    offset = 92
    for _ in range(field(data, SIZE)):
        offset = data.index(b"\0", offset) + 10
    return offset + 1


@pytest.mark.parametrize("name", MODELS)
def test_beginnings_are_refused(name: str) -> None:
    check_prefixes_err(read, content(name), most=120)


@pytest.mark.parametrize("name", MODELS)
def test_turned_bits_give_an_error_or_answers(name: str) -> None:
    for data in flipped(content(name), times=120):
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                model = read(data)
                labels, probabilities = model.predict(TEXTS, k=3)
        except synvec.FormatError:
            continue
        for found, chances in zip(labels, probabilities, strict=True):
            assert set(found) <= set(model.labels)
            assert ((chances >= 0) & (chances <= 1)).all()
        assert model.get_sentence_vector(TEXTS).shape == (len(TEXTS), model.vector_size)
        assert model.wv.vectors.shape == (len(model.words), model.vector_size)


def no_labels(data: bytes) -> bytes:
    labels = field(data, LABELS)
    return changed(data, (LABELS, 0), (WORDS, field(data, WORDS) + labels))


def output_rows(data: bytes) -> bytes:
    rows, columns = struct.unpack_from("<qq", data, matrices(data))
    offset = matrices(data) + 16 + rows * columns * 4 + 1
    return changed(data, (offset, field(data, offset, "<q") - 1), layout="<q")


def a_label_twice(data: bytes) -> bytes:
    return data.replace(b"__label__5\0", b"__label__4\0")


@pytest.mark.parametrize(
    ("change", "match"),
    [
        (no_labels, "labels"),
        (output_rows, "output matrix"),
        (a_label_twice, "twice"),
        (lambda data: changed(data, (WORD_NGRAMS, 2**31 - 1)), "word_ngrams is 2147483647"),
        (lambda data: changed(data, (MAXN, 2**31 - 1)), "maxn"),
        (lambda data: changed(data, (BUCKET, -1)), "bucket"),
        (lambda data: changed(data, (LOSS, 9)), "loss"),
        (lambda data: changed(data, (LABELS, field(data, LABELS) - 1)), "labels"),
    ],
)
def test_headers_that_lie_are_refused(change: Callable[[bytes], bytes], match: str) -> None:
    with pytest.raises(synvec.FormatError, match=match) as caught:
        read(change(content()))
    assert "fastText" in str(caught.value)


def test_kept_buckets_out_of_range_are_refused() -> None:
    data = content("ova-cutoff.ftz")
    offset = 92
    for _ in range(field(data, SIZE)):
        offset = data.index(b"\0", offset) + 10
    assert field(data, PRUNED, "<q") > 0
    for place, value in [(offset, 10**6), (offset, -1), (offset + 4, 10**6), (offset + 4, -1)]:
        with pytest.raises(synvec.HeaderError):
            read(changed(data, (place, value)))


def test_counts_that_make_no_tree_are_refused() -> None:
    data = content("hs.bin")
    offset = data.index(b"__label__0\0") + len(b"__label__0\0")
    with pytest.raises(synvec.HeaderError, match="label_counts"):
        read(changed(data, (offset, 2**62), layout="<q"))
    # Counts that fall in no order make another tree, but a tree.
    assert read(changed(data, (offset, 0), layout="<q")).predict("bakolu").labels


@pytest.mark.parametrize("name", ["softmax.bin", "ova-subwords.bin", "hs.bin"])
def test_weights_that_overflow_are_told(name: str) -> None:
    data = bytearray(content(name))
    start = matrices(bytes(data))
    rows, columns = struct.unpack_from("<qq", data, start)
    huge = np.full(rows * columns, 3e38, dtype="<f4")
    huge[::2] = -3e38
    data[start + 16 : start + 16 + huge.nbytes] = huge.tobytes()
    output = start + 16 + huge.nbytes + 1
    rows, columns = struct.unpack_from("<qq", data, output)
    data[output + 16 :] = np.full(rows * columns, 3e38, dtype="<f4").tobytes()
    model = read(bytes(data))
    with pytest.raises(synvec.NonFiniteError, match="sums of them overflow"):
        model.predict("bakolu bakolu bakolu mitira")


def test_not_a_number_is_refused_unless_allowed() -> None:
    data = bytearray(content())
    struct.pack_into("<f", data, matrices(bytes(data)) + 16, float("nan"))
    with pytest.raises(synvec.NonFiniteError):
        read(bytes(data))
    assert TextClassifier.load(io.BytesIO(bytes(data)), allow_nonfinite=True).labels


def test_little_memory_refuses_a_file_that_claims_much(tmp_path: Path) -> None:
    paths = []
    for number, change in enumerate(
        [(BUCKET, 2**31 - 1), (DIM, 2**20), (SIZE, 2**31 - 1), (WORDS, 2**31 - 1)]
    ):
        path = tmp_path / f"{number}.bin"
        path.write_bytes(changed(content(), change))
        paths.append(path)
    assert megabytes_to_refuse(*paths) < 100
