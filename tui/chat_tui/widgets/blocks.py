"""What a line view draws: every item of a list is a block of ready lines."""

from __future__ import annotations

from typing import Protocol

from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from chat_tui_core.values import frozen, slotted

__all__ = ["BELOW", "Block", "Line", "LineSource", "Spot"]

BELOW = 1 << 30
"""Keys from here on name lines below an item's text."""


@frozen
class Spot:
    """A part of a line that can be clicked: the cells [start, end) and what is meant by them."""

    start: int
    end: int
    target: object


@slotted
class Line:
    """One line of a block. Its strip is made when it is first shown: most lines never are.

    `key` names the line within its block through changes: the index of the first character for a line of the item's
    text, a fixed negative number for a line above the text, `BELOW` and up for one below it. Keys ascend.
    """

    segments: list[Segment]
    cells: int
    key: int
    start: int = 0
    """The line shows `Block.text[start:end]` from cell `x` on; equal when it shows none of it."""
    end: int = 0
    x: int = 0
    spots: tuple[Spot, ...] = ()
    strip: Strip | None = None

    def holds(self, key: int) -> bool:
        """Tell whether this is the line that `key` names, perhaps since another wrapping."""
        return self.key == key or (0 <= self.key <= key < self.end)


@slotted
class Block:
    """The lines of one item, at least one, and the text in them that can be selected."""

    lines: list[Line]
    text: str = ""
    fill: Style | None = None
    """What pads its lines to the full width, the view's own style when None."""

    def line_at(self, index: int) -> Line:
        """Give a line by number; the last one when the block has become shorter and nobody told."""
        return self.lines[min(index, len(self.lines) - 1)]

    def line_of(self, key: int) -> int | None:
        """Give the index of the line that `key` names, None when the block has no such line."""
        for index, line in enumerate(self.lines):
            if line.holds(key):
                return index
        return None


class LineSource(Protocol):
    """Where a line view gets its blocks from, by logical position."""

    def block(self, position: int, width: int, style: Style, *, cursor: bool) -> Block:
        """Lay out the item at `position` on `width` cells; `style` is the view's own; `cursor`: it is the chosen one."""

    def text(self, position: int) -> str:
        """Give the text of the block at `position` without laying it out."""
