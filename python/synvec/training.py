"""One call of `Word2Vec.train`: epochs through the core, callbacks in between."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from synvec import _core
from synvec.callbacks import Callback, CallbackAny2Vec, ends_training
from synvec.history import Epoch
from synvec.progress import ProgressCallback
from synvec.warning import warn_caller

if TYPE_CHECKING:
    from synvec.checkpoints.session import Session
    from synvec.keyed_vectors import KeyedVectors
    from synvec.word2vec.state import ModelState

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class TrainingPlan:
    """What a call of `Word2Vec.train` was asked for, the corpus apart."""

    epochs: int
    start_alpha: float
    end_alpha: float
    word_count: int
    total_raw_words: int
    compute_loss: bool
    callbacks: list[str]
    """What they are called, where there are some."""

    @classmethod
    def of(
        cls,
        model: ModelState[Any],
        callbacks: Sequence[Callback] = (),
        *,
        epochs: int | None = None,
        start_alpha: float | None = None,
        end_alpha: float | None = None,
        word_count: int = 0,
        compute_loss: bool | None = None,
    ) -> TrainingPlan:
        """Plan for a corpus whose words are not counted yet; the model's settings by default."""
        return cls(
            epochs=model.epochs if epochs is None else epochs,
            start_alpha=float(model.alpha if start_alpha is None else start_alpha),
            end_alpha=float(model.min_alpha if end_alpha is None else end_alpha),
            word_count=word_count,
            total_raw_words=0,
            compute_loss=bool(model.compute_loss if compute_loss is None else compute_loss),
            callbacks=[getattr(one, "__name__", type(one).__name__) for one in callbacks],
        )


Reached = tuple[int, int, list[tuple[int, int, float, float]], tuple[int, int, float, float]]
"""As the core tells it: epochs done, units of the next one, what came of each and of it."""

_NOWHERE: Reached = (0, 0, [], (0, 0, 0.0, 0.0))


class TrainingRun:
    """What one call of `Word2Vec.train` needs from epoch to epoch."""

    def __init__(
        self,
        model: ModelState[Any],
        corpus: _core.EncodedCorpus,
        plan: TrainingPlan,
        session: Session | None = None,
    ) -> None:
        require_own_words(model)
        self.plan = plan
        self._model = model
        self._corpus = corpus
        self._session = session
        self._done: list[Epoch] = []
        self._reached: Reached | None = None
        model._training_loss = 0.0

    def go_on(self, epochs_done: int, reached: Reached) -> None:
        """Begin where another process was interrupted; the model is as it was there."""
        self._done = self._model.history[len(self._model.history) - epochs_done :]
        self._model._training_loss = sum(epoch.loss or 0.0 for epoch in self._done)
        self._reached = reached

    def train(
        self, callbacks: Sequence[CallbackAny2Vec], reports: ProgressCallback | None
    ) -> list[Epoch]:
        """Train to the end, or until a callback ends it; keep it at both ends."""
        if self._session is not None and self._reached is None:
            self._keep(_NOWHERE, reports)
        if self.plan.callbacks or callbacks:
            self._epoch_by_epoch(callbacks, reports)
        else:
            self._train(self._config(self.plan.epochs), reports)
        if self._session is not None:
            try:
                self._keep(_NOWHERE, reports, has_ended=True)
            except OSError as error:
                warn_caller(
                    f"the last checkpoint could not be written, the model is whole: {error}"
                )
        return self._done

    def _config(self, epochs: int) -> _core.TrainConfig:
        plan = self.plan
        return self._model._config(
            epochs=epochs,
            alpha=plan.start_alpha,
            min_alpha=plan.end_alpha,
            compute_loss=plan.compute_loss,
        )

    def _epoch_by_epoch(
        self, callbacks: Sequence[CallbackAny2Vec], reports: ProgressCallback | None
    ) -> None:
        """Train with callbacks around each epoch; one that returns ``False`` ends it."""
        epochs, one_epoch = self.plan.epochs, self._config(1)
        for callback in callbacks:
            callback.on_train_begin(self._model)
        for epoch in range(len(self._done), epochs):
            for callback in callbacks:
                callback.on_epoch_begin(self._model)
            self._train(one_epoch, reports and self._over_all(epoch, epochs, reports))
            answers = [callback.on_epoch_end(self._model) for callback in callbacks]
            if any(map(ends_training, answers)):
                logger.info("a callback ended training after epoch %d of %d", epoch + 1, epochs)
                break
        for callback in callbacks:
            callback.on_train_end(self._model)

    def _train(self, config: _core.TrainConfig, reports: ProgressCallback | None) -> None:
        """Run the core, and put what came of it into the model, also when it was interrupted."""
        model, reached = self._model, self._reached
        self._reached = None  # only the first call of a run goes on from there
        assert model.wv.counts is not None
        session = self._session
        keeping = None if session is None else session.keeping(model, len(self._done))
        with self._matrices() as matrices:
            epochs = _core.train(
                config,
                self._corpus,
                model.wv.counts,
                *matrices,
                locks=_locks(model.wv),
                epochs_before=len(model.history),
                raw_words_before=self.plan.word_count + sum(e.raw_words for e in self._done),
                total_raw_words=self.plan.total_raw_words,
                reached=reached,
                keeping=keeping,
                progress=reports,
            )
        for raw_words, trained_words, loss, seconds in epochs:
            kept_loss = loss if self.plan.compute_loss else None
            epoch = Epoch(raw_words, trained_words, kept_loss, seconds)
            self._done.append(epoch)
            model.history.append(epoch)
            model.total_train_time += seconds
            model._training_loss += loss

    def _keep(
        self, reached: Reached, reports: ProgressCallback | None, *, has_ended: bool = False
    ) -> None:
        """Write a checkpoint between two calls into the core."""
        assert self._session is not None
        keeping = self._session.keeping(self._model, len(self._done), has_ended=has_ended)
        with self._matrices() as matrices:
            keeping.keep(self._config(self.plan.epochs), reached, *matrices, progress=reports)

    @contextmanager
    def _matrices(self) -> Iterator[tuple[_core.Matrix, _core.Matrix | None, _core.Matrix | None]]:
        """Lend the model's arrays to the core as matrices, and take them back."""
        model = self._model
        vectors = _training_matrix(model.wv.vectors)
        outputs = _training_matrix(model.syn1neg) if model.negative else None
        nodes = _training_matrix(model.syn1) if model.hs else None
        try:
            yield vectors, outputs, nodes
        finally:
            model.wv.vectors = vectors.array  # also tells the store that its norms are stale
            if outputs is not None:
                model.syn1neg = outputs.array
            if nodes is not None:
                model.syn1 = nodes.array

    def _over_all(self, epoch: int, epochs: int, reports: ProgressCallback) -> ProgressCallback:
        """Reports about a single epoch as reports about all of them."""
        raw_words = sum(e.raw_words for e in self._done)
        trained_words = sum(e.trained_words for e in self._done)

        def report(single: dict[str, Any]) -> None:
            if single["phase"] != "train":
                reports(single)
                return
            single["epoch"] += epoch
            single["epochs"] = epochs
            single["raw_words"] += raw_words
            single["trained_words"] += trained_words
            single["total_raw_words"] *= epochs
            reports(single)

        return report


def _locks(vectors: KeyedVectors) -> NDArray[np.float32] | None:
    """The share of each change that each row takes; None when all are free."""
    locks = vectors.vectors_lockf
    if (locks == 1).all():
        return None
    return np.ascontiguousarray(np.broadcast_to(locks, len(vectors)))


def require_own_words(model: ModelState[Any]) -> None:
    """Refuse a model whose keys were added, removed or sorted: its output weights weren't."""
    if model.wv.key_table != model._words:
        raise ValueError(
            "the keys of model.wv were changed, and the output weights no longer belong to them: "
            "go on with the vectors alone (model.wv), or build the vocabulary anew"
        )


def _training_matrix(array: NDArray[np.float32]) -> _core.Matrix:
    """The matrix that an array lies over, or a new one with the same values."""
    base: object = array.base
    if isinstance(base, _core.Matrix):
        whole = base.array
        if whole.shape == array.shape and whole.ctypes.data == array.ctypes.data:
            return base
    matrix = _core.Matrix(*array.shape)
    matrix.array[...] = array
    return matrix


def first_vectors(rows: int, vector_size: int, seed: int) -> NDArray[np.float32]:
    """Draw uniform values from [-1, 1) / D as gensim does, in memory that training can use."""
    vectors = _core.Matrix(rows, vector_size).array
    generator = np.random.default_rng(seed)
    block = max(1, 2**20 // vector_size)  # rows at a time, for the temporary's sake
    for start in range(0, rows, block):
        drawn = vectors[start : start + block]
        drawn[...] = generator.random(drawn.shape, dtype=np.float32)
        drawn *= 2.0
        drawn -= 1.0
        drawn /= vector_size
    return vectors
