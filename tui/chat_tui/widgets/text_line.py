"""One line of text with a left and a right side; what does not fit is cut on the left side."""

from __future__ import annotations

from collections.abc import Iterable

from textual.content import Content
from textual.widget import Widget

from chat_tui.widgets.text_layout import cells, fit

__all__ = ["Piece", "TextLine"]

Piece = tuple[str, str]
"""(clean text on one line, style as in `$accent bold`)"""


class TextLine(Widget):
    """A line that is replaced as a whole and never causes a layout."""

    DEFAULT_CSS = """
    TextLine { height: 1; width: 1fr; }
    """

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id, classes=classes)
        self._left: tuple[Piece, ...] = ()
        self._right: tuple[Piece, ...] = ()

    @property
    def plain(self) -> str:
        """What the line says, its two sides apart by a tab."""
        left, right = ("".join(text for text, _ in side) for side in (self._left, self._right))
        return f"{left}\t{right}" if right else left

    @property
    def right_cells(self) -> int:
        """How wide the right side is."""
        return sum(cells(text) for text, _ in self._right)

    def show(self, left: Iterable[Piece], right: Iterable[Piece] = ()) -> None:
        """Replace the line."""
        sides = tuple(left), tuple(right)
        if sides != (self._left, self._right):
            self._left, self._right = sides
            self.refresh()

    def render(self) -> Content:
        """Give the line for the widget's present width."""
        width = self.size.width
        right, taken = self._right, self.right_cells
        if taken > width:
            right, taken = (), 0
        room = width - taken - (1 if right else 0)
        pieces: list[Piece] = []
        used = 0
        for text, style in self._left:
            shown = fit(text, room - used)
            pieces.append((shown, style))
            used += cells(shown)
            if shown != text:
                break
        if right:
            pieces.append((" " * (width - taken - used), ""))
        return Content.assemble(*pieces, *right)
