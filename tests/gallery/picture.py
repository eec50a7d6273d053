"""Take what an app shows: rows of text with the looks of their cells, and which cells a dialog has."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Final

from rich.cells import cell_len
from rich.color import ColorType
from rich.style import Style
from textual._compositor import LayoutUpdate
from textual.app import App
from textual.pilot import Pilot
from textual.screen import ModalScreen, Screen
from textual.widget import Widget
from textual.widgets import Input, TextArea
from textual.widgets._toast import ToastHolder, ToastRack

from chat_tui_core.values import frozen
from tests.gallery.quick import QuickPilot

__all__ = ["TIMES", "Look", "Picture", "Row", "look_of", "own_cells", "picture_of", "still"]

ROUNDS: Final = 400
BETWEEN: Final = 0.005
TIMES: Final = 2
MARKS: Final = ("bold", "italic", "underline", "strike", "dim")


@frozen
class Look:
    """How a cell looks: colours as #rrggbb, then the marks of its text; a blank has no colour of its own."""

    text: str
    ground: str
    marks: str


Row = tuple[tuple[str, Look], ...]
"""A row from left to right: texts of one look each."""


@frozen
class Picture:
    """What an app shows, row by row."""

    rows: tuple[Row, ...]

    @property
    def lines(self) -> tuple[str, ...]:
        """The rows' texts, with the blanks at their ends."""
        return tuple("".join(text for text, _ in row) for row in self.rows)

    def cells(self, row: int) -> list[tuple[str, Look]]:
        """The cells of a row; the second cell of a wide character holds no text."""
        return [cell for text, look in self.rows[row] for cell in _cells(text, look)]

    def behind(self, cells: list[list[bool]]) -> Picture:
        """The same picture with nothing but blanks in the cells that are false."""
        rows = []
        for number, kept in enumerate(cells):
            row = zip(self.cells(number), kept, strict=False)
            rows.append(_joined(cell if keep else (" ", BEHIND) for cell, keep in row))
        return Picture(tuple(rows))


BEHIND: Final = Look("", "behind", "")


def _cells(text: str, look: Look) -> Iterator[tuple[str, Look]]:
    for character in text:
        width = cell_len(character)
        yield character, look
        yield from ((("", look),) * (width - 1))


def _joined(cells: Iterable[tuple[str, Look]]) -> Row:
    row: list[tuple[str, Look]] = []
    for text, look in cells:
        if row and row[-1][1] == look:
            row[-1] = (row[-1][0] + text, look)
        else:
            row.append((text, look))
    return tuple(row)


def picture_of(app: App[Any]) -> Picture:
    """What the app shows at this moment."""
    update = app.screen._compositor.render_update(full=True, screen_stack=app._background_screens)
    assert isinstance(update, LayoutUpdate)
    rows = []
    for strips in update.strips:
        pieces = ((part.text, part.style) for strip in strips for part in strip if not part.control)
        rows.append(_joined(look_of(text, style) for text, style in pieces if text))
    return Picture(tuple(rows))


def look_of(text: str, style: Style | None) -> tuple[str, Look]:
    style = style or Style()
    front, ground = _hex(style, "color"), _hex(style, "bgcolor")
    if style.reverse:
        front, ground = ground, front
    marks = [mark for mark in MARKS if getattr(style, mark)]
    if not text.strip():
        front, marks = "", [mark for mark in marks if mark in {"underline", "strike"}]
    return text, Look(front, ground, " ".join(marks))


def _hex(style: Style, which: str) -> str:
    color = getattr(style, which)
    if color is None or color.type is ColorType.DEFAULT:
        return "default"
    return str(color.get_truecolor().hex)


async def still(pilot: Pilot[Any], times: int = TIMES) -> Picture:
    """What the app shows once it has shown the same so many times; carets do not blink."""
    before: Picture | None = None
    same = 0
    for _ in range(ROUNDS):
        await pilot.pause(BETWEEN)
        if isinstance(pilot, QuickPilot):
            await pilot.calm()
        for box in (*pilot.app.screen.query(TextArea), *pilot.app.screen.query(Input)):
            box.cursor_blink = False
        shown = picture_of(pilot.app)
        same = same + 1 if shown == before else 0
        if same == times:
            return shown
        before = shown
    raise AssertionError("the screen never comes to rest")


def own_cells(screen: Screen[Any]) -> list[list[bool]]:
    """By row and column, whether a screen's own parts are there; of a dialog, not what is behind it."""
    width, height = screen.size
    whole = not isinstance(screen, ModalScreen)
    cells = [[whole] * width for _ in range(height)]
    for widget, (region, clip) in screen._compositor.visible_widgets.items():
        if _is_there(widget):
            shown = region.intersection(clip)
            for y in range(max(0, shown.y), min(height, shown.bottom)):
                cells[y][shown.x : shown.right] = [True] * shown.width
    return cells


def _is_there(widget: Widget) -> bool:
    return not isinstance(widget, (Screen, ToastRack, ToastHolder))
