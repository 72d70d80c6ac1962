"""To other libraries and back: NumPy, Arrow, pandas, Polars, and the table in a notebook."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from synvec import KeyedVectors

KEYS = ["socket", "<b>", "größe"]
ROWS = np.array([[3, 4], [0, 2], [-1, 1]], dtype=np.float32)


@pytest.fixture
def kv() -> KeyedVectors:
    return KeyedVectors.from_arrays(KEYS, ROWS.copy(), counts=[9, 5, 1])


# --- NumPy ----------------------------------------------------------------------------------------


def test_numpy_gets_the_matrix_itself(kv: KeyedVectors) -> None:
    assert np.asarray(kv) is kv.vectors
    assert np.shares_memory(np.asarray(kv, dtype=np.float32), kv.vectors)
    kv.add_vector("late", [5, 5])  # with room to spare behind the last row
    assert np.asarray(kv).shape == (4, 2)
    assert np.shares_memory(np.asarray(kv), kv.vectors)


def test_numpy_gets_a_copy_when_asked_or_needed(kv: KeyedVectors) -> None:
    for array in (np.array(kv), np.asarray(kv, dtype=np.float64), kv.__array__(copy=True)):
        assert not np.shares_memory(array, kv.vectors)
        np.testing.assert_array_equal(array, ROWS)
    assert np.asarray(kv, dtype="f8").dtype == np.float64
    assert kv.__array__(np.float32, copy=False) is kv.vectors
    with pytest.raises(ValueError, match="can't be float64 without a copy"):
        kv.__array__(np.float64, copy=False)


def test_numpy_functions_take_a_store(kv: KeyedVectors) -> None:
    np.testing.assert_array_equal(np.mean(kv, axis=0), ROWS.mean(axis=0))  # type: ignore[arg-type]


# --- notebooks ------------------------------------------------------------------------------------


def test_a_notebook_shows_a_table(kv: KeyedVectors) -> None:
    html = kv._repr_html_()
    assert "KeyedVectors: 3 keys, 2 dimensions" in html
    assert "<td>0</td><td>socket</td><td>9</td>" in html
    assert "<td>&lt;b&gt;</td>" in html and "<b>" not in html
    assert "norm" not in html and kv.norms is None  # showing computes nothing
    kv.fill_norms()
    assert "<td>größe</td><td>1</td><td>1.414</td>" in kv._repr_html_()


def test_a_notebook_is_not_flooded() -> None:
    keys = ["long" * 1000, *(f"k{number}" for number in range(5000))]
    html = KeyedVectors.from_arrays(keys, np.ones((5001, 3), np.float32))._repr_html_()
    assert len(html) < 2000
    assert "5,001 keys, 3 dimensions" in html
    assert "longlong…</td>" in html and "<td>k8</td>" in html and "<td>k9</td>" not in html
    assert html.endswith("<tr><td>…</td><td>…</td></tr></tbody></table>")
    assert "0 keys" in KeyedVectors(4)._repr_html_()


# --- tables ---------------------------------------------------------------------------------------


def test_arrow_stream(kv: KeyedVectors) -> None:
    pyarrow = pytest.importorskip("pyarrow")
    table = pyarrow.table(kv)
    vector = pyarrow.list_(pyarrow.float32(), 2)
    assert table.schema.names == ["key", "vector", "count"]
    assert table.schema.types == [pyarrow.string(), vector, pyarrow.int64()]
    assert table["key"].to_pylist() == KEYS
    assert table["vector"].to_pylist() == ROWS.tolist()
    assert table["count"].to_pylist() == [9, 5, 1]
    numbers = table["vector"].chunk(0).flatten().to_numpy()
    assert np.shares_memory(numbers, kv.vectors)
    del kv.expandos["count"]
    assert pyarrow.table(kv).schema.names == ["key", "vector"]
    assert pyarrow.table(KeyedVectors(2)).schema.types == [pyarrow.string(), vector]


def test_arrow_stream_of_a_mapped_file_with_nan_and_more_keys(tmp_path: Path) -> None:
    pyarrow = pytest.importorskip("pyarrow")
    kv = KeyedVectors.from_arrays(["a", "b"], [[1, 2], [np.nan, 4]])
    kv.save(tmp_path / "vectors.kv", allow_nonfinite=True)
    table = pyarrow.table(KeyedVectors.load(tmp_path / "vectors.kv", mmap="r"))
    assert table["vector"].null_count == 0
    assert np.isnan(table["vector"][1].as_py()[0])
    kv.add_vector("c", [5, 6])
    assert pyarrow.table(kv)["vector"][2].as_py() == [5, 6]


def test_arrow_stream_of_another_schema(kv: KeyedVectors) -> None:
    pyarrow = pytest.importorskip("pyarrow")
    wanted = pyarrow.schema(
        [("key", pyarrow.large_string()), ("vector", pyarrow.list_(pyarrow.float32(), 2))]
        + [("count", pyarrow.float64())]
    )
    stream = kv.__arrow_c_stream__(wanted.__arrow_c_schema__())
    table = pyarrow.RecordBatchReader._import_from_c_capsule(stream).read_all()
    assert table.schema == wanted
    assert table["count"].to_pylist() == [9.0, 5.0, 1.0]


def test_to_pandas(kv: KeyedVectors) -> None:
    pytest.importorskip("pandas")
    frame = kv.to_pandas()
    assert (frame.index.name, frame.index.tolist(), frame.columns.tolist()) == ("key", KEYS, [0, 1])
    assert set(frame.dtypes) == {np.dtype(np.float32)}
    np.testing.assert_array_equal(frame.to_numpy(), ROWS)
    frame.iloc[0, 0] = 77
    np.testing.assert_array_equal(kv.vectors, ROWS)
    some = kv.to_pandas(["größe", 0])
    assert some.index.tolist() == ["größe", "socket"]
    np.testing.assert_array_equal(some.loc["socket"], ROWS[0])
    assert kv.to_pandas([]).shape == (0, 2)
    assert KeyedVectors(5).to_pandas().shape == (0, 5)


def test_to_polars(kv: KeyedVectors) -> None:
    polars = pytest.importorskip("polars")
    frame = kv.to_polars()
    vector = polars.Array(polars.Float32, 2)
    assert frame.schema == {"key": polars.String, "vector": vector, "count": polars.Int64}
    assert frame["key"].to_list() == KEYS
    np.testing.assert_array_equal(frame["vector"].to_numpy(), ROWS)
    kv.vectors[0] = 77
    kv.set_vecattr("socket", "count", 77)
    assert frame.row(0) == ("socket", [3, 4], 9)
    assert kv.to_polars(["größe", 1]).rows() == [("größe", [-1, 1], 1), ("<b>", [0, 2], 5)]
    assert kv.to_polars([]).schema == frame.schema
    del kv.expandos["count"]
    assert kv.to_polars().columns == ["key", "vector"]
    assert KeyedVectors(2).to_polars().schema == {"key": polars.String, "vector": vector}


@pytest.mark.parametrize("name", ["pandas", "polars"])
def test_wrong_keys_for_a_table(kv: KeyedVectors, name: str) -> None:
    pytest.importorskip(name)
    table: Any = getattr(kv, f"to_{name}")
    with pytest.raises(KeyError, match="'month' not present"):
        table(["socket", "month"])
    with pytest.raises(TypeError, match="the str 'socket', expected a collection"):
        table("socket")


# --- what is not installed ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("module", "extra", "call"),
    [
        ("pandas", "pandas", lambda kv: kv.to_pandas()),
        ("polars", "polars", lambda kv: kv.to_polars()),
        ("pyarrow", "arrow", lambda kv: kv.__arrow_c_stream__()),
    ],
)
def test_a_missing_library_is_named(
    kv: KeyedVectors, monkeypatch: pytest.MonkeyPatch, module: str, extra: str, call: Any
) -> None:
    monkeypatch.setitem(sys.modules, module, None)  # what makes an import fail
    with pytest.raises(ImportError, match=rf"needs {module}: pip install synvec\[{extra}\]"):
        call(kv)


def test_showing_and_converting_to_numpy_import_nothing() -> None:
    program = """
import sys
import numpy as np
from synvec import KeyedVectors

kv = KeyedVectors.from_arrays(["a"], np.eye(1))
kv._repr_html_(), np.asarray(kv)
print(*{"pandas", "polars", "pyarrow"} & set(sys.modules))
"""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == ""
