"""To other libraries: NumPy, Arrow, pandas, Polars, and the table that a notebook shows.

Each library is imported by the call that needs it; synvec needs none but NumPy.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from synvec.arithmetic import Matrix
from synvec.arrow_columns import key_column, vector_column
from synvec.key_types import Key, KeyT, has_integers
from synvec.keyed_vectors.store import VectorStore
from synvec.optional import imported

if TYPE_CHECKING:
    import pandas
    import polars

# What a notebook shows: so many keys, and of each no more than so many characters.
SHOWN_KEYS = 10
SHOWN_CHARACTERS = 60


class Exchange(VectorStore[KeyT]):
    """Keys, vectors and counts as other libraries have them."""

    def __array__(self, dtype: DTypeLike | None = None, copy: bool | None = None) -> NDArray[Any]:
        """Return the raw vectors to NumPy: ``vectors`` itself unless a copy is asked or needed."""
        rows = self.vectors
        kind = rows.dtype if dtype is None else np.dtype(dtype)
        if copy is False and kind != rows.dtype:
            raise ValueError(
                f"the vectors are float32 and can't be {kind} without a copy: leave out copy=False"
            )
        return rows.astype(kind, copy=bool(copy))

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        """Return keys, vectors and counts as Arrow's C stream, which many libraries read.

        The vectors are not copied: a table made of them sees later writes to the store.
        """
        pyarrow = imported("pyarrow", "arrow", "the Arrow stream")
        columns = {"key": key_column(self._keys), "vector": vector_column(self.vectors)}
        counts = self.known_counts
        if counts is not None:
            columns["count"] = pyarrow.array(counts)
        stream: object = pyarrow.table(columns).__arrow_c_stream__(requested_schema)
        return stream

    def to_pandas(self, keys: Iterable[Key] | None = None) -> pandas.DataFrame:
        """Return the raw vectors as a pandas DataFrame: a row a key, a column a dimension.

        Parameters
        ----------
        keys
            Keys and positions, in the order that the rows get; all of them by default.

        Returns
        -------
        pandas.DataFrame
            float32 numbers of its own, indexed by key.

        Raises
        ------
        KeyError
            For an unknown key.
        TypeError
            When ``keys`` is a single str.
        ImportError
            Without pandas: ``pip install synvec[pandas]``.

        Examples
        --------
        >>> from synvec import KeyedVectors
        >>> kv = KeyedVectors.from_arrays(["socket", "year"], [[3, 4], [-1, 1]])
        >>> kv.to_pandas(["year"]).loc["year"].tolist()  # doctest: +SKIP
        [-1.0, 1.0]
        """
        pd = imported("pandas", "pandas", "to_pandas()")
        names, rows, _ = self._table(keys)
        # A frame that shared the rows could be written to without the norms being told.
        frame: pandas.DataFrame = pd.DataFrame(
            rows, index=pd.Index(names, name="key"), copy=keys is None
        )
        return frame

    def to_polars(self, keys: Iterable[Key] | None = None) -> polars.DataFrame:
        """Return keys, raw vectors and, where they are known, counts as a Polars DataFrame.

        Parameters
        ----------
        keys
            Keys and positions, in the order that the rows get; all of them by default.

        Returns
        -------
        polars.DataFrame
            The columns ``key`` (String, or Int64 for integers), ``vector`` (Array of D Float32) and
            ``count``, numbers of its own.

        Raises
        ------
        KeyError
            For an unknown key.
        TypeError
            When ``keys`` is a single str.
        ImportError
            Without Polars: ``pip install synvec[polars]``.

        Examples
        --------
        >>> from synvec import KeyedVectors
        >>> kv = KeyedVectors.from_arrays(["socket", "year"], [[3, 4], [-1, 1]], counts=[7, 3])
        >>> kv.to_polars(["year"]).row(0)  # doctest: +SKIP
        ('year', [-1.0, 1.0], 3)
        """
        pl = imported("polars", "polars", "to_polars()")
        names, rows, counts = self._table(keys)
        if keys is None:  # Polars may keep the memory that it is given
            rows, counts = rows.copy(), None if counts is None else counts.copy()
        columns = {
            "key": pl.Series(names, dtype=pl.Int64 if has_integers(self._keys) else pl.String),
            # The oldest Polars can't give a shape to a matrix without rows.
            "vector": pl.Series(
                rows if len(rows) else [], dtype=pl.Array(pl.Float32, self.vector_size)
            ),
        }
        if counts is not None:
            columns["count"] = pl.Series(counts)
        frame: polars.DataFrame = pl.DataFrame(columns)
        return frame

    def _table(self, keys: Iterable[Key] | None) -> tuple[list[KeyT], Matrix, NDArray[Any] | None]:
        """Return names, raw vectors and counts, of all keys or in the order of some."""
        if keys is None:
            return self._keys.keys(), self.vectors, self.known_counts
        if isinstance(keys, str):
            raise TypeError(f"keys is the str {keys!r}, expected a collection: put it in a list")
        positions = self._positions(keys)
        rows: Matrix = self.vectors[positions]
        counts = self.known_counts
        return self._keys.keys_at(positions), rows, None if counts is None else counts[positions]

    def _repr_html_(self) -> str:
        """Return what a notebook shows: the size, and the first keys with what is known of them."""
        from html import escape  # here, since its table of entities costs 1 ms of `import synvec`

        known = {"count": self.known_counts, "norm": self.norms}
        columns: dict[str, NDArray[Any]] = {n: c for n, c in known.items() if c is not None}
        heads = "".join(f"<th>{name}</th>" for name in ("", "key", *columns))
        body = ""
        for index, key in enumerate(self._keys.texts().keys(0, SHOWN_KEYS)):
            short = key if len(key) <= SHOWN_CHARACTERS else f"{key[:SHOWN_CHARACTERS]}…"
            cells = [str(index), short]
            cells += [_shown(column[index]) for column in columns.values()]
            body += "<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in cells) + "</tr>"
        if len(self) > SHOWN_KEYS:
            body += "<tr>" + "<td>…</td>" * (2 + len(columns)) + "</tr>"
        return (
            f"<table><caption>{escape(type(self).__name__)}: {len(self):,} keys, "
            f"{self.vector_size:,} dimensions</caption>"
            f"<thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table>"
        )


def _shown(value: object) -> str:
    return f"{value:.4g}" if isinstance(value, float | np.floating) else str(value)
