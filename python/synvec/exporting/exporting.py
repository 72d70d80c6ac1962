"""The export itself: what is there, whether it is ours, and the rows that are missing."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import closing
from typing import TYPE_CHECKING, Any

import numpy as np

from synvec import _core
from synvec.exporting.engines import open_target
from synvec.exporting.targets import Batch, Label, Target
from synvec.progress import Progress, observing

if TYPE_CHECKING:
    from synvec.keyed_vectors import KeyedVectors

KEYS_AT_ONCE = 1 << 16


def export(
    store: KeyedVectors[Any], url: str, *, replace: bool = False, progress: Progress = False
) -> int:
    """Write all keys and vectors into a table of another engine.

    Rows go in their order, batch by batch, each batch whole or not at all. An export that was cut
    off, however, goes on where it was when it is called again; one that is complete writes nothing.

    Parameters
    ----------
    store
        What is written: row number, key, vector, and count where it is known.
    url
        ``duckdb://file.db/table``, ``lancedb://folder/table``,
        ``postgresql://user@host/database?table=name``, ``qdrant://host:port/collection``,
        ``qdrant+https://…`` or ``qdrant+local://folder/collection``. Three slashes begin an
        absolute path.
    replace
        Whether a table of other vectors, or of somebody else's, may be replaced.
    progress
        As ``Word2Vec`` takes it: True for a bar, or a callable.

    Returns
    -------
    int
        How many rows were written by this call.

    Raises
    ------
    ValueError
        For a URL of another kind, no vectors, or a table that holds something else.
    ImportError
        When the engine's library isn't installed.
    ConnectionError
        When a server doesn't answer, or refuses.
    RuntimeError
        When the engine refuses a request, or another export is writing to the same table.
    """
    if not len(store):
        raise ValueError("there are no vectors to export")
    label = label_of(store)
    with closing(open_target(url, store.vector_size)) as target, observing(progress) as report:
        there = _ready(target, store, label, replace)
        written = 0
        for batch in _batches(store, there, target.batch_rows):
            target.write(batch)
            written += len(batch)
            if report is not None:
                done = batch.start + len(batch)
                report({"phase": "export", "rows": done, "total_rows": len(store)})
        found = target.count()
        if found != len(store):
            raise RuntimeError(
                f"{target.name} holds {found:,} rows after an export of {len(store):,}: something "
                "else writes to it; name another one, or replace it (replace=True)"
            )
    return written


def label_of(store: KeyedVectors[Any]) -> Label:
    """Return what tells these keys, vectors and counts from others."""
    table = store.key_table
    keys = hashlib.blake2b(digest_size=16)
    for start in range(0, len(table), KEYS_AT_ONCE):
        text, offsets = table.text(start, start + KEYS_AT_ONCE)
        keys.update(offsets.tobytes())
        keys.update(text)
    counts = store.known_counts
    summed = {"vectors": store.vectors.reshape(-1).view(np.uint8)}
    if counts is not None:
        summed["counts"] = np.ascontiguousarray(counts, dtype=np.int64).view(np.uint8)
    return {
        "rows": len(store),
        "vector_size": store.vector_size,
        "key_type": table.key_type,
        "keys": keys.hexdigest(),
        **{name: f"{_core.checksum(data):016x}" for name, data in summed.items()},
    }


def _ready(target: Target, store: KeyedVectors[Any], label: Label, replace: bool) -> int:
    """Make the table unless it is there, and return the first row that is missing."""
    there = target.label()
    if there == label:
        found = target.count()
        return len(store) if found >= len(store) else max(0, found - target.overlap)
    if there is not None and not replace:
        what = "other vectors" if there else "something that synvec did not export"
        raise ValueError(
            f"{target.name} holds {what}: name another one, or replace it (replace=True)"
        )
    first = next(_batches(store, 0, 1))
    target.create(first, label)
    return 0


def _batches(store: KeyedVectors[Any], start: int, rows: int) -> Iterator[Batch]:
    keys, vectors, counts = store.key_table, store.vectors, store.known_counts
    for begin in range(start, len(store), rows):
        block = slice(begin, begin + rows)
        yield Batch(begin, keys, vectors[block], None if counts is None else counts[block])
