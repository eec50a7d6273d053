"""A vertical scroll bar that is drawn anew only where its thumb has moved."""

from __future__ import annotations

from math import ceil
from typing import Final

from rich.segment import Segment
from rich.style import Style
from textual.color import Color
from textual.filter import LineFilter
from textual.geometry import Region
from textual.scrollbar import ScrollBar
from textual.strip import Strip
from textual.widget import Widget

__all__ = ["ThinScrollBar"]

EIGHTHS: Final = "▁▂▃▄▅▆▇"
UP: Final = "scroll_up"
DOWN: Final = "scroll_down"
GRAB: Final = "grab"

Thumb = tuple[int, int]
"""Where it begins and ends, in eighths of a cell."""


class ThinScrollBar(ScrollBar):
    """Textual's draws each of its rows for each line that is scrolled, though in a long list nothing of it changes."""

    _drawn: tuple[tuple[Thumb, int, int, Style], list[Strip]] | None = None

    def __init__(self, vertical: bool = True, name: str | None = None, *, thickness: int = 1) -> None:
        super().__init__(vertical=vertical, name=name, thickness=thickness)
        self._look: tuple[int, Style, Color, tuple[LineFilter, ...]] = 0, Style(), Color(0, 0, 0), ()
        self._rows: dict[tuple[str, str, bool], Strip] = {}  # drawn with that look

    def show(self, total: int, window: int, position: int) -> None:
        """Tell that lines `position` to `position + window` of `total` are shown."""
        if (total, window, float(position)) == (self.window_virtual_size, self.window_size, self.position):
            return
        before = self._thumb()
        self.set_reactive(ScrollBar.window_virtual_size, total)
        self.set_reactive(ScrollBar.window_size, window)
        self.set_reactive(ScrollBar.position, float(position))
        after = self._thumb()
        if after != before:
            edges = [edge // 8 for edge in (*before, *after)]
            top, bottom = max(0, min(edges)), min(self.size.height, max(edges) + 1)
            self.refresh(Region(0, top, self.size.width, max(1, bottom - top)))

    def _thumb(self) -> Thumb:
        """Give where the thumb is; (0, 0) where there is nothing to scroll."""
        rows, window, total = self.size.height, self.window_size, self.window_virtual_size
        if not rows or not window or window >= total:
            return 0, 0
        size = max(1.0, window * rows / total)
        start = int((rows - size) * self.position / (total - window) * 8)
        return max(0, start), min(rows * 8, start + ceil(size * 8))

    def _colours(self) -> Style:
        """Give the colours of thumb and ground, which the widget that is scrolled says."""
        parent = self.parent
        assert isinstance(parent, Widget)  # noqa: S101 - a scroll bar has one
        styles = parent.styles
        if self.grabbed:
            ground, thumb = styles.scrollbar_background_active, styles.scrollbar_color_active
        elif self.mouse_over:
            ground, thumb = styles.scrollbar_background_hover, styles.scrollbar_color_hover
        else:
            ground, thumb = styles.scrollbar_background, styles.scrollbar_color
        if ground.a < 1:
            ground = parent.background_colors[0] + ground
        return Style.from_color((ground + thumb).rich_color, ground.rich_color)

    def render_lines(self, crop: Region) -> list[Strip]:
        """Give its rows, drawn when the thumb or a colour is another one."""
        key = self._thumb(), self.size.width, self.size.height, self._colours()
        if self._drawn is None or self._drawn[0] != key:
            self._drawn = key, self._draw(*key)
        return self._drawn[1][crop.y : crop.bottom]

    def _draw(self, thumb: Thumb, width: int, height: int, style: Style) -> list[Strip]:
        """Draw all rows."""
        look = width, style, self.background_colors[1], tuple(self.get_line_filters())
        if look != self._look:
            self._look, self._rows = look, {}
        start, end = thumb
        top, bottom = start // 8, ceil(end / 8)
        strips = [self._row(" ", UP)] * top
        for y in range(top, bottom):
            first, last = max(start - 8 * y, 0), min(end - 8 * y, 8)
            if first:
                strips.append(self._row(EIGHTHS[7 - first], GRAB))
            else:
                strips.append(self._row(" " if last == 8 else EIGHTHS[7 - last], GRAB, turned=True))
        return strips + [self._row(" ", DOWN)] * (height - bottom)

    def _row(self, text: str, action: str, *, turned: bool = False) -> Strip:
        """Give a row of one kind, made when it is first asked for: a strip that is known is written to the terminal faster."""
        strip = self._rows.get((text, action, turned))
        if strip is None:
            width, style, background, filters = self._look
            look = style + Style(reverse=turned) + Style.from_meta({"@mouse.down": action})
            strip = Strip([Segment(text * width, look)], width)
            for line_filter in filters:  # no colours, dimmed, ANSI
                strip = strip.apply_filter(line_filter, background)
            self._rows[text, action, turned] = strip
        return strip
