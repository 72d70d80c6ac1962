"""What a file may ask for, whatever it claims."""

from dataclasses import dataclass
from operator import index


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Bounds that every reader keeps to; beyond one, loading ends with a `LimitError`.

    All are far above what honest files hold. Raise one to load a file that goes beyond it.

    Parameters
    ----------
    max_rows
        Rows of a file; an index has 32 bits.
    max_vector_size
        Dimensions of a vector.
    max_key_bytes
        Bytes of one key.
    max_line_bytes
        Bytes of one line of text.
    max_decompressed_bytes
        Bytes that a compressed file unfolds to.
    max_expansion_ratio
        How many times its own size a compressed file unfolds to, looked at from 256 MiB on (16 MiB
        where the whole file is kept in memory, as a pickle is).

    Examples
    --------
    >>> Limits(max_key_bytes=10_000_000).max_key_bytes
    10000000
    """

    max_rows: int = 2**32 - 1
    max_vector_size: int = 1 << 20
    max_key_bytes: int = 1 << 20
    max_line_bytes: int = 32 << 20
    max_decompressed_bytes: int = 1 << 42
    max_expansion_ratio: int = 200


DEFAULT = Limits()


def check_limits(limits: object) -> None:
    """Raise a TypeError for limits that are none."""
    if not isinstance(limits, Limits):
        raise TypeError(f"limits is {limits!r}, expected synvec.Limits(…)")


def check_limit(limit: int | None) -> None:
    """Raise for what is no number of rows.

    Raises
    ------
    TypeError
        When it is no integer.
    ValueError
        When it is below zero, or beyond any file.
    """
    if limit is None:
        return
    try:
        rows = index(limit)
    except TypeError:
        raise TypeError(f"limit is {limit!r}, expected a number of rows") from None
    if not 0 <= rows < 1 << 63:
        raise ValueError(f"limit is {limit}, expected 0 or more rows")
