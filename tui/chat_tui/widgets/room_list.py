"""The rooms of an account: two lines each, the newest talk first, unread ones bold with their count."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date, tzinfo

from textual import events
from textual.message import Message

from chat_tui.messages import RoomChosen
from chat_tui.widgets.message_look import clock_of, day_of
from chat_tui.widgets.pick_list import Part, PickList, Row
from chat_tui.widgets.room_order import MARKS, Heading, RoomOrder
from chat_tui.widgets.text_layout import clean_line
from chat_tui_core.model import Membership, Room
from chat_tui_core.safe_text import one_line

__all__ = ["RoomList", "time_text"]

REBUILD = 200
"""With more changed rooms than this at once, sorting all is cheaper than moving each."""
PREVIEW = 80
"""Characters of the last message that are looked at."""


def time_text(ts: int, today: date, zone: tzinfo | None) -> str:
    """When that was, in at most six cells: the time today, the day of the week in the last six days, else the date."""
    if not ts:
        return ""
    day = day_of(ts, zone)
    ago = (today - day).days
    if ago <= 0:
        return clock_of(ts, zone)
    return f"{day:%a}" if ago < 7 else f"{day.day} {day:%b}"


class RoomList(PickList):
    """The rooms; the open one is marked, the cursor shows while the list has the focus."""

    class Typed(Message):
        """The person began to write; a line feed is the Enter that ends it."""

        def __init__(self, text: str) -> None:
            super().__init__()
            self.text = text

    def __init__(self, *, today: Callable[[], date] = date.today, zone: tzinfo | None = None, id: str) -> None:  # noqa: A002
        super().__init__(id=id)
        self.me = ""
        self._leaving = False
        self.opens: Callable[[str], None] | None = None
        """Called at once for a room that is chosen by a key: what is typed next is meant for the room already."""
        self._order = RoomOrder()
        self._today = today
        self._zone = zone
        self._open = ""

    # ------------------------------------------------------------ what is in it

    @property
    def rooms(self) -> list[Room]:
        """The rooms from top to bottom."""
        return self._order.rooms()

    def show_all(self, rooms: Iterable[Room]) -> None:
        """Show these rooms and no others; the cursor stays on its room."""
        under = self.room_at(self.cursor)
        self._order.reset(rooms)
        self.reset(0, len(self._order))
        self._cursor_on(under.room_id if under else self._open)

    def update_rooms(self, changed: Iterable[Room], gone: Iterable[str]) -> None:
        """Take what has become of some rooms; the picture stays at the top when it was there."""
        changed = list(changed)
        if len(changed) > REBUILD:
            known = {room.room_id: room for room in self._order.rooms()} | {room.room_id: room for room in changed}
            for room_id in gone:
                known.pop(room_id, None)
            self.show_all(known.values())
            return
        under = self.room_at(self.cursor)
        at_top = self.viewport.top <= (0, 0)
        splices = [splice for room in changed for splice in self._order.put(room)]
        splices += [splice for room_id in gone for splice in self._order.drop(room_id)]
        for splice in splices:
            if (splice.removed, splice.inserted) == (1, 1):
                self.changed(splice.position)
            else:
                self.spliced(splice.position, splice.removed, splice.inserted)
        if splices and at_top:
            self.to_start()
        if under is not None and self.room_at(self.cursor) != under:
            self._cursor_on(under.room_id)

    def room_at(self, position: int | None) -> Room | None:
        """The room at a position, None for a heading or no position."""
        if position is None or not 0 <= position < len(self._order):
            return None
        entry = self._order.entries[position]
        return entry if isinstance(entry, Room) else None

    def room(self, room_id: str) -> Room | None:
        """The room as it is listed, None when it is not."""
        return self.room_at(self._order.position(room_id))

    def mark_open(self, room_id: str) -> None:
        """Mark the room that is open and put the cursor on it."""
        before, self._open = self._open, room_id
        for known in {before, room_id}:
            if (at := self._order.position(known)) is not None:
                self.lay_out_again(at)
        self._cursor_on(room_id)

    def _cursor_on(self, room_id: str) -> None:
        """Put the cursor on a room, or on the first one when it is not in the list."""
        at = self._order.position(room_id)
        if at is not None:
            self.set_cursor(at, reveal=self.is_attached)
        elif len(self._order):
            self.cursor_to(-1, 1)

    # ------------------------------------------------------------ drawing

    def pickable(self, position: int) -> bool:
        """Tell whether a room is there."""
        return self.room_at(position) is not None

    def marked(self, position: int) -> bool:
        """Tell whether the open room is there."""
        room = self.room_at(position)
        return room is not None and room.room_id == self._open

    def rows(self, position: int) -> list[Row]:
        """Give a heading's line, or the two lines of a room."""
        entry = self._order.entries[position]
        if isinstance(entry, Heading):
            title: Row = ([(entry.title, "heading")], [(str(entry.count), "dim")])
            return [title] if position == 0 else [([], []), title]
        return [self._first(entry), ([(self._preview(entry), "dim")], [])]

    def _first(self, room: Room) -> Row:
        """Give the line with the name, and the unread count or the time."""
        joined = room.membership is Membership.JOINED
        unread = joined and (room.unread > 0 or room.mentions > 0)
        left: list[Part] = [
            (f"{MARKS[room.kind]} ", "accent" if unread else "dim"),
            (clean_line(room.title), "strong" if unread else ""),
        ]
        if not joined:
            left[1] = (left[1][0], "" if room.membership is Membership.INVITED else "dim")
        right: list[Part] = []
        if unread:
            count = f"{room.unread}" if room.unread < 1000 else "999+"
            right = [(f"@{room.mentions} ", "accent")] if room.mentions else []
            right.append((f" {count} ", "badge"))
        elif joined and (when := time_text(room.last_ts, self._today(), self._zone)):
            right = [(when, "dim")]
        elif room.members and not joined:
            right = [(str(room.members), "dim")]
        return left, right

    def _preview(self, room: Room) -> str:
        """Say what was said last, or what there is to know of a room without talk."""
        if room.membership is Membership.INVITED:
            return f"  Enter joins{f', {people}' if (people := _people(room.members)) else ''}"
        if room.membership is Membership.NONE or not room.last_ts:
            about = one_line(room.topic, PREVIEW) or _people(room.members)
            return f"  {clean_line(about)}"
        sender = "you" if room.last_sender == self.me else clean_line(room.last_sender)
        text = clean_line(one_line(room.last_text, PREVIEW))
        return f"  {sender}: {text}" if sender else f"  {text}"

    def action_choose(self) -> None:
        """Open the room under the cursor."""
        room = self.room_at(self.cursor)
        if room is not None and self.opens is not None:
            self._leaving = True
            self.opens(room.room_id)
        elif room is not None:
            self.post_message(RoomChosen(room.room_id))

    async def _on_key(self, event: events.Key) -> None:
        """Hand what is typed to the composer, unless it is a key of this list.

        What comes in the same breath after that belongs there too: the focus has not arrived yet.
        """
        text = event.character if event.is_printable else None
        if self._leaving and event.key == "enter":
            text = "\n"
        elif text == " " and not self._leaving:
            text = None
        if text and (self._leaving or event.key not in self.screen.active_bindings):
            self._leaving = True
            event.stop()
            event.prevent_default()
            self.post_message(self.Typed(text))
            return
        await super()._on_key(event)

    def on_focus(self) -> None:
        """The person is back."""
        self._leaving = False

    def on_pick_list_picked(self, event: PickList.Picked) -> None:
        """Say which room was chosen."""
        event.stop()
        room = self.room_at(event.position)
        if room is not None:
            self.post_message(RoomChosen(room.room_id))


def _people(count: int) -> str:
    """Say how many members, nothing when that is not known."""
    return "" if not count else "1 member" if count == 1 else f"{count} members"
