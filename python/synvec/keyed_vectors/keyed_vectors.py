"""The one public class, put together from its rooms."""

from __future__ import annotations

from synvec.arguments import named_as_one
from synvec.key_types import KeyT
from synvec.keyed_vectors.documents import Documents
from synvec.keyed_vectors.evaluating import Evaluating
from synvec.keyed_vectors.exchange import Exchange
from synvec.keyed_vectors.files import Files
from synvec.keyed_vectors.indexing import Indexing
from synvec.keyed_vectors.merging import Merging
from synvec.keyed_vectors.plotting import Plotting
from synvec.keyed_vectors.quantizing import Quantizing
from synvec.keyed_vectors.removing import Removing
from synvec.legacy import OlderVectorNames


@named_as_one
class KeyedVectors(
    Evaluating[KeyT],
    Quantizing[KeyT],
    Indexing[KeyT],
    Documents[KeyT],
    Merging[KeyT],
    Removing[KeyT],
    Plotting[KeyT],
    Exchange[KeyT],
    Files[KeyT],
    OlderVectorNames,
):
    """Keys and their vectors: what training leaves, and what questions are asked of.

    It keeps the raw vectors (``vectors``, word2vec's ``syn0``) and one norm a row; unit vectors
    are made when something asks for them and never kept. Any number of threads may read it at
    once as long as none writes.

    Parameters
    ----------
    vector_size
        D, the length of a vector.
    count
        Make room for that many keys beforehand.
    dtype
        float32 is the only one.
    mapfile_path
        Keep the rows in this file, mapped into memory, instead of in memory; it is overwritten.

    Raises
    ------
    ValueError
        For a ``vector_size`` below 1, a negative ``count``, or another ``dtype``.

    Examples
    --------
    >>> kv = KeyedVectors(vector_size=2)
    >>> kv.add_vectors(["socket", "port", "year"], [[3, 4], [4, 3], [-1, 1]])
    >>> kv
    KeyedVectors<vector_size=2, 3 keys>
    >>> "socket" in kv, kv["socket"]
    (True, array([3., 4.], dtype=float32))
    >>> [key for key, _ in kv.most_similar("socket")]
    ['port', 'year']
    """
