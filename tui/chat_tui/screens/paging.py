"""Going through a room's messages: older and newer ones, holes, a day, an answered message, the first unread one."""

from __future__ import annotations

import contextlib
from abc import abstractmethod
from collections.abc import Callable
from typing import Final

from chat_tui.strings import _, of_error
from chat_tui.widgets.composer import Composer
from chat_tui.widgets.hint_line import HintLine
from chat_tui.widgets.line_view import in_one_frame
from chat_tui.widgets.room_source import RoomSource
from chat_tui.widgets.room_timeline import RoomTimeline
from chat_tui.widgets.timeline import Bookmark
from chat_tui_core.actions import NOTES, Action
from chat_tui_core.errors import ChatError, LocalError
from chat_tui_core.link import Link
from chat_tui_core.model import Room
from chat_tui_core.session import Session
from chat_tui_core.threads import place_of
from chat_tui_core.timeline import Item
from chat_tui_core.values import frozen

__all__ = ["Paging", "Parts", "Shown"]

FEWEST: Final = 40
"""Lines that are loaded at least where the person lands."""


@frozen
class Parts:
    """The widgets that show a conversation."""

    timeline: RoomTimeline
    composer: Composer
    hints: HintLine


class Shown:
    """What is open."""

    room_id: str
    thread: str
    """The event with which the thread began that is open; "" while all of the room is."""

    @property
    def place(self) -> str:
        """The room, or the thread in it, as one word (see `chat_tui_core.threads`)."""
        return place_of(self.room_id, self.thread)

    @abstractmethod
    def open(self, room_id: str, thread: str = "") -> None:
        """Show a room, or a thread of it."""


class Paging(Shown):
    """The part of a conversation that brings lines into the view and moves the view over them."""

    session: Session
    parts: Parts
    source: RoomSource | None
    _on_state: Callable[[], None]
    _settle: Callable[[], None]
    _bookmarks: dict[str, Bookmark | None]
    _filling: set[str]

    @property
    def room(self) -> Room | None:
        """The open room as the session knows it."""
        return self.session.rooms.get(self.room_id)

    def items(self) -> tuple[Item, ...]:
        """What is loaded, oldest first."""
        return self.source.items() if self.source else ()

    def item(self, key: str) -> Item | None:
        """The loaded item with this key."""
        position = self.source.position_of(key) if self.source else None
        return self.source.item(position) if self.source and position is not None else None

    def changes_of(self, item: Item) -> tuple[Action, ...]:
        """Our own changes of a message that are not settled, oldest first."""
        if self.source is None:
            return ()
        by_event = self.source.changes_of(item.event.event_id) if item.event else ()
        return by_event or (self.source.changes_of(item.action.id) if item.action else ())

    # ------------------------------------------------------------ older lines and holes

    async def load_older(self) -> None:
        """Answer the timeline's wish for older lines."""
        place, source = self.place, self.source
        if not place or source is None:
            return
        if hidden := source.reveal():
            self.parts.timeline.prepended(hidden)
            self._on_state()
            return
        before = source.lo
        with contextlib.suppress(ChatError):  # the timeline's edge says it, and asks again when the reader scrolls up
            await self.session.load_older(place)
        self._settle()
        if place != self.place or source is not self.source:
            return
        if self.session.at_start(place):
            self.parts.timeline.older_done()
        elif source.lo == before:
            self.parts.timeline.older_failed()

    async def load_newer(self) -> None:
        """Answer the timeline's wish for what comes after the newest loaded line."""
        place = self.place
        await self.session.landing.load_newer(place)
        self._settle()
        if place == self.place:
            self.parts.timeline.newer_done(detached=self._detached())

    def to_oldest(self) -> None:
        """Go to the oldest line that is stored; what is missing between it and others is told there, and fetched."""
        with in_one_frame(self.parts.timeline):
            if not self.thread and self.session.landing.to_oldest(self.room_id, self._few):  # of a thread all is loaded
                self._bookmarks.pop(self.place, None)
                self._settle()
            self.parts.timeline.to_start()

    def to_newest(self) -> None:
        """Go to the room's end."""
        self._bookmarks.pop(self.place, None)
        with in_one_frame(self.parts.timeline):
            self.session.landing.to_newest(self.place, self._few)
            self._settle()
            if not self._detached():
                self.parts.timeline.to_end()

    @property
    def _few(self) -> int:
        """How many lines are loaded where the person lands: they fill the screen were each a row; others come after it is drawn."""
        return max(FEWEST, self.parts.timeline.viewport.height * 3 // 2)

    def _detached(self) -> bool:
        timeline = self.session.timeline(self.place)
        return timeline is not None and timeline.detached

    def land(self, order: int) -> None:
        """Show the line at a place, wherever in the room that is; what is not in the open thread is shown in the room."""
        with in_one_frame(self.parts.timeline):
            if self.thread and (self.source is None or self.source.place_of(order) is None):
                self.open(self.room_id)
            if self.source is None or self.source.position_at(order) is None:
                self._bookmarks.pop(self.room_id, None)
                self.session.landing.open_at(self.room_id, order, self._few)
                self._settle()
            position = self.source.position_at(order) if self.source else None
            if position is not None:
                self.parts.timeline.set_cursor(position, reveal=False)  # first: nothing is laid out twice
                self.parts.timeline.to_item(position)

    async def go_to(self, event_id: str = "", ts: int = 0) -> None:
        """Show an event of this room, or the first one at or after a time. Raises TransportError, Refused, LocalError."""
        room_id = self.room_id
        order = self.session.landing.stored_place(room_id, event_id, ts)
        if not order:
            self.parts.hints.tell(problem=_("Looking for it…"))
            order = await self.session.landing.find_around(room_id, event_id, ts)
        self.parts.hints.tell(problem="")
        if not order:
            raise LocalError(_("That message cannot be found in this room."))
        if room_id == self.room_id:
            self.land(order)

    async def show_action(self, action: Action) -> bool:
        """Show what an own action of this room is seen at: its message, or the one it was done to; False if nothing is.

        Raises what `go_to` raises.
        """
        if self._detached() and not action.event_id:
            self.to_newest()
        noted = action.kind in NOTES
        own = action.depends_on if noted else action.id
        event_id = str(action.content.get("target", "")) if noted else action.event_id
        position = self.source.action_position(own) if self.source else None
        if position is None and event_id:
            await self.go_to(event_id)
            return True
        if position is not None:
            self.parts.timeline.to_item(position)
            self.parts.timeline.set_cursor(position)
        return position is not None

    async def fill_gap(self, key: str) -> None:
        """Fetch what belongs into a hole; says why it cannot."""
        position = self.source.position_of(key) if self.source else None
        gap = self.source.item(position).gap if self.source and position is not None else None
        if gap is None or key in self._filling:
            return
        self._filling.add(key)
        try:
            timeline = self.parts.timeline
            forward = bool(gap.token_after) and timeline.viewport.rows[:1] < [(position or 0, 0)]
            await self.session.landing.fill_gap(self.room_id, gap, forward=forward)
        except ChatError as error:
            self.parts.hints.tell(problem=of_error(error))
        finally:
            self._filling.discard(key)

    def visible_gaps(self) -> list[str]:
        """Holes on screen that nobody is filling; none while not connected."""
        if self.session.link.link is not Link.ONLINE or self.source is None:
            return []
        rows = dict.fromkeys(position for position, _ in self.parts.timeline.viewport.rows)
        items = (self.source.item(at) for at in rows if self.source.lo <= at < self.source.hi)
        return [item.key for item in items if item.gap is not None and item.key not in self._filling]

    # ------------------------------------------------------------ special places

    def to_unread(self) -> bool:
        """Go to the line between read and new; False when there is none."""
        after, room = self.parts.timeline.messages.unread_after, self.room
        if after is None and room is not None and room.unread and room.read and not self.thread:
            self.land(room.read + 1)
            return True
        if after is None:
            return False
        self.parts.timeline.to_item(after + 1)
        return True

    async def go_to_quoted(self, key: str) -> None:
        """Show the message that the one with this key answers. Raises what `go_to` raises."""
        item = self.item(key)
        if item is None or self.source is None:
            return
        reply_to = (
            item.event.reply_to if item.event else str(item.action.content.get("reply_to", "")) if item.action else ""
        )
        quoted = self.source.event_position(reply_to)
        if quoted is None:
            await self.go_to(reply_to)
        else:
            self.parts.timeline.to_item(quoted)
