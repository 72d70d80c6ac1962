"""``synvec evaluate``: vectors against people's judgement."""

import contextlib
import dataclasses
import json
from typing import Any

import click

from synvec import KeyedVectors, compare
from synvec.cli import files, messages
from synvec.evaluation import Section

Row = tuple[str, int, int]  # a section, its correct answers, its questions


@click.command(
    context_settings={"show_default": True},
    short_help="Score vectors, or compare two models.",
)
@click.argument("file", type=click.Path(allow_dash=True))
@click.argument("data", nargs=-1, type=click.Path())
@click.option(
    "--against",
    type=click.Path(allow_dash=True),
    metavar="OTHER",
    help="Compare FILE with these vectors on DATA: differences, intervals, p-values.",
)
@click.option(
    "--analogies",
    type=click.Path(allow_dash=True),
    metavar="F",
    help="Questions: lines of four words, in sections headed by ': name'.",
)
@click.option(
    "--pairs",
    multiple=True,
    type=click.Path(allow_dash=True),
    metavar="F",
    help="Pairs: lines of two words and a score. May be given several times.",
)
@click.option(
    "--restrict-vocab",
    type=click.IntRange(min=1),
    default=300_000,
    metavar="N",
    help="Know the first N words only, which are the most frequent ones.",
)
@click.option(
    "--resamples",
    type=click.IntRange(min=1),
    default=1000,
    metavar="N",
    help="How often DATA's items are drawn anew for the intervals.",
)
@click.option("--seed", type=click.IntRange(min=0), default=1, help="Of the draws and clusters.")
@click.option(
    "--delimiter",
    default="\t",
    show_default="tab",
    help="Between columns of --pairs.",
)
@click.option("--case-sensitive", is_flag=True, help="Tell upper from lower case.")
@click.option(
    "--count-unknown",
    is_flag=True,
    help="In --analogies and --pairs count unknown words as wrong or unlike; else skip them.",
)
@click.option("--json", "as_json", is_flag=True, help="All of it as one JSON object.")
@messages.verbosity_options
def evaluate(
    file: str,
    data: tuple[str, ...],
    against: str | None,
    analogies: str | None,
    pairs: tuple[str, ...],
    restrict_vocab: int,
    resamples: int,
    seed: int,
    delimiter: str,
    case_sensitive: bool,
    count_unknown: bool,
    as_json: bool,
) -> None:
    """Score vectors on DATA, or compare two files of vectors, with 95 % intervals.

    DATA are files or folders of analogies, word pairs with scores, words with categories, or groups
    with outliers; which of them is told from the content. --analogies and --pairs print the plain
    scores alone, of one layout each.

    \b
      synvec evaluate vectors.kv questions-words.txt SimLex-999.txt 8-8-8_Dataset
      synvec evaluate new.kv --against old.kv questions-words.txt SimLex-999.txt
      synvec evaluate vectors.kv --analogies questions-words.txt --pairs ws353.tsv
    """  # noqa: D301 - click's own sign for lines to be kept
    _check(file, data, against, analogies, pairs, count_unknown)
    shared: dict[str, Any] = {
        "restrict_vocab": restrict_vocab,
        "case_insensitive": not case_sensitive,
        "dummy4unknown": count_unknown,
    }
    report: dict[str, Any] = {"file": file}
    vectors = files.open_vectors(file)
    with contextlib.ExitStack() as stack:
        if analogies is not None:
            questions = stack.enter_context(files.readable(analogies))
            report["analogies"] = _analogies(vectors, analogies, questions, shared)
        report["pairs"] = [
            _pairs(vectors, name, stack.enter_context(files.readable(name)), delimiter, shared)
            for name in pairs
        ]
    shared = {name: shared[name] for name in ("restrict_vocab", "case_insensitive")}
    shared |= {"resamples": resamples, "seed": seed}
    if data and against is None:
        scored = vectors.evaluate(*data, **shared)
        report["report"] = dataclasses.replace(scored, model=file)
    elif against is not None:
        compared = compare(vectors, files.open_vectors(against), *data, **shared)
        report["comparison"] = dataclasses.replace(compared, first=file, second=against)
    if as_json:
        click.echo(json.dumps(report, ensure_ascii=False, default=lambda part: part.to_dict()))
    else:
        _print(report)


def _check(
    file: str,
    data: tuple[str, ...],
    against: str | None,
    analogies: str | None,
    pairs: tuple[str, ...],
    count_unknown: bool,
) -> None:
    is_plain = analogies is not None or bool(pairs)
    if not data and not is_plain:
        raise click.UsageError("Nothing to evaluate by; give DATA, --analogies F or --pairs F")
    if against is not None and not data:
        raise click.UsageError("Nothing to compare on; give DATA, the files of questions")
    if count_unknown and not is_plain:
        raise click.UsageError(
            "--count-unknown is for --analogies and --pairs; DATA's items with unknown words are "
            "left out, and their number is told"
        )
    if [file, against, analogies, *pairs].count(files.STDIO) > 1:
        raise click.UsageError("stdin can be read only once")


def _analogies(
    vectors: KeyedVectors, name: str, path: str, shared: dict[str, Any]
) -> dict[str, Any]:
    _, sections = vectors.evaluate_word_analogies(path, **shared)
    rows = [_row(section) for section in sections if section["section"] != "Total accuracy"]
    return {
        "file": name,
        "sections": [_score(*row) for row in rows],
        "semantic": _total("semantic", [row for row in rows if not _is_syntactic(row)]),
        "syntactic": _total("syntactic", [row for row in rows if _is_syntactic(row)]),
        "total": _total("total", rows),
    }


def _row(section: Section) -> Row:
    correct = len(section["correct"])
    return section["section"], correct, correct + len(section["incorrect"])


def _is_syntactic(row: Row) -> bool:
    # word2vec's own question file tells them apart by this beginning alone.
    return row[0].startswith("gram")


def _total(name: str, rows: list[Row]) -> dict[str, Any]:
    return _score(name, sum(row[1] for row in rows), sum(row[2] for row in rows))


def _score(name: str, correct: int, questions: int) -> dict[str, Any]:
    accuracy = correct / questions if questions else None
    return {"name": name, "correct": correct, "questions": questions, "accuracy": accuracy}


def _pairs(
    vectors: KeyedVectors, name: str, path: str, delimiter: str, shared: dict[str, Any]
) -> dict[str, Any]:
    pearson, spearman, unknown = vectors.evaluate_word_pairs(path, delimiter=delimiter, **shared)
    return {
        "file": name,
        "pearson": float(pearson[0]),
        "pearson_p": float(pearson[1]),
        "spearman": float(spearman[0]),
        "spearman_p": float(spearman[1]),
        "unknown_percent": float(unknown),
    }


def _print(report: dict[str, Any]) -> None:
    if "analogies" in report:
        found = report["analogies"]
        click.echo(_line("analogies", "correct", "questions", "accuracy"))
        totals = [found["semantic"], found["syntactic"], found["total"]]
        for score in [*found["sections"], *totals]:
            share = "-" if score["accuracy"] is None else f"{score['accuracy']:.1%}"
            click.echo(_line(score["name"], score["correct"], score["questions"], share))
    if report["pairs"]:
        if "analogies" in report:
            click.echo()
        click.echo(_line("pairs", "pearson", "spearman", "unknown"))
        for pair in report["pairs"]:
            correlations = f"{pair['pearson']:.4f}", f"{pair['spearman']:.4f}"
            click.echo(_line(pair["file"], *correlations, f"{pair['unknown_percent']:.1f}%"))

    for part in ("report", "comparison"):
        if part in report:
            if "analogies" in report or report["pairs"]:
                click.echo()
            click.echo(report[part])


def _line(name: str, *columns: object) -> str:
    return f"{name:<30}" + "".join(f"{column!s:>11}" for column in columns)
