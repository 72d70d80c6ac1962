"""A folder of checkpoints while a model is trained, and the state that goes into each."""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from synvec import _core
from synvec.checkpoints.corpora import (
    FileOfCorpus,
    describe,
    describe_briefly,
    files_of_corpus,
)
from synvec.checkpoints.intervals import Checkpoints
from synvec.encoded import Corpus, CorpusFile
from synvec.model_files import SETTINGS, model_config, name_of_tokenize
from synvec.preflight import check_space
from synvec.warning import warn_caller

if TYPE_CHECKING:
    from synvec.training import TrainingPlan
    from synvec.word2vec.state import ModelState

_NOT_COMPARED = (
    "workers",
    "comment",
    "batch_words",
    "epochs",
    "alpha",
    "min_alpha",
    "compute_loss",
)
"""Settings that the plan of a call says better, or that shape no vector."""


class Session:
    """What a call of `train` keeps, and where."""

    def __init__(
        self,
        checkpoints: Checkpoints,
        folder: _core.CheckpointFolder,
        plan: TrainingPlan,
        configuration: dict[str, Any],
    ) -> None:
        self.checkpoints = checkpoints
        self.folder = folder
        self._plan = plan
        self._configuration = configuration

    @classmethod
    def begin(
        cls,
        checkpoints: Checkpoints,
        model: ModelState[Any],
        plan: TrainingPlan,
        corpus: _core.EncodedCorpus,
        corpus_iterable: Corpus[Any] | None,
        corpus_file: CorpusFile | None,
    ) -> Session:
        """Open a folder for training that begins; see that there is room in it.

        Raises
        ------
        FileExistsError
            When the folder holds a checkpoint by now, see `refuse_used`.
        BlockingIOError
            When another process works in it.
        OSError
            When there is no room for what will be written.
        """
        folder = _core.CheckpointFolder(os.fspath(checkpoints.folder))
        try:
            configuration = configuration_of(model, plan)
            if folder.count():
                files = files_of_corpus(corpus_iterable, corpus_file, model.tokenize)
                raise _taken(folder, os.fspath(checkpoints.folder), configuration, files)
            # The two that are kept are there while a third is being written.
            needed = 3 * _bytes_of(model)
            check_space(os.fspath(checkpoints.folder), needed, "three checkpoints")
            configuration["corpus"] = describe(
                corpus, corpus_iterable, corpus_file, model.tokenize, folder
            )
        except BaseException:
            folder.close()
            raise
        return cls(checkpoints, folder, plan, configuration)

    def keeping(
        self, model: ModelState[Any], epochs_done: int, *, has_ended: bool = False
    ) -> _core.Keeping:
        """What the next call into the core keeps."""
        assert model.wv.counts is not None
        state = {
            "configuration": self._configuration,
            "configuration_hash": configuration_hash(self._configuration),
            "plan": asdict(self._plan),
            "epochs_done": epochs_done,
            "has_ended": has_ended,
            "every": self.checkpoints.every,
            "job": self.checkpoints.job,
            "locks": encode_locks(model.wv.vectors_lockf),
            "spool_bytes": model.spool_bytes,
            "spool_dir": None if model.spool_dir is None else os.fspath(model.spool_dir),
        }
        return _core.Keeping(
            self.folder,
            model.wv.key_table,
            model.wv.counts,
            model=json.dumps(model_config(model), allow_nan=False),
            state=json.dumps(state, allow_nan=False),
            warn=warn_caller,
            total_epochs=self._plan.epochs,
            seconds=self.checkpoints.seconds,
            epochs=self.checkpoints.epochs,
            epochs_before=epochs_done,
        )

    def close(self) -> None:
        """Let others have the folder."""
        self.folder.close()


def refuse_used(
    checkpoints: Checkpoints,
    model: ModelState[Any],
    plan: TrainingPlan,
    corpus_iterable: Corpus[Any] | None,
    corpus_file: CorpusFile | None,
) -> None:
    """Refuse a folder that holds a checkpoint, before a corpus is read in vain.

    One that is not there is made, and its lock written: so there is no doubt that it can be.

    Raises
    ------
    FileExistsError
        When it holds one; the message says of what.
    BlockingIOError
        When another process works in it.
    OSError
        When it cannot be made or written.
    """
    path = os.fspath(checkpoints.folder)
    if os.path.isfile(path):  # noqa: PTH113 - any StrPath
        raise NotADirectoryError(20, "is a file; name a folder, which is made", path)
    folder = _core.CheckpointFolder(path)
    try:
        if folder.count():
            files = files_of_corpus(corpus_iterable, corpus_file, model.tokenize)
            raise _taken(folder, path, configuration_of(model, plan), files)
    finally:
        folder.close()


def configuration_of(model: ModelState[Any], plan: TrainingPlan) -> dict[str, Any]:
    """Return all that decides what comes of training, the corpus apart."""
    settings = {name: getattr(model, name) for name in SETTINGS if name not in _NOT_COMPARED}
    settings["tokenize"] = name_of_tokenize(model.tokenize)
    return {"settings": settings, "plan": asdict(plan), "words": len(model.wv)}


def configuration_hash(configuration: dict[str, Any]) -> str:
    """Return a hash of what JSON can hold; equal things have equal ones."""
    text = json.dumps(configuration, sort_keys=True, allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def differences_of(there: dict[str, Any], here: dict[str, Any]) -> list[str]:
    """Name the settings in which two configurations differ, and what they are in each."""
    return [
        f"{name} is {old!r} there and {new!r} here"
        for part in ("settings", "plan")
        for name, new in here[part].items()
        if (old := there[part].get(name)) != new
    ]


def _taken(
    folder: _core.CheckpointFolder,
    path: str,
    configuration: dict[str, Any],
    files: list[FileOfCorpus] | None,
) -> FileExistsError:
    """Tell of what job the checkpoint in a folder is; a corpus of files is told by them."""
    newest = folder.newest()
    assert newest is not None  # there is one, and a damaged one is an error of its own
    state = json.loads(newest[2])
    theirs = state["configuration"]
    unknown = {"total_raw_words": theirs["plan"]["total_raw_words"]}  # before the corpus is read
    ours = {**configuration, "plan": configuration["plan"] | unknown}
    differences = differences_of(theirs, ours)
    there = describe_briefly(theirs["corpus"])
    is_same_corpus = files is not None and files == theirs["corpus"]["files"]
    if files is not None and theirs["corpus"]["files"] is not None and not is_same_corpus:
        here = describe_briefly({"files": files})
        differences.append(f"the corpus is {there} there and {here} here")
    go_on = f"go on with synvec.resume({path!r}) (on the command line: synvec resume {path})"
    if differences:
        what = f"holds a checkpoint of another job: {'; '.join(differences)}"
    elif not is_same_corpus:
        what = f"holds a checkpoint of a job with these very settings, on {there}; {go_on}"
    else:
        ended = ", which is finished" if state["has_ended"] else ""
        what = f"holds a checkpoint of this very job{ended}; {go_on}"
    alternative = ", or name another folder" if not differences else "; name another folder"
    return FileExistsError(17, what + alternative, path)


def _bytes_of(model: ModelState[Any]) -> int:
    matrices = 1 + bool(model.negative) + bool(model.hs)
    rows: int = len(model.wv)
    return rows * (matrices * model.vector_size * 4 + 12) + model.wv.key_table.nbytes


def encode_locks(locks: NDArray[np.float32]) -> list[list[float]] | None:
    """Return the share of each change that each row takes, as runs of equal ones; None for all."""
    if (locks == 1).all():
        return None
    starts = np.flatnonzero(np.concatenate([[True], locks[1:] != locks[:-1]]))
    lengths = np.diff(np.append(starts, len(locks)))
    return [
        [float(locks[start]), int(length)] for start, length in zip(starts, lengths, strict=True)
    ]


def decode_locks(runs: list[list[float]]) -> NDArray[np.float32]:
    """Undo `encode_locks`."""
    values, lengths = zip(*runs, strict=True)
    return np.repeat(np.array(values, np.float32), np.array(lengths, np.int64))
