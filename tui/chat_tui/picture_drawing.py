"""Draw a picture as large as the messages have room for it, in the way that the terminal can; for threads."""

from __future__ import annotations

import itertools
import os
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from rich.color import Color
from rich.segment import Segment
from rich.style import Style

from chat_tui import kitty_graphics
from chat_tui.small_image import UNASKED, as_png, half_blocks, read_whole, shrink
from chat_tui.widgets.picture import Picture, picture_of
from chat_tui_core.values import frozen

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["MOST_COLUMNS", "MOST_ROWS", "Canvas", "Way", "canvas_for", "draw_bytes", "draw_file"]

MOST_COLUMNS: Final = 48
MOST_ROWS: Final = 12
SHARE: Final = 3
"""A picture takes one of so many parts of the screen's height at most."""
CELL: Final = (10, 20)
"""Pixels of a cell that a terminal is given: it makes them larger or smaller to fit its own."""


class Way(StrEnum):
    """How a terminal shows a picture."""

    BLOCKS = "blocks"  # half blocks in any colour
    PALETTE = "palette"  # half blocks in 256 colours
    KITTY = "kitty"  # in full, by the graphics protocol of Kitty


@frozen
class Canvas:
    """The room for a picture: how it is shown, and cells."""

    way: Way
    columns: int
    rows: int


def canvas_for(way: Way, columns: int, height: int) -> Canvas:
    """The room on a screen of this height, beside which a line of text has so many columns."""
    return Canvas(way, max(1, min(MOST_COLUMNS, columns)), max(1, min(MOST_ROWS, height // SHARE)))


def draw_file(path: Path, size: int, digest: str, canvas: Canvas) -> Picture:
    """A picture of a file that is what was sent. Raises Undrawn."""
    return draw_bytes(read_whole(path, size, digest), canvas)


def draw_bytes(data: bytes, canvas: Canvas) -> Picture:
    """A picture of an image's bytes. Raises Undrawn."""
    if canvas.way is Way.KITTY:
        return _in_full(data, canvas)
    small = shrink(data, len(data), canvas.columns, 2 * canvas.rows, UNASKED)
    return picture_of(half_blocks(small), small.about, palette=canvas.way is Way.PALETTE)


_numbers: Final = itertools.count((os.getpid() & 0x3FFF) << 10)
"""Other programs in the same window have other ones."""


def _in_full(data: bytes, canvas: Canvas) -> Picture:
    """A picture that the terminal is given, and the text that stands for it."""
    across, down = CELL
    small = shrink(data, len(data), canvas.columns * across, canvas.rows * down, UNASKED)
    columns, rows = -(-small.width // across), -(-small.height // down)
    number = 1 + next(_numbers) % (kitty_graphics.NUMBERS - 1)
    style = Style(color=Color.from_rgb(number >> 16, number >> 8 & 0xFF, number & 0xFF))
    return Picture(
        [[Segment(text, style)] for text in kitty_graphics.placeholders(columns, rows)],
        columns,
        small.about,
        told=kitty_graphics.transmission(number, as_png(small), columns, rows),
        untold=kitty_graphics.deletion(number),
    )
