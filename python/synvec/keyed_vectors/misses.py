"""What an unknown key gets: a KeyError that names it and suggests keys that look like it."""

from __future__ import annotations

from synvec._core import KeyTable

# Spelling is compared with this many of the most frequent keys and no more: a miss in a store of
# millions must not take seconds.
CANDIDATES = 10_000
SUGGESTIONS = 3


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

    def __init__(self, key: object, keys: KeyTable) -> None:
        super().__init__(f"Key {key!r} not present")
        self.key = key
        self._keys = keys

    def suggestions(self) -> list[str]:
        """Return up to three keys that differ from the unknown one in case or spelling."""
        return close_keys(self.key, self._keys) if isinstance(self.key, str) else []

    def __str__(self) -> str:
        message = str(self.args[0])
        if isinstance(self.key, str):
            close = self.suggestions()
            return f"{message}, did you mean {' or '.join(map(repr, close))}?" if close else message
        if isinstance(self.key, int):
            return f"{message}, positions run from 0 to {len(self._keys) - 1}"
        return f"{message}, keys are str, and an int is a position"

    def __reduce__(self) -> tuple[type[KeyError], tuple[str]]:
        # Across processes the message is what matters, not the table of keys behind it.
        return KeyError, (str(self),)


def close_keys(key: str, keys: KeyTable) -> list[str]:
    """Return up to three keys like ``key``: first other cases of it, then other spellings.

    Examples
    --------
    >>> from synvec._core import KeyTable
    >>> close_keys("PARIS", KeyTable(["paris", "Paris", "parts"]))
    ['paris', 'Paris']
    """
    bare = key.strip()
    lower = bare.lower()
    forms = [bare, lower, bare.capitalize(), bare.title(), bare.upper(), bare.replace(" ", "_")]
    close = [form for form in dict.fromkeys(forms) if keys.index(form) >= 0]
    if not close:
        # ratio() can't reach the cutoff when the lengths differ by more than this.
        slack = 1 + len(key) // 2
        near = [k for k in keys.keys(0, CANDIDATES) if abs(len(k) - len(key)) <= slack]
        from difflib import get_close_matches  # a miss is rare, an import is not

        close = get_close_matches(lower[:100], near, n=SUGGESTIONS, cutoff=0.75)
    return close[:SUGGESTIONS]
