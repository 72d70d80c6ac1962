"""What is known of each key beside its vector: counts, and columns of the user's own."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from synvec.key_types import KeyT
from synvec.keyed_vectors.keys import Keys


class Columns(Keys[KeyT]):
    """One value a key under each name."""

    expandos: dict[str, NDArray[Any]]
    """Further columns: one value a key under each name, counts under ``"count"``."""

    # The counts that a reader made up of the order of rows, as long as they are the ones here.
    _made_up_counts: NDArray[Any] | None = None

    @property
    def counts(self) -> NDArray[Any] | None:
        """How often each key was seen, V integers; None when that is unknown."""
        return self.expandos.get("count")

    @property
    def known_counts(self) -> NDArray[Any] | None:
        """``counts``, and None for such as were made up: what is written and shown to others.

        word2vec's and GloVe's files hold no counts; as in gensim, what is loaded from them counts
        from V down to 1. With ``set_vecattr(key, "count", n)`` they become yours.
        """
        return None if self._has_made_up_counts() else self.counts

    def _has_made_up_counts(self) -> bool:
        return self._made_up_counts is not None and self.counts is self._made_up_counts

    def _make_up_counts(self) -> None:
        """Take the order of the rows for that of their counts."""
        self._made_up_counts = np.arange(len(self), 0, -1, dtype=np.uint64)
        self.expandos["count"] = self._made_up_counts

    def _replace_expandos(self, expandos: dict[str, NDArray[Any]]) -> None:
        """Put changed columns in the place of those there are; counts stay made up."""
        made_up = self._has_made_up_counts()
        self.expandos = expandos
        self._made_up_counts = expandos["count"] if made_up else None
