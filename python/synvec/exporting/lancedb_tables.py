"""LanceDB: a table in a folder, with the label in the metadata of its schema."""

from __future__ import annotations

import json
from typing import Any

from synvec.exporting.places import check_folder
from synvec.exporting.targets import Batch, Label, label_in, rows_at_once
from synvec.optional import imported

LABEL = b"synvec"
BLOCKS = 4
"""Each batch makes a new version of the table: with batches of one block a million rows of 100
numbers took a quarter more CPU time."""


class LanceDbTable:
    """A table of a LanceDB folder: ``row``, ``key``, ``vector``, ``count``."""

    overlap = 0

    def __init__(self, folder: str, table: str, vector_size: int) -> None:
        lancedb = imported("lancedb", "lancedb", "an export to LanceDB")
        if "://" not in folder:  # LanceDB knows object stores, too
            check_folder(folder)
        self.name = f"the table {table} in {folder}"
        self.batch_rows = rows_at_once(vector_size, BLOCKS)
        self._database: Any = lancedb.connect(folder)
        self._name = table
        is_there = table in self._names()
        self._table: Any = self._database.open_table(table) if is_there else None

    def label(self) -> Label | None:
        """Return what the schema's metadata says."""
        if self._table is None:
            return None
        metadata = self._table.schema.metadata or {}
        return label_in(metadata.get(LABEL))

    def create(self, first: Batch, label: Label) -> None:
        """Make the table; its first version has the label already."""
        schema = first.as_arrow("lancedb").schema.with_metadata({LABEL: json.dumps(label).encode()})
        mode = "create" if self._table is None else "overwrite"  # which warns where there is none
        self._table = self._database.create_table(self._name, schema=schema, mode=mode)

    def count(self) -> int:
        """Return how many rows the table holds."""
        return int(self._table.count_rows())

    def write(self, batch: Batch) -> None:
        """Add rows, which makes one new version of the table."""
        self._table.add(batch.as_arrow("lancedb"))

    def close(self) -> None:
        """Do nothing: LanceDB has nothing to close."""

    def _names(self) -> list[str]:
        names: list[str] = []
        token = None
        while True:
            page = self._database.list_tables(page_token=token)
            names += page.tables
            token = page.page_token
            if not token:
                return names
