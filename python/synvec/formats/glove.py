"""GloVe's text: the rows of word2vec text without its first line."""

from typing import TYPE_CHECKING, Any, Unpack

from numpy.typing import NDArray

from synvec import _core
from synvec.formats.limits import DEFAULT, Limits
from synvec.formats.sources import Source, Target
from synvec.formats.word2vec import ReadOptions, load_rows

if TYPE_CHECKING:
    from synvec.keyed_vectors import KeyedVectors


def load_glove(
    path: Source, *, limits: Limits = DEFAULT, **options: Unpack[ReadOptions]
) -> "KeyedVectors":
    r"""Load GloVe text; ``<unk>`` is a key like any other.

    D is the number of numbers at the end of the first line. Keys may hold spaces (``. . .``):
    what stands before the last D numbers of a line is the key.

    Parameters
    ----------
    path
        The file, or a file object open for reading bytes; compressed or not.
    limits
        Bounds on what the file may ask for.
    **options
        As `load_word2vec` takes them.

    Raises
    ------
    HeaderError, RowError, EncodingError, NonFiniteError, LimitError
        When the file is not what it claims to be.

    Examples
    --------
    >>> import io
    >>> load_glove(io.BytesIO(b"the 0.1 0.2\n. . . 0.3 0.4\n")).key_table.keys()
    ['the', '. . .']
    """
    return load_rows(path, "headerless", None, options, limits)


def save_glove(
    path: Target, keys: _core.KeyTable[Any], vectors: NDArray[Any], *, allow_nonfinite: bool = False
) -> None:
    r"""Save GloVe text: rows as they stand, no header, numbers exact.

    Parameters
    ----------
    path
        The file, or a file object open for writing bytes.
    keys
        V keys.
    vectors
        V × D, C-contiguous.
    allow_nonfinite
        Write NaN and infinity too.

    Raises
    ------
    RowError
        For a key that could not be read back.
    OSError
        When the system refuses; the old file is left.

    Examples
    --------
    >>> import io
    >>> import numpy as np
    >>> from synvec._core import KeyTable
    >>> file = io.BytesIO()
    >>> save_glove(file, KeyTable(["the"]), np.array([[0.5, 1]], np.float32))
    >>> file.getvalue()
    b'the 0.5 1.0\n'
    """
    _core.write_vectors(
        path,
        keys,
        vectors,
        layout="headerless",
        style="gensim",
        order=None,
        prefix="",
        total=None,
        has_header=False,
        append=False,
        allow_nonfinite=allow_nonfinite,
    )


def export_glove(vectors: "KeyedVectors", target: Target, *, allow_nonfinite: bool = False) -> None:
    """Save GloVe text, as `save_glove` does."""
    save_glove(target, vectors.key_table, vectors.vectors, allow_nonfinite=allow_nonfinite)
