"""The words of a store that questions are asked about."""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from synvec.keyed_vectors.similarity import Similarity


@dataclass
class Vocabulary:
    """The words that questions are asked about: the first rows, letters folded or not."""

    index: dict[str, int]
    """The row of each word; of several that fold into one, the most frequent."""
    variants: dict[str, list[int]]
    """All rows of words that fold into one with others."""
    fold: bool
    size: int

    @classmethod
    def of(
        cls, kv: Similarity[Any], restrict_vocab: int | None, case_insensitive: bool
    ) -> Vocabulary:
        """Read the first ``restrict_vocab`` keys (None or 0 for all)."""
        if restrict_vocab is not None and restrict_vocab < 0:
            raise ValueError(f"restrict_vocab is {restrict_vocab}, expected a number of rows")
        keys = kv.key_table.texts().keys(0, min(restrict_vocab or len(kv), len(kv)))
        index: dict[str, int] = {}
        variants: dict[str, list[int]] = {}
        for row, key in enumerate(keys):
            word = key.upper() if case_insensitive else key
            first = index.setdefault(word, row)
            if first != row:
                variants.setdefault(word, [first]).append(row)
        return cls(index, variants, case_insensitive, len(keys))

    def only(self, words: Set[str]) -> Vocabulary:
        """Return a vocabulary that knows these words alone; answers may still be any row."""
        return replace(self, index={word: row for word, row in self.index.items() if word in words})

    def word(self, text: str) -> str:
        """Return the word as it stands in the index."""
        return text.upper() if self.fold else text

    def rows(self, word: str) -> list[int]:
        """Return every row of a word."""
        return self.variants.get(word) or [self.index[word]]
