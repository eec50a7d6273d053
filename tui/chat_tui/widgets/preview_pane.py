"""What a file looks like: its facts, then the beginning of its text or its picture in half blocks."""

from __future__ import annotations

from collections.abc import Sequence

from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip
from textual.widget import Widget

from chat_tui.file_look import FileLook
from chat_tui.widgets.picture import cell_strip
from chat_tui.widgets.text_layout import cells, clean, clean_line, fit, wrap

__all__ = ["PreviewPane"]


class PreviewPane(Widget):
    """Never scrolls and takes no focus: what there is room for is shown."""

    DEFAULT_CSS = """
    PreviewPane { width: 1fr; height: 1fr; }
    """

    def __init__(self, *, id: str) -> None:  # noqa: A002
        super().__init__(id=id)
        self._facts: tuple[tuple[str, str], ...] = ()
        self._look = FileLook()
        self._lines: list[Strip] | None = None
        self._laid: tuple[object, ...] = ()

    def show(self, facts: Sequence[tuple[str, str]], look: FileLook) -> None:
        """Show facts, as (text, "" or "bold" or "dim"), above what there is to see."""
        self._facts, self._look, self._lines = tuple(facts), look, None
        self.refresh()

    @property
    def room(self) -> tuple[int, int]:
        """How many cells a picture may have, beside up to four facts."""
        return max(1, self.size.width), max(1, self.size.height - 5)

    def render_line(self, y: int) -> Strip:
        """Give a row."""
        base = self.rich_style
        laid = (self.size, base, self.app.theme)
        if self._lines is None or laid != self._laid:
            self._laid, self._lines = laid, self._lay_out(base)
        return self._lines[y] if y < len(self._lines) else Strip.blank(self.size.width, base)

    def _lay_out(self, base: Style) -> list[Strip]:
        width = self.size.width
        styles = {"": base, "bold": base + Style(bold=True), "dim": base + Style(dim=True)}
        rows = [[Segment(fit(clean_line(text), width), styles[name])] for text, name in self._facts if text]
        if self._look.text or self._look.cells:
            rows.append([])
        for line in clean(self._look.text).split("\n")[: self.size.height] if self._look.text else ():
            rows += [[Segment(line[start:end], styles["dim"])] for start, end in wrap(line, width)] or [[]]
        rows += [cell_strip(row) for row in self._look.cells]
        return [_filled(row, width, base) for row in rows[: self.size.height]]


def _filled(row: list[Segment], width: int, base: Style) -> Strip:
    used = sum(cells(segment.text) for segment in row)
    return Strip([*row, Segment(" " * max(0, width - used), base)]).adjust_cell_length(width, base)
