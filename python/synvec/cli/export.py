"""``synvec export``: vectors into the table of another engine."""

import click

from synvec.cli import files, messages


@click.command(short_help="Vectors into DuckDB, LanceDB, PostgreSQL or Qdrant.")
@click.argument("file", type=click.Path(allow_dash=True))
@click.argument("target")
@click.option("--replace", is_flag=True, help="Replace a table that holds something else.")
@messages.verbosity_options
def export(file: str, target: str, replace: bool) -> None:
    """Write the vectors of FILE into TARGET, a table of another engine.

    What was cut off goes on where it was when the command is run again; what is complete is left.
    Each engine needs its library: pip install synvec[duckdb], [lancedb], [postgres] or [qdrant].
    A password is best kept in PGPASSWORD or ~/.pgpass, the key of a Qdrant server is read from
    QDRANT_API_KEY.

    \b
      synvec export vectors.kv duckdb://file.db/table
      synvec export vectors.kv lancedb://folder/table
      synvec export vectors.kv 'postgresql://user@host/database?table=words'
      synvec export vectors.kv qdrant://localhost:6333/collection
      synvec export vectors.kv qdrant+local://folder/collection
    """  # noqa: D301 - click's own sign for lines to be kept
    from synvec.exporting import export as write
    from synvec.exporting import without_password

    vectors = files.open_vectors(file)
    progress = None if messages.verbosity() >= 0 else False
    written = write(vectors, target, replace=replace, progress=progress)
    messages.say(f"{written:,} of {len(vectors):,} words written to {without_password(target)}")
