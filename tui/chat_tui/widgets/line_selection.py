"""Select text in blocks: an offset is (index in the block's text, position of the block), whatever the wrapping."""

from __future__ import annotations

from collections.abc import Callable

from rich.segment import Segment
from rich.style import Style
from textual.geometry import Offset
from textual.selection import Selection
from textual.strip import Strip

from chat_tui.widgets.blocks import Block, Line
from chat_tui.widgets.text_layout import cells, index_at, snap

__all__ = ["MAX_SELECTED", "highlight", "index_on_line", "selected_text", "selection_over"]

MAX_SELECTED = 1_000_000
"""Characters that are copied at most: what a terminal's clipboard takes is far less."""


def index_on_line(block: Block, line: Line, x: int) -> int:
    """Give the index in the block's text of what stands at cell `x` of one of its lines."""
    return line.start + index_at(block.text[line.start : line.end], x - line.x)


def highlight(block: Block, line: Line, strip: Strip, span: tuple[int, int], style: Style) -> Strip:
    """Give the line's strip with the selected part of it, `span` in the block's text (-1: to its end), in `style`."""
    size = len(block.text)
    start = max(snap(block.text, min(span[0], size)), line.start)
    end = min(size if span[1] == -1 else snap(block.text, min(span[1], size)), line.end)
    if end <= start:
        return strip
    left = line.x + cells(block.text[line.start : start])
    right = line.x + cells(block.text[line.start : end])
    before, middle, after = strip.crop(0, left), strip.crop(left, right), strip.crop(right, None)
    chosen = [Segment(text, style if old is None else old + style) for text, old, _ in middle]
    return Strip([*before, *chosen, *after], strip.cell_length)


def selected_text(selection: Selection, first: int, last: int, text: Callable[[int], str]) -> str:
    """Give what is selected of the items `first` to `last`, an item a paragraph, without anything drawn around it."""
    start, end = selection
    parts: list[str] = []
    size = 0
    for position in range(first, last + 1):
        part = text(position)
        left = snap(part, start.x) if start is not None and position == start.y else 0
        right = snap(part, end.x) if end is not None and position == end.y else len(part)
        parts.append(part[left:right])
        size += max(0, right - left) + 1
        if size > MAX_SELECTED:
            break
    return "\n".join(parts)[:MAX_SELECTED]


def selection_over(position: int, start: int, end: int) -> Selection:
    """Give the selection of the characters [start, end) of one item."""
    return Selection(Offset(start, position), Offset(end, position))
