"""Raw text to words, as gensim's users do it."""

from __future__ import annotations

import re
import unicodedata

_LETTERS = re.compile(r"[^\W\d]+")


def simple_preprocess(
    doc: str | bytes, deacc: bool = False, min_len: int = 2, max_len: int = 15
) -> list[str]:
    """Return the words of a text, lower-cased: runs of letters of some length.

    The words are those of gensim's function of this name: digits and all that is no letter
    separate, an underscore counts as a letter, and words that begin with one are left out. Also
    a function for ``Word2Vec(..., tokenize=simple_preprocess)``; ``tokenize="words"`` is faster by
    far, and keeps numbers, apostrophes within words, and words of any length.

    Parameters
    ----------
    doc
        The text; bytes are UTF-8, of which those that are not valid are ignored.
    deacc
        Whether accents and other marks are removed from letters.
    min_len, max_len
        The fewest and the most characters of a word.

    Returns
    -------
    list of str
        The words in the order of the text.

    Raises
    ------
    TypeError
        When ``doc`` is neither ``str`` nor ``bytes``.

    Examples
    --------
    >>> simple_preprocess("Où est l'été 2024? En _private, a zoo.")
    ['où', 'est', 'été', 'en', 'zoo']
    >>> simple_preprocess("Où est l'été?", deacc=True)
    ['ou', 'est', 'ete']
    """
    if isinstance(doc, bytes):
        doc = doc.decode(errors="ignore")
    elif not isinstance(doc, str):
        raise TypeError(f"doc is a {type(doc).__name__}, expected str or bytes")
    text = doc.lower()
    if deacc:
        text = _without_marks(text)
    return [
        word
        for word in _LETTERS.findall(text)
        if min_len <= len(word) <= max_len and word[0] != "_"
    ]


def _without_marks(text: str) -> str:
    if text.isascii():
        return text
    split = unicodedata.normalize("NFD", text)
    letters = (letter for letter in split if unicodedata.category(letter) != "Mn")
    return unicodedata.normalize("NFC", "".join(letters))
