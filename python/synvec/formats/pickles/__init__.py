"""Files that gensim's ``save`` wrote, versions 0.12 to 4.4: read as data, never run.

`machine` and `opcodes` walk the pickle and know no name but those of `names`; `standins` are what
they build, `companions` the arrays in files beside it, and `layouts`, `models`, `subwords` and
`documents` know where each version of gensim had keys, vectors and settings; `phrases` its phrases.
"""

from __future__ import annotations

from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING

from synvec import _core
from synvec.errors import UnsupportedFormatError
from synvec.formats.limits import DEFAULT, Limits, check_limit
from synvec.formats.pickles.companions import attach
from synvec.formats.pickles.documents import Doc2VecVectors, doc2vec, document_vectors
from synvec.formats.pickles.layouts import Reading, keyed_vectors
from synvec.formats.pickles.models import word2vec
from synvec.formats.pickles.opcodes import read_pickle
from synvec.formats.pickles.phrases import frozen_phrases, phrases
from synvec.formats.pickles.standins import Instance
from synvec.formats.pickles.subwords import fasttext
from synvec.formats.sources import Source, name_of

if TYPE_CHECKING:
    from synvec.keyed_vectors import KeyedVectors
    from synvec.phrases import FrozenPhrases, Phrases
    from synvec.word2vec import Word2Vec

__all__ = ["Doc2VecVectors", "load_gensim"]

_READERS = {
    "Word2Vec": word2vec,
    "KeyedVectors": keyed_vectors,
    "Word2VecKeyedVectors": keyed_vectors,
    "EuclideanKeyedVectors": keyed_vectors,
    "FastText": fasttext,
    "FastTextKeyedVectors": fasttext,
    "Doc2Vec": doc2vec,
    "Doc2VecKeyedVectors": document_vectors,
    "DocvecsArray": document_vectors,
    "Phrases": phrases,
    "FrozenPhrases": frozen_phrases,
    "Phraser": frozen_phrases,
}
"""What reads an object, by its class; the names are the same in all of gensim's modules."""


def load_gensim(
    source: Source,
    *,
    limits: Limits = DEFAULT,
    limit: int | None = None,
    allow_nonfinite: bool = False,
) -> KeyedVectors | Word2Vec | Doc2VecVectors | Phrases | FrozenPhrases:
    """Load a file that gensim's ``save`` wrote, without running any of it.

    Arrays that gensim put in files beside it (``.npy``, or ``.npz`` where it compressed) are found
    there.

    Parameters
    ----------
    source
        The file, also compressed by gzip or bzip2; or a file object open for reading bytes, when no
        other files belong to it.
    limits
        Bounds on what the file may ask for.
    limit
        Read so many rows at most; of a model, its vectors alone.
    allow_nonfinite
        Load NaN and infinity too.

    Returns
    -------
    KeyedVectors, Word2Vec, Doc2VecVectors, Phrases or FrozenPhrases
        As the file holds them: vectors (of a FastText model too, as `FastTextKeyedVectors`); a
        model, to train on; of a Doc2Vec model, the vectors of its words (``wv``) and documents
        (``dv``); phrases, counted or chosen.

    Raises
    ------
    UnsafePickleError
        When the file names anything that word vectors have no need of.
    TruncatedFileError, HeaderError, EncodingError, NonFiniteError, LimitError
        When it, or a file beside it, is not what it claims to be.
    UnsupportedFormatError
        When it holds something else of gensim's.

    Warns
    -----
    UserWarning
        When a model lacks what training needs, and comes as vectors alone.

    Examples
    --------
    >>> load_gensim("model-of-2016.w2v")  # doctest: +SKIP
    Word2Vec<vocab=71290, vector_size=100, alpha=0.025>
    """
    check_limit(limit)
    name = name_of(source)
    top = read_pickle(_core.read_unfolded(source, limits), name)
    if not isinstance(top, Instance):
        raise UnsupportedFormatError(
            f"{name}: a pickle of a {type(top).__name__}, expected one of gensim's models; save"
            " vectors with KeyedVectors.save, or as word2vec text"
        )
    path = Path(source) if isinstance(source, str | PathLike) else None
    attach(top, path, name, limits)
    reader = _READERS.get(top.kind.name)
    if reader is None:
        raise UnsupportedFormatError(
            f"{name}: holds a {top.kind}, which synvec does not read; in gensim, save its vectors"
            " with save_word2vec_format(path), and load(path) here"
        )
    return reader(top, Reading(name, limits, limit, allow_nonfinite))
