"""The earth mover's distance: answers found by trying everything, and what holds for any."""

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from synvec.transport import earth_movers_distance

seeds = st.integers(0, 2**32 - 1)


def random_masses(rng: np.random.Generator, total: int, places: int) -> np.ndarray:
    return rng.multinomial(total, rng.dirichlet(np.full(places, 0.5)))


def between(points: np.ndarray, others: np.ndarray) -> np.ndarray:
    return np.linalg.norm(points[:, np.newaxis] - others, axis=2)


def unit_by_unit(supply: np.ndarray, demand: np.ndarray, costs: np.ndarray) -> float:
    """The cheapest of all ways to pair the single units of mass."""
    rows, columns = (np.repeat(np.arange(len(mass)), mass) for mass in (supply, demand))
    return min(costs[rows, order].sum() for order in permutations(columns)) / len(rows)


@given(seeds, st.integers(1, 6), st.integers(1, 6), st.integers(1, 6))
def test_the_best_of_all_pairings(seed: int, total: int, places: int, others: int) -> None:
    rng = np.random.default_rng(seed)
    supply, demand = random_masses(rng, total, places), random_masses(rng, total, others)
    # Few distinct costs make many ties.
    costs = rng.integers(-2, 5, (places, others)) / 2.0
    found = earth_movers_distance(supply, demand, costs)
    assert found == pytest.approx(unit_by_unit(supply, demand, costs), abs=1e-12)


@pytest.mark.parametrize("seed", range(5))
def test_equal_masses_are_an_assignment(seed: int) -> None:
    costs = np.random.default_rng(seed).random((7, 7))
    ones = np.ones(7, dtype=int)
    assert earth_movers_distance(ones, ones, costs) == pytest.approx(
        unit_by_unit(ones, ones, costs)
    )


@given(seeds, st.integers(1, 60), st.integers(1, 60))
def test_on_a_line_it_is_the_area_between_the_sums(seed: int, places: int, others: int) -> None:
    rng = np.random.default_rng(seed)
    total = 1000
    supply, demand = random_masses(rng, total, places), random_masses(rng, total, others)
    x, y = rng.random((places, 1)), rng.random((others, 1))
    where = np.concatenate([x, y])[:, 0]
    order = np.argsort(where)
    heights = np.cumsum(np.concatenate([supply, -demand])[order])
    area = np.sum(np.abs(heights[:-1]) * np.diff(where[order])) / total
    assert earth_movers_distance(supply, demand, between(x, y)) == pytest.approx(area, abs=1e-12)


@given(seeds, st.tuples(*[st.integers(1, 25)] * 3))
def test_it_is_a_metric(seed: int, sizes: tuple[int, int, int]) -> None:
    rng = np.random.default_rng(seed)
    first, second, third = (
        (random_masses(rng, 120, size), rng.standard_normal((size, 3))) for size in sizes
    )

    def distance(one: tuple, other: tuple) -> float:
        return earth_movers_distance(one[0], other[0], between(one[1], other[1]))

    assert distance(first, first) == 0
    assert distance(first, second) == pytest.approx(distance(second, first), abs=1e-12)
    assert distance(first, third) <= distance(first, second) + distance(second, third) + 1e-12


@given(seeds, st.integers(1, 1_000_000), st.floats(0.001, 1000))
def test_scale(seed: int, mass: int, cost: float) -> None:
    rng = np.random.default_rng(seed)
    supply, demand, costs = random_masses(rng, 30, 9), random_masses(rng, 30, 8), rng.random((9, 8))
    plain = earth_movers_distance(supply, demand, costs)
    assert earth_movers_distance(supply * mass, demand * mass, costs) == pytest.approx(plain)
    assert earth_movers_distance(supply, demand, costs * cost) == pytest.approx(plain * cost)
    # A detour that all must take costs each the same.
    assert earth_movers_distance(supply, demand, costs + 3) == pytest.approx(plain + 3)


def test_hundreds_of_places_are_exact() -> None:
    rng = np.random.default_rng(8)
    supply, demand = random_masses(rng, 9000, 250), random_masses(rng, 9000, 240)
    flow = rng.permutation(np.repeat(np.arange(240), demand))
    rows = np.repeat(np.arange(250), supply)
    # Costs under which that flow is the best one: nothing beside what potentials demand.
    row, column = rng.integers(0, 50, (250, 1)), rng.integers(0, 50, 240)
    costs = (row + column + rng.integers(1, 50, (250, 240))).astype(float)
    costs[rows, flow] = (row + column)[rows, flow]
    expected = (supply @ row[:, 0] + demand @ column) / 9000
    assert earth_movers_distance(supply, demand, costs) == pytest.approx(expected, rel=1e-14)


@pytest.mark.parametrize(
    ("supply", "demand", "costs", "message"),
    [
        ([1, 1], [1], [[0], [0]], "sum to 2 and 1"),
        ([0], [0], [[0]], "sum to 0 and 0"),
        ([2, -1], [1], [[0], [0]], "supply holds -1"),
        ([0.5], [0.5], [[0]], "supply is float64 of shape"),
        ([1], [[1]], [[0]], r"demand is int64 of shape \(1, 1\)"),
        ([], [], [], "expected whole numbers in a row"),
        ([1], [1], [[0, 1]], r"costs have shape \(1, 2\), expected \(1, 1\)"),
        ([1], [1], [[np.nan]], "NaN or infinity"),
    ],
)
def test_what_is_refused(supply: list, demand: list, costs: list, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        earth_movers_distance(supply, demand, costs)
