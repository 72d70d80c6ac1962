"""Norms, unit rows, cosines and top-k over float32 matrices: no state, and never a second matrix.

Every dot product of a row is taken by itself (by the native core, or ``einsum``), not by a BLAS
matrix-vector product: that one sums a row in another order depending on where in the matrix it
stands, so that equal rows get scores a rounding apart, and ties would no longer be ties.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from synvec import _core

Vector: TypeAlias = NDArray[np.float32]
"""float32, one row of D numbers or one number a key."""
Matrix: TypeAlias = NDArray[np.float32]
"""float32 of V rows and D columns, C-contiguous."""
Numbers: TypeAlias = NDArray[np.floating[Any]] | NDArray[np.integer[Any]]
"""What users may hand in where a vector is meant."""


BLOCK_BYTES = 4 << 20


def block_rows(row_bytes: int) -> int:
    """Return how many rows of that size make a block of working memory."""
    return max(1, BLOCK_BYTES // max(1, row_bytes))


def row_norms(vectors: Matrix) -> Vector:
    """Return the Euclidean length of each row.

    Summed in float64, so that neither the squares of large numbers overflow nor those of small ones
    vanish.

    Examples
    --------
    >>> row_norms(np.array([[3.0, 4.0], [0.0, 0.0], [3e30, 4e30]], dtype=np.float32))
    array([5.e+00, 0.e+00, 5.e+30], dtype=float32)
    """
    return _core.row_norms(vectors)


def divisors(norms: Vector) -> Vector:
    """Return the norms as a column to divide rows by; a zero vector is divided by 1 and stays."""
    return np.where(norms == 0, np.float32(1), norms)[:, np.newaxis]


def unit_rows(rows: NDArray[np.float64]) -> Matrix:
    """Return rows of length 1, or zeros for zero rows.

    Examples
    --------
    >>> unit_rows(np.array([[3.0, 4.0], [0.0, 0.0]]))
    array([[0.6, 0.8],
           [0. , 0. ]], dtype=float32)
    """
    largest = np.abs(rows).max(axis=1, initial=0.0, keepdims=True)
    # Divided by the largest, the squares can neither overflow nor all vanish.
    rows = rows / np.where(largest == 0, 1, largest)
    lengths = np.sqrt(np.einsum("ij,ij->i", rows, rows))[:, np.newaxis]
    scaled: Matrix = (rows / np.where(lengths == 0, 1, lengths)).astype(np.float32)
    return scaled


def unit(vector: NDArray[np.float64]) -> Vector:
    """Return a vector of length 1, or the zero vector for itself."""
    row: Vector = unit_rows(vector[np.newaxis])[0]
    return row


def rounded_to_bytes(units: Matrix) -> tuple[NDArray[np.int8], Vector]:
    """Return rows scaled to the whole range of a byte and rounded, and what each was scaled by.

    Examples
    --------
    >>> rounded_to_bytes(np.array([[0.6, -0.8], [0, 0]], dtype=np.float32))
    (array([[  95, -127],
           [   0,    0]], dtype=int8), array([158.75,   0.  ], dtype=float32))
    """
    largest = np.abs(units).max(axis=1)
    scales = np.divide(np.float32(127), largest, out=np.zeros_like(largest), where=largest != 0)
    return np.rint(units * scales[:, np.newaxis]).astype(np.int8), scales


def dots(vectors: Matrix, query: Vector) -> Vector:
    """Return the dot product of each row with ``query``; equal rows get equal results."""
    products: Vector = np.einsum("ij,j->i", vectors, query)
    return products


def cosines(vectors: Matrix, norms: Vector, query: Vector) -> Vector:
    """Return the cosine of each row with ``query``, which is of unit length; 0 for zero rows."""
    return _core.cosines(vectors, norms, query)


def top(scores: Vector, k: int) -> NDArray[np.int64]:
    """Return the positions of the ``k`` highest scores: score descending, then index ascending.

    NaN comes last.

    Examples
    --------
    >>> top(np.array([0.5, 0.9, 0.5, 0.5], dtype=np.float32), 3)
    array([1, 0, 2])
    """
    if k <= 0:
        return np.empty(0, dtype=np.int64)
    cost = -scores
    if k >= len(scores):
        return np.argsort(cost, kind="stable")
    # argpartition may keep any of the scores that tie at the boundary, so only its value is used.
    boundary = np.partition(cost, k - 1)[k - 1]
    if np.isnan(boundary):
        return np.argsort(cost, kind="stable")[:k]
    candidates = np.flatnonzero(cost <= boundary)
    return candidates[np.argsort(cost[candidates], kind="stable")][:k]
