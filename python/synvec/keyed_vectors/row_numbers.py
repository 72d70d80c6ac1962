"""What row numbers mean, for those who keep them beside a store."""

from __future__ import annotations


class RowNumbers:
    """Row numbers of a store, until rows are re-ordered or removed.

    An index holds it and asks before it answers: the rows that it would name are others by then.

    Attributes
    ----------
    are_current : bool
        Whether each still means the row that it meant.
    """

    __slots__ = ("are_current",)

    def __init__(self) -> None:
        self.are_current = True

    def require_current(self) -> None:
        """Raise a ValueError when rows have been re-ordered or removed."""
        if not self.are_current:
            raise ValueError(
                "rows were re-ordered or removed after the index was made: make a new one"
            )
