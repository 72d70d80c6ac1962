"""The models of a worker: by name, replaced while it serves."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from typing import TypeVar

import numpy as np

from synvec.arithmetic import Matrix, Vector
from synvec.keyed_vectors import KeyedVectors, UnknownKeyError
from synvec.keyed_vectors.misses import close_keys
from synvec.server import problems
from synvec.server.batching import Batcher, Neighbors, Question
from synvec.statistics import Correlation, pearson, spearman

Item = str | list[float]
"""A key, or a vector of D numbers."""

T = TypeVar("T")


class Model:
    """Vectors with a name.

    Parameters
    ----------
    name
        Its name in requests.
    vectors
        What is asked; nobody writes to it.
    version
        1 for the file as it was first opened, one more each time it was replaced.
    batcher
        The line of those who ask for neighbours.
    """

    def __init__(self, name: str, vectors: KeyedVectors, version: int, batcher: Batcher) -> None:
        self.name = name
        self.vectors = vectors
        self.version = version
        self._batcher = batcher
        # A search for spellings takes milliseconds of Python: one at a time, so that a flood of
        # unknown words doesn't keep everyone else waiting.
        self._spelling = threading.Lock()
        self._close_keys = lru_cache(1024)(self._look_for_close_keys)

    async def neighbors(
        self,
        positive: Sequence[Item],
        negative: Sequence[Item],
        topn: int,
        restrict_vocab: int | None,
    ) -> Neighbors:
        """Return what ``most_similar(positive, negative)`` returns."""
        items = [*self._items("positive", positive), *self._items("negative", negative)]
        weights = [1.0] * len(positive) + [-1.0] * len(negative)
        vector = self._asked(
            lambda: self.vectors.get_mean_vector(
                items, weights, pre_normalize=True, post_normalize=True, ignore_missing=False
            )
        )
        excluded = sorted(self.vectors._positions_among(items))
        question = Question(self.vectors, vector[np.newaxis], [excluded], topn, restrict_vocab)
        return (await self._batcher.ask(question))[0]

    async def neighbors_batch(
        self, queries: Sequence[Item], topn: int, restrict_vocab: int | None
    ) -> list[Neighbors]:
        """Return what ``most_similar_batch(queries)`` returns."""
        items = self._items("queries", queries)
        vectors, excluded = self._asked(lambda: self.vectors._queries(items))
        return await self._batcher.ask(
            Question(self.vectors, vectors, excluded, topn, restrict_vocab)
        )

    def similarities(self, pairs: Sequence[tuple[str, str]]) -> list[float]:
        """Return the cosine of each pair of keys."""
        first = self.rows([one for one, _ in pairs], norm=True)
        second = self.rows([other for _, other in pairs], norm=True)
        cosines: list[float] = np.einsum("ij,ij->i", first, second).tolist()
        return cosines

    def rows(self, keys: Sequence[str], norm: bool) -> Matrix:
        """Return the vectors of keys, scaled to length 1 with ``norm``."""
        look = self.vectors._unit_rows_of if norm else self.vectors._rows_of
        return self._asked(lambda: look(keys))

    def outlier(self, keys: Sequence[str]) -> str:
        """Return the key that fits the others least."""
        self.rows(
            keys, norm=True
        )  # here an unknown key is an error, in the library a line in the log
        return self.vectors.doesnt_match(list(keys))

    def correlations(
        self, pairs: Sequence[tuple[str, str, float]]
    ) -> tuple[Correlation, Correlation, float]:
        """Return Pearson's and Spearman's of cosines and scores, and the unknown pairs in percent.

        Keys are taken as they are written, and pairs with an unknown one are left out.
        """
        known = [pair for pair in pairs if pair[0] in self.vectors and pair[1] in self.vectors]
        if len(known) < 2:
            raise problems.invalid_field(
                "pairs", f"{len(known)} of {len(pairs)} pairs have both keys, expected at least 2"
            )
        cosines = self.similarities([(one, other) for one, other, _ in known])
        scores = [score for _, _, score in known]
        unknown = 100 * (len(pairs) - len(known)) / len(pairs)
        return pearson(scores, cosines), spearman(scores, cosines), unknown

    def _items(self, field: str, items: Sequence[Item]) -> list[str | Vector]:
        """Return the items of a request with its vectors as arrays."""
        size = self.vectors.vector_size
        checked: list[str | Vector] = []
        for place, item in enumerate(items):
            if isinstance(item, str):
                checked.append(item)
                continue
            with np.errstate(over="ignore"):
                vector = np.array(item, dtype=np.float32)
            if vector.shape != (size,):
                raise problems.invalid_field(
                    f"{field}.{place}", f"a vector of {len(item)} numbers, expected {size}"
                )
            if not np.isfinite(vector).all():
                raise problems.invalid_field(
                    f"{field}.{place}", "a number too large for float32, expected finite ones"
                )
            checked.append(vector)
        return checked

    def _asked(self, ask: Callable[[], T]) -> T:
        """Return what the library answers; an unknown key becomes the answer that says so."""
        try:
            return ask()
        except UnknownKeyError as error:
            key = str(error.key)
            raise problems.unknown_key(key, self._suggestions(key)) from None

    def _suggestions(self, key: str) -> list[str]:
        if not self._spelling.acquire(blocking=False):
            return []
        try:
            return list(self._close_keys(key))
        finally:
            self._spelling.release()

    def _look_for_close_keys(self, key: str) -> list[str]:
        return close_keys(key, self.vectors.key_table)


class Models:
    """The models that are served, by name."""

    def __init__(self) -> None:
        self._models: dict[str, Model] = {}
        self._unavailable: dict[str, str] = {}

    def __iter__(self) -> Iterator[Model]:
        return iter(sorted(self._models.values(), key=lambda model: model.name))

    def __getitem__(self, name: str) -> Model:
        if (model := self._models.get(name)) is not None:
            return model
        if name in self._unavailable:
            raise problems.unavailable_model(name, self._unavailable[name])
        raise problems.unknown_model(name, sorted(self._models))

    def put(self, model: Model) -> None:
        """Serve a model from now on; questions to an older one of its name are still answered."""
        self._models[model.name] = model
        self._unavailable.pop(model.name, None)

    def lack(self, name: str, reason: str) -> None:
        """Say that a model cannot be served, unless an older one of its name is."""
        if name not in self._models:
            self._unavailable[name] = reason

    @property
    def is_ready(self) -> bool:
        """Whether there are models, and all of them can be asked."""
        return bool(self._models) and not self._unavailable
