"""An index in one file: the engine's own bytes first, so that its library opens the file too.

After them come the pairs of equal rows, the rows that the engine loses, a manifest in JSON, and 32
bytes that say how long the manifest is, its checksum, and what file this is. Everything is verified
before a library sees it: damaged bytes crash them. The manifest says which vectors the index is of,
by their checksum.
"""

from __future__ import annotations

import json
import os
import struct
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from synvec import _core
from synvec.arithmetic import Matrix
from synvec.errors import (
    ChecksumError,
    FormatError,
    HeaderError,
    TruncatedFileError,
    UnsupportedFormatError,
)
from synvec.key_types import KeyT
from synvec.search.approximate import ApproximateIndex
from synvec.search.audit import Audit
from synvec.search.building import checked_workers
from synvec.search.engine import Bytes, Engine, Rows
from synvec.search.hnsw import HnswEngine
from synvec.search.ivfpq import IvfPqEngine
from synvec.search.twins import Twins

if TYPE_CHECKING:
    from synvec.keyed_vectors import KeyedVectors

FORMAT = "synvec index"
VERSION = 1
MAGIC = b"\nsynvec index 1\n"
FOOTER = struct.Struct("<QQ16s")
"""The size of the manifest, its xxh3-64, and the magic."""
MAX_MANIFEST_BYTES = 1 << 20
BLOCK = 1 << 24

ENGINES: dict[str, type[Any]] = {"hnsw": HnswEngine, "ivfpq": IvfPqEngine}


def save_index(index: ApproximateIndex[Any], path: str | PathLike[str]) -> None:
    """Save an index in one file; see `ApproximateIndex.save`."""
    place = Path(os.path.realpath(path))
    if place.suffix in (".gz", ".bz2", ".xz", ".zst"):
        raise ValueError(
            f"{place.name} would be compressed and could not be mapped: end it in .hnsw"
        )
    if not place.parent.is_dir():
        raise FileNotFoundError(2, "No such folder; make it first", str(place.parent))
    # Libraries write to a path of their own; what they wrote is copied, so that the file appears
    # whole or not at all.
    with tempfile.TemporaryDirectory(dir=place.parent, prefix=f".{place.name}.") as folder:
        written = Path(folder, "engine")
        index.engine.write(written)
        _core.write_blocks(place, _blocks(index, _mapped(written)))


def _blocks(index: ApproximateIndex[Any], engine: Bytes) -> Iterator[bytes]:
    pairs = np.ascontiguousarray(index.twins.pairs, dtype="<i8")
    lost = np.ascontiguousarray(index.lost, dtype="<i8")
    sections = {
        "engine": engine,
        "twins": pairs.reshape(-1).view(np.uint8),
        "lost": lost.view(np.uint8),
    }
    manifest = {
        "format": FORMAT,
        "version": VERSION,
        "kind": index.kind,
        "library": {index.engine.distribution: version(index.engine.distribution)},
        "parameters": index.parameters,
        "rows": len(index),
        "vector_size": index.vector_size,
        "vectors_xxh3_64": fingerprint(index.vectors),
        "audit": index.audit.as_json(),
        "sections": [
            {"name": name, "bytes": len(data), "xxh3_64": _hex(data)}
            for name, data in sections.items()
        ],
    }
    text = json.dumps(manifest, ensure_ascii=True, allow_nan=False, indent=1).encode()
    for data in sections.values():
        for start in range(0, len(data), BLOCK):
            yield data[start : start + BLOCK].tobytes()
    yield text
    yield FOOTER.pack(len(text), _core.checksum(np.frombuffer(text, np.uint8)), MAGIC)


def verify_index(store: KeyedVectors[Any], path: str | PathLike[str]) -> None:
    """Raise what `open_index` would for a file that is damaged, or an index of other vectors.

    The library that made it is not needed.
    """
    _verified(store, os.fspath(path))


def open_index(
    store: KeyedVectors[KeyT], path: str | PathLike[str], *, workers: int | None = None
) -> ApproximateIndex[KeyT]:
    """Open an index for the store that it was made of; see `KeyedVectors.load_index`."""
    workers = checked_workers(workers)
    name = os.fspath(path)
    manifest, sections = _verified(store, name)
    with _well_formed(name):
        audit = Audit.from_json(manifest["audit"])
        engine: Engine = ENGINES[manifest["kind"]](store.vector_size, **manifest["parameters"])
        pairs = _numbers(sections["twins"], len(store)).reshape(-1, 2)
        lost = _numbers(sections["lost"], len(store))
    _read(engine, sections["engine"], manifest, name)
    index = ApproximateIndex(store, engine, Twins(pairs), lost, audit, workers)
    audit.warn(index.effort)
    return index


def fingerprint(vectors: Matrix) -> str:
    """Return the checksum of all vectors, as a native file has it."""
    return _hex(vectors.reshape(-1).view(np.uint8))


def _numbers(data: Bytes, rows: int) -> Rows:
    numbers: Rows = np.array(data).view("<i8").astype(np.int64)
    if ((numbers < 0) | (numbers >= rows)).any():
        raise ValueError("rows that are not there")
    return numbers


def _hex(data: Bytes) -> str:
    return f"{_core.checksum(data):016x}"


def _verified(store: KeyedVectors[Any], name: str) -> tuple[dict[str, Any], dict[str, Bytes]]:
    """Return the manifest and the sections of an index of a store's vectors."""
    data = _mapped(Path(name))
    manifest = _manifest(data, name)
    if manifest.get("kind") not in ENGINES:
        raise UnsupportedFormatError(
            f"{name}: is an index of kind {manifest.get('kind')!r}, expected one of "
            f"{', '.join(ENGINES)}"
        )
    with _well_formed(name):
        sections = _sections(data, manifest, name)
        _require_same(store, manifest, name)
    return manifest, sections


@contextmanager
def _well_formed(name: str) -> Iterator[None]:
    """Say of a manifest that it is none where it isn't what it should be."""
    try:
        yield
    except FormatError:
        raise
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise HeaderError(
            f"{name}: its manifest lacks something or holds what it should not"
        ) from error


def _mapped(path: Path) -> Bytes:
    # Mapped once: what is verified is what is used, whatever becomes of the name.
    with path.open("rb") as file:
        if not os.fstat(file.fileno()).st_size:
            raise HeaderError(f"{path}: file is empty, expected an index")
        return np.memmap(file, np.uint8, mode="r")


def _manifest(data: Bytes, name: str) -> dict[str, Any]:
    end = len(data) - FOOTER.size
    if end < 0 or data[end + 16 :].tobytes() != MAGIC:
        raise HeaderError(
            f"{name}: is no index of synvec's, or its end is missing: make it again with synvec "
            "index"
        )
    size, checksum, _ = FOOTER.unpack(data[end:].tobytes())
    if size > min(end, MAX_MANIFEST_BYTES):
        raise HeaderError(
            f"{name}: its manifest has {size:,} bytes, the file {end:,} before its end"
        )
    text = np.asarray(data[end - size : end])
    if _core.checksum(text) != checksum:
        raise ChecksumError(
            f"{name}: its manifest doesn't match its checksum: make the index again"
        )
    try:
        manifest = json.loads(text.tobytes())
    except ValueError as error:
        raise HeaderError(f"{name}: its manifest is no JSON: {error}") from error
    if not isinstance(manifest, dict) or manifest.get("format") != FORMAT:
        raise HeaderError(f"{name}: its manifest is not one of a {FORMAT}")
    if manifest.get("version") != VERSION:
        raise UnsupportedFormatError(
            f"{name}: is an index of version {manifest.get('version')!r}, expected {VERSION}: open "
            "it with the synvec that made it, or make it again"
        )
    manifest["end"] = end - size
    return manifest


def _sections(data: Bytes, manifest: dict[str, Any], name: str) -> dict[str, Bytes]:
    found: dict[str, Bytes] = {}
    start = 0
    for section in manifest["sections"]:
        stop = start + section["bytes"]
        if not start <= stop <= manifest["end"]:
            raise TruncatedFileError(
                f"{name}: its {section['name']} ends at byte {stop:,}, the manifest begins at "
                f"{manifest['end']:,}"
            )
        found[section["name"]] = data[start:stop]
        start = stop
    if start != manifest["end"]:
        raise HeaderError(
            f"{name}: {manifest['end'] - start:,} bytes before the manifest belong to nothing"
        )
    for section in manifest["sections"]:
        if _hex(found[section["name"]]) != section["xxh3_64"]:
            raise ChecksumError(
                f"{name}: its {section['name']} doesn't match its checksum: make the index again"
            )
    return found


def _require_same(store: KeyedVectors[Any], manifest: dict[str, Any], name: str) -> None:
    """Refuse an index of other vectors, or of these before they were changed."""
    made_of = manifest["rows"], manifest["vector_size"]
    if made_of != store.vectors.shape:
        raise HeaderError(
            f"{name}: is an index of {made_of[0]:,} × {made_of[1]} numbers, the vectors are "
            f"{len(store):,} × {store.vector_size}: make the index again"
        )
    if manifest["vectors_xxh3_64"] != fingerprint(store.vectors):
        raise ChecksumError(
            f"{name}: is an index of other vectors, or of these before they were changed: make the "
            "index again"
        )


def _read(engine: Engine, data: Bytes, manifest: dict[str, Any], name: str) -> None:
    made_by = ", ".join(f"{library} {number}" for library, number in manifest["library"].items())
    try:
        engine.read(data)
    except Exception as error:  # whatever the library throws: RuntimeError, ValueError, its own
        raise UnsupportedFormatError(
            f"{name}: was made by {made_by}, and {engine.distribution} "
            f"{version(engine.distribution)} doesn't open it: {error}; make the index again"
        ) from error
    if len(engine) != manifest["audit"]["audited"]:
        raise HeaderError(
            f"{name}: its engine holds {len(engine):,} rows, its manifest says "
            f"{manifest['audit']['audited']:,}"
        )
