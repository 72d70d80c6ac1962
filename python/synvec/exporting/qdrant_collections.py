"""Qdrant: a collection of a server or of a local folder, with the label in its metadata."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from synvec.exporting.places import check_folder
from synvec.exporting.targets import Batch, Label
from synvec.optional import imported

LABEL = "synvec"
BATCH_ROWS = 1000
BATCH_BYTES = 24 << 20
"""A server takes requests of 32 MB; keys are to have room, too."""
NUMBER_BYTES = 25
"""What a number takes up in JSON at most, with its comma."""
API_KEY = "QDRANT_API_KEY"
REFUSALS = (401, 403)


class QdrantCollection:
    """A collection: each row a point with its number, ``key`` and ``count`` in the payload.

    The distance is the cosine, for which Qdrant keeps unit vectors.
    """

    def __init__(self, scheme: str, place: str, collection: str, vector_size: int) -> None:
        client = imported("qdrant_client", "qdrant", "an export to Qdrant")
        self.name = f"the collection {collection} of {place}"
        fitting = BATCH_BYTES // (NUMBER_BYTES * vector_size)
        self.batch_rows = self.overlap = max(1, min(BATCH_ROWS, fitting))
        self._models: Any = client.models
        self._errors: Any = client.http.exceptions
        self._collection = collection
        if scheme == "qdrant+local":
            check_folder(place)
            self._client: Any = self._opened(client, place)
        else:
            protocol = "https" if scheme == "qdrant+https" else "http"
            # Asking for the version would only warn; what an export needs is asked for below.
            self._client = client.QdrantClient(
                url=f"{protocol}://{place}",
                api_key=os.environ.get(API_KEY),
                check_compatibility=False,
            )

    def _opened(self, client: Any, folder: str) -> Any:
        try:
            return client.QdrantClient(path=folder)
        except RuntimeError as error:  # whose advice is about servers
            if "already accessed" not in str(error):
                raise
            raise BlockingIOError(
                11, "another process has it open; let it end, or name another folder", folder
            ) from error

    def label(self) -> Label | None:
        """Return what the collection's metadata says."""
        with self._telling():
            if not self._client.collection_exists(self._collection):
                return None
            metadata = self._client.get_collection(self._collection).config.metadata or {}
        label = metadata.get(LABEL, {})
        return label if isinstance(label, dict) else {}

    def create(self, first: Batch, label: Label) -> None:
        """Make the collection and its label in one request."""
        size, distance = first.vectors.shape[1], self._models.Distance.COSINE
        with self._telling():
            if self._client.collection_exists(self._collection):
                self._client.delete_collection(self._collection)
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
        with self._telling():
            return int(self._client.count(self._collection, exact=True).count)

    def write(self, batch: Batch) -> None:
        """Write points over, by their numbers."""
        payloads: list[dict[str, Any]] = [{"key": key} for key in batch.keys]
        if batch.counts is not None:
            for payload, count in zip(payloads, batch.counts.tolist(), strict=True):
                payload["count"] = count
        ids = list(range(batch.start, batch.stop))
        points = self._models.Batch(ids=ids, vectors=batch.vectors.tolist(), payloads=payloads)
        with self._telling():
            self._client.upsert(self._collection, points=points, wait=True)

    def close(self) -> None:
        """Close the connection or the folder."""
        self._client.close()

    @contextmanager
    def _telling(self) -> Iterator[None]:
        """Make of the library's errors such as Python has, that name the collection."""
        try:
            yield
        except self._errors.ResponseHandlingException as error:
            raise ConnectionError(
                f"{self.name}: {error}; see whether a Qdrant server runs there"
            ) from error
        except self._errors.UnexpectedResponse as error:
            hint = f"; its key is read from {API_KEY}" if error.status_code in REFUSALS else ""
            raise RuntimeError(f"{self.name}: {' '.join(str(error).split())}{hint}") from error
