"""Whether a file is whole: what its format lets one check, and what was checked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from synvec.formats.limits import DEFAULT, Limits
from synvec.formats.registry import Format, call, entry_of
from synvec.formats.remote import readable
from synvec.formats.sniff import recognize_source
from synvec.formats.sources import Source


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """A file that was found whole.

    Attributes
    ----------
    format
        Its format.
    rows, vector_size
        V and D; None where the format has neither.
    checked
        What was compared and found right, in words.
    """

    format: Format
    rows: int | None
    vector_size: int | None
    checked: tuple[str, ...]


def verify(
    path: Source,
    *,
    format: Format | None = None,
    allow_nonfinite: bool = False,
    limits: Limits = DEFAULT,
) -> Verified:
    r"""Check a file of any format and size as far as its format allows.

    A native file holds checksums: each is compared, and all that was proven when it was saved is
    proven again. Other formats hold none: the file is read to its end, so that whatever contradicts
    itself in it is found, but a number that was changed into another is not.

    Parameters
    ----------
    path
        The file or folder, a URL, or a file object open for reading bytes; compressed or not.
    format
        The format, where it is known better than by its content.
    allow_nonfinite
        Let NaN and infinity in a foreign file pass.
    limits
        Bounds on what the file may ask for.

    Raises
    ------
    FormatError
        Of the class that says in which way the file is damaged.
    OSError
        When the system refuses.

    Examples
    --------
    >>> import io
    >>> found = verify(io.BytesIO(b"2 3\nsocket 0.1 0.2 0.3\nyear 0.4 0.5 0.6\n"))
    >>> found.rows, found.vector_size
    (2, 3)
    """
    # Readers that know no NaN don't know the option either.
    asked = {"allow_nonfinite": True} if allow_nonfinite else {}
    with readable(path) as source:
        if format is None:
            format, source = recognize_source(source)
        if entry_of(format).verify is not None:
            found: Verified = call(format, "verify", source, limits=limits, **asked)
            return found
        return _read_through(call(format, "load", source, limits=limits, **asked), format)


def _read_through(loaded: Any, format: Format) -> Verified:
    from synvec.keyed_vectors import KeyedVectors

    checked = ("read to its end, which is where its content ends", "it holds no checksums")
    vectors = loaded if isinstance(loaded, KeyedVectors) else getattr(loaded, "wv", None)
    if not isinstance(vectors, KeyedVectors):
        return Verified(format=format, rows=None, vector_size=None, checked=checked)
    return Verified(
        format=format, rows=len(vectors), vector_size=vectors.vector_size, checked=checked
    )
