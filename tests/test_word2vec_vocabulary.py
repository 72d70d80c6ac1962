"""A model's vocabulary: chosen in steps, from counts, grown, and taken over."""

import logging
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from synvec import RULE_DISCARD, RULE_KEEP, KeyedVectors, Word2Vec

CORPUS = [["a", "b", "c", "a"], ["b", "a", "d"]] * 20
LATER = [["x", "a", "y", "x"], ["y", "z", "x"]]


def trained(corpus: list[list[str]] = CORPUS, **options: Any) -> Word2Vec:
    settings = {"vector_size": 4, "min_count": 1, "seed": 3, "workers": 1, **options}
    return Word2Vec(corpus, **settings)


def train_on(model: Word2Vec, corpus: list[list[str]], **options: Any) -> None:
    model.train(corpus, total_examples=len(corpus), epochs=5, start_alpha=0.02, **options)


# --- growing ------------------------------------------------------------------------------------


def test_a_grown_vocabulary_loses_nothing() -> None:
    """Words, counts and first vectors as gensim 4.4.0 gave them for the same calls."""
    model = trained()
    vectors, outputs = model.wv.vectors.copy(), model.syn1neg.copy()
    model.build_vocab(LATER, update=True)
    assert model.wv.index_to_key == ["a", "b", "d", "c", "x", "y", "z"]
    assert model.wv.counts is not None
    assert model.wv.counts.tolist() == [61, 40, 20, 20, 3, 2, 1]
    assert (model.wv.vectors[:4] == vectors).all()
    expected = [
        [0.09570846, 0.11728856, -0.23365593, -0.19316399],
        [-0.02393669, -0.05438593, 0.19391248, 0.00837007],
        [-0.03994295, -0.034686, 0.08316723, 0.04339927],
    ]
    np.testing.assert_allclose(model.wv.vectors[4:], expected, atol=1e-7)
    assert (model.syn1neg[:4] == outputs).all() and (model.syn1neg[4:] == 0).all()
    assert (model.corpus_count, model.corpus_total_words) == (2, 7)


@pytest.mark.parametrize("options", [{}, {"sg": 1}, {"hs": 1, "negative": 0}, {"workers": 2}])
def test_a_grown_model_trains_on(options: dict[str, int]) -> None:
    model = trained(**options)
    epochs = len(model.history)
    model.build_vocab(LATER, update=True)
    before = model.wv.vectors.copy()
    train_on(model, LATER * 50)
    assert (model.wv["x"] != before[4]).any()
    assert np.isfinite(model.wv.vectors).all()
    assert len(model.history) == epochs + 5
    assert len(model.wv.most_similar("x", topn=3)) == 3


def test_growing_by_rare_words_keeps_min_count() -> None:
    model = trained(min_count=2)
    model.build_vocab(LATER, update=True)
    assert model.wv.index_to_key == ["a", "b", "d", "c", "x", "y"]
    model.build_vocab([["a", "nothing", "new"]], update=True)
    assert len(model.wv) == 6
    assert model.wv.get_vecattr("a", "count") == 62


def test_growing_keeps_attributes_locks_and_the_store_itself() -> None:
    model = trained()
    store = model.wv
    store.set_vecattr("b", "part", "noun")
    store.vectors_lockf = np.zeros(4, np.float32)
    model.build_vocab(LATER, update=True)
    assert model.wv is store
    assert store.get_vecattr("b", "part") == "noun"
    assert store.vectors_lockf.tolist() == [0, 0, 0, 0, 1, 1, 1]


def test_a_new_tree_is_told_of(caplog: pytest.LogCaptureFixture) -> None:
    model = trained(hs=1, negative=0)
    with caplog.at_level(logging.WARNING):
        model.build_vocab(LATER, update=True)
    assert "the tree of hierarchical softmax is new" in caplog.text
    assert model.syn1.shape == (7, 4)


def test_nothing_to_grow() -> None:
    model = Word2Vec(vector_size=4, min_count=1)
    with pytest.raises(RuntimeError, match=r"online vocabulary-update.*no prior vocabulary"):
        model.build_vocab(CORPUS, update=True)
    changed = trained()
    changed.wv.add_vector("new", [1, 2, 3, 4])
    with pytest.raises(ValueError, match=r"the keys of model\.wv were changed"):
        changed.build_vocab(LATER, update=True)


# --- by counts, and in steps ----------------------------------------------------------------------


def test_counts_alone_make_the_same_vocabulary() -> None:
    by_corpus = Word2Vec(vector_size=4, min_count=2)
    by_corpus.build_vocab(CORPUS)
    by_counts = Word2Vec(vector_size=4, min_count=2)
    by_counts.build_vocab_from_freq({"a": 60, "b": 40, "c": 20, "d": 20, "e": 1}, corpus_count=40)
    assert by_counts.wv.index_to_key == by_corpus.wv.index_to_key == ["a", "b", "d", "c"]
    assert (by_counts.wv.vectors == by_corpus.wv.vectors).all()
    assert (by_counts.corpus_count, by_counts.corpus_total_words) == (40, 141)
    train_on(by_counts, CORPUS)
    assert by_counts.train_count == 1
    by_counts.build_vocab_from_freq({"z": 5, "a": 1}, update=True)
    assert by_counts.wv.index_to_key == ["a", "b", "d", "c", "z"]
    assert by_counts.wv.get_vecattr("a", "count") == 61


def test_a_rule_decides_about_counts_too() -> None:
    def rule(word: str, count: int, min_count: int) -> int:
        assert (count, min_count) == ({"a": 9, "b": 1, "c": 9}[word], 5)
        return {"a": RULE_DISCARD, "b": RULE_KEEP}.get(word, 0)

    model = Word2Vec(vector_size=4, min_count=5)
    model.build_vocab_from_freq({"a": 9, "b": 1, "c": 9}, trim_rule=rule)
    assert model.wv.index_to_key == ["c", "b"]


@pytest.mark.parametrize(
    ("counts", "error", "message"),
    [
        ({}, RuntimeError, "no words"),
        ({"a": 1}, RuntimeError, "min_count=5"),
        ({3: 9, "a": 9}, TypeError, "key 'a' is a str, the other keys are int"),
        ({"a": 1.5}, TypeError, "the count of 'a' is float 1.5, expected a whole number"),
        ({"a": -1}, ValueError, "the count of 'a' must be 0 or more, not -1"),
        ({"a": True}, TypeError, "the count of 'a' is bool True"),
        ({"a": 2**63}, ValueError, "the count of 'a' must be less than 2\\*\\*63"),
        ({"a": 2**62, "b": 2**62}, ValueError, "expected less than 2\\*\\*63"),
        ([("a", 9)], TypeError, "word_freq is a list, expected a mapping"),
    ],
)
def test_counts_that_are_none(counts: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        Word2Vec(vector_size=4).build_vocab_from_freq(counts)


def test_two_steps_are_one() -> None:
    """The report as gensim 4.4.0 gave it for the same calls."""
    model = Word2Vec(vector_size=4, min_count=2)
    assert model.scan_vocab(CORPUS) == (140, 40)
    assert model.raw_vocab == {"a": 60, "b": 40, "c": 20, "d": 20}
    expected = {
        "drop_unique": 0, "retain_total": 140, "downsample_unique": 4, "downsample_total": 9,
        "num_retained_words": 4,
    }  # fmt: skip
    assert model.prepare_vocab(dry_run=True) == expected
    assert len(model.wv) == 0
    assert model.prepare_vocab(dry_run=True, min_count=30)["num_retained_words"] == 2
    assert model.min_count == 2
    assert model.prepare_vocab(dry_run=True, sample=0)["downsample_total"] == 140
    assert model.prepare_vocab() == expected
    whole = Word2Vec(vector_size=4, min_count=2)
    whole.build_vocab(CORPUS)
    assert model.wv.index_to_key == whole.wv.index_to_key
    assert (model.wv.vectors == whole.wv.vectors).all()
    assert model.raw_vocab == {}
    assert (model.corpus_count, model.corpus_total_words) == (40, 140)


def test_raw_counts_are_kept_on_request() -> None:
    model = Word2Vec(vector_size=4, min_count=30)
    model.build_vocab(CORPUS, keep_raw_vocab=True)
    assert model.raw_vocab == {"a": 60, "b": 40, "c": 20, "d": 20}
    assert len(model.wv) == 2
    model.prepare_vocab(keep_raw_vocab=True)
    assert len(model.raw_vocab) == 4
    for keep, kept in ((True, {"z": 30, "y": 1}), (False, {})):
        model.build_vocab_from_freq({"z": 30, "y": 1}, keep_raw_vocab=keep)
        assert model.raw_vocab == kept


def test_the_second_step_takes_settings_a_rule_and_a_model_to_grow() -> None:
    model = Word2Vec(vector_size=4, min_count=1)
    model.scan_vocab(CORPUS)
    model.prepare_vocab(min_count=30, sample=0.5, keep_raw_vocab=True)
    assert (model.wv.index_to_key, model.min_count, model.sample) == (["a", "b"], 30, 0.5)
    model.prepare_vocab(
        trim_rule=lambda word, count, least: RULE_KEEP if word == "d" else RULE_DISCARD
    )
    assert model.wv.index_to_key == ["d"]
    model.scan_vocab([["x"] * 30])
    model.prepare_vocab(update=True)
    assert model.wv.index_to_key == ["d", "x"]


def test_reading_shows_its_progress() -> None:
    reports: list[dict[str, Any]] = []
    model = Word2Vec(vector_size=4, min_count=1)
    model.build_vocab(CORPUS, progress=reports.append)
    assert reports[-1] == {**reports[-1], "phase": "scan", "words": 140, "sentences": 40}


def test_the_null_word_comes_last() -> None:
    model = trained(null_word=1)
    assert model.wv.index_to_key == ["a", "b", "d", "c", "\0"]
    assert model.wv.get_vecattr("\0", "count") == 1
    assert model.wv.vectors.shape == model.syn1neg.shape == (5, 4)


def test_a_vocabulary_is_taken_over() -> None:
    one = trained()
    other = Word2Vec(vector_size=6, min_count=1, seed=5)
    other.reset_from(one)
    assert other.wv.index_to_key == one.wv.index_to_key and other.wv is not one.wv
    assert other.wv.vectors.shape == (4, 6)
    assert (other.corpus_count, other.corpus_total_words) == (40, 140)
    pruned = Word2Vec(CORPUS, vector_size=4, min_count=1, max_final_vocab=2)
    other.reset_from(pruned)
    assert other.effective_min_count == pruned.effective_min_count == 21
    other.reset_from(one)
    train_on(other, CORPUS)
    one.init_weights()
    fresh = Word2Vec(vector_size=4, min_count=1, seed=3)
    fresh.build_vocab(CORPUS)
    assert (one.wv.vectors == fresh.wv.vectors).all() and (one.syn1neg == 0).all()
    assert (len(one.history), one.min_alpha_yet_reached) == (0, one.alpha)
    with pytest.raises(RuntimeError, match="no vocabulary"):
        other.reset_from(Word2Vec(vector_size=4))


def test_what_happened_is_noted(caplog: pytest.LogCaptureFixture) -> None:
    model = trained()
    assert model.total_train_time == sum(epoch.seconds for epoch in model.history) > 0
    with caplog.at_level(logging.DEBUG):
        for level in (logging.ERROR, None):
            model.add_lifecycle_event("tried", level, by="us")
    assert [(one.levelname, one.message) for one in caplog.records] == [
        ("ERROR", "tried: {'by': 'us'}")
    ]
    del model.lifecycle_events[-2:]
    assert [event["event"] for event in model.lifecycle_events] == ["build_vocab", "train"]
    model.add_lifecycle_event("shipped", to="production")
    last = model.lifecycle_events[-1]
    assert (last["event"], last["to"]) == ("shipped", "production")
    assert {"datetime", "synvec", "python", "platform"} <= set(last)


# --- locked rows ----------------------------------------------------------------------------------


@pytest.mark.parametrize("options", [{"sg": 1}, {"sg": 0}, {"sg": 1, "hs": 1, "negative": 0}])
@pytest.mark.parametrize("shared", [True, False])
@pytest.mark.parametrize("workers", [1, 2])
def test_locked_rows_keep_their_bits(options: dict[str, int], shared: bool, workers: int) -> None:
    model = trained(CORPUS * 30, **options, shared_negatives=shared, workers=workers)
    model.wv.vectors_lockf = np.array([0, 1, 0, 1], np.float32)
    before = model.wv.vectors.copy()
    train_on(model, CORPUS * 30)
    moved = (model.wv.vectors != before).any(axis=1)
    assert moved.tolist() == [False, True, False, True]


def test_one_number_locks_all() -> None:
    model = trained()
    model.wv.vectors_lockf = np.zeros(1, np.float32)
    before, outputs = model.wv.vectors.copy(), model.syn1neg.copy()
    train_on(model, CORPUS)
    assert (model.wv.vectors == before).all()
    assert (model.syn1neg != outputs).any(), "the output weights go on learning"


def test_free_rows_train_as_if_there_were_no_locks() -> None:
    one, other = trained(sg=1), trained(sg=1)
    # A row that no text has: copies are in use for it alone.
    for model in (one, other):
        model.build_vocab([["unused"]], update=True)
    other.wv.vectors_lockf = np.array([1, 1, 1, 1, 0], np.float32)
    for model in (one, other):
        train_on(model, CORPUS)
    assert (one.wv.vectors == other.wv.vectors).all()
    assert (one.syn1neg == other.syn1neg).all()


def test_a_share_of_a_change() -> None:
    """The word before another sees one window an epoch: its change is the share of the free one."""
    changes = []
    for share in (1.0, 0.25):
        model = Word2Vec(
            vector_size=4, min_count=1, sg=1, negative=2, seed=1, workers=1, sample=0, window=1,
            alpha=0.5,
        )  # fmt: skip
        model.build_vocab([["a", "b"]])
        model.syn1neg[...] = [[1, 2, -1, 0.5], [-1, 0.5, 1, 2]]
        model.wv.vectors_lockf = np.full(2, share, np.float32)
        before = model.wv.vectors.copy()
        model.train([["a", "b"]], total_examples=1, epochs=1)
        changes.append(model.wv.vectors - before)
    assert (changes[0][0] != 0).any()
    # In the first window b is the context of a; nothing has changed before it.
    np.testing.assert_allclose(changes[1][1], 0.25 * changes[0][1], rtol=1e-5)


def test_locks_that_make_no_sense() -> None:
    model = trained()
    model.wv.vectors_lockf = np.array([1, np.nan, 1, 1], np.float32)
    with pytest.raises(ValueError, match="vectors_lockf must be 4 finite numbers"):
        train_on(model, CORPUS)


def test_a_saved_model_knows_what_happened_to_it(tmp_path: Path) -> None:
    model = trained(null_word=1, cbow_corrected=True)
    model.add_lifecycle_event("shipped", to="production")
    model.save(tmp_path / "m.kv")
    again = Word2Vec.load(tmp_path / "m.kv")
    assert again.lifecycle_events == model.lifecycle_events
    assert (again.train_count, again.total_train_time) == (1, model.total_train_time)
    assert (again.null_word, again.cbow_corrected) == (1, True)


def test_beginning_with_vectors_gives_each_word_its_own_whatever_the_order() -> None:
    model = Word2Vec([["a", "b", "c"]] * 2, vector_size=2, min_count=1)
    model.wv.fill_norms()
    before = model.wv["b"].copy()
    given = KeyedVectors.from_arrays(["x", "c", "y", "a"], [[1, 1], [2, 0], [3, 3], [0, 5]])
    assert model.init_from(given) == 2
    assert model.wv["a"].tolist() == [0, 5]
    assert model.wv["c"].tolist() == [2, 0]
    assert model.wv["b"].tolist() == before.tolist()
    assert model.wv.get_vector("a", norm=True).tolist() == [0, 1]
