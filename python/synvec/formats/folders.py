"""Which format a folder of files has, by what lies in it."""

from __future__ import annotations

from os import PathLike

from synvec.formats.registry import Format
from synvec.formats.sources import Source

# What has to lie in a folder of a format; the first that fits is it.
_SIGNS: tuple[tuple[Format, tuple[str, ...]], ...] = (
    ("model2vec", ("config.json", "model.safetensors", "tokenizer.json")),
    ("static-embedding", ("0_StaticEmbedding/model.safetensors",)),
    ("static-embedding", ("modules.json", "model.safetensors", "tokenizer.json")),
    ("spacy", ("vectors", "key2row")),
    ("spacy", ("vocab/vectors", "vocab/key2row")),
)


def format_of_folder(source: Source) -> Format | None:
    """Return the format of a folder; None for what is no folder, or one of no known kind."""
    if not isinstance(source, str | PathLike) or not source:
        return None
    from pathlib import Path  # here, since it costs 5 ms of `import synvec`

    folder = Path(source)
    if folder.is_dir():
        for format, names in _SIGNS:
            # A pipe of that name would make its reader wait.
            if all((folder / name).is_file() for name in names):
                return format
    return None
