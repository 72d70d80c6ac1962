"""Sentences as Arrow arrays: the same as lists of str, by way of batches."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np
import pytest

from synvec import Word2Vec, _core, scan

pyarrow = pytest.importorskip("pyarrow")

SENTENCES = [["the", "cat"], [], ["über", "the", "naïve", "日本"], [""], ["the", "cat", "sat"] * 40]
STRINGS, LARGE = pyarrow.string(), pyarrow.large_string()
Array = Any


def arrays() -> dict[str, Callable[[], Any]]:
    """Return ways to give `SENTENCES`."""
    plain = pyarrow.array(SENTENCES, pyarrow.list_(STRINGS))
    padded = pyarrow.array([["not"], *SENTENCES, ["these", "two"]], pyarrow.list_(STRINGS))
    coded = pyarrow.array(
        SENTENCES, pyarrow.list_(pyarrow.dictionary(pyarrow.int32(), pyarrow.string()))
    )
    words = pyarrow.array(["no"] + [word for sentence in SENTENCES for word in sentence]).slice(1)
    offsets = np.cumsum([0, *map(len, SENTENCES)])

    def generator() -> Iterator[Any]:
        yield plain.slice(0, 2)
        yield SENTENCES[2]
        yield pyarrow.chunked_array([plain.slice(3, 1), plain.slice(4)])

    return {
        "lists": lambda: plain,
        "large lists": lambda: pyarrow.array(SENTENCES, pyarrow.large_list(LARGE)),
        "large strings": lambda: pyarrow.array(SENTENCES, pyarrow.list_(LARGE)),
        "a slice": lambda: padded.slice(1, len(SENTENCES)),
        "chunks": lambda: pyarrow.chunked_array([plain.slice(0, 3), plain.slice(3)]),
        "dictionary": lambda: coded,
        "views of lists": lambda: pyarrow.array(SENTENCES, pyarrow.list_view(STRINGS)),
        "a slice of views of lists": lambda: pyarrow.array(
            [["not"], *SENTENCES], pyarrow.large_list_view(pyarrow.string_view())
        ).slice(1),
        "views of strings": lambda: pyarrow.array(SENTENCES, pyarrow.list_(pyarrow.string_view())),
        "words that are a slice": lambda: pyarrow.ListArray.from_arrays(offsets, words),
        "a generator of batches": generator,
    }


def read(corpus: Iterable[Any], **settings: Any) -> tuple[Any, ...]:
    scanned = scan(corpus, **settings)
    ids = scanned.encode(scanned.keys).ids.tolist()
    return scanned.keys.keys(), scanned.counts.tolist(), scanned.sentences, ids


@pytest.mark.parametrize("way", arrays())
def test_arrays_are_read_like_lists(way: str) -> None:
    assert read(arrays()[way]()) == read(SENTENCES)


def test_settings_hold_for_batches_too() -> None:
    shouted = [[word.upper() for word in sentence] for sentence in SENTENCES]
    array = pyarrow.array(shouted, pyarrow.list_(STRINGS))
    settings = {"lowercase": True, "spool_bytes": 0}
    assert read(array, **settings) == read(shouted, **settings)


def test_a_list_that_is_null_is_an_empty_sentence_whatever_lies_beneath_it() -> None:
    offsets = pyarrow.array([0, 1, 3, 4], pyarrow.int32())
    words = pyarrow.array(["a", "x", "y", "b"])
    mask = pyarrow.array([False, True, False])
    array = pyarrow.ListArray.from_arrays(offsets, words, mask=mask)
    assert array.to_pylist() == [["a"], None, ["b"]]
    assert read(array) == read([["a"], [], ["b"]])


def test_arrays_without_anything_are_no_sentences() -> None:
    for array in (
        pyarrow.array([], pyarrow.list_(STRINGS)),
        pyarrow.chunked_array([], pyarrow.list_(STRINGS)),
    ):
        assert read(array) == ([], [], 0, [])
    assert read(pyarrow.array([[], []], pyarrow.list_(STRINGS))) == read([[], []])


def test_a_word_that_is_null_is_an_error_that_tells_where() -> None:
    array = pyarrow.array([["a", "b"], ["c", "d", None]], pyarrow.list_(STRINGS))
    with pytest.raises(TypeError, match="word 2 of sentence 3 is null, expected str"):
        scan(iter([["x"], ["y"], array]))


@pytest.mark.parametrize(
    ("array", "advice"),
    [
        (
            [1, 2],
            "array of int64 is not sentences: expected lists of strings or integers, or strings",
        ),
        ([[1.5, 2], [3]], "array of list<item: double> is not sentences.*must be strings"),
    ],
)
def test_arrays_of_something_else_say_what_to_do(array: list[Any], advice: str) -> None:
    with pytest.raises(TypeError, match=advice):
        scan(pyarrow.array(array))


def test_a_table_among_sentences_is_not_a_column() -> None:
    table = pyarrow.table({"words": pyarrow.array([["a"]])})
    with pytest.raises(TypeError, match=r"Table of Arrow is not sentences.*table\['words'\]"):
        scan([table])


def test_strings_among_sentences_may_be_one_or_many() -> None:
    array = pyarrow.array(["a b", "c"])
    with pytest.raises(TypeError, match=r"array of string among sentences.*tokenize='whitespace'"):
        scan([["x"], array])
    assert read(["x y", array], tokenize="whitespace") == read([["x", "y"], ["a", "b"], ["c"]])


def test_offsets_that_lie_are_errors() -> None:
    good = ([0], [1], [0, 1], b"a")
    for starts, ends, offsets, text in [
        ([0], [2], [0, 1], b"a"),
        ([-1], [1], [0, 1], b"a"),
        ([0], [1], [0, 9], b"a"),
        ([0], [1], [1, 0], b"a"),
        ([0], [1], [0, 1], b"\xff"),
    ]:
        assert (starts, ends, offsets, text) != good
        batch = _core.SentenceBatch(
            *(np.array(part, np.int64) for part in (starts, ends, offsets)),
            np.frombuffer(text, np.uint8),
        )
        with pytest.raises(ValueError, match="hold an Arrow array whose"):
            scan([batch])  # type: ignore[list-item]


def test_training_takes_arrays_and_knows_them_again() -> None:
    sentences = [["red", "apple"], ["green", "apple"], ["red", "cherry"]] * 30
    array = pyarrow.array(sentences, pyarrow.list_(STRINGS))
    settings = {"vector_size": 8, "min_count": 1, "workers": 1, "epochs": 2}
    expected = Word2Vec(sentences, **settings).wv
    model = Word2Vec(**settings)
    model.build_vocab(array)
    model.train(array, total_examples=model.corpus_count, epochs=2)
    assert model.wv.index_to_key == expected.index_to_key
    assert np.array_equal(model.wv.vectors, expected.vectors)
