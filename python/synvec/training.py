"""One call of `Word2Vec.train`: epochs through the core, callbacks in between."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from synvec import _core
from synvec.callbacks import CallbackAny2Vec, ends_training
from synvec.history import Epoch
from synvec.progress import ProgressCallback

if TYPE_CHECKING:
    from synvec.keyed_vectors import KeyedVectors
    from synvec.word2vec.state import ModelState

logger = logging.getLogger(__name__)


class TrainingRun:
    """What one call of `Word2Vec.train` needs from epoch to epoch."""

    def __init__(
        self,
        model: ModelState[Any],
        corpus: _core.EncodedCorpus,
        compute_loss: bool,
        words_before: int,
        total_raw_words: int,
    ) -> None:
        require_own_words(model)
        self._model = model
        self._corpus = corpus
        self._compute_loss = compute_loss
        self._words_before = words_before
        self._total_raw_words = total_raw_words
        self._done: list[Epoch] = []
        model._training_loss = 0.0

    def all_at_once(
        self, config: _core.TrainConfig, reports: ProgressCallback | None
    ) -> list[Epoch]:
        """Train all epochs without a look in between."""
        self._train(config, reports)
        return self._done

    def epoch_by_epoch(
        self,
        epochs: int,
        one_epoch: _core.TrainConfig,
        callbacks: Sequence[CallbackAny2Vec],
        reports: ProgressCallback | None,
    ) -> list[Epoch]:
        """Train with callbacks around each epoch; one that returns ``False`` ends it."""
        for callback in callbacks:
            callback.on_train_begin(self._model)
        for epoch in range(epochs):
            for callback in callbacks:
                callback.on_epoch_begin(self._model)
            self._train(one_epoch, reports and self._over_all(epoch, epochs, reports))
            answers = [callback.on_epoch_end(self._model) for callback in callbacks]
            if any(map(ends_training, answers)):
                logger.info("a callback ended training after epoch %d of %d", epoch + 1, epochs)
                break
        for callback in callbacks:
            callback.on_train_end(self._model)
        return self._done

    def _train(self, config: _core.TrainConfig, reports: ProgressCallback | None) -> None:
        """Run the core, and put what came of it into the model, also when it was interrupted."""
        model = self._model
        assert model.wv.counts is not None
        vectors = _training_matrix(model.wv.vectors)
        outputs = _training_matrix(model.syn1neg) if model.negative else None
        nodes = _training_matrix(model.syn1) if model.hs else None
        try:
            epochs = _core.train(
                config,
                self._corpus,
                model.wv.counts,
                vectors,
                outputs,
                nodes,
                locks=_locks(model.wv),
                epochs_before=len(model.history),
                raw_words_before=self._words_before + sum(e.raw_words for e in self._done),
                total_raw_words=self._total_raw_words,
                progress=reports,
            )
        finally:
            model.wv.vectors = vectors.array  # also tells the store that its norms are stale
            if outputs is not None:
                model.syn1neg = outputs.array
            if nodes is not None:
                model.syn1 = nodes.array
        for raw_words, trained_words, loss, seconds in epochs:
            epoch = Epoch(raw_words, trained_words, loss if self._compute_loss else None, seconds)
            self._done.append(epoch)
            model.history.append(epoch)
            model.total_train_time += seconds
            model._training_loss += loss
        _require_finite(model)

    def _over_all(self, epoch: int, epochs: int, reports: ProgressCallback) -> ProgressCallback:
        """Reports about a single epoch as reports about all of them."""
        raw_words = sum(e.raw_words for e in self._done)
        trained_words = sum(e.trained_words for e in self._done)

        def report(single: dict[str, Any]) -> None:
            single["epoch"] += epoch
            single["epochs"] = epochs
            single["raw_words"] += raw_words
            single["trained_words"] += trained_words
            single["total_raw_words"] *= epochs
            reports(single)

        return report


def _require_finite(model: ModelState) -> None:
    """Refuse numbers that have grown beyond float32: no query could make sense of them."""
    matrices = {"vectors": model.wv.vectors}
    matrices |= {name: getattr(model, name) for name in ("syn1neg", "syn1") if hasattr(model, name)}
    for name, matrix in matrices.items():
        sums = matrix.sum(axis=1)  # a number a row, where isfinite() would need one a cell
        lost = len(sums) - int(np.isfinite(sums).sum())
        if lost:
            raise FloatingPointError(
                f"training has diverged: {lost} of {len(sums)} rows of {name} hold NaN or infinity "
                f"after epoch {len(model.history)}; begin anew with a lower alpha"
            )


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
