"""The smallest Textual app with a text area: what chat-tui is measured beside."""

from __future__ import annotations

from textual.app import App, ComposeResult
from textual.widgets import TextArea


class BareApp(App[None]):
    """One text area."""

    def compose(self) -> ComposeResult:
        """Give it."""
        yield TextArea("the first frame")


if __name__ == "__main__":
    BareApp().run()
