"""Vectors with subwords: every word has one, in the vocabulary or not."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, Self, cast

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from synvec._core import KeyTable, Subwords
from synvec.arithmetic import Matrix, Vector, divisors, row_norms
from synvec.errors import HeaderError
from synvec.fasttext.buckets import BucketsOfKeys
from synvec.fasttext.own_rows import OwnRows, require_text
from synvec.key_types import Key
from synvec.keyed_vectors import UnknownKeyError
from synvec.keyed_vectors.store import as_rows

if TYPE_CHECKING:
    from synvec.formats.native import NativeParts

logger = logging.getLogger(__name__)


class FastTextKeyedVectors(OwnRows):
    """Keys with vectors that are made of their own row and of those of their n-grams.

    A key's vector is the mean of its own row and of the rows of its n-grams of characters; that of
    any other word is the mean of the latter (Bojanowski et al. 2017). So every word can be asked
    for: ``word in kv`` is true as long as there are buckets, and ``has_index_for`` or
    ``key_to_index`` tell whether it is a key.

    ``vectors`` is made when something first needs it: opening a file makes none, a single word's
    vector only that one. What is written through ``kv[key] = vector`` changes the key's own row, so
    that its vector is what was given.

    Parameters
    ----------
    vector_size
        D, the length of a vector.
    min_n, max_n
        Characters of the shortest and of the longest n-gram.
    bucket
        How many buckets n-grams are hashed into; with none there are no subwords.
    count
        Make room for that many keys beforehand.
    dtype
        float32 is the only one.

    Examples
    --------
    >>> rows = np.ones((50, 2))
    >>> kv = FastTextKeyedVectors.from_parts(["socket"], [[4, 8]], rows, min_n=5, max_n=6)
    >>> len(kv.buckets_word[0]), kv["socket"]
    (7, array([1.375, 1.875], dtype=float32))
    >>> "sockets" in kv, kv.has_index_for("sockets"), kv["sockets"]
    (True, False, array([1., 1.], dtype=float32))
    """

    # The vectors, once made; never with no buckets, where they are the own rows.
    _composed: Matrix | None

    def __init__(
        self,
        vector_size: int,
        min_n: int = 3,
        max_n: int = 6,
        bucket: int = 0,
        count: int = 0,
        dtype: DTypeLike = np.float32,
    ) -> None:
        self._subwords = Subwords(min_n, max_n, bucket)
        self._composed = None
        super().__init__(vector_size, count, dtype)
        if bucket:
            self._own = np.zeros((count, vector_size), dtype=np.float32)
        self._ngrams = np.zeros((bucket, vector_size), dtype=np.float32)

    @classmethod
    def from_parts(
        cls,
        keys: KeyTable | Iterable[str],
        vectors_vocab: ArrayLike,
        vectors_ngrams: ArrayLike,
        *,
        min_n: int,
        max_n: int,
        counts: ArrayLike | None = None,
        compatible_hash: bool = True,
        bucket: int | None = None,
        ngram_buckets: NDArray[np.uint32] | None = None,
        vectors: ArrayLike | None = None,
        norms: ArrayLike | None = None,
    ) -> Self:
        """Build a store around arrays that are there already.

        C-contiguous float32 arrays are taken as they are, without a copy.

        Parameters
        ----------
        keys
            V distinct keys, in the order of the rows.
        vectors_vocab
            Each key's own row, V × D.
        vectors_ngrams
            The row of each bucket, B × D; none for no subwords.
        min_n, max_n
            Characters of the shortest and of the longest n-gram.
        counts
            How often each key was seen: V integers.
        compatible_hash
            Whether n-grams are hashed as fastText does; False for models of gensim before 3.8.
        bucket
            How many buckets there are, where not every one has a row.
        ngram_buckets
            Then, the bucket of each row, ascending; n-grams of other buckets count for nothing.
        vectors
            The vectors of the keys, V × D, and their lengths, when they have been made before.
        norms
            See ``vectors``.

        Raises
        ------
        ValueError
            When a key stands there twice, or shapes don't match.
        TypeError
            When the keys are a set, one of them is no str, or counts are no numbers.

        Examples
        --------
        >>> kv = FastTextKeyedVectors.from_parts(
        ...     ["a"], [[2, 4]], np.zeros((10, 2)), min_n=1, max_n=2
        ... )
        >>> kv.bucket, kv.vectors  # the n-grams are a, <a and a>
        (10, array([[0.5, 1. ]], dtype=float32))
        """
        store = cls.from_arrays(
            keys if isinstance(keys, KeyTable) else list(keys), vectors_vocab, counts=counts
        )
        require_text(store.key_type)
        ngrams: Matrix = np.require(np.asarray(vectors_ngrams), np.float32, ["C", "A"])
        if not ngrams.size:
            ngrams = ngrams.reshape(0, store.vector_size)
        subwords = Subwords(
            min_n, max_n, len(ngrams) if bucket is None else bucket, compatible_hash, ngram_buckets
        )
        store._ngrams = as_rows(ngrams, subwords.rows, store.vector_size)
        store._subwords = subwords
        if vectors is not None and subwords.bucket:
            store._composed = as_rows(vectors, len(store), store.vector_size)
        if norms is not None:
            store.norms = np.asarray(norms, dtype=np.float32)
        return store

    # --- what it is made of -----------------------------------------------------------------------

    @property
    def vector_size(self) -> int:
        """D, the length of a vector."""
        return int(self._own.shape[1])

    @property
    def min_n(self) -> int:
        """Characters of the shortest n-gram."""
        return self._subwords.min_n

    @property
    def max_n(self) -> int:
        """Characters of the longest n-gram."""
        return self._subwords.max_n

    @property
    def bucket(self) -> int:
        """How many buckets n-grams are hashed into; 0 for no subwords."""
        return self._subwords.bucket

    @property
    def compatible_hash(self) -> bool:
        """Whether n-grams are hashed as fastText does, and gensim since 3.8."""
        return self._subwords.compatible_hash

    @property
    def ngram_buckets(self) -> NDArray[np.uint32] | None:
        """The bucket of each row of ``vectors_ngrams``; None where every bucket has its row."""
        return self._subwords.kept

    @property
    def vectors_vocab(self) -> Matrix:
        """Each key's own row: V × D float32. After writing into it call ``adjust_vectors()``."""
        return self._own[: len(self)]

    @vectors_vocab.setter
    def vectors_vocab(self, rows: ArrayLike) -> None:
        self._own = as_rows(rows, len(self), self.vector_size)
        self.adjust_vectors()

    @property
    def vectors_ngrams(self) -> Matrix:
        """The row of each bucket: B × D float32.

        After writing into it call ``adjust_vectors()``.
        """
        return self._ngrams

    @vectors_ngrams.setter
    def vectors_ngrams(self, rows: ArrayLike) -> None:
        self._ngrams = as_rows(rows, self._subwords.rows, self.vector_size)
        self.adjust_vectors()

    @property
    def buckets_word(self) -> BucketsOfKeys:
        """The buckets of each key's n-grams, by position: uint32 arrays, made at each access."""
        return BucketsOfKeys(self._keys, self._subwords)

    def recalc_char_ngram_buckets(self) -> None:
        """Do nothing: in gensim it fills ``buckets_word``, which here is made at each access.

        Examples
        --------
        >>> FastTextKeyedVectors(vector_size=2).recalc_char_ngram_buckets()
        """

    def adjust_vectors(self) -> None:
        """Have ``vectors`` made anew from the own rows and those of n-grams, when next needed.

        What has been written straight into ``vectors`` is lost.

        Examples
        --------
        >>> kv = FastTextKeyedVectors.from_parts(
        ...     ["a"], [[2, 4]], np.zeros((10, 2)), min_n=1, max_n=2
        ... )
        >>> kv.vectors_vocab[0] = [8, 8]
        >>> kv.adjust_vectors()
        >>> kv["a"]
        array([2., 2.], dtype=float32)
        """
        self._composed = None
        self._norms = None

    # --- vectors of words -------------------------------------------------------------------------

    # `_rows` is what the base keeps vectors in: here they are made when it is first read.
    @property
    def _rows(self) -> Matrix:
        if not self._subwords.bucket:
            return self._own
        # Threads that meet here make the same numbers, and each binds a finished array.
        composed = self._composed
        if composed is None:
            composed = self._subwords.word_vectors(self._keys, self.vectors_vocab, self._ngrams)
            self._composed = composed
        return composed

    @_rows.setter
    def _rows(self, rows: Matrix) -> None:
        if self._subwords.bucket:
            self._composed = rows
        else:
            self._own = rows

    def __contains__(self, key: object) -> bool:
        """Whether ``key`` has a vector: any str, as long as there are buckets."""
        return self.has_index_for(key) or (isinstance(key, str) and self._subwords.bucket > 0)

    def get_vector(self, key: Key, norm: bool = False) -> Vector:
        """Return the vector of any word.

        Parameters
        ----------
        key
            A key, a position, or any other word.
        norm
            Whether to scale it to length 1; a zero vector stays zero.

        Returns
        -------
        numpy.ndarray
            D float32 numbers, read-only. Of a word outside the vocabulary that is too short for
            any n-gram: zeros, with a line in the log.

        Raises
        ------
        KeyError
            For a word outside the vocabulary when there are no buckets, or a wrong position.

        Examples
        --------
        >>> kv = FastTextKeyedVectors.from_parts(["a"], [[0, 0]], [[3, 4]], min_n=2, max_n=3)
        >>> kv.get_vector("unseen"), kv.get_vector("unseen", norm=True)
        (array([3., 4.], dtype=float32), array([0.6, 0.8], dtype=float32))
        """
        if norm:
            vector: Vector = self._unit_rows_of([key])[0]
        elif self._composed is not None and self.has_index_for(key):
            return super().get_vector(key)
        else:
            vector = self._rows_of([key])[0]
        vector.flags.writeable = False
        return vector

    def get_sentence_vector(self, sentence: Sequence[Key]) -> Vector:
        """Return the mean of the unit vectors of a text's words, as ``get_mean_vector`` does.

        Parameters
        ----------
        sentence
            The words: a list, not a str.

        Examples
        --------
        >>> kv = FastTextKeyedVectors.from_parts(["a"], [[6, 8]], [[0, 0]], min_n=4, max_n=4)
        >>> kv.get_sentence_vector(["a", "a"])
        array([0.6, 0.8], dtype=float32)
        """
        return self.get_mean_vector(sentence)

    def _rows_at(self, positions: NDArray[np.int64]) -> Matrix:
        if self._composed is not None or not self._subwords.bucket:
            return super()._rows_at(positions)
        return self._subwords.word_vectors(
            self._keys, self.vectors_vocab, self._ngrams, np.ascontiguousarray(positions)
        )

    def _rows_of(self, keys: Iterable[Key]) -> Matrix:
        items: list[Key] = keys.tolist() if isinstance(keys, np.ndarray) else list(keys)
        places = np.fromiter(map(self._position, items), np.int64, len(items))
        is_key = places >= 0
        if is_key.all():
            return self._rows_at(places)
        rows = np.empty((len(items), self.vector_size), dtype=np.float32)
        rows[is_key] = self._rows_at(places[is_key])
        rows[~is_key] = self._outside([items[at] for at in np.flatnonzero(~is_key).tolist()])
        return rows

    def _unit_rows_of(self, keys: Iterable[Key]) -> Matrix:
        rows = self._rows_of(keys)
        self._unit_ready = True
        return rows / divisors(row_norms(rows))

    def _outside(self, words: Sequence[Key]) -> Matrix:
        """Return the vectors of words outside the vocabulary; KeyError for what can have none."""
        for word in words:
            if not isinstance(word, str) or not _is_text(word):
                raise UnknownKeyError(word, self._keys)
            if not self._subwords.bucket:
                raise UnknownKeyError(
                    word, self._keys, where=": cannot calculate vector for OOV word without ngrams"
                )
        texts = [str(word) for word in words]
        means, counts = self._subwords.means(texts, self._ngrams)
        for at in np.flatnonzero(counts == 0).tolist():
            logger.warning("%r has no n-grams, its vector is zero", texts[at])
        return means

    # --- copies and files -------------------------------------------------------------------------

    def _row_copies(self) -> dict[str, Any]:
        composed = self._composed
        return {
            "_own": np.array(self.vectors_vocab),
            "_ngrams": np.array(self._ngrams),
            "_composed": None if composed is None else np.array(composed[: len(self)]),
        }

    def _native_parts(self) -> dict[str, Any]:
        return super()._native_parts() | {
            "own_vectors": self.vectors_vocab,
            "ngram_vectors": self._ngrams,
            "ngram_buckets": self._subwords.kept,
            "config": {
                "min_n": self.min_n,
                "max_n": self.max_n,
                "bucket": self.bucket,
                "compatible_hash": self.compatible_hash,
            },
        }

    @classmethod
    def _from_native(cls, parts: NativeParts, name: str) -> Self:
        config = parts.config or {}
        given = [config.get(field) for field in ("min_n", "max_n", "bucket")]
        if not all(type(number) is int and 0 <= number < 1 << 32 for number in given):
            raise HeaderError(f"{name}: config tells no min_n, max_n and bucket, but {config}")
        try:
            return cls.from_parts(
                parts.keys,
                cast(Matrix, parts.own_vectors),
                cast(Matrix, parts.ngram_vectors),
                min_n=config["min_n"],
                max_n=config["max_n"],
                bucket=config["bucket"],
                compatible_hash=bool(config.get("compatible_hash", True)),
                ngram_buckets=parts.ngram_buckets,
                counts=parts.counts,
                vectors=parts.vectors,
                norms=parts.norms,
            )
        except ValueError as error:
            raise HeaderError(f"{name}: rows and buckets of n-grams don't agree: {error}") from None


def _is_text(word: str) -> bool:
    """Whether UTF-8 can hold it: a lone surrogate makes no n-grams."""
    try:
        word.encode()
    except UnicodeEncodeError:
        return False
    return True
