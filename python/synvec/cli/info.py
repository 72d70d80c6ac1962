"""``synvec info``: what is in a file."""

import json
from pathlib import Path
from typing import Any

import click

from synvec import FrozenPhrases, KeyedVectors, Phrases, TextClassifier, Word2Vec, formats
from synvec.cli import files, messages

# What of a full model tells how it was made: the constructor's arguments that change the vectors.
_CONFIG = (
    "sg", "hs", "negative", "window", "epochs", "alpha", "min_alpha", "sample", "min_count",
    "ns_exponent", "cbow_mean", "shrink_windows", "shared_negatives", "seed",
)  # fmt: skip

# Formats without counts, whose readers make them up from the order of the rows, as gensim does.
_MAKE_UP_COUNTS = ("word2vec-text", "word2vec-binary", "glove")


@click.command(short_help="What is in a file.")
@click.argument("file", type=click.Path(allow_dash=True))
@click.option("--json", "as_json", is_flag=True, help="As one JSON object.")
@messages.verbosity_options
def info(file: str, as_json: bool) -> None:
    """Print what FILE is: its format, size, words, norms, counts and configuration."""
    with files.readable(file) as path:
        form = formats.sniff(path)
        loaded = formats.load(path, format=form)
        if isinstance(loaded, Phrases | FrozenPhrases):
            _show(_of_phrases(loaded, file, form, files.bytes_of(Path(path))), as_json)
            return
        vectors = formats.vectors_of(loaded)
        found = {
            "file": file,
            "format": form,
            "kind": _kind(loaded),
            "bytes": files.bytes_of(Path(path)),
            "words": len(vectors),
            "dim": vectors.vector_size,
            "first_words": vectors.key_table.keys(0, 5),
            "norms": _range_of_norms(vectors),
            "counts": None if form in _MAKE_UP_COUNTS else _counts(vectors),
            "config": _config(loaded),
            **(_labels(loaded) if isinstance(loaded, TextClassifier) else {}),
        }
    _show(found, as_json)


def _show(found: dict[str, Any], as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(found, ensure_ascii=False))
    else:
        _print(found)


def _of_phrases(loaded: Phrases | FrozenPhrases, file: str, form: str, size: int) -> dict[str, Any]:
    best = loaded.export_phrases() if isinstance(loaded, Phrases) else loaded.phrasegrams
    return {
        "file": file,
        "format": form,
        "kind": "counts of phrases" if isinstance(loaded, Phrases) else "phrases",
        "bytes": size,
        "phrases": len(best),
        "first_phrases": list(best)[:5],
        "config": {
            name: getattr(loaded, name)
            for name in ("min_count", "threshold", "delimiter", "scoring")
        },
    }


def _kind(loaded: object) -> str:
    if isinstance(loaded, TextClassifier):
        return "quantized text classifier" if loaded.is_quantized else "text classifier"
    if isinstance(loaded, KeyedVectors):
        return "vectors"
    return "full model" if isinstance(loaded, Word2Vec) else "vectors of words and documents"


def _labels(model: TextClassifier) -> dict[str, Any]:
    return {"labels": len(model.labels), "first_labels": model.labels[:5]}


def _range_of_norms(vectors: KeyedVectors) -> list[float] | None:
    vectors.fill_norms()
    norms = vectors.norms
    return [float(norms.min()), float(norms.max())] if norms is not None and len(norms) else None


def _counts(vectors: KeyedVectors) -> dict[str, int] | None:
    counts = vectors.counts
    if counts is None or len(counts) == 0:
        return None
    return {"total": int(counts.sum()), "least": int(counts.min()), "most": int(counts.max())}


def _config(model: Any) -> dict[str, Any] | None:
    if isinstance(model, TextClassifier):
        return dict(model.args)
    if not isinstance(model, Word2Vec):
        return None
    return {name: getattr(model, name) for name in _CONFIG}


def _print(found: dict[str, Any]) -> None:
    lines = {
        "file": found["file"],
        "format": f"{found['format']} ({found['kind']})",
        "size": files.size(found["bytes"]),
    }
    if "phrases" in found:
        lines["phrases"] = f"{found['phrases']:,}"
        lines["first phrases"] = " ".join(found["first_phrases"])
    else:
        lines["words"] = f"{found['words']:,}"
        lines["dimensions"] = found["dim"]
        lines["first words"] = " ".join(found["first_words"])
    if "labels" in found:
        lines["labels"] = f"{found['labels']:,}"
        lines["first labels"] = " ".join(found["first_labels"])
    if found.get("norms") is not None:
        lines["norms"] = "{:.4g} to {:.4g}".format(*found["norms"])
    if found.get("counts") is not None:
        lines["counts"] = "{least:,} to {most:,}, {total:,} in all".format(**found["counts"])
    if found["config"] is not None:
        lines["config"] = " ".join(f"{name}={value}" for name, value in found["config"].items())
    for name, value in lines.items():
        click.echo(f"{name}\t{value}")
