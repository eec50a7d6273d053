"""Containers that show nothing but their background, and draw it once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.style import Style
from textual.containers import Horizontal, Vertical
from textual.geometry import Region, Size
from textual.strip import Strip

__all__ = ["Column", "PlainBox", "Row"]

if TYPE_CHECKING:
    from textual.widget import Widget as _Base
else:
    _Base = object  # a second widget among the bases would hide the styles of the first


class PlainBox(_Base):
    """Draws one empty row as often as there are rows. Takes no border, padding or opacity.

    Textual has every widget draw itself for every change on the screen, however small, also where others cover it.
    """

    _rows: tuple[Size, list[Strip]] | None = None

    def notify_style_update(self) -> None:
        """Draw it again: the theme or the style has changed."""
        super().notify_style_update()
        self._rows = None

    def render_lines(self, crop: Region) -> list[Strip]:
        """Give the rows that Textual asks for."""
        if self._rows is None or self._rows[0] != crop.size:
            background = self.background_colors[1]
            strip = Strip.blank(crop.width, Style(bgcolor=background.rich_color))
            for line_filter in self.get_line_filters():  # no colours, dimmed, ANSI
                strip = strip.apply_filter(line_filter, background)
            self._rows = crop.size, [strip] * crop.height
        return self._rows[1]


class Row(PlainBox, Horizontal):
    """Places its widgets side by side."""


class Column(PlainBox, Vertical):
    """Places its widgets one below the other."""
