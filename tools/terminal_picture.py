"""Make a picture of what a terminal shows, from its text with escape sequences."""

from __future__ import annotations

from rich.ansi import AnsiDecoder
from rich.console import Console
from rich.style import Style
from textual.strip import Strip

from tests.gallery.picture import Picture, look_of

__all__ = ["picture_from"]

TEXT, GROUND = "#d6dae2", "#14171c"


def picture_from(ansi: str, columns: int) -> Picture:
    """The rows of a screen of so many columns."""
    console = Console(width=columns, color_system="truecolor")
    plain = Style.parse(f"{TEXT} on {GROUND}")
    rows = []
    for line in AnsiDecoder().decode(ansi):
        strip = Strip(line.render(console)).adjust_cell_length(columns)
        rows.append(tuple(look_of(part.text, plain + (part.style or Style())) for part in strip if not part.control))
    return Picture(tuple(rows))
