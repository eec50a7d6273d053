"""One line that is typed into, in dialogs: what is pasted into it is harmless, and no key lays the screen out again."""

from __future__ import annotations

from textual import events
from textual.geometry import Size
from textual.reactive import Reactive

from chat_tui.widgets.text_box import TextBox
from chat_tui.widgets.text_layout import clean

__all__ = ["QueryBox"]


class QueryBox(TextBox):
    """A text area of one line, as wide as there is room."""

    DEFAULT_CSS = """
    QueryBox { height: 1; }
    """
    virtual_size: Reactive[Size] = Reactive(Size(0, 0))  # Textual's own lays everything out at each character

    def __init__(self, text: str = "", placeholder: str = "", *, id: str) -> None:  # noqa: A002
        super().__init__(
            text, id=id, compact=True, soft_wrap=False, highlight_cursor_line=False, placeholder=placeholder
        )
        self.cursor_blink = False

    async def _on_paste(self, event: events.Paste) -> None:
        """Take one harmless line."""
        event.text = clean(event.text).replace("\n", " ")
