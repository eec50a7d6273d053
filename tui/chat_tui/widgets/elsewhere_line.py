"""The line below the list of rooms that says what is new in rooms that are not listed."""

from __future__ import annotations

from textual import events
from textual.message import Message

from chat_tui.keys import key_of, shown_as
from chat_tui.strings import _
from chat_tui.widgets.text_layout import cells
from chat_tui.widgets.text_line import Piece, TextLine

__all__ = ["ElsewhereLine"]

MOST = 999


class ElsewhereLine(TextLine):
    """How much is unread elsewhere, and the key that leads there; a click does as well."""

    DEFAULT_CSS = """
    ElsewhereLine { padding: 0 1; background: $surface; }
    """

    class Wanted(Message):
        """The person wants to go there."""

    def __init__(self) -> None:
        super().__init__(id="rooms-elsewhere")
        self._news: tuple[int, int] | None = None

    def tell(self, news: tuple[int, int] | None) -> None:
        """Show (unread messages, mentions); None: every room is listed. The line stays: hiding it would cause a layout."""
        self._news = news
        if news is None:
            self.show([])
            return
        unread, mentions = news
        if not unread and not mentions:
            self.show([(_("nothing new elsewhere"), "$foreground 55%")])
            return
        count = str(unread) if unread <= MOST else f"{MOST}+"
        left: list[Piece] = [(f"@{mentions} ", "$text-accent bold")] if mentions else []
        left.append((_("{count} unread elsewhere").format(count=count) if unread else _("elsewhere"), ""))
        key, room = shown_as(key_of("room.unread").keys), self.content_size.width
        fits = sum(cells(text) for text, _style in left) + 1 + cells(key) <= room
        self.show(left, [(key, "$foreground 55%")] if fits else [])

    def on_resize(self) -> None:
        """Name the key where there is room for it."""
        self.tell(self._news)

    def on_click(self, event: events.Click) -> None:
        """Lead there."""
        event.stop()
        self.post_message(self.Wanted())
