"""Phrases that were chosen, and corpora seen through them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from typing import TYPE_CHECKING, Any

import numpy as np

from synvec import _core
from synvec.arguments import NO_PICKLE, with_known_arguments
from synvec.corpora import scan
from synvec.phrase_files import load_phrases, save_frozen
from synvec.phrase_scores import Scoring

if TYPE_CHECKING:
    from synvec.formats.limits import Limits
    from synvec.formats.sources import Source, Target
    from synvec.phrases import Phrases

Sentence = Sequence[str]


class PhrasedCorpus:
    """A corpus seen through phrases: it can be iterated over as often as the corpus itself.

    Made by ``phrases[corpus]``. Given to `Word2Vec`, `Phrases` or `scan` it is read by the core in
    one go; iterating over it yields lists of words. Its phrases are those of the moment when it is
    read: what is counted or set later counts for the next time.
    """

    def __init__(self, phrases: Phrases | FrozenPhrases, corpus: Iterable[Sentence]) -> None:
        self.phrases = phrases
        self.corpus = corpus

    def __iter__(self) -> Iterator[list[str]]:
        frozen = self.phrases.current()
        for sentence in self.corpus:
            yield frozen.join(sentence)

    def __len__(self) -> int:
        """Return how many sentences the corpus has; a `TypeError` where it can't tell."""
        return len(self.corpus)  # type: ignore[arg-type]  # the error of len() says it well

    def __getitem__(self, number: Any) -> Any:
        """Return one sentence with its phrases, or some (of a slice), where the corpus can."""
        return self.phrases[self.corpus[number]]  # type: ignore[index]

    def scan(self, **settings: Any) -> _core.ScannedCorpus:
        """Read the corpus once, as `synvec.scan` does, with the phrases in it."""
        return self.phrases.current().apply(scan(self.corpus, **settings))


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
    >>> from synvec import Phrases
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
        single, sentence = whether_single(sentence)
        return self.join(sentence) if single else PhrasedCorpus(self, sentence)

    def current(self) -> FrozenPhrases:
        """Return these phrases: they are the same at any time."""
        return self

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

    @with_known_arguments(**NO_PICKLE)
    def save(self, fname_or_handle: Target) -> None:
        """Save the phrases, their scores and the settings, in synvec's own format.

        Parameters
        ----------
        fname_or_handle
            The file, or a file object open for writing bytes.

        Raises
        ------
        ValueError
            When ``scoring`` is a function of your own, which a file can't hold.
        NonFiniteError
            When a score is NaN or infinity.
        OSError
            When the system refuses; an old file is left.
        """
        save_frozen(self, fname_or_handle)

    @classmethod
    def load(cls, fname: Source, *, limits: Limits | None = None) -> FrozenPhrases:
        """Open phrases that `save` has written, here or in gensim; see `Phrases.load`.

        Of a file with everything that was counted, the phrases that come of it.
        """
        loaded = load_phrases(fname, limits)
        return loaded if isinstance(loaded, FrozenPhrases) else cls(loaded)


Phraser = FrozenPhrases
"""gensim's older name of `FrozenPhrases`."""


def _as_sentence(sentence: Iterable[str]) -> Iterable[str]:
    if isinstance(sentence, str):
        raise TypeError(f"a sentence is a list of words, not the string {sentence!r}; split it")
    return sentence


def whether_single(given: Any) -> tuple[bool, Any]:
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
