"""What a trained model thinks of words in their context: the next word, and whole sentences."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from synvec import _core
from synvec.arguments import whole
from synvec.key_types import Key, KeyT, has_integers, is_integer
from synvec.paths import shown
from synvec.training import require_own_words
from synvec.word2vec.state import ModelState


class Predicting(ModelState[KeyT]):
    """Prediction with the output weights."""

    def predict_output_word(
        self, context_words_list: Sequence[Key], topn: int | None = 10
    ) -> list[tuple[KeyT, np.float32]] | None:
        """Return the words that go best with a context, the likeliest first.

        Parameters
        ----------
        context_words_list
            Words, or positions of words that are strings; unknown words are left out.
        topn
            How many; all words with None.

        Returns
        -------
        list of (word, probability) or None
            None when no word of the context is known. The probabilities are a softmax over the
            whole vocabulary, of scores that negative sampling was not trained to make
            probabilities of: their order says more than their size.

        Raises
        ------
        RuntimeError
            When the model was not trained by negative sampling, or has no vocabulary.

        Examples
        --------
        >>> from synvec import Word2Vec
        >>> sentences = [["red", "apple"], ["green", "apple"], ["red", "cherry"]] * 50
        >>> model = Word2Vec(sentences, vector_size=8, min_count=1, seed=1, workers=1)
        >>> [word for word, _ in model.predict_output_word(["green"], topn=1)]
        ['apple']
        """
        if not self.negative:
            raise RuntimeError(
                "predict_output_word needs the output weights of negative sampling: train with "
                "negative > 0"
            )
        if len(self.wv) == 0:
            raise RuntimeError("the model has no vocabulary: train it first")
        require_own_words(self)
        if isinstance(context_words_list, str):
            raise TypeError(
                f"a context is a list of words, not the string {context_words_list!r}; split it"
            )
        if not isinstance(context_words_list, Iterable):
            raise TypeError(f"a context is {shown(context_words_list)}, expected a list of words")
        most = None if topn is None else max(whole("topn", topn), 0)
        words, has_positions = self.wv.key_table, not has_integers(self.wv.key_table)
        rows = [
            self.wv.get_index(word)
            for word in context_words_list
            if (has_positions and is_integer(word)) or self.wv.has_index_for(word)
        ]
        if not rows:
            return None
        hidden = self.wv.vectors[rows].sum(axis=0)
        if self.cbow_mean:
            hidden /= len(rows)
        scores = self.syn1neg @ hidden
        likely = np.exp(scores - scores.max())
        likely /= likely.sum()
        order = np.argsort(-likely, kind="stable")[:most]
        return list(zip(words.keys_at(order), likely[order], strict=True))

    def score(
        self,
        sentences: Iterable[Sequence[KeyT]],
        total_sentences: int = 1_000_000,
        chunksize: int = 100,
        queue_factor: int = 2,
        report_delay: float = 1.0,
    ) -> NDArray[np.float32]:
        """Return the logarithm of the probability of each sentence under the model.

        For each word the probability of its place in the tree, given each word of its window alone
        (skip-gram) or all of them together (CBOW); their logarithms add up. Unknown words are left
        out, windows are whole, and nothing is subsampled. Taddy 2015 (arXiv:1504.07295) classifies
        documents by it, with a model for each class.

        Parameters
        ----------
        sentences
            Lists of words.
        total_sentences
            The most sentences to score, as in gensim.
        chunksize, queue_factor, report_delay
            Taken for gensim's sake and without effect: there is no queue.

        Returns
        -------
        numpy.ndarray
            A float32 number for each sentence; 0 for those without a known word and, by skip-gram,
            for those with one alone (CBOW gives it the score of a context of zeros).

        Raises
        ------
        RuntimeError
            When the model was not trained by hierarchical softmax alone, or has no vocabulary.
        ValueError
            When there are more than ``total_sentences``.
        TypeError
            When a sentence is a string, or its words are not of the model's kind.
        """
        if not self.hs or self.negative:
            raise RuntimeError(
                "score needs a model of hierarchical softmax alone: train with hs=1, negative=0"
            )
        if len(self.wv) == 0:
            raise RuntimeError("the model has no vocabulary: train it first")
        require_own_words(self)
        total_sentences = whole("total_sentences", total_sentences, least=0)
        if not isinstance(sentences, Iterable) or isinstance(sentences, str):
            raise TypeError(f"sentences are {shown(sentences)}, expected lists of words")
        ids: list[NDArray[np.int64]] = []
        offsets = [0]
        for sentence in sentences:
            if isinstance(sentence, str):
                raise TypeError(
                    f"a sentence is a list of words, not the string {sentence!r}; split it"
                )
            if not isinstance(sentence, Iterable):
                raise TypeError(f"a sentence is {shown(sentence)}, expected a list of words")
            known = self.wv.key_table.indices(self.wv.key_table.checked(sentence))
            ids.append(known[known >= 0])
            offsets.append(offsets[-1] + len(ids[-1]))
            if len(ids) > total_sentences:
                raise ValueError(
                    f"there are more than total_sentences={total_sentences} sentences; pass their "
                    "number"
                )
        assert self.wv.counts is not None  # every model has them
        scores = _core.score(
            self._config(epochs=1, alpha=self.alpha, min_alpha=self.min_alpha, compute_loss=False),
            np.concatenate([*ids, np.empty(0, np.int64)]).astype(np.uint32),
            np.array(offsets, np.uint64),
            np.ascontiguousarray(self.wv.counts, np.uint64),
            np.ascontiguousarray(self.wv.vectors),
            np.ascontiguousarray(self.syn1),
        )
        return np.array(scores, np.float32)
