"""Make a picture of what a terminal shows, from its text with escape sequences."""

from __future__ import annotations

from rich.ansi import AnsiDecoder
from rich.console import Console
from rich.style import Style
from textual.strip import Strip

from tests.gallery.picture import Look, Picture, look_of

__all__ = ["picture_from"]

TEXT, GROUND = "#d6dae2", "#14171c"


def picture_from(ansi: str, columns: int) -> Picture:
    """The rows of a screen of so many columns."""
    console = Console(width=columns, color_system="truecolor")
    plain = Style.parse(f"{TEXT} on {GROUND}")
    rows = []
    for line in AnsiDecoder().decode(ansi):
        strip = Strip(line.render(console)).adjust_cell_length(columns)
        looks = (look_of(part.text, plain + (part.style or Style())) for part in strip if not part.control)
        rows.append(tuple((text, _coloured(look)) for text, look in looks))
    return Picture(tuple(rows))


def _coloured(look: Look) -> Look:
    """With colours where the terminal's own were meant."""
    return Look(
        TEXT if look.text == "default" else look.text, GROUND if look.ground == "default" else look.ground, look.marks
    )
