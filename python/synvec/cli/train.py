"""``synvec train``: text in, vectors out."""

import json
import time
from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource

from synvec import PRESETS, Word2Vec
from synvec.checkpoints.intervals import DEFAULT_EVERY, Checkpoints
from synvec.checkpoints.session import refuse_used
from synvec.cli import estimate, files, messages
from synvec.cli.hyperparameters import hyperparameters
from synvec.cli.resume import resumable, save_results
from synvec.paths import files_of, is_url
from synvec.training import TrainingPlan


@click.command(context_settings={"show_default": True}, short_help="Train word vectors on text.")
@click.argument("corpus", nargs=-1, required=True, type=click.Path(allow_dash=True))
@click.option(
    "-o",
    "--out",
    type=click.Path(allow_dash=True),
    help="Where the vectors go: .kv (native), .txt or .vec (text), .bin (word2vec binary), "
    "or - for text on stdout. Required, except with --dry-run.",
)
@hyperparameters
@click.option(
    "--continue",
    "continued",
    metavar="MODEL",
    type=click.Path(),
    help="Train a full model on: its words and settings, and new words of CORPUS.",
)
@click.option(
    "--init",
    metavar="FILE",
    type=click.Path(),
    help="Begin with the vectors of a file of any format, where it has the words.",
)
@click.option(
    "--save-model",
    type=click.Path(),
    help="Save the full model too, with which training can go on.",
)
@click.option(
    "--checkpoint",
    metavar="FOLDER",
    type=click.Path(),
    help="Keep in FOLDER what `synvec resume FOLDER` finishes, should anything end the training.",
)
@click.option(
    "--checkpoint-every",
    metavar="TIME or N",
    default=DEFAULT_EVERY,
    help="How often: a time (30s, 10min, 2h), or a number of epochs.",
)
@click.option(
    "--dry-run",
    is_flag=True,
    help="Train nothing: read the corpus, estimate memory and time, print them.",
)
@click.option("--json", "as_json", is_flag=True, help="The estimate of --dry-run as JSON.")
@messages.verbosity_options
def train(
    corpus: tuple[str, ...],
    out: str | None,
    continued: str | None,
    init: str | None,
    save_model: str | None,
    checkpoint: str | None,
    checkpoint_every: str,
    dry_run: bool,
    as_json: bool,
    **options: Any,
) -> None:
    """Train word vectors on text: one sentence a line, or all of it on one line.

    CORPUS is one or more files, also compressed (gzip, bzip2, xz, zstandard), or - for stdin; or
    Parquet and Arrow files; or URLs of either (s3://…, https://…). It is read once, whatever the
    number of epochs.

    \b
      synvec train text.txt -o vectors.kv
      xz -dc text.xz | synvec train - -o vectors.txt --model cbow --dim 300
      synvec train 'part-*.parquet' --column text --tokenize words -o vectors.kv
    """  # noqa: D301 - click's own sign for lines to be kept
    if options["loss"] == "negative" and options["negative"] == 0:
        raise click.BadParameter(
            "0 leaves nothing to train; give 5, or --loss hierarchical",
            param_hint="'--negative'",
        )
    if list(corpus).count(files.STDIO) > 1:
        raise click.BadParameter("stdin can be read only once", param_hint="'CORPUS'")
    if out is None and not dry_run:
        raise click.UsageError("Missing option '-o'; name the file that the vectors go to")
    _preflight(corpus, out, save_model)
    checkpoints = _checkpoints(checkpoint, checkpoint_every, out, save_model)

    preset = options.pop("preset")
    if continued is not None:
        model = _continued(continued, options)
    else:
        model = _untrained(options, _chosen_by_preset(preset))
    if checkpoints is not None and not dry_run:
        refuse_used(checkpoints, model, TrainingPlan.of(model, compute_loss=False), None, corpus)
    model.build_vocab(corpus_file=corpus, update=continued is not None)
    if init is not None:
        begun = model.init_from(files.open_vectors(init))
        messages.say(f"{begun:,} of {len(model.wv):,} words begin with the vectors of {init}")
    if dry_run:
        _print_estimate(estimate.of(model, corpus), as_json)
        return
    assert out is not None  # asked for above
    if out != files.STDIO:
        files.check_space(Path(out), estimate.file_bytes(model))
    with resumable(checkpoint):
        seconds, raw_words = _train(model, corpus, checkpoints)
    try:
        save_results(model, {"out": out, "save_model": save_model}, seconds, raw_words)
    except OSError:
        if checkpoint is not None:
            messages.say(f"nothing is lost: make room, then synvec resume {checkpoint}")
        raise


def _preflight(corpus: tuple[str, ...], out: str | None, save_model: str | None) -> None:
    """Find out what is wrong with the paths now, not after the training."""
    for path in files_of(corpus):
        # Whoever writes a pipe would take a look at it for its reader's end.
        if path != files.STDIO and not is_url(path) and not Path(path).is_fifo():
            with Path(path).open("rb"):
                pass
            files.check_text(path)
    if out is not None:
        files.check_out(out, corpus)
    if save_model is not None:
        files.check_writable(Path(save_model))
        if out is not None and Path(save_model).resolve() == Path(out).resolve():
            raise click.BadParameter("is the same file as --out", param_hint="'--save-model'")


def _checkpoints(
    folder: str | None, every: str, out: str | None, save_model: str | None
) -> Checkpoints | None:
    """Return where checkpoints go; they name the files by paths that hold in every folder."""
    if folder is None:
        source = click.get_current_context().get_parameter_source("checkpoint_every")
        if source is ParameterSource.COMMANDLINE:
            raise click.BadParameter(
                "needs a folder to write to; give --checkpoint FOLDER",
                param_hint="'--checkpoint-every'",
            )
        return None
    names = {"out": out, "save_model": save_model}
    job = {
        name: path if path in (None, files.STDIO) else str(Path(path).resolve())
        for name, path in names.items()
    }
    try:
        checkpoints = Checkpoints(folder, every, job)
    except ValueError as error:
        raise click.BadParameter(messages.one_line(error)) from None
    files.check_writable(Path(folder), is_folder=True)
    return checkpoints


def _chosen_by_preset(preset: str | None) -> dict[str, Any]:
    """Return the arguments that a preset sets and the command line does not."""
    if preset is None:
        return {}
    context = click.get_current_context()
    option_of = {"vector_size": "dim", "sg": "model"}
    return {
        name: value
        for name, value in PRESETS[preset].items()
        if context.get_parameter_source(option_of.get(name, name)) is ParameterSource.DEFAULT
    }


def _untrained(options: dict[str, Any], preset: dict[str, Any]) -> Word2Vec:
    """Return a model of the command line's options, in gensim's names."""
    hierarchical = options["loss"] == "hierarchical"
    keywords: dict[str, Any] = {
        "vector_size": options["dim"],
        "sg": int(options["model"] == "skipgram"),
        "hs": int(hierarchical),
        "negative": 0 if hierarchical else options["negative"],
        "cbow_mean": int(options["cbow_mean"]),
        # None is a bar on a terminal and none elsewhere.
        "progress": None if messages.verbosity() >= 0 else False,
    }
    if options["workers"] is not None:
        keywords["workers"] = options["workers"]
    same_name = (
        "window epochs min_count sample alpha min_alpha ns_exponent shared_negatives seed "
        "cbow_corrected deterministic lowercase tokenize column"
    )
    keywords.update((name, options[name]) for name in same_name.split())
    if hierarchical:
        preset = {name: value for name, value in preset.items() if name != "negative"}
    return Word2Vec(**keywords | preset)


_FIXED = ("dim", "model", "loss", "preset")
"""Options that a model which is there has decided already."""


def _continued(path: str, options: dict[str, Any]) -> Word2Vec:
    """Open a full model, with those settings changed that the command line gives."""
    context = click.get_current_context()
    given = [
        name
        for name in [*options, "preset"]
        if context.get_parameter_source(name) is ParameterSource.COMMANDLINE
    ]
    for name in given:
        if name in _FIXED:
            raise click.BadParameter(
                "is what the model was made with; leave it out", param_hint=f"'--{name}'"
            )
    try:
        model = Word2Vec.load(path)
    except AttributeError:  # it holds something else
        raise click.BadParameter(
            f"{path!r} holds no full model, as --save-model writes it; vectors alone go to --init",
            param_hint="'--continue'",
        ) from None
    for name in given:
        setattr(model, name, options[name])
    if "negative" in given and model.hs:
        raise click.BadParameter(
            "has no meaning for hierarchical softmax; leave it out", param_hint="'--negative'"
        )
    model.progress = None if messages.verbosity() >= 0 else False
    return model


def _train(
    model: Word2Vec, corpus: tuple[str, ...], checkpoints: Checkpoints | None
) -> tuple[float, int]:
    """Train; return the seconds it took and the raw words that were passed."""
    start = time.perf_counter()
    _, raw_words = model.train(
        corpus_file=corpus,
        total_examples=model.corpus_count,
        total_words=model.corpus_total_words,
        epochs=model.epochs,
        checkpoint=checkpoints,
    )
    return time.perf_counter() - start, raw_words


def _print_estimate(found: estimate.Estimate, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(found.as_dict()))
        return
    for line in found.lines():
        click.echo(line)
