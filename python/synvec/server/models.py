"""The models of a worker: by name, replaced while it serves."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from synvec.arithmetic import Matrix, Vector
from synvec.key_types import index_of
from synvec.keyed_vectors import KeyedVectors, UnknownKeyError
from synvec.keyed_vectors.misses import close_keys
from synvec.server import problems
from synvec.server.batching import Batcher, Question
from synvec.statistics import Correlation, pearson, spearman

if TYPE_CHECKING:
    from synvec.keyed_vectors.preparing import PreparedQueries
    from synvec.search import ApproximateIndex

Key = str | int
Item = Key | list[float]
"""A key, or a vector of D numbers."""

T = TypeVar("T")

_INTEGER = re.compile(r"-?[0-9]{1,19}")


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
    index
        By which neighbours among all keys are found; None for an exact search.
    """

    def __init__(
        self,
        name: str,
        vectors: KeyedVectors[Any],
        version: int,
        batcher: Batcher[bytes],
        index: ApproximateIndex[Any] | None = None,
    ) -> None:
        self.name = name
        self.vectors = vectors
        self.version = version
        self.index = index
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
    ) -> bytes:
        """Return what ``most_similar(positive, negative)`` returns, as JSON."""
        plus, minus = self._items("positive", positive), self._items("negative", negative)
        asked = self._asked("positive", lambda: self.vectors.prepare_query(plus, minus))
        return (await self._batcher.ask(self._question(asked, topn, restrict_vocab)))[0]

    async def neighbors_batch(
        self, queries: Sequence[Item], topn: int, restrict_vocab: int | None
    ) -> list[bytes]:
        """Return what ``most_similar_batch(queries)`` returns, as JSON for each."""
        items = self._items("queries", queries)
        asked = self._asked("queries", lambda: self.vectors.prepare_queries(items))
        return await self._batcher.ask(self._question(asked, topn, restrict_vocab))

    def _question(self, asked: PreparedQueries, topn: int, restrict_vocab: int | None) -> Question:
        # An index is of all rows; of the first so many an exact search finds what is wanted.
        index = self.index if restrict_vocab is None else None
        return Question(self.vectors, asked, topn, restrict_vocab, index)

    def similarities(self, pairs: Sequence[tuple[Key, Key]]) -> list[float]:
        """Return the cosine of each pair of keys."""
        first = self.rows([one for one, _ in pairs], norm=True)
        second = self.rows([other for _, other in pairs], norm=True)
        cosines: list[float] = np.einsum("ij,ij->i", first, second).tolist()
        return cosines

    def rows(self, keys: Sequence[Key], norm: bool) -> Matrix:
        """Return the vectors of keys, scaled to length 1 with ``norm``."""
        self._refuse_positions(keys)
        return self._asked("keys", lambda: self.vectors.rows_of(keys, norm))

    def outlier(self, keys: Sequence[Key]) -> Key:
        """Return the key that fits the others least."""
        # Here an unknown key is an error, in the library a line in the log.
        self.rows(keys, norm=True)
        return self.vectors.doesnt_match(list(keys))

    def key_of(self, text: str) -> Key:
        """Return a key as a URL holds it, where all are text, as the key that it may be."""
        is_integer = self.vectors.key_type is int and _INTEGER.fullmatch(text)
        return int(text) if is_integer else text

    def correlations(
        self, pairs: Sequence[tuple[Key, Key, float]]
    ) -> tuple[Correlation, Correlation, float]:
        """Return Pearson's and Spearman's of cosines and scores, and the unknown pairs in percent.

        Keys are taken as they are written, and pairs with an unknown one are left out.
        """
        known = [pair for pair in pairs if self._has(pair[0]) and self._has(pair[1])]
        if len(known) < 2:
            raise problems.invalid_field(
                "pairs", f"{len(known)} of {len(pairs)} pairs have both keys, expected at least 2"
            )
        cosines = self.similarities([(one, other) for one, other, _ in known])
        scores = [score for _, _, score in known]
        unknown = 100 * (len(pairs) - len(known)) / len(pairs)
        return pearson(scores, cosines), spearman(scores, cosines), unknown

    def _has(self, key: Key) -> bool:
        return isinstance(key, self.vectors.key_type) and key in self.vectors

    def _refuse_positions(self, items: Iterable[Item]) -> None:
        """Refuse integers where keys are strings, which the library would take for positions.

        Who asks for 7 means a key; the row at place 7 would be the answer to another question.
        """
        if self.vectors.key_type is str:
            for item in items:
                if isinstance(item, int):
                    raise self._unknown(item)

    def _items(self, field: str, items: Sequence[Item]) -> list[Key | Vector]:
        """Return the items of a request with its vectors as arrays."""
        self._refuse_positions(items)
        size = self.vectors.vector_size
        checked: list[Key | Vector] = []
        for place, item in enumerate(items):
            if isinstance(item, str | int):
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

    def _asked(self, field: str, ask: Callable[[], T]) -> T:
        """Return what the library answers; what is wrong becomes the answer that says so."""
        try:
            return ask()
        except UnknownKeyError as error:
            key: Key = error.key if isinstance(error.key, int) else str(error.key)
            raise self._unknown(key) from None
        except ValueError as error:  # a key's vector may hold NaN when somebody insisted
            raise problems.invalid_field(field, str(error)) from None

    def _unknown(self, key: Key) -> problems.RequestError:
        kind = {str: "strings", int: "integers"}[self.vectors.key_type]
        is_of_kind = isinstance(key, self.vectors.key_type)
        return problems.unknown_key(key, self._suggestions(key), None if is_of_kind else kind)

    def _suggestions(self, key: Key) -> list[Key]:
        if isinstance(key, int) or self.vectors.key_type is int:
            # Written as the other kind it may be there.
            other = str(key) if isinstance(key, int) else self.key_of(key)
            return [other] if index_of(self.vectors.key_table, other) >= 0 else []
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
