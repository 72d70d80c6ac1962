"""Taking over vectors from elsewhere for the keys that are there already."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import numpy as np

from synvec.errors import FormatError
from synvec.key_types import KeyT
from synvec.keyed_vectors.editing import Editing

if TYPE_CHECKING:
    from synvec.formats.sources import Source

logger = logging.getLogger(__name__)


class Merging(Editing[KeyT]):
    """What brings the vectors of two stores together."""

    def intersect_word2vec_format(
        self,
        fname: Source,
        lockf: float = 0.0,
        binary: bool = False,
        encoding: str = "utf8",
        unicode_errors: str = "strict",
    ) -> None:
        r"""Overwrite vectors with those that a word2vec file has for the same keys.

        No key is added, and keys that the file doesn't have keep their vectors. A key that is an
        integer is the one that the file has in decimal digits. The file is read whole and checked
        before anything is overwritten.

        Parameters
        ----------
        fname
            The file, or a file object open for reading bytes; compressed or not.
        lockf
            What ``vectors_lockf`` gets for the overwritten rows: how much later training may change
            them, 0 for not at all and 1 for fully.
        binary
            Whether it is the binary format.
        encoding, unicode_errors
            How keys are decoded, as ``bytes.decode`` takes them.

        Raises
        ------
        FormatError
            When the file is not what it claims to be, or holds NaN or infinity.
        ValueError
            When its vectors are of another length, ``lockf`` is outside 0 to 1, or the vectors of
            this store are mapped read-only.

        Examples
        --------
        >>> import io
        >>> from synvec import KeyedVectors
        >>> kv = KeyedVectors.from_arrays(["socket", "year"], [[1.0, 0.0], [0.0, 1.0]])
        >>> kv.intersect_word2vec_format(io.BytesIO(b"2 2\nyear 5 5\nmonth 7 7\n"))
        >>> kv["year"], len(kv), kv.vectors_lockf
        (array([5., 5.], dtype=float32), 2, array([1., 0.], dtype=float32))
        """
        from synvec import formats

        if not 0 <= lockf <= 1:
            raise ValueError(f"lockf is {lockf}, expected 0 (locked) to 1 (free)")
        try:
            other = formats.load_word2vec(
                fname, binary=binary, encoding=encoding, unicode_errors=unicode_errors
            )
        except FormatError as error:
            error.add_note(
                "arguments that it names are those of KeyedVectors.load_word2vec_format: load the "
                "file with them, save it in word2vec format, and merge that"
            )
            raise
        if other.vector_size != self.vector_size:
            raise ValueError(
                f"the file's vectors have {other.vector_size} dimensions, expected "
                f"{self.vector_size} as in the store"
            )
        # Asked in the direction that makes strings of the smaller store's keys.
        if len(self) < len(other):
            theirs = other.key_table.indices(self._keys.texts().keys())
            ours = np.flatnonzero(theirs >= 0).astype(np.int64)
            theirs = theirs[ours]
        else:
            ours = self._keys.texts().indices(other.key_table.keys())
            theirs = np.flatnonzero(ours >= 0).astype(np.int64)
            ours = ours[theirs]
        if len(ours):
            self._require_writable("overwritten")
            locks = self._lockf
            locks = locks.copy() if self._is_lockf_by_key else np.repeat(locks, len(self))
            locks[ours] = lockf
            self._write_rows(ours, other.vectors[theirs])
            self._lockf, self._is_lockf_by_key = locks, True
        logger.info("overwrote the vectors of %d of %d keys", len(ours), len(self))
