"""What goes wrong while a model is trained, and what is left then."""

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import synvec
import synvec.errors
from synvec import Word2Vec, preflight
from tests.checkpointing import POSIX, SETTINGS, bits, environment, halted, sentences, vectors_in


def test_vectors_that_run_away_end_training(tmp_path: Path, text: Path) -> None:
    settings = SETTINGS | {"alpha": 1e30, "min_alpha": 1e30}
    with pytest.raises(FloatingPointError, match=r"NaN or infinite after epoch 1 of 3; try a low"):
        Word2Vec(corpus_file=text, **settings, checkpoint=tmp_path)
    assert len(list(tmp_path.glob("checkpoint-*.json"))) == 1
    assert np.isfinite(vectors_in(next(tmp_path.glob("*.kv")))).all()


FULL_DISK = """
import resource, signal, sys, warnings
from synvec import Word2Vec, preflight
from tests.checkpointing import SETTINGS
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
    done = subprocess.run(code, capture_output=True, text=True, env=environment(), check=False)
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
    told = r"training needs 176\.0 kB .*words 48\.0 kB\), 10\.0 kB are available \(so the t"
    with pytest.raises(MemoryError, match=told):
        model.build_vocab_from_freq(words)
    monkeypatch.setenv("SYNVEC_MEMORY_CHECK", "off")
    model.build_vocab_from_freq(words)
    assert len(model.wv) == 1000


def test_ids_count_as_memory_until_they_are_spooled(monkeypatch: pytest.MonkeyPatch) -> None:
    lists = [[f"w{i % 10}" for i in range(1000)]] * 50
    monkeypatch.setattr("synvec.preflight.available_memory", lambda: (100_000, "so the test says"))
    with pytest.raises(MemoryError, match=r"ids of the corpus 200\.2 kB\), 100\.0 kB are avail"):
        Word2Vec(lists, vector_size=16, min_count=1, epochs=1)
    Word2Vec(lists, vector_size=16, min_count=1, epochs=1, spool_bytes=50_000)


def test_a_text_that_memory_cannot_hold_is_refused_unread(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "text.txt"
    with path.open("wb") as file:
        file.truncate(8_000_000_000)  # takes no room, and minutes to read
    monkeypatch.setattr("synvec.preflight.available_memory", lambda: (10**9, "so the test says"))
    told = (
        r"reading 8\.0 GB of text needs 2\.3 GB of memory \(ids 2\.1 GB, distinct words 118\.6 MB\)"
    )
    with pytest.raises(MemoryError, match=told):
        Word2Vec(corpus_file=path)
    with pytest.raises(MemoryError, match=told):
        synvec.scan(corpus_file=[path])


def test_the_limit_of_a_control_group_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    group = tmp_path / "job"
    group.mkdir()
    for name, value in {
        "memory.max": "1000000", "memory.current": "900000",
        "memory.stat": "anon 200000\ninactive_file 300000\nactive_file 400000",
    }.items():  # fmt: skip
        (group / name).write_text(value + "\n")
    entries = tmp_path / "entries"
    entries.write_text("0::/job\n")
    monkeypatch.setattr(preflight, "_CGROUPS", tmp_path)
    monkeypatch.setattr(preflight, "_CGROUPS_OF_PROCESS", entries)
    # Pages of files are given back, whether they were used lately or not.
    assert preflight.available_memory() == (800_000, "limit of the control group")
    (group / "memory.max").write_text("max\n")
    assert preflight._of_cgroup() is None


def test_room_is_looked_at_before_training(
    tmp_path: Path, text: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = type("Usage", (), {"free": 1000})
    monkeypatch.setattr("shutil.disk_usage", lambda path: usage)
    told = r"the disk has 1\.0 kB left, three checkpoints need (\d+\.\d) MB"
    with pytest.raises(OSError, match=told) as caught:
        Word2Vec(corpus_file=text, **SETTINGS, checkpoint=tmp_path)
    monkeypatch.undo()
    Word2Vec(corpus_file=text, **SETTINGS, checkpoint=tmp_path)
    written = max(path.stat().st_size for path in tmp_path.glob("checkpoint-*.kv"))
    found = re.search(told, str(caught.value))
    assert found is not None
    assert float(found[1]) * 1e6 == pytest.approx(3 * written, rel=0.1)


# --- what training reads is taken away -----------------------------------------------------------


def spoiling(spoil: Any) -> Any:
    """Do something as soon as training has begun; return a progress callback, and what it did."""
    done: list[str] = []

    def progress(report: dict[str, Any]) -> None:
        if report["phase"] == "train" and not done:
            spoil()
            done.append("spoilt")

    return progress, done


@POSIX
def test_a_spool_that_is_removed_is_missed_by_nobody(tmp_path: Path, text: Path) -> None:
    spool = tmp_path / "spool"
    spool.mkdir()
    settings = SETTINGS | {"epochs": 8}
    unbroken = bits(Word2Vec(corpus_file=text, **settings))

    def remove() -> None:
        assert list(spool.iterdir()) == [], "the file has no name that anybody could cut or open"
        spool.rmdir()

    progress, done = spoiling(remove)
    settings |= {"spool_bytes": 0, "spool_dir": spool, "progress": progress}
    model = Word2Vec(corpus_file=text, **settings, checkpoint=tmp_path / "c")
    assert done
    assert bits(model) == unbroken


@pytest.mark.parametrize("form", ["file", "generator"])
def test_without_its_folder_a_spool_is_asked_for(tmp_path: Path, text: Path, form: str) -> None:
    spool = tmp_path / "spool"
    spool.mkdir()
    corpus: dict[str, Any] = {"corpus_file": text}
    if form == "generator":
        corpus = {"sentences": iter(sentences(text))}
    halted(tmp_path / "c", **corpus, epochs=8, spool_bytes=0, spool_dir=spool)
    spool.rmdir()
    with pytest.raises(FileNotFoundError, match="spool_dir: no such folder; make it first"):
        synvec.resume(tmp_path / "c", progress=False)
    spool.mkdir()
    unbroken = Word2Vec(corpus_file=text, **SETTINGS | {"epochs": 8})
    assert bits(synvec.resume(tmp_path / "c", progress=False)) == bits(unbroken)


@pytest.mark.parametrize("spool_bytes", [0, 1 << 30])
def test_ids_that_are_cut_while_they_are_trained_on(
    tmp_path: Path, text: Path, spool_bytes: int
) -> None:
    corpus = iter(sentences(text))
    halted(tmp_path, sentences=corpus, epochs=12, spool_bytes=spool_bytes)
    [ids] = tmp_path.glob("corpus-*.ids")
    progress, done = spoiling(lambda: os.truncate(ids, 6))
    resumed = synvec.resume(tmp_path, progress=progress)
    assert done
    assert bits(resumed) == bits(Word2Vec(corpus_file=text, **SETTINGS | {"epochs": 12}))


@pytest.mark.parametrize(
    ("keep", "error", "told"),
    [
        (6, synvec.errors.TruncatedFileError, "the corpus's ids end in the middle of one"),
        (8, synvec.errors.ChecksumError, "do not match their checksum: the file has changed"),
        (None, FileNotFoundError, r"corpus-\w+\.ids"),
    ],
)
def test_ids_that_are_damaged_are_refused(
    tmp_path: Path, text: Path, keep: int | None, error: type[Exception], told: str
) -> None:
    halted(tmp_path, sentences=iter(sentences(text)), epochs=8)
    [ids] = tmp_path.glob("corpus-*.ids")
    if keep is None:
        ids.unlink()
    else:
        os.truncate(ids, keep)
    with pytest.raises(error, match=told):
        synvec.resume(tmp_path, progress=False)
