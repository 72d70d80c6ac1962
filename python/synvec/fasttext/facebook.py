"""Opening Facebook's files under gensim's name for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from synvec.errors import UnsupportedFormatError
from synvec.fasttext.keyed_vectors import FastTextKeyedVectors

if TYPE_CHECKING:
    from synvec.formats.limits import Limits
    from synvec.formats.sources import Source


def load_facebook_vectors(
    path: Source,
    encoding: str = "utf-8",
    *,
    unicode_errors: str = "strict",
    limit: int | None = None,
    allow_nonfinite: bool = False,
    limits: Limits | None = None,
) -> FastTextKeyedVectors:
    """Open the word vectors of a model that Facebook's fastText trained: ``.bin`` or ``.ftz``.

    The output matrix, which only further training would need, is passed over.

    Parameters
    ----------
    path
        The file, or a file object open for reading bytes; compressed or not.
    encoding, unicode_errors
        How words are decoded, as ``bytes.decode`` takes them. n-grams are cut from the decoded
        word and hashed in UTF-8, as in gensim; Facebook's program hashes the bytes of the file, so
        that words that are not valid UTF-8 there have other vectors here.
    limit
        Take so many words at most, the most frequent ones, and all n-grams.
    allow_nonfinite
        Load NaN and infinity too.
    limits
        Bounds on what the file may ask for.

    Returns
    -------
    FastTextKeyedVectors

    Raises
    ------
    FormatError
        When the file is not what it claims to be; the message tells the place.
    UnsupportedFormatError
        When it holds a text classifier, or is a file of another format.
    OSError
        When the system refuses.

    Examples
    --------
    >>> kv = load_facebook_vectors("cc.en.300.bin")  # doctest: +SKIP
    >>> kv.most_similar("gearshft", topn=1)  # doctest: +SKIP
    [('gearshift', 0.79)]
    """
    from synvec.formats.fasttext import load_fasttext
    from synvec.formats.limits import DEFAULT
    from synvec.formats.remote import readable
    from synvec.formats.sniff import require_fasttext
    from synvec.formats.sources import name_of

    with readable(path) as source:
        loaded = load_fasttext(
            require_fasttext(source),
            encoding=encoding,
            unicode_errors=unicode_errors,
            limit=limit,
            allow_nonfinite=allow_nonfinite,
            limits=limits or DEFAULT,
        )
    if not isinstance(loaded, FastTextKeyedVectors):
        raise UnsupportedFormatError(
            f"{name_of(path)}: a text classifier (a supervised model), not word vectors; open it"
            " with synvec.load(path)"
        )
    return loaded
