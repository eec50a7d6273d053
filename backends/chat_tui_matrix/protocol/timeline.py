"""Makes a room's events into lines in their order, and into what they change of other events."""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Callable
from typing import Any, Final

from chat_tui_core.model import RoomEvent
from chat_tui_core.news import Echoed, Edited, News, Reacted, Redacted
from chat_tui_core.threads import ThreadTold
from chat_tui_matrix.content import lines, messages
from chat_tui_matrix.content.relations import THREAD
from chat_tui_matrix.protocol.desk import ROOM_FOR_LATER
from chat_tui_matrix.wire.events import MatrixEvent

REDACTION: Final = "m.room.redaction"
SPOILED: Final = (ValueError, TypeError, LookupError, AttributeError, OverflowError)
"""What one malformed event may raise; it is set aside, and the rest goes on (B5)."""

_MOST_ID: Final = 1 << 53
_ours: Final = re.compile(r"([0-9]{1,16})\.([0-9]{1,16})").fullmatch


def action_of(event: MatrixEvent, me: str) -> tuple[int, int]:
    """The id and the time of making of the action of ours that an event is; (0, 0) for one that is none.

    Our transaction ids are "ID.TIME"; the server tells them to this device alone (A15, B12).
    """
    txn = event.unsigned.get("transaction_id")
    if not isinstance(txn, str) or event.sender != me:
        return 0, 0
    found = _ours(txn)
    if found is None:
        return 0, 0
    action, made = int(found[1]), int(found[2])
    return (action, made) if action < _MOST_ID > made else (0, 0)


class Orders:
    """Where events stand, of those that were seen lately: of each room the newest seen, of all no more than `most`."""

    PER_ROOM: Final = 1_000

    def __init__(self, most: int = 50_000) -> None:
        self._most = most
        self._held = 0
        self._rooms: OrderedDict[str, dict[str, int]] = OrderedDict()
        self._last = ""  # the room at its end

    def note(self, room_id: str, event_id: str, order: int) -> None:
        """Keep where an event stands; one that has a place keeps it.

        Orders below those of any turn are only relative to each other, and no places.
        """
        if order < ROOM_FOR_LATER:
            return
        if room_id != self._last or room_id not in self._rooms:
            self._rooms.setdefault(room_id, {})
            self._rooms.move_to_end(room_id)
            self._last = room_id
        places = self._rooms[room_id]
        if event_id in places:
            return
        places[event_id] = order
        self._held += 1
        if len(places) > self.PER_ROOM:
            del places[next(iter(places))]
            self._held -= 1
        while self._held > self._most:
            _, dropped = self._rooms.popitem(last=False)
            self._held -= len(dropped)

    def order_of(self, room_id: str, event_id: str) -> int:
        """The place of an event, 0 when it is not known."""
        return self._rooms.get(room_id, {}).get(event_id, 0)

    def event_at(self, room_id: str, order: int) -> str:
        """The newest event at or before a place, "" where none is known."""
        before = [(place, event_id) for event_id, place in self._rooms.get(room_id, {}).items() if place <= order]
        return max(before, default=(0, ""))[1]


class Reading:
    """One stretch of a room's events, taken in their order.

    `lines` get orders from `first_order` on, one after the other: an event that gives no line takes none. `later` is
    what is to be said after the lines: what became of other events, and which actions of ours these events are; orders
    that are no places (see Orders.note) are not told with them.
    `apart` gives a user's name as it is to be shown, for (user id, name): two may have the same.
    """

    def __init__(
        self, room_id: str, me: str, orders: Orders, first_order: int, apart: Callable[[str, str], str]
    ) -> None:
        self.lines: list[RoomEvent] = []
        self.later: list[News] = []
        self._room_id = room_id
        self._me = me
        self._orders = orders
        self._apart = apart
        self._next = first_order
        self._taken: set[str] = set()

    def take(self, event: MatrixEvent, name: str, previous: dict[str, Any] | None) -> None:
        """Read one event. `name` is its sender's when it was sent, `previous` the content of the state it replaces.

        An event that was taken already is passed over. Raises what is in SPOILED; a line that was made then stays.
        """
        if not event.event_id:
            raise ValueError("it has no event id")
        if event.event_id in self._taken:
            return
        action, made = action_of(event, self._me) if event.unsigned else (0, 0)
        line = self._read(event, name, previous, action, made)
        self._taken.add(event.event_id)
        if line is not None:
            self.lines.append(line)
            self._orders.note(self._room_id, event.event_id, self._next)
            self._next += 1
        if action:
            order = line.order if line is not None and line.order >= ROOM_FOR_LATER else 0
            self.later.append(Echoed(action, event.event_id, order, made))
        if event.unsigned:
            self._unsigned(event)

    def _read(
        self, event: MatrixEvent, name: str, previous: dict[str, Any] | None, action: int, made: int
    ) -> RoomEvent | None:
        if event.state_key is not None:
            return self._state_line(event, name, previous, action, made)
        if event.type == REDACTION:
            self._redaction(event)
            return None
        said = messages.read(event)
        if said is None or ((said.edit_of or said.reaction_to) and self._relation(event, said)):
            return None
        return RoomEvent(
            self._room_id,
            event.event_id,
            self._next,
            said.kind,
            event.sender,
            event.origin_server_ts,
            said.text,
            name,
            reply_to=said.reply_to,
            action_id=action,
            thread=said.thread,
            file=said.file,
            action_made=made,
            names_me=said.names(self._me),
        )

    def _state_line(
        self, event: MatrixEvent, name: str, previous: dict[str, Any] | None, action: int, made: int
    ) -> RoomEvent | None:
        line = lines.read(event, previous)
        if line is None:
            return None
        return RoomEvent(
            self._room_id,
            event.event_id,
            self._next,
            line.kind,
            event.sender,
            event.origin_server_ts,
            line.text,
            self._apart(event.sender, line.sender_name) if line.sender_name else name,
            line.target,
            action_id=action,
            action_made=made,
        )

    # ------------------------------------------------------------ what changes other events

    def _relation(self, event: MatrixEvent, said: messages.Said) -> bool:
        """An edit or a reaction: news of the event that it is about; False for what is a line of its own."""
        room_id = self._room_id
        if said.edit_of:
            order = self._orders.order_of(room_id, said.edit_of)
            self.later.append(Edited(room_id, said.edit_of, order, said.text, event.origin_server_ts, event.sender))
        elif said.reaction_to:
            order = self._orders.order_of(room_id, said.reaction_to)
            key, reaction_id = said.reaction_key, event.event_id
            self.later.append(Reacted(room_id, said.reaction_to, order, event.sender, key, reaction_id=reaction_id))
        else:
            return False
        return True

    def _redaction(self, event: MatrixEvent) -> None:
        target = redacted_by(event)
        if target:
            order = self._orders.order_of(self._room_id, target)
            self.later.append(Redacted(self._room_id, target, order, event.sender))

    def _unsigned(self, event: MatrixEvent) -> None:
        """What the server adds to an event: its newest edit, its thread, and the redaction that emptied it."""
        edit = _inner(event.unsigned.get("m.relations"), "m.replace")
        if edit is not None and edit.sender == event.sender:
            said = messages.read(edit)
            if said is not None and said.edit_of == event.event_id:
                self._relation(edit, said)
        self._thread(event)
        because = _inner(event.unsigned, "redacted_because")
        if because is not None:
            action, made = action_of(because, self._me)
            if action:
                self.later.append(Echoed(action, because.event_id, 0, made))

    def _thread(self, event: MatrixEvent) -> None:
        """How much was said in the thread that began with an event."""
        relations = event.unsigned.get("m.relations")
        thread = relations.get(THREAD) if isinstance(relations, dict) else None
        count = thread.get("count") if isinstance(thread, dict) else None
        if isinstance(count, int) and 0 < count < _MOST_ID:
            latest = _inner(thread, "latest_event")
            ts = latest.origin_server_ts if latest is not None else event.origin_server_ts
            self.later.append(ThreadTold(self._room_id, event.event_id, count, ts))


def redacted_by(event: MatrixEvent) -> str:
    """Which event a redaction is of: named in its content since room version 11, beside it before."""
    target = event.content.get("redacts")
    return target if isinstance(target, str) and target else event.redacts


def _inner(holder: object, key: str) -> MatrixEvent | None:
    """An event that stands inside another one's `unsigned`; None where there is none, or it makes no sense."""
    told = holder.get(key) if isinstance(holder, dict) else None
    if not isinstance(told, dict):
        return None
    texts = [told.get(name) for name in ("type", "sender", "event_id")]
    content, unsigned, ts = told.get("content"), told.get("unsigned"), told.get("origin_server_ts")
    if not isinstance(content, dict) or not all(isinstance(text, str) and text for text in texts):
        return None
    kind, sender, event_id = (str(text) for text in texts)
    when = ts if isinstance(ts, int) and 0 <= ts < _MOST_ID else 0
    return MatrixEvent(kind, content, sender, event_id, when, unsigned=unsigned if isinstance(unsigned, dict) else {})
