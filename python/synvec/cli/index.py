"""``synvec index``: an approximate index of the vectors in a file."""

from typing import Any

import click

from synvec.cli import files, messages


@click.command(
    context_settings={"show_default": True},
    short_help="An approximate index, for files too large to look at every row.",
)
@click.argument("file", type=click.Path())
@click.option(
    "-o", "--out", type=click.Path(), help="The index.  [default: FILE.hnsw or FILE.ivfpq]"
)
@click.option(
    "--kind",
    type=click.Choice(["hnsw", "ivfpq"]),
    default="hnsw",
    help="A graph, which is faster, or shrunk vectors, which take less memory.",
)
@click.option(
    "--target-recall",
    type=click.FloatRange(min=0, min_open=True, max=1),
    default=0.95,
    help="Choose an effort that finds this share of the ten nearest words.",
)
@click.option(
    "--effort", type=click.IntRange(min=1), help="How far a search goes; not chosen then."
)
@click.option(
    "--sample", type=click.IntRange(min=1), default=500, help="Words to measure recall on."
)
@click.option("--seed", type=int, default=1, help="Seeds their choice.")
@click.option("--workers", type=click.IntRange(min=1), help="Threads; all cores by default.")
@click.option(
    "--dtype",
    type=click.Choice(["float32", "float16", "int8"]),
    help="How an hnsw index keeps vectors.  [default: float32]",
)
@click.option("--connectivity", type=click.IntRange(min=2), help="Links of a vector (hnsw).")
@click.option("--expansion", type=click.IntRange(min=1), help="Candidates for them (hnsw).")
@click.option("--lists", type=click.IntRange(min=1), help="Lists of vectors (ivfpq).")
@click.option("--code-bytes", type=click.IntRange(min=1), help="Bytes of a vector (ivfpq).")
@messages.verbosity_options
def index(
    file: str,
    out: str | None,
    kind: Any,
    target_recall: float,
    effort: int | None,
    sample: int,
    seed: int,
    workers: int | None,
    **options: Any,
) -> None:
    """Build an index of the vectors in FILE, check it, measure its recall, and save it.

    Every word is searched for, what isn't found is added again, and recall is measured beside an
    exact search: all is printed, and saved with the index. It goes with FILE as it is now; after a
    change make it again. It needs pip install synvec[ann].

    \b
      synvec index vectors.kv
      synvec similar vectors.kv coffee --index vectors.kv.hnsw
    """  # noqa: D301 - click's own sign for lines to be kept
    out = out or f"{file}.{kind}"
    files.check_text_out(out, (file,))
    made = files.open_vectors(file).build_index(
        kind,
        effort=effort,
        target_recall=target_recall,
        sample=sample,
        seed=seed,
        workers=workers,
        progress=None if messages.verbosity() >= 0 else False,
        **{name: value for name, value in options.items() if value is not None},
    )
    made.save(out)
    audit = made.audit
    messages.say(
        f"{len(made):,} words indexed in {out}; recall@10 {made.recall or 0:.3f} at effort "
        f"{made.effort}, measured on {audit.sample:,}; {audit.repaired:,} repaired, "
        f"{audit.lost:,} lost"
    )
