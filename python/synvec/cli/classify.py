"""``synvec classify``: the labels of texts, by a supervised fastText model."""

import json
import math
import sys
from collections.abc import Iterator

import click

from synvec import TextClassifier, formats
from synvec.classifier import Predictions
from synvec.cli import files, messages
from synvec.lines import Block, blocks_of, blocks_of_bytes


@click.command(context_settings={"show_default": True}, short_help="The labels of texts.")
@click.argument("model", type=click.Path(allow_dash=True))
@click.argument("file", default=files.STDIO, type=click.Path(allow_dash=True))
@click.option("-k", type=int, default=1, help="Labels a text, at most; -1 for all.")
@click.option(
    "--threshold", type=float, default=0.0, metavar="T", help="No label less likely than T."
)
@click.option("--test", is_flag=True, help="FILE has labels: print how right the predictions are.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a text.")
@messages.verbosity_options
def classify(model: str, file: str, k: int, threshold: float, test: bool, as_json: bool) -> None:
    """Print the labels of each line of FILE, the likeliest first, each with its probability.

    MODEL is a supervised fastText model, .bin or .ftz. A line of which nothing is known gives an
    empty line. The output is that of fastText's predict-prob.

    \b
      synvec classify lid.176.ftz texts.txt -k 3
      echo "Wie spät ist es?" | synvec classify lid.176.ftz
      synvec classify topics.bin --test labelled.txt
    """  # noqa: D301 - click's own sign for lines to be kept
    if model == files.STDIO == file:
        raise click.UsageError("stdin cannot be both MODEL and FILE; name one of them")
    if k < 1 and k != -1:
        raise click.BadParameter(f"{k} is no number of labels; give 1 or more, or -1 for all")
    if math.isnan(threshold):
        raise click.BadParameter("the threshold is NaN; give a number from 0 to 1")
    classifier = open_classifier(model)
    if test:
        _print_report(classifier, file, k, threshold, as_json)
        return
    for block in _blocks(file):
        _print(classifier.predict_block(block, k, threshold), as_json)


def open_classifier(path: str) -> TextClassifier:
    """Open a classifier, or say what the file is instead."""
    loaded = formats.load(sys.stdin.buffer if path == files.STDIO else path)
    if not isinstance(loaded, TextClassifier):
        raise click.UsageError(
            f"{path} holds {type(loaded).__name__}, which has no labels; MODEL is a supervised "
            "fastText model"
        )
    return loaded


def _blocks(file: str) -> Iterator[Block]:
    if file != files.STDIO:
        return blocks_of(file)
    # What is typed is answered at once, and not when there are megabytes of it.
    read = getattr(sys.stdin.buffer, "read1", sys.stdin.buffer.read)
    return blocks_of_bytes(read, "stdin")


def _print(found: Predictions, as_json: bool) -> None:
    lines = []
    for labels, probabilities in zip(found.labels, found.probabilities, strict=True):
        pairs = zip(labels, probabilities.tolist(), strict=True)
        if as_json:
            answer = [{"label": label, "probability": chance} for label, chance in pairs]
            lines.append(json.dumps({"labels": answer}, ensure_ascii=False))
        else:
            lines.append(" ".join(f"{label} {chance:.6g}" for label, chance in pairs))
    click.echo("\n".join(lines))
    sys.stdout.flush()


def _print_report(
    classifier: TextClassifier, file: str, k: int, threshold: float, as_json: bool
) -> None:
    report = classifier.test_blocks(_blocks(file), k, threshold)
    if as_json:
        click.echo(json.dumps(report.to_dict(), ensure_ascii=False))
        return
    click.echo(f"{'label':24} {'precision':>10} {'recall':>10} {'f1':>10} {'lines':>10}")
    rows = {label: counts for label, counts in report.labels.items() if counts.gold}
    for label, counts in {**rows, "total": report.total}.items():
        scores = (counts.precision, counts.recall, counts.f1)
        shown = " ".join(f"{score:10.4f}" for score in scores)
        click.echo(f"{label:24} {shown} {counts.gold:10,}")
    messages.say(f"{report.examples:,} lines, {report.skipped:,} without a known label skipped")
