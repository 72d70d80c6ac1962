"""Exports to PostgreSQL: what its rights, limits and names ask for, and what is told of them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from synvec import KeyedVectors
from synvec.exporting import export, postgres_tables, without_password
from tests.conftest import Run
from tests.postgres import asked

pytest.importorskip("psycopg", reason="pip install synvec[postgres]")


def store(dimensions: int = 3, keys: tuple[str, ...] = ("socket", "year")) -> KeyedVectors:
    vectors = np.ones((len(keys), dimensions), np.float32)
    return KeyedVectors.from_arrays(list(keys), vectors)


@pytest.fixture
def table(request: pytest.FixtureRequest, database: str) -> Iterator[str]:
    name = f"t{abs(hash(request.node.name))}"
    yield name
    asked(database, f"DROP TABLE IF EXISTS {name}")


@pytest.fixture
def other_database(database: str) -> Iterator[str]:
    """Another database of the same server, without the extension."""
    asked(database, "CREATE DATABASE other")
    yield database.replace("/postgres?", "/other?")
    asked(database, "DROP DATABASE other WITH (FORCE)")


def columns(database: str, table: str) -> list[tuple[str, str]]:
    """Return each column with its type."""
    return asked(
        database,
        "SELECT attname, format_type(atttypid, atttypmod) FROM pg_attribute"
        f" WHERE attrelid = '{table}'::regclass AND attnum > 0 ORDER BY attnum",
    )


def test_columns_have_the_types_of_what_is_known(database: str, table: str) -> None:
    url = f"{database}&table={table}"
    export(store(), url)
    expected = [("row", "bigint"), ("key", "text"), ("vector", "vector(3)")]
    assert columns(database, table) == expected
    counted = KeyedVectors.from_arrays(["a"], [[1, 2]], counts=[2**40])
    export(counted, url, replace=True)
    assert columns(database, table)[2:] == [("vector", "vector(2)"), ("count", "bigint")]
    assert asked(database, f"SELECT * FROM {table}") == [(0, "a", "[1,2]", 2**40)]


def test_the_engine_finds_neighbours(database: str, table: str) -> None:
    vectors = np.random.default_rng(1).standard_normal((500, 20)).astype(np.float32)
    kv = KeyedVectors.from_arrays([f"k{row}" for row in range(500)], vectors)
    export(kv, f"{database}&table={table}")
    asked(database, f"CREATE INDEX ON {table} USING hnsw (vector vector_cosine_ops)")
    nearest = f"SELECT vector FROM {table} WHERE key = 'k7'"
    found = asked(
        database,
        f"SELECT key FROM {table} WHERE key <> 'k7' ORDER BY vector <=> ({nearest}) LIMIT 5",
    )
    assert [key for (key,) in found] == [key for key, _ in kv.most_similar("k7", topn=5)]


def test_more_rows_than_are_packed_at_once(database: str, table: str) -> None:
    rows = 20_001
    vectors = np.arange(rows, dtype=np.float32)[:, np.newaxis]
    kv = KeyedVectors.from_arrays([f"k{row}" for row in range(rows)], vectors)
    export(kv, f"{database}&table={table}")
    wrong = (
        f"""SELECT * FROM {table} WHERE key <> 'k' || "row" """
        """OR vector::real[] <> ARRAY["row"::real]"""
    )
    assert asked(database, wrong) == []
    assert asked(database, f"SELECT count(*) FROM {table}") == [(rows,)]


def test_a_row_stands_there_once(database: str, table: str) -> None:
    import psycopg

    export(store(), f"{database}&table={table}")
    with pytest.raises(psycopg.errors.UniqueViolation):
        asked(database, f"INSERT INTO {table} SELECT * FROM {table}")


def test_two_exports_at_once_take_turns(
    database: str, table: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres_tables, "WAIT", "50ms")
    url = f"{database}&table={table}"
    told = []

    def meanwhile(report: object) -> None:
        with pytest.raises(
            RuntimeError, match=r"another export, or .*, is writing to the table"
        ) as error:
            export(store(), url)
        told.append(error)

    assert export(store(), url, progress=meanwhile) == 2
    assert told
    assert export(store(), url) == 0


def test_a_database_without_the_extension_is_told_what_to_do(other_database: str) -> None:
    with pytest.raises(RuntimeError, match="has no pgvector: run CREATE EXTENSION vector in it"):
        export(store(), f"{other_database}&table=words")


def test_a_server_without_the_extension_is_told_what_to_install(
    other_database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The server of the tests has it: another name stands for an extension that isn't there.
    monkeypatch.setattr(postgres_tables, "EXTENSION", "no_such_extension")
    with pytest.raises(RuntimeError, match="has no pgvector: install it on the server"):
        export(store(), f"{other_database}&table=words")


def test_the_extension_may_be_in_a_schema_of_its_own(other_database: str) -> None:
    asked(other_database, "CREATE SCHEMA extensions; CREATE EXTENSION vector SCHEMA extensions")
    assert export(store(), f"{other_database}&table=words") == 2
    assert columns(other_database, "words")[2] == ("vector", "extensions.vector(3)")


def test_the_schema_that_is_searched_first_gets_the_table(other_database: str) -> None:
    asked(other_database, "CREATE SCHEMA mine; CREATE EXTENSION vector")
    export(store(), f"{other_database}&table=words&options=-csearch_path%3Dmine,public")
    assert asked(other_database, "SELECT count(*) FROM mine.words") == [(2,)]


def test_a_table_of_somebody_else_is_left_alone(database: str, table: str) -> None:
    url = f"{database}&table={table}"
    for comment in ("NULL", "'mine'", "'[]'"):
        asked(database, f"DROP TABLE IF EXISTS {table}; CREATE TABLE {table} (x int)")
        asked(database, f"COMMENT ON TABLE {table} IS {comment}")
        with pytest.raises(ValueError, match="holds something that synvec did not export"):
            export(store(), url)
    assert export(store(), url, replace=True) == 2


def test_what_depends_on_a_table_keeps_it_from_being_replaced(database: str, table: str) -> None:
    url = f"{database}&table={table}"
    export(store(), url)
    asked(database, f"CREATE VIEW v{table} AS SELECT key FROM {table}")
    with pytest.raises(RuntimeError, match=r"cannot drop table .* other objects depend on it"):
        export(store(keys=("a",)), url, replace=True)
    assert asked(database, f"SELECT * FROM v{table}") == [("socket",), ("year",)]
    asked(database, f"DROP VIEW v{table}")


def test_names_are_only_names(database: str) -> None:
    name = "a\"; DROP TABLE x; --'% b"
    export(store(), f"{database}&table=a%22%3B%20DROP%20TABLE%20x%3B%20--'%25%20b")
    found = asked(database, "SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    assert (name,) in found
    asked(database, "DROP TABLE " + '"' + name.replace('"', '""') + '"')


def test_a_name_that_would_be_cut_off_is_refused(database: str) -> None:
    with pytest.raises(ValueError, match="longer than the 63 bytes"):
        export(store(), f"{database}&table={'ä' * 32}")


def test_keys_and_vectors_that_have_no_place_are_refused(database: str, table: str) -> None:
    url = f"{database}&table={table}"
    with pytest.raises(ValueError, match=r"key 'a\\x00b' holds a NUL character"):
        export(store(keys=("a", "a\0b")), url)
    kv = KeyedVectors.from_arrays(["a", "b"], [[1, 2], [np.nan, 2]])
    with pytest.raises(ValueError, match="vector of 'b' holds NaN or infinity"):
        export(kv, url, replace=True)


def test_more_dimensions_than_pgvector_holds_are_refused_and_many_are_told_of(
    database: str, table: str
) -> None:
    url = f"{database}&table={table}"
    with pytest.raises(ValueError, match="16,001 dimensions, pgvector holds at most 16,000"):
        export(store(16_001), url)
    with pytest.warns(UserWarning, match=r"indexes at most 2,000: .* halfvec\(16000\)") as told:
        assert export(store(16_000), url) == 2
    assert export(store(2000), url, replace=True) == 2  # and no warning, which would be an error
    assert told[0].filename == __file__


def test_no_server_is_an_error_of_the_connection(tmp_path: Path) -> None:
    with pytest.raises(ConnectionError, match="the table words of postgresql:///db: "):
        export(store(), f"postgresql:///db?host={tmp_path}&table=words")


def test_a_parameter_that_libpq_does_not_know_is_named() -> None:
    with pytest.raises(ValueError, match=r'invalid URI query parameter: "tables"'):
        export(store(), "postgresql:///db?tables=x&table=words")


@pytest.mark.parametrize(
    "url",
    ["postgresql://me:p%40ss@h/db?table=t", "postgresql://h/db?user=me&password=p%40ss&table=t"],
)
def test_a_password_is_never_shown(url: str, run: Run, tmp_path: Path) -> None:
    assert "ss" not in re.sub("password|postgresql", "", without_password(url))
    store().save(tmp_path / "v.kv")
    unreachable = url.replace("@h/", "@127.0.0.1:1/").replace("//h/", "//127.0.0.1:1/")
    for target in (unreachable, url.replace("&table=t", "").replace("?table=t", "")):
        told = run("export", tmp_path / "v.kv", target)
        assert told.returncode == 1
        assert "p%40ss" not in told.stderr
        assert "p@ss" not in told.stderr


def test_the_command_tells_of_the_table_without_the_password(
    database: str, table: str, run: Run, tmp_path: Path
) -> None:
    store().save(tmp_path / "v.kv")
    target = f"{database}&password=secret&table={table}"
    told = run("export", tmp_path / "v.kv", target).stderr
    assert told == f"synvec: 2 of 2 words written to {database}&password=…&table={table}\n"
