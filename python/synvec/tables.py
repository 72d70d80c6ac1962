"""Tables of text: one column of a data frame, of a data set, or of Parquet and Arrow files.

A column comes as Arrow arrays, batch after batch; its rows are sentences that are lists of words,
or texts whose words are still to be found. Whatever offers Arrow's C stream
(``__arrow_c_stream__``) is a column or a table.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any

from synvec import arrow
from synvec.optional import imported

_ROWS_AT_ONCE = 1 << 14
_PANDAS_KINDS = ("object", "str", "category")  # and those of which "string" is a part


@dataclass(frozen=True)
class Column:
    """A column that can be gone over once."""

    arrays: Iterator[tuple[str, Any]]
    """What messages call the column, and the next Arrow array of it."""

    def batches(self) -> Iterator[arrow.Batch]:
        """Yield its sentences, a batch an array."""
        for _, array in self.arrays:
            yield from arrow.batches(array)

    def texts(self) -> Iterator[tuple[str, str]]:
        """Yield where each text is, and the text."""
        previous, rows = "", 0
        for name, array in self.arrays:
            previous, rows = name, rows if name == previous else 0
            yield from arrow.texts(array, name, rows)
            rows += len(array)


def choose(types: Mapping[str, Any], column: str | None, table: str, fits: Any) -> str:
    """Return the name of the column to read: the one asked for, or the only one that fits.

    Parameters
    ----------
    types
        The columns and their types.
    column
        The name that was given, if any.
    table
        What messages call the table.
    fits
        Whether a type is that of sentences or texts.

    Raises
    ------
    ValueError
        When there is no such column, its type is another, or there are several or none.
    """
    shown = [f"{name} ({kind})" for name, kind in list(types.items())[:20]]
    has = f"it has {', '.join(shown) or 'none'}{', …' if len(types) > len(shown) else ''}"
    if column is not None:
        if column not in types:
            raise ValueError(f"{table} has no column {column!r}; {has}")
        if not fits(types[column]):
            raise ValueError(
                f"column {column!r} of {table} is {types[column]}, expected strings, or lists of "
                f"strings or integers; {has}"
            )
        return column
    fitting = [name for name, kind in types.items() if fits(kind)]
    if len(fitting) != 1:
        what = "several columns" if fitting else "no column"
        raise ValueError(
            f"{table} has {what} of strings, or lists of strings or integers, name the one to read "
            f"with column: {has}"
        )
    return fitting[0]


def column_of(corpus: Any, column: str | None) -> Any:
    """Return the `Column` that a corpus is, or the one to read of a table; others as they are.

    Parameters
    ----------
    corpus
        Anything.
    column
        The column's name, where the corpus is a table.

    Raises
    ------
    ValueError
        When the table has no such column.
    TypeError
        When a column is asked for of what is no table.
    ImportError
        Without pyarrow: ``pip install synvec[arrow]``.
    """
    library = type(corpus).__module__.partition(".")[0]
    if library == "pandas" and hasattr(corpus, "iloc"):
        return _of_pandas(corpus, column)
    arrays = None
    if library == "datasets":
        arrays = _of_datasets(corpus, column)
    elif library == "pyarrow" or hasattr(corpus, "__arrow_c_stream__"):
        arrays = _of_arrow(corpus, column)
    if arrays is not None:
        return Column(arrays)
    _refuse_column(corpus, column)
    return corpus


def _refuse_column(corpus: object, column: str | None) -> None:
    if column is not None:
        raise TypeError(
            f"column={column!r} is for tables, and the corpus is a {type(corpus).__name__}; leave "
            "it out"
        )


def _is_of_strings(kind: Any) -> bool:
    return arrow.is_text(kind) or arrow.is_list_of_text(kind)


def _is_corpus(kind: Any) -> bool:
    return _is_of_strings(kind) or arrow.is_list_of_integers(kind)


def chosen_of(schema: Any, column: str | None, table: str) -> str:
    """Return the column of an Arrow schema that `choose` chooses."""
    types = {field.name: field.type for field in schema}
    # Beside texts, integers are more likely labels or positions than the words of a corpus.
    has_strings = column is None and any(map(_is_of_strings, types.values()))
    name = choose(types, column, table, _is_of_strings if has_strings else _is_corpus)
    if schema.names.count(name) > 1:
        raise ValueError(f"{table} has more than one column {name!r}; rename one")
    return name


def _named(name: str, arrays: Iterable[Any]) -> Iterator[tuple[str, Any]]:
    return ((f"column {name!r}", array) for array in arrays)


def _of_arrow(corpus: Any, column: str | None) -> Iterator[tuple[str, Any]]:
    """Return the arrays of a column of Arrow, or of a table that is streamed."""
    pyarrow = imported("pyarrow", "arrow", f"a {type(corpus).__name__} as corpus")
    if isinstance(corpus, pyarrow.Array | pyarrow.ChunkedArray):
        return _of_column(corpus, column)
    table = f"the {type(corpus).__name__}"
    if hasattr(corpus, "scanner"):  # a pyarrow.dataset.Dataset, which reads what it is asked for
        chosen = chosen_of(corpus.schema, column, table)
        return _named(chosen, (batch.column(0) for batch in corpus.to_batches(columns=[chosen])))
    if hasattr(corpus, "__arrow_c_stream__"):
        try:
            batches = pyarrow.RecordBatchReader.from_stream(corpus)
        except pyarrow.ArrowInvalid:  # the schema is no table's
            return _of_column(pyarrow.chunked_array(corpus), column)
    elif isinstance(corpus, pyarrow.RecordBatch):
        batches = pyarrow.RecordBatchReader.from_batches(corpus.schema, [corpus])
    else:
        raise TypeError(f"a {type(corpus).__name__} of Arrow is not sentences, nor a table of them")
    chosen = chosen_of(batches.schema, column, table)
    place = batches.schema.get_field_index(chosen)
    return _named(chosen, (batch.column(place) for batch in batches))


def _of_column(array: Any, column: str | None) -> Iterator[tuple[str, Any]]:
    _refuse_column(array, column)
    chunks = array.chunks if hasattr(array, "chunks") else [array]
    return (("the column", chunk) for chunk in chunks)


def _of_pandas(corpus: Any, column: str | None) -> Any:
    """Return a series as a `Column`, or as the lists that it holds."""
    if hasattr(corpus, "columns"):
        names = {str(name): name for name in corpus.columns}
        kinds = {name: str(corpus.dtypes[given]) for name, given in names.items()}
        chosen = choose(
            kinds, column, "the DataFrame", lambda kind: kind in _PANDAS_KINDS or "string" in kind
        )
        corpus = corpus[names[chosen]]
    else:
        _refuse_column(corpus, column)
    if corpus.dtype == object:
        absent = corpus.isna().to_numpy()
        if not absent.all() and not isinstance(corpus.iloc[int(absent.argmin())], str):
            # Lists of Python's own, for which nobody needs pyarrow.
            return ([] if is_null else row for row, is_null in zip(corpus, absent, strict=True))
    name = "the column" if corpus.name is None else f"column {corpus.name!r}"
    return Column((name, array) for array in _pieces_of_pandas(corpus, name))


def _pieces_of_pandas(series: Any, name: str) -> Iterator[Any]:
    pyarrow = imported("pyarrow", "arrow", "a column of pandas as corpus")
    for start in range(0, len(series), _ROWS_AT_ONCE):
        yield from _converted(
            lambda piece: pyarrow.Array.from_pandas(piece),
            series.iloc[start : start + _ROWS_AT_ONCE],
            f"{name}, rows from {start} on",
        )


def _converted(convert: Callable[[Any], Any], rows: Any, place: str) -> Iterator[Any]:
    """Yield the arrays that rows of Python objects make."""
    import pyarrow

    try:
        made = convert(rows)
    except (pyarrow.ArrowInvalid, pyarrow.ArrowTypeError) as error:
        raise TypeError(
            f"{place}: expected strings, or lists of strings, in every row: {error}"
        ) from error
    yield from made.chunks if isinstance(made, pyarrow.ChunkedArray) else [made]


def _of_datasets(corpus: Any, column: str | None) -> Iterator[tuple[str, Any]] | None:
    """Return the arrays of a column of Hugging Face's data sets, streamed ones too."""
    if isinstance(corpus, Mapping):
        splits = ", ".join(corpus)
        raise TypeError(
            f"a {type(corpus).__name__} is several data sets, {splits}: choose one, for example "
            f"dataset[{next(iter(corpus), 'train')!r}]"
        )
    if hasattr(corpus, "with_format"):
        return _of_tables(corpus.with_format("arrow").iter(batch_size=_ROWS_AT_ONCE), column)
    if hasattr(getattr(corpus, "source", None), "with_format") and column is None:
        return _of_datasets(corpus.source, corpus.column_name)
    return _of_column_of_objects(corpus) if column is None else None


def _of_tables(tables: Iterable[Any], column: str | None) -> Iterator[tuple[str, Any]]:
    chosen = None
    for table in tables:
        chosen = chosen or chosen_of(table.schema, column, "the data set")
        for chunk in table.column(chosen).chunks:
            yield f"column {chosen!r}", chunk


def _of_column_of_objects(rows: Iterable[Any]) -> Iterator[tuple[str, Any]]:
    pyarrow = imported("pyarrow", "arrow", "a column of a data set as corpus")
    remaining, start = iter(rows), 0
    while piece := list(islice(remaining, _ROWS_AT_ONCE)):
        for array in _converted(pyarrow.array, piece, f"the column, rows from {start} on"):
            yield "the column", array
        start += len(piece)
