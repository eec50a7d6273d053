"""What becomes of a paste of many lines: the person is asked once they stop typing, and before it could be sent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from chat_tui.aside import aside
from chat_tui.pasted_text import as_code, keep_text, line_count
from chat_tui.screens.file_work import send_path
from chat_tui.screens.paste_question import CODE, FILE, OUT, PasteScreen
from chat_tui.strings import _
from chat_tui.widgets.text_layout import clean
from chat_tui_core.link import Capability

if TYPE_CHECKING:
    from textual.timer import Timer

    from chat_tui.screens.desk import Desk

__all__ = ["LongPaste"]

STILL: Final = 0.2
"""Seconds without typing after which the person is asked."""


class LongPaste:
    """A paste that stands in the composer and is to be asked about."""

    def __init__(self) -> None:
        self._text = ""
        self._place = ("", "")
        self._timer: Timer | None = None

    def begin(self, desk: Desk, text: str) -> None:
        """Ask about this paste soon."""
        self._text, self._place = text, (desk.name, desk.composer.room_id)
        self.typed(desk)

    def typed(self, desk: Desk) -> None:
        """Something was typed: wait until nothing is any more."""
        if self._timer is not None:
            self._timer.stop()
            self._timer = None
        if self._text:
            self._timer = desk.composer.set_timer(STILL, lambda: desk.start(self._ask_if_wanted(desk)))

    async def _ask_if_wanted(self, desk: Desk) -> None:
        if text := self.taken(desk):
            await self.ask(desk, text)

    def taken(self, desk: Desk) -> str:
        """The paste, if it is to be asked about and stands there still; it is not asked about again."""
        text, self._text = self._text, ""
        here = self._place == (desk.name, desk.composer.room_id) and desk.conversation.room is not None
        return text if text and here and text in desk.composer.text else ""

    async def ask(self, desk: Desk, text: str) -> None:
        """Ask, and do it. Raises ChatError; then the paste is still there."""
        composer = desk.composer
        able = Capability.FILES in desk.session.capabilities
        question = PasteScreen(text, line_count(text), lambda more: _insert(desk, more), files=able)
        answer = await desk.app.push_screen_wait(question)
        if answer == FILE:
            await send_path(desk, await aside(keep_text, desk.session.store.path.parent, text))
        if answer in {FILE, OUT} and composer.swap(text, lambda _before, _after: ""):
            desk.say(_("The paste is out of the line; Ctrl+Z brings it back."))
        elif answer == CODE:
            composer.swap(text, lambda before, after: as_code(text, before, after))


def _insert(desk: Desk, text: str) -> None:
    """Put what was typed while the question stood there behind the paste."""
    desk.composer.insert(clean(text))
