"""The earth mover's distance between two small distributions: exact, in NumPy alone.

Masses are whole numbers, so that a flow is never almost zero and the end is never a matter of
tolerance. Shortest augmenting paths with potentials, as Jonker and Volgenant (1987) do it for
assignments, carry over to masses other than 1: a row that sends to several columns is entered
from each of them.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Masses = NDArray[np.int64]
Costs = NDArray[np.float64]


def earth_movers_distance(supply: ArrayLike, demand: ArrayLike, costs: ArrayLike) -> float:
    """Return what it costs at least to turn one distribution into the other, per unit of mass.

    Parameters
    ----------
    supply
        M whole numbers: the mass that lies at each place.
    demand
        N whole numbers with the same sum: the mass that is wanted at each place.
    costs
        M × N numbers: what moving one unit costs from each place to each.

    Returns
    -------
    float
        min Σ flowᵢⱼ·costᵢⱼ / Σ supplyᵢ over all flows that move everything.

    Raises
    ------
    ValueError
        For masses that are negative, no whole numbers, all zero or of different sums, costs of
        another shape, NaN or infinity.

    Examples
    --------
    >>> earth_movers_distance([1, 1], [2], [[0.0], [3.0]])
    1.5
    """
    supplies, demands = _masses("supply", supply), _masses("demand", demand)
    matrix = np.asarray(costs, dtype=np.float64)
    if matrix.shape != (len(supplies), len(demands)):
        raise ValueError(
            f"costs have shape {matrix.shape}, expected ({len(supplies)}, {len(demands)})"
        )
    if not np.isfinite(matrix).all():
        raise ValueError("costs hold NaN or infinity, expected finite numbers")
    total = int(supplies.sum())
    if total != int(demands.sum()) or not total:
        raise ValueError(
            f"the masses sum to {total} and {int(demands.sum())}, expected the same above 0"
        )
    flow = _Flow(supplies, demands, matrix)
    flow.move_all()
    return float(np.einsum("ji,ij->", flow.moved, matrix)) / total


class _Flow:
    """A flow that is cheapest for what it has moved so far.

    The potentials prove it: cost − row − column is nowhere negative, and zero wherever something
    flows.
    """

    def __init__(self, supply: Masses, demand: Masses, costs: Costs) -> None:
        self.costs = costs
        self.left, self.wanted = supply.copy(), demand.copy()
        # By column, as the search asks which rows send to one.
        self.moved = np.zeros((len(demand), len(supply)), dtype=np.int64)
        self.columns = costs.min(axis=0)
        self.rows = (costs - self.columns).min(axis=1)

    def move_all(self) -> None:
        """Move all there is: first along what costs nothing more, then along shortest paths."""
        for row in range(len(self.left)):
            for column in np.flatnonzero(self.costs[row] - self.columns == self.rows[row]).tolist():
                self._move(row, column, min(self.left[row], self.wanted[column]))
        # The largest first: fewer rounds than in any other order that was tried.
        for row in np.argsort(-self.left).tolist():
            while self.left[row]:
                self._augment(row)

    def _move(self, row: int, column: int, mass: int) -> None:
        self.moved[column, row] += mass
        self.left[row] -= mass
        self.wanted[column] -= mass

    def _augment(self, source: int) -> None:
        """Move as much as fits along the shortest path from a row to a column that wants more."""
        to_row = np.full(len(self.rows), np.inf)
        to_row[source] = 0
        into_row = np.full(len(self.rows), -1)
        # Of the columns that are not settled yet: their distances, and where they are reached from.
        waiting = self.costs[source] - self.rows[source] - self.columns
        into_column = np.full(len(self.columns), source)
        settled: list[int] = []
        at: list[float] = []
        # Settled columns may not be reached anew, be it by a rounding error: paths would run round.
        bound = waiting.copy()
        while True:
            column = int(waiting.argmin())
            distance = float(waiting[column])
            if self.wanted[column]:
                break
            settled.append(column)
            at.append(distance)
            waiting[column], bound[column] = np.inf, -np.inf
            for row in np.flatnonzero((self.moved[column] > 0) & np.isinf(to_row)).tolist():
                to_row[row], into_row[row] = distance, column
                further = self.costs[row] - (self.rows[row] - distance) - self.columns
                closer = further < bound
                waiting[closer] = bound[closer] = further[closer]
                into_column[closer] = row
        reached = np.isfinite(to_row)
        self.rows[reached] += distance - to_row[reached]
        self.columns[settled] -= distance - np.array(at)
        self._push(source, column, into_row, into_column)

    def _push(
        self, source: int, end: int, into_row: NDArray[np.int64], into_column: NDArray[np.int64]
    ) -> None:
        """Add to the flow forwards and take from it backwards, along the path that was found."""
        forwards, column = [], end
        while True:
            row = int(into_column[column])
            forwards.append((column, row))
            if row == source:
                break
            column = int(into_row[row])
        # Mass that a row sent to the column before goes to the column after instead.
        backwards = [(int(into_row[row]), row) for _, row in forwards[:-1]]
        mass = min(self.left[source], self.wanted[end], *(self.moved[at] for at in backwards))
        for at in forwards:
            self.moved[at] += mass
        for at in backwards:
            self.moved[at] -= mass
        self.left[source] -= mass
        self.wanted[end] -= mass


def _masses(name: str, values: ArrayLike) -> Masses:
    masses: NDArray[Any] = np.asarray(values)
    if masses.ndim != 1 or not len(masses) or masses.dtype.kind not in "iu":
        raise ValueError(
            f"{name} is {masses.dtype} of shape {masses.shape}, expected whole numbers in a row"
        )
    if masses.min() < 0:
        raise ValueError(f"{name} holds {masses.min()}, expected no negative mass")
    return masses.astype(np.int64)
