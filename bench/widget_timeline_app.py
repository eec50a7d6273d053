"""A timeline as Textual's own widgets make one, a widget for each message: what ours is measured beside."""

from __future__ import annotations

from collections.abc import Sequence

from textual.app import App, ComposeResult
from textual.containers import VerticalScroll
from textual.widgets import Static


class WidgetTimelineApp(App[None]):
    """A scrolling column of texts."""

    def __init__(self, texts: Sequence[str]) -> None:
        super().__init__()
        self.texts = texts

    @property
    def view(self) -> VerticalScroll:
        """The column."""
        return self.query_one(VerticalScroll)

    def compose(self) -> ComposeResult:
        """Give the column, empty yet."""
        yield VerticalScroll()

    def fill(self) -> None:
        """Show all texts, the last one in sight."""
        self.view.mount_all([Static(text, markup=False) for text in self.texts])
        self.view.anchor()

    def page_up(self) -> None:
        """Scroll up by a page."""
        self.view.scroll_page_up(animate=False)

    def append(self) -> None:
        """Add a text at the end, and follow it."""
        self.view.mount(Static("hello there, this is a new message", markup=False))
        self.view.scroll_end(animate=False)

    def prepend(self) -> None:
        """Add fifty texts at the start."""
        self.view.mount_all([Static(text, markup=False) for text in self.texts[:50]], before=0)
