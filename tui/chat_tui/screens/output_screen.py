"""What a program said, on a page that can be read and copied."""

from __future__ import annotations

from typing import Final

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical, VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Static

from chat_tui.keys import Place, bindings, shown_as
from chat_tui.strings import _
from chat_tui.widgets.key_line import keys_told

__all__ = ["OutputScreen"]

AROUND: Final = 6
"""Rows of the page that are not the text's: title, keys and what keeps them apart."""


class OutputScreen(ModalScreen[None]):
    """The text below its title; y copies all of it."""

    BINDINGS = [
        *bindings(Place.DIALOG),
        Binding("y", "copy_all", "copy", show=False),
        Binding("q,enter", "close", show=False),
    ]
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
            yield Static(keys_told(f"y {_('copy')}   {shown_as('escape')} {_('close')}"), id="output-keys")

    def on_resize(self, event: events.Resize) -> None:
        """Keep title and keys on the screen, however long the text is."""
        self.query_one(VerticalScroll).styles.max_height = max(1, event.size.height * 9 // 10 - AROUND)

    def action_copy_all(self) -> None:
        """Copy the text."""
        self.app.copy_to_clipboard(self.text)
        self.notify(_("Copied."), markup=False)

    def action_close(self) -> None:
        """Go back."""
        self.dismiss()
