"""PostgreSQL with pgvector: a table of a database, with the label as its comment."""

from __future__ import annotations

import json
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from synvec.exporting.binary_copy import END, SIGNATURE, copied_rows
from synvec.exporting.targets import Batch, Label, label_in, rows_at_once
from synvec.exporting.urls import without_password
from synvec.optional import imported

EXTENSION = "vector"
MOST_DIMENSIONS = 16_000
"""What pgvector's type ``vector`` holds (https://github.com/pgvector/pgvector, "Reference")."""
MOST_INDEXED = 2000
"""What its indexes take of that type; of ``halfvec`` it is twice as much."""
NAME_BYTES = 63
"""PostgreSQL cuts longer names off."""
WAIT = "10s"
"""How long the end of another export is waited for: a connection that was killed ends by itself."""


class PostgresTable:
    """A table of a PostgreSQL database: ``row`` (its primary key), ``key``, ``vector``, ``count``.

    Parameters
    ----------
    url
        The database, as libpq takes it.
    table
        The name of the table.
    vector_size
        D.
    """

    overlap = 0

    def __init__(self, url: str, table: str, vector_size: int) -> None:
        self._psycopg = imported("psycopg", "postgres", "an export to PostgreSQL")
        self.name = f"the table {table} of {without_password(url).partition('?')[0]}"
        self.batch_rows = rows_at_once(vector_size)
        _check(table, vector_size)
        self._quoted = self._psycopg.sql.Identifier(table)
        self._table = table
        self._connection = self._connected(url)
        try:
            self._claim()
            self._type = self._vector_type()
        except BaseException:
            self._connection.close()
            raise

    def label(self) -> Label | None:
        """Return what the table's comment says."""
        found = self._rows(
            "SELECT obj_description(oid, 'pg_class') FROM pg_class"
            " WHERE oid = to_regclass(quote_ident(%s))",
            self._table,
        )
        return label_in(found[0][0]) if found else None

    def create(self, first: Batch, label: Label) -> None:
        """Make the table and its comment in one transaction."""
        literal = self._psycopg.sql.Literal
        kind = "bigint" if first.table.key_type == "int" else "text"
        count = "" if first.counts is None else ", count bigint NOT NULL"
        with self._telling(), self._connection.transaction():
            self._run("DROP TABLE IF EXISTS {}", self._quoted)
            self._run(
                f'CREATE TABLE {{}} ("row" bigint PRIMARY KEY, key {kind} NOT NULL,'
                f" vector {{}}({first.vectors.shape[1]}) NOT NULL{count})",
                self._quoted,
                self._type,
            )
            self._run("COMMENT ON TABLE {} IS {}", self._quoted, literal(json.dumps(label)))

    def count(self) -> int:
        """Return how many rows the table holds."""
        with self._telling():
            return int(self._run("SELECT count(*) FROM {}", self._quoted).fetchone()[0])

    def write(self, batch: Batch) -> None:
        """Add rows by one COPY in its binary format, which is one transaction."""
        _check_values(batch)
        columns = '"row", key, vector' + ("" if batch.counts is None else ", count")
        statement = self._psycopg.sql.SQL(f"COPY {{}} ({columns}) FROM STDIN (FORMAT BINARY)")
        with (
            self._telling(),
            self._connection.cursor() as cursor,
            cursor.copy(statement.format(self._quoted)) as copy,
        ):
            copy.write(SIGNATURE)
            for rows in copied_rows(batch):
                copy.write(rows)
            copy.write(END)

    def close(self) -> None:
        """Close the connection, which ends the claim."""
        self._connection.close()

    def _connected(self, url: str) -> Any:
        settings = {"client_encoding": "utf8", "application_name": "synvec"}
        try:
            conninfo = self._psycopg.conninfo.make_conninfo(url, **settings)
        except self._psycopg.ProgrammingError as error:
            raise ValueError(f"the URL of {self.name} is wrong: {error}") from error
        with self._telling():
            return self._psycopg.connect(conninfo, autocommit=True)

    def _claim(self) -> None:
        """Let nobody else export into this table until the connection ends.

        A server can still be at work on the last rows of an export that was killed.
        """
        with self._telling():
            self._run(f"SET lock_timeout = '{WAIT}'")
        self._rows("SELECT pg_advisory_lock(hashtextextended(%s, 0))", f"synvec {self._table}")

    def _vector_type(self) -> Any:
        """Return pgvector's type, which may be in a schema that isn't searched."""
        found = self._rows(
            "SELECT nspname FROM pg_extension JOIN pg_namespace AS spaces"
            " ON spaces.oid = extnamespace WHERE extname = %s",
            EXTENSION,
        )
        if found:
            return self._psycopg.sql.Identifier(found[0][0], "vector")
        if self._rows("SELECT 1 FROM pg_available_extensions WHERE name = %s", EXTENSION):
            how = "run CREATE EXTENSION vector in it once, as a superuser"
        else:
            how = (
                "install it on the server (on Debian and Ubuntu the package postgresql-N-pgvector "
                "for version N), and run CREATE EXTENSION vector as a superuser"
            )
        raise RuntimeError(f"the database of {self.name} has no pgvector: {how}")

    def _run(self, statement: str, *parts: Any) -> Any:
        return self._connection.execute(self._psycopg.sql.SQL(statement).format(*parts))

    def _rows(self, query: str, *values: str) -> list[Any]:
        with self._telling():
            found: list[Any] = self._connection.execute(query, values).fetchall()
            return found

    @contextmanager
    def _telling(self) -> Iterator[None]:
        """Make of the library's errors such as Python has, that name the table."""
        try:
            yield
        except self._psycopg.errors.LockNotAvailable as error:
            raise RuntimeError(
                f"another export, or somebody else, is writing to {self.name}: wait until that has "
                "ended"
            ) from error
        except self._psycopg.OperationalError as error:
            raise ConnectionError(
                f"{self.name}: {str(error).strip()}; see to that, and export again: it goes on "
                "where it was"
            ) from error
        except self._psycopg.Error as error:
            raise RuntimeError(f"{self.name}: {error}") from error


def _check(table: str, vector_size: int) -> None:
    if len(table.encode()) > NAME_BYTES:
        raise ValueError(
            f"the table's name {table!r} is longer than the {NAME_BYTES} bytes that PostgreSQL "
            "keeps: give it a shorter one"
        )
    if vector_size > MOST_DIMENSIONS:
        raise ValueError(
            f"the vectors have {vector_size:,} dimensions, pgvector holds at most "
            f"{MOST_DIMENSIONS:,}: export them to another engine"
        )
    if vector_size > MOST_INDEXED:
        warnings.warn(
            f"the vectors have {vector_size:,} dimensions, pgvector indexes at most "
            f"{MOST_INDEXED:,}: they are searched row by row, or index them as "
            f"halfvec({vector_size}), which goes to {2 * MOST_INDEXED:,}",
            stacklevel=5,
        )


def _check_values(batch: Batch) -> None:
    """Refuse what PostgreSQL has no place for, before any of the batch is sent."""
    if batch.table.key_type == "str" and b"\0" in batch.table.text(batch.start, batch.stop)[0]:
        key = next(key for key in batch.keys if "\0" in key)
        raise ValueError(f"the key {key!r} holds a NUL character, which PostgreSQL's text can't")
    is_finite = np.isfinite(batch.vectors).all(axis=1)
    if not is_finite.all():
        key = batch.keys[int(np.argmin(is_finite))]
        raise ValueError(f"the vector of {key!r} holds NaN or infinity, which pgvector's can't")
