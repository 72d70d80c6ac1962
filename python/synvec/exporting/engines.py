"""Where an export goes: an engine by the scheme of a URL, imported when it is asked for."""

from __future__ import annotations

from synvec.exporting.targets import Target
from synvec.exporting.urls import split_url


def open_target(url: str, vector_size: int) -> Target:
    """Return what a URL names.

    Raises
    ------
    ValueError
        For a URL of another kind, or one without a table.
    ImportError
        When the engine's library isn't installed.
    ConnectionError
        When a server doesn't answer, or refuses.
    """
    engine, place, table = split_url(url)
    if engine == "duckdb":
        from synvec.exporting.duckdb_tables import DuckDbTable

        return DuckDbTable(place, table, vector_size)
    if engine == "lancedb":
        from synvec.exporting.lancedb_tables import LanceDbTable

        return LanceDbTable(place, table, vector_size)
    if engine == "postgresql":
        from synvec.exporting.postgres_tables import PostgresTable

        return PostgresTable(place, table, vector_size)
    from synvec.exporting.qdrant_collections import QdrantCollection

    return QdrantCollection(engine, place, table, vector_size)
