"""The vocabulary of a model: from a corpus to words, counts and first vectors."""

from __future__ import annotations

import logging

from synvec import _core
from synvec.encoded import Corpus, CorpusFile, EncodedSource, fingerprint
from synvec.keyed_vectors import KeyedVectors
from synvec.legacy import with_older_keywords
from synvec.progress import Progress
from synvec.training import first_vectors
from synvec.vocabulary import TrimRule, Vocabulary, choose_vocabulary
from synvec.word2vec.state import ModelState

logger = logging.getLogger(__name__)


class Building(ModelState):
    """Building the vocabulary."""

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
