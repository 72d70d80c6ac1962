"""Approximate indexes of a store: thin calls into `synvec.search`, imported when it is needed."""

from __future__ import annotations

from os import PathLike
from typing import TYPE_CHECKING, Any, Literal, cast

from synvec.key_types import KeyT
from synvec.keyed_vectors.store import VectorStore
from synvec.progress import Progress

if TYPE_CHECKING:
    from synvec.keyed_vectors.keyed_vectors import KeyedVectors
    from synvec.search import ApproximateIndex


class Indexing(VectorStore[KeyT]):
    """Approximate indexes for stores that are too large to look at every row."""

    def build_index(
        self,
        kind: Literal["hnsw", "ivfpq"] = "hnsw",
        *,
        effort: int | None = None,
        target_recall: float = 0.95,
        sample: int = 500,
        seed: int = 1,
        workers: int | None = None,
        progress: Progress = False,
        **options: Any,
    ) -> ApproximateIndex[KeyT]:
        """Build an approximate index of all rows, audit it and measure its recall.

        It needs ``pip install synvec[ann]``. Every row is searched for by its own vector; what
        isn't found is added again. recall@10 is measured beside the exact search, shown by the
        index, and saved with it.

        Parameters
        ----------
        kind
            ``"hnsw"``: a graph, by usearch; fast, and more memory than the vectors. ``"ivfpq"``:
            lists of shrunk vectors, by faiss; a tenth of the memory, candidates are scored again by
            the store's vectors, which may stay mapped in their file.
        effort
            How far a search goes: candidates that a graph keeps, or lists that are opened. By
            default the least of a few that reaches ``target_recall`` on the sample.
        target_recall
            recall@10 to reach, above 0 and at most 1.
        sample
            How many rows recall is measured on.
        seed
            Seeds the choice of rows to measure on and to learn from.
        workers
            Threads; all cores by default. With one the same vectors make the same index.
        progress
            As ``Word2Vec`` takes it: True for a bar, or a callable.
        **options
            Of ``"hnsw"``: ``dtype="float32"``, ``"float16"`` or ``"int8"``, how vectors are kept
            (smaller ones are scored again by the store's); ``connectivity=16``, links a vector;
            ``expansion=128``, candidates looked at for them. Of ``"ivfpq"``: ``lists=``, 4·√V by
            default; ``code_bytes=``, bytes a vector, D/2 by default.

        Returns
        -------
        ApproximateIndex
            For ``most_similar(indexer=…)`` and ``most_similar_batch(indexer=…)``. A picture of the
            store as it is now: make a new one after changing the store.

        Raises
        ------
        ImportError
            When the library isn't installed.
        ValueError
            For parameters out of range, NaN, no vectors, or too few for ``"ivfpq"``.
        TypeError
            For an option that the kind doesn't know.

        Warns
        -----
        UserWarning
            When recall is below 0.9, or rows can't be found even after they were added again.

        Examples
        --------
        >>> import numpy as np
        >>> from synvec import KeyedVectors
        >>> vectors = np.random.default_rng(1).standard_normal((300, 8))
        >>> kv = KeyedVectors.from_arrays([f"k{row}" for row in range(300)], vectors)
        >>> index = kv.build_index("hnsw", workers=1)  # doctest: +SKIP
        >>> index  # doctest: +SKIP
        ApproximateIndex<hnsw, 300 keys, recall@10 1.000 at effort 32>
        >>> kv.most_similar("k7", topn=1, indexer=index)  # doctest: +SKIP
        [('k260', 0.8703...)]
        """
        from synvec.search import build_index

        return build_index(
            cast("KeyedVectors[KeyT]", self),
            kind,
            effort=effort,
            target_recall=target_recall,
            sample=sample,
            seed=seed,
            workers=workers,
            progress=progress,
            **options,
        )

    def load_index(
        self, fname: str | PathLike[str], *, workers: int | None = None
    ) -> ApproximateIndex[KeyT]:
        """Open an index that was saved, if it is one of these very vectors.

        A graph is mapped, not read into memory. All bytes of the file and of the vectors are
        checked first, a few tenths of a second for a gigabyte.

        Parameters
        ----------
        fname
            The file.
        workers
            Threads for batches of queries; all cores by default.

        Raises
        ------
        FormatError
            When the file is no index, is damaged, or is one of other vectors or of these before
            they were changed.
        OSError
            When the system refuses.
        ImportError
            When the library isn't installed.
        """
        from synvec.search import open_index

        return open_index(cast("KeyedVectors[KeyT]", self), fname, workers=workers)
