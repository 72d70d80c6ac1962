"""Training that is interrupted goes on: the same bits with one worker, or a refusal that says why.

That a checkpoint is whole whatever step of writing it fails, and that every damage to its files is
noticed, is shown in `src/checkpoint/tests.rs`.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import synvec
from benchmarks.kills import DETERMINISTIC, ONE_WORKER, Loop, write_corpus
from synvec import CallbackAny2Vec, KeyedVectors, Word2Vec, _core, formats
from synvec.checkpoints.intervals import Checkpoints

POSIX = pytest.mark.skipif(os.name != "posix", reason="signals and limits as POSIX has them")


class Halt(Exception):  # noqa: N818 - no error
    """Ends training from a progress callback."""


@pytest.fixture(scope="module")
def text(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("corpus") / "text.txt"
    write_corpus(path, 30_000)
    return path


def sentences(text: Path) -> list[list[str]]:
    return [line.split() for line in text.read_text().splitlines()]


SETTINGS: dict[str, Any] = {
    "vector_size": 24, "min_count": 1, "workers": 1, "epochs": 3, "sg": 1, "seed": 3,
    "compute_loss": True, "progress": False,
}  # fmt: skip


def bits(model: Word2Vec) -> dict[str, bytes]:
    outputs = {name: getattr(model, name) for name in ("syn1neg", "syn1") if hasattr(model, name)}
    return {name: array.tobytes() for name, array in {"wv": model.wv.vectors, **outputs}.items()}


def halt_after(words: int) -> Any:
    def progress(report: dict[str, Any]) -> None:
        if report["phase"] == "train" and report["raw_words"] >= words:
            raise Halt

    return progress


def halted(folder: Path, after: int = 1, **settings: Any) -> None:
    """Train until a progress callback stops it, which is met as Ctrl-C is."""
    settings = {**SETTINGS, "checkpoint": folder, **settings, "progress": halt_after(after)}
    with pytest.raises(Halt):
        Word2Vec(**settings)


def vectors_in(path: Path) -> Any:
    return formats.vectors_of(formats.load(path)).vectors


def position(folder: Path) -> dict[str, int]:
    newest = max(folder.glob("checkpoint-*.json"))
    found: dict[str, int] = json.loads(newest.read_text())["position"]
    return found


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
    environment = {**os.environ, "PYTHONHASHSEED": hash_seed}
    subprocess.run([*command, "--epochs", "1", "-q"], cwd=tmp_path, env=environment, check=True)
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
    model = Word2Vec(corpus_file=text, **SETTINGS, checkpoint=tmp_path)
    newest = max(tmp_path.glob("checkpoint-*.kv"))
    assert (vectors_in(newest) == model.wv.vectors).all()
    opened = Word2Vec.load(newest)
    assert (opened.syn1neg == model.syn1neg).all()
    assert len(opened.history) == 3


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


class Epochs(CallbackAny2Vec):
    def __init__(self, stop_at: int = 0, fail_at: int = 0) -> None:
        self.ends, self.stop_at, self.fail_at = 0, stop_at, fail_at

    def on_epoch_end(self, model: Any) -> object:
        self.ends += 1
        if self.ends == self.fail_at:
            raise Halt
        return self.ends != self.stop_at


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
    assert len(resumed.history) == 3


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
    other = refused(corpus_file=text, window=3, negative=7)
    assert "window is 5 there and 3 here; negative is 5 there and 7 here" in other
    assert "the corpus is another one" in refused(sentences=sentences(text)[1:])
    assert before == {path.name: path.read_bytes() for path in tmp_path.iterdir()}


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


def test_there_is_nothing_to_go_on_with(tmp_path: Path) -> None:
    for folder in (tmp_path, tmp_path / "missing"):
        with pytest.raises(FileNotFoundError, match="no"):
            synvec.resume(folder)
    assert not (tmp_path / "missing").exists()


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
        [sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, check=False
    )
    assert f"in use by process {os.getpid()}" in done.stderr
    assert "BlockingIOError" in done.stderr
    folder.close()


@pytest.mark.parametrize("every", ["", "5", 0, -1, "10 weeks", True, "-3s", 1.5])
def test_intervals_that_are_none(every: Any) -> None:
    if every == "5":
        assert Checkpoints("folder", every).epochs == 5
        return
    with pytest.raises(ValueError, match="checkpoint_every must be a time such as"):
        Word2Vec(checkpoint="folder", checkpoint_every=every)


def test_an_interval_needs_a_folder_and_a_folder_a_corpus() -> None:
    with pytest.raises(ValueError, match="checkpoint_every needs a folder"):
        Word2Vec([["a"]], min_count=1, checkpoint_every=1)
    with pytest.raises(ValueError, match="checkpoint needs a corpus"):
        Word2Vec(checkpoint="folder")


# --- faults --------------------------------------------------------------------------------------


def test_vectors_that_run_away_end_training(tmp_path: Path, text: Path) -> None:
    settings = SETTINGS | {"alpha": 1e30, "min_alpha": 1e30}
    with pytest.raises(FloatingPointError, match=r"NaN or infinite after epoch 1 of 3; try a low"):
        Word2Vec(corpus_file=text, **settings, checkpoint=tmp_path)
    assert len(list(tmp_path.glob("checkpoint-*.json"))) == 1
    assert np.isfinite(vectors_in(next(tmp_path.glob("*.kv")))).all()


FULL_DISK = """
import resource, signal, sys, warnings
from synvec import Word2Vec
from tests.test_checkpoints import SETTINGS
text, folder = sys.argv[1:]
def full(report):
    if report["phase"] == "train" and report["epoch"] == 1:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, 10_000))
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    model = Word2Vec(corpus_file=text, **SETTINGS | {"epochs": 4, "progress": full},
                     checkpoint=folder, checkpoint_every=1)
for warning in caught:
    print(warning.message)
print("trained", len(model.history))
"""


@POSIX
def test_a_full_disk_ends_no_training(tmp_path: Path, text: Path) -> None:
    code = [sys.executable, "-c", FULL_DISK, str(text), str(tmp_path)]
    root = str(Path(__file__).parent.parent)
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([root, *sys.path])}
    done = subprocess.run(code, capture_output=True, text=True, env=environment, check=False)
    assert done.returncode == 0, done.stderr
    assert "trained 4" in done.stdout
    assert "a checkpoint could not be written, the one before is whole and" in done.stdout
    assert "the last checkpoint could not be written, the model is whole" in done.stdout
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".")]
    unbroken = Word2Vec(corpus_file=text, **SETTINGS | {"epochs": 4})
    assert bits(synvec.resume(tmp_path, progress=False)) == bits(unbroken)


def test_memory_is_looked_at_before_it_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("synvec.preflight.available_memory", lambda: (10_000, "so the test says"))
    words = {f"w{i}": 5 for i in range(1000)}
    model = Word2Vec(vector_size=16)
    with pytest.raises(MemoryError, match=r"needs 128\.0 kB .*10\.0 kB are available \(so the t"):
        model.build_vocab_from_freq(words)
    monkeypatch.setenv("SYNVEC_MEMORY_CHECK", "off")
    model.build_vocab_from_freq(words)
    assert len(model.wv) == 1000


def test_room_is_looked_at_before_training(
    tmp_path: Path, text: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = type("Usage", (), {"free": 1000})
    monkeypatch.setattr("shutil.disk_usage", lambda path: usage)
    with pytest.raises(OSError, match=r"the disk has 1\.0 kB left, three checkpoints need"):
        Word2Vec(corpus_file=text, **SETTINGS, checkpoint=tmp_path)


# --- the command line ----------------------------------------------------------------------------


@pytest.fixture
def long_job(tmp_path: Path, text: Path) -> Iterator[list[str]]:
    yield [
        sys.executable, "-m", "synvec", "train", str(text), "-o", "out.kv", "--workers", "1",
        "--min-count", "1", "--epochs", "60", "--checkpoint", "c",
    ]  # fmt: skip


@POSIX
@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
def test_signals_end_with_a_checkpoint_and_the_command_that_goes_on(
    tmp_path: Path, long_job: list[str], sent: signal.Signals
) -> None:
    with subprocess.Popen(long_job, cwd=tmp_path, stderr=subprocess.PIPE) as process:
        for _ in range(300):
            if list(tmp_path.glob("c/checkpoint-000001.json")):
                break
            time.sleep(0.1)
        time.sleep(0.5)
        process.send_signal(sent)
        assert process.stderr is not None
        said = process.stderr.read().decode()
    assert process.returncode == 128 + sent
    assert said.splitlines()[-1] == "synvec: interrupted; go on with: synvec resume c"
    assert position(tmp_path / "c") != {"epoch": 0, "unit": 0}
    assert not (tmp_path / "out.kv").exists()
    again = subprocess.run(long_job, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert again.returncode == 1
    assert "of this very job; go on with" in again.stderr
    assert "synvec resume c" in again.stderr


@POSIX
def test_a_save_that_fails_at_the_end_loses_nothing(tmp_path: Path, long_job: list[str]) -> None:
    (tmp_path / "sub").mkdir()
    job = [{"out.kv": "sub/out.kv", "60": "20"}.get(part, part) for part in long_job]
    with subprocess.Popen(job, cwd=tmp_path, stderr=subprocess.PIPE, text=True) as process:
        for _ in range(300):
            if list(tmp_path.glob("c/checkpoint-000001.json")):
                break
            time.sleep(0.1)
        (tmp_path / "sub").rmdir()
        _, said = process.communicate()
    assert process.returncode == 1
    assert "synvec: nothing is lost: make room, then synvec resume c\n" in said
    resume = [sys.executable, "-m", "synvec", "resume", "c"]
    refused = subprocess.run(resume, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert refused.returncode == 1
    assert "No such folder; make it first" in refused.stderr
    (tmp_path / "sub").mkdir()
    done = subprocess.run(resume, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "going on from c: training was finished" in done.stderr
    assert len(KeyedVectors.load(str(tmp_path / "sub" / "out.kv"))) > 0


@pytest.mark.slow
@POSIX
@pytest.mark.parametrize("way", [ONE_WORKER, DETERMINISTIC])
def test_killed_at_random_and_resumed(tmp_path: Path, way: tuple[str, ...]) -> None:
    loop = Loop(tmp_path, sentences=20_000, way=way)
    loop.run(8)
    assert loop.kills == 8
    assert loop.resumes == loop.equal > 0
