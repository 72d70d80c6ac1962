"""``kv.vocab`` and ``model.vocab``: what older gensims knew of a word, as a view of the store."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from synvec.keyed_vectors.keyed_vectors import KeyedVectors


class Vocab:
    """What older gensims knew of a word; compared by ``count``.

    Examples
    --------
    >>> Vocab(count=3, index=0) < Vocab(count=7, index=1)
    True
    >>> Vocab(count=3, index=0)
    Vocab(count=3, index=0)
    """

    def __init__(self, **values: Any) -> None:
        self.__dict__.update({"count": 0, **values})

    if TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any: ...

    def __lt__(self, other: Vocab) -> bool:
        return bool(self.count < other.count)

    def __repr__(self) -> str:
        return f"Vocab({', '.join(f'{name}={value!r}' for name, value in vars(self).items())})"


CompatVocab = Vocab


class _StoredVocab(Vocab):
    """One key of a store; nothing is copied out of it."""

    def __init__(self, kv: KeyedVectors, key: str, index: int, sample: float | None) -> None:
        self._kv, self._key, self._index, self._sample = kv, key, index, sample

    @property
    def index(self) -> int:
        return self._index

    @property
    def count(self) -> int:
        """How often the key was seen; where that is unknown, falling numbers as in gensim."""
        counts = self._kv.counts
        return len(self._kv) - self._index if counts is None else int(counts[self._index])

    @count.setter
    def count(self, count: int) -> None:
        self._kv.set_vecattr(self._key, "count", count)

    @property
    def sample_int(self) -> int:
        """How many of 2³² tokens of the word subsampling keeps: (√(c/t) + 1) · t/c of them."""
        counts = self._kv.counts
        if self._sample is None or counts is None:
            raise AttributeError(
                "sample_int takes the model's sample, and a KeyedVectors doesn't know it: ask for "
                "model.vocab[word].sample_int"
            )
        t = self._sample
        t = t * int(counts.sum()) if t < 1 else math.floor(t * (3 + math.sqrt(5)) / 2)
        c = self.count
        keep = (math.sqrt(c / t) + 1) * t / c if t and c else 1
        return math.floor(min(keep, 1) * 2**32)

    def __repr__(self) -> str:
        return f"Vocab(count={self.count}, index={self._index})"


class VocabView(Mapping[str, Vocab]):
    """Each key with its ``count`` and ``index``, as a read-only dictionary over the store.

    Its values are made when they are asked for. A count can be set, which sets it in the store.

    Parameters
    ----------
    kv
        The store.
    sample
        The subsampling threshold of its model, which the values' ``sample_int`` takes.

    Examples
    --------
    >>> import numpy as np
    >>> from synvec import KeyedVectors
    >>> vocab = VocabView(KeyedVectors.from_arrays(["socket", "year"], np.eye(2), counts=[7, 3]))
    >>> vocab["year"].count, vocab["year"].index, "month" in vocab
    (3, 1, False)
    >>> sorted(vocab, key=lambda word: vocab[word].count)
    ['year', 'socket']
    """

    def __init__(self, kv: KeyedVectors, sample: float | None = None) -> None:
        self._kv, self._sample = kv, sample

    def __getitem__(self, key: str) -> Vocab:
        return _StoredVocab(self._kv, key, self._kv.key_to_index[key], self._sample)

    def __contains__(self, key: object) -> bool:
        return key in self._kv.key_to_index

    def __iter__(self) -> Iterator[str]:
        return iter(self._kv.key_to_index)

    def __len__(self) -> int:
        return len(self._kv)

    def __eq__(self, other: object) -> bool:
        return self._kv is other._kv if isinstance(other, VocabView) else NotImplemented

    __hash__ = None  # type: ignore[assignment]  # as a dict

    def __repr__(self) -> str:
        return f"VocabView({self._kv!r})"
