"""Phrases: ``new york`` → ``new_york`` wherever the two stand together more often than by chance.

Counting and rewriting are done by the core, on ids: ``Word2Vec(phrases[corpus])`` reads the corpus
once and never makes text of the phrases in between.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, cast

from synvec import _core
from synvec.arguments import NO_PICKLE, real, whole, with_known_arguments
from synvec.corpora import scan
from synvec.frozen_phrases import (
    FrozenPhrases,
    PhrasedCorpus,
    Phraser,
    Sentence,
    whether_single,
)
from synvec.legacy import with_older_keywords
from synvec.paths import StrPath, shown
from synvec.phrase_files import load_phrases, save_counted
from synvec.phrase_scores import (
    Scorer,
    Scoring,
    check_scoring,
    name_of,
    npmi_scorer,
    original_scorer,
    word2phrase_scorer,
)

if TYPE_CHECKING:
    from synvec.formats.limits import Limits
    from synvec.formats.sources import Source, Target

__all__ = [
    "ENGLISH_CONNECTOR_WORDS",
    "FrozenPhrases",
    "PhrasedCorpus",
    "Phraser",
    "Phrases",
    "npmi_scorer",
    "original_scorer",
    "word2phrase_scorer",
]

ENGLISH_CONNECTOR_WORDS = frozenset(
    ("a", "an", "the", "for", "of", "with", "without", "at", "from", "to", "in", "on", "by", "and",
     "or")
)  # fmt: skip
"""Words that may stand within an English phrase but neither begin nor end one; gensim's."""


_MADE_ON_DEMAND = ("_chosen", "_vocab")


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

    @with_older_keywords(common_terms="connector_words")
    @with_known_arguments()
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
        if isinstance(connector_words, str) or not isinstance(connector_words, Iterable):
            raise TypeError(
                f"connector_words is {shown(connector_words)}, expected several words, as a list"
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
        self._vocab: tuple[object, Mapping[str, int]] | None = None
        if sentences is not None or corpus_file is not None:
            self.add_vocab(sentences, corpus_file=corpus_file)

    def _check(self) -> None:
        if not real("min_count", self.min_count) > 0:  # nor NaN
            raise ValueError(f"min_count should be at least 1, not {self.min_count}")
        if whole("max_vocab_size", self.max_vocab_size) < 1:
            raise ValueError(f"max_vocab_size should be at least 1, not {self.max_vocab_size}")
        if not isinstance(self.delimiter, str) or not self.delimiter:
            raise ValueError(f"delimiter should be some text, not {self.delimiter!r}")
        check_scoring(self.scoring, self.threshold)

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
        self._chosen = self._vocab = None
        self._model.add(scanned, self.workers)

    @property
    def corpus_word_count(self) -> int:
        """Words read."""
        return self._model.total_words

    @property
    def vocab(self) -> Mapping[str, int]:
        """The counts, to be read: of words, connectors left out, and of pairs as they read.

        Made when it is first asked for, and kept until counts or settings change.
        """
        settings = self.delimiter, self.connector_words
        if self._vocab is None or self._vocab[0] != settings:
            self._vocab = settings, MappingProxyType(self._counts())
        return self._vocab[1]

    def _counts(self) -> dict[str, int]:
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
        name = name_of(self.scoring)
        if name is None:
            return self._score_one_by_one(cast("Scorer", self.scoring))
        phrases, _, scores = self._model.scored(
            name, self.min_count, self.threshold, self.delimiter
        )
        return _best(zip(phrases, scores.tolist(), strict=True))

    def _score_one_by_one(self, scorer: Scorer) -> dict[str, float]:
        counts = self._model.words()[1].tolist()
        distinct, words = self._model.distinct, self._model.total_words
        found: list[tuple[float, str]] = []
        for phrase, first, last, count in self._pairs():
            score = scorer(counts[first], counts[last], count, distinct, self.min_count, words)
            if score > self.threshold:
                found.append((score, phrase))
        found.sort(key=lambda pair: (-pair[0], pair[1]))
        return _best((phrase, score) for score, phrase in found)

    def freeze(self) -> FrozenPhrases:
        """Return the phrases by today's counts and settings, without the counts."""
        return FrozenPhrases(self.current())

    def current(self) -> FrozenPhrases:
        """Return what `freeze` does, shared: chosen again only when counts or settings change."""
        settings = (
            self.min_count, self.threshold, self.scoring, self.delimiter, self.connector_words
        )  # fmt: skip
        if self._chosen is None or self._chosen[0] != settings:
            self._chosen = (settings, FrozenPhrases(self))
        return self._chosen[1]

    def score_candidate(
        self, word_a: str, word_b: str, in_between: Sequence[str] = ()
    ) -> tuple[str, float] | tuple[None, None]:
        """Return the phrase that the words make and its score; two None when they make none."""
        return self.current().score_candidate(word_a, word_b, in_between)

    def analyze_sentence(self, sentence: Iterable[str]) -> Iterator[tuple[str, float | None]]:
        """Yield each word of a sentence with None, and each phrase with its score."""
        return self.current().analyze_sentence(sentence)

    def find_phrases(self, sentences: Iterable[Sentence]) -> dict[str, float]:
        """Return the phrases that occur in sentences, with their scores."""
        return self.current().find_phrases(sentences)

    def __getitem__(self, sentence: Any) -> Any:
        """Return a sentence with its phrases as words, or a whole corpus seen that way."""
        single, sentence = whether_single(sentence)
        return self.current().join(sentence) if single else PhrasedCorpus(self, sentence)

    @with_known_arguments(**NO_PICKLE)
    def save(self, fname_or_handle: Target) -> None:
        """Save counts and settings, in synvec's own format: everything needed to count on.

        Parameters
        ----------
        fname_or_handle
            The file, or a file object open for writing bytes. An old one is replaced when the new
            one is whole.

        Raises
        ------
        ValueError
            When ``scoring`` is a function of your own, which a file can't hold: set ``scoring`` to
            a name first, and to the function again after `load`.
        OSError
            When the system refuses; an old file is left.

        Examples
        --------
        >>> import io
        >>> file = io.BytesIO()
        >>> Phrases([["a", "b"], ["a", "b"]], min_count=1, threshold=0.1).save(file)
        >>> phrases = Phrases.load(io.BytesIO(file.getvalue()))
        >>> phrases.add_vocab([["a", "b"]])
        >>> dict(phrases.vocab)
        {'a': 3, 'b': 3, 'a_b': 3}
        """
        save_counted(self, fname_or_handle)

    @classmethod
    def load(cls, fname: Source, *, limits: Limits | None = None) -> Phrases:
        """Open what `save` has written, here or in gensim (3.x and 4.x).

        Parameters
        ----------
        fname
            The file, or a file object open for reading bytes.
        limits
            Bounds on what the file may ask for; `synvec.Limits()` by default.

        Raises
        ------
        AttributeError
            When the file holds something else; for chosen phrases alone, use `FrozenPhrases.load`.
        FormatError
            When the file is not what it claims to be.
        """
        from synvec.formats.sources import name_of as name_of_source

        loaded = load_phrases(fname, limits)
        if not isinstance(loaded, Phrases):
            raise AttributeError(
                f"{name_of_source(fname)} holds chosen phrases without counts; use "
                "FrozenPhrases.load"
            )
        return loaded

    def __getstate__(self) -> dict[str, Any]:
        keys, counts = self._model.words()
        parts = {"keys": keys, "counts": counts, "total_words": self._model.total_words}
        state = {name: value for name, value in vars(self).items() if name not in _MADE_ON_DEMAND}
        return state | {"_model": parts | self._model.pairs(1)}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state)
        self._chosen = self._vocab = None
        self._model = _core.PhraseModel.from_parts(
            sorted(self.connector_words), self.max_vocab_size, **state["_model"]
        )


def _best(found: Iterable[tuple[str, float]]) -> dict[str, float]:
    """Of phrases and scores, the best first, those that read alike once, with the better score."""
    best: dict[str, float] = {}
    for phrase, score in found:
        best.setdefault(phrase, score)
    return best
