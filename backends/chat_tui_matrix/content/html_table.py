"""Lay a table out in columns of characters."""

from __future__ import annotations

import unicodedata
from typing import Final

__all__ = ["laid_out"]

WIDEST: Final = 100
"""Cells of a line up to which columns are lined up: a wider table would be broken into lines by the screen anyway."""


def laid_out(rows: list[list[str]], *, head: bool) -> str:
    """The rows as lines, one a row, their columns under each other; `head`: the first row is a heading."""
    rows = [[" ".join(cell.split()) for cell in row] for row in rows]
    rows = [row for row in rows if any(row)]
    if not rows:
        return ""
    count = max(map(len, rows))
    widths = [0] * count
    for row in rows:
        for column, cell in enumerate(row):
            widths[column] = max(widths[column], _cells(cell))
    if sum(widths) + 3 * (count - 1) > WIDEST:
        return "\n".join(" │ ".join(row) for row in rows)
    lines = [_line(row, widths) for row in rows]
    if head:
        lines.insert(1, "─┼─".join("─" * width for width in widths))
    return "\n".join(lines)


def _line(row: list[str], widths: list[int]) -> str:
    """One row, every cell but the last padded to its column's width."""
    padded = [cell + " " * (width - _cells(cell)) for cell, width in zip(row, widths, strict=False)]
    return " │ ".join(padded).rstrip()


def _cells(text: str) -> int:
    """How many cells of a terminal a text takes, near enough for lining up columns."""
    if text.isascii():
        return len(text)
    return sum(
        0 if unicodedata.combining(char) else 2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text
    )
