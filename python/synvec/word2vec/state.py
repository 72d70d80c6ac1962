"""What every room of a model knows of it: settings, vectors, and the core's view of them."""

from __future__ import annotations

import logging
import os
import platform
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Generic

import numpy as np
from numpy.typing import NDArray

from synvec import _core
from synvec.arguments import real, whole
from synvec.corpora import Tokenize, scan
from synvec.encoded import Corpus, CorpusFile, EncodedSource
from synvec.history import History
from synvec.key_types import KeyT
from synvec.keyed_vectors import KeyedVectors
from synvec.progress import Progress, observing
from synvec.vocabulary import TrimRule

logger = logging.getLogger(__name__)


WHOLE_SENTENCE = 1_000_000
"""The core's farthest context: ``window=None``."""


class ModelState(Generic[KeyT]):
    """The attributes of a model; `Word2Vec` says what they mean."""

    wv: KeyedVectors[KeyT]
    syn1neg: NDArray[np.float32]
    syn1: NDArray[np.float32]

    vector_size: int
    alpha: float
    window: int | None
    min_count: int
    max_vocab_size: int | None
    sample: float
    seed: int
    workers: int
    min_alpha: float
    sg: int
    hs: int
    negative: int
    ns_exponent: float
    cbow_mean: int
    cbow_corrected: bool
    hashfxn: Callable[[str], int]
    epochs: int
    null_word: int
    sorted_vocab: int
    batch_words: int
    compute_loss: bool
    comment: str | None
    max_final_vocab: int | None
    shrink_windows: bool
    shared_negatives: bool
    deterministic: bool
    tokenize: Tokenize | None
    lowercase: bool
    column: str | None
    spool_bytes: int
    spool_dir: str | os.PathLike[str] | None
    progress: Progress

    corpus_count: int
    corpus_total_words: int
    effective_min_count: int
    min_alpha_yet_reached: float
    history: History
    raw_vocab: dict[KeyT, int]
    train_count: int
    total_train_time: float
    lifecycle_events: list[dict[str, object]]

    _words: _core.KeyTable[KeyT]
    """Those that the output weights belong to."""
    _training_loss: float
    _encoded: EncodedSource | None
    _trim_rule: TrimRule[KeyT] | None

    def _begin_empty(self) -> None:
        """Have no words and no training behind, whatever the settings are."""
        self.wv = KeyedVectors(self.vector_size)
        self._words = self.wv.key_table.copy()
        self.corpus_count = 0
        self.corpus_total_words = 0
        self.effective_min_count = self.min_count
        self.min_alpha_yet_reached = self.alpha
        self.history = History()
        self.raw_vocab = {}
        self.train_count = 0
        self.total_train_time = 0.0
        self.lifecycle_events = []
        self._training_loss = 0.0
        self._encoded = None

    def _config(
        self, *, epochs: int, alpha: float, min_alpha: float, compute_loss: bool
    ) -> _core.TrainConfig:
        """Check every hyper-parameter as the core sees it."""
        return _core.TrainConfig(
            sg=bool(self.sg),
            vector_size=whole("vector_size", self.vector_size),
            window=WHOLE_SENTENCE if self.window is None else whole("window", self.window),
            shrink_windows=bool(self.shrink_windows) and self.window is not None,
            hs=bool(self.hs),
            negative=whole("negative", self.negative),
            ns_exponent=real("ns_exponent", self.ns_exponent),
            sample=real("sample", self.sample),
            cbow_mean=bool(self.cbow_mean),
            cbow_corrected=bool(self.cbow_corrected),
            shared_negatives=self.shared_negatives,
            deterministic=bool(self.deterministic),
            alpha=real("alpha", alpha),
            min_alpha=real("min_alpha", min_alpha),
            epochs=whole("epochs", epochs, below=2**32),
            workers=whole("workers", self.workers),
            seed=whole("seed", self.seed, least=0, below=2**64),
            compute_loss=bool(compute_loss),
        )

    def _scan(
        self,
        corpus_iterable: Corpus[KeyT] | None,
        corpus_file: CorpusFile | None,
        progress: Progress = None,
    ) -> _core.ScannedCorpus:
        with observing(self.progress if progress is None else progress) as callback:
            return scan(
                corpus_iterable,
                corpus_file,
                workers=whole("workers", self.workers),
                spool_bytes=self.spool_bytes,
                spool_dir=self.spool_dir,
                tokenize=self.tokenize,
                lowercase=self.lowercase,
                column=self.column,
                progress=callback,
            )

    def add_lifecycle_event(
        self, event_name: str, log_level: int | None = logging.INFO, **event: object
    ) -> None:
        """Note what happened to the model, when, and by which versions; it is saved with the model.

        Parameters
        ----------
        event_name
            What happened.
        log_level
            Log it, too, at this level; not with None.
        **event
            What JSON can hold.
        """
        entry = {
            **event,
            "datetime": datetime.now(UTC).isoformat(timespec="seconds"),
            "synvec": _core.__version__,
            "python": platform.python_version(),
            "platform": platform.platform(),
            "event": event_name,
        }
        self.lifecycle_events.append(entry)
        if log_level is not None:
            logger.log(log_level, "%s: %s", event_name, event)
