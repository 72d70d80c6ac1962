"""A corpus as ids, kept together with what it was read from."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from synvec import _core
from synvec.key_types import KeyT
from synvec.paths import files_of

Corpus: TypeAlias = (
    Iterable[Sequence[KeyT]] | Iterable[NDArray[np.integer[Any]]] | NDArray[np.integer[Any]]
)
"""Sentences: lists of strings or of integers, or arrays of integers."""
CorpusFile = str | os.PathLike[str] | Sequence[str | os.PathLike[str]]


@dataclass(frozen=True)
class EncodedSource:
    """A corpus as ids, and what it was read from."""

    source: object
    corpus: _core.EncodedCorpus


class _SameObject:
    """Equal to another one that holds the same iterable, of the same length if it has one."""

    def __init__(self, iterable: object) -> None:
        self._iterable = iterable
        self._length = len(iterable) if isinstance(iterable, Sequence) else None

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, _SameObject):
            return NotImplemented
        return self._iterable is other._iterable and self._length == other._length

    __hash__ = None  # type: ignore[assignment]


def fingerprint(corpus_iterable: object, corpus_file: CorpusFile | None) -> object:
    """What tells whether a corpus is the one that was read before."""
    if corpus_file is None:
        return None if corpus_iterable is None else _SameObject(corpus_iterable)
    return tuple(_file_state(path) for path in files_of(corpus_file))


def _file_state(path: str) -> tuple[str, int, int] | str:
    try:
        status = os.stat(path)  # noqa: PTH116 - also of "-", which is no path
    except OSError:
        return path  # reading it will say what is wrong
    return os.path.realpath(path), status.st_size, status.st_mtime_ns
