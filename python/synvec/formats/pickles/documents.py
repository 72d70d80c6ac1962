"""gensim's Doc2Vec models: the vectors of their words and of their documents."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from synvec.formats.pickles.layouts import Reading, keyed_vectors, matrix, store, words
from synvec.formats.pickles.standins import Instance

if TYPE_CHECKING:
    from synvec.keyed_vectors import KeyedVectors


@dataclass(frozen=True, slots=True)
class Doc2VecVectors:
    """What is read of a Doc2Vec model: its vectors. It can't be trained on, and infers nothing.

    Attributes
    ----------
    wv
        The words and their vectors.
    dv
        The documents' tags and their vectors; integer tags are keys too, ``0`` is ``"0"``.
    """

    wv: KeyedVectors
    dv: KeyedVectors


def doc2vec(top: Instance, reading: Reading) -> Doc2VecVectors:
    """Return the vectors of a model of any version."""
    documents = top.instance("dv", "docvecs")
    if documents is None:
        raise reading.wrong("a Doc2Vec model without documents")
    return Doc2VecVectors(
        wv=keyed_vectors(top.instance("wv") or top, reading),
        dv=document_vectors(documents, reading),
    )


def document_vectors(documents: Instance, reading: Reading) -> KeyedVectors:
    """Return the vectors of documents.

    In 4.x they are a store like that of the words. Before, integer tags come first and are their
    own rows, up to ``max_rawint``; then those that are text, in the order of ``offset2doctag``.
    """
    names = documents.find("index_to_key")
    if names is not None and not isinstance(names, list):
        raise reading.wrong("the tags of the documents are malformed")
    tags = _spelled(names) if names is not None else _older_tags(documents, reading)
    found = words(tags, {}, reading)
    return store(found, matrix(documents.find(*_VECTORS), "document vectors", found, reading))


def _older_tags(documents: Instance, reading: Reading) -> list[Any]:
    """Return the tags of versions before 4.0, integers spelled out."""
    named = documents.find("offset2doctag", "index2doctag", "index2entity") or []
    highest = documents.find("max_rawint")
    if highest is None and isinstance(named, list):  # before 0.12.3: all integers, or all text
        highest = -1 if named else (documents.find("count") or 0) - 1
    if not isinstance(named, list) or type(highest) is not int or highest < -1:
        raise reading.wrong("the tags of the documents are malformed")
    # Compared with the rows that are there before a list of that length is made.
    rows = getattr(documents.find(*_VECTORS), "shape", None)
    if not rows or highest + 1 + len(named) != rows[0]:
        raise reading.wrong(
            f"{highest + 1} integer tags and {len(named)} others, for vectors of shape {rows}"
        )
    return [str(number) for number in range(highest + 1)] + _spelled(named)


_VECTORS = ("vectors_docs", "vectors", "doctag_syn0")


def _spelled(tags: list[Any]) -> list[Any]:
    """Return tags with integers spelled out: that they are text here is written in the docs."""
    return [str(tag) if type(tag) is int else tag for tag in tags]
