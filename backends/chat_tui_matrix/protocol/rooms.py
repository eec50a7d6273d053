"""Turns what a sync and pages of history bring of rooms into news; the one door to all that is known of rooms."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from chat_tui_core.model import Member, Room, RoomEvent
from chat_tui_core.safe_text import one_line
from chat_tui_matrix.protocol import members, receipts
from chat_tui_matrix.protocol.account import KEPT, OwnData
from chat_tui_matrix.protocol.desk import Desk
from chat_tui_matrix.protocol.names import MEMBER, Names, display_name
from chat_tui_matrix.protocol.room_book import RoomBook
from chat_tui_matrix.protocol.sections import Parts, apply
from chat_tui_matrix.protocol.state_tracker import StateTracker
from chat_tui_matrix.protocol.timeline import SPOILED, Orders, Reading
from chat_tui_matrix.protocol.uncounted import Counts, Uncounted
from chat_tui_matrix.wire.events import MatrixEvent, RoomSection

_ID_SHOWN = 120


class RoomDesk:
    """All rooms of one account. News go to the desk; nothing here raises for what a server sent."""

    def __init__(self, desk: Desk) -> None:
        self.state = StateTracker(desk.state)
        self._desk = desk
        self._names = Names(self.state)
        self._orders = Orders()
        self._own = OwnData(self.state)
        self._book = RoomBook(desk, self.state, self._names, self._own)
        self.uncounted = Uncounted()
        self._parts = Parts(desk, self.state, self._names, self._orders, self._book, self.uncounted)

    # ------------------------------------------------------------ what a sync brings

    def apply(self, section: RoomSection, base: int) -> None:
        """Say what one section brings; `base` is the order of its first line."""
        apply(self._parts, section, base)

    def expect(self, sections: Iterable[RoomSection]) -> None:
        """These sections come next: what is stored of their rooms is read together, where that is not known yet."""
        news = (one.room_id for one in sections if one.whole or not self._book.has(one.room_id))
        self.state.expect(list(dict.fromkeys(news)))

    def account_data(self, events: Iterable[MatrixEvent]) -> None:
        """Keep who is a direct chat and what is muted, and say which rooms that changes."""
        for event in events:
            if event.type not in KEPT:
                continue
            try:
                concerned = self._own.concerned(event.type, event.content)
                known = [entry for room_id in sorted(concerned) if (entry := self._book.known(room_id)) is not None]
                news = self.state.put(("", event.type, ""), event.content)
            except SPOILED as error:
                self._desk.problem(f"{event.type} was set aside: {error}")
                continue
            self._own.changed()
            if news is not None:
                self._desk.say(news)
            for entry in known:
                self._book.tell(entry, moved=True)

    def presence(self, events: Iterable[MatrixEvent]) -> None:
        """Say who is there."""
        for event in events:
            if event.type == "m.presence":
                try:
                    self._desk.say(receipts.presence(event))
                except SPOILED as error:
                    self._desk.problem(f"Somebody's presence was set aside: {error}")

    def counted(self, room_id: str, counts: Counts) -> None:
        """Say how much is unread in a room, as of its newest event."""
        entry = self._book.known(room_id)
        if entry is not None:
            self._book.tell(entry, moved=False, counts=counts, said=True)

    def stored(self) -> None:
        """What was said before the last call is durable by now."""
        self.state.stored()

    # ------------------------------------------------------------ pages of history

    def page(
        self, room_id: str, events: Sequence[MatrixEvent], state: Iterable[MatrixEvent], first_order: int
    ) -> tuple[RoomEvent, ...]:
        """The lines of a page, with orders from `first_order` on; what it tells of other events is said as news.

        `events` are in the order of time, `state` are member events of their senders. State that stands in a page is
        old and never replaces what is known (B10).
        """
        names = _names_then(events, state)
        owners: dict[str, set[str]] = {}
        for event, name in zip(events, names, strict=True):
            if name:
                owners.setdefault(name, set()).add(event.sender)

        def apart(user_id: str, name: str) -> str:
            return self._names.apart(room_id, user_id, name, owners.get(name, ()))

        reading = Reading(room_id, self._desk.me, self._orders, first_order, apart)
        for event, name in zip(events, names, strict=True):
            said = display_name(self.state.get(room_id, MEMBER, event.sender)) if name is None else name
            try:
                reading.take(event, apart(event.sender, said), _previous(event))
            except SPOILED as error:
                what = one_line(f"{event.type} {event.event_id}", _ID_SHOWN)
                self._desk.problem(f"{what} was set aside: {type(error).__name__}: {error}", room_id)
        self._desk.say(*reading.later)
        return tuple(reading.lines)

    # ------------------------------------------------------------ what is known

    def overview(self) -> tuple[Room, ...]:
        """All rooms that something was told of in this run, left ones as well."""
        return tuple(self._book)

    def order_of(self, room_id: str, event_id: str) -> int:
        """The place of an event that was seen in this run, else 0."""
        return self._orders.order_of(room_id, event_id)

    def event_at(self, room_id: str, order: int) -> str:
        """The id of the newest event at or before a place, "" where none was seen in this run."""
        return self._orders.event_at(room_id, order)

    def people(self, room_id: str) -> Mapping[str, str]:
        """Give who is known to be in a room or invited, by id, with their names."""
        return self._names.people(room_id)

    def members_from(self, room_id: str, events: Iterable[MatrixEvent]) -> tuple[Member, ...]:
        """The people of a room, of all its member events."""
        entry = self._book.known(room_id)
        creator = entry.standing.creator if entry is not None else ""
        return members.members_from(events, members.powers(self.state, room_id, creator))


def _previous(event: MatrixEvent) -> dict[str, Any] | None:
    told = event.unsigned.get("prev_content")
    return told if isinstance(told, dict) else None


def _names_then(events: Sequence[MatrixEvent], state: Iterable[MatrixEvent]) -> list[str | None]:
    """The name of each event's sender when it was sent (B18); None where the page does not tell.

    A page's state holds at one of its ends, and which one depends on its direction. What the page's own member events
    say therefore comes first, forwards for the newest names, then backwards by what each of them replaced.
    """
    start = {event.state_key: event for event in state if event.type == MEMBER and event.state_key}
    own = {event.event_id for event in events if event.type == MEMBER}
    now: dict[str, str | None] = {user_id: display_name(event.content) for user_id, event in start.items()}
    for event in events:
        if event.type == MEMBER and event.state_key:
            now[event.state_key] = display_name(event.content)
    names: list[str | None] = []
    for event in reversed(events):
        if event.type == MEMBER and event.state_key:
            now[event.state_key] = _name_before(event, start, own)
        names.append(now.get(event.sender))
    return names[::-1]


def _name_before(event: MatrixEvent, start: Mapping[str, MatrixEvent], own: set[str]) -> str | None:
    """The name that a member had before one of the page's own events."""
    previous = _previous(event)
    if previous is not None:
        return display_name(previous)
    known = start.get(event.state_key or "")
    return display_name(known.content) if known is not None and known.event_id not in own else ""
