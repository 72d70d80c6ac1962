"""Going on from a checkpoint."""

from __future__ import annotations

import json
import logging
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from synvec import _core
from synvec.callbacks import Callback, as_objects
from synvec.checkpoints.corpora import reopen
from synvec.checkpoints.intervals import Checkpoints
from synvec.checkpoints.session import (
    Session,
    configuration_hash,
    configuration_of,
    decode_locks,
    differences_of,
)
from synvec.errors import HeaderError
from synvec.paths import StrPath
from synvec.progress import Progress
from synvec.training import TrainingPlan, TrainingRun
from synvec.warning import warn_caller

if TYPE_CHECKING:
    from synvec.word2vec import Word2Vec

logger = logging.getLogger(__name__)

# What training leaves in a folder before all else, and the two files of a checkpoint.
_OURS = re.compile(r"lock|checkpoint-\d+\.(json|kv)")
_NO_CHECKPOINT = "the folder holds no checkpoint; name the one that training wrote to"


@dataclass(frozen=True)
class Resumable:
    """A checkpoint that was opened; the folder is this process's until `close`."""

    path: str
    folder: _core.CheckpointFolder
    model: Word2Vec[Any]
    reached: tuple[Any, ...]
    state: dict[str, Any]

    @property
    def job(self) -> dict[str, Any]:
        """What whoever began the job has noted."""
        return self.state["job"] or {}

    @property
    def has_ended(self) -> bool:
        """Whether training was finished."""
        return bool(self.state["has_ended"])

    @property
    def epochs(self) -> int:
        """How many epochs the whole training has."""
        return int(self.state["plan"]["epochs"])

    @property
    def raw_words(self) -> int:
        """Words that were passed before."""
        if self.has_ended:
            return sum(epoch.raw_words for epoch in self.model.history[-self.epochs :])
        done = int(self.state["epochs_done"])
        earlier = self.model.history[len(self.model.history) - done :]
        _, _, epochs, current = self.reached
        return sum(e.raw_words for e in earlier) + sum(int(row[0]) for row in [*epochs, current])

    def where(self) -> str:
        """Tell how far training had got."""
        plan, (epoch, unit, *_) = self.state["plan"], self.reached
        if self.has_ended:
            return "training was finished"
        return f"epoch {self.state['epochs_done'] + epoch + 1} of {plan['epochs']}, block {unit}"

    def finish(
        self, callbacks: Sequence[Callback] | None = None, progress: Progress = None
    ) -> Word2Vec[Any]:
        """Train to the end, and return the model."""
        model, state = self.model, self.state
        plan = TrainingPlan(**state["plan"])
        if callbacks is None and plan.callbacks and not self.has_ended:
            raise ValueError(
                f"{self.path}: training had callbacks, which a checkpoint does not hold "
                f"({', '.join(plan.callbacks)}): hand them over, resume(folder, callbacks=[…]), or "
                "go on without, callbacks=()"
            )
        if self.has_ended:
            return model
        corpus = reopen(state["configuration"]["corpus"], model, self.folder, progress)
        checkpoints = Checkpoints(self.path, state["every"], state["job"])
        session = Session(checkpoints, self.folder, plan, state["configuration"])
        run = TrainingRun(model, corpus, plan, session)
        run.go_on(state["epochs_done"], self.reached)
        model._finish_training(run, as_objects(callbacks or ()), progress)
        return model

    def close(self) -> None:
        """Let others have the folder."""
        self.folder.close()


def open_checkpoint(folder: StrPath) -> Resumable:
    """Open the newest whole checkpoint of a folder, without training yet.

    Raises
    ------
    FileNotFoundError, NotADirectoryError
        When the folder holds none, or there is no such folder.
    BlockingIOError
        When another process works in it.
    FormatError
        When none is whole, or it is of another version.
    """
    path = os.fspath(folder)
    _refuse_others(path)
    opened = _core.CheckpointFolder(path)
    try:
        newest = opened.newest()
        if newest is None:
            raise FileNotFoundError(2, _NO_CHECKPOINT, path)
        data, reached, text, warnings = newest
        for warning in warnings:
            warn_caller(f"the newest checkpoint is damaged, the one before is used: {warning}")
        state = json.loads(text)
        return Resumable(path, opened, _model(os.fspath(data), state), reached, state)
    except BaseException:
        opened.close()
        raise


def _refuse_others(path: str) -> None:
    """Refuse what training has never written to; opening would make it, or a lock in it."""
    place = Path(path)
    if place.is_file():
        raise NotADirectoryError(20, "is a file; name the folder that training wrote to", path)
    if not place.is_dir():
        raise FileNotFoundError(2, "no such folder; name the one that training wrote to", path)
    is_ours = _OURS.fullmatch
    if not any(is_ours(file.name) for file in place.iterdir()):
        raise FileNotFoundError(2, _NO_CHECKPOINT, path)


def resume(
    folder: StrPath,
    *,
    callbacks: Sequence[Callback] | None = None,
    progress: Progress = None,
) -> Word2Vec[Any]:
    """Finish the training that a folder of checkpoints holds.

    With one worker the model is, bit for bit, what training without an interruption makes.

    Parameters
    ----------
    folder
        The ``checkpoint`` of `Word2Vec` or of its `train`.
    callbacks
        Those of the interrupted call, which no checkpoint holds: needed when it had some; ``()``
        goes on without. Their ``on_train_begin`` and the ``on_epoch_begin`` of the epoch at hand
        are called again.
    progress
        As in `Word2Vec`.

    Returns
    -------
    Word2Vec
        The trained model. Of training that was finished it is returned as it is.

    Raises
    ------
    FileNotFoundError, NotADirectoryError
        When the folder holds no checkpoint, or the corpus is gone.
    BlockingIOError
        When another process works in the folder.
    ValueError
        When the corpus is another one by now, or callbacks are missing.
    FormatError
        When no checkpoint is whole, or it is of another version.

    Examples
    --------
    >>> import tempfile
    >>> from synvec import Word2Vec, resume
    >>> folder = tempfile.mkdtemp()
    >>> text = [["red", "apple"], ["green", "apple"]] * 20
    >>> model = Word2Vec(text, vector_size=4, min_count=1, workers=1, checkpoint=folder)
    >>> bool((resume(folder).wv.vectors == model.wv.vectors).all())
    True
    """
    found = open_checkpoint(folder)
    try:
        logger.info("going on from %s: %s", found.path, found.where())
        return found.finish(callbacks, progress)
    finally:
        found.close()


def _model(data: str, state: dict[str, Any]) -> Word2Vec[Any]:
    from synvec.word2vec import Word2Vec

    model = Word2Vec.load(data)
    configuration = state["configuration"]
    expected = configuration_of(model, TrainingPlan(**state["plan"]))
    expected["corpus"] = configuration["corpus"]
    if configuration_hash(expected) != state["configuration_hash"]:
        differences = "; ".join(differences_of(configuration, expected)) or "words or corpus differ"
        raise HeaderError(
            f"{data} (synvec checkpoint): it does not belong to its manifest: {differences}; files "
            "of two jobs are mixed, so start anew in another folder"
        )
    if state["locks"] is not None:
        model.wv.vectors_lockf = decode_locks(state["locks"])
    model.spool_bytes, model.spool_dir = state["spool_bytes"], state["spool_dir"]
    return model
