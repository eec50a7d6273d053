"""A list to pick one thing from, by keyboard and by mouse: what rooms, members, outbox and switcher have in common."""

from __future__ import annotations

from abc import abstractmethod
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.color import Color
from textual.message import Message

from chat_tui.keys import Place, bindings
from chat_tui.widgets.blocks import Block, Line
from chat_tui.widgets.line_view import LineView
from chat_tui.widgets.own_keys import OwnKeys
from chat_tui.widgets.paints import Paint, Paints
from chat_tui.widgets.text_layout import cells, fit

__all__ = ["Part", "PickList", "Row", "spread"]

Part = tuple[str, str]
"""(text, name of its style); the text is already clean."""
Row = tuple[list[Part], list[Part]]
"""What stands on the left and on the right of one line."""


def spread(row: Row, width: int, styles: dict[str, Style]) -> tuple[list[Segment], int]:
    """Put a line's parts on `width` cells: the right ones whole as far as half of it, the left ones as there is room."""
    left, right = row
    right_size = sum(cells(text) for text, _ in right)
    most = max(width // 2, width - 1 - sum(cells(text) for text, _ in left))
    if right_size > most:
        right = [(fit(text, most // len(right)), part) for text, part in right]
        right_size = sum(cells(text) for text, _ in right)
    room = max(0, width - right_size - (1 if right else 0))
    segments: list[Segment] = []
    used = 0
    for text, part in left:
        shown = fit(text, room - used)
        if shown:
            segments.append(Segment(shown, styles[part]))
            used += cells(shown)
        if shown != text:
            break
    if right and width - used - right_size >= 0:
        segments.append(Segment(" " * (width - used - right_size), styles[""]))
        segments.extend(Segment(text, styles[part]) for text, part in right)
        used = width
    return segments, used


class PickList(OwnKeys, LineView):
    """A list of items of a few lines each with a cursor; it is its own source of blocks."""

    BINDINGS = bindings(Place.ROOM_LIST)
    PAINTS: ClassVar[Paints] = Paints(
        {
            "strong": Paint(face="bold"),
            "dim": Paint("foreground 55%"),
            "accent": Paint("text-accent", face="bold"),
            "badge": Paint("background", "accent", "bold"),
            "heading": Paint("foreground 55%", face="bold"),
            "good": Paint("text-success"),
            "warn": Paint("text-warning"),
            "bad": Paint("text-error"),
            "bar": Paint("accent"),
            "cursor": Paint(ground="accent 18%"),
            "marked": Paint(ground="foreground 7%"),
        },
        ansi={
            "dim": Paint("ansi_default", face="dim"),
            "heading": Paint("ansi_default", face="bold dim"),
            "cursor": Paint("ansi_bright_white", "ansi_blue"),
            "badge": Paint("ansi_black", "ansi_cyan", "bold"),
        },
    )
    DEFAULT_CSS = """
    PickList {
        background: $surface; scrollbar-size-vertical: 1; overflow-y: auto;
        scrollbar-background: $surface; scrollbar-color: $foreground 15%;
    }
    """
    ALLOW_SELECT: ClassVar[bool] = False

    class Picked(Message):
        """The person chose the item at `position`."""

        def __init__(self, view: PickList, position: int) -> None:
            super().__init__()
            self.view = view
            self.position = position

        @property
        def control(self) -> PickList:
            """The list, for `@on` selectors."""
            return self.view

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(self, id=id)
        self.touched = False
        """The person has moved the cursor or chosen something."""
        self._styles: dict[str, dict[str, Style]] = {}

    # -- what a list must say

    @abstractmethod
    def rows(self, position: int) -> list[Row]:
        """Give the lines of the item at `position`, at least one."""

    def marked(self, position: int) -> bool:
        """Tell whether the item is the one that is open, which shows also without the cursor."""
        return False

    def pickable(self, position: int) -> bool:
        """Tell whether the cursor may stand on the item."""
        return True

    # -- drawing

    def block(self, position: int, width: int, style: Style, *, cursor: bool) -> Block:
        """Lay out the item at `position`: a bar where it is open, then its lines with a cell of air on either side."""
        marked = self.marked(position)
        ground = "cursor" if cursor and self.has_focus else "marked" if marked else ""
        styles = self._styles_on(ground, style)
        bar = Segment("▌" if marked else " ", styles["accent"])
        lines: list[Line] = []
        for key, row in enumerate(self.rows(position)):
            segments, used = spread(row, max(1, width - 2), styles)
            lines.append(Line([bar, *segments], used + 1, key))
        return Block(lines, "", styles[""])

    def text(self, position: int) -> str:
        """Nothing in a list to pick from can be selected."""
        return ""

    def _styles_on(self, ground: str, base: Style) -> dict[str, Style]:
        """Give the styles of all parts on the background of `ground`, "" being the list's own."""
        styles = self._styles.get(ground)
        if styles is None:
            under = self.background_colors[1]
            if ground:
                base += self.PAINTS.styles(self, under)[ground]
            if base.bgcolor is not None:
                under = Color.from_rich_color(base.bgcolor)
            styles = {part: base + style for part, style in self.PAINTS.styles(self, under).items()} | {"": base}
            self._styles[ground] = styles
        return styles

    def restyle(self) -> None:
        """Take the new theme's colours."""
        self._styles = {}
        super().restyle()

    # -- the cursor

    def on_focus(self) -> None:
        """Show the cursor."""
        if self.cursor is not None:
            self.lay_out_again(self.cursor)

    def on_blur(self) -> None:
        """Hide the cursor."""
        if self.cursor is not None:
            self.lay_out_again(self.cursor)

    def action_cursor(self, step: int) -> None:
        """Move the cursor by an item, over those that cannot be picked."""
        self.touched = True
        heights = self.viewport.heights
        at = self.cursor if self.cursor is not None else (heights.lo - 1 if step > 0 else heights.hi)
        at += step
        while heights.lo <= at < heights.hi and not self.pickable(at):
            at += step
        if heights.lo <= at < heights.hi:
            self.set_cursor(at)
            if not any(self.pickable(before) for before in range(heights.lo, at)):
                self.to_start()  # a heading above the first item comes into sight again

    def action_edge(self, side: int) -> None:
        """Move the cursor to the first (-1) or the last item."""
        self.touched = True
        self.cursor_to(self.viewport.heights.lo - 1 if side < 0 else self.viewport.heights.hi, -side)

    def cursor_to(self, start: int, step: int) -> None:
        """Put the cursor on the first item that can be picked after `start`, in steps of `step`."""
        at, heights = start + step, self.viewport.heights
        while heights.lo <= at < heights.hi and not self.pickable(at):
            at += step
        if heights.lo <= at < heights.hi:
            self.set_cursor(at)

    def action_choose(self) -> None:
        """Choose what the cursor is on."""
        if self.cursor is not None:
            self.post_message(self.Picked(self, self.cursor))

    def clicked(self, position: int, target: object | None) -> None:
        """Choose what was clicked."""
        if self.pickable(position):
            self.set_cursor(position, reveal=False)
            self.post_message(self.Picked(self, position))

    def on_click(self, event: events.Click) -> None:
        """Choose at the first click; a second one of a double click changes nothing."""
        event.prevent_default()
        place = self.place_at(event.x, event.y)
        if place is not None and event.chain == 1:
            self.clicked(place[0], None)
