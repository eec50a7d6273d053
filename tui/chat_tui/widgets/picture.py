"""A picture in the timeline as ready segments: half blocks of two colours each, made once, in a thread."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from itertools import groupby
from typing import TYPE_CHECKING, Final

from rich.color import Color, ColorSystem
from rich.segment import Segment
from rich.style import Style

if TYPE_CHECKING:
    from chat_tui.small_image import Cell, Rgb

__all__ = ["HALF", "Picture", "cell_strip", "picture_of"]

HALF: Final = "▀"
SEGMENT_BYTES: Final = 1_100
"""Memory of a segment with a style of its own, and of what a terminal is sent for it; measured."""


class Picture:
    """Rows of segments, all `width` cells wide; `size` is about what it takes of the memory, in bytes.

    `told`: what the terminal must be told before it can show them, and `untold` when they are not needed any more.
    """

    __slots__ = ("about", "rows", "size", "told", "untold", "width")

    def __init__(
        self, rows: Sequence[list[Segment]], width: int, about: str = "", *, told: str = "", untold: str = ""
    ) -> None:
        self.rows = tuple(rows)
        self.width = width
        self.about = about
        self.told = told
        self.untold = untold
        self.size = SEGMENT_BYTES * sum(len(row) for row in self.rows) + len(told)


def picture_of(cells: Sequence[Sequence[Cell]], about: str, *, palette: bool) -> Picture:
    """A picture of cells; `palette`: the terminal knows 256 colours and no others."""
    return Picture([cell_strip(row, palette=palette) for row in cells], len(cells[0]) if cells else 0, about)


def cell_strip(row: Sequence[Cell], *, palette: bool = False) -> list[Segment]:
    """A row of a picture: neighbours that look alike are one segment."""
    colour = _nearest if palette else _exact
    segments = []
    for (upper, lower), cells in groupby((colour(upper), colour(lower)) for upper, lower in row):
        segments.append(Segment(HALF * sum(1 for _ in cells), Style(color=upper, bgcolor=lower)))
    return segments


def _exact(rgb: Rgb) -> Color:
    return Color.from_rgb(*rgb)


@lru_cache(maxsize=4096)
def _nearest(rgb: Rgb) -> Color:
    """The colour of the 256; worked out here: in a thread, and once."""
    number = Color.from_rgb(*rgb).downgrade(ColorSystem.EIGHT_BIT).number
    return Color.from_ansi(number or 0)
