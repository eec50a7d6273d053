"""Which lines of a long list are on screen, decided from an anchor and not from a scroll offset.

The anchor, the (position, line) of the top row, is the truth. Rows are found by walking from it until the screen is
full, so what happens above or below cannot move what is being read, and no step depends on the number of items.
Before a change the visible lines are pinned by name; the first one that is still there afterwards keeps its row.
"""

from __future__ import annotations

from collections.abc import Callable

from chat_tui.widgets.blocks import Block
from chat_tui.widgets.heights import HeightIndex

__all__ = ["Row", "Viewport"]

Row = tuple[int, int]
"""(position of an item, line of its block)"""
Pin = tuple[int, int | None]
"""(position, key of a line; None for the first line)"""


class Viewport:
    """The visible part of the items [heights.lo, heights.hi), at most `height` lines high.

    A viewport that `sticks` shows the newest line and follows it until it is moved up; one that does not starts at the
    first line.
    """

    def __init__(self, block: Callable[[int], Block], *, sticks: bool) -> None:
        self._block = block
        self.sticks = sticks
        self.heights = HeightIndex()
        self.height = 0
        self.top: Row = (0, 0)
        self.follow = sticks
        self.rows: list[Row] = []
        self.stale = True
        self._pins: list[Pin | None] = []  # by row; None: the item is gone

    # -- what the list tells

    def reset(self, lo: int, hi: int) -> None:
        """Show another list: the positions [lo, hi) from its anchored end."""
        self.heights = HeightIndex(lo, hi, self.heights.average)
        self.top, self.follow, self.rows, self._pins, self.stale = (lo, 0), self.sticks, [], [], True

    def restore(self, position: int, key: int | None) -> None:
        """Put the line `key` of the item at `position` on the top row."""
        self.follow, self.top, self._pins, self.stale = False, (position, 0), [(position, key)], True

    def appended(self, count: int) -> None:
        """Take `count` new items after the last one."""
        self.heights.hi += count
        if self.follow or len(self.rows) < self.height:
            self.stale = True

    def prepended(self, count: int) -> None:
        """Take `count` new items before the first one."""
        if self.follow or len(self.rows) < self.height:
            self.stale = True
        self.heights.lo -= count

    def spliced(self, position: int, removed: int, inserted: int) -> None:
        """Take the replacement of [position, position + removed) by `inserted` items."""
        self.pin()
        shift = inserted - removed
        end = position + removed
        self._pins = [pin and self._shifted(pin, position, removed, shift) for pin in self._pins]
        at, line = self.top
        if at >= end:
            self.top = (at + shift, line)
        elif at >= position:
            self.top = (position, 0)
        self.heights.splice(position, removed, inserted)

    @staticmethod
    def _shifted(pin: Pin, position: int, removed: int, shift: int) -> Pin | None:
        """Give where a pinned line is after a splice, None when its item is gone; it keeps its place in `_pins`."""
        at, key = pin
        if at < position:
            return pin
        return (at + shift, key) if at >= position + removed else None

    def forget(self, position: int) -> None:
        """Drop the height of the item at `position`, which is about to be laid out anew."""
        if self.top[0] == position or any(at == position for at, _ in self.rows):
            self.pin()
        self.heights.discard(position)

    def pin(self) -> None:
        """Remember the visible lines by name, before a change, while their blocks are still the old ones.

        Without current rows only the anchor is kept, which a scroll operation has just set.
        """
        if not self.follow and not self._pins:
            if self.stale:
                self._pins = [(self.top[0], self._key_of_top())]
            else:
                self._pins = [(at, self._block(at).line_at(line).key) for at, line in self.rows]
        self.stale = True

    def _key_of_top(self) -> int | None:
        """Give the name of the anchor's line, None for a block's first one."""
        position, line = self.top
        if not line or not self.heights.lo <= position < self.heights.hi:
            return None
        return self._block(position).line_at(line).key

    # -- which rows are shown

    def settle(self) -> None:
        """Bring `rows` and `top` up to date; walks at most a screen of lines beyond what is shown."""
        if not self.stale:
            return
        self.stale = False
        heights = self.heights
        if heights.hi <= heights.lo or self.height <= 0:
            self.rows, self._pins, self.follow = [], [], self.sticks
            self.top = (heights.lo, 0)
            return
        if self._pins and not self.follow:
            self._find_pin()
        self._pins = []
        rows = [] if self.follow else self._down_from(self.top)
        if len(rows) < self.height:
            rows = self._up_from_end()
            self.follow = self.sticks
        elif self.sticks and self._is_last(rows[-1]):
            self.follow = True
        self.rows, self.top = rows, rows[0]

    def _find_pin(self) -> None:
        """Set the anchor so that the first pinned line that still exists stays on its row."""
        for y, pin in enumerate(self._pins):
            if pin is None or not self.heights.lo <= pin[0] < self.heights.hi:
                continue
            position, key = pin
            line = 0 if key is None else self._block(position).line_of(key)
            if line is not None:
                self.top = self._walk_up((position, line), y)
                return

    def _down_from(self, top: Row) -> list[Row]:
        """Give the rows from `top` to the end of the screen or of the list."""
        position = min(max(top[0], self.heights.lo), self.heights.hi - 1)
        line = min(top[1], len(self._block(position).lines) - 1) if position == top[0] else 0
        rows: list[Row] = []
        while len(rows) < self.height and position < self.heights.hi:
            rows.extend((position, at) for at in range(line, len(self._block(position).lines)))
            position, line = position + 1, 0
        del rows[self.height :]
        return rows

    def _up_from_end(self) -> list[Row]:
        """Give the rows of the last screen."""
        position, count = self.heights.hi, 0
        sizes: list[tuple[int, int]] = []
        while count < self.height and position > self.heights.lo:
            position -= 1
            size = len(self._block(position).lines)
            sizes.append((position, size))
            count += size
        return [(at, line) for at, size in reversed(sizes) for line in range(size)][-self.height :]

    def _last_row(self) -> Row:
        """Give the very last line of the list."""
        last = self.heights.hi - 1
        return (last, len(self._block(last).lines) - 1)

    def _is_last(self, row: Row) -> bool:
        """Tell whether a row is the list's very last line; lays the last item out only for one of its own rows."""
        return row[0] == self.heights.hi - 1 and row == self._last_row()

    def _walk_up(self, row: Row, count: int) -> Row:
        """Give the row `count` lines above `row`, or the first of all."""
        position, line = row[0], row[1] - count
        while line < 0 and position > self.heights.lo:
            position -= 1
            line += len(self._block(position).lines)
        return position, max(line, 0)

    def _walk_down(self, row: Row, count: int) -> Row:
        """Give the row `count` lines below `row`, or the last of all."""
        position, line = row[0], row[1] + count
        while line >= (size := len(self._block(position).lines)):
            if position + 1 >= self.heights.hi:
                return position, size - 1
            line -= size
            position += 1
        return position, line

    # -- moving

    def move(self, lines: int) -> None:
        """Scroll by so many lines: up when negative."""
        self.settle()
        if not self.rows or (lines > 0 and self.follow):
            return
        top = self._walk_up(self.top, -lines) if lines < 0 else self._walk_down(self.top, lines)
        if top != self.top:
            self.go(top)

    def go(self, top: Row) -> None:
        """Put the line `top` on the top row."""
        self.follow, self.top, self._pins, self.stale = False, top, [], True

    def to_start(self) -> None:
        """Go to the first line."""
        self.go((self.heights.lo, 0))

    def to_end(self) -> None:
        """Go to the last line; a viewport that sticks follows it from now on."""
        empty = self.heights.hi <= self.heights.lo
        self.go((self.heights.lo, 0) if empty or self.sticks else self._last_row())
        self.follow = self.sticks

    def to_item(self, position: int, margin: int) -> None:
        """Put the item at `position` below `margin` lines of what comes before it."""
        position = min(max(position, self.heights.lo), self.heights.hi - 1)
        if position >= self.heights.lo:
            self.go(self._walk_up((position, 0), margin))

    def to_y(self, y: float) -> None:
        """Go to about the estimated line `y`."""
        position = self.heights.find(y)
        self.go((position, max(0, int(y - self.heights.y_of(position)))))

    def reveal(self, position: int) -> None:
        """Scroll as little as it takes to show the item at `position`, its start when it is higher than the screen."""
        self.settle()
        if not self.heights.lo <= position < self.heights.hi or not self.rows:
            return
        shown = [y for y, (at, _) in enumerate(self.rows) if at == position]
        size = len(self._block(position).lines)
        if len(shown) == min(size, self.height) and (size <= self.height or self.rows[0] == (position, 0)):
            return
        if position > self.top[0] and size < self.height:
            self.go(self._walk_up((position, size - 1), self.height - 1))
        else:
            self.go((position, 0))

    # -- what the scroll bar shows

    def scroll_estimate(self) -> tuple[int, int]:
        """Give (virtual height, scroll offset), in lines, such that both ends are reached only when they are shown."""
        height = self.height
        if not self.rows:
            return 0, 0
        at_start, at_end = self.rows[0] == (self.heights.lo, 0), self._is_last(self.rows[-1])
        if at_start and at_end:
            return len(self.rows), 0
        total = max(self.heights.total, height + (not at_start) + (not at_end))
        end = total - height
        if at_start or at_end:
            return total, end if at_end else 0
        y = round(self.heights.y_of(self.top[0])) + self.top[1]
        return total, min(max(1, y), end - 1)
