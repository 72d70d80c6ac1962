"""Word2Vec as its users meet it: construction, the two-step way, schedules, errors, files."""

import copy
import logging
import os
import pickle
import re
import signal
import subprocess
import sys
import textwrap
import threading

import numpy as np
import pytest

import synvec
from synvec import CallbackAny2Vec, KeyedVectors, Word2Vec

FRUIT = [["red", "apple", "pie"], ["green", "apple", "tree"], ["red", "cherry", "pie"]]
TOPICS = (["sun", "moon", "star", "sky"], ["cat", "dog", "cow", "hen"])
RANDOM = np.random.default_rng(0)
TWO_TOPICS = [RANDOM.choice(TOPICS[i % 2], 12).tolist() for i in range(300)]


def trained(sentences=TWO_TOPICS, **arguments):
    defaults = {"vector_size": 16, "min_count": 1, "workers": 1, "sample": 0, "epochs": 10}
    return Word2Vec(sentences, **{**defaults, **arguments})


@pytest.mark.parametrize("shared_negatives", [True, False])
@pytest.mark.parametrize(("negative", "hs"), [(5, 0), (0, 1), (5, 1)])
@pytest.mark.parametrize("sg", [0, 1])
def test_every_objective_learns_the_topics(sg, negative, hs, shared_negatives):
    model = trained(
        sg=sg, negative=negative, hs=hs, alpha=0.05, epochs=30, shared_negatives=shared_negatives
    )
    within = model.wv.n_similarity(TOPICS[0][:2], TOPICS[0][2:])
    across = model.wv.n_similarity(*TOPICS)
    assert within > across + 0.3
    assert hasattr(model, "syn1neg") == (negative > 0)
    assert hasattr(model, "syn1") == (hs == 1)


def test_arguments_come_in_gensims_order():
    model = Word2Vec(
        FRUIT, None, 7, 0.03, 2, 1, None, 0.01, 5, 1, 0.001, 1, 0, 3, 0.5, 1, hash, 2, 0, None, 1,
        10000, True, (), "a comment", None, False,
    )  # fmt: skip
    assert (model.vector_size, model.alpha, model.window, model.min_count) == (7, 0.03, 2, 1)
    assert (model.sample, model.seed, model.workers, model.min_alpha) == (0.01, 5, 1, 0.001)
    assert (model.sg, model.hs, model.negative, model.ns_exponent) == (1, 0, 3, 0.5)
    assert (model.epochs, model.compute_loss, model.comment) == (2, True, "a comment")
    assert model.shrink_windows is False


def test_words_go_by_falling_count_and_ties_put_the_later_one_first():
    model = trained([["a", "b", "c"], ["a", "b", "d"]])
    assert list(model.wv.index_to_key) == ["b", "a", "d", "c"]
    assert model.wv.counts.tolist() == [2, 2, 1, 1]
    unsorted = trained([["x", "y"], ["y"]], sorted_vocab=0)
    assert list(unsorted.wv.index_to_key) == ["x", "y"]


def test_first_vectors_are_numpys_draws():
    model = Word2Vec(vector_size=5, min_count=1, seed=3, workers=1)
    model.build_vocab(FRUIT)
    drawn = np.random.default_rng(3).random((len(model.wv), 5), dtype=np.float32)
    np.testing.assert_array_equal(model.wv.vectors, (drawn * 2 - 1) / np.float32(5))
    assert not model.syn1neg.any()


def test_one_worker_and_a_seed_give_the_same_bits_however_the_corpus_comes(tmp_path):
    path = tmp_path / "corpus.txt"
    path.write_text("\n".join(" ".join(sentence) for sentence in TWO_TOPICS) + "\n")
    from_list = trained(seed=4, sample=1e-2)
    from_generator = trained((sentence for sentence in TWO_TOPICS), seed=4, sample=1e-2)
    from_file = trained(None, corpus_file=path, seed=4, sample=1e-2)
    other_seed = trained(seed=5, sample=1e-2)
    for other in (from_generator, from_file):
        np.testing.assert_array_equal(from_list.wv.vectors, other.wv.vectors)
        np.testing.assert_array_equal(from_list.syn1neg, other.syn1neg)
    assert not np.array_equal(from_list.wv.vectors, other_seed.wv.vectors)


def test_the_spool_changes_nothing(tmp_path):
    in_memory = trained()
    spooled = trained(spool_bytes=0, spool_dir=tmp_path)
    np.testing.assert_array_equal(in_memory.wv.vectors, spooled.wv.vectors)
    assert list(tmp_path.iterdir()) == []


def test_two_steps_equal_one_and_count_every_word():
    one = trained(epochs=4)
    two = Word2Vec(vector_size=16, min_count=1, workers=1, sample=0, epochs=4)
    two.build_vocab(TWO_TOPICS)
    assert (two.corpus_count, two.corpus_total_words) == (300, 3600)
    counts = two.train(TWO_TOPICS, total_examples=two.corpus_count, epochs=4)
    assert counts == (4 * 3600, 4 * 3600)
    np.testing.assert_array_equal(one.wv.vectors, two.wv.vectors)


def test_raw_words_count_pruned_ones_and_trained_words_what_is_kept():
    sentences = [["common", "words", "here", f"rare{i}"] for i in range(100)]
    model = Word2Vec(vector_size=4, min_count=2, workers=1, sample=0)
    model.build_vocab(sentences)
    counts = model.train(sentences, total_words=model.corpus_total_words, epochs=2)
    assert counts == (600, 800)


def test_ids_of_an_unchanged_corpus_are_not_read_again(tmp_path):
    reads = 0

    class Counted:
        def __iter__(self):
            nonlocal reads
            reads += 1
            return iter(FRUIT)

    corpus = Counted()
    model = Word2Vec(vector_size=4, min_count=1, workers=1)
    model.build_vocab(corpus)
    model.train(corpus, total_examples=3, epochs=2)
    model.train(corpus, total_examples=3, epochs=2)
    assert reads == 1
    model.train(FRUIT[:2], total_examples=2, epochs=1)
    assert model.history[-1].raw_words == 6


def test_a_one_shot_iterator_trains_fully_in_two_steps():
    sentences = iter(TWO_TOPICS)
    model = Word2Vec(vector_size=4, min_count=1, workers=1, sample=0)
    model.build_vocab(sentences)
    assert model.train(sentences, total_examples=300, epochs=1) == (3600, 3600)
    with pytest.raises(RuntimeError, match="exhausted"):
        model.train(iter([]), total_examples=300, epochs=1)


def test_a_corpus_changed_on_disk_is_read_again(tmp_path):
    path = tmp_path / "corpus.txt"
    path.write_text("a b c\n")
    model = Word2Vec(vector_size=4, min_count=1, workers=1, sample=0)
    model.build_vocab(corpus_file=path)
    path.write_text("a b c\na b c\n")
    assert model.train(corpus_file=path, total_examples=2, epochs=1) == (6, 6)


def test_loss_is_by_epoch_falls_and_does_not_depend_on_workers():
    model = trained(compute_loss=True, epochs=5)
    losses = [epoch.loss for epoch in model.history]
    assert len(losses) == 5
    assert losses[-1] < losses[0]
    assert model.get_latest_training_loss() == pytest.approx(sum(losses))
    several = trained(compute_loss=True, epochs=5, workers=4)
    assert several.get_latest_training_loss() == pytest.approx(sum(losses), rel=0.05)
    silent = trained()
    assert silent.get_latest_training_loss() == 0.0
    assert silent.history[0].loss is None


def test_callbacks_run_around_epochs_change_no_bit_and_can_stop():
    class Log(CallbackAny2Vec):
        def __init__(self):
            self.events = []

        def on_train_begin(self, model):
            self.events.append("train")

        def on_epoch_begin(self, model):
            self.events.append("epoch")

        def on_epoch_end(self, model):
            assert np.isfinite(model.wv.vectors).all()
            self.events.append("end")
            return len(self.events) < 5

        def on_train_end(self, model):
            self.events.append("done")

    log = Log()
    model = trained(epochs=2, callbacks=[log])
    assert log.events == ["train", "epoch", "end", "epoch", "end", "done"]
    np.testing.assert_array_equal(model.wv.vectors, trained(epochs=2).wv.vectors)
    stopped = trained(epochs=9, callbacks=[Log()])
    assert len(stopped.history) == 2


def test_a_plain_function_is_called_after_each_epoch_and_can_stop():
    seen = []

    def look(model):
        seen.append(len(model.history))
        return len(seen) < 2

    model = trained(epochs=5, callbacks=[look])
    assert seen == [1, 2] == [1, len(model.history)]
    np.testing.assert_array_equal(
        trained(epochs=2, callbacks=[seen.append]).wv.vectors, trained(epochs=2).wv.vectors
    )


@pytest.mark.parametrize("name", ["total_examples", "total_words", "word_count"])
def test_negative_totals_are_refused(name):
    model = trained(epochs=1)
    totals = {"total_examples": 300, "epochs": 1, name: -1}
    with pytest.raises(ValueError, match=f"{name} must be 0 or more, not -1"):
        model.train(TWO_TOPICS, **totals)


def test_training_on_draws_anew_and_keeps_the_arrays_memory():
    model = trained(epochs=1)
    before = model.wv.vectors
    model.train(TWO_TOPICS, total_examples=300, epochs=1)
    assert np.shares_memory(before, model.wv.vectors)
    again = trained(epochs=1)
    again.train(TWO_TOPICS, total_examples=300, epochs=1)
    np.testing.assert_array_equal(model.wv.vectors, again.wv.vectors)


def test_norms_are_made_anew_after_training_on():
    model = trained(epochs=1)
    model.wv.fill_norms()
    model.train(TWO_TOPICS, total_examples=300, epochs=5)
    similarity = model.wv.similarity("sun", "moon")
    a, b = model.wv["sun"], model.wv["moon"]
    assert similarity == pytest.approx(a @ b / np.linalg.norm(a) / np.linalg.norm(b), abs=1e-5)


def test_word2vecs_own_names():
    model = trained()
    assert model.syn0 is model.wv.syn0 or np.shares_memory(model.syn0, model.wv.vectors)
    assert model.syn0norm is None
    model.init_sims()
    np.testing.assert_allclose(np.linalg.norm(model.syn0norm, axis=1), 1, rtol=1e-5)
    model.init_sims(replace=True)
    np.testing.assert_allclose(np.linalg.norm(model.syn0, axis=1), 1, rtol=1e-5)
    with pytest.raises(AttributeError, match="hierarchical softmax"):
        _ = model.syn1
    with pytest.raises(AttributeError, match="no attribute 'syn2'"):
        _ = model.syn2


def test_vocabulary_limits():
    sentences = [["a"] * 8 + ["b"] * 4 + ["c"] * 4 + ["d"] * 2]
    model = trained(sentences, max_final_vocab=2)
    assert list(model.wv.index_to_key) == ["a"]
    assert model.effective_min_count == 5
    assert len(trained(sentences, max_final_vocab=3).wv) == 3
    assert len(trained(sentences, max_vocab_size=4).wv) == 4
    assert list(trained(sentences, max_vocab_size=3).wv.index_to_key) == ["a", "c", "b"]
    assert list(trained(sentences, max_vocab_size=2).wv.index_to_key) == ["a"]


def test_a_trim_rule_decides_word_by_word():
    def rule(word, count, min_count):
        return {"red": synvec.RULE_DISCARD, "tree": synvec.RULE_KEEP}.get(word, synvec.RULE_DEFAULT)

    model = trained(FRUIT, min_count=2, trim_rule=rule)
    assert sorted(model.wv.index_to_key) == ["apple", "pie", "tree"]
    with pytest.raises(ValueError, match="trim_rule returned 'yes'"):
        trained(FRUIT, trim_rule=lambda *_: "yes")


def test_warnings_as_gensim_logs_them(caplog):
    with caplog.at_level(logging.WARNING, "synvec"):
        model = trained(FRUIT, hs=1, negative=5)
        model.train(FRUIT, total_examples=3, epochs=1)
    assert "Both hierarchical softmax and negative sampling are activated." in caplog.text
    assert "Effective 'alpha' higher than previous training cycles" in caplog.text


def test_a_saved_model_goes_on_as_if_it_had_never_stopped(tmp_path):
    model = trained(epochs=2, comment="about the sky", compute_loss=True)
    path = tmp_path / "model.kv"
    model.save(path)
    loaded = Word2Vec.load(path)
    assert str(loaded) == str(model)
    assert loaded.comment == "about the sky"
    assert loaded.history == model.history
    np.testing.assert_array_equal(loaded.syn1neg, model.syn1neg)
    for each in (model, loaded):
        each.train(TWO_TOPICS, total_examples=300, epochs=2)
    np.testing.assert_array_equal(loaded.wv.vectors, model.wv.vectors)
    model.wv.save(path)
    with pytest.raises(AttributeError, match=r"KeyedVectors\.load"):
        Word2Vec.load(path)


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda model: pickle.loads(pickle.dumps(model))])
def test_copies_and_pickles_train_on_alone(copied):
    model = Word2Vec(vector_size=8, min_count=1, workers=1, trim_rule=lambda *_: synvec.RULE_KEEP)
    model.build_vocab(TWO_TOPICS)
    twin = copied(model)
    before = model.wv.vectors.copy()
    assert twin.train(TWO_TOPICS, total_examples=300, epochs=1)[1] == 3600
    np.testing.assert_array_equal(model.wv.vectors, before)
    model.train(TWO_TOPICS, total_examples=300, epochs=1)
    np.testing.assert_array_equal(model.wv.vectors, twin.wv.vectors)


def test_an_opened_model_may_be_mapped_for_reading_alone(tmp_path):
    path = tmp_path / "model.kv"
    trained(epochs=1).save(path)
    before = path.read_bytes()
    with pytest.raises(ValueError, match="read-only"):
        Word2Vec.load(path, mmap="r").wv.vectors[0] = 1
    Word2Vec.load(path).wv.vectors[0] = 1
    Word2Vec.load(path, mmap="c").train(TWO_TOPICS, total_examples=300, epochs=1)
    assert path.read_bytes() == before


def test_keyed_vectors_load_opens_a_full_model_too(tmp_path):
    model = trained(FRUIT)
    model.save(tmp_path / "model.kv")
    opened = KeyedVectors.load(tmp_path / "model.kv")
    assert isinstance(opened, Word2Vec)


def test_a_progress_callable_sees_both_phases_and_can_stop():
    reports = []
    trained(epochs=2, progress=reports.append)
    assert reports[-1]["phase"] == "train"
    assert reports[-1]["epoch"] == reports[-1]["epochs"] == 2
    assert reports[-1]["raw_words"] == reports[-1]["total_raw_words"] == 7200

    def stop(report):
        if report["phase"] == "train":
            raise LookupError("enough")

    with pytest.raises(LookupError, match="enough"):
        trained(progress=stop)


def test_two_threads_cannot_train_one_model():
    model = Word2Vec(vector_size=16, min_count=1, workers=1, sample=0)
    model.build_vocab(TWO_TOPICS)
    entered, leave = threading.Event(), threading.Event()

    def hold(report):
        entered.set()
        leave.wait(60)

    arguments = {"total_examples": 300, "epochs": 1}
    first = threading.Thread(
        target=model.train, args=(TWO_TOPICS,), kwargs={**arguments, "progress": hold}
    )
    first.start()
    assert entered.wait(60)
    try:
        with pytest.raises(RuntimeError, match="another thread"):
            model.train(TWO_TOPICS, **arguments)
    finally:
        leave.set()
        first.join()


INTERRUPTED = textwrap.dedent(
    """
    import sys, warnings, numpy as np
    from synvec import Word2Vec
    warnings.simplefilter("always")
    sentences = [[f"w{i * j % 97}" for j in range(50)] for i in range(2000)]
    model = Word2Vec(vector_size=50, min_count=1, workers=2)
    model.build_vocab(sentences)
    def ready(report):
        print("ready", flush=True)
    if sys.argv[1] == "train":
        try:
            model.train(sentences, total_examples=2000, epochs=10**6, progress=ready)
        except KeyboardInterrupt:
            print("interrupted")
    else:
        model = Word2Vec(
            sentences, vector_size=50, min_count=1, epochs=10**6,
            progress=lambda report: report["phase"] == "train" and ready(report),
        )
    assert np.isfinite(model.wv.vectors).all()
    print(model.wv.most_similar("w1", topn=1)[0][0])
    """
)


@pytest.mark.skipif(os.name == "nt", reason="sends SIGINT to a child")
@pytest.mark.parametrize("way", ["train", "constructor"])
def test_ctrl_c_leaves_a_usable_model(way):
    child = subprocess.Popen(
        [sys.executable, "-c", INTERRUPTED, way],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert child.stdout.readline() == "ready\n"
    child.send_signal(signal.SIGINT)
    output, errors = child.communicate(timeout=60)
    assert child.returncode == 0, errors
    if way == "train":
        assert "interrupted" in output
    else:
        assert re.search(r"^<string>:\d+: UserWarning: training was interrupted", errors, re.M)
    assert output.splitlines()[-1].startswith("w")


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
def test_a_fork_after_use_trains_too():
    trained(FRUIT, workers=2)
    child = os.fork()
    if child == 0:
        try:
            trained(FRUIT, workers=2)
            os._exit(0)
        except BaseException:
            os._exit(1)
    assert os.waitpid(child, 0)[1] == 0


def test_memory_is_estimated_by_matrix():
    model = trained(FRUIT, vector_size=100, hs=1)
    report = model.estimate_memory(vocab_size=1000)
    assert report["vectors"] == report["syn1"] == report["syn1neg"] == 1000 * 112 * 4
    assert report["total"] == sum(v for k, v in report.items() if k != "total")
    assert "lanes" not in report
    assert "syn1neg" not in trained(FRUIT, hs=1, negative=0).estimate_memory()
    assert "syn1" not in trained(FRUIT).estimate_memory()
    filled = {"corpus": 5, "total": 7}
    assert model.estimate_memory(1000, filled) is filled
    assert filled == report | {"corpus": 5, "total": report["total"] + 5}
    model.deterministic = True
    lanes = model.estimate_memory(vocab_size=1000)["lanes"]
    assert lanes == 3 * (1000 * 8 + 16 * 1000 * 112 * 4)


def _remove_and_add(wv):
    first, vector = wv.index_to_key[0], wv[0].copy()
    wv.remove(first)
    wv.add_vectors([first], vector[None], extras={"count": [1]})


@pytest.mark.parametrize(
    "change",
    [
        _remove_and_add,  # as many keys as before, in another order
        lambda wv: wv.remove("sun"),
        lambda wv: wv.add_vector("new", np.ones(16)),
    ],
)
def test_words_that_were_changed_are_not_trained_on_with_weights_of_others(tmp_path, change):
    model = trained(epochs=1)
    model.save(tmp_path / "before.kv")
    change(model.wv)
    for call in (
        lambda: model.train(TWO_TOPICS, total_examples=300, epochs=1),
        lambda: model.save(tmp_path / "model.kv"),
    ):
        with pytest.raises(ValueError, match=r"the keys of model\.wv were changed"):
            call()
    assert not (tmp_path / "model.kv").exists()
    model.wv.save(tmp_path / "vectors.kv")
    again = pickle.loads(pickle.dumps(Word2Vec.load(tmp_path / "before.kv")))
    again.train(TWO_TOPICS, total_examples=300, epochs=1)


def test_the_running_loss_may_begin_anew_at_each_epoch():
    losses = []

    def look(model):
        losses.append(model.running_training_loss)
        model.running_training_loss = 0

    model = trained(compute_loss=True, epochs=3, callbacks=[look])
    assert losses == pytest.approx([epoch.loss for epoch in model.history])
    assert model.get_latest_training_loss() == 0


def test_load_belongs_to_the_class(tmp_path):
    model = trained(FRUIT, epochs=1)
    model.save(tmp_path / "model.kv")
    with pytest.raises(AttributeError, match=r"write model = Word2Vec\.load\(path\)"):
        model.load(tmp_path / "model.kv")
    assert len(Word2Vec.load(tmp_path / "model.kv").wv) == len(model.wv)
