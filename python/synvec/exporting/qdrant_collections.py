"""Qdrant: a collection of a server or of a local folder, with the label in its metadata."""

from __future__ import annotations

import os
from typing import Any

from synvec.exporting.targets import Batch, Label
from synvec.optional import imported

LABEL = "synvec"
BATCH_ROWS = 1000
"""A server takes requests of 32 MB; 1,000 vectors of 1,000 numbers are about 20."""
API_KEY = "QDRANT_API_KEY"


class QdrantCollection:
    """A collection: each row a point with its number, ``key`` and ``count`` in the payload.

    The distance is the cosine, for which Qdrant keeps unit vectors.
    """

    overlap = BATCH_ROWS

    def __init__(self, scheme: str, place: str, collection: str) -> None:
        client = imported("qdrant_client", "qdrant", "an export to Qdrant")
        self.name = f"the collection {collection} of {place}"
        self.batch_rows = BATCH_ROWS
        self._models: Any = client.models
        self._collection = collection
        if scheme == "qdrant+local":
            self._client: Any = client.QdrantClient(path=place)
        else:
            protocol = "https" if scheme == "qdrant+https" else "http"
            key = os.environ.get(API_KEY)
            self._client = client.QdrantClient(url=f"{protocol}://{place}", api_key=key)

    def label(self) -> Label | None:
        """Return what the collection's metadata says."""
        if not self._client.collection_exists(self._collection):
            return None
        metadata = self._client.get_collection(self._collection).config.metadata or {}
        label = metadata.get(LABEL, {})
        return label if isinstance(label, dict) else {}

    def create(self, first: Batch, label: Label) -> None:
        """Make the collection and its label in one request."""
        if self._client.collection_exists(self._collection):
            self._client.delete_collection(self._collection)
        size, distance = first.vectors.shape[1], self._models.Distance.COSINE
        self._client.create_collection(
            self._collection,
            vectors_config=self._models.VectorParams(size=size, distance=distance),
            metadata={LABEL: dict(label)},
        )
        if self.label() != label:
            raise RuntimeError(
                f"{self.name} keeps no metadata, by which an export would be known again: Qdrant "
                "1.16 or newer is needed"
            )

    def count(self) -> int:
        """Return how many points there are."""
        return int(self._client.count(self._collection, exact=True).count)

    def write(self, batch: Batch) -> None:
        """Write points over, by their numbers."""
        payloads: list[dict[str, Any]] = [{"key": key} for key in batch.keys]
        if batch.counts is not None:
            for payload, count in zip(payloads, batch.counts.tolist(), strict=True):
                payload["count"] = count
        ids = list(range(batch.start, batch.stop))
        points = self._models.Batch(ids=ids, vectors=batch.vectors.tolist(), payloads=payloads)
        self._client.upsert(self._collection, points=points, wait=True)

    def close(self) -> None:
        """Close the connection or the folder."""
        self._client.close()
