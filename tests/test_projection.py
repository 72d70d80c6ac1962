"""Principal components: known axes, NumPy's own decomposition as the oracle, odd shapes."""

import numpy as np
import pytest

from synvec.arithmetic import row_norms
from synvec.projection import principal_components

GENERATOR = np.random.default_rng(5)


def _vectors(rows: int, size: int) -> np.ndarray:
    spread = 10.0 ** -np.arange(size)
    return (GENERATOR.standard_normal((rows, size)) * spread + 3).astype(np.float32)


@pytest.mark.parametrize(("rows", "size", "n"), [(50, 6, 2), (9000, 200, 3), (3, 10, 3)])
def test_the_decomposition_of_the_centered_rows(rows: int, size: int, n: int) -> None:
    vectors = _vectors(rows, size)
    seen = principal_components(vectors, n, normalize=False)
    centered = vectors.astype(np.float64) - vectors.mean(axis=0, dtype=np.float64)
    left, values, _ = np.linalg.svd(centered, full_matrices=False)
    expected = left[:, :n] * values[:n]
    signs = np.sign((seen.points * expected).sum(axis=0))
    np.testing.assert_allclose(seen.points, expected * np.where(signs == 0, 1, signs), atol=2e-4)
    np.testing.assert_allclose(seen.explained, values[:n] ** 2 / (values**2).sum(), atol=1e-6)


def test_rows_of_length_one_unless_told() -> None:
    vectors = _vectors(40, 5)
    lengths = np.linspace(0.1, 50, 40, dtype=np.float32)[:, np.newaxis]
    plain, scaled = principal_components(vectors), principal_components(vectors * lengths)
    np.testing.assert_allclose(plain.points, scaled.points, atol=1e-5)
    known = principal_components(vectors, norms=row_norms(vectors))
    np.testing.assert_array_equal(plain.points, known.points)
    assert not np.allclose(principal_components(vectors, normalize=False).points, plain.points)


def test_equal_vectors_give_equal_pictures() -> None:
    vectors = _vectors(100, 8)
    first, second = principal_components(vectors), principal_components(vectors.copy())
    np.testing.assert_array_equal(first.points, second.points)
    # The order of the rows changes no sign.
    reversed_points = principal_components(vectors[::-1].copy()).points[::-1]
    np.testing.assert_allclose(first.points, reversed_points, atol=1e-5)


@pytest.mark.parametrize("shape", [(0, 4), (1, 4), (2, 1), (5, 2), (2, 300)])
def test_odd_shapes(shape: tuple[int, int]) -> None:
    seen = principal_components(GENERATOR.standard_normal(shape).astype(np.float32), 3)
    assert seen.points.shape == (shape[0], 3) and seen.points.dtype == np.float32
    assert np.isfinite(seen.points).all() and np.isfinite(seen.explained).all()
    assert 0 <= seen.explained.sum() <= 1 + 1e-9


def test_zero_rows_and_equal_rows() -> None:
    seen = principal_components(np.zeros((4, 3), dtype=np.float32))
    assert not seen.points.any() and not seen.explained.any()
    same = principal_components(np.ones((4, 3), dtype=np.float32))
    assert np.abs(same.points).max() < 1e-6


def test_bad_input() -> None:
    vectors = _vectors(5, 3)
    with pytest.raises(ValueError, match="n is 0, expected at least 1"):
        principal_components(vectors, 0)
    vectors[2, 1] = np.nan
    with pytest.raises(ValueError, match="not finite"):
        principal_components(vectors, normalize=False)
