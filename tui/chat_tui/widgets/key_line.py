"""The keys of a dialog at its foot: what each does, dimmed where it does nothing now, and each one a button."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from textual import events
from textual.content import Content
from textual.geometry import Size
from textual.message import Message
from textual.widget import Widget

from chat_tui.keys import Key, shown_as
from chat_tui.strings import _
from chat_tui.widgets.text_layout import cells

__all__ = ["KeyLine", "keys_told"]

_GAP = 3
_told: Final = re.compile(r"((?:[↑↓] )+|\S+ )(.*)").fullmatch


def keys_told(text: str) -> Content:
    """Give a line of keys as a KeyLine looks: `text` has each key before what it does, then three blanks.

    A key is a word, or several arrows.
    """
    pieces: list[tuple[str, str]] = []
    for part in text.split(" " * _GAP):
        found = _told(part)
        key, does = found.groups() if found else ("", part)
        pieces += [(key, "bold $foreground"), (f"{does}{' ' * _GAP}", "$foreground 70%")]
    return Content.assemble(*pieces).rstrip()


class KeyLine(Widget):
    """As many lines as the keys need on the width that there is."""

    DEFAULT_CSS = """
    KeyLine { height: auto; width: 1fr; }
    """

    class Wanted(Message):
        """The person clicked on a key."""

        def __init__(self, key: Key) -> None:
            super().__init__()
            self.key = key

    def __init__(self, keys: Sequence[Key], *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._keys = tuple(keys)
        self._useless: frozenset[str] = frozenset()
        self._words: dict[str, str] = {}

    def show(self, useless: frozenset[str], words: dict[str, str] | None = None) -> None:
        """Dim the keys with these ids, and call some keys by other words than their hints."""
        words = words or {}
        if (useless, words) != (self._useless, self._words):
            self._useless, self._words = useless, words
            self.refresh(layout=True)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """Give how many lines the keys take."""
        return len(self._lines(width))

    def render(self) -> Content:
        """Give the lines for the present width."""
        return Content("\n").join([self._line(line) for line in self._lines(self.size.width)])

    def _line(self, keys: Sequence[tuple[int, Key]]) -> Content:
        pieces: list[tuple[str, str]] = []
        for _key, key in keys:
            dim = key.id in self._useless
            pieces += [(shown_as(key.keys), "$foreground 30%" if dim else "bold")]
            pieces += [(f" {self._word(key)}{' ' * _GAP}", "$foreground 30%" if dim else "$foreground 70%")]
        return Content.assemble(*pieces)

    def _word(self, key: Key) -> str:
        return self._words.get(key.id) or _(key.hint)

    def _width_of(self, key: Key) -> int:
        return cells(shown_as(key.keys)) + 1 + cells(self._word(key))

    def _lines(self, width: int) -> list[list[tuple[int, Key]]]:
        """Give the keys of each line, each with the cell where it begins."""
        lines: list[list[tuple[int, Key]]] = [[]]
        at = 0
        for key in self._keys:
            size = self._width_of(key)
            if at and at + size > width:
                lines.append([])
                at = 0
            lines[-1].append((at, key))
            at += size + _GAP
        return lines

    def on_click(self, event: events.Click) -> None:
        """Take a click on one of the keys."""
        lines = self._lines(self.size.width)
        for at, key in lines[event.y] if 0 <= event.y < len(lines) else ():
            if at <= event.x < at + self._width_of(key):
                event.stop()
                self.post_message(self.Wanted(key))
