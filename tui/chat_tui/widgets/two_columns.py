"""A table of two columns, words and what they mean: what is long wraps beside its word, at any width."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from textual.content import Content
from textual.geometry import Size
from textual.widget import Widget

from chat_tui.widgets.text_layout import cells, wrap

__all__ = ["Entry", "TwoColumns"]

Entry = tuple[str, str | None]
"""(word, what it means); None: the word is a heading. The texts are clean."""
NARROW: Final = 16
"""With less room than this for the second column, it stands below the first one."""
GAP: Final = 2


class TwoColumns(Widget):
    """Draws the table at the width that there is."""

    DEFAULT_CSS = """
    TwoColumns { width: 1fr; height: auto; }
    """

    def __init__(self, entries: Iterable[Entry], column: int, *, style: str = "bold") -> None:
        """`column`: where the second column begins; `style`: of the first one."""
        super().__init__()
        self._entries = tuple(entries)
        self._column = column
        self._style = style

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """Give how many lines it takes."""
        return sum(1 for _ in self._lines(width))

    def render(self) -> Content:
        """Give the lines for the present width."""
        return Content("\n").join(self._lines(self.size.width))

    def _lines(self, width: int) -> Iterator[Content]:
        column = self._column if width - self._column >= NARROW else 4
        for word, meaning in self._entries:
            if meaning is None:
                yield Content.styled(word, "$accent bold")
                continue
            folded = [meaning[start:end] for start, end in wrap(meaning, width - column)]
            gap = column - cells(word)
            if gap < GAP:
                yield from (Content.styled(word[start:end], self._style) for start, end in wrap(word, width))
            else:
                yield Content.assemble((word, self._style), " " * gap, folded.pop(0))
            yield from (Content(f"{'':{column}}{line}") for line in folded)
