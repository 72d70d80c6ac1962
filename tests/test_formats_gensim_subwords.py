"""gensim's FastText models of every layout: words of the vocabulary and words outside it."""

import io
from typing import Any

import numpy as np
import pytest

import synvec
from synvec import FastTextKeyedVectors, KeyedVectors, formats
from tests import gensim_files as files
from tests.golden import COUNTS, FOLDER, KEYS, VECTORS
from tests.hostile import check_prefixes_err, check_survives, flipped

GOLDEN = FOLDER / "gensim"
BUCKETS, MIN_N, MAX_N = 97, 3, 4
NGRAMS = (np.arange(BUCKETS * 6, dtype=np.float32) * 31 % 67 - 33).reshape(BUCKETS, 6) / 32
UNSEEN = ["sockets", "ports", "straßen", "日本語", "theof"]


def load(data: bytes) -> Any:
    return formats.load(io.BytesIO(data))


def ngrams_of(word: str) -> list[str]:
    word = f"<{word}>"
    return [
        word[start : start + size]
        for size in range(MIN_N, MAX_N + 1)
        for start in range(len(word) - size + 1)
    ]


def bucket_of(ngram: str, by_bytes: bool) -> int:
    value = 2166136261
    for unit in ngram.encode() if by_bytes else map(ord, ngram):
        signed = unit | 0xFFFFFF00 if by_bytes and unit > 127 else unit
        value = (value ^ signed) * 16777619 & 0xFFFFFFFF
    return value % BUCKETS


def known(by_bytes: bool) -> dict[str, int]:
    """The n-grams of the ten words, and their buckets."""
    return {ngram: bucket_of(ngram, by_bytes) for key in KEYS for ngram in ngrams_of(key)}


def composed(by_bytes: bool) -> np.ndarray:
    """The vectors of the ten words."""
    rows = []
    for key, own in zip(KEYS, VECTORS, strict=True):
        buckets = [bucket_of(ngram, by_bytes) for ngram in ngrams_of(key)]
        rows.append((own + NGRAMS[buckets].sum(axis=0)) / (len(buckets) + 1))
    return np.array(rows, dtype=np.float32)


def unseen(word: str, by_bytes: bool, buckets: set[int]) -> np.ndarray:
    """The vector of a word outside the vocabulary, of those n-grams that have a row."""
    found = [bucket_of(ngram, by_bytes) for ngram in ngrams_of(word)]
    return NGRAMS[[bucket for bucket in found if bucket in buckets]].mean(axis=0)


def model_4(**changes: Any) -> Any:
    state = {
        "index_to_key": list(KEYS), "expandos": {"count": np.array(COUNTS)}, "vector_size": 6,
        "vectors_vocab": VECTORS.copy(), "vectors_ngrams": NGRAMS.copy(), "min_n": MIN_N,
        "max_n": MAX_N, "bucket": BUCKETS, "compatible_hash": True, "__ignoreds": ["vectors"],
    }  # fmt: skip
    return files.make(files.FastText, wv=files.make(files.FastTextKeyedVectors, **state | changes))


def compact(by_bytes: bool) -> tuple[dict[int, int], np.ndarray]:
    """The rows of the buckets that the ten words have, in no order, and where each is."""
    buckets = sorted(set(known(by_bytes).values()), key=lambda bucket: bucket * 29 % BUCKETS)
    return {bucket: row for row, bucket in enumerate(buckets)}, NGRAMS[buckets]


def model_38(by_bytes: bool = True, **changes: Any) -> Any:
    table, rows = compact(by_bytes)
    state = {
        "index2word": list(KEYS), "vocab": files.vocabulary(), "vectors": composed(by_bytes),
        "vectors_vocab": VECTORS.copy(), "vectors_ngrams": rows, "hash2index": table,
        "min_n": MIN_N, "max_n": MAX_N, "bucket": BUCKETS,
    }  # fmt: skip
    if by_bytes:
        state["compatible_hash"] = True
    return files.make(files.FastText, wv=files.make(files.FastTextKeyedVectors, **state | changes))


def model_32(**changes: Any) -> Any:
    table, rows = compact(by_bytes=False)
    state = {
        "index2word": list(KEYS), "vocab": files.vocabulary(), "syn0": composed(by_bytes=False),
        "syn0_vocab": VECTORS.copy(), "syn0_ngrams": rows, "hash2index": table, "min_n": MIN_N,
        "max_n": MAX_N, "ngrams": {ngram: table[b] for ngram, b in known(by_bytes=False).items()},
    }  # fmt: skip
    wv = files.make(files.FastTextKeyedVectors, **state | changes)
    return files.make(files.FastText, wv=wv, bucket=BUCKETS)


def model_23(**changes: Any) -> Any:
    ngrams = known(by_bytes=False)
    state = {
        "index2word": list(KEYS), "vocab": files.vocabulary(), "syn0": composed(by_bytes=False),
        "syn0_all": NGRAMS[list(ngrams.values())], "min_n": MIN_N, "max_n": MAX_N,
        "ngrams": {ngram: row for row, ngram in enumerate(ngrams)},
    }  # fmt: skip
    wv = files.make(files.FastTextKeyedVectors, **state | changes)
    return files.make(files.FastText, wv=wv, bucket=BUCKETS)


LAYOUTS = [
    (model_4(), True, set(range(BUCKETS))),
    (model_4().wv, True, set(range(BUCKETS))),
    (model_38(), True, set(known(True).values())),
    (model_38(by_bytes=False), False, set(known(False).values())),
    (model_32(), False, set(known(False).values())),
    (model_23(), False, set(known(False).values())),
]
WAYS = [(0, False), (2, False), (4, False), (0, True), (2, True)]
"""Protocols, and whether Python 2 wrote the file, which had no gensim 4 and no protocol 4."""
CASES = [
    (*layout, protocol, like_python2)
    for number, layout in enumerate(LAYOUTS)
    for protocol, like_python2 in WAYS
    if number > 1 or not like_python2
]


@pytest.mark.parametrize(("value", "by_bytes", "buckets", "protocol", "like_python2"), CASES)
def test_words_in_the_vocabulary_and_outside_it(
    value: Any, by_bytes: bool, buckets: set[int], protocol: int, like_python2: bool
) -> None:
    written = files.as_python2(value) if like_python2 else value
    loaded = load(files.dumps(written, protocol, like_python2=like_python2))
    assert isinstance(loaded, FastTextKeyedVectors)
    assert loaded.index_to_key == KEYS
    assert loaded.counts is not None
    assert loaded.counts.tolist() == COUNTS
    assert loaded.vectors == pytest.approx(composed(by_bytes), abs=1e-6)
    assert loaded.vectors_vocab == pytest.approx(VECTORS, abs=1e-5)
    for word in UNSEEN:
        assert loaded[word] == pytest.approx(unseen(word, by_bytes, buckets), abs=1e-6), word
    loaded.adjust_vectors()  # the parts make the vectors that were kept
    assert loaded.vectors == pytest.approx(composed(by_bytes), abs=1e-5)


def test_vectors_that_were_kept_come_over_bit_by_bit() -> None:
    kept = composed(by_bytes=True)
    assert load(files.dumps(model_38())).vectors.tobytes() == kept.tobytes()


@pytest.mark.parametrize(
    "name", ["fasttext-4.4", "fasttext-3.8.3-python3", "fasttext-3.8.3-python2"]
)
def test_what_gensim_answers(name: str) -> None:
    loaded = synvec.load(GOLDEN / name)
    assert isinstance(loaded, FastTextKeyedVectors)
    assert sorted(loaded.index_to_key) == sorted(KEYS)
    answers = np.load(GOLDEN / f"{name}.answers.npy")
    words = ["socket", "sockets", "日本語", "unheard-of"]
    assert np.stack([loaded[word] for word in words]) == pytest.approx(answers, abs=1e-6)


def test_without_buckets_there_are_no_subwords() -> None:
    value = model_4(bucket=0, vectors_ngrams=np.zeros((0, 6), np.float32))
    loaded = load(files.dumps(value))
    assert loaded.vectors.tobytes() == VECTORS.tobytes()
    assert "unheard-of" not in loaded


def test_it_goes_into_our_own_format(tmp_path: Any) -> None:
    loaded = load(files.dumps(model_38()))
    loaded.save(tmp_path / "subwords.kv")
    again = KeyedVectors.load(tmp_path / "subwords.kv")
    for word in [*KEYS, *UNSEEN]:
        assert again[word].tobytes() == loaded[word].tobytes()


@pytest.mark.parametrize(
    ("value", "match"),
    [
        (model_4(bucket=96), "96 buckets have 97 rows"),
        (model_4(bucket=1 << 40), "expected integers"),
        (model_4(bucket=-1), "expected integers"),
        (model_4(min_n="3"), "expected integers"),
        (model_4(vectors_ngrams=None), "has no vectors of n-grams"),
        (model_4(vectors_ngrams=NGRAMS[:, :5]), r"shape \(10, 6\), expected \(10, 5\)"),
        (model_4(vectors_vocab=VECTORS[:9]), r"shape \(9, 6\)"),
        (model_4(vectors_vocab=None), "neither vectors nor own rows"),
        (model_38(hash2index={97: 0}), "bucket 97 of an n-gram"),
        (model_38(hash2index={-1: 0}), "bucket -1 of an n-gram"),
        (model_38(hash2index={"a": 0}), "bucket 'a' of an n-gram"),
        (model_38(hash2index={1: 10**6}), "row 1000000 of an n-gram"),
        (model_38(hash2index={1: None}), "row None of an n-gram"),
        (model_23(ngrams={"abc": 0, b"abc": 1}), "different vectors"),
        (model_23(ngrams={"abc": -1}), "row -1 of an n-gram"),
        (model_23(ngrams={7: 0}), "an n-gram is a int"),
        (model_23(syn0=None), "neither vectors nor own rows"),
    ],
)
def test_parts_that_do_not_add_up(value: Any, match: str) -> None:
    with pytest.raises(synvec.HeaderError, match=match):
        load(files.dumps(value))


def test_what_is_not_finite_is_told() -> None:
    rows = NGRAMS.copy()
    rows[5, 5] = np.nan
    with pytest.raises(synvec.NonFiniteError, match="row 5 of the vectors of n-grams"):
        load(files.dumps(model_4(vectors_ngrams=rows)))


@pytest.mark.parametrize("value", [model_4(), model_38(), model_23()], ids=["4", "3.8", "2.3"])
def test_damage(value: Any) -> None:
    data = files.dumps(value)
    check_prefixes_err(load, data, most=100)
    for changed in flipped(data, times=150):
        check_survives(lambda data: formats.load(io.BytesIO(data), format="gensim"), changed)
