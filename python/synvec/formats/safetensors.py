"""A safetensors file of someone else's: one matrix, whose keys are somewhere else."""

from __future__ import annotations

from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING

from synvec.errors import HeaderError
from synvec.formats.assembling import assemble
from synvec.formats.limits import DEFAULT, Limits, check_limit
from synvec.formats.reading import Reader, opened
from synvec.formats.sources import Source
from synvec.formats.tensors import FLOATS, Tensor, read_header, read_numbers
from synvec.formats.tokenizer_json import read_tokens
from synvec.formats.word_lists import KeySource, keys_of

if TYPE_CHECKING:
    from synvec.keyed_vectors import KeyedVectors


def load_safetensors(
    source: Source,
    *,
    limits: Limits = DEFAULT,
    keys: KeySource | None = None,
    tensor: str | None = None,
    limit: int | None = None,
    allow_nonfinite: bool = False,
) -> KeyedVectors:
    """Load a matrix of a safetensors file; synvec's own files are native ones.

    Parameters
    ----------
    source
        The file, or a file object open for reading bytes.
    limits
        Bounds on what the files may ask for.
    keys
        The V keys, or the path of a text with one a line; by default they are beside the file, in
        ``tokenizer.json``, or for ``a.safetensors`` in ``a.keys.txt``, ``a.vocab`` or ``a.txt``.
    tensor
        The name of the matrix; needed when there are several.
    limit
        Read so many rows at most.
    allow_nonfinite
        Load NaN and infinity too.

    Raises
    ------
    HeaderError, TruncatedFileError, EncodingError, NonFiniteError, LimitError
        When a file is not what it claims to be, or the two do not belong together.
    UnsupportedFormatError
        When there are no keys.

    Examples
    --------
    >>> load_safetensors("embeddings.safetensors", keys="words.txt")  # doctest: +SKIP
    KeyedVectors<vector_size=256, 30000 keys>
    """
    check_limit(limit)
    with opened(source, "safetensors", limits) as reader:
        matrix = _matrix_of(reader, read_header(reader), tensor)
        rows, size = matrix.shape
        reader.subject.check_shape(rows, size, limits)
        tokenizer = _tokenizer_beside(source)
        if keys is None and tokenizer is not None:
            with opened(tokenizer, "tokenizer", limits) as text:
                names = read_tokens(text, rows).names
        else:
            names = keys_of(reader.subject, source, keys, rows, limits)
        taken = rows if limit is None else min(limit, rows)
        return assemble(
            reader.subject,
            names[:taken],
            read_numbers(reader, matrix, taken),
            allow_nonfinite=allow_nonfinite,
            limits=limits,
        )


def _matrix_of(reader: Reader, tensors: dict[str, Tensor], wanted: str | None) -> Tensor:
    matrices = {
        name: tensor
        for name, tensor in tensors.items()
        if len(tensor.shape) == 2 and tensor.dtype in FLOATS
    }
    shown = ", ".join(sorted(matrices)[:10]) or "none"
    if wanted is not None and wanted not in matrices:
        raise reader.error(HeaderError, f"has no matrix {wanted!r} of floats, only {shown}")
    if wanted is None and len(matrices) != 1:
        raise reader.error(
            HeaderError, f"has the matrices {shown}, expected one; pass tensor= with its name"
        )
    return matrices[wanted] if wanted is not None else next(iter(matrices.values()))


def _tokenizer_beside(source: Source) -> Path | None:
    if not isinstance(source, str | PathLike):
        return None
    path = Path(source).with_name("tokenizer.json")
    return path if path.is_file() else None
