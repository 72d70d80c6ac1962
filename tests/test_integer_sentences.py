"""Integers as words of sentences: lists, arrays, Arrow, and the same in text."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest

from synvec import Phrases, Word2Vec
from synvec.corpora import save_as_line_sentence, scan

SMALLEST, LARGEST = -(2**63), 2**63 - 1


def words(corpus: object) -> tuple[list[int], list[int]]:
    scanned = scan(corpus)
    return scanned.keys.keys(), scanned.counts.tolist()


def test_lists_tuples_generators_and_numpy_scalars_are_sentences_of_integers() -> None:
    expected = ([1, 2, -3], [2, 1, 1])
    assert words([[1, 2], (1, -3)]) == expected
    assert words(iter([[1, 2], [1, -3]])) == expected
    assert words([(word for word in (1, 2)), [1, -3]]) == expected
    assert words([[np.int8(1), np.uint64(2)], [1, np.int64(-3)]]) == expected
    assert all(type(key) is int for key in words([[np.int8(1)]])[0])


@pytest.mark.parametrize("code", "bhilqBHILQ")
def test_arrays_of_every_width_and_layout_are_sentences(code: str) -> None:
    matrix = np.array([[1, 2, 3], [2, 3, 4]], dtype=code)
    expected = words(matrix.tolist())
    assert words(matrix) == words(list(matrix)) == words(iter(matrix)) == expected
    assert words([matrix]) == expected  # a batch of sentences
    assert words(np.asfortranarray(matrix)) == expected
    assert words(matrix.astype(matrix.dtype.newbyteorder())) == expected
    assert words(matrix.T[::-1]) == words(matrix.T[::-1].tolist())
    shifted = np.frombuffer(b"\0" + matrix.tobytes(), matrix.dtype, offset=1).reshape(2, 3)
    assert words(shifted) == expected
    matrix.flags.writeable = False
    assert words(matrix) == expected


def test_mapped_arrays_are_sentences(tmp_path: Path) -> None:
    np.save(tmp_path / "ids.npy", np.array([[1, 2], [2, 3]], np.int32))
    assert words(np.load(tmp_path / "ids.npy", mmap_mode="r")) == ([1, 2, 3], [1, 2, 1])


def test_sentences_are_rows_and_long_ones_are_whole() -> None:
    rows = np.arange(30_000).reshape(3, 10_000) % 5000
    for corpus in (rows, rows.tolist(), list(rows)):
        scanned = scan(corpus)
        assert (scanned.sentences, scanned.raw_words, scanned.distinct) == (3, 30_000, 5000)
        ids = scanned.encode(scanned.keys).ids
        assert np.flatnonzero(ids == 2**32 - 1).tolist() == [10_000, 20_001, 30_002]
        assert (ids[:10_000] == rows[0]).all()
    assert scan(np.zeros((4, 0), int)).sentences == 4
    assert scan([np.zeros(0, int), np.array([7])]).sentences == 2


def test_a_corpus_of_integers_is_that_of_their_texts() -> None:
    generator = np.random.default_rng(5)
    numbers = generator.integers(-50, 50, (200, 7)) * 10 ** generator.integers(0, 17, (200, 7))
    texts = scan([list(map(str, row)) for row in numbers.tolist()])
    integers = scan(numbers)
    assert list(map(str, integers.keys.keys())) == texts.keys.keys()
    assert (integers.counts == texts.counts).all()
    assert (integers.encode(integers.keys).ids == texts.encode(texts.keys).ids).all()


def test_the_range_is_that_of_64_bits() -> None:
    ends = [SMALLEST, -1, 0, LARGEST]
    assert words([ends]) == words(np.array([ends])) == (ends, [1] * 4)
    for corpus in ([[0], [1, LARGEST + 1]], np.array([[0, 1], [2, LARGEST + 1]], np.uint64)):
        with pytest.raises(ValueError, match=r"word 1 of sentence 1 is 9223372036854775808"):
            scan(corpus)
    with pytest.raises(ValueError, match=r"word 2 of sentence 0 is 18446744073709551615"):
        scan([np.array([0, 1, 2**64 - 1], np.uint64)])
    with pytest.raises(ValueError, match=r"word 0 of sentence 0 is -9223372036854775809"):
        scan([[SMALLEST - 1]])


@pytest.mark.parametrize(
    ("corpus", "place"),
    [
        ([[1, 2], [3, "a"]], "word 1 of sentence 1 is str, expected int"),
        ([["a"], [], ["b", 3]], "word 1 of sentence 2 is int, expected str"),
        ([["a"], np.array([3])], "word 0 of sentence 1 is int64, expected str"),
        ([np.array([3]), ["a"]], "word 0 of sentence 1 is str, expected int"),
        ([[1, True]], "word 1 of sentence 0 is bool"),
        ([np.array([True])], "word 0 of sentence 0 is bool"),
        ([[1, 2.0]], "word 1 of sentence 0 is float"),
        ([np.array([1.5])], "word 0 of sentence 0 is float64"),
        ([[np.timedelta64(1)]], "word 0 of sentence 0 is timedelta64"),
        ([np.ma.array([1, 2], mask=[False, True])], "word 1 of sentence 0 is MaskedConstant"),
        (np.array([1, 2]), "sentence 0 is int64, expected a list of words"),
        ([np.zeros((2, 2, 2), int)], "word 0 of sentence 0 is ndarray"),
    ],
)
def test_other_words_are_refused_with_their_place(corpus: object, place: str) -> None:
    with pytest.raises(TypeError, match=place):
        scan(corpus)


@pytest.mark.parametrize("name", ["int8", "int32", "int64", "uint16", "uint64"])
def test_arrow_lists_of_integers_are_sentences(name: str) -> None:
    pyarrow = pytest.importorskip("pyarrow")
    kind = pyarrow.list_(getattr(pyarrow, name)())
    lists = pyarrow.array([[1, 2], [], None, [2, 3]], kind)
    assert words(lists) == words([lists]) == ([1, 2, 3], [1, 2, 1])
    assert scan(lists).sentences == 4
    chunked = pyarrow.chunked_array([lists, lists.slice(3)])
    assert words(chunked) == ([1, 2, 3], [1, 3, 2])
    assert words(lists.cast(pyarrow.large_list(kind.value_type))) == ([1, 2, 3], [1, 2, 1])
    with pytest.raises(TypeError, match=r"1 words of the Arrow array of list<.*> are null"):
        scan(pyarrow.array([[1, None]], kind))
    with pytest.raises(TypeError, match="expected lists of strings or integers"):
        scan(pyarrow.array([1, 2]))


def test_integers_cannot_be_lower_cased_nor_make_phrases() -> None:
    with pytest.raises(ValueError, match="lowercase=True has no meaning"):
        Word2Vec([[1, 2]], lowercase=True)
    with pytest.raises(ValueError, match="lowercase=True has no meaning"):
        scan(np.array([[1]]), lowercase=True)
    with pytest.raises(TypeError, match="phrases are made of str"):
        Phrases([[1, 2], [1, 2]], min_count=1)


def test_a_corpus_of_integers_is_written_as_digits() -> None:
    file = io.BytesIO()
    save_as_line_sentence(np.array([[1, -2], [3, 1]]), file)
    assert file.getvalue() == b"1 -2\n3 1\n"
