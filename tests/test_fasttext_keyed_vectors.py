"""Vectors with subwords: made when needed, for any word, and true after every change."""

import copy
import io
import logging
import pickle
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import synvec
from synvec import FastTextKeyedVectors, KeyedVectors, formats
from synvec._core import KeyTable, Subwords
from tests import fasttext_files as files
from tests.golden import FOLDER

WORDS = ["socket", "port", "network", "naïve", "日本", "year"]
BUCKET, SIZE = 50, 4


def store(bucket: int = BUCKET, **options: object) -> FastTextKeyedVectors:
    made = FastTextKeyedVectors.from_parts(
        WORDS,
        files.rows(len(WORDS), SIZE, 1),
        files.rows(bucket, SIZE, 2),
        min_n=2,
        max_n=4,
        counts=[5, 9, 9, 1, 2, 3],
        **options,  # type: ignore[arg-type]
    )
    assert made._composed is None
    return made


def fnv(text: str) -> int:
    number = 2166136261
    for byte in text.encode():
        signed = byte - 256 if byte > 127 else byte
        number = ((number ^ (signed & 0xFFFFFFFF)) * 16777619) & 0xFFFFFFFF
    return number


def plain_buckets(word: str, min_n: int = 2, max_n: int = 4, bucket: int = BUCKET) -> list[int]:
    padded = f"<{word}>"
    return [
        fnv(padded[start : start + length]) % bucket
        for start in range(len(padded))
        for length in range(min_n, max_n + 1)
        if start + length <= len(padded)
    ]


def plain_vector(kv: FastTextKeyedVectors, word: str) -> np.ndarray:
    rows = [kv.vectors_ngrams[bucket] for bucket in plain_buckets(word)]
    if word in WORDS:
        rows.insert(0, kv.vectors_vocab[WORDS.index(word)])
    return np.mean(rows, axis=0, dtype=np.float64)


def same_rows(kv: FastTextKeyedVectors) -> bool:
    """Whether vectors are what their parts make of them."""
    fresh = FastTextKeyedVectors.from_parts(
        kv.key_table, kv.vectors_vocab, kv.vectors_ngrams, min_n=kv.min_n, max_n=kv.max_n
    )
    return np.allclose(fresh.vectors, kv.vectors, rtol=1e-5, atol=1e-5)


# --- vectors --------------------------------------------------------------------------------------


def test_vectors_are_those_of_the_plain_version() -> None:
    kv = store()
    for word in [*WORDS, "unseen", "é", "日本語"]:
        assert np.allclose(kv[word], plain_vector(kv, word), atol=1e-6)
    assert kv._composed is None  # a word's vector makes no other's
    one_by_one = np.array([kv[word] for word in WORDS])
    assert kv.vectors.tobytes() == one_by_one.tobytes()
    assert [list(buckets) for buckets in kv.buckets_word] == list(map(plain_buckets, WORDS))


def test_what_is_a_key_and_what_has_a_vector() -> None:
    kv = store()
    assert "socket" in kv and "unseen" in kv and 5 in kv
    assert 6 not in kv and -1 not in kv and None not in kv and 1.5 not in kv
    assert [kv.has_index_for(word) for word in ("socket", "unseen")] == [True, False]
    assert "unseen" not in kv.key_to_index
    with pytest.raises(KeyError, match="unseen"):
        kv.get_index("unseen")
    for wrong in (6, -1, None, 1.5, ("socket",), "\ud800"):
        with pytest.raises(KeyError, match="not present"):
            kv.get_vector(wrong)  # type: ignore[arg-type]


def test_without_buckets_only_keys_have_vectors() -> None:
    kv = store(bucket=0)
    assert "unseen" not in kv
    assert kv.vectors is kv.vectors_vocab or np.shares_memory(kv.vectors, kv.vectors_vocab)
    with pytest.raises(KeyError, match="cannot calculate vector for OOV word without ngrams"):
        kv["unseen"]
    kv["port"] = np.ones(SIZE)
    assert kv.vectors_vocab[1].tolist() == [1] * SIZE
    assert len(kv.buckets_word[0]) == 0


def test_a_word_too_short_for_ngrams_is_zero_with_a_line_in_the_log(
    caplog: pytest.LogCaptureFixture,
) -> None:
    kv = FastTextKeyedVectors.from_parts(["socket"], [[1, 2]], np.ones((9, 2)), min_n=5, max_n=6)
    with caplog.at_level(logging.WARNING):
        assert kv["ab"].tolist() == [0, 0]
    assert "'ab' has no n-grams" in caplog.text
    assert kv.get_vector("ab", norm=True).tolist() == [0, 0]


def test_lists_of_keys_positions_and_other_words() -> None:
    kv = store()
    rows = kv[["port", "unseen", 0]]
    assert rows.tolist() == [kv[word].tolist() for word in ("port", "unseen", "socket")]
    assert kv[np.array(["unseen"])].shape == (1, SIZE)
    with pytest.raises(ValueError, match="empty"):
        kv[[]]


def test_vectors_are_read_only_one_by_one() -> None:
    kv = store()
    for _ in range(2):
        for word in ("socket", "unseen"):
            for norm in (False, True):
                assert not kv.get_vector(word, norm).flags.writeable
        assert np.linalg.norm(kv.get_vector("unseen", norm=True)) == pytest.approx(1)
        kv.vectors  # noqa: B018  # once they are made, the same


# --- questions ------------------------------------------------------------------------------------


def test_questions_by_words_outside_the_vocabulary() -> None:
    kv = store()
    plain = KeyedVectors.from_arrays(
        [*WORDS, "unseen", "sockets"], np.vstack([kv.vectors, kv["unseen"], kv["sockets"]])
    )
    for asked in (store(), kv):  # of which one has made its vectors
        for ask in (
            lambda kv: kv.similarity("unseen", "port"),
            lambda kv: kv.distance("sockets", "unseen"),
            lambda kv: kv.doesnt_match(["socket", "sockets", "unseen"]),
            lambda kv: kv.n_similarity(["unseen", "port"], ["sockets"]),
            lambda kv: kv.distances("unseen", ["port", "sockets"]).tolist(),
            lambda kv: kv.distances("unseen")[: len(WORDS)].tolist(),
            lambda kv: kv.wmdistance(["unseen", "port"], ["sockets", "port", "year"]),
            lambda kv: kv.wmdistance(["unseen"], ["unseen"]),
            lambda kv: kv.wmdistance(["unseen"], ["port"], norm=False),
            lambda kv: kv.most_similar_to_given("unseen", ["port", "sockets"]),
            lambda kv: kv.get_mean_vector(["unseen", "port", 0]).tolist(),
            lambda kv: kv.most_similar("unseen", topn=None)[: len(WORDS)].tolist(),
            lambda kv: kv.most_similar_cosmul("unseen", "port", topn=None)[: len(WORDS)].tolist(),
        ):
            question: Callable[[KeyedVectors], object] = ask
            assert question(asked) == pytest.approx(question(plain), abs=1e-5)


def test_neighbours_of_a_word_outside_the_vocabulary() -> None:
    kv = store()
    found = kv.most_similar("sockets", topn=10)
    assert sorted(word for word, _ in found) == sorted(WORDS)  # no row of its own to leave out
    cosines = {word: kv.similarity("sockets", word) for word in WORDS}
    assert dict(found) == pytest.approx(cosines, abs=1e-6)
    assert kv.most_similar_batch(["sockets", "port"], topn=10)[0] == found
    mixed = kv.most_similar(["sockets", "port"], ["year"], topn=10)
    assert {word for word, _ in mixed} == set(WORDS) - {"port", "year"}
    assert [word for word, _ in kv.most_similar_cosmul("sockets", topn=2)]
    ranks = {kv.rank("sockets", word): word for word in WORDS}
    assert [ranks[place] for place in range(1, len(WORDS) + 1)] == [word for word, _ in found]
    assert kv.closer_than("sockets", found[1][0]) == [found[0][0]]
    with pytest.raises(KeyError):
        kv.rank("port", "sockets")


def test_a_sentence_is_the_mean_of_unit_vectors() -> None:
    kv = store()
    expected = (kv.get_vector("port", norm=True) + kv.get_vector("unseen", norm=True)) / 2
    assert np.allclose(kv.get_sentence_vector(["port", "unseen"]), expected, atol=1e-6)


def test_vectors_for_all_are_plain_vectors() -> None:
    kv = store()
    chosen = kv.vectors_for_all(["unseen", "port", "port"], copy_vecattrs=True)
    assert type(chosen) is KeyedVectors
    assert chosen.index_to_key == ["unseen", "port"]
    assert chosen["unseen"].tolist() == kv["unseen"].tolist()
    assert chosen.counts is not None and chosen.counts.tolist() == [0, 9]
    assert kv.vectors_for_all(["unseen", "port"], allow_inference=False).index_to_key == ["port"]


# --- changes --------------------------------------------------------------------------------------

CHANGES: dict[str, Callable[[FastTextKeyedVectors], object]] = {
    "a key": lambda kv: kv.__setitem__("port", [1, 2, 3, 4]),
    "a new key": lambda kv: kv.add_vector("brandnew", [1, 2, 3, 4]),
    "many keys": lambda kv: kv.add_vectors(
        ["a", "port", "b"], np.arange(12).reshape(3, 4), replace=True
    ),
    "one by one": lambda kv: [kv.add_vector(f"new{i}", np.full(4, i)) for i in range(30)],
    "removed": lambda kv: kv.remove(["port", 0]),
    "removed and added": lambda kv: (kv.remove("port"), kv.add_vector("new", [1, 2, 3, 4])),
    "sorted": lambda kv: kv.sort_by_descending_frequency(),
    "unit vectors": lambda kv: kv.unit_normalize_all(),
    "all vectors": lambda kv: setattr(kv, "vectors", np.ones((len(kv), SIZE), np.float32)),
    "resized": lambda kv: (kv.remove("port"), kv.resize_vectors()),
    "merged": lambda kv: kv.intersect_word2vec_format(io.BytesIO(b"1 4\nport 1 2 3 4\n")),
}


@pytest.mark.parametrize("name", CHANGES)
@pytest.mark.parametrize("made", [False, True], ids=["not made", "made"])
def test_own_rows_follow_every_change(name: str, made: bool) -> None:
    kv, plain = store(), KeyedVectors.from_arrays(WORDS, store().vectors, counts=store().counts)
    if made:
        kv.fill_norms()
    unseen = kv["unseen"].tolist()
    CHANGES[name](kv)
    CHANGES[name](plain)  # type: ignore[arg-type]
    assert kv.index_to_key == plain.index_to_key
    assert kv.vectors.tobytes() == plain.vectors.tobytes()
    assert kv.vectors_vocab.shape == kv.vectors.shape
    assert kv["unseen"].tolist() == unseen
    assert same_rows(kv)
    kv.adjust_vectors()
    assert np.allclose(kv.vectors, plain.vectors, rtol=1e-5, atol=1e-5)


def test_written_rows_count_after_adjusting() -> None:
    kv = store()
    before = kv.vectors.copy()
    kv.vectors_ngrams[:] = 0
    assert kv.vectors.tobytes() == before.tobytes()
    kv.adjust_vectors()
    assert not np.allclose(kv.vectors, before)
    kv.vectors_ngrams = np.ones((BUCKET, SIZE))  # a whole matrix needs no such call
    assert kv["unseen"].tolist() == [1] * SIZE
    kv.vectors_vocab = np.ones((len(WORDS), SIZE))
    assert np.allclose(kv.vectors, 1)
    kv.recalc_char_ngram_buckets()


def test_shapes_that_do_not_go_together() -> None:
    kv = store()
    for wrong in (np.ones((BUCKET, SIZE + 1)), np.ones((BUCKET - 1, SIZE)), np.ones(SIZE)):
        with pytest.raises(ValueError, match="vectors have"):
            kv.vectors_ngrams = wrong
    with pytest.raises(ValueError, match="vectors have"):
        kv.vectors = np.ones((len(WORDS), SIZE + 1), np.float32)
    with pytest.raises(ValueError, match="vectors have"):
        FastTextKeyedVectors.from_parts(["a"], [[1, 2]], [[1, 2, 3]], min_n=2, max_n=3)
    with pytest.raises(ValueError, match="stands there twice"):
        FastTextKeyedVectors.from_parts(["a", "a"], np.ones((2, 2)), [[1, 2]], min_n=2, max_n=3)
    with pytest.raises(ValueError, match="ascend"):
        FastTextKeyedVectors.from_parts(
            ["a"],
            [[1, 2]],
            [[1, 2], [3, 4]],
            min_n=2,
            max_n=3,
            bucket=9,
            ngram_buckets=np.array([5, 5], np.uint32),
        )


def test_keys_come_as_a_table_or_any_strings() -> None:
    made = [
        FastTextKeyedVectors.from_parts(keys, np.eye(2), [[1, 2]], min_n=2, max_n=3)
        for keys in (KeyTable(["a", "b"]), ["a", "b"], iter(["a", "b"]), {"a": 1, "b": 2}.keys())
    ]
    assert all(kv.index_to_key == ["a", "b"] for kv in made)


def test_an_empty_store_can_be_filled() -> None:
    kv = FastTextKeyedVectors(SIZE, 2, 4, BUCKET, count=2)
    assert str(kv) == "FastTextKeyedVectors<vector_size=4, 0 keys>"
    kv.add_vectors(["a", "b", "c"], np.arange(12).reshape(3, 4))
    assert kv.vectors.tolist() == np.arange(12).reshape(3, 4).tolist()
    assert kv["unseen"].tolist() == [0] * SIZE


def test_hashing_as_in_old_gensim_is_another() -> None:
    old, new = store(compatible_hash=False), store()
    assert (old.compatible_hash, new.compatible_hash) == (False, True)
    assert not np.allclose(old["日本"], new["日本"])
    assert sorted(old.buckets_word[1]) == sorted(new.buckets_word[1])  # of ASCII it is the same


# --- copies and files -----------------------------------------------------------------------------


@pytest.mark.parametrize("made", [False, True], ids=["not made", "made"])
def test_copies_are_whole_and_apart(made: bool) -> None:
    kv = store()
    if made:
        kv.fill_norms()
    for twin in (copy.copy(kv), copy.deepcopy(kv), pickle.loads(pickle.dumps(kv))):
        assert (twin._composed is None) != made
        assert twin["unseen"].tolist() == kv["unseen"].tolist()
        assert twin.vectors.tobytes() == store().vectors.tobytes()
        twin["port"] = np.zeros(SIZE)
        twin.vectors_ngrams[:] = 0
    assert kv.vectors.tobytes() == store().vectors.tobytes()
    assert kv["unseen"].tolist() == store()["unseen"].tolist()


def test_a_native_file_keeps_subwords(tmp_path: Path) -> None:
    kv, path = store(), tmp_path / "vectors.kv"
    kv.save(path)
    for again in (KeyedVectors.load(path), KeyedVectors.load(path, mmap="r")):
        assert isinstance(again, FastTextKeyedVectors)
        assert again._composed is not None  # nothing is left to be made
        assert again.vectors.tobytes() == kv.vectors.tobytes()
        assert again["unseen"].tolist() == kv["unseen"].tolist()
        assert (again.min_n, again.max_n, again.bucket) == (2, 4, BUCKET)
        assert again.counts is not None and again.counts.tolist() == [5, 9, 9, 1, 2, 3]
    with pytest.raises(ValueError, match="read-only"):
        again["port"] = np.ones(SIZE)
    synvec.verify(path)
    formats.convert(path, tmp_path / "again.kv")
    assert (tmp_path / "again.kv").read_bytes() == path.read_bytes()
    assert type(formats.load(io.BytesIO(path.read_bytes()))) is FastTextKeyedVectors


def test_a_native_file_keeps_what_was_pruned_and_old_hashes(tmp_path: Path) -> None:
    path = tmp_path / "vectors.kv"
    data = files.quantized(pruned=True, norms=True).encode()
    pruned = formats.load(io.BytesIO(data))
    assert isinstance(pruned, FastTextKeyedVectors)
    for kv in (pruned, store(compatible_hash=False), store(bucket=0)):
        kv.save(path)
        again = KeyedVectors.load(path)
        assert isinstance(again, FastTextKeyedVectors)
        assert again.compatible_hash == kv.compatible_hash
        assert again.vectors.tobytes() == kv.vectors.tobytes()
        if kv.bucket:
            assert again["unseen"].tolist() == kv["unseen"].tolist()


@pytest.mark.parametrize(
    "config",
    [
        {},
        {"min_n": 2, "max_n": 4, "bucket": BUCKET + 1},
        {"min_n": -2, "max_n": 4, "bucket": BUCKET},
        {"min_n": 2, "max_n": "4", "bucket": BUCKET},
        {"min_n": 2, "max_n": 4, "bucket": 1 << 40},
    ],
)
def test_a_native_file_that_tells_something_else(config: dict[str, object]) -> None:
    kv, file = store(), io.BytesIO()
    formats.save_native(
        file,
        kv.key_table,
        kv.vectors,
        own_vectors=kv.vectors_vocab,
        ngram_vectors=kv.vectors_ngrams,
        config=config,
    )
    with pytest.raises(synvec.HeaderError, match=r"config tells no|don't agree"):
        formats.load(io.BytesIO(file.getvalue()))


def test_parts_that_do_not_go_together_are_not_saved() -> None:
    kv = store()
    for parts in (
        {"own_vectors": kv.vectors_vocab},
        {"ngram_vectors": kv.vectors_ngrams, "config": {}},
        {"own_vectors": kv.vectors_vocab, "ngram_vectors": kv.vectors_ngrams},
        {"ngram_buckets": np.arange(3, dtype=np.uint32)},
    ):
        with pytest.raises(ValueError, match="ngram_vectors need"):
            formats.save_native(io.BytesIO(), kv.key_table, kv.vectors, **parts)  # type: ignore[arg-type]


def test_other_formats_hold_the_vectors() -> None:
    kv = synvec.load_facebook_vectors(FOLDER / "fasttext-subwords.bin")
    file = io.BytesIO()
    kv.save_word2vec_format(file)
    again = KeyedVectors.load(io.BytesIO(file.getvalue()))
    assert type(again) is KeyedVectors
    assert again["socket"].tolist() == kv["socket"].tolist()


def test_subwords_refuse_what_makes_no_sense() -> None:
    with pytest.raises(ValueError, match="ascend"):
        Subwords(2, 3, 10, kept=np.array([3, 10], np.uint32))
    with pytest.raises(OverflowError):
        Subwords(-1, 3, 10)
    subwords = Subwords(2, 4, BUCKET)
    with pytest.raises(ValueError, match="vectors_ngrams have 12 numbers"):
        subwords.means(["a"], np.ones((3, 4), np.float32))
    with pytest.raises(IndexError, match="positions"):
        subwords.word_vectors(
            KeyTable(["a"]),
            np.ones((1, 4), np.float32),
            np.ones((BUCKET, 4), np.float32),
            np.array([1]),
        )
