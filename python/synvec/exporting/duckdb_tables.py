"""DuckDB: a table in a file, with the label as its comment."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from synvec.exporting.places import check_file
from synvec.exporting.targets import Batch, Label, label_in, rows_at_once
from synvec.optional import imported

ROW_GROUP = 122_880
"""DuckDB writes a whole group of so many rows to its place; a part of one goes through the log
first, which takes twice the time."""
MOST_BLOCKS = 8
"""Where a group is larger than so many batches of other engines, resuming early is worth more."""


class DuckDbTable:
    """A table of a DuckDB file: ``row``, ``key``, ``vector`` as ``FLOAT[D]``, ``count``."""

    overlap = 0

    def __init__(self, path: str, table: str, vector_size: int) -> None:
        self._duckdb: Any = imported("duckdb", "duckdb", "an export to DuckDB")
        imported("pyarrow", "duckdb", "an export to DuckDB")
        self.name = f"the table {table} of {path}"
        self.batch_rows = _whole_groups(rows_at_once(vector_size))
        self._table, self._quoted = table, '"' + table.replace('"', '""') + '"'
        self._connection: Any = self._opened(path)

    def _opened(self, path: str) -> Any:
        check_file(path)
        try:
            return self._duckdb.connect(path)
        except self._duckdb.Error as error:
            what = " ".join(str(error).split())
            is_locked = "lock on file" in what  # DuckDB has no class of its own for it
            remedy = "let that process close it, or name another file"
            raise OSError(
                f"{self.name}: {what}; {remedy if is_locked else 'name another file'}"
            ) from error

    def label(self) -> Label | None:
        """Return what the table's comment says."""
        found = self._connection.execute(
            "SELECT comment FROM duckdb_tables() WHERE table_name = ?"
            " AND schema_name = current_schema() AND database_name = current_database()",
            [self._table],
        ).fetchall()  # a result that isn't read to its end keeps the connection busy
        return label_in(found[0][0]) if found else None

    def create(self, first: Batch, label: Label) -> None:
        """Make the table and its comment in one transaction."""
        comment = json.dumps(label).replace("'", "''")
        like = first.as_arrow("duckdb").slice(0, 0)
        with self._telling():
            self._connection.begin()
            self._connection.execute(f"DROP TABLE IF EXISTS {self._quoted}")
            self._connection.register("synvec_batch", like)
            self._connection.execute(f"CREATE TABLE {self._quoted} AS SELECT * FROM synvec_batch")
            self._connection.execute(f"COMMENT ON TABLE {self._quoted} IS '{comment}'")
            self._connection.commit()
            self._connection.unregister("synvec_batch")

    def count(self) -> int:
        """Return how many rows the table holds."""
        found = self._connection.execute(f"SELECT count(*) FROM {self._quoted}").fetchall()
        return int(found[0][0])

    def write(self, batch: Batch) -> None:
        """Add rows by one statement, which is one transaction."""
        rows = batch.as_arrow("duckdb")
        with self._telling():
            self._connection.register("synvec_batch", rows)
            self._connection.execute(f"INSERT INTO {self._quoted} SELECT * FROM synvec_batch")
            self._connection.unregister("synvec_batch")

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    @contextmanager
    def _telling(self) -> Iterator[None]:
        """Make of the library's errors such as Python has, that name the table."""
        try:
            yield
        except self._duckdb.CatalogException as error:  # a view, say, has the table's name
            what = " ".join(str(error).split())
            raise RuntimeError(f"{self.name}: {what}; name another table") from error
        except self._duckdb.Error as error:
            what = " ".join(str(error).split())
            raise OSError(
                f"{self.name}: {what}; see to that, and export again: it goes on where it was"
            ) from error


def _whole_groups(rows: int) -> int:
    """Return a number of rows that makes whole groups, unless these are very large."""
    return rows if rows * MOST_BLOCKS < ROW_GROUP else math.ceil(rows / ROW_GROUP) * ROW_GROUP
