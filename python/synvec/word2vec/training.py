"""Training a model: on a corpus, on top of what was trained before."""

from __future__ import annotations

import logging
import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from synvec import _core
from synvec.arguments import real, switch, whole, with_known_arguments
from synvec.callbacks import Callback, CallbackAny2Vec, as_objects
from synvec.checkpoints.intervals import Checkpoints, as_checkpoints
from synvec.encoded import Corpus, CorpusFile, EncodedSource, fingerprint
from synvec.key_types import KeyT
from synvec.legacy import with_older_keywords
from synvec.paths import StrPath
from synvec.progress import Progress, observing
from synvec.training import TrainingPlan, TrainingRun
from synvec.warning import warn_caller
from synvec.word2vec.state import ModelState

logger = logging.getLogger(__name__)


class Training(ModelState[KeyT]):
    """Training."""

    @with_older_keywords(sentences="corpus_iterable")
    @with_known_arguments()
    def train(
        self,
        corpus_iterable: Corpus[KeyT] | None = None,
        corpus_file: CorpusFile | None = None,
        total_examples: int | None = None,
        total_words: int | None = None,
        epochs: int | None = None,
        start_alpha: float | None = None,
        end_alpha: float | None = None,
        word_count: int = 0,
        queue_factor: int = 2,
        report_delay: float = 1.0,
        compute_loss: bool = False,
        callbacks: Sequence[Callback] = (),
        *,
        progress: Progress = None,
        checkpoint: StrPath | Checkpoints | None = None,
        checkpoint_every: str | int | None = None,
    ) -> tuple[int, int]:
        """Train on a corpus, on top of what was trained before.

        The corpus that `build_vocab` has read is not read again (for a list: the same object of the
        same length; for files: the same size and time of change).

        Parameters
        ----------
        corpus_iterable, corpus_file
            One of them, as in the constructor.
        total_examples, total_words
            Sentences or words of the corpus, usually `corpus_count` and `corpus_total_words`; they
            tell how fast the learning rate falls. One is needed.
        epochs
            Passes over the corpus, usually `epochs`; needed.
        start_alpha, end_alpha
            The learning rates of this call; those of the model by default.
        word_count
            Words that count as passed already.
        queue_factor, report_delay
            Taken for gensim's sake and without effect: there is no queue.
        compute_loss
            Whether to sum the loss.
        callbacks
            Objects with the methods of `CallbackAny2Vec`, or plain functions, which are called with
            the model after each epoch; ``False`` from either ends training there.
        progress
            As in the constructor, whose value is the default.
        checkpoint, checkpoint_every
            As in the constructor: a folder from which `synvec.resume` finishes this call if
            something ends it.

        Returns
        -------
        (trained_words, raw_words)
            Words that subsampling kept, and all words passed, over all epochs.

        Raises
        ------
        RuntimeError
            Before `build_vocab`.
        ValueError
            When ``epochs`` or both totals are missing, or a number is out of its range.
        TypeError
            When the words of the corpus are ``int`` and those of the model are ``str``, or the
            other way round.
        FloatingPointError
            When vectors or weights have grown beyond all bounds: ``alpha`` is too high.
        KeyboardInterrupt
            On Ctrl-C; the model stays usable, as far as it got. With ``checkpoint`` one more is
            written before, unless there is a second Ctrl-C.
        FileExistsError, BlockingIOError
            When the folder of ``checkpoint`` holds another one, or another process works in it.
        """
        if len(self.wv) == 0:
            raise RuntimeError(
                "you must first build vocabulary before training the model: call build_vocab()"
            )
        if epochs is None:
            raise ValueError("You must specify an explicit epochs count: epochs=model.epochs")
        if total_examples is None and total_words is None:
            raise ValueError(
                "You must specify either total_examples or total_words: "
                "total_examples=model.corpus_count"
            )
        if total_examples is not None:
            total_examples = whole("total_examples", total_examples, least=0)
        if total_words is not None:
            total_words = whole("total_words", total_words, least=0)
        if not (total_examples or total_words):
            raise ValueError(
                "the corpus has no words by total_examples and total_words; give the number of its "
                "sentences or words"
            )
        epochs = whole("epochs", epochs, below=2**32)
        word_count = whole("word_count", word_count, least=0)
        compute_loss = switch("compute_loss", compute_loss)
        listeners = as_objects(callbacks)
        start = self.alpha if start_alpha is None else _rate("start_alpha", start_alpha)
        end = self.min_alpha if end_alpha is None else _rate("end_alpha", end_alpha)
        self._config(epochs=epochs, alpha=start, min_alpha=end, compute_loss=compute_loss)
        checkpoints = as_checkpoints(checkpoint, checkpoint_every)
        plan = TrainingPlan.of(
            self,
            callbacks,
            epochs=epochs,
            start_alpha=start,
            end_alpha=end,
            word_count=word_count,
            compute_loss=compute_loss,
        )
        self._refuse_used(checkpoints, plan, corpus_iterable, corpus_file)
        if start > self.min_alpha_yet_reached:
            logger.warning("Effective 'alpha' higher than previous training cycles")
        corpus = self._ids(corpus_iterable, corpus_file, progress)
        if self.window is None:
            _warn_of_long_sentences(corpus)
        if not total_words:
            assert total_examples is not None
            total_words = round(total_examples * corpus.raw_words / max(corpus.sentences, 1))
        in_all = whole("total_words times epochs", total_words * epochs, below=2**64)
        plan = replace(plan, total_raw_words=in_all)
        if checkpoints is None:
            return self._finish_training(TrainingRun(self, corpus, plan), listeners, progress)
        from synvec.checkpoints.session import Session  # what few need is imported for them

        session = Session.begin(checkpoints, self, plan, corpus, corpus_iterable, corpus_file)
        try:
            run = TrainingRun(self, corpus, plan, session)
            return self._finish_training(run, listeners, progress)
        finally:
            session.close()

    def _refuse_used(
        self,
        checkpoints: Checkpoints | None,
        plan: TrainingPlan,
        corpus_iterable: Corpus[KeyT] | None,
        corpus_file: CorpusFile | None,
    ) -> None:
        """Refuse a folder that holds a checkpoint while nothing has been read for it."""
        if checkpoints is not None:
            from synvec.checkpoints.session import refuse_used  # imported by those who need it

            refuse_used(checkpoints, self, plan, corpus_iterable, corpus_file)

    def _finish_training(
        self, run: TrainingRun, callbacks: Sequence[CallbackAny2Vec], progress: Progress
    ) -> tuple[int, int]:
        """Train to the end, and note it in the model."""
        plan = run.plan
        with observing(self.progress if progress is None else progress) as reports:
            done = run.train(callbacks, reports)
        self.min_alpha_yet_reached = min(self.min_alpha_yet_reached, plan.end_alpha)
        self.train_count += 1
        self.add_lifecycle_event(
            "train",
            logging.DEBUG,
            epochs=len(done),
            start_alpha=plan.start_alpha,
            end_alpha=plan.end_alpha,
        )
        return sum(e.trained_words for e in done), sum(e.raw_words for e in done)

    def _ids(
        self,
        corpus_iterable: Corpus[KeyT] | None,
        corpus_file: CorpusFile | None,
        progress: Progress,
    ) -> _core.EncodedCorpus:
        """The corpus as ids: those at hand when it is the same one, else read again."""
        source = fingerprint(corpus_iterable, corpus_file)
        if self._encoded is None or self._encoded.source != source:
            scanned = self._scan(corpus_iterable, corpus_file, progress)
            if scanned.sentences == 0:
                raise RuntimeError(
                    "the corpus has no sentences; if it is an iterator it may be exhausted: "
                    "hand over a list, or a fresh one"
                )
            self._encoded = EncodedSource(source, scanned.encode(self.wv.key_table))
            if self._encoded.corpus.words == 0:
                warn_caller(
                    f"none of the {scanned.raw_words} words of the corpus is in the vocabulary, so "
                    "nothing is trained: call build_vocab(corpus, update=True) first"
                )
        return self._encoded.corpus

    def get_latest_training_loss(self) -> float:
        """Return the loss summed over the last call of `train`, every example once; 0 unless asked.

        It is a float64 and does not depend on the number of workers; `history` has it by epoch.
        """
        return self._training_loss

    @property
    def running_training_loss(self) -> float:
        """What `get_latest_training_loss` returns; a callback may set it to 0, to begin anew.

        `history` has the loss of each epoch without that.
        """
        return self._training_loss

    @running_training_loss.setter
    def running_training_loss(self, loss: float) -> None:
        self._training_loss = real("running_training_loss", loss)

    def plot_history(self, *, axes: Any = None) -> Any:
        """Draw what came of the epochs so far: ``history.plot``."""
        return self.history.plot(axes)


def _rate(name: str, rate: object) -> float:
    number = real(name, rate)
    if not 0 <= number < math.inf:
        raise ValueError(f"{name} must be a finite number, 0 or more, not {number}")
    return number


_LONG_SENTENCE = 10_000


def _warn_of_long_sentences(corpus: _core.EncodedCorpus) -> None:
    """Tell of a text on one line before hours are lost with it: ``window=None`` is for baskets."""
    words = corpus.words // max(corpus.sentences, 1)
    if words > _LONG_SENTENCE:
        warn_caller(
            f"window=None makes all other words of a sentence contexts, and here a sentence has "
            f"{words:,} words on average: the time grows with their square; give a window, or one "
            "basket a line"
        )
