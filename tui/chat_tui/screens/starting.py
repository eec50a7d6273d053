"""What is shown while something must be there first: one calm line."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.screen import Screen
from textual.widgets import Static

__all__ = ["StartingScreen"]


class StartingScreen(Screen[None]):
    """One line in the middle."""

    DEFAULT_CSS = """
    StartingScreen {
        align: center middle; background: $background;
        & > Static { width: auto; color: $foreground 70%; }
    }
    """

    def __init__(self, text: str) -> None:
        super().__init__()
        self._text = text

    def compose(self) -> ComposeResult:
        """Give the line."""
        yield Static(self._text, markup=False)
