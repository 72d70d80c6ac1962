"""``synvec info``: what is in a file."""

import json
from pathlib import Path
from typing import Any

import click

from synvec import (
    FastTextKeyedVectors,
    FrozenPhrases,
    KeyedVectors,
    Phrases,
    TextClassifier,
    Word2Vec,
    formats,
)
from synvec.cli import files, messages
from synvec.formats.floret import FloretVectors
from synvec.formats.pickles import Doc2VecVectors

# What of a full model tells how it was made: the constructor's arguments that change the vectors.
_CONFIG = (
    "sg", "hs", "negative", "window", "epochs", "alpha", "min_alpha", "sample", "min_count",
    "ns_exponent", "cbow_mean", "shrink_windows", "shared_negatives", "deterministic", "seed",
)  # fmt: skip


@click.command(short_help="What is in a file.")
@click.argument("file", type=click.Path(allow_dash=True))
@click.option("--json", "as_json", is_flag=True, help="As one JSON object.")
@messages.verbosity_options
def info(file: str, as_json: bool) -> None:
    """Print what FILE is: its format, size, words, norms, counts and configuration."""
    with files.readable(file) as path:
        form = formats.sniff(path)
        loaded = formats.load(path, format=form)
        known: dict[str, Any] = {"file": file, "format": form, "kind": _kind(loaded)}
        known["bytes"] = files.bytes_of(Path(path))
        found = known | _content(loaded)
    if as_json:
        click.echo(json.dumps(found, ensure_ascii=False))
    else:
        _print(found)


def _content(loaded: Any) -> dict[str, Any]:
    """Return what is told of each kind of content."""
    if isinstance(loaded, Phrases | FrozenPhrases):
        return _of_phrases(loaded)
    if isinstance(loaded, FloretVectors):
        return {"rows": len(loaded.table), "dim": loaded.vector_size}
    found = {**_of_words(formats.vectors_of(loaded)), "config": _config(loaded)}
    if isinstance(loaded, TextClassifier):
        found |= {"labels": len(loaded.labels), "first_labels": loaded.labels[:5]}
    if isinstance(loaded, Doc2VecVectors):
        documents = loaded.dv
        found |= {"documents": len(documents), "first_documents": documents.key_table.keys(0, 5)}
    return found


def _of_phrases(loaded: Phrases | FrozenPhrases) -> dict[str, Any]:
    best = loaded.export_phrases() if isinstance(loaded, Phrases) else loaded.phrasegrams
    settings = ("min_count", "threshold", "delimiter", "scoring")
    return {
        "phrases": len(best),
        "first_phrases": list(best)[:5],
        "config": {name: getattr(loaded, name) for name in settings},
    }


def _kind(loaded: object) -> str:
    if isinstance(loaded, TextClassifier):
        return "quantized text classifier" if loaded.is_quantized else "text classifier"
    if isinstance(loaded, FloretVectors):
        return "vectors of any word"
    if isinstance(loaded, Phrases | FrozenPhrases):
        return "counts of phrases" if isinstance(loaded, Phrases) else "phrases"
    if isinstance(loaded, FastTextKeyedVectors):
        return "vectors with subwords"
    if isinstance(loaded, KeyedVectors):
        return "vectors"
    return "full model" if isinstance(loaded, Word2Vec) else "vectors of words and documents"


def _of_words(vectors: KeyedVectors) -> dict[str, Any]:
    return {
        "words": len(vectors),
        "dim": vectors.vector_size,
        "first_words": vectors.key_table.keys(0, 5),
        "norms": _range_of_norms(vectors),
        "counts": _counts(vectors),
    }


def _range_of_norms(vectors: KeyedVectors) -> list[float] | None:
    vectors.fill_norms()
    norms = vectors.norms
    return [float(norms.min()), float(norms.max())] if norms is not None and len(norms) else None


def _counts(vectors: KeyedVectors) -> dict[str, int] | None:
    counts = vectors.known_counts
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
    for what in ("rows", "words"):
        if what in found:
            lines[what] = f"{found[what]:,}"
    if "dim" in found:
        lines["dimensions"] = found["dim"]
    if "words" in found:
        lines["first words"] = " ".join(map(str, found["first_words"]))
    for what in ("documents", "labels", "phrases"):
        if what in found:
            lines[what] = f"{found[what]:,}"
            lines[f"first {what}"] = " ".join(map(str, found[f"first_{what}"]))
    if found.get("norms") is not None:
        lines["norms"] = "{:.4g} to {:.4g}".format(*found["norms"])
    if found.get("counts") is not None:
        lines["counts"] = "{least:,} to {most:,}, {total:,} in all".format(**found["counts"])
    if found.get("config") is not None:
        lines["config"] = " ".join(f"{name}={value}" for name, value in found["config"].items())
    for name, value in lines.items():
        click.echo(f"{name}\t{value}")
