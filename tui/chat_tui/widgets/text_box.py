"""Textual's text area, where it draws in less time, marks misspelled words, and can undo everything."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final

from rich.style import Style
from textual.geometry import Region
from textual.strip import Strip
from textual.widgets import TextArea
from textual.widgets.text_area import Edit, Highlight, Selection, TextAreaTheme

__all__ = ["TextBox"]

MISSPELLED: Final = "misspelled"
"""How the style of misspelled words is called."""


class TextBox(TextArea):
    """What all that is typed into stands in."""

    misspelled: Callable[[str, int, bool], Mapping[int, list[tuple[int, int]]]] | None = None
    """Where in a text misspelled words are, by line, in bytes; None while spelling is not checked. See `mark`."""

    _dressed: TextAreaTheme | None = None  # the theme that holds the styles as they are

    # ------------------------------------------------------------ drawing

    def notify_style_update(self) -> None:
        """Its colours, or those behind it, may be others."""
        self._dressed = None
        super().notify_style_update()

    def render_lines(self, crop: Region) -> list[Strip]:
        """Draw; Textual's own works out all styles anew for every key, which takes longer than everything else in it."""
        if self._dressed is None or self._dressed is not self._theme:
            lines = super().render_lines(crop)
            self._dressed = self._theme
            return lines
        return super(TextArea, self).render_lines(crop)

    def render_line(self, y: int) -> Strip:
        """Draw a line, where there is room for one."""
        return super().render_line(y) if self.content_size.width > 0 else Strip.blank(self.size.width)

    # ------------------------------------------------------------ spelling

    def _build_highlight_map(self) -> None:
        """The text is another one: what was marked in it is where it was only by chance."""
        super()._build_highlight_map()
        if self.misspelled is not None:
            self.mark(ask=False)

    def _watch_selection(self, previous_selection: Selection, selection: Selection) -> None:
        """The cursor has moved, perhaps out of a word."""
        super()._watch_selection(previous_selection, selection)
        if self.misspelled is not None:
            self.mark()

    def mark(self, *, ask: bool = True) -> None:
        """Mark misspelled words; `ask`: the cursor is where it stays, so words that are not known can be looked up."""
        places = self.misspelled(self.text, self.cursor_index, ask) if self.misspelled is not None else {}
        marks: dict[int, list[Highlight]] = {row: [(*at, MISSPELLED) for at in found] for row, found in places.items()}
        if marks != self._highlights:
            self._highlights.clear()
            self._highlights.update(marks)
            if self._theme is not None:
                self._theme.syntax_styles.setdefault(MISSPELLED, Style(underline=True))
            self._line_cache.clear()
            self.refresh()

    # ------------------------------------------------------------ text and cursor

    @property
    def cursor_index(self) -> int:
        """Where the cursor is, in characters from the start."""
        row, column = self.cursor_location
        return sum(len(line) + 1 for line in self.document.lines[:row]) + column

    def replace_range(self, start: int, end: int, text: str) -> None:
        """Replace what stands between two positions."""
        places = (self.text[:at].split("\n") for at in (start, end))
        first, last = ((len(lines) - 1, len(lines[-1])) for lines in places)
        self.replace(text, first, last)

    def swap(self, text: str, instead: Callable[[str, str], str]) -> bool:
        """Replace a text where it still stands by what is made of that before and behind it; undoing brings it back."""
        before, found, after = self.text.rpartition(text)
        if found:
            self.replace_range(len(before), len(before + found), instead(before, after))
        return bool(found)

    # ------------------------------------------------------------ undoing

    def _undo_batch(self, edits: Sequence[Edit]) -> None:
        """Take edits back, the last one first."""
        for edit in reversed(edits):
            edit.undo(self)
        self._wrap_again(reversed(edits))

    def _redo_batch(self, edits: Sequence[Edit]) -> None:
        """Make edits again."""
        for edit in edits:
            edit.do(self, record_selection=False)
        self._wrap_again(edits)

    def _wrap_again(self, edits: Iterable[Edit]) -> None:
        """Wrap all of the text, then put the cursor where the edits have it.

        Textual's own wraps what it takes to be the range of all of them, which is wrong where one reaches into another,
        and looks for the cursor's cell while that still stands where there is no text any more.
        """
        self.wrapped_document.wrap(self.wrap_width, self.indent_width)
        for edit in edits:
            edit.after(self)
        self._refresh_size()
        self._build_highlight_map()
        self.post_message(self.Changed(self))
        self.update_suggestion()
