"""What a program said, on a page that can be read and copied."""

from __future__ import annotations

from typing import Final

from textual import events
from textual.app import ComposeResult
from textual.containers import Vertical, VerticalScroll
from textual.widgets import Static

from chat_tui.screens.page import Page

__all__ = ["OutputScreen"]

AROUND: Final = 6
"""Rows of the page that are not the text's: title, keys and what keeps them apart."""


class OutputScreen(Page):
    """The text below its title."""

    DEFAULT_CSS = """
    OutputScreen {
        align: center middle;
        & > Vertical { width: 84; max-width: 96%; height: auto; max-height: 90%; padding: 1 2; background: $surface; }
        & #output-title { text-style: bold; margin-bottom: 1; }
        & VerticalScroll { height: auto; scrollbar-size-vertical: 1; }
        & #output-keys { color: $foreground 55%; height: 2; padding-top: 1; }
    }
    """

    def __init__(self, title: str, text: str) -> None:
        """Show a text that is harmless already."""
        super().__init__()
        self._heading = title
        self.text = text

    def compose(self) -> ComposeResult:
        """Give the text above the keys."""
        with Vertical():
            yield Static(self._heading, id="output-title", markup=False)
            with VerticalScroll():
                yield Static(self.text, markup=False)
            yield self.keys_line("output-keys")

    def on_resize(self, event: events.Resize) -> None:
        """Keep title and keys on the screen, however long the text is."""
        self.query_one(VerticalScroll).styles.max_height = max(1, event.size.height * 9 // 10 - AROUND)
