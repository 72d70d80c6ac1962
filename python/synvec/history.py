"""What came of each epoch, as a small table and a plot."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from synvec.axes import axes_to_draw_in


@dataclass(frozen=True)
class Epoch:
    """What came of one epoch."""

    raw_words: int
    """Words passed, those pruned by ``min_count`` included."""
    trained_words: int
    """Words that subsampling kept."""
    loss: float | None
    """Summed loss over every example; ``None`` unless ``compute_loss``."""
    seconds: float
    """Wall time."""

    @property
    def raw_words_per_second(self) -> float:
        """Words passed a second."""
        return self.raw_words / self.seconds if self.seconds else 0.0

    @property
    def trained_words_per_second(self) -> float:
        """Words that subsampling kept a second."""
        return self.trained_words / self.seconds if self.seconds else 0.0

    @property
    def loss_per_word(self) -> float | None:
        """Mean loss of a trained word, in nats: what can be compared between epochs and texts."""
        return None if self.loss is None else self.loss / max(self.trained_words, 1)


_COLUMNS = ("epoch", "words", "trained", "seconds", "words/s", "loss", "loss/word")


class History(list[Epoch]):
    """A list of epochs that shows itself as a table.

    Examples
    --------
    >>> History([Epoch(raw_words=1000, trained_words=400, loss=800.0, seconds=0.5)])
    epoch  words  trained  seconds  words/s   loss  loss/word
        1  1,000      400      0.5    2,000  800.0      2.000
    """

    def rows(self) -> list[tuple[str, ...]]:
        """Return the cells of the table, as text."""
        return [
            (
                str(number),
                f"{epoch.raw_words:,}",
                f"{epoch.trained_words:,}",
                f"{epoch.seconds:.1f}",
                f"{epoch.raw_words_per_second:,.0f}",
                "" if epoch.loss is None else f"{epoch.loss:,.1f}",
                "" if epoch.loss_per_word is None else f"{epoch.loss_per_word:.3f}",
            )
            for number, epoch in enumerate(self, 1)
        ]

    def __repr__(self) -> str:
        rows = [_COLUMNS, *self.rows()]
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        return "\n".join(
            "  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True))
            for row in rows
        )

    def _repr_html_(self) -> str:
        """Return the table for a notebook."""
        head = "".join(f"<th>{column}</th>" for column in _COLUMNS)
        body = "".join(
            "<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in self.rows()
        )
        return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"

    def plot(self, axes: Any = None) -> Any:
        """Draw the loss of a word by epoch; of a history without losses, the speed.

        Parameters
        ----------
        axes
            Matplotlib's axes to draw into; new ones by default.

        Returns
        -------
        matplotlib.axes.Axes

        Raises
        ------
        ImportError
            Without matplotlib: ``pip install synvec[viz]``.
        """
        axes = axes_to_draw_in(axes)
        numbers = range(1, len(self) + 1)
        if self and all(epoch.loss is not None for epoch in self):
            axes.plot(numbers, [epoch.loss_per_word for epoch in self], marker="o")
            axes.set_ylabel("loss of a word, nats")
        else:
            axes.plot(numbers, [epoch.raw_words_per_second for epoch in self], marker="o")
            axes.set_ylabel("words a second")
            axes.set_ylim(bottom=0)
        axes.set_xlabel("epoch")
        axes.set_xticks(numbers)
        return axes
