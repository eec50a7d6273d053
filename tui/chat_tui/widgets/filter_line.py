"""The line above the list of rooms that says what is sought in it."""

from __future__ import annotations

from chat_tui.widgets.room_filter import FOUND
from chat_tui.widgets.text_layout import clean_line
from chat_tui.widgets.text_line import TextLine

__all__ = ["FilterLine"]


class FilterLine(TextLine):
    """Shows what is typed, and how many rooms fit."""

    DEFAULT_CSS = """
    FilterLine { padding: 0 1; background: $surface; display: none; }
    """

    def tell(self, query: str | None, found: int) -> None:
        """Show this; None: nothing is sought."""
        self.display = query is not None
        if query is not None:
            count = f"{found}" if found < FOUND else f"{FOUND}+"
            self.show([("/", "$accent bold"), (clean_line(query), ""), ("▏", "$accent")], [(count, "dim")])
