"""Scroll, select and click in a list of any length: what the timeline and the room list have in common.

A place in the list is (position of the item, index in its text), so that a selection, like everything else here,
outlives appending, prepending, wrapping and resizing.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import ClassVar, Final

from textual import events
from textual.geometry import Offset
from textual.message import Message
from textual.screen import Screen
from textual.selection import Selection
from textual.widget import Widget

from chat_tui.widgets.blocks import Block, Line
from chat_tui.widgets.front_compositor import FrontCompositor
from chat_tui.widgets.line_canvas import LineCanvas
from chat_tui.widgets.line_selection import index_on_line, selected_text, selection_over
from chat_tui.widgets.text_layout import word_at

__all__ = ["LineScreen", "LineView", "in_one_frame", "paint_now"]

WAITING: Final = 1
"""Frames that may wait for the terminal while another one is drawn."""


class LineView(LineCanvas, inherit_bindings=False):
    """A list to scroll, select from and click; it has no keys of its own, only actions."""

    ALLOW_SELECT: ClassVar[bool] = True

    class CursorMoved(Message):
        """The cursor went to another item, or to none."""

        def __init__(self, view: LineView, position: int | None) -> None:
            super().__init__()
            self.view = view
            self.position = position

        @property
        def control(self) -> LineView:
            """The view, for `@on` selectors."""
            return self.view

    def reset(self, lo: int, hi: int) -> None:
        """Show the source's positions [lo, hi) afresh."""
        super().reset(lo, hi)
        self._deselect(None)

    def spliced(self, position: int, removed: int, inserted: int) -> None:
        """Take the replacement of the items [position, position + removed) by `inserted` others."""
        super().spliced(position, removed, inserted)
        self._deselect(position)

    # -- scrolling

    def move(self, lines: int) -> None:
        """Scroll by so many lines: up when negative."""
        if self.layout_rows():
            self.viewport.move(lines)
            self.touch()
            paint_now(self)

    def to_start(self) -> None:
        """Show the first line."""
        self.viewport.to_start()
        self.touch()

    def to_end(self) -> None:
        """Show the last line."""
        if self.fit_size():
            self.viewport.to_end()
        self.touch()

    def to_item(self, position: int, *, margin: int = 3) -> None:
        """Show the item at `position` near the top, under `margin` lines of what comes before it."""
        if self.fit_size():
            self.viewport.to_item(position, margin)
        else:
            self.viewport.restore(position, None)
        self.touch()

    def action_scroll_up(self) -> None:
        """Scroll up by a line."""
        self.move(-1)

    def action_scroll_down(self) -> None:
        """Scroll down by a line."""
        self.move(1)

    def action_page_up(self) -> None:
        """Scroll up by a screen, less two lines to hold on to."""
        self.move(min(-1, 2 - self.viewport.height))

    def action_page_down(self) -> None:
        """Scroll down by a screen, less two lines to hold on to."""
        self.move(max(1, self.viewport.height - 2))

    def action_scroll_home(self) -> None:
        """Go to the first line."""
        self.to_start()

    def action_scroll_end(self) -> None:
        """Go to the last line."""
        self.to_end()

    # -- the cursor

    def set_cursor(self, position: int | None, *, reveal: bool = True) -> None:
        """Put the cursor on the item at `position`, or take it away."""
        if position is not None and not self.viewport.heights.lo <= position < self.viewport.heights.hi:
            position = None
        old, self.cursor = self.cursor, position
        for at in {old, position} - {None}:
            if at is not None and old != position:
                self.lay_out_again(at)
        if position is not None and reveal and self.layout_rows():
            self.viewport.reveal(position)
        self.touch()
        if old != position:
            self.post_message(self.CursorMoved(self, position))

    def updated(self) -> None:
        """Put the terminal's own cursor, which screen readers follow, on the chosen item."""
        if self.cursor is None or not self.has_focus:
            return
        for y, (position, _) in enumerate(self.viewport.rows, self.blank_rows):
            if position == self.cursor:
                self.app.cursor_position = Offset(self.region.x, self.region.y + y)
                return

    # -- selecting

    @property
    def blank_rows(self) -> int:
        """How many rows above the first line are blank."""
        return self.viewport.height - len(self.viewport.rows) if self.STICKS else 0

    def place_at(self, x: int, y: int) -> tuple[int, Block, Line] | None:
        """Give (position, block, line) at a cell of the widget, None on a blank row."""
        if not self.layout_rows():
            return None
        index = y - self.blank_rows
        if not 0 <= index < len(self.viewport.rows):
            return None
        position, line = self.viewport.rows[index]
        block = self._block(position)
        return position, block, block.line_at(line)

    def offset_at(self, x: int, y: int) -> Offset | None:
        """Give the selection offset at a cell: (index in the item's text, position)."""
        if not self.layout_rows() or not self.viewport.rows:
            return None
        blank = self.blank_rows
        place = self.place_at(x, min(max(y, blank), blank + len(self.viewport.rows) - 1))
        return None if place is None else Offset(index_on_line(place[1], place[2], x), place[0])

    def get_selection(self, selection: Selection) -> tuple[str, str] | None:
        """Give the selected text and what follows it; an end outside the widget stands for the edge of the screen."""
        if not self.viewport.rows:
            return None
        heights = self.viewport.heights
        first = self.viewport.rows[0][0] if selection.start is None else selection.start.y
        last = self.viewport.rows[-1][0] if selection.end is None else selection.end.y
        text = selected_text(selection, max(first, heights.lo), min(last, heights.hi - 1), self.source.text)
        return text, "\n"

    def selection_updated(self, selection: Selection | None) -> None:
        """Draw the selection."""
        self.redraw()

    def text_select_all(self) -> None:
        """Textual calls this on a double click; a list has words and items to select instead."""

    def _deselect(self, position: int | None) -> None:
        """Drop a selection that reaches `position` or beyond, whose items are no longer what they were."""
        selection = self.text_selection if self.is_attached else None
        if selection is not None and (position is None or selection.end is None or selection.end.y >= position):
            self.screen.clear_selection()

    # -- the mouse

    def spot_at(self, x: int, y: int) -> tuple[int, object | None] | None:
        """Give (position, what can be clicked there) at a cell, None on a blank row."""
        place = self.place_at(x, y)
        if place is None:
            return None
        position, _, line = place
        return position, next((spot.target for spot in line.spots if spot.start <= x < spot.end), None)

    def on_click(self, event: events.Click) -> None:
        """Hit what is there; twice selects the word, three times the item."""
        event.prevent_default()  # Textual selects the widget, then everything around it
        place = self.place_at(event.x, event.y)
        if place is None:
            return
        position, block, line = place
        if event.chain == 1:
            spot = self.spot_at(event.x, event.y)
            self.clicked(position, spot[1] if spot else None)
        elif event.chain == 2:
            start, end = word_at(block.text, index_on_line(block, line, event.x))
            self.screen.selections = {self: selection_over(position, start, end)}
        else:
            self.screen.selections = {self: selection_over(position, 0, len(block.text))}

    def clicked(self, position: int, target: object | None) -> None:
        """Called for a click on the item at `position`, on `target` when it hit one."""
        self.set_cursor(position, reveal=False)


class LineScreen(Screen[None]):
    """A screen on which text in line views is selected exactly, without marking every segment with its offset."""

    def __init__(self, name: str | None = None, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002
        super().__init__(name, id, classes)
        self._compositor = FrontCompositor()
        self.held = 0
        """While it is not 0, nothing is painted at once: more comes in the same turn of the loop."""

    def backlog(self) -> int:
        """How many writes the terminal has not taken yet; 0 where there is no such queue (web, tests)."""
        writer = getattr(self.app._driver, "_writer_thread", None)  # noqa: SLF001
        queue = getattr(writer, "_queue", None)
        return queue.qsize() if queue is not None else 0

    def paint_now(self) -> None:
        """Paint what has changed in this very turn of the loop: Textual's way there leads through three queues and a timer.

        What needs a layout goes that way all the same.
        """
        app = self.app
        if not self._running or app.screen is not self or app._batch_count or self.held or self.backlog() > WAITING:  # noqa: SLF001
            return
        widgets = tuple(self._compositor.visible_widgets)
        for widget in widgets:
            if isinstance(widget, LineCanvas):
                widget.catch_up()
        if any(widget._layout_required or widget._scroll_required for widget in widgets):  # noqa: SLF001
            return
        for widget in widgets:
            if widget._repaint_required:  # noqa: SLF001 - as a widget does it when it has nothing else to do
                widget._repaint_required = False  # noqa: SLF001
                self._dirty_widgets.add(widget)
        if self._dirty_widgets:
            self._on_timer_update()

    def _on_timer_update(self) -> None:
        """Paint; not while the terminal has not taken what was painted before, which would stand before the next key's."""
        if self.backlog() <= WAITING:
            super()._on_timer_update()

    def get_widget_and_offset_at(self, x: int, y: int) -> tuple[Widget | None, Offset | None]:
        """Give the widget at a cell and the offset in its text."""
        widget, region = next(iter(self.get_widgets_at(x, y)), (None, None))
        if isinstance(widget, LineView) and region is not None:
            return widget, widget.offset_at(x - region.x, y - region.y)
        return super().get_widget_and_offset_at(x, y)


def paint_now(widget: Widget) -> None:
    """Show at once what has changed on a widget's screen, where that is a `LineScreen`."""
    if widget.is_attached and isinstance(screen := widget.screen, LineScreen):
        screen.paint_now()


@contextmanager
def in_one_frame(widget: Widget) -> Iterator[None]:
    """Paint what is changed meanwhile together, without waiting for anything: nobody sees another part of it on the way."""
    screen = widget.screen
    if not isinstance(screen, LineScreen):
        yield
        return
    screen.held += 1
    try:
        yield
    finally:
        screen.held -= 1
    screen.paint_now()
