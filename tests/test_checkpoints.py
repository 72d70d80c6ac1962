"""Training that is interrupted goes on: the same bits with one worker, or a refusal that says why.

That a checkpoint is whole whatever step of writing it fails, and that every damage to its files is
noticed, is shown in `src/checkpoint/tests.rs`; what faults do to training in
`test_checkpoints_faults.py`, signals and the command line in `test_checkpoints_cli.py`.
"""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import synvec
from synvec import CallbackAny2Vec, KeyedVectors, Word2Vec, _core
from synvec.checkpoints.intervals import Checkpoints
from synvec.checkpoints.session import configuration_hash, decode_locks, encode_locks
from synvec.model_files import SETTINGS as SETTINGS_OF_FILES
from tests.checkpointing import (
    SETTINGS,
    Halt,
    bits,
    environment,
    halt_after,
    halted,
    position,
    sentences,
    vectors_in,
)


@pytest.mark.parametrize(
    "settings",
    [{}, {"sg": 0}, {"hs": 1, "negative": 0}, {"shared_negatives": False}, {"window": 2, "hs": 1}],
    ids=str,
)
def test_one_worker_goes_on_bit_for_bit(tmp_path: Path, text: Path, settings: Any) -> None:
    settings = SETTINGS | {"epochs": 8} | settings
    unbroken = Word2Vec(corpus_file=text, **settings)
    kept = Word2Vec(corpus_file=text, **settings, checkpoint=tmp_path / "a")
    assert bits(kept) == bits(unbroken), "keeping changes nothing"
    halted(tmp_path / "b", corpus_file=text, **settings)
    assert position(tmp_path / "b") != {"epoch": 0, "unit": 0}
    resumed = synvec.resume(tmp_path / "b", progress=False)
    assert bits(resumed) == bits(unbroken)
    assert [e.loss for e in resumed.history] == [e.loss for e in unbroken.history]
    assert [e.trained_words for e in resumed.history] == [e.trained_words for e in unbroken.history]
    assert resumed.get_latest_training_loss() == unbroken.get_latest_training_loss()
    assert resumed.min_alpha_yet_reached == unbroken.min_alpha_yet_reached
    assert resumed.train_count == 1


def test_it_goes_on_from_a_file_a_list_and_a_generator_alike(tmp_path: Path, text: Path) -> None:
    lists = sentences(text)
    settings = SETTINGS | {"epochs": 10}
    unbroken = bits(Word2Vec(corpus_file=text, **settings))
    forms: dict[str, dict[str, Any]] = {
        "file": {"corpus_file": text},
        "list": {"sentences": lists},
        "generator": {"sentences": (sentence for sentence in lists)},
    }
    for name, corpus in forms.items():
        halted(tmp_path / name, epochs=10, **corpus)
        stored = list((tmp_path / name).glob("corpus-*.ids"))
        assert bool(stored) == (name != "file"), "ids are kept of what cannot be read again"
        assert bits(synvec.resume(tmp_path / name, progress=False)) == unbroken


@pytest.mark.parametrize("hash_seed", ["0", "1", "4242"])
def test_hashes_of_python_change_nothing(tmp_path: Path, text: Path, hash_seed: str) -> None:
    command = [sys.executable, "-m", "synvec", "train", str(text), "-o", "out.kv", "--workers", "1"]
    settings = environment(PYTHONHASHSEED=hash_seed)
    subprocess.run([*command, "--epochs", "1", "-q"], cwd=tmp_path, env=settings, check=True)
    model = Word2Vec(corpus_file=text, sg=1, workers=1, epochs=1, progress=False)
    found = KeyedVectors.load(str(tmp_path / "out.kv"))
    assert found.vectors.tobytes() == model.wv.vectors.tobytes()


def test_a_checkpoint_of_each_epoch_and_none_more(tmp_path: Path, text: Path) -> None:
    Word2Vec(corpus_file=text, **SETTINGS, checkpoint=tmp_path, checkpoint_every=1)
    # Before the first step, after epochs 1 and 2, and at the end.
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "checkpoint-000003.json", "checkpoint-000003.kv", "checkpoint-000004.json",
        "checkpoint-000004.kv", "lock",
    ]  # fmt: skip


def test_a_checkpoint_opens_as_vectors_and_as_a_model(tmp_path: Path, text: Path) -> None:
    # Wide, so that each matrix is written in several blocks.
    settings = SETTINGS | {"vector_size": 700, "epochs": 1}
    model = Word2Vec(corpus_file=text, **settings, checkpoint=tmp_path)
    assert model.wv.vectors.nbytes > 5 << 20
    newest = max(tmp_path.glob("checkpoint-*.kv"))
    assert (vectors_in(newest) == model.wv.vectors).all()
    opened = Word2Vec.load(newest)
    assert (opened.syn1neg == model.syn1neg).all()
    assert len(opened.history) == 1


def test_several_calls_of_train_and_a_vocabulary_that_grows(tmp_path: Path, text: Path) -> None:
    lists = sentences(text)

    def grown(**keywords: Any) -> Word2Vec:
        model = Word2Vec(lists[:5000], **SETTINGS)
        model.build_vocab(lists, update=True)
        model.wv.vectors_lockf = np.where(np.arange(len(model.wv)) < 7, 0.5, 1).astype(np.float32)
        model.train(lists, total_examples=len(lists), epochs=8, start_alpha=0.04, **keywords)
        return model

    with pytest.raises(Halt):
        grown(checkpoint=tmp_path, progress=halt_after(1))
    resumed, unbroken = synvec.resume(tmp_path, progress=False), grown()
    assert bits(resumed) == bits(unbroken)
    assert len(resumed.history) == len(unbroken.history) == 11
    assert (resumed.wv.vectors_lockf == unbroken.wv.vectors_lockf).all()


@pytest.mark.parametrize("locks", [[0], [1, 0.5], [0.5, 1, 1], [0.25, 0.25, 0, 1, 1, 0.5, 0.5]])
def test_locks_are_kept_as_runs(locks: list[float]) -> None:
    given = np.array(locks, np.float32)
    runs = encode_locks(given)
    assert runs is not None
    assert len(runs) == len(set(locks))
    assert decode_locks(runs).tolist() == given.tolist()
    assert encode_locks(np.ones(5, np.float32)) is None


class Epochs(CallbackAny2Vec):
    def __init__(self, stop_at: int = 0, fail_at: int = 0) -> None:
        self.ends, self.stop_at, self.fail_at = 0, stop_at, fail_at

    def on_epoch_end(self, model: Any) -> object:
        self.ends += 1
        if self.ends == self.fail_at:
            raise Halt
        return self.ends != self.stop_at


TOPICS, WORDS = 10, 30


def topics(sentences: int) -> list[list[str]]:
    """Write of one topic in each sentence, with its own words."""
    random = np.random.default_rng(7)
    rows = (
        random.integers(TOPICS, size=(sentences, 1)),
        random.integers(WORDS, size=(sentences, 12)),
    )
    return [[f"t{topic}w{word}" for word in line] for (topic,), line in zip(*rows, strict=True)]


def closeness(model: Word2Vec) -> float:
    """Return how much nearer words of one topic are to one another than to those of others."""
    words = [f"t{topic}w{word}" for topic in range(TOPICS) for word in range(WORDS)]
    unit = model.wv.vectors[[model.wv.key_to_index[word] for word in words]]
    unit /= np.linalg.norm(unit, axis=1, keepdims=True)
    cosines = (unit @ unit.T).reshape(TOPICS, WORDS, TOPICS, WORDS).mean(axis=(1, 3))
    own = cosines.trace() / TOPICS
    return float(own - (cosines.sum() - cosines.trace()) / (TOPICS * (TOPICS - 1)))


def test_several_workers_go_on_as_well_as_unbroken_ones(tmp_path: Path) -> None:
    lists = topics(20_000)
    settings = SETTINGS | {"workers": 3, "epochs": 12}
    unbroken = [Word2Vec(lists, **settings | {"seed": seed}) for seed in (3, 4, 5)]
    halted(tmp_path, 500_000, sentences=lists, **settings)
    before = position(tmp_path)["epoch"]
    assert 0 < before < 11, "somewhere in the middle"
    resumed = synvec.resume(tmp_path, progress=False)
    # Every word is trained once, whoever trains it.
    for name in ("raw_words", "trained_words"):
        counts = [getattr(epoch, name) for epoch in resumed.history]
        assert counts == [getattr(epoch, name) for epoch in unbroken[0].history]
    for epoch in range(before, 12):
        losses = [model.history[epoch].loss or 0 for model in unbroken]
        loss = resumed.history[epoch].loss or 0
        assert min(losses) * 0.97 < loss < max(losses) * 1.03, epoch
    found = [closeness(model) for model in unbroken]
    assert min(found) - 0.05 < closeness(resumed) < max(found) + 0.05
    assert min(found) > 0.5, "there is something to lose"


def test_callbacks_are_asked_for_and_called(tmp_path: Path, text: Path) -> None:
    with pytest.raises(Halt):
        Word2Vec(
            corpus_file=text, **SETTINGS, checkpoint=tmp_path, checkpoint_every=1,
            callbacks=[Epochs(fail_at=2)],
        )  # fmt: skip
    with pytest.raises(ValueError, match=r"had callbacks.*\(Epochs\): hand them over"):
        synvec.resume(tmp_path)
    again = Epochs()
    resumed = synvec.resume(tmp_path, callbacks=[again], progress=False)
    unbroken = Word2Vec(corpus_file=text, **SETTINGS)
    assert bits(resumed) == bits(unbroken)
    assert again.ends == 2, "of the epoch whose end had failed, and of the last"
    loss = unbroken.get_latest_training_loss()
    assert resumed.get_latest_training_loss() == pytest.approx(loss, rel=1e-12)
    assert len(resumed.history) == 3


def test_epochs_are_counted_over_all_with_callbacks_too(tmp_path: Path, text: Path) -> None:
    settings = SETTINGS | {"epochs": 5, "checkpoint": tmp_path, "checkpoint_every": 2}
    Word2Vec(corpus_file=text, **settings, callbacks=[Epochs()])
    # Before the first step, after epochs 2 and 4, and at the end.
    assert max(tmp_path.glob("*.json")).name == "checkpoint-000004.json"


def test_what_a_callback_has_ended_stays_ended(tmp_path: Path, text: Path) -> None:
    model = Word2Vec(
        corpus_file=text, **SETTINGS, checkpoint=tmp_path, callbacks=[Epochs(stop_at=1)]
    )
    assert len(model.history) == 1
    assert bits(synvec.resume(tmp_path)) == bits(model)


# --- refusals ------------------------------------------------------------------------------------


def test_a_folder_that_holds_a_checkpoint_is_not_written_over(tmp_path: Path, text: Path) -> None:
    halted(tmp_path, corpus_file=text, epochs=50)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}

    def refused(**settings: Any) -> str:
        with pytest.raises(FileExistsError) as caught:
            Word2Vec(**SETTINGS | {"epochs": 50} | settings, checkpoint=tmp_path)
        return str(caught.value)

    assert "of this very job; go on with synvec.resume(" in refused(corpus_file=text)
    told = refused(sentences=NeverRead())
    assert f"of a job with these very settings, on {text} (" in told
    copy = tmp_path.with_name("copy.txt")
    copy.write_bytes(text.read_bytes() + b"w1\n")
    size = text.stat().st_size
    told = refused(corpus_file=copy)
    assert f"another job: the corpus is {text} ({size:,} bytes) there and {copy} (" in told
    assert before == {path.name: path.read_bytes() for path in tmp_path.iterdir()}


class NeverRead:
    def __iter__(self) -> Any:
        raise AssertionError("the corpus is read before the folder is looked at")


CHANGED: dict[str, Any] = {
    "vector_size": 25, "window": 3, "min_count": 2, "sample": 0.01, "seed": 4, "sg": 0,
    "hs": 1, "negative": 7, "ns_exponent": 0.5, "cbow_mean": 0, "cbow_corrected": True,
    "shrink_windows": False, "shared_negatives": False, "deterministic": True, "max_final_vocab": 9,
    "max_vocab_size": 99, "sorted_vocab": 0, "null_word": 1, "tokenize": "words",
    "lowercase": True,
}  # fmt: skip
CHANGED_PLANS: dict[str, tuple[Any, str]] = {
    "epochs": (51, "epochs is 50 there and 51 here"),
    "alpha": (0.03, "start_alpha is 0.025 there and 0.03 here"),
    "min_alpha": (0.01, "end_alpha is 0.0001 there and 0.01 here"),
    "compute_loss": (False, "compute_loss is True there and False here"),
    "callbacks": ([print], "callbacks is [] there and ['print'] here"),
}
UNCHANGED = {"workers": 2, "comment": "other", "batch_words": 77, "spool_bytes": 0}


@pytest.fixture(scope="module")
def used(tmp_path_factory: pytest.TempPathFactory, text: Path) -> Path:
    folder = tmp_path_factory.mktemp("used")
    halted(folder, corpus_file=text, epochs=50)
    return folder


def differences(folder: Path, **settings: Any) -> str:
    with pytest.raises(FileExistsError) as caught:
        Word2Vec(NeverRead(), **SETTINGS | {"epochs": 50} | settings, checkpoint=folder)
    told = str(caught.value)
    return told.split("another job: ")[1].split("; name")[0] if "another job" in told else ""


@pytest.mark.parametrize("name", CHANGED)
def test_a_setting_that_is_another_is_named(used: Path, name: str) -> None:
    before = "whitespace" if name == "tokenize" else getattr(Word2Vec(**SETTINGS), name)
    expected = f"{name} is {before!r} there and {CHANGED[name]!r} here"
    assert differences(used, **{name: CHANGED[name]}) == expected


@pytest.mark.parametrize("name", CHANGED_PLANS)
def test_a_plan_that_is_another_is_named(used: Path, name: str) -> None:
    value, expected = CHANGED_PLANS[name]
    assert differences(used, **{name: value}) == expected


@pytest.mark.parametrize("name", UNCHANGED)
def test_what_shapes_no_vector_may_be_another(used: Path, name: str) -> None:
    assert differences(used, **{name: UNCHANGED[name]}) == ""


def test_all_that_shapes_vectors_is_compared() -> None:
    others = {"workers", "comment", "batch_words", "epochs", "alpha", "min_alpha", "compute_loss"}
    assert set(SETTINGS_OF_FILES) - others - set(CHANGED) == set()


def test_every_setting_counts_in_the_hash_of_a_configuration(used: Path) -> None:
    newest = max(used.glob("checkpoint-*.json"))
    state = json.loads(newest.read_text())["state"]
    configuration = state["configuration"]
    assert configuration_hash(configuration) == state["configuration_hash"]
    for part in ("settings", "plan", "corpus"):
        for name in configuration[part]:
            changed = {**configuration, part: {**configuration[part], name: "another"}}
            assert configuration_hash(changed) != state["configuration_hash"], name


def test_a_manifest_of_another_job_is_refused_by_its_hash(tmp_path: Path, text: Path) -> None:
    xxhash = pytest.importorskip("xxhash")
    Word2Vec(corpus_file=text, **SETTINGS, checkpoint=tmp_path)
    for path in tmp_path.glob("checkpoint-*.json"):
        manifest = path.read_text()
        begin, plan = manifest.rsplit('"plan":', 1)  # beside the one that was hashed
        plan = plan.replace('"start_alpha":0.025', '"start_alpha":0.03')
        changed = begin + '"plan":' + plan
        own = changed[len('{"checksum":"') :][:16]
        blank = changed.replace(own, "0" * 16, 1)
        path.write_text(blank.replace("0" * 16, xxhash.xxh3_64_hexdigest(blank.encode()), 1))
    expected = (
        r"does not belong to its manifest: start_alpha is 0\.025 there and 0\.03 here; files of"
    )
    with pytest.raises(synvec.FormatError, match=expected):
        synvec.resume(tmp_path)


def test_another_corpus_is_refused(tmp_path: Path, text: Path) -> None:
    copy = tmp_path / "copy.txt"
    shutil.copy(text, copy)
    halted(tmp_path / "c", corpus_file=copy, epochs=50)
    original = copy.read_bytes()
    copy.write_bytes(original + b"w1 w2\n")
    with pytest.raises(ValueError, match=r"copy\.txt has [\d,]+ bytes, and had [\d,]+ when"):
        synvec.resume(tmp_path / "c", progress=False)
    copy.write_bytes(original.replace(b"w1 ", b"w2 ", 1))
    with pytest.raises(ValueError, match=r"copy\.txt: the text is not the one that training began"):
        synvec.resume(tmp_path / "c", progress=False)
    copy.unlink()
    with pytest.raises(FileNotFoundError, match=r"copy\.txt"):
        synvec.resume(tmp_path / "c", progress=False)


def test_a_folder_that_cannot_be_is_refused_before_the_corpus_is_read(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.touch()
    with pytest.raises(NotADirectoryError, match="is a file; name a folder"):
        Word2Vec(NeverRead(), **SETTINGS, checkpoint=path)
    with pytest.raises(NotADirectoryError):
        Word2Vec(NeverRead(), **SETTINGS, checkpoint=path / "within")
    folder = _core.CheckpointFolder(str(tmp_path / "busy"))
    with pytest.raises(BlockingIOError, match="in use by process"):
        Word2Vec(NeverRead(), **SETTINGS, checkpoint=tmp_path / "busy")
    folder.close()


def test_there_is_nothing_to_go_on_with(tmp_path: Path, text: Path) -> None:
    for folder, told in (
        (tmp_path, "holds no checkpoint; name the one that training wrote to"),
        (tmp_path / "missing", "no such folder; name the one that training wrote to"),
    ):
        with pytest.raises(FileNotFoundError, match=told):
            synvec.resume(folder)
    with pytest.raises(NotADirectoryError, match="is a file; name the folder"):
        synvec.resume(text)
    assert list(tmp_path.iterdir()) == [], "nothing is written into a folder of somebody else's"
    others = ["checkpoint-500", "lock.txt"]
    for name in others:
        (tmp_path / name).touch()
    with pytest.raises(FileNotFoundError, match="holds no checkpoint; name the one"):
        synvec.resume(tmp_path)
    assert sorted(file.name for file in tmp_path.iterdir()) == others
    # A job that ended before its first checkpoint has left its lock.
    (tmp_path / "lock").touch()
    with pytest.raises(FileNotFoundError, match="holds no checkpoint; name the one"):
        synvec.resume(tmp_path)


def test_a_damaged_checkpoint_is_passed_over_with_a_warning(tmp_path: Path, text: Path) -> None:
    unbroken = Word2Vec(corpus_file=text, **SETTINGS)
    Word2Vec(corpus_file=text, **SETTINGS, checkpoint=tmp_path, checkpoint_every=1)
    newest = max(tmp_path.glob("checkpoint-*.kv"))
    data = bytearray(newest.read_bytes())
    data[len(data) // 2] ^= 1
    newest.write_bytes(data)
    with pytest.warns(UserWarning, match=r"the newest checkpoint is damaged, the one before"):
        resumed = synvec.resume(tmp_path, progress=False)
    assert bits(resumed) == bits(unbroken)


def test_files_of_two_jobs_are_told_apart(tmp_path: Path, text: Path) -> None:
    for name, window in (("a", 5), ("b", 4)):
        Word2Vec(corpus_file=text, **SETTINGS, window=window, checkpoint=tmp_path / name)
    for path in (tmp_path / "b").glob("checkpoint-*.kv"):
        shutil.copy(path, tmp_path / "a" / path.name)
    with pytest.raises(synvec.FormatError, match="does not match the checksum in its manifest"):
        synvec.resume(tmp_path / "a")


def test_a_second_process_is_told_who_works_in_the_folder(tmp_path: Path, text: Path) -> None:
    folder = _core.CheckpointFolder(str(tmp_path))
    code = "import sys, synvec; synvec.resume(sys.argv[1])"
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)],
        capture_output=True, text=True, env=environment(), check=False,
    )  # fmt: skip
    assert f"in use by process {os.getpid()}" in done.stderr
    assert "BlockingIOError" in done.stderr
    folder.close()


@pytest.mark.parametrize("every", ["", "5", "0", 0, -1, "10 weeks", True, "-3s", 1.5])
def test_intervals_that_are_none(every: Any) -> None:
    if every == "5":
        assert Checkpoints("folder", every).epochs == 5
        return
    with pytest.raises(ValueError, match="checkpoint_every must be a time such as"):
        Word2Vec(checkpoint="folder", checkpoint_every=every)


@pytest.mark.parametrize(
    ("every", "seconds"),
    [("30s", 30), ("1.5 sec", 1.5), ("2m", 120), ("10min", 600), ("2h", 7200), (" 1h ", 3600)],
)
def test_intervals_of_time(every: str, seconds: float) -> None:
    assert (Checkpoints("folder", every).seconds, Checkpoints("folder", every).epochs) == (
        seconds, None,
    )  # fmt: skip


def test_an_interval_needs_a_folder_and_a_folder_a_corpus() -> None:
    with pytest.raises(ValueError, match="checkpoint_every needs a folder"):
        Word2Vec([["a"]], min_count=1, checkpoint_every=1)
    with pytest.raises(ValueError, match="checkpoint needs a corpus"):
        Word2Vec(checkpoint="folder")
