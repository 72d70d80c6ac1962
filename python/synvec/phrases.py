"""Phrases: ``new york`` → ``new_york`` wherever the two stand together more often than by chance.

Counting and rewriting are done by the core, on ids: ``Word2Vec(phrases[corpus])`` reads the corpus
once and never makes text of the phrases in between.
"""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain
from typing import Any, Literal, cast

import numpy as np

from synvec import _core
from synvec.corpora import scan
from synvec.paths import StrPath

Sentence = Sequence[str]
Scorer = Callable[[int, int, int, int, int, int], float]
Scoring = Literal["default", "npmi", "word2phrase"] | Scorer

ENGLISH_CONNECTOR_WORDS = frozenset(
    ("a", "an", "the", "for", "of", "with", "without", "at", "from", "to", "in", "on", "by", "and",
     "or")
)  # fmt: skip
"""Words that may stand within an English phrase but neither begin nor end one; gensim's."""

_ARGUMENTS = (
    "worda_count", "wordb_count", "bigram_count", "len_vocab", "min_count", "corpus_word_count",
)  # fmt: skip


def original_scorer(
    worda_count: float,
    wordb_count: float,
    bigram_count: float,
    len_vocab: float,
    min_count: float,
    corpus_word_count: float,
) -> float:
    """Score a pair as (n_ab - min_count) · V / (n_a · n_b): ``scoring="default"``.

    After Mikolov et al. 2013, "Distributed Representations of Words and Phrases and their
    Compositionality", equation 6, times the number V of distinct words and pairs.

    Examples
    --------
    >>> original_scorer(20, 10, 9, len_vocab=1000, min_count=5, corpus_word_count=5000)
    20.0
    """
    del corpus_word_count
    return _ratio(worda_count, wordb_count, bigram_count - min_count, len_vocab)


def word2phrase_scorer(
    worda_count: float,
    wordb_count: float,
    bigram_count: float,
    len_vocab: float,
    min_count: float,
    corpus_word_count: float,
) -> float:
    """Score a pair as (n_ab - min_count) · N / (n_a · n_b), with N words read: word2phrase.c's.

    The usual threshold is 100.

    Examples
    --------
    >>> word2phrase_scorer(20, 10, 9, len_vocab=1000, min_count=5, corpus_word_count=5000)
    100.0
    """
    del len_vocab
    return _ratio(worda_count, wordb_count, bigram_count - min_count, corpus_word_count)


def _ratio(first: float, last: float, pair: float, scale: float) -> float:
    return pair / first / last * scale if first and last else -math.inf


def npmi_scorer(
    worda_count: float,
    wordb_count: float,
    bigram_count: float,
    len_vocab: float,
    min_count: float,
    corpus_word_count: float,
) -> float:
    """Score a pair by normalised pointwise mutual information, from -1 to 1: ``scoring="npmi"``.

    ln(p_ab / (p_a · p_b)) / -ln(p_ab) (Bouma 2009); -inf for pairs rarer than ``min_count``.

    Examples
    --------
    >>> round(npmi_scorer(20, 10, 9, len_vocab=1000, min_count=5, corpus_word_count=5000), 3)
    0.857
    """
    del len_vocab
    if bigram_count < min_count:
        return -math.inf
    first, last, pair = (
        count / corpus_word_count for count in (worda_count, wordb_count, bigram_count)
    )
    return math.log(pair / (first * last)) / -math.log(pair)


_SCORERS: dict[str, Scorer] = {
    "default": original_scorer,
    "npmi": npmi_scorer,
    "word2phrase": word2phrase_scorer,
}


class PhrasedCorpus:
    """A corpus seen through phrases: it can be iterated over as often as the corpus itself.

    Made by ``phrases[corpus]``. Given to `Word2Vec`, `Phrases` or `scan` it is read by the core in
    one go; iterating over it yields lists of words.
    """

    def __init__(self, phrases: FrozenPhrases, corpus: Iterable[Sentence]) -> None:
        self.phrases = phrases
        self.corpus = corpus

    def __iter__(self) -> Iterator[list[str]]:
        for sentence in self.corpus:
            yield self.phrases.join(sentence)

    def scan(self, **settings: Any) -> _core.ScannedCorpus:
        """Read the corpus once, as `synvec.scan` does, with the phrases in it."""
        return self.phrases.apply(scan(self.corpus, **settings))


class FrozenPhrases:
    """Phrases that were chosen once: small, and all that is needed to find them in texts.

    Parameters
    ----------
    phrases_model
        `Phrases`, or other frozen ones, to take them from.

    Attributes
    ----------
    phrasegrams
        Each phrase and its score, the best first.
    delimiter, connector_words, min_count, threshold, scoring
        As in `Phrases`.

    Examples
    --------
    >>> corpus = [["new", "york", "is", "far"], ["in", "new", "york"], ["far", "is", "near"]]
    >>> frozen = Phrases(corpus, min_count=1, threshold=2).freeze()
    >>> frozen["i", "love", "new", "york"]
    ['i', 'love', 'new_york']
    """

    phrasegrams: dict[str, float]

    def __init__(self, phrases_model: Phrases | FrozenPhrases) -> None:
        for name in ("min_count", "threshold", "delimiter", "scoring", "connector_words"):
            setattr(self, name, getattr(phrases_model, name))
        if isinstance(phrases_model, FrozenPhrases):
            self.phrasegrams = dict(phrases_model.phrasegrams)
        else:
            self.phrasegrams = phrases_model.export_phrases()

    min_count: int
    threshold: float
    delimiter: str
    scoring: Scoring
    connector_words: frozenset[str]

    def __str__(self) -> str:
        return (
            f"FrozenPhrases<{len(self.phrasegrams)} phrases, min_count={self.min_count}, "
            f"threshold={self.threshold}>"
        )

    def score_candidate(
        self, word_a: str, word_b: str, in_between: Sequence[str] = ()
    ) -> tuple[str, float] | tuple[None, None]:
        """Return the phrase that the words make and its score; two None when they make none."""
        phrase = self.delimiter.join((word_a, *in_between, word_b))
        score = self.phrasegrams.get(phrase)
        return (None, None) if score is None else (phrase, score)

    def analyze_sentence(self, sentence: Iterable[str]) -> Iterator[tuple[str, float | None]]:
        """Yield each word of a sentence with None, and each phrase with its score.

        From left to right: a word and the next one are a phrase if there is one; what has become
        part of a phrase begins no other.
        """
        waiting: list[str] = []  # a word that may begin a phrase, and the connectors after it
        for word in sentence:
            if word in self.connector_words:
                if waiting:
                    waiting.append(word)
                else:
                    yield word, None
                continue
            if waiting:
                phrase, score = self.score_candidate(waiting[0], word, waiting[1:])
                if phrase is not None:
                    yield phrase, score
                    waiting = []
                    continue
            yield from ((waited, None) for waited in waiting)
            waiting = [word]
        yield from ((waited, None) for waited in waiting)

    def join(self, sentence: Iterable[str]) -> list[str]:
        """Return a sentence with its phrases as words."""
        return [word for word, _ in self.analyze_sentence(_as_sentence(sentence))]

    def __getitem__(self, sentence: Any) -> Any:
        """Return a sentence with its phrases as words, or a whole corpus seen that way.

        Parameters
        ----------
        sentence
            A list of words, or an iterable of such lists.

        Returns
        -------
        list of str or PhrasedCorpus
        """
        is_single, sentence = _is_single(sentence)
        return self.join(sentence) if is_single else PhrasedCorpus(self, sentence)

    def find_phrases(self, sentences: Iterable[Sentence]) -> dict[str, float]:
        """Return the phrases that occur in sentences, with their scores."""
        found = (self.analyze_sentence(_as_sentence(sentence)) for sentence in sentences)
        return {phrase: score for phrase, score in chain.from_iterable(found) if score is not None}

    def apply(self, scanned: _core.ScannedCorpus) -> _core.ScannedCorpus:
        """Return a corpus that was read with its phrases as words; the text isn't read again."""
        return self._set().apply(scanned)

    def _set(self) -> _core.PhraseSet:
        table = _core.KeyTable(list(self.phrasegrams))
        return _core.PhraseSet(table, self.delimiter, sorted(self.connector_words))


Phraser = FrozenPhrases
"""gensim's older name of `FrozenPhrases`."""


class Phrases:
    """Find phrases in a corpus: pairs of words that occur together more often than by chance.

    Parameters
    ----------
    sentences
        Lists of words; generators, `LineSentence` and what else `synvec.scan` reads are fine, and
        so is a corpus seen through other phrases, ``phrases[corpus]``, for longer ones.
    min_count
        Pairs rarer than this are no phrases.
    threshold
        Pairs that score above this are phrases. With ``scoring="default"`` above 0, with ``"npmi"``
        from -1 to 1.
    max_vocab_size
        About how many distinct pairs are kept; beyond that the rarest are forgotten as counting
        goes on, and counts of rare pairs are then too low.
    delimiter
        What joins the words of a phrase.
    progress_per
        Taken for gensim's sake, without effect: pass ``progress`` to `synvec.scan` instead.
    scoring
        ``"default"`` (`original_scorer`), ``"npmi"`` (`npmi_scorer`), ``"word2phrase"``
        (`word2phrase_scorer`), or a function of the same six arguments.
    connector_words
        Words that may stand within a phrase and neither begin nor end one:
        `ENGLISH_CONNECTOR_WORDS`.
    corpus_file
        Instead of ``sentences``, a path or several, as `synvec.scan` takes them.
    workers
        Threads; by default the cores that this process may use.

    Raises
    ------
    ValueError
        When ``min_count``, ``threshold``, ``max_vocab_size``, ``delimiter`` or ``scoring`` is none
        that makes sense.
    TypeError
        When ``connector_words`` is a string.

    Notes
    -----
    Counts are per pair of words. Where two pairs read alike once they are joined, as ``new_york`` +
    ``times`` and ``new`` + ``york_times`` do, gensim counts them together.

    Examples
    --------
    >>> corpus = [["new", "york", "is", "far"], ["in", "new", "york"], ["far", "is", "near"]]
    >>> phrases = Phrases(corpus, min_count=1, threshold=2)
    >>> phrases.export_phrases()
    {'new_york': 3.0}
    >>> list(phrases[corpus])[0]
    ['new_york', 'is', 'far']
    """

    def __init__(
        self,
        sentences: Iterable[Sentence] | None = None,
        min_count: int = 5,
        threshold: float = 10.0,
        max_vocab_size: int = 40_000_000,
        delimiter: str = "_",
        progress_per: int = 10_000,
        scoring: Scoring = "default",
        connector_words: Iterable[str] = frozenset(),
        *,
        corpus_file: StrPath | Sequence[StrPath] | None = None,
        workers: int | None = None,
    ) -> None:
        if isinstance(connector_words, str):
            raise TypeError(
                f"connector_words must be several words, not the string {connector_words!r}"
            )
        self.min_count = min_count
        self.threshold = threshold
        self.max_vocab_size = max_vocab_size
        self.delimiter = delimiter
        self.progress_per = progress_per
        self.scoring: Scoring = scoring
        self.connector_words = frozenset(connector_words)
        self.workers = workers
        self._check()
        self._model = _core.PhraseModel(sorted(self.connector_words), max_vocab_size)
        self._chosen: tuple[object, FrozenPhrases] | None = None
        if sentences is not None or corpus_file is not None:
            self.add_vocab(sentences, corpus_file=corpus_file)

    def _check(self) -> None:
        if self.min_count <= 0:
            raise ValueError(f"min_count should be at least 1, not {self.min_count}")
        if self.max_vocab_size < 1:
            raise ValueError(f"max_vocab_size should be at least 1, not {self.max_vocab_size}")
        if not isinstance(self.delimiter, str) or not self.delimiter:
            raise ValueError(f"delimiter should be some text, not {self.delimiter!r}")
        if callable(self.scoring):
            missing = set(_ARGUMENTS) - set(inspect.signature(self.scoring).parameters)
            if missing:
                raise ValueError(
                    f"scoring function missing expected parameters: {', '.join(sorted(missing))}"
                )
        elif self.scoring not in _SCORERS:
            raise ValueError(
                f"unknown scoring method string {self.scoring!r}, expected one of "
                f"{', '.join(_SCORERS)} or a function"
            )
        elif self.scoring == "npmi" and not -1 <= self.threshold <= 1:
            raise ValueError(
                f"threshold should be between -1 and 1 for npmi scoring, not {self.threshold}"
            )
        elif self.scoring != "npmi" and self.threshold <= 0:
            raise ValueError(
                f"threshold should be positive for {self.scoring} scoring, not {self.threshold}"
            )

    def __str__(self) -> str:
        return (
            f"Phrases<{self._model.distinct} vocab, min_count={self.min_count}, "
            f"threshold={self.threshold}, max_vocab_size={self.max_vocab_size}>"
        )

    def add_vocab(
        self,
        sentences: Iterable[Sentence] | None = None,
        *,
        corpus_file: StrPath | Sequence[StrPath] | None = None,
    ) -> None:
        """Count another corpus on top of what was counted.

        Parameters
        ----------
        sentences, corpus_file
            As in the constructor.
        """
        self.add_scanned(scan(sentences, corpus_file=corpus_file, workers=self.workers))

    def add_scanned(self, scanned: _core.ScannedCorpus) -> None:
        """Count a corpus that `synvec.scan` has read."""
        self._chosen = None
        self._model.add(scanned, self.workers)

    @property
    def corpus_word_count(self) -> int:
        """Words read."""
        return self._model.total_words

    @property
    def vocab(self) -> dict[str, int]:
        """A copy of the counts: words, connectors left out, and pairs as they read."""
        keys, counts = self._model.words()
        vocab = dict(zip(keys.keys(), counts.tolist(), strict=True))
        for word in self.connector_words:
            vocab.pop(word, None)
        for phrase, _, _, count in self._pairs():
            vocab[phrase] = vocab.get(phrase, 0) + count
        return vocab

    def _pairs(self) -> Iterator[tuple[str, int, int, int]]:
        """Yield each pair as it reads, the indices of its two words, and its count."""
        words = self._model.words()[0].keys()
        pairs = self._model.pairs(1)
        between, offsets = pairs["between"].tolist(), pairs["offsets"].tolist()
        columns = (pairs[name].tolist() for name in ("first", "last", "count"))
        for place, (first, last, count) in enumerate(zip(*columns, strict=True)):
            inner = between[offsets[place] : offsets[place + 1]]
            joined = self.delimiter.join(words[index] for index in (first, *inner, last))
            yield joined, first, last, count

    def export_phrases(self) -> dict[str, float]:
        """Return each phrase and its score, the best first.

        Examples
        --------
        >>> Phrases([["a", "b"], ["a", "b"]], min_count=1, threshold=0.1).export_phrases()
        {'a_b': 0.75}
        """
        self._check()
        for name, scorer in _SCORERS.items():
            if self.scoring in (name, scorer):
                phrases, _, scores = self._model.scored(
                    name, self.min_count, self.threshold, self.delimiter
                )
                return dict(zip(phrases, scores.tolist(), strict=True))
        return self._score_one_by_one(cast("Scorer", self.scoring))

    def _score_one_by_one(self, scorer: Scorer) -> dict[str, float]:
        counts = self._model.words()[1].tolist()
        distinct, words = self._model.distinct, self._model.total_words
        found: list[tuple[float, str]] = []
        for phrase, first, last, count in self._pairs():
            score = scorer(counts[first], counts[last], count, distinct, self.min_count, words)
            if score > self.threshold:
                found.append((score, phrase))
        found.sort(key=lambda pair: (-pair[0], pair[1]))
        return {phrase: score for score, phrase in found}

    def freeze(self) -> FrozenPhrases:
        """Return the phrases by today's counts and settings, without the counts."""
        settings = (self.min_count, self.threshold, self.scoring, self.delimiter)
        if self._chosen is None or self._chosen[0] != settings:
            self._chosen = (settings, FrozenPhrases(self))
        return self._chosen[1]

    def score_candidate(
        self, word_a: str, word_b: str, in_between: Sequence[str] = ()
    ) -> tuple[str, float] | tuple[None, None]:
        """Return the phrase that the words make and its score; two None when they make none."""
        return self.freeze().score_candidate(word_a, word_b, in_between)

    def analyze_sentence(self, sentence: Iterable[str]) -> Iterator[tuple[str, float | None]]:
        """Yield each word of a sentence with None, and each phrase with its score."""
        return self.freeze().analyze_sentence(sentence)

    def find_phrases(self, sentences: Iterable[Sentence]) -> dict[str, float]:
        """Return the phrases that occur in sentences, with their scores."""
        return self.freeze().find_phrases(sentences)

    def __getitem__(self, sentence: Any) -> Any:
        """Return a sentence with its phrases as words, or a whole corpus seen that way."""
        return self.freeze()[sentence]

    def __getstate__(self) -> dict[str, Any]:
        keys, counts = self._model.words()
        parts = {"keys": keys, "counts": counts, "total_words": self._model.total_words}
        state = {name: value for name, value in vars(self).items() if name != "_chosen"}
        return state | {"_model": parts | self._model.pairs(1)}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state)
        self._chosen = None
        self._model = _core.PhraseModel.from_parts(
            sorted(self.connector_words), self.max_vocab_size, **state["_model"]
        )


def _as_sentence(sentence: Iterable[str]) -> Iterable[str]:
    if isinstance(sentence, str):
        raise TypeError(f"a sentence is a list of words, not the string {sentence!r}; split it")
    return sentence


def _is_single(given: Any) -> tuple[bool, Any]:
    """Whether something is one sentence rather than a corpus, and the same thing still whole."""
    _as_sentence(given)
    if not isinstance(given, Iterable):
        raise TypeError(f"expected a list of words or a corpus of them, not {type(given).__name__}")
    if isinstance(given, Iterator):
        first = next(given, None)
        if first is None:
            return True, []
        return isinstance(first, str), chain([first], given)
    if isinstance(given, Sequence | np.ndarray):
        return len(given) == 0 or isinstance(given[0], str), given
    return isinstance(next(iter(given), ""), str), given
