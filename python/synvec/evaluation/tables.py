"""One table, for the terminal and for notebooks."""

from __future__ import annotations

import math
from collections.abc import Sequence

Row = Sequence[str]


def text_table(head: Row, rows: Sequence[Row], *, left: int = 2) -> str:
    """Return lines of aligned columns: the first ``left`` to the left, numbers to the right.

    Examples
    --------
    >>> print(text_table(["set", "by", "score"], [["ws353", "Pearson", "0.661"]]))
    set    by       score
    ws353  Pearson  0.661
    """
    widths = [max(map(len, column)) for column in zip(head, *rows, strict=True)]
    lines = []
    for row in (head, *rows):
        cells = [
            cell.ljust(width) if place < left else cell.rjust(width)
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        lines.append("  ".join(cells).rstrip())
    return "\n".join(lines)


def html_table(caption: str, head: Row, rows: Sequence[Row], *, left: int = 2) -> str:
    """Return the same as an HTML table.

    Examples
    --------
    >>> html_table("a < b", ["set"], [["ws353"]]).startswith("<table><caption>a &lt; b</caption>")
    True
    """
    import html  # here, to keep `import synvec` light

    def line(tag: str, row: Row) -> str:
        cells = []
        for place, cell in enumerate(row):
            side = "left" if place < left else "right"
            indent = "padding-left:2em;" if cell.startswith(" ") else ""
            cells.append(
                f'<{tag} style="{indent}text-align:{side}">{html.escape(cell.strip())}</{tag}>'
            )
        return "<tr>" + "".join(cells) + "</tr>"

    body = "".join(line("td", row) for row in rows)
    return (
        f"<table><caption>{html.escape(caption)}</caption>"
        f"<thead>{line('th', head)}</thead><tbody>{body}</tbody></table>"
    )


def number(value: float) -> str:
    """Return a score with three decimals, ``-`` for NaN.

    Examples
    --------
    >>> number(0.66149), number(float("nan"))
    ('0.661', '-')
    """
    return "-" if math.isnan(value) else f"{value:.3f}"


def interval(low: float, high: float) -> str:
    """Return an interval with three decimals, ``-`` for NaN.

    Examples
    --------
    >>> interval(0.6, 0.71449)
    '[0.600, 0.714]'
    """
    return "-" if math.isnan(low) else f"[{low:.3f}, {high:.3f}]"


def plain(value: object) -> object:
    """Return a value as JSON has it: NaN becomes None.

    Examples
    --------
    >>> plain(0.5), plain(float("nan"))
    (0.5, None)
    """
    return None if isinstance(value, float) and math.isnan(value) else value
