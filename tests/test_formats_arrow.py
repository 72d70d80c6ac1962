"""Parquet, Arrow files and streams, and what embedding-atlas takes."""

import io
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import synvec
from synvec import KeyedVectors, formats
from tests.golden import COUNTS, KEYS, VECTORS, golden, is_golden
from tests.hostile import check_prefixes_err, check_survives, flipped, megabytes_to_refuse

pa = pytest.importorskip("pyarrow")
pq = pytest.importorskip("pyarrow.parquet")

ENDINGS = [".parquet", ".arrow", ".feather"]


def load(source: Any, **options: Any) -> KeyedVectors:
    return formats.vectors_of(formats.load(source, **options))


def parquet(columns: Any, **options: Any) -> io.BytesIO:
    file = io.BytesIO()
    pq.write_table(pa.table(columns), file, **options)
    return io.BytesIO(file.getvalue())


def stream(columns: Any, rows: int | None = None) -> io.BytesIO:
    file, table = io.BytesIO(), pa.table(columns)
    with pa.ipc.new_stream(file, table.schema) as out:
        out.write_table(table, max_chunksize=rows)
    return io.BytesIO(file.getvalue())


def lists(rows: Any) -> Any:
    return pa.array([list(row) for row in rows], pa.list_(pa.float64()))


# --- as it should be ------------------------------------------------------------------------------


@pytest.mark.parametrize("ending", ENDINGS)
def test_what_is_written_comes_back(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"a{ending}"
    formats.save(golden(), path)
    assert formats.sniff(path) == ("parquet" if ending == ".parquet" else "arrow")
    assert is_golden(load(path), counts=True)
    first = load(path, limit=3)
    assert (first.index_to_key, first.vectors.tolist()) == (KEYS[:3], VECTORS[:3].tolist())
    assert first.counts is not None
    assert first.counts.tolist() == COUNTS[:3]
    theirs = pq.read_table(path) if ending == ".parquet" else pa.ipc.open_file(path).read_all()
    assert theirs["key"].to_pylist() == KEYS
    assert theirs["vector"].type == pa.list_(pa.float32(), 6)
    assert theirs["count"].to_pylist() == COUNTS


def test_without_counts(tmp_path: Path) -> None:
    formats.save(KeyedVectors.from_arrays(["a"], [[1, 2]]), tmp_path / "a.parquet")
    assert load(tmp_path / "a.parquet").counts is None


@pytest.mark.parametrize("ending", ENDINGS)
def test_many_groups_of_rows(tmp_path: Path, ending: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("synvec.formats.arrow_files._NUMBERS_A_GROUP", 18)
    monkeypatch.setattr("synvec.formats.arrow_files._ROWS_AT_ONCE", 2)
    formats.save(golden(), tmp_path / f"a{ending}")
    assert is_golden(load(tmp_path / f"a{ending}"), counts=True)
    assert load(tmp_path / f"a{ending}", limit=5).index_to_key == KEYS[:5]


@pytest.mark.parametrize(
    "vectors",
    [
        lists(VECTORS),
        lists(VECTORS).cast(pa.list_(pa.float32())),
        lists(VECTORS).cast(pa.large_list(pa.float16())),
        pa.FixedSizeListArray.from_arrays(pa.array(VECTORS.reshape(-1)), 6),
    ],
)
@pytest.mark.parametrize(
    "keys",
    [
        pa.array(KEYS),
        pa.array(KEYS, pa.large_string()),
        pa.array(KEYS).dictionary_encode(),
        pa.chunked_array([KEYS[:4], KEYS[4:]]),
    ],
)
@pytest.mark.parametrize("write", [parquet, stream])
def test_types_of_columns(write: Any, keys: Any, vectors: Any) -> None:
    assert is_golden(load(write({"key": keys, "vector": vectors})))


def test_a_column_a_dimension() -> None:
    columns = {f"d{index}": VECTORS[:, index] for index in range(6)}
    assert is_golden(load(parquet({**columns, "n": range(10), "lemma": KEYS})))


def test_what_pandas_writes(tmp_path: Path) -> None:
    pytest.importorskip("pandas")
    golden().to_pandas().to_parquet(tmp_path / "a.parquet")
    assert is_golden(load(tmp_path / "a.parquet"))
    golden().to_pandas().rename(columns=str).reset_index().to_feather(tmp_path / "a.feather")
    assert is_golden(load(tmp_path / "a.feather"))


def test_which_columns_are_meant() -> None:
    columns = {
        "definition": ["x"] * 10,
        "word": KEYS,
        "lemma": KEYS[::-1],
        "first": lists(VECTORS),
        "second": lists(VECTORS * 2),
    }
    assert is_golden(load(parquet(columns)))
    other = load(parquet(columns), key_column="lemma", vector_column="second")
    assert other.index_to_key == KEYS[::-1]
    assert (other.vectors == VECTORS * 2).all()
    with pytest.raises(synvec.UnsupportedFormatError, match="no column 'x' of text, only defini"):
        load(parquet(columns), key_column="x")
    with pytest.raises(synvec.UnsupportedFormatError, match="'word' of lists of floats, only fi"):
        load(parquet(columns), vector_column="word")


def test_for_embedding_atlas(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    formats.save(golden(), path, format="embedding-atlas", projection=VECTORS[:, :2])
    table = pq.read_table(path)
    assert table.column_names == ["text", "vector", "count", "projection_x", "projection_y"]
    assert table["text"].to_pylist() == KEYS
    assert table["projection_y"].to_pylist() == VECTORS[:, 1].tolist()
    assert is_golden(load(path), counts=True)
    formats.save(golden(), path, format="embedding-atlas")
    assert pq.read_table(path).column_names == ["text", "vector", "count"]
    with pytest.raises(ValueError, match=r"projection has shape \(10, 6\), expected \(10, 2\)"):
        formats.save(golden(), path, format="embedding-atlas", projection=VECTORS)
    with pytest.raises(ValueError, match="embedding-atlas Parquet is only written"):
        formats.load(path, format="embedding-atlas")


def test_without_pyarrow(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("pyarrow", "pyarrow.parquet", "pyarrow.ipc"):
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(ImportError, match=r"pip install synvec\[arrow\]"):
        formats.save(golden(), tmp_path / "a.parquet")
    with pytest.raises(ImportError, match=r"pip install synvec\[arrow\]"):
        load(io.BytesIO(b"PAR1"))


# --- what is wrong with them ----------------------------------------------------------------------


@pytest.mark.parametrize("write", [parquet, stream])
@pytest.mark.parametrize(
    ("columns", "error", "message"),
    [
        ({"n": [1]}, synvec.UnsupportedFormatError, r"no column of text .* it has n \(int64\)"),
        ({"key": ["a"]}, synvec.UnsupportedFormatError, "no column of lists of floats"),
        ({"key": ["a"], "v": [[1, 2]]}, synvec.UnsupportedFormatError, "v .list<"),
        (
            {"key": ["a", "b"], "v": [[1.0, 2.0], [1.0]]},
            synvec.RowError,
            "row 1 has 1 dimensions, expected 2",
        ),
        ({"key": ["a", None], "v": [[1.0], [2.0]]}, synvec.RowError, "row 1 has no key"),
        ({"key": ["a", "b"], "v": [[1.0], None]}, synvec.RowError, "row 1 has no vector"),
        ({"key": ["a", "b"], "v": [[1.0], [None]]}, synvec.RowError, "a number that is null"),
        ({"key": ["a", "b"], "x": [1.0, None]}, synvec.RowError, "row 1 has no vector"),
        ({"key": ["a", ""], "v": [[1.0], [2.0]]}, synvec.EncodingError, "row 1 is empty"),
        ({"key": ["a"], "v": [[np.nan]]}, synvec.NonFiniteError, "'a' .row 0, column 0"),
        ({"key": ["a"], "v": [[1e39]]}, synvec.NonFiniteError, "too large for float32"),
        ({"key": ["a"], "v": [[1.0]], "count": [-1]}, synvec.RowError, "the count -1"),
        ({"key": ["a"], "v": [[1.0]], "count": [None]}, None, ""),
        (
            {"key": ["a"], "v": [[1.0]], "count": pa.array([None], pa.int32())},
            synvec.RowError,
            "has no count",
        ),
        ({"key": pa.array([], pa.string()), "v": lists([])}, synvec.HeaderError, "has no rows"),
        ({"key": ["a"], "v": lists([[]])}, synvec.HeaderError, "at least one dimension"),
    ],
)
def test_tables_that_do_not_fit(
    write: Any, columns: Any, error: type[Exception] | None, message: str
) -> None:
    if error is None:  # a column of nothing is no column of counts
        assert load(write(columns)).counts is None
        return
    with pytest.raises(error, match=message):
        load(write(columns))


def test_rows_that_differ_between_batches() -> None:
    with pytest.raises(synvec.RowError, match="row 2 has 1 dimensions, expected 2"):
        load(stream({"key": ["a", "b", "c"], "v": [[1.0, 2.0], [3.0, 4.0], [1.0]]}, rows=2))


def test_equal_keys_and_nonfinite_numbers() -> None:
    columns = {"key": ["a", "b", "a"], "v": [[1.0], [np.inf], [3.0]], "count": [5, 4, 3]}
    with pytest.warns(UserWarning, match="1 rows have a key that came before"):
        loaded = load(parquet(columns), allow_nonfinite=True)
    assert loaded.index_to_key == ["a", "b"]
    assert loaded.counts is not None
    assert (loaded.vectors.tolist(), loaded.counts.tolist()) == ([[1.0], [np.inf]], [5, 4])


@pytest.mark.parametrize("ending", [".parquet", ".arrow"])
def test_limits(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"a{ending}"
    formats.save(golden(), path)
    for name, value in (("max_rows", 9), ("max_vector_size", 5), ("max_key_bytes", 3)):
        with pytest.raises(synvec.LimitError, match=f"{name} = {value}"):
            load(path, limits=synvec.Limits(**{name: value}))


def test_a_bomb(tmp_path: Path) -> None:
    # A gigabyte of zeros; the bound is met before the first of it is kept.
    path = tmp_path / "a.parquet"
    zeros = pa.FixedSizeListArray.from_arrays(pa.array(np.zeros(1000 * 300, np.float32)), 300)
    table = pa.table({"key": pa.array(["a"] * 1000), "v": zeros})
    with pq.ParquetWriter(path, table.schema, compression="zstd") as out:
        for _ in range(900):
            out.write_table(table)
    assert path.stat().st_size < 2_000_000
    with pytest.raises(synvec.LimitError, match="max_expansion_ratio = 200"):
        load(path)


def test_two_columns_of_one_name() -> None:
    table = pa.Table.from_arrays([pa.array(["a"]), pa.array(["b"])], ["key", "key"])
    with pytest.raises(synvec.UnsupportedFormatError, match="two columns have one name"):
        load(stream(table))


@pytest.mark.parametrize("ending", [".parquet", ".arrow", "stream"])
def test_cut_anywhere_and_turned_anywhere(ending: str) -> None:
    file = io.BytesIO()
    if ending == "stream":
        file = stream({"key": KEYS, "vector": lists(VECTORS)})
    else:
        formats.save(golden(), file, format="parquet" if ending == ".parquet" else "arrow")
    form = "parquet" if ending == ".parquet" else "arrow"

    def read(data: bytes) -> object:
        return formats.load(io.BytesIO(data), format=form)  # type: ignore[arg-type]

    whole = file.getvalue()
    # A stream may leave out the eight bytes that say it has ended.
    check_prefixes_err(read, whole[:-8] if ending == "stream" else whole, most=150)
    for data in flipped(whole, times=400):
        check_survives(read, data)


def test_what_is_refused_takes_little_memory(tmp_path: Path) -> None:
    formats.save(golden(), tmp_path / "a.parquet")
    empty, cut = tmp_path / "empty.parquet", tmp_path / "cut.parquet"
    whole = (tmp_path / "a.parquet").read_bytes()
    cut.write_bytes(whole[: len(whole) // 2])
    pq.write_table(pa.table({"n": [1]}), empty)
    # pyarrow itself is most of it.
    assert megabytes_to_refuse(cut, empty) < 150
