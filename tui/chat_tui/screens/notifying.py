"""Tell the person of what happens where they do not look: by the desktop and by the bell."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import TYPE_CHECKING

from chat_tui.config import Config
from chat_tui.feed import Batch
from chat_tui_core.model import Membership

if TYPE_CHECKING:
    from chat_tui.desktop import Desktop
    from chat_tui.notices import Notice
    from chat_tui.screens.desk import Desk
    from chat_tui.screens.main import MainScreen

__all__ = ["Notifying"]


def minute_of_day() -> int:
    """The minute of the day, by the clock of this machine."""
    now = time.localtime()
    return now.tm_hour * 60 + now.tm_min


class Notifying:
    """Looks at what came and tells what is to be told, once each."""

    def __init__(self, screen: MainScreen, config: Config) -> None:
        self._screen = screen
        self.config = config
        self.minute: Callable[[], int] = minute_of_day
        self.desktop: Desktop | None = None

    def apply(self, desk: Desk, batch: Batch) -> None:
        """Tell of what a batch brings; the list of rooms must still hold the rooms as they were before it."""
        if notices := [*self._events(desk, batch), *self._invitations(desk, batch.rooms)]:
            if self.config.notify_bell:
                self._screen.app.bell()
            if self.config.notify_desktop != "off":
                self._shown_on().show([self._named(desk, notice) for notice in notices])

    def _named(self, desk: Desk, notice: Notice) -> Notice:
        """A notice that says of which account it is, where there are several."""
        if len(self._screen.desks) < 2:
            return notice
        return replace(notice, title=f"{notice.title} · {desk.name}", room_id=f"{desk.name} {notice.room_id}")

    async def close(self) -> None:
        """Show nothing any more."""
        if self.desktop is not None:
            await self.desktop.close()

    def _events(self, desk: Desk, batch: Batch) -> Iterable[Notice]:
        if not batch.arrivals:
            return
        from chat_tui.notices import notice_of, why_told
        from chat_tui.widgets.message_row import gist
        from chat_tui_core.session.ingest_history import mentions_me

        rooms, me = desk.session.rooms, desk.session.me
        minute = self.minute()
        for room_id, events in batch.arrivals.items():
            room = rooms.get(room_id)
            if room is None:
                continue
            seen = self._on_screen(desk, room_id)
            counted = room.mentions > (self._screen.rooms.room(room_id, desk.name) or room).mentions
            for event in events:
                mentioned = mentions_me(event, me) or (counted and event is events[-1])
                if why_told(
                    self.config,
                    room,
                    event,
                    me,
                    minute=minute,
                    mentioned=mentioned,
                    seen=seen and desk.conversation.shows(event),
                ):
                    yield notice_of(room, event, gist(event.text) if self.config.notify_preview else None)

    def _invitations(self, desk: Desk, changed: Iterable[str]) -> Iterable[Notice]:
        for room_id in changed:
            room = desk.session.rooms.get(room_id)
            if room is None or room.membership is not Membership.INVITED:
                continue
            before = self._screen.rooms.room(room_id, desk.name)
            known = before is not None and before.membership is Membership.INVITED
            from chat_tui.notices import invitation, invited

            if not known and invited(self.config, room, minute=self.minute()):
                yield invitation(room)

    def _on_screen(self, desk: Desk, room_id: str) -> bool:
        """Whether what comes in a room now appears before the person's eyes."""
        screen = self._screen
        return room_id == desk.conversation.room_id and screen.looking and screen.timeline.following

    def _shown_on(self) -> Desktop:
        """The desktop; what it takes is imported when there is something to show for the first time."""
        if self.desktop is None:
            from chat_tui.desktop import Desktop

            self.desktop = Desktop(lambda: self.config.notify_desktop, self._write)
        return self.desktop

    def _write(self, sequence: str) -> None:
        """Send a sequence to the terminal; a browser has none."""
        driver = self._screen.app._driver  # noqa: SLF001
        if driver is not None and not self._screen.app.is_web:
            driver.write(sequence)
            driver.flush()
