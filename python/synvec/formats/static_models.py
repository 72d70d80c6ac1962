"""Static embedding models: the folders of model2vec and of sentence-transformers' StaticEmbedding.

A table of vectors in a safetensors file, and a tokenizer whose tokens are its rows. The layouts are
those that https://github.com/MinishLab/model2vec and https://sbert.net read and write.
"""

from __future__ import annotations

import json
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from synvec.errors import HeaderError, UnsupportedFormatError
from synvec.formats.assembling import assemble, rows_to_write
from synvec.formats.limits import DEFAULT, Limits, check_limit
from synvec.formats.reading import Reader, opened
from synvec.formats.sources import Source, Target
from synvec.formats.tensors import FLOATS, Tensor, blocks, read_header, read_numbers
from synvec.formats.tokenizer_json import UNKNOWN, read_tokens, word_level
from synvec.formats.writing import write_folder

if TYPE_CHECKING:
    from collections.abc import Iterator

    from synvec.keyed_vectors import KeyedVectors

# What the table is called: in model2vec's files, and in those of sentence-transformers.
_TABLES = ("embeddings", "embedding.weight")
_NESTED = "0_StaticEmbedding"


def load_model2vec(
    source: Source,
    *,
    limits: Limits = DEFAULT,
    limit: int | None = None,
    allow_nonfinite: bool = False,
) -> KeyedVectors:
    """Load a folder of model2vec: a key for each token of its tokenizer.

    Where tokens share rows (vocabulary quantisation) each gets its own; weights of tokens are
    multiplied in, so that a vector is what ``encode`` of this one token gives. How text is split
    into tokens does not come along.

    Parameters
    ----------
    source
        The folder, with ``model.safetensors`` and ``tokenizer.json`` in it.
    limits
        Bounds on what the files may ask for.
    limit
        Read so many tokens at most.
    allow_nonfinite
        Load NaN and infinity too.

    Raises
    ------
    HeaderError, TruncatedFileError, EncodingError, NonFiniteError, LimitError
        When a file is not what it claims to be, or the two do not belong together.
    OSError
        When the system refuses.

    Examples
    --------
    >>> load_model2vec("potion-base-8M")  # doctest: +SKIP
    KeyedVectors<vector_size=256, 29528 keys>
    """
    return _load(source, "model2vec folder", limits, limit, allow_nonfinite)


def load_static_embedding(
    source: Source,
    *,
    limits: Limits = DEFAULT,
    limit: int | None = None,
    allow_nonfinite: bool = False,
) -> KeyedVectors:
    """Load a folder of a sentence-transformers StaticEmbedding, as `load_model2vec` does."""
    return _load(source, "StaticEmbedding folder", limits, limit, allow_nonfinite)


def _load(
    source: Source, title: str, limits: Limits, limit: int | None, allow_nonfinite: bool
) -> KeyedVectors:
    if not isinstance(source, str | PathLike):
        raise TypeError(f"a {title} needs a path, not a file object")
    check_limit(limit)
    folder = Path(source)
    if not (folder / "model.safetensors").is_file():
        folder /= _NESTED
    with opened(folder / "model.safetensors", title, limits) as reader:
        tensors = read_header(reader)
        table = _table_of(reader, tensors)
        sharing = tensors.get("mapping")
        count = table.shape[0] if sharing is None else _length(reader, sharing)
        reader.subject.check_shape(max(count, table.shape[0]), table.shape[1], limits)
        with opened(folder / "tokenizer.json", title, limits) as tokenizer:
            tokens = read_tokens(tokenizer, count)
        taken = count if limit is None else min(limit, count)
        vectors = _rows(reader, table, tensors, taken)
        names = tokens.names[:taken]
        if taken == count and names and names[-1] == tokens.unknown and not vectors[-1].any():
            # The row that a WordLevel tokenizer needs for words it doesn't know; see _files.
            names, vectors = names[:-1], vectors[:-1]
        return assemble(
            reader.subject, names, vectors, allow_nonfinite=allow_nonfinite, limits=limits
        )


def _table_of(reader: Reader, tensors: dict[str, Tensor]) -> Tensor:
    table = next((tensors[name] for name in _TABLES if name in tensors), None)
    if table is None:
        names = ", ".join(sorted(tensors)[:5]) or "none"
        raise reader.error(
            HeaderError,
            f"has the tensors {names}, expected {' or '.join(_TABLES)}; other models are more than"
            " a table of vectors, and are not read",
        )
    if len(table.shape) != 2 or table.dtype not in (*FLOATS, "I8"):
        raise reader.error(
            UnsupportedFormatError,
            f"the tensor {table.name!r} is {list(table.shape)} of {table.dtype}, expected a matrix"
            " of F32, F16, BF16, F64 or I8",
        )
    return table


def _length(reader: Reader, tensor: Tensor) -> int:
    if len(tensor.shape) != 1:
        shape = list(tensor.shape)
        raise reader.error(HeaderError, f"the tensor {tensor.name!r} is {shape}, expected a list")
    return tensor.shape[0]


def _rows(
    reader: Reader, table: Tensor, tensors: dict[str, Tensor], count: int
) -> NDArray[np.float32]:
    """Return the vectors of the first tokens."""
    sharing, weighing = tensors.get("mapping"), tensors.get("weights")
    if sharing is None:
        vectors = read_numbers(reader, table, count)
    else:
        reader.check_expansion(count * table.shape[1] * 4)
        places = read_numbers(reader, sharing, count)
        if sharing.dtype[0] not in "IU" or (count and not _are_within(places, table.shape[0])):
            raise reader.error(
                HeaderError,
                f"the tensor 'mapping' of {sharing.dtype} leads outside the {table.shape[0]} rows",
            )
        vectors = read_numbers(reader, table)[places]
    with np.errstate(over="ignore"):  # what becomes infinite is found when all is there
        vectors = vectors.astype(np.float32, copy=False)
        if weighing is not None:
            if weighing.dtype not in FLOATS or _length(reader, weighing) < count:
                raise reader.error(
                    HeaderError,
                    f"the tensor 'weights' is {list(weighing.shape)} of {weighing.dtype}, expected"
                    " one number a token",
                )
            with np.errstate(invalid="ignore"):
                vectors *= read_numbers(reader, weighing, count).astype(np.float32)[:, None]
    return vectors


def _are_within(places: NDArray[Any], rows: int) -> bool:
    return bool(places.min() >= 0 and places.max() < rows)


def export_model2vec(
    vectors: KeyedVectors, target: Target, *, allow_nonfinite: bool = False
) -> None:
    """Save a folder that ``model2vec.StaticModel.from_pretrained`` loads.

    Its tokenizer splits text at white space, and a word is encoded as its vector, as it is. Words
    that are not there need a row of their own: unless ``[UNK]`` is among the keys, one of zeros is
    added, which `load_model2vec` leaves out again. Counts and norms are not written.

    Parameters
    ----------
    vectors
        What is written.
    target
        The folder. One that is there is replaced when it holds files of this format alone.
    allow_nonfinite
        Write NaN and infinity too.

    Raises
    ------
    NonFiniteError
        When there is a NaN or an infinity.
    OSError
        When something else is in its place, or the system refuses; the old folder is left.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> from synvec import KeyedVectors
    >>> kv = KeyedVectors.from_arrays(["socket"], [[0.5, 1]])
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     export_model2vec(kv, pathlib.Path(folder, "model"))
    ...     load_model2vec(pathlib.Path(folder, "model"))["socket"]
    array([0.5, 1. ], dtype=float32)
    """
    rows = rows_to_write(vectors, target, "model2vec folder", allow_nonfinite)
    config = {
        "model_type": "model2vec",
        "architectures": ["StaticModel"],
        "normalize": False,
        "embedding_dtype": "float32",
    }
    files = _files(vectors, rows, "embeddings")
    files |= {"config.json": _json(config), "modules.json": _json(_modules("."))}
    write_folder(target, files, "model2vec folder")


def export_static_embedding(
    vectors: KeyedVectors, target: Target, *, allow_nonfinite: bool = False
) -> None:
    """Save a folder that sentence-transformers (and model2vec) loads as a StaticEmbedding.

    See `export_model2vec`, whose parameters, errors and tokenizer are the same.
    """
    rows = rows_to_write(vectors, target, "StaticEmbedding folder", allow_nonfinite)
    files = {
        f"{_NESTED}/{name}": content
        for name, content in _files(vectors, rows, "embedding.weight").items()
    }
    config: dict[str, Any] = {
        "prompts": {},
        "default_prompt_name": None,
        "similarity_fn_name": "cosine",
    }
    files |= {
        "config_sentence_transformers.json": _json(config),
        "modules.json": _json(_modules(_NESTED)),
    }
    write_folder(target, files, "StaticEmbedding folder")


def _files(
    vectors: KeyedVectors, rows: NDArray[np.float32], table: str
) -> dict[str, Iterator[bytes]]:
    tokens, parts = vectors.key_table.texts().keys(), [rows]
    if UNKNOWN not in vectors:
        tokens.append(UNKNOWN)
        parts.append(np.zeros((1, rows.shape[1]), np.float32))
    return {
        "model.safetensors": blocks(table, parts),
        "tokenizer.json": word_level(tokens, UNKNOWN),
    }


def _modules(path: str) -> list[dict[str, Any]]:
    kind = "sentence_transformers.models.StaticEmbedding"
    return [{"idx": 0, "name": "0", "path": path, "type": kind}]


def _json(content: Any) -> Iterator[bytes]:
    yield json.dumps(content, indent=2).encode() + b"\n"
