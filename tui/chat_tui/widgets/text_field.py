"""A field for one line of text in a form; its editing keys and its text come in the order they were typed."""

from __future__ import annotations

from textual.widgets import Input

from chat_tui.widgets.own_keys import OwnKeys

__all__ = ["TextField"]


class TextField(OwnKeys, Input):
    """Textual's field, with its own keys done where they arrive: what is typed after Ctrl+U is not deleted by it."""
