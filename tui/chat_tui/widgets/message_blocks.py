"""Messages as blocks of lines: what a timeline shows at a position, with what its neighbours and marks add to it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, Protocol

from rich.style import Style

from chat_tui.widgets.blocks import Block
from chat_tui.widgets.message_lines import Around, Edge, message_block
from chat_tui.widgets.message_look import Look
from chat_tui.widgets.message_row import MessageRow, shown_text
from chat_tui_core.values import frozen

__all__ = ["EDGES", "WHOLE", "Bookmark", "EmptySource", "MessageBlocks", "Older", "TimelineSource"]

Older = Literal["more", "asked", "awaited", "failed", "none"]
"""What is known of the messages before the first one that is loaded: asked for, and awaited when that takes long."""
EDGES: dict[Older, Edge] = {"more": "", "asked": "", "awaited": "loading", "failed": "failed", "none": "start"}
"""What is said of that above the first message of a room."""
WHOLE: dict[Older, Edge] = dict.fromkeys(EDGES, "")
"""Of a thread nothing is said: its first message shows where it begins."""


@frozen
class Bookmark:
    """Where a reader was in a room: opaque, to be given back to `Timeline.set_source`."""

    key: str
    line: int
    following: bool


class TimelineSource(Protocol):
    """The messages of a room at logical positions [lo, hi): older ones come below `lo`, newer ones at `hi`."""

    def row(self, position: int) -> MessageRow:
        """Give the message at a position."""

    def position_of(self, key: str) -> int | None:
        """Give the position of the message with that key, None when it is not loaded."""


class MessageBlocks:
    """Lays out the messages of a source, each with what its neighbours and the reader's marks add to it."""

    def __init__(self, source: TimelineSource, lo: int, hi: int, looks: Callable[[], tuple[Look, Look]]) -> None:
        self.source = source
        self.looks = looks  # without and with the cursor
        self.lo = lo
        self.hi = hi
        self.older: Older = "more"
        self.edges = EDGES
        self.unread_after: int | None = None
        self.expanded: set[str] = set()

    def block(self, position: int, width: int, style: Style, *, cursor: bool) -> Block:
        """Lay out the message at `position`."""
        row = self.source.row(position)
        first = position <= self.lo
        around = Around(
            previous=None if first else self.source.row(position - 1),
            edge=self.edges[self.older] if first else "",
            unread=self.unread_after is not None and position == self.unread_after + 1,
            cursor=cursor,
            expanded=row.key in self.expanded,
        )
        return message_block(row, around, width, self.looks()[cursor])

    def text(self, position: int) -> str:
        """Give the text of the message at `position` as its block shows it."""
        row = self.source.row(position)
        return shown_text(row, self.looks()[0].me, expanded=row.key in self.expanded)


class EmptySource:
    """The messages of no room."""

    def row(self, position: int) -> MessageRow:
        """Refuse: there is no position in an empty room."""
        raise IndexError(position)

    def position_of(self, key: str) -> int | None:
        """Find nothing."""
        return None
