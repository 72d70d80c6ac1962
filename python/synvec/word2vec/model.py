"""Word2Vec: train word vectors from text, with gensim's constructor and methods."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from synvec import _core
from synvec.arguments import (
    NO_PICKLE,
    named_as_one,
    on_class_only,
    real,
    switch,
    whole,
    with_known_arguments,
)
from synvec.callbacks import Callback, as_objects
from synvec.checkpoints.intervals import Checkpoints, as_checkpoints
from synvec.corpora import DEFAULT_SPOOL_BYTES, Tokenize
from synvec.encoded import Corpus, CorpusFile
from synvec.key_types import KeyT
from synvec.keyed_vectors import KeyedVectors
from synvec.legacy import OlderModelNames, with_older_keywords
from synvec.model_files import open_model, save_model
from synvec.paths import StrPath, shown
from synvec.presets import with_presets
from synvec.progress import Progress
from synvec.training import TrainingPlan
from synvec.vocabulary import TrimRule, checked_rule
from synvec.warning import warn_caller
from synvec.word2vec.building import Building
from synvec.word2vec.predicting import Predicting
from synvec.word2vec.training import Training

if TYPE_CHECKING:
    from synvec.formats import NativeParts
    from synvec.formats.sources import Source, Target

logger = logging.getLogger(__name__)

FAST_VERSION = 1
"""gensim's sign that training is compiled, which scripts ask for: here it always is."""


@named_as_one
class Word2Vec(Building[KeyT], Training[KeyT], Predicting[KeyT], OlderModelNames):
    """Word vectors by skip-gram or CBOW, with negative sampling or hierarchical softmax.

    The arguments are gensim's, in gensim's order; those after ``shrink_windows`` are synvec's own
    and keyword-only. With a corpus the constructor trains; without one, call `build_vocab` and
    `train`. The corpus is read once, whatever the number of epochs, so a generator will do.

    Parameters
    ----------
    sentences
        An iterable of sentences, each an iterable of words: all of them ``str``, or all of them
        integers of 64 bits, Python's or NumPy's, which stay integers as keys. Or a column of lists
        of words, or of texts, of Arrow, Polars, pandas or Hugging Face's ``datasets``; of a table,
        ``column`` names the one. Columns, and NumPy's arrays of integers, where one of two
        dimensions has a sentence a row, need no Python object a word.
    corpus_file
        Instead: a path, or several, of text with one sentence a line, words apart by white space;
        also compressed by gzip, bzip2, xz or zstandard. A folder stands for the files in it, and a
        pattern (``"news/*.txt"``) for those that match. Or Parquet and Arrow files, and URLs
        (``s3://…``, ``https://…``).
    vector_size
        D, the length of a vector.
    alpha, min_alpha
        The learning rate at the start and at the end; it falls linearly with the words passed.
    window
        The farthest context, in words. ``None`` makes all other words of a sentence contexts, as
        for baskets and sessions, whose order says nothing.
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
        1 adds gensim's pseudo-word for padding as the last word: NUL, with a count of 1.
    trim_rule
        ``f(word, count, min_count)`` that returns ``RULE_KEEP``, ``RULE_DISCARD`` or
        ``RULE_DEFAULT`` for each word; it is not saved with the model.
    sorted_vocab
        1 for words by falling count (of equal counts the later one first, as in gensim), 0 for the
        order in which they are first seen.
    compute_loss
        Whether to sum the loss: `get_latest_training_loss`, `history`.
    callbacks
        Objects with the methods of `CallbackAny2Vec`, or functions of the model that are called
        after each epoch; ``False`` from either ends training.
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
    cbow_corrected
        Whether CBOW's contexts take the true gradient (Irsoy, Benton and Stratos 2021,
        arXiv:2012.15332) instead of word2vec.c's and gensim's, which goes to each context of a mean
        whole. It wants a higher ``alpha``: docs/training.md has figures.
    shared_negatives
        ``True`` trains the contexts of a word together, in blocks of up to 16, against one set of
        negatives, and lets each negative come back in later windows that have other contexts:
        several times faster at the same quality. ``False`` draws negatives for every pair (CBOW:
        every window), in word2vec.c's order. In hierarchical softmax it likewise decides whether
        contexts are trained together.
    deterministic
        ``True`` gives the same bits with any number of ``workers``, for somewhat more time than the
        default takes: training goes by rounds of 16 lanes, whose changes are merged in a fixed
        order, so more than 16 workers gain nothing. The bits are others than those of the default
        with one worker, which is repeatable too. docs/training.md has the scheme and its figures.
    tokenize
        How lines and texts become words: at ``"whitespace"``, as they do by default; ``"words"`` by
        Unicode's rules, without punctuation; or by a function from a text to its words, such as
        `simple_preprocess`, which is not saved with the model. With it sentences must be texts.
    lowercase
        Whether words are lower-cased; only strings can be.
    column
        The column to read, where the corpus is a table.
    spool_bytes, spool_dir
        Ids of the corpus beyond so many bytes go to a temporary file in that folder (the system's
        by default).
    progress
        ``None`` shows a bar on a terminal or in a notebook, ``True`` always, ``False`` never; or a
        callable that takes a dictionary about five times a second.
    checkpoint
        A folder that is kept so that `synvec.resume` finishes the training if something ends it:
        one checkpoint before the first step, one every ``checkpoint_every``, one on Ctrl-C. It
        must not hold one already. Two are kept; docs/reliability.md says what is promised.
    checkpoint_every
        A time (``"10min"``, the default, ``"30s"``, ``"2h"``) or a number of epochs.

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
    history : History
        What came of each epoch so far: a list of `Epoch` that shows itself as a table, and that
        ``history.plot()`` draws.

    Raises
    ------
    ValueError
        For an argument out of its range; the message names it.
    TypeError
        For two corpora at once, for a corpus that is a ``str``, or for words that are neither
        ``str`` nor ``int``, or both.
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

    @with_older_keywords(size="vector_size", iter="epochs")
    @with_known_arguments(
        dim="the length of a vector is vector_size", lr="the learning rate is alpha",
        learning_rate="the learning rate is alpha", ws="the farthest context is window",
        neg="negatives a word are negative", n_jobs="the number of threads is workers",
        threads="the number of threads is workers", dm="that belongs to Doc2Vec",
        bucket="that belongs to FastText", min_n="that belongs to FastText",
        max_n="that belongs to FastText",
    )  # fmt: skip
    @with_presets
    def __init__(
        self,
        sentences: Corpus[KeyT] | None = None,
        corpus_file: CorpusFile | None = None,
        vector_size: int = 100,
        alpha: float = 0.025,
        window: int | None = 5,
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
        trim_rule: TrimRule[KeyT] | None = None,
        sorted_vocab: int = 1,
        batch_words: int = 10_000,
        compute_loss: bool = False,
        callbacks: Sequence[Callback] = (),
        comment: str | None = None,
        max_final_vocab: int | None = None,
        shrink_windows: bool = True,
        *,
        preset: Literal["quality"] | None = None,
        cbow_corrected: bool = False,
        shared_negatives: bool = True,
        deterministic: bool = False,
        tokenize: Tokenize | None = None,
        lowercase: bool = False,
        column: str | None = None,
        spool_bytes: int = DEFAULT_SPOOL_BYTES,
        spool_dir: str | os.PathLike[str] | None = None,
        progress: Progress = None,
        checkpoint: StrPath | Checkpoints | None = None,
        checkpoint_every: str | int | None = None,
    ) -> None:
        del preset  # `with_presets` has put its values in the other arguments
        self.vector_size = whole("vector_size", vector_size)
        self.alpha = real("alpha", alpha)
        self.window = None if window is None else whole("window", window)
        self.min_count = whole("min_count", min_count)
        self.max_vocab_size = _limit("max_vocab_size", max_vocab_size)
        self.sample = real("sample", sample)
        self.seed = whole("seed", seed, least=0, below=2**64)
        self.workers = _core.available_workers() if workers is None else whole("workers", workers)
        self.min_alpha = real("min_alpha", min_alpha)
        self.sg = int(switch("sg", sg))
        self.hs = int(switch("hs", hs))
        self.negative = whole("negative", negative)
        self.ns_exponent = real("ns_exponent", ns_exponent)
        self.cbow_mean = int(switch("cbow_mean", cbow_mean))
        self.cbow_corrected = switch("cbow_corrected", cbow_corrected)
        self.hashfxn = hashfxn
        self.epochs = whole("epochs", epochs)
        self.null_word = int(switch("null_word", null_word))
        self.sorted_vocab = int(switch("sorted_vocab", sorted_vocab))
        self.batch_words = batch_words
        self.compute_loss = switch("compute_loss", compute_loss)
        if not isinstance(comment, str | None):
            raise TypeError(f"comment is {shown(comment)}, expected a text")
        self.comment = comment
        self.max_final_vocab = _limit("max_final_vocab", max_final_vocab)
        self.shrink_windows = switch("shrink_windows", shrink_windows)
        self.shared_negatives = switch("shared_negatives", shared_negatives)
        self.deterministic = switch("deterministic", deterministic)
        self.tokenize: Tokenize | None = tokenize
        self.lowercase = switch("lowercase", lowercase)
        self.column = column
        self.spool_bytes = whole("spool_bytes", spool_bytes, least=0)
        self.spool_dir = spool_dir
        self.progress = progress

        self._config(epochs=epochs, alpha=alpha, min_alpha=min_alpha, compute_loss=compute_loss)
        self._trim_rule = checked_rule(trim_rule)
        if self.hs and self.negative:
            logger.warning("Both hierarchical softmax and negative sampling are activated.")
        self._begin_empty()
        checkpoints = as_checkpoints(checkpoint, checkpoint_every)
        if sentences is not None or corpus_file is not None:
            self._build_and_train(sentences, corpus_file, as_objects(callbacks), checkpoints)
        elif checkpoints is not None:
            raise ValueError("checkpoint needs a corpus; without one, give it to train()")

    def _build_and_train(
        self,
        sentences: Corpus[KeyT] | None,
        corpus_file: CorpusFile | None,
        callbacks: Sequence[Callback],
        checkpoints: Checkpoints | None,
    ) -> None:
        self._refuse_used(checkpoints, TrainingPlan.of(self, callbacks), sentences, corpus_file)
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
                checkpoint=checkpoints,
            )
        except KeyboardInterrupt:
            message = "training was interrupted: the model is as far as it got"
            if checkpoints is not None:
                message += f"; synvec.resume({os.fspath(checkpoints.folder)!r}) goes on"
            warn_caller(message)
        finally:
            self._encoded = None  # nobody asked to train on: give the ids' memory back

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

    # Files

    @with_known_arguments(**NO_PICKLE)
    def save(self, fname_or_handle: Target) -> None:
        """Save everything needed to go on training, in synvec's own format; not the corpus.

        Parameters
        ----------
        fname_or_handle
            The file, or a file object open for writing bytes. A file is written beside its place
            and moved there when it is whole.
        """
        save_model(self, fname_or_handle)

    @on_class_only
    def load(cls, fname: Source, mmap: Literal["c", "r"] | None = None) -> Word2Vec:
        """Open a model that `save` has written, here or in gensim (0.12 to 4.4).

        Parameters
        ----------
        fname
            The file, or a file object open for reading bytes.
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
        from synvec.formats.sources import name_of

        model = formats.load(fname, mmap=mmap)
        if not isinstance(model, Word2Vec):
            what = "vectors alone" if isinstance(model, KeyedVectors) else str(model)
            raise AttributeError(
                f"{name_of(fname)} holds {what}, not a model; use {type(model).__name__}.load"
            )
        return model

    @classmethod
    def _from_native(cls, parts: NativeParts) -> Word2Vec:
        return open_model(cls, parts)


def _limit(name: str, words: int | None) -> int | None:
    """A number of words at most; None for no limit."""
    return None if words is None else whole(name, words, least=1)
