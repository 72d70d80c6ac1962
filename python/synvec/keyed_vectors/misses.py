"""What an unknown key gets: a KeyError that names it and suggests keys that look like it."""

from __future__ import annotations

import unicodedata
from typing import Any

import numpy as np

from synvec._core import KeyTable
from synvec.key_types import has_integers, is_integer

# Spelling is compared with this many of the most frequent keys and no more: a miss in a store of
# millions must not take seconds.
CANDIDATES = 10_000
SUGGESTIONS = 3
# Of a longer key, a whole text by mistake for one, no more than this is compared.
COMPARED = 100
# Letters that Unicode doesn't take for another letter with an accent, but people do.
LIKE_ACCENTED = str.maketrans(
    {"æ": "ae", "đ": "d", "ð": "d", "ħ": "h", "ı": "i", "ł": "l", "ø": "o", "œ": "oe", "þ": "th"}
)


class UnknownKeyError(KeyError):
    """A key that the store doesn't hold.

    The suggestions are looked for only when the message is read: code that catches the error for
    each unknown word of a text pays nothing for them.

    Parameters
    ----------
    key
        What was asked for.
    keys
        The keys there are.
    where
        Where it is not, for gensim's messages.

    Examples
    --------
    >>> import numpy as np
    >>> from synvec import KeyedVectors
    >>> kv = KeyedVectors.from_arrays(["king", "queen"], np.eye(2, dtype=np.float32))
    >>> kv["kinng"]
    Traceback (most recent call last):
        ...
    synvec.keyed_vectors.misses.UnknownKeyError: Key 'kinng' not present, did you mean 'king'?
    """

    def __init__(self, key: object, keys: KeyTable[Any], where: str = "") -> None:
        super().__init__(f"Key {key!r} not present{where}")
        self.key = key
        self._keys = keys

    def suggestions(self) -> list[str]:
        """Return up to three keys that differ from the unknown one in case, accents or spelling."""
        if not isinstance(self.key, str) or has_integers(self._keys):
            return []
        return close_keys(self.key, self._keys)

    def __str__(self) -> str:
        message = str(self.args[0])
        if has_integers(self._keys):
            return message + self._hint_among_integers()
        if isinstance(self.key, str):
            close = self.suggestions()
            if not close:
                return message
            return f"{message}, did you mean {' or '.join(map(repr, close))}?" + _form_of(
                self.key, close[0]
            )
        if is_integer(self.key):
            if not len(self._keys):
                return f"{message}, there are no keys yet"
            return f"{message}, positions run from 0 to {len(self._keys) - 1}"
        hint = "; a vector goes in as a NumPy array" if _is_numeric(self.key) else ""
        return f"{message}, keys are str, and an int is a position{hint}"

    def _hint_among_integers(self) -> str:
        if is_integer(self.key):
            return ""
        if isinstance(self.key, str) and self._keys.texts().index(self.key) >= 0:
            return f", the keys are integers: ask for {self.key}, without quotes"
        hint = "; a vector goes in as a NumPy array" if _is_numeric(self.key) else ""
        return f", the keys are integers{hint}"

    def __reduce__(self) -> tuple[type[KeyError], tuple[str]]:
        # Across processes the message is what matters, not the table of keys behind it.
        return KeyError, (str(self),)


def close_keys(key: str, keys: KeyTable) -> list[str]:
    """Return up to three keys like ``key``: other cases and accents of it, then other spellings.

    Examples
    --------
    >>> from synvec._core import KeyTable
    >>> close_keys("PARIS", KeyTable(["paris", "Paris", "parts"]))
    ['paris', 'Paris']
    >>> close_keys("zurich", KeyTable(["rich", "Zürich"]))
    ['Zürich']
    """
    close = [form for form in _forms(key) if keys.index(form) >= 0]
    if not close:
        folded = fold(key)
        frequent = [(fold(other), other) for other in keys.keys(0, CANDIDATES)]
        close = [other for bare, other in frequent if bare == folded] or _alike(folded, frequent)
    return close[:SUGGESTIONS]


def fold(text: str) -> str:
    """Return ``text`` without what case, accents and Unicode forms make different.

    Examples
    --------
    >>> fold("Curié"), fold("STRASSE") == fold("straße"), fold("Łódź")
    ('curie', True, 'lodz')
    """
    if text.isascii():
        return text.strip().lower()
    apart = unicodedata.normalize("NFKD", text.casefold()).casefold()
    kept = "".join(char for char in apart if not _is_slight(char))
    return kept.translate(LIKE_ACCENTED).strip()


def _is_slight(char: str) -> bool:
    """Whether it is an accent, or is not seen at all, as a soft hyphen or a byte order mark."""
    mark = unicodedata.combining(char)
    # 200 and above are accents, 10 to 36 the vowel points of Hebrew and Arabic. The vowels of
    # Indic scripts and the voicing of kana are marks too, but make another word.
    return mark >= 200 or 10 <= mark <= 36 or unicodedata.category(char) == "Cf"


def _forms(key: str) -> list[str]:
    """Return other ways to write ``key``: one look-up each, however many keys there are."""
    bare = key.strip()
    forms: dict[str, None] = {}
    for text in (bare, bare.casefold(), fold(bare)):
        for form in (text, *(unicodedata.normalize(name, text) for name in ("NFC", "NFD"))):
            forms |= dict.fromkeys(
                [form, form.lower(), form.capitalize(), form.title(), form.upper()]
            )
        forms |= dict.fromkeys([unicodedata.normalize("NFKC", text), "_".join(text.split())])
    return list(forms)


def _alike(folded: str, frequent: list[tuple[str, str]]) -> list[str]:
    # ratio() can't reach the cutoff when the lengths differ by more than this.
    slack = 1 + len(folded) // 2
    near: dict[str, str] = {}
    for bare, other in frequent:
        if abs(len(bare) - len(folded)) <= slack:
            near.setdefault(bare, other)
    from difflib import get_close_matches  # a miss is rare, an import is not

    alike = get_close_matches(folded[:COMPARED], near, n=SUGGESTIONS, cutoff=0.75)
    return [near[bare] for bare in alike]


def _is_numeric(key: object) -> bool:
    """Whether it looks like a vector, or a number of one, that was given for a key."""
    if isinstance(key, list | tuple):
        return len(key) > 0 and all(isinstance(number, int | float) for number in key)
    return isinstance(key, float | np.floating)


def _form_of(key: str, other: str) -> str:
    """Return a hint where the two look the same on the screen, else nothing."""
    for form in ("NFC", "NFD"):
        if unicodedata.normalize(form, key) == other:
            return f" The letters are the same: look up unicodedata.normalize({form!r}, key)"
    return ""
