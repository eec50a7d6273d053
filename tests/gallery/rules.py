"""What holds for every screen at every size, without a stored picture: all is inside, apart, whole, readable, focused."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations
from typing import Any, Final

from rich.cells import cell_len
from textual.app import App
from textual.containers import VerticalScroll
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import Static
from textual.widgets._toast import ToastRack

from chat_tui.widgets.key_line import KeyLine
from chat_tui.widgets.text_line import TextLine
from tests.gallery.colours import HINT, INACTIVE, NORMAL, contrast, has_own_colour, is_faded
from tests.gallery.picture import Picture

__all__ = ["LONG_END", "LONG_START", "broken"]

LONG_START: Final = "Very-long"
LONG_END: Final = "the-end"
"""How the very long names of a scene begin and end: what begins is whole, or cut with an ellipsis."""
ELLIPSIS: Final = "…"


def broken(app: App[Any], shown: Picture) -> list[str]:
    """What is wrong with what an app shows, a sentence each; `shown` has blanks for what is behind a dialog."""
    screen = app.screen
    return [
        *_too_wide(screen, shown),
        *_outside(screen),
        *_overlapping(screen),
        *_cut(screen),
        *_cut_names(shown),
        *_unreadable(app, shown),
    ]


def _too_wide(screen: Screen[Any], shown: Picture) -> Iterator[str]:
    for number, line in enumerate(shown.lines, 1):
        if cell_len(line) != screen.size.width:
            yield f"line {number} has {cell_len(line)} cells: {line!r}"


def _parts(widget: Widget) -> Iterator[Widget]:
    """What is displayed inside a widget, in whatever depth."""
    for child in widget.displayed_children:
        if not isinstance(child, ToastRack):
            yield child
            yield from _parts(child)


def _outside(screen: Screen[Any]) -> Iterator[str]:
    """Parts that are not inside what holds them."""
    for part in _parts(screen):
        holder = part.parent
        assert isinstance(holder, Widget)
        free = isinstance(holder, VerticalScroll) or not holder.region.area  # a hidden holder may have visible parts
        if part.region.area and not free and not holder.region.contains_region(part.region):
            yield f"{part!r} at {part.region} is not inside {holder!r} at {holder.region}"


def _overlapping(screen: Screen[Any]) -> Iterator[str]:
    """Parts of one holder that stand on each other."""
    for holder in (screen, *_parts(screen)):
        parts = [part for part in holder.displayed_children if not isinstance(part, ToastRack)]
        for one, other in combinations(parts, 2):
            if one.layer == other.layer and one.region.overlaps(other.region):
                yield f"{one!r} at {one.region} overlaps {other!r} at {other.region}"


def _cut(screen: Screen[Any]) -> Iterator[str]:
    """Texts that are not there as a whole, though nothing says so."""
    for part in _parts(screen):
        if isinstance(part, TextLine):
            if not part.region.area:
                continue
            line = part.render().plain
            missing = [side for side in part.plain.split("\t") if side not in line]
            if missing and ELLIPSIS not in line:
                yield f"{part!r} leaves out {missing}: {line!r}"
        elif isinstance(part, Static):
            width, height = part.content_size
            needed = part.get_content_height(screen.size, screen.size, width) if width else 1
            if part.region.area and needed > height:
                yield f"{part!r} needs {needed} lines and has {height}: {part.render()!s:.200}"


def _cut_names(shown: Picture) -> Iterator[str]:
    lines = [line.rstrip() for line in shown.lines]
    for number, line in enumerate(lines):
        at = line.find(LONG_START)
        rest = line[at:] + "".join(below[max(0, at - 30) :].strip() for below in lines[number + 1 : number + 12])
        if at >= 0 and LONG_END not in rest and ELLIPSIS not in rest:
            yield f"a long name is cut without an ellipsis: {line.strip()!r}"


def _unreadable(app: App[Any], shown: Picture) -> Iterator[str]:
    """Words that stand out too little from their ground."""
    front = app.theme_variables["foreground"].lower()
    resting = [line.region.line_range for line in app.screen.query(KeyLine)]
    told = set()
    for number, row in enumerate(shown.rows):
        in_keys = any(number in lines for lines in resting)
        for text, look in row:
            words = text.strip()
            if not words or look.ground == "behind" or has_own_colour(text) or look in told:
                continue
            faded = is_faded(look, front)
            if contrast(look) < (INACTIVE if faded and in_keys else HINT if faded else NORMAL):
                told.add(look)
                how = "faded" if faded else "plain"
                yield f"{words!r}, {how}, has a contrast of {contrast(look):.2f} ({look.text} on {look.ground})"
