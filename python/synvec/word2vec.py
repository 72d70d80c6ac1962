"""Word2Vec: train word vectors from text, with gensim's constructor and methods."""

from __future__ import annotations

import logging
import os
import warnings
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from synvec import _core
from synvec.callbacks import CallbackAny2Vec
from synvec.corpora import DEFAULT_SPOOL_BYTES, scan
from synvec.encoded import Corpus, CorpusFile, EncodedSource, fingerprint
from synvec.keyed_vectors import KeyedVectors
from synvec.legacy import OlderModelNames, with_older_keywords
from synvec.model_files import model_settings, restore_model, save_model
from synvec.presets import with_presets
from synvec.progress import Progress, observing
from synvec.training import Epoch, TrainingRun, first_vectors
from synvec.vocabulary import TrimRule, Vocabulary, choose_vocabulary

if TYPE_CHECKING:
    from synvec.formats import NativeParts

logger = logging.getLogger(__name__)


class Word2Vec(OlderModelNames):
    """Word vectors by skip-gram or CBOW, with negative sampling or hierarchical softmax.

    The arguments are gensim's, in gensim's order; those after ``shrink_windows`` are synvec's own
    and keyword-only. With a corpus the constructor trains; without one, call `build_vocab` and
    `train`. The corpus is read once, whatever the number of epochs, so a generator will do.

    Parameters
    ----------
    sentences
        An iterable of sentences, each an iterable of words (``str``); or pyarrow's arrays of lists
        of strings, one or an iterable of them, which need no Python object a word.
    corpus_file
        Instead: a path, or several, of text with one sentence a line, words apart by white space;
        also compressed by gzip, bzip2, xz or zstandard.
    vector_size
        D, the length of a vector.
    alpha, min_alpha
        The learning rate at the start and at the end; it falls linearly with the words passed.
    window
        The farthest context, in words.
    min_count
        Words that occur less often are left out.
    max_vocab_size
        The most words to keep; the rarest go.
    sample
        Frequent words are subsampled: a share of the corpus below 1, a count from 1 on, 0 for none.
    seed
        Seeds every random draw. With ``workers=1`` the same seed gives the same bits.
    workers
        Threads; ``None`` takes the cores that this process may use.
    sg
        1 for skip-gram, 0 for CBOW.
    hs
        1 for hierarchical softmax.
    negative
        Negatives a word; 0 for no negative sampling.
    ns_exponent
        Negatives are drawn in proportion to ``count ** ns_exponent``.
    cbow_mean
        1 for the mean of the context vectors, 0 for their sum (CBOW).
    hashfxn, batch_words
        Taken for gensim's sake and without effect, there as here: vectors are drawn from NumPy's
        generator, and no sentence is ever cut.
    epochs
        Passes over the corpus.
    null_word
        Must be 0; gensim's pseudo-word for padding is not there.
    trim_rule
        ``f(word, count, min_count)`` that returns ``RULE_KEEP``, ``RULE_DISCARD`` or
        ``RULE_DEFAULT`` for each word; it is not saved with the model.
    sorted_vocab
        1 for words by falling count (of equal counts the later one first, as in gensim), 0 for the
        order in which they are first seen.
    compute_loss
        Whether to sum the loss: `get_latest_training_loss`, `history`.
    callbacks
        Objects with the methods of `CallbackAny2Vec`.
    comment
        A text that is saved with the model.
    max_final_vocab
        Raises ``min_count`` until at most so many words are left (`effective_min_count`).
    shrink_windows
        Whether each window is shrunk to a uniform draw from 1 to ``window``.
    preset
        ``"quality"`` sets those of ``sg``, ``vector_size``, ``window``, ``negative`` and ``epochs``
        that are not given, to values that take about as long as gensim's defaults and make better
        vectors (`synvec.PRESETS`).
    shared_negatives
        ``True`` trains the contexts of a word together, in blocks of up to 16, against one set of
        negatives, and lets each negative come back in later windows that have other contexts:
        several times faster at the same quality. ``False`` draws negatives for every pair (CBOW:
        every window), in word2vec.c's order. In hierarchical softmax it likewise decides whether
        contexts are trained together.
    tokenize
        How lines of ``corpus_file`` become words: at ``"whitespace"``, or ``"words"`` by Unicode's
        rules, without punctuation.
    lowercase
        Whether words are lower-cased.
    spool_bytes, spool_dir
        Ids of the corpus beyond so many bytes go to a temporary file in that folder (the system's
        by default).
    progress
        ``None`` shows a bar on a terminal or in a notebook, ``True`` always, ``False`` never; or a
        callable that takes a dictionary about five times a second.

    Attributes
    ----------
    wv : KeyedVectors
        The words and their vectors.
    syn1neg, syn1 : numpy.ndarray
        V × D float32: the output weights of negative sampling and of hierarchical softmax; only
        the one that is trained exists.
    corpus_count, corpus_total_words : int
        Sentences and words of the corpus, rare words included.
    effective_min_count : int
        ``min_count`` after ``max_final_vocab``.
    history : list of Epoch
        What came of each epoch so far.

    Raises
    ------
    ValueError
        For an argument out of its range; the message names it.
    TypeError
        For two corpora at once, or for a corpus that is a ``str``.
    RuntimeError
        For a corpus without words, or whose words are all rarer than ``min_count``.

    Notes
    -----
    Mikolov, Chen, Corrado and Dean 2013 (arXiv:1301.3781) and Mikolov, Sutskever, Chen, Corrado and
    Dean 2013 (arXiv:1310.4546); shared negatives after Ji, Satish, Li and Dubey 2016
    (arXiv:1611.06172). `synvec.reference` tells the algorithms in plain NumPy.

    Examples
    --------
    >>> from synvec import Word2Vec
    >>> sentences = [["red", "apple"], ["green", "apple"], ["red", "cherry"]] * 50
    >>> model = Word2Vec(sentences, vector_size=8, min_count=1, seed=1, workers=1)
    >>> model.wv["apple"].shape
    (8,)
    >>> len(model.wv.most_similar("red", topn=2))
    2
    """

    wv: KeyedVectors
    syn1neg: NDArray[np.float32]
    syn1: NDArray[np.float32]

    @with_older_keywords(size="vector_size", iter="epochs")
    @with_presets
    def __init__(
        self,
        sentences: Corpus | None = None,
        corpus_file: CorpusFile | None = None,
        vector_size: int = 100,
        alpha: float = 0.025,
        window: int = 5,
        min_count: int = 5,
        max_vocab_size: int | None = None,
        sample: float = 1e-3,
        seed: int = 1,
        workers: int | None = None,
        min_alpha: float = 0.0001,
        sg: int = 0,
        hs: int = 0,
        negative: int = 5,
        ns_exponent: float = 0.75,
        cbow_mean: int = 1,
        hashfxn: Callable[[str], int] = hash,
        epochs: int = 5,
        null_word: int = 0,
        trim_rule: TrimRule | None = None,
        sorted_vocab: int = 1,
        batch_words: int = 10_000,
        compute_loss: bool = False,
        callbacks: Sequence[CallbackAny2Vec] = (),
        comment: str | None = None,
        max_final_vocab: int | None = None,
        shrink_windows: bool = True,
        *,
        preset: Literal["quality"] | None = None,
        shared_negatives: bool = True,
        tokenize: Literal["whitespace", "words"] = "whitespace",
        lowercase: bool = False,
        spool_bytes: int = DEFAULT_SPOOL_BYTES,
        spool_dir: str | os.PathLike[str] | None = None,
        progress: Progress = None,
    ) -> None:
        del preset  # `with_presets` has put its values in the other arguments
        if null_word:
            raise ValueError(f"null_word must be 0, not {null_word}: there is no padding word")
        if seed < 0:
            raise ValueError(f"seed must be 0 or more, not {seed}")
        self.vector_size = vector_size
        self.alpha = alpha
        self.window = window
        self.min_count = min_count
        self.max_vocab_size = max_vocab_size
        self.sample = sample
        self.seed = seed
        self.workers = _core.available_workers() if workers is None else workers
        self.min_alpha = min_alpha
        self.sg = int(sg)
        self.hs = int(hs)
        self.negative = negative
        self.ns_exponent = ns_exponent
        self.cbow_mean = int(cbow_mean)
        self.hashfxn = hashfxn
        self.epochs = epochs
        self.sorted_vocab = int(sorted_vocab)
        self.batch_words = batch_words
        self.compute_loss = compute_loss
        self.comment = comment
        self.max_final_vocab = max_final_vocab
        self.shrink_windows = shrink_windows
        self.shared_negatives = shared_negatives
        self.tokenize: Literal["whitespace", "words"] = tokenize
        self.lowercase = lowercase
        self.spool_bytes = spool_bytes
        self.spool_dir = spool_dir
        self.progress = progress

        self._config(epochs=epochs, alpha=alpha, min_alpha=min_alpha, compute_loss=compute_loss)
        self.wv = KeyedVectors(vector_size)
        self._words = self.wv.key_table.copy()  # those that the output weights belong to
        self.corpus_count = 0
        self.corpus_total_words = 0
        self.effective_min_count = min_count
        self.min_alpha_yet_reached = alpha
        self.history: list[Epoch] = []
        self._training_loss = 0.0
        self._encoded: EncodedSource | None = None
        self._trim_rule = trim_rule
        if self.hs and self.negative:
            logger.warning("Both hierarchical softmax and negative sampling are activated.")
        if sentences is not None or corpus_file is not None:
            self._build_and_train(sentences, corpus_file, callbacks)

    def _build_and_train(
        self,
        sentences: Corpus | None,
        corpus_file: CorpusFile | None,
        callbacks: Sequence[CallbackAny2Vec],
    ) -> None:
        self.build_vocab(sentences, corpus_file)
        try:
            self.train(
                sentences,
                corpus_file,
                total_examples=self.corpus_count,
                total_words=self.corpus_total_words,
                epochs=self.epochs,
                compute_loss=self.compute_loss,
                callbacks=callbacks,
            )
        except KeyboardInterrupt:
            warnings.warn(
                "training was interrupted: the model is as far as it got", UserWarning, stacklevel=5
            )
        finally:
            self._encoded = None  # nobody asked to train on: give the ids' memory back

    # The vocabulary

    @with_older_keywords(sentences="corpus_iterable")
    def build_vocab(
        self,
        corpus_iterable: Corpus | None = None,
        corpus_file: CorpusFile | None = None,
        *,
        trim_rule: TrimRule | None = None,
        progress: Progress = None,
    ) -> None:
        """Read a corpus once: count its words, choose the vocabulary, and draw first vectors.

        The corpus stays encoded in memory (or in the spool) for `train`.

        Parameters
        ----------
        corpus_iterable, corpus_file
            One of them, as in the constructor.
        trim_rule, progress
            As in the constructor, whose values are the defaults.

        Raises
        ------
        RuntimeError
            When no word is left.
        """
        scanned = self._scan(corpus_iterable, corpus_file, progress)
        vocabulary = choose_vocabulary(
            scanned,
            min_count=self.min_count,
            max_vocab_size=self.max_vocab_size,
            max_final_vocab=self.max_final_vocab,
            sorted_vocab=bool(self.sorted_vocab),
            trim_rule=trim_rule or self._trim_rule,
        )
        self.corpus_count = scanned.sentences
        self.corpus_total_words = scanned.raw_words
        self.effective_min_count = vocabulary.min_count
        self._encoded = EncodedSource(
            fingerprint(corpus_iterable, corpus_file), scanned.encode(vocabulary.keys)
        )
        self._init_weights(vocabulary)
        logger.info(
            "vocabulary: %d words of %d, %d of %d tokens",
            len(vocabulary.keys),
            scanned.distinct,
            self._encoded.corpus.words,
            scanned.raw_words,
        )

    def _scan(
        self,
        corpus_iterable: Corpus | None,
        corpus_file: CorpusFile | None,
        progress: Progress = None,
    ) -> _core.ScannedCorpus:
        with observing(self.progress if progress is None else progress) as callback:
            return scan(
                corpus_iterable,
                corpus_file,
                workers=self.workers,
                spool_bytes=self.spool_bytes,
                spool_dir=self.spool_dir,
                tokenize=self.tokenize,
                lowercase=self.lowercase,
                progress=callback,
            )

    def _init_weights(self, vocabulary: Vocabulary) -> None:
        """Draw first input vectors; output weights begin at zero."""
        rows = len(vocabulary.keys)
        vectors = first_vectors(rows, self.vector_size, self.seed)
        self.wv = KeyedVectors.from_arrays(vocabulary.keys, vectors, counts=vocabulary.counts)
        self._words = self.wv.key_table.copy()
        if self.negative:
            self.syn1neg = _core.Matrix(rows, self.vector_size).array
        if self.hs:
            self.syn1 = _core.Matrix(rows, self.vector_size).array
        self.history = []
        self.min_alpha_yet_reached = self.alpha

    # Training

    @with_older_keywords(sentences="corpus_iterable")
    def train(
        self,
        corpus_iterable: Corpus | None = None,
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
        callbacks: Sequence[CallbackAny2Vec] = (),
        *,
        progress: Progress = None,
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
            Objects with the methods of `CallbackAny2Vec`.
        progress
            As in the constructor, whose value is the default.

        Returns
        -------
        (trained_words, raw_words)
            Words that subsampling kept, and all words passed, over all epochs.

        Raises
        ------
        RuntimeError
            Before `build_vocab`.
        ValueError
            When ``epochs`` or both totals are missing.
        KeyboardInterrupt
            On Ctrl-C; the model stays usable, as far as it got.
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
        start = self.alpha if start_alpha is None else start_alpha
        end = self.min_alpha if end_alpha is None else end_alpha
        config = self._config(epochs=epochs, alpha=start, min_alpha=end, compute_loss=compute_loss)
        if start > self.min_alpha_yet_reached:
            logger.warning("Effective 'alpha' higher than previous training cycles")
        corpus = self._ids(corpus_iterable, corpus_file, progress)
        if total_words is None:
            assert total_examples is not None
            total_words = round(total_examples * corpus.raw_words / max(corpus.sentences, 1))
        run = TrainingRun(self, corpus, compute_loss, word_count, total_words * epochs)
        with observing(self.progress if progress is None else progress) as reports:
            if callbacks:
                one_epoch = self._config(
                    epochs=1, alpha=start, min_alpha=end, compute_loss=compute_loss
                )
                done = run.epoch_by_epoch(epochs, one_epoch, callbacks, reports)
            else:
                done = run.all_at_once(config, reports)
        self.min_alpha_yet_reached = min(self.min_alpha_yet_reached, end)
        return sum(e.trained_words for e in done), sum(e.raw_words for e in done)

    def _ids(
        self, corpus_iterable: Corpus | None, corpus_file: CorpusFile | None, progress: Progress
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
        return self._encoded.corpus

    def _config(
        self, *, epochs: int, alpha: float, min_alpha: float, compute_loss: bool
    ) -> _core.TrainConfig:
        """Check every hyper-parameter as the core sees it."""
        return _core.TrainConfig(
            sg=bool(self.sg),
            vector_size=self.vector_size,
            window=self.window,
            shrink_windows=bool(self.shrink_windows),
            hs=bool(self.hs),
            negative=self.negative,
            ns_exponent=self.ns_exponent,
            sample=self.sample,
            cbow_mean=bool(self.cbow_mean),
            shared_negatives=self.shared_negatives,
            alpha=alpha,
            min_alpha=min_alpha,
            epochs=epochs,
            workers=self.workers,
            seed=self.seed,
            compute_loss=bool(compute_loss),
        )

    def get_latest_training_loss(self) -> float:
        """Return the loss summed over the last call of `train`, every example once; 0 unless asked.

        It is a float64 and does not depend on the number of workers; `history` has it by epoch.
        """
        return self._training_loss

    # word2vec's own names

    @property
    def syn0(self) -> NDArray[np.float32]:
        """The raw vectors: ``model.wv.syn0``."""
        return self.wv.syn0

    @property
    def syn0norm(self) -> NDArray[np.float32] | None:
        """The unit vectors, once something has needed them: ``model.wv.syn0norm``."""
        return self.wv.syn0norm

    def init_sims(self, replace: bool = False) -> None:
        """Make unit vectors ready; with ``replace`` they overwrite the raw ones in place."""
        self.wv.init_sims(replace)

    @property
    def layer1_size(self) -> int:
        """Gensim's other name of ``vector_size``."""
        return self.vector_size

    def __getstate__(self) -> dict[str, Any]:
        # As in a saved file: neither the corpus nor the rule that chose its words.
        return self.__dict__ | {"_encoded": None, "_trim_rule": None}

    def __str__(self) -> str:
        return (
            f"{type(self).__name__}<vocab={len(self.wv)}, vector_size={self.vector_size}, "
            f"alpha={self.alpha}>"
        )

    __repr__ = __str__

    def estimate_memory(self, vocab_size: int | None = None) -> dict[str, int]:
        """Estimate what training takes, in bytes, for ``vocab_size`` words (default: its own).

        Returns
        -------
        dict
            ``vectors``, ``syn1neg``, ``syn1`` (rows padded to whole cache lines), ``vocab`` (keys
            of 8 letters, counts and tables) and their ``total``.
        """
        words = len(self.wv) if vocab_size is None else vocab_size
        matrix = words * (-(-self.vector_size // 16) * 16) * 4
        report = {"vocab": words * 48, "vectors": matrix}
        if self.negative:
            report["syn1neg"] = matrix
        if self.hs:
            report["syn1"] = matrix
        report["total"] = sum(report.values())
        return report

    # Files

    def save(self, path: str | os.PathLike[str]) -> None:
        """Save everything needed to go on training, in synvec's own format; not the corpus.

        The file is written beside ``path`` and moved there when it is whole.
        """
        save_model(self, path)

    @classmethod
    def load(cls, path: str | os.PathLike[str], mmap: Literal["c", "r"] | None = None) -> Word2Vec:
        """Open a model that `save` has written, here or in gensim (0.12 to 4.4).

        Parameters
        ----------
        path
            The file.
        mmap
            ``"r"`` for arrays that cannot be written to; otherwise they can, without a change to
            the file.

        Raises
        ------
        AttributeError
            When the file holds something else, as vectors alone: open those with
            ``KeyedVectors.load``.
        """
        from synvec import formats

        model = formats.load(path, mmap=mmap)
        if not isinstance(model, Word2Vec):
            raise AttributeError(
                f"{os.fspath(path)} holds vectors alone, not a model; use KeyedVectors.load"
            )
        return model

    @classmethod
    def _from_native(cls, parts: NativeParts) -> Word2Vec:
        return restore_model(cls(**model_settings(parts)), parts)
