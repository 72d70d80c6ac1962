"""The options of ``synvec train`` that shape the model, in the order of its ``--help``."""

from typing import Any

import click

from synvec import PRESETS
from synvec.cli.corpus_options import TEXT, WORKERS

_POSITIVE, _NOT_NEGATIVE = click.IntRange(min=1), click.FloatRange(min=0)


class _Window(click.IntRange):
    """A number of words, or ``all``, which is None."""

    name = "words or 'all'"

    def __init__(self) -> None:
        super().__init__(min=1)

    def convert(self, value: Any, param: Any, ctx: Any) -> Any:
        return None if value in (None, "all") else super().convert(value, param, ctx)


_MODEL = [
    click.option(
        "--preset",
        type=click.Choice(list(PRESETS)),
        help="Better vectors in the time of gensim's defaults: sets --model, --dim, --window, "
        "--negative and --epochs where they are not given.",
    ),
    click.option("--dim", type=_POSITIVE, default=100, help="Length of a vector."),
    click.option(
        "--model",
        type=click.Choice(["skipgram", "cbow"]),
        default="skipgram",
        help="Each context word predicts the center, or all of them together do.",
    ),
    click.option(
        "--loss",
        type=click.Choice(["negative", "hierarchical"]),
        default="negative",
        help="Negative sampling, or hierarchical softmax.",
    ),
    click.option(
        "--negative",
        type=click.IntRange(min=0),
        default=5,
        help="Negatives a center; ignored with --loss hierarchical.",
    ),
    click.option(
        "--window",
        type=_Window(),
        default=5,
        help="Farthest context, in words; 'all' takes whole lines, as for baskets.",
    ),
]

_LEARNING = [
    click.option("--epochs", type=_POSITIVE, default=5, help="Passes over the corpus."),
    click.option("--min-count", type=_POSITIVE, default=5, help="Rarer words are left out."),
    click.option(
        "--sample",
        type=_NOT_NEGATIVE,
        default=1e-3,
        help="Words more frequent than this share are thinned out; 0 keeps all.",
    ),
    click.option(
        "--alpha",
        type=_NOT_NEGATIVE,
        default=0.025,
        help="Learning rate at the start, for both models, as in gensim.",
    ),
    click.option(
        "--min-alpha", type=_NOT_NEGATIVE, default=0.0001, help="Learning rate at the end."
    ),
    click.option(
        "--ns-exponent",
        type=float,
        default=0.75,
        help="Negatives are drawn in proportion to count to this power.",
    ),
    click.option(
        "--cbow-mean/--cbow-sum",
        default=True,
        help="CBOW takes the mean of the context, or its sum.",
    ),
    click.option(
        "--cbow-corrected",
        is_flag=True,
        help="Give CBOW's contexts the true gradient; raise --alpha with it.",
    ),
    click.option(
        "--shared-negatives/--per-pair-negatives",
        default=True,
        help="Share negatives among contexts and windows (faster), or draw them for each pair.",
    ),
]

_RUN = [
    click.option(
        "--deterministic",
        is_flag=True,
        help="The same bits with any number of workers, for somewhat more time.",
    ),
    click.option("--seed", type=click.IntRange(min=0), default=1, help="Seeds all chance."),
    WORKERS,
]


def hyperparameters(command: Any) -> Any:
    """Add the options to a command."""
    for option in reversed([*_MODEL, *_LEARNING, *_RUN, *TEXT]):
        command = option(command)
    return command
