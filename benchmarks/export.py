"""Exports beside the engines' own bulk loads: ``python -m benchmarks.export``.

The engine's own way is one call with all rows as one Arrow table, made beforehand; synvec's
includes making the batches and the label by which an export is known again.
"""

import argparse
import tempfile
from collections.abc import Sequence
from pathlib import Path
from statistics import median

import pyarrow as pa

from benchmarks import machine
from benchmarks.index import spent, synthetic
from benchmarks.report import table
from synvec import KeyedVectors
from synvec.exporting import Batch, export


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.export")
    add = parser.add_argument
    add("--rows", type=int, default=1_000_000)
    add("--dimensions", type=int, default=100)
    add("--repeat", type=int, default=3, help="turns of each program")
    add("--folder", type=Path, help="where the databases go for the while")
    options = parser.parse_args(arguments)
    vectors = synthetic(options.rows, options.dimensions)
    kv = KeyedVectors.from_arrays([f"word_{row}" for row in range(len(vectors))], vectors)
    whole = Batch(0, kv.key_table, kv.vectors, None).as_arrow("duckdb")
    lines = []
    for name, bare in (("duckdb", load_duckdb), ("lancedb", load_lancedb)):
        times: dict[str, list[tuple[float, float]]] = {"synvec": [], "bare": []}
        for _ in range(options.repeat):
            with tempfile.TemporaryDirectory(dir=options.folder) as folder:
                times["bare"].append(spent(bare, Path(folder, "bare"), whole)[1])
                times["synvec"].append(spent(export, kv, f"{name}://{folder}/synvec/rows")[1])
        lines.append([name, *rates(times, len(kv))])
    facts = machine.describe()
    print(f"{facts['cpu']}, {facts['cores']} cores; {len(kv):,} × {options.dimensions}\n")
    heads = ["", "rows/s", "its own", "share", "rows/CPU-s", "its own", "share"]
    print(table(heads, lines))


def rates(times: dict[str, list[tuple[float, float]]], rows: int) -> list[str]:
    """Return rows a second and a CPU-second, of synvec and the engine, and their ratios."""
    cells = []
    for which in (1, 0):
        ours, own = (rows / median(it[which] for it in times[who]) for who in ("synvec", "bare"))
        cells += [f"{ours:,.0f}", f"{own:,.0f}", f"{ours / own:.0%}"]
    return cells


def load_duckdb(path: Path, whole: pa.Table) -> None:
    import duckdb

    with duckdb.connect(str(path)) as connection:
        connection.register("whole", whole)
        connection.execute("CREATE TABLE rows AS SELECT * FROM whole")


def load_lancedb(path: Path, whole: pa.Table) -> None:
    import lancedb

    lancedb.connect(str(path)).create_table("rows", data=whole)


if __name__ == "__main__":
    main()
