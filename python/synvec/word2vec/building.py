"""The vocabulary of a model: from a corpus, or from counts, to words and first vectors."""

from __future__ import annotations

import logging
import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from synvec import _core
from synvec.arguments import real, whole, with_known_arguments
from synvec.encoded import Corpus, CorpusFile, EncodedSource, fingerprint
from synvec.history import History
from synvec.key_types import KeyT, has_integers
from synvec.keyed_vectors import KeyedVectors
from synvec.legacy import with_older_keywords
from synvec.paths import shown
from synvec.progress import Progress
from synvec.training import first_vectors, require_own_words
from synvec.vocabulary import (
    Counted,
    TrimRule,
    Vocabulary,
    WordFrequencies,
    checked_rule,
    choose_vocabulary,
    subsampled,
)
from synvec.word2vec.state import ModelState

logger = logging.getLogger(__name__)

NULL_WORD = "\0"
"""The word that ``null_word=1`` adds: gensim's, for padding."""

_TAKES_MEMORY = {
    "vectors": "vectors",
    "syn1neg": "output weights",
    "syn1": "weights of the tree",
    "lanes": "copies of rows",
    "vocab": "words",
}
"""What `Building.estimate_memory` counts, in the words of messages."""


class Building(ModelState[KeyT]):
    """Building the vocabulary."""

    @with_older_keywords(sentences="corpus_iterable")
    @with_known_arguments()
    def build_vocab(
        self,
        corpus_iterable: Corpus[KeyT] | None = None,
        corpus_file: CorpusFile | None = None,
        update: bool = False,
        progress_per: int = 10_000,
        keep_raw_vocab: bool = False,
        trim_rule: TrimRule[KeyT] | None = None,
        *,
        progress: Progress = None,
    ) -> None:
        """Read a corpus once: count its words, choose the vocabulary, and draw first vectors.

        The corpus stays encoded in memory (or in the spool) for `train`.

        Parameters
        ----------
        corpus_iterable, corpus_file
            One of them, as in the constructor.
        update
            Whether to grow the vocabulary that there is. Words of the corpus that occur
            ``min_count`` times in it are added behind those of the model, which keep their vectors,
            output weights and positions; counts add up. With hierarchical softmax the tree is built
            anew from the new counts, so its inner nodes have to be learnt again.
        progress_per
            Taken for gensim's sake and without effect: ``progress`` reports five times a second.
        keep_raw_vocab
            Whether ``raw_vocab`` keeps every word of the corpus and its count afterwards.
        trim_rule, progress
            As in the constructor, whose values are the defaults.

        Raises
        ------
        RuntimeError
            When no word is left, or there is no vocabulary to update.
        TypeError
            When words of another kind, ``str`` or ``int``, are to update a vocabulary.
        """
        scanned = self._scan(corpus_iterable, corpus_file, progress)
        self._choose(scanned, update, keep_raw_vocab, trim_rule)
        source = fingerprint(corpus_iterable, corpus_file)
        self._encoded = EncodedSource(source, scanned.encode(self.wv.key_table))
        logger.info(
            "vocabulary: %d words of %d, %d of %d tokens",
            len(self.wv),
            scanned.distinct,
            self._encoded.corpus.words,
            scanned.raw_words,
        )

    def build_vocab_from_freq(
        self,
        word_freq: Mapping[KeyT, int],
        keep_raw_vocab: bool = False,
        corpus_count: int | None = None,
        trim_rule: TrimRule[KeyT] | None = None,
        update: bool = False,
    ) -> None:
        """Choose the vocabulary by counts that are known already, and draw first vectors.

        Parameters
        ----------
        word_freq
            Each word and how often it occurs.
        keep_raw_vocab, trim_rule, update
            As in `build_vocab`.
        corpus_count
            How many sentences the counts come from, for `corpus_count`.

        Raises
        ------
        RuntimeError
            When no word is left, or there is no vocabulary to update.
        TypeError, ValueError
            When ``word_freq`` is no mapping, a word is no ``str`` and no integer or there are both,
            a count is no integer from 0 on, or all together are beyond 64 bits.

        Examples
        --------
        >>> from synvec import Word2Vec
        >>> model = Word2Vec(vector_size=4, min_count=2)
        >>> model.build_vocab_from_freq({"apple": 5, "cherry": 3, "medlar": 1})
        >>> list(model.wv.index_to_key)
        ['apple', 'cherry']
        """
        counted = WordFrequencies(word_freq, corpus_count or 0)
        self._choose(counted, update, keep_raw_vocab, trim_rule)
        self._encoded = None

    def scan_vocab(
        self,
        corpus_iterable: Corpus[KeyT] | None = None,
        corpus_file: CorpusFile | None = None,
        progress_per: int = 10_000,
        workers: int | None = None,
        trim_rule: TrimRule[KeyT] | None = None,
    ) -> tuple[int, int]:
        """Count the words of a corpus into ``raw_vocab``: the first half of `build_vocab`.

        Parameters
        ----------
        corpus_iterable, corpus_file
            One of them, as in the constructor.
        progress_per, workers, trim_rule
            Taken for gensim's sake and without effect: the model's ``workers`` count, and words are
            trimmed by `prepare_vocab`.

        Returns
        -------
        (total_words, corpus_count)
            Words and sentences of the corpus.
        """
        scanned = self._scan(corpus_iterable, corpus_file)
        self.raw_vocab = _as_dict(scanned)
        self.corpus_count, self.corpus_total_words = scanned.sentences, scanned.raw_words
        return scanned.raw_words, scanned.sentences

    def prepare_vocab(
        self,
        update: bool = False,
        keep_raw_vocab: bool = False,
        trim_rule: TrimRule[KeyT] | None = None,
        min_count: int | None = None,
        sample: float | None = None,
        dry_run: bool = False,
    ) -> dict[str, int]:
        """Choose the vocabulary from ``raw_vocab``: the second half of `build_vocab`.

        Parameters
        ----------
        update, keep_raw_vocab, trim_rule
            As in `build_vocab`.
        min_count, sample
            New values of the settings; with ``dry_run`` for this call alone.
        dry_run
            Change nothing, report only.

        Returns
        -------
        dict
            ``num_retained_words`` and ``retain_total``: words kept, and their tokens;
            ``drop_unique``: words left out; ``downsample_unique``: words that subsampling thins
            out, and ``downsample_total``: tokens that are left of all.
        """
        counted = WordFrequencies(self.raw_vocab, self.corpus_count)
        min_count = self.min_count if min_count is None else whole("min_count", min_count)
        sample = self.sample if sample is None else real("sample", sample)
        if not 0 <= sample < math.inf:
            raise ValueError(f"sample must be a finite number, 0 or more, not {sample}")
        chosen = self._vocabulary(counted, trim_rule, min_count, may_be_empty=True)
        thinned, left = subsampled(chosen.counts, sample)
        if not dry_run:
            self.min_count, self.sample = min_count, sample
            words = self.corpus_total_words
            self._choose(counted, update, keep_raw_vocab, trim_rule)
            self.corpus_total_words = words  # raw_vocab may have been changed on the way
        return {
            "drop_unique": counted.distinct - len(chosen.keys),
            "retain_total": int(chosen.counts.sum()),
            "downsample_unique": thinned,
            "downsample_total": left,
            "num_retained_words": len(chosen.keys),
        }

    def reset_from(self, other_model: Building[KeyT]) -> None:
        """Take over another model's words and counts, and begin with vectors that know nothing."""
        if not isinstance(other_model, Building):
            raise TypeError(f"other_model is {shown(other_model)}, expected a Word2Vec")
        counts = other_model.wv.counts
        if counts is None or len(other_model.wv) == 0:
            raise RuntimeError("the other model has no vocabulary: call its build_vocab() first")
        self.corpus_count = other_model.corpus_count
        self.corpus_total_words = other_model.corpus_total_words
        self.effective_min_count = other_model.effective_min_count
        self._encoded = None
        self._init_weights(
            Vocabulary(other_model.wv.key_table.copy(), counts.copy(), self.effective_min_count)
        )

    def init_weights(self) -> None:
        """Draw first vectors for the vocabulary that there is: forget all that was trained."""
        self.reset_from(self)

    def init_from(self, vectors: KeyedVectors[KeyT]) -> int:
        """Begin with vectors that are there already, where the vocabulary has their words.

        Parameters
        ----------
        vectors
            Of the model's ``vector_size``.

        Returns
        -------
        int
            How many words have got a vector; all others keep their own.

        Raises
        ------
        RuntimeError
            Before `build_vocab`.
        ValueError
            When they have another size.
        TypeError
            When the vectors are no `KeyedVectors`, or their words are ``int`` and the model's
            ``str`` or the other way round.

        Examples
        --------
        >>> from synvec import KeyedVectors, Word2Vec
        >>> model = Word2Vec(vector_size=2, min_count=1)
        >>> model.build_vocab([["red", "apple"]])
        >>> model.init_from(KeyedVectors.from_arrays(["apple", "pear"], [[1, 0], [0, 1]]))
        1
        >>> model.wv["apple"]
        array([1., 0.], dtype=float32)
        """
        if len(self.wv) == 0:
            raise RuntimeError(
                "the model has no vocabulary to begin with: call build_vocab() first"
            )
        if not isinstance(vectors, KeyedVectors):
            raise TypeError(
                f"vectors are {shown(vectors)}, expected a KeyedVectors; KeyedVectors.load(path) "
                "opens a file"
            )
        if vectors.vector_size != self.vector_size:
            raise ValueError(
                f"the vectors have {vectors.vector_size} dimensions, the model has vector_size="
                f"{self.vector_size}"
            )
        if len(vectors) and vectors.key_type is not self.wv.key_type:
            ours, theirs = self.wv.key_type.__name__, vectors.key_type.__name__
            raise TypeError(
                f"the keys of the vectors are {theirs}, the words of the model are {ours}: make "
                "them the same with KeyedVectors.from_arrays(keys, vectors)"
            )
        rows = vectors.key_table.indices(self.wv.key_table.keys())
        shared = rows >= 0
        changed = self.wv.vectors
        changed[shared] = vectors.vectors[rows[shared]]
        self.wv.vectors = changed  # also tells the store that its norms are stale
        return int(shared.sum())

    def estimate_memory(
        self, vocab_size: int | None = None, report: dict[str, int] | None = None
    ) -> dict[str, int]:
        """Estimate what training takes, in bytes, for ``vocab_size`` words (default: its own).

        Parameters
        ----------
        vocab_size
            How many words.
        report
            A dictionary to put the answer into, beside what else it has: it counts in ``total``.

        Returns
        -------
        dict
            ``vectors``, ``syn1neg``, ``syn1`` (rows padded to whole cache lines), ``vocab`` (keys
            of 8 letters, counts and tables), ``lanes`` with ``deterministic`` (what is kept of each
            row, and copies) and their ``total``.
        """
        words = len(self.wv) if vocab_size is None else whole("vocab_size", vocab_size, least=0)
        matrix = words * (-(-self.vector_size // 16) * 16) * 4
        report = {} if report is None else report
        report.pop("total", None)  # of an estimate before
        report |= {"vocab": words * 48, "vectors": matrix}
        if self.negative:
            report["syn1neg"] = matrix
        if self.hs:
            report["syn1"] = matrix
        if self.deterministic:
            matrices = 1 + bool(self.negative) + bool(self.hs)
            copies = 16 * min(words, 1024) * (matrix // max(words, 1))
            report["lanes"] = matrices * (8 * words + copies)
        report["total"] = sum(report.values())
        return report

    def _choose(
        self,
        counted: Counted[KeyT],
        update: bool,
        keep_raw_vocab: bool,
        trim_rule: TrimRule[KeyT] | None,
    ) -> None:
        if update:
            self._require_vocabulary_to_update()
        vocabulary = self._vocabulary(counted, trim_rule, self.min_count, may_be_empty=update)
        is_corpus = not isinstance(counted, WordFrequencies)
        if update:
            self._grow(counted, vocabulary)
        else:
            kept = int(vocabulary.counts.sum())
            ids = kept + min(counted.sentences, kept) if is_corpus else 0
            self._init_weights(self._with_null_word(vocabulary), ids)
        self.corpus_count, self.corpus_total_words = counted.sentences, counted.raw_words
        self.effective_min_count = vocabulary.min_count
        self.raw_vocab = _as_dict(counted) if keep_raw_vocab else {}
        self.add_lifecycle_event(
            "build_vocab",
            logging.DEBUG,
            update=update,
            words=len(self.wv),
            corpus_words=counted.raw_words,
        )

    def _vocabulary(
        self,
        counted: Counted[KeyT],
        trim_rule: TrimRule[KeyT] | None,
        min_count: int,
        *,
        may_be_empty: bool,
    ) -> Vocabulary[KeyT]:
        return choose_vocabulary(
            counted,
            min_count=min_count,
            max_vocab_size=self.max_vocab_size,
            max_final_vocab=self.max_final_vocab,
            sorted_vocab=bool(self.sorted_vocab),
            trim_rule=checked_rule(trim_rule) or self._trim_rule,
            may_be_empty=may_be_empty,
        )

    def _with_null_word(self, vocabulary: Vocabulary[KeyT]) -> Vocabulary[KeyT]:
        if self.null_word and has_integers(vocabulary.keys):
            raise TypeError("null_word adds a str to the words, and they are int: leave it out")
        if not self.null_word or vocabulary.keys.index(NULL_WORD) >= 0:
            return vocabulary
        keys: _core.KeyTable[Any] = _core.KeyTable([*vocabulary.keys.keys(), NULL_WORD])
        counts = np.append(vocabulary.counts, np.uint64(1))
        return Vocabulary(keys, counts, vocabulary.min_count)

    def _init_weights(self, vocabulary: Vocabulary[KeyT], ids: int = 0) -> None:
        """Draw first input vectors; output weights begin at zero.

        So many ``ids`` of a corpus will wait beside them.
        """
        rows = len(vocabulary.keys)
        self._check_memory(rows, ids)
        vectors = first_vectors(rows, self.vector_size, self.seed)
        self.wv = KeyedVectors.from_arrays(vocabulary.keys, vectors, counts=vocabulary.counts)
        self._words = self.wv.key_table.copy()
        if self.negative:
            self.syn1neg = _core.Matrix(rows, self.vector_size).array
        if self.hs:
            self.syn1 = _core.Matrix(rows, self.vector_size).array
        self.history = History()
        self.min_alpha_yet_reached = self.alpha

    def _check_memory(self, rows: int, ids: int) -> None:
        """Refuse now what would be killed later, when the pages are written."""
        from synvec.preflight import check_memory  # here, since it costs 5 ms of `import synvec`

        estimate = self.estimate_memory(rows)
        needed = {what: estimate[name] for name, what in _TAKES_MEMORY.items() if name in estimate}
        if ids:
            needed["ids of the corpus"] = min(4 * ids, self.spool_bytes)
        check_memory(
            needed, "training", "use a smaller vector_size, a larger min_count or less spool_bytes"
        )

    def _require_vocabulary_to_update(self) -> None:
        if len(self.wv) == 0:
            raise RuntimeError(
                "You cannot do an online vocabulary-update of a model which has no prior "
                "vocabulary: first call build_vocab() without update=True"
            )
        require_own_words(self)

    def _grow(self, counted: Counted[KeyT], vocabulary: Vocabulary[KeyT]) -> None:
        """Add words behind those that there are; nothing that was learnt is lost."""
        words = counted.keys
        self.wv.key_table.checked(words.keys(0, 1))  # of the model's kind, as all others then are
        counts, rows_before = self.wv.counts, len(self.wv)
        assert counts is not None  # every model has them
        is_new = self.wv.key_table.indices(vocabulary.keys.keys()) < 0
        new_keys = vocabulary.keys.take(np.flatnonzero(is_new))
        rows = rows_before + len(new_keys)
        known = self.wv.key_table.indices(words.keys())
        counts = counts.copy()
        counts[known[known >= 0]] += counted.counts[known >= 0]
        counts = np.concatenate([counts, vocabulary.counts[is_new]])

        if len(new_keys):
            vectors = first_vectors(rows, self.vector_size, self.seed)
            vectors[:rows_before] = self.wv.vectors
            self.wv.add_vectors(new_keys.keys(), vectors[rows_before:])
            self.wv.vectors = vectors
            self._words = self.wv.key_table.copy()
            for name in ("syn1neg", "syn1"):
                if hasattr(self, name):
                    grown = _core.Matrix(rows, self.vector_size).array
                    grown[:rows_before] = getattr(self, name)
                    setattr(self, name, grown)
        self.wv.expandos["count"] = counts
        if self.hs:
            logger.warning("the tree of hierarchical softmax is new: train on, to learn its nodes")


def _as_dict(counted: Counted[KeyT]) -> dict[KeyT, int]:
    return dict(zip(counted.keys.keys(), counted.counts.tolist(), strict=True))
