"""Exports, read back by the engines themselves."""

from __future__ import annotations

import gc
import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from synvec import KeyedVectors
from synvec.exporting import export, open_target, targets
from synvec.exporting.urls import split_url
from tests.postgres import asked

ROWS, SIZE = 2500, 6
SMALL = targets.rows_at_once(1 << 30)
"""Rows of the smallest batch."""
LIBRARIES = {
    "duckdb": ("duckdb", "duckdb"),
    "lancedb": ("lancedb", "lancedb"),
    "postgresql": ("psycopg", "postgres"),
    "qdrant+local": ("qdrant_client", "qdrant"),
}
"""By scheme: the module, and the extra that brings it."""
MEMORY = Path("/dev/shm")
"""Qdrant's local mode waits for the disk at every point: on a busy one a minute for 2,500."""


def store_of(rows: int = ROWS, seed: int = 1) -> KeyedVectors:
    vectors = np.random.default_rng(seed).standard_normal((rows, SIZE)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    keys = ["it's", 'a "b"', "naïve ☃", "", *(f"k{row}" for row in range(4, rows))]
    return KeyedVectors.from_arrays(keys, vectors, counts=np.arange(rows, 0, -1))


@pytest.fixture(scope="module")
def kv() -> KeyedVectors:
    return store_of()


@pytest.fixture(params=LIBRARIES)
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    scheme: str = request.param
    module, extra = LIBRARIES[scheme]
    for library in (module, "pyarrow"):
        pytest.importorskip(library, reason=f"pip install synvec[{extra}]")
    if scheme == "postgresql":
        return f"{request.getfixturevalue('database')}&table={tmp_path.name[-60:]}"
    if scheme == "qdrant+local" and MEMORY.is_dir():
        folder = tempfile.TemporaryDirectory(dir=MEMORY)
        request.addfinalizer(folder.cleanup)
        return f"{scheme}://{folder.name}/vectors"
    return f"{scheme}://{tmp_path}/{'f.db' if scheme == 'duckdb' else 'place'}/vectors"


Content = tuple[list[int], list[str], Any, list[int]]


def content(url: str) -> Content:
    """Read rows, keys, vectors and counts by the engine's own means, in the order of rows."""
    scheme, folder, table = split_url(url)
    if scheme == "postgresql":
        columns = asked(folder, f'SELECT * FROM "{table}" ORDER BY "row"')
        rows, keys, vectors, counts = zip(*columns, strict=True)
        numbers = [json.loads(vector) for vector in vectors]
        return list(rows), list(keys), np.array(numbers, np.float32), list(counts)
    if scheme == "duckdb":
        import duckdb

        with duckdb.connect(folder, read_only=True) as connection:
            columns = connection.sql(f'SELECT * FROM "{table}" ORDER BY "row"').fetchall()
        rows, keys, vectors, counts = zip(*columns, strict=True)
        return list(rows), list(keys), np.array(vectors, np.float32), list(counts)
    if scheme == "lancedb":
        import lancedb

        found = lancedb.connect(folder).open_table(table).to_arrow().sort_by("row").to_pydict()
        return found["row"], found["key"], np.array(found["vector"], np.float32), found["count"]
    from qdrant_client import QdrantClient

    client = QdrantClient(path=folder)
    points = client.scroll(table, limit=10 * ROWS, with_vectors=True)[0]
    client.close()
    points.sort(key=lambda point: int(point.id))
    payloads = [point.payload or {} for point in points]
    return (
        [int(point.id) for point in points],
        [it["key"] for it in payloads],
        np.array([point.vector for point in points], np.float32),
        [it["count"] for it in payloads],
    )


def assert_holds(url: str, kv: KeyedVectors) -> None:
    rows, keys, vectors, counts = content(url)
    assert rows == list(range(len(kv)))
    assert keys == list(kv.index_to_key)
    assert np.allclose(vectors, kv.vectors, atol=1e-6)
    assert counts == list(range(len(kv), 0, -1))


def test_all_arrives_and_is_not_written_twice(kv: KeyedVectors, url: str) -> None:
    assert export(kv, url) == ROWS
    assert_holds(url, kv)
    assert export(kv, url) == 0
    assert_holds(url, kv)


def test_an_export_goes_on_where_it_was(
    kv: KeyedVectors, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(targets, "BLOCK_BYTES", 1)

    def stop(report: dict[str, Any]) -> None:
        if report["rows"] >= 2000:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        export(kv, url, progress=stop)
    assert 0 < export(kv, url) < ROWS
    assert_holds(url, kv)


def test_integers_stay_integers(url: str) -> None:
    keys = [2**63 - 1, -(2**63), 0, 7]
    vectors = store_of(4).vectors
    kv = KeyedVectors.from_arrays(keys, vectors, counts=[4, 3, 2, 1])
    export(kv, url)
    assert_holds(url, kv)
    assert all(type(key) is int for key in content(url)[1])
    same_text = KeyedVectors.from_arrays([*map(str, keys)], vectors, counts=[4, 3, 2, 1])
    with pytest.raises(ValueError, match="holds other vectors"):
        export(same_text, url)


@pytest.mark.slow
def test_a_killed_export_loses_and_doubles_nothing(url: str, tmp_path: Path) -> None:
    kv = store_of(8 * SMALL)
    kv.save(tmp_path / "vectors.kv")
    code = """
import os, signal, sys, threading, time
from synvec import KeyedVectors
from synvec.exporting import export, open_target, targets
import synvec.exporting.exporting
exporting = sys.modules["synvec.exporting.exporting"]
targets.BLOCK_BYTES = 1
path, url, share = sys.argv[1:]
kv = KeyedVectors.load(path)
def die(_=None):
    os.kill(os.getpid(), signal.SIGKILL)
# How long a batch takes is known by the first one; the second is cut after a share of that, or
# where it ends; with a share of 0 as soon as the engine has done the first thing that it was told.
ORDERS = ("execute", "add", "cursor", "upsert")
class Deadly:
    def __init__(self, engine):
        self.engine = engine
    def __getattr__(self, name):
        found = getattr(self.engine, name)
        return found if name not in ORDERS else lambda *given, **named: die(found(*given, **named))
took, inner = [], open_target
def timed_target(*place):
    target = inner(*place)
    write = target.write
    def timed(batch):
        begun = time.perf_counter()
        if took and share == "0":
            for name in ("_connection", "_client", "_table"):
                engine = getattr(target, name, None)
                if any(hasattr(engine, order) for order in ORDERS):
                    setattr(target, name, Deadly(engine))
        write(batch)
        took.append(time.perf_counter() - begun)
    target.write = timed
    return target
exporting.open_target = timed_target
def kill(report):
    if len(took) > 1:
        assert share != "0", "what the engine was told is not known"
        die()
    if share != "0":
        threading.Timer(float(share) * took[0], die).start()
export(kv, url, progress=kill)
"""
    for share in ("0", "0.3", "0.8"):
        run = [sys.executable, "-c", code, str(tmp_path / "vectors.kv"), url, share]
        done = subprocess.run(run, capture_output=True, text=True)
        assert done.returncode == -9, done.stderr
    written = export(kv, url)
    # Each run wrote one batch at least, and two at most; Qdrant's last one is written again.
    assert 2 * 1000 <= written <= len(kv) - (0 if "qdrant" in url else 3 * 1000)
    assert_holds(url, kv)
    assert export(kv, url) == 0


def test_tables_of_others_are_left_alone(kv: KeyedVectors, url: str) -> None:
    other = store_of(300, seed=2)
    export(other, url)
    with pytest.raises(ValueError, match="holds other vectors: name another one, or replace it"):
        export(kv, url)
    assert_holds(url, other)
    assert export(kv, url, replace=True) == ROWS
    assert_holds(url, kv)


def test_a_table_without_a_label_is_somebody_elses(kv: KeyedVectors, tmp_path: Path) -> None:
    duckdb = pytest.importorskip("duckdb", reason="pip install synvec[duckdb]")
    with duckdb.connect(str(tmp_path / "f.db")) as connection:
        connection.execute("CREATE TABLE vectors (x INT); COMMENT ON TABLE vectors IS 'mine'")
    with pytest.raises(ValueError, match="holds something that synvec did not export"):
        export(kv, f"duckdb://{tmp_path}/f.db/vectors")


def test_whatever_differs_makes_other_vectors(kv: KeyedVectors, tmp_path: Path) -> None:
    pytest.importorskip("duckdb", reason="pip install synvec[duckdb]")
    vectors = np.eye(2, dtype=np.float32)
    url = f"duckdb://{tmp_path}/f.db/vectors"
    export(KeyedVectors.from_arrays(["ab", "c"], vectors, counts=[2, 1]), url)
    for keys, counts in ((["a", "bc"], [2, 1]), (["ab", "c"], [3, 1]), (["ab", "c"], None)):
        with pytest.raises(ValueError, match="holds other vectors"):
            export(KeyedVectors.from_arrays(keys, vectors, counts=counts), url)


def test_rows_of_somebody_else_among_ours_are_told(kv: KeyedVectors, tmp_path: Path) -> None:
    duckdb = pytest.importorskip("duckdb", reason="pip install synvec[duckdb]")
    url = f"duckdb://{tmp_path}/f.db/vectors"
    export(kv, url)
    with duckdb.connect(str(tmp_path / "f.db")) as connection:
        connection.execute("INSERT INTO vectors SELECT * FROM vectors LIMIT 3")
    with pytest.raises(RuntimeError, match="holds 2,503 rows after an export of 2,500: something"):
        export(kv, url)


def test_names_are_only_names(kv: KeyedVectors, tmp_path: Path) -> None:
    duckdb = pytest.importorskip("duckdb", reason="pip install synvec[duckdb]")
    name = 'a"; DROP TABLE x; --'
    export(kv, f"duckdb://{tmp_path}/f.db/{name}")
    with duckdb.connect(str(tmp_path / "f.db")) as connection:
        assert connection.sql("SELECT table_name FROM duckdb_tables()").fetchall() == [(name,)]


@pytest.mark.parametrize(
    "url",
    ["file.db", "mysql://h/t", "duckdb://file.db", "qdrant://host", "postgresql://host/db"],
)
def test_urls_that_name_nothing(url: str) -> None:
    with pytest.raises(ValueError, match=r"names no (engine|table), expected"):
        open_target(url, SIZE)


def test_no_vectors_no_export(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no vectors to export"):
        export(KeyedVectors(3), f"duckdb://{tmp_path}/f.db/t")


@pytest.mark.parametrize("scheme", LIBRARIES)
def test_a_missing_library_is_named(
    scheme: str, kv: KeyedVectors, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    module, extra = LIBRARIES[scheme]
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(ImportError, match=rf"pip install synvec\[{extra}\]"):
        export(kv, f"{scheme}://{tmp_path}/place/t?table=t")


def test_the_command(kv: KeyedVectors, tmp_path: Path) -> None:
    pytest.importorskip("duckdb", reason="pip install synvec[duckdb]")
    kv.save(tmp_path / "vectors.kv")
    url = f"duckdb://{tmp_path}/f.db/vectors"
    run = [sys.executable, "-m", "synvec", "export", str(tmp_path / "vectors.kv"), url]
    first, second = (subprocess.run(run, capture_output=True, text=True) for _ in range(2))
    assert first.stderr == f"synvec: 2,500 of 2,500 words written to {url}\n"
    assert second.stderr == f"synvec: 0 of 2,500 words written to {url}\n"
    assert_holds(url, kv)
    store_of(300, seed=2).save(tmp_path / "vectors.kv")
    refused = subprocess.run(run, capture_output=True, text=True)
    assert refused.returncode == 1
    assert "or replace it (--replace)" in refused.stderr
    replaced = subprocess.run([*run, "--replace"], capture_output=True, text=True)
    assert replaced.stderr == f"synvec: 300 of 300 words written to {url}\n"


def test_places_that_cannot_be_are_told_with_what_to_do(kv: KeyedVectors, tmp_path: Path) -> None:
    for module in ("duckdb", "lancedb", "qdrant_client", "pyarrow"):
        pytest.importorskip(module)
    (tmp_path / "text").write_text("hello")
    (tmp_path / "folder").mkdir()
    refused: list[tuple[str, type[OSError], str]] = [
        ("duckdb://{}/none/f.db/t", FileNotFoundError, "no such folder; make it first"),
        ("duckdb://{}/folder/t", IsADirectoryError, "is a folder; name a file in it"),
        ("duckdb://{}/text/t", OSError, "not a valid DuckDB database file!; name another file"),
        ("lancedb://{}/text/t", NotADirectoryError, "is a file; name a folder"),
        ("lancedb://{}/text/deeper/t", NotADirectoryError, "is a file; name a folder"),
        ("qdrant+local://{}/text/t", NotADirectoryError, "is a file; name a folder"),
    ]
    for url, kind, told in refused:
        with pytest.raises(kind, match=re.escape(told)):
            export(kv, url.format(tmp_path), progress=False)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["folder", "text"]


@pytest.mark.skipif(
    os.name != "posix" or os.geteuid() == 0, reason="permissions that hold the user"
)
def test_a_place_without_permission_is_told(kv: KeyedVectors, tmp_path: Path) -> None:
    pytest.importorskip("duckdb")
    tmp_path.chmod(0o500)
    with pytest.raises(PermissionError, match="name another place, or change that"):
        export(kv, f"duckdb://{tmp_path}/f.db/t", progress=False)


HOLDING = """
import sys
if sys.argv[1] == "duckdb":
    import duckdb
    held = duckdb.connect(sys.argv[2])
else:
    import qdrant_client
    held = qdrant_client.QdrantClient(path=sys.argv[2])
print("held", flush=True)
sys.stdin.read()
"""


@pytest.mark.filterwarnings("ignore:unclosed file:ResourceWarning")  # Qdrant's own lock file
@pytest.mark.parametrize(
    ("scheme", "told"),
    [
        ("duckdb", "let that process close it, or name another file"),
        ("qdrant+local", "another process has it open; let it end, or name another folder"),
    ],
)
def test_a_place_that_another_process_holds_is_told(
    kv: KeyedVectors, tmp_path: Path, scheme: str, told: str
) -> None:
    pytest.importorskip(LIBRARIES[scheme][0])
    place = str(tmp_path / "place")
    holding = [sys.executable, "-c", HOLDING, scheme, place]
    with subprocess.Popen(holding, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"held\n"
        with pytest.raises(OSError, match=re.escape(told)):
            export(kv, f"{scheme}://{place}/t", progress=False)
    gc.collect()


def test_a_view_in_the_place_of_the_table_is_told(kv: KeyedVectors, tmp_path: Path) -> None:
    duckdb = pytest.importorskip("duckdb")
    url = f"duckdb://{tmp_path}/f.db/t"
    with duckdb.connect(str(tmp_path / "f.db")) as connection:
        connection.execute("CREATE VIEW t AS SELECT 1")
    with pytest.raises(RuntimeError, match=r"the table t of .*; name another table"):
        export(kv, url, progress=False)


def test_a_write_that_fails_is_told_with_what_to_do(
    kv: KeyedVectors, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    duckdb = pytest.importorskip("duckdb")
    url = f"duckdb://{tmp_path}/f.db/t"
    full = duckdb.IOException("IO Error: Could not write file: No space left on device")
    target = open_target(url, SIZE)
    target.create(targets.Batch(0, kv.key_table, kv.vectors[:1], None), {"rows": 1})
    monkeypatch.setattr(target, "_connection", _Full(full))
    with pytest.raises(OSError, match="No space left on device; see to that, and export again"):
        target.write(targets.Batch(0, kv.key_table, kv.vectors, None))


class _Full:
    """A connection whose disk is full."""

    def __init__(self, error: Exception) -> None:
        self.error = error

    def register(self, *_: object) -> None:
        raise self.error


def test_a_table_is_found_among_many(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lancedb = pytest.importorskip("lancedb", reason="pip install synvec[lancedb]")
    pytest.importorskip("pyarrow", reason="pip install synvec[lancedb]")
    kind = type(lancedb.connect(tmp_path))
    whole, pages = kind.list_tables, []

    def two_at_once(self: Any, page_token: str | None = None) -> Any:
        pages.append(whole(self, page_token=page_token, limit=2))
        return pages[-1]

    monkeypatch.setattr(kind, "list_tables", two_at_once)
    kv = store_of(4)
    for name in "abcde":
        assert export(kv, f"lancedb://{tmp_path}/{name}") == 4
    pages.clear()
    assert export(kv, f"lancedb://{tmp_path}/e") == 0
    assert len(pages) == 3
