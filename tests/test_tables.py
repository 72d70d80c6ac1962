"""Columns of text: of data frames and data sets in memory, and of Parquet and Arrow files."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from synvec import FormatError, Word2Vec, scan

pyarrow = pytest.importorskip("pyarrow")
parquet = pytest.importorskip("pyarrow.parquet")

TEXTS = ["The cat", "a DOG!", None, "", "the dog"] * 7
WORDS = [["the", "cat"], None, [], ["a", "dog"], ["日本"]] * 7
TABLE = pyarrow.table({"id": range(35), "text": TEXTS, "words": WORDS})

Read = tuple[list[str], list[int], int]


def read(corpus: Any = None, **settings: Any) -> Read:
    scanned = scan(corpus, **settings)
    return scanned.keys.keys(), scanned.encode(scanned.keys).ids.tolist(), scanned.sentences


def expected(column: str, **settings: Any) -> Read:
    """The same by way of Python's own lists, where a null is an empty sentence."""
    if column == "words":
        return read([row or [] for row in WORDS])
    return read([text or "" for text in TEXTS], **{"tokenize": "whitespace", **settings})


class DataSet:
    """As much of Hugging Face's data sets as is asked for: batches of Arrow tables, a column."""

    __module__ = "datasets.arrow_dataset"

    def with_format(self, kind: str) -> DataSet:
        assert kind == "arrow"
        return self

    def iter(self, batch_size: int) -> Iterator[Any]:
        yield from (TABLE.slice(start, 10) for start in range(0, 35, 10))


class DataSetColumn:
    __module__ = "datasets.arrow_dataset"

    def __init__(self, name: str) -> None:
        self.source, self.column_name = DataSet(), name


class NestedColumn:
    """Of a column that is no data set's own: rows of Python."""

    __module__ = "datasets.arrow_dataset"

    def __init__(self, name: str) -> None:
        self.rows = TABLE[name].to_pylist()

    def __iter__(self) -> Iterator[Any]:
        return iter(self.rows)


def polars(table: Any) -> Any:
    return pytest.importorskip("polars").from_arrow(table)


def data_set(table: Any) -> Any:
    datasets = pytest.importorskip("datasets")
    return datasets.Dataset(datasets.table.InMemoryTable(table), fingerprint="a")


TABLES: dict[str, Callable[[], Any]] = {
    "pyarrow": lambda: TABLE,
    "a batch": lambda: TABLE.combine_chunks().to_batches()[0],
    "a reader": lambda: TABLE.to_reader(max_chunksize=4),
    "pyarrow.dataset": lambda: pytest.importorskip("pyarrow.dataset").dataset(TABLE),
    "polars": lambda: polars(TABLE),
    "pandas": lambda: TABLE.to_pandas(),
    "datasets": lambda: data_set(TABLE),
    "streamed datasets": lambda: data_set(TABLE).to_iterable_dataset(),
    "like datasets": DataSet,
}
COLUMNS: dict[str, Callable[[str], Any]] = {
    "pyarrow": lambda name: TABLE[name],
    "an array": lambda name: TABLE[name].combine_chunks(),
    "polars": lambda name: polars(TABLE)[name],
    "pandas": lambda name: TABLE.to_pandas()[name],
    "pandas, objects": lambda name: pytest.importorskip("pandas").Series(
        TABLE[name].to_pylist(), dtype=object
    ),
    "datasets": lambda name: data_set(TABLE)[name],
    "like datasets": DataSetColumn,
    "like nested datasets": NestedColumn,
}


@pytest.mark.parametrize("column", ["text", "words"])
@pytest.mark.parametrize("way", TABLES)
def test_a_column_of_a_table_is_read_like_lists(way: str, column: str) -> None:
    assert read(TABLES[way](), column=column) == expected(column)


@pytest.mark.parametrize("column", ["text", "words"])
@pytest.mark.parametrize("way", COLUMNS)
def test_a_column_is_read_like_lists(way: str, column: str) -> None:
    assert read(COLUMNS[way](column)) == expected(column)


@pytest.mark.parametrize("tokenize", ["words", str.split])
@pytest.mark.parametrize("way", COLUMNS)
def test_texts_of_a_column_are_cut(way: str, tokenize: Any) -> None:
    settings = {"tokenize": tokenize, "lowercase": True}
    assert read(COLUMNS[way]("text"), **settings) == expected("text", **settings)
    with pytest.raises(ValueError, match="has been cut into words already"):
        read(COLUMNS[way]("words"), **settings)


def test_the_only_column_of_text_needs_no_name() -> None:
    table = TABLE.select(["id", "words"])
    for given in (table, table.to_pandas(), polars(table)):
        assert read(given) == expected("words")


@pytest.mark.parametrize("way", ["pyarrow", "polars", "pandas", "like datasets"])
@pytest.mark.parametrize(
    ("column", "message"),
    [
        (
            None,
            r"has several columns of strings, or lists of strings or .*id \(int64\), text \(",
        ),
        ("txt", r"has no column 'txt'; it has id \(int64\), text \("),
        ("id", r"column 'id' of the .* is int64, expected strings, or lists of .*; it has id"),
    ],
)
def test_columns_that_do_not_fit_are_listed(way: str, column: str | None, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        scan(TABLES[way](), column=column)


def test_tables_without_text_or_with_one_name_twice() -> None:
    with pytest.raises(ValueError, match=r"has no column of strings.*it has id \(int64\)$"):
        scan(TABLE.select(["id"]))
    twice = pyarrow.Table.from_arrays([TABLE["text"], TABLE["text"]], names=["a", "a"])
    with pytest.raises(ValueError, match="more than one column 'a'; rename one"):
        scan(twice)


@pytest.mark.parametrize("corpus", [[["a"]], TABLE["text"], polars(TABLE)["text"]])
def test_a_column_of_what_is_no_table(corpus: Any) -> None:
    with pytest.raises(TypeError, match="column='text' is for tables"):
        scan(corpus, column="text")


def test_rows_of_python_that_are_no_words() -> None:
    pandas = pytest.importorskip("pandas")
    with pytest.raises(
        TypeError, match="word 1 of sentence 1 is int, expected str as all words before it: 1"
    ):
        scan(pandas.Series([["a"], ["b", 1]]))
    with pytest.raises(TypeError, match="column 'x', rows from 0 on: expected strings"):
        scan(pandas.Series(["a", 1], name="x", dtype=object))
    with pytest.raises(TypeError, match="array of int64 is not sentences"):
        scan(pandas.Series([1, 2]))


def test_several_data_sets_are_not_one() -> None:
    datasets = pytest.importorskip("datasets")
    with pytest.raises(TypeError, match=r"several data sets, train: choose one.*\['train'\]"):
        scan(datasets.DatasetDict({"train": data_set(TABLE)}))


def write_feather(path: Path) -> None:
    with pyarrow.ipc.new_file(path, TABLE.schema) as file:
        file.write_table(TABLE, max_chunksize=4)


def write_stream(path: Path) -> None:
    with pyarrow.ipc.new_stream(path, TABLE.schema) as file:
        file.write_table(TABLE, max_chunksize=4)


FILES: dict[str, Callable[[Path], None]] = {
    "parquet": lambda path: parquet.write_table(TABLE, path, row_group_size=4),
    "arrow": write_feather,
    "stream": write_stream,
}


@pytest.mark.parametrize("kind", FILES)
def test_files_are_known_by_content(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "corpus.txt"
    FILES[kind](path)
    for column in ("text", "words"):
        assert read(corpus_file=path, column=column) == expected(column)
    settings = {"tokenize": str.split, "lowercase": True}
    found = read(corpus_file=path, column="text", **settings)
    assert found == expected("text", **settings)
    with pytest.raises(ValueError, match=r"corpus.txt has no column 'x'; it has id \(int64\)"):
        scan(corpus_file=path, column="x")


def test_files_may_be_several_of_different_kinds(tmp_path: Path) -> None:
    for number, write in enumerate(FILES.values()):
        write(tmp_path / f"part-{number}")
    thrice = read([row or [] for row in WORDS * 3])
    for given in (tmp_path, str(tmp_path / "part-*"), sorted(tmp_path.iterdir())):
        assert read(corpus_file=given, column="words") == thrice


def test_text_and_tables_do_not_mix(tmp_path: Path) -> None:
    FILES["parquet"](tmp_path / "a")
    (tmp_path / "b").write_text("text", encoding="utf-8")
    with pytest.raises(ValueError, match=r"a is a table and .*b is text: give one kind at a time"):
        scan(corpus_file=tmp_path, column="text")
    with pytest.raises(ValueError, match=r"column='text' is for tables, and .*b is text"):
        scan(corpus_file=tmp_path / "b", column="text")


@pytest.mark.parametrize("kind", FILES)
def test_files_that_are_cut(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "corpus"
    FILES[kind](path)
    whole = path.read_bytes()
    failures = 0
    for end in range(8, len(whole), len(whole) // 40):
        path.write_bytes(whole[:end])
        try:
            scan(corpus_file=path, column="text")
        except FormatError as error:
            assert str(path) in str(error)
            failures += 1
    # A stream that is cut between two batches is a shorter one, which nothing tells.
    assert failures >= 30


def test_what_a_function_raises_tells_file_column_and_row(tmp_path: Path) -> None:
    FILES["parquet"](tmp_path / "a")

    def tokenize(text: str) -> list[str]:
        if text == "the dog":
            raise KeyError(text)
        return [text]

    with pytest.raises(KeyError) as raised:
        scan(corpus_file=tmp_path / "a", column="text", tokenize=tokenize)
    assert raised.value.__notes__ == [f"tokenize was at {tmp_path / 'a'}, column 'text', row 4"]


def test_without_pyarrow(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    pandas = pytest.importorskip("pandas")
    FILES["parquet"](tmp_path / "a")
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(ImportError, match=r"reading .*a needs pyarrow: pip install synvec\[arrow"):
        scan(corpus_file=tmp_path / "a")
    assert read(pandas.Series([["a"], None, ["b"]])) == read([["a"], [], ["b"]])


def test_a_model_is_trained_on_a_column_and_knows_it_again(tmp_path: Path) -> None:
    FILES["parquet"](tmp_path / "a")
    settings = {"vector_size": 4, "min_count": 1, "workers": 1, "epochs": 2}
    lists = Word2Vec([row or [] for row in WORDS], **settings)
    for given in ({"corpus_file": tmp_path / "a"}, {"sentences": TABLE}):
        model = Word2Vec(**given, column="words", **settings)
        assert (model.wv.vectors == lists.wv.vectors).all()
        assert model.wv.index_to_key == lists.wv.index_to_key


MEMORY = """
import sys, pyarrow
from synvec import scan
before = pyarrow.total_allocated_bytes()
scan(corpus_file=sys.argv[1], column="text")
print(pyarrow.default_memory_pool().max_memory() - before)
"""


def test_a_large_group_of_rows_is_read_in_pieces(tmp_path: Path) -> None:
    text = (
        "a few words that make a row of about a hundred bytes when they are written down twice " * 2
    )
    rows = pyarrow.array([f"{row} {text}" for row in range(400_000)])
    path = tmp_path / "a.parquet"
    parquet.write_table(pyarrow.table({"text": rows}), path, row_group_size=400_000)
    done = subprocess.run(
        [sys.executable, "-c", MEMORY, str(path)], capture_output=True, text=True, check=True
    )
    assert rows.nbytes > 60 << 20
    assert int(done.stdout) < rows.nbytes / 2
