"""Every format: what it is called, how a file's name ends, and the room that reads and writes it.

A room is a module of this package. It is imported when the first file of its format is met, so that
a format costs nothing to those who never see it. Its reader is called as
``load_x(source, *, limits, **options)`` and returns what the file holds; its writer is called as
``export_x(vectors, target, *, allow_nonfinite, **options)``. Which options there are is written in
the signatures of the two: `call` refuses the others by name.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from importlib import import_module
from os import PathLike, fspath
from typing import Any, Literal

from synvec.formats.limits import check_limits

Format = Literal[
    "native",
    "word2vec-text",
    "word2vec-binary",
    "glove",
    "fasttext",
    "gensim",
    "safetensors",
    "model2vec",
    "static-embedding",
    "numpy",
    "npz",
    "parquet",
    "arrow",
    "embedding-atlas",
    "projector",
    "finalfusion",
    "floret",
    "spacy",
]
"""The name of a format, as ``format=`` takes it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A format.

    Attributes
    ----------
    title
        What messages call it.
    room
        The module that reads and writes it.
    load, export
        The reader and the writer in it; None for what is only written, or only read.
    verify
        What checks a whole file, where the format holds more to check than reading does.
    endings
        How a name ends that asks for this format when a file is written.
    is_folder
        Whether it is a folder of files; a folder is never compressed as a whole.
    """

    title: str
    room: str
    load: str | None = None
    export: str | None = None
    verify: str | None = None
    endings: tuple[str, ...] = ()
    is_folder: bool = False


FORMATS: dict[Format, Entry] = {
    "native": Entry(
        title="synvec native",
        room="native",
        load="load_native",
        export="export_native",
        verify="verify_native",
        endings=(".kv", ".safetensors"),
    ),
    "word2vec-text": Entry(
        title="word2vec text",
        room="word2vec",
        load="load_text",
        export="export_text",
        endings=(".txt", ".vec"),
    ),
    "word2vec-binary": Entry(
        title="word2vec binary",
        room="word2vec",
        load="load_binary",
        export="export_binary",
        endings=(".bin",),
    ),
    "glove": Entry(
        title="GloVe text",
        room="glove",
        load="load_glove",
        export="export_glove",
    ),
    # No ending asks for it: `.bin` has been word2vec's since before fastText took it over.
    "fasttext": Entry(
        title="fastText model",
        room="fasttext",
        load="load_fasttext",
        verify="verify_fasttext",
        export="export_fasttext",
    ),
    "gensim": Entry(
        title="gensim pickle",
        room="pickles",
        load="load_gensim",
    ),
    "safetensors": Entry(
        title="safetensors",
        room="safetensors",
        load="load_safetensors",
    ),
    "model2vec": Entry(
        title="model2vec folder",
        room="static_models",
        load="load_model2vec",
        export="export_model2vec",
        is_folder=True,
    ),
    "static-embedding": Entry(
        title="StaticEmbedding folder",
        room="static_models",
        load="load_static_embedding",
        export="export_static_embedding",
        is_folder=True,
    ),
    "numpy": Entry(
        title="NumPy array",
        room="numpy_files",
        load="load_numpy",
        export="export_numpy",
        endings=(".npy",),
    ),
    "npz": Entry(
        title="NumPy archive",
        room="numpy_files",
        load="load_npz",
        export="export_npz",
        endings=(".npz",),
    ),
    "parquet": Entry(
        title="Parquet",
        room="arrow_files",
        load="load_parquet",
        export="export_parquet",
        endings=(".parquet",),
    ),
    "arrow": Entry(
        title="Arrow file",
        room="arrow_files",
        load="load_arrow",
        export="export_arrow",
        endings=(".arrow", ".feather"),
    ),
    "embedding-atlas": Entry(
        title="embedding-atlas Parquet",
        room="arrow_files",
        export="export_embedding_atlas",
    ),
    "projector": Entry(
        title="Projector TSV",
        room="projector",
        load="load_projector",
        export="export_projector",
        endings=("tensor.tsv",),
    ),
    "finalfusion": Entry(
        title="finalfusion",
        room="finalfusion",
        load="load_finalfusion",
        export="export_finalfusion",
        endings=(".fifu",),
    ),
    "floret": Entry(
        title="floret",
        room="floret",
        load="load_floret",
    ),
    "spacy": Entry(
        title="spaCy folder",
        room="spacy",
        load="load_spacy",
        is_folder=True,
    ),
}

COMPRESSED_ENDINGS = (".gz", ".bz2", ".xz", ".zst")


def entry_of(format: str) -> Entry:
    """Return a format's entry.

    Raises
    ------
    ValueError
        When there is no such format.
    """
    for name, entry in FORMATS.items():
        if name == format:
            return entry
    raise ValueError(f"format is {format!r}, expected one of {', '.join(FORMATS)}")


def call(
    format: Format, job: Literal["load", "export", "verify"], *given: Any, **options: Any
) -> Any:
    """Call the reader or the writer of a format, or what verifies its files.

    Raises
    ------
    ValueError
        When the format is only read, or only written.
    TypeError
        For an option that the format does not take.
    """
    entry = entry_of(format)
    if "limits" in options:
        check_limits(options["limits"])
    name: str | None = getattr(entry, job)
    if name is None:
        done = "read" if job == "export" else "written"
        raise ValueError(f"{entry.title} is only {done}; choose another format")
    function: Callable[..., Any] = getattr(import_module(f"synvec.formats.{entry.room}"), name)
    taken = inspect.signature(function).parameters.values()
    if all(parameter.kind is not parameter.VAR_KEYWORD for parameter in taken):
        refuse_others(options, {parameter.name for parameter in taken}, entry.title)
    return function(*given, **options)


def refuse_others(given: Iterable[str], taken: Iterable[str], title: str) -> None:
    """Raise a `TypeError` for options that a format does not take, rather than ignore them."""
    strangers = sorted(set(given).difference(taken))
    if strangers:
        raise TypeError(f"{title} takes no {' and no '.join(strangers)}; leave it out")


def format_of_ending(path: str | PathLike[str]) -> Format:
    """Return the format that a new file's ending asks for.

    ``.kv`` is native, ``.txt`` and ``.vec`` are word2vec text, ``.bin`` is word2vec binary, and so
    on (`FORMATS`); a file may also end in ``.gz``, ``.bz2``, ``.xz`` or ``.zst`` after that.

    Raises
    ------
    ValueError
        For any other ending.

    Examples
    --------
    >>> format_of_ending("vectors.txt.gz")
    'word2vec-text'
    """
    name = fspath(path).lower()
    for ending in COMPRESSED_ENDINGS:
        name = name.removesuffix(ending)
    found = [
        (len(ending), format)
        for format, entry in FORMATS.items()
        for ending in entry.endings
        if name.endswith(ending)
    ]
    if found:
        return max(found)[1]  # the longest ending is the one that was meant
    endings = ", ".join(ending for entry in FORMATS.values() for ending in entry.endings)
    raise ValueError(
        f"the ending of {fspath(path)!r} names no format, expected one of {endings}; or pass"
        f" format=, one of {', '.join(name for name, entry in FORMATS.items() if entry.export)}"
    )
