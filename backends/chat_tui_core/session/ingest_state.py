"""What a batch of news sees and what it leaves behind: the working values of `ingest`."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import field, replace

from chat_tui_core.actions import SETTLED, Action
from chat_tui_core.model import Gap, Member, Room, RoomEvent
from chat_tui_core.questions import AskHistory
from chat_tui_core.store import actions as stored_actions
from chat_tui_core.store import events as stored_events
from chat_tui_core.store import rooms as stored_rooms
from chat_tui_core.transfers import Transfer
from chat_tui_core.values import frozen, slotted


@frozen
class Known:
    """The session's values as they stood when the batch began; nothing in here is changed."""

    me: str
    rooms: Mapping[str, Room]
    asked: Mapping[int, AskHistory]
    contiguous: bool
    now_ms: int


@slotted
class RoomDelta:
    """What changed in one room's timeline."""

    events: dict[str, RoomEvent] = field(default_factory=dict)
    gaps: list[Gap] | None = None
    live: bool = False


@slotted
class Outcome:
    """What a batch brought, for the session to put in place and to publish."""

    me: str = ""
    rooms: dict[str, Room] = field(default_factory=dict)
    deltas: dict[str, RoomDelta] = field(default_factory=dict)
    arrivals: dict[str, list[RoomEvent]] = field(default_factory=dict)  # what is new in the stream
    threads: dict[str, list[RoomEvent]] = field(default_factory=dict)  # by place: shown there, and not stored
    actions: dict[int, Action] = field(default_factory=dict)
    rekeyed: dict[int, int] = field(default_factory=dict)  # old id -> new id
    members: dict[str, list[Member]] = field(default_factory=dict)  # everybody who is in a room
    member_changes: dict[str, dict[str, Member | None]] = field(default_factory=dict)  # by user id; None = left
    reads: dict[str, dict[str, int]] = field(default_factory=dict)
    position: Mapping[str, str] | None = None
    transfers: dict[int, Transfer] = field(default_factory=dict)


class Batch:
    """One transaction's view: what is known, overlaid with what this batch has changed so far."""

    def __init__(self, db: sqlite3.Connection, known: Known) -> None:
        self.db = db
        self.known = known
        self.out = Outcome(me=known.me)

    @property
    def me(self) -> str:
        """Our own user id, as of the latest sign-in."""
        return self.out.me

    # ------------------------------------------------------------ rooms

    def room(self, room_id: str) -> Room | None:
        """The room as it stands now."""
        return self.out.rooms.get(room_id) or self.known.rooms.get(room_id)

    def put_room(self, room: Room) -> None:
        """Store a room that changed."""
        if self.room(room.room_id) != room:
            self.out.rooms[room.room_id] = room
            stored_rooms.save_rooms(self.db, [room])

    # ------------------------------------------------------------ timeline

    def delta(self, room_id: str) -> RoomDelta:
        """The changes of a room's timeline in this batch."""
        return self.out.deltas.setdefault(room_id, RoomDelta())

    def put_event(self, event: RoomEvent) -> None:
        """An event is new or changed (already stored)."""
        self.delta(event.room_id).events[event.event_id] = event

    def set_gaps(self, room_id: str, old: list[Gap], new: list[Gap]) -> None:
        """Store a room's gaps after some of them changed."""
        if old == new:
            return
        for gap in old:
            if gap not in new:
                stored_events.remove_gap(self.db, room_id, gap.after, gap.before)
        for gap in new:
            if gap not in old:
                stored_events.add_gap(self.db, gap)
        self.delta(room_id).gaps = stored_events.gaps(self.db, room_id)

    def add_gap(self, gap: Gap) -> None:
        """Note a hole that was found."""
        if gap.before - gap.after > 1:
            stored_events.add_gap(self.db, gap)
            self.delta(gap.room_id).gaps = stored_events.gaps(self.db, gap.room_id)

    # ------------------------------------------------------------ actions

    def action(self, action_id: int) -> Action | None:
        """The action as it stands now."""
        return self.out.actions.get(action_id) or stored_actions.load_action(self.db, action_id)

    def put_action(self, action: Action) -> None:
        """Store an action that changed."""
        if action.state in SETTLED:
            action = replace(action, doubt=False)
        self.out.actions[action.id] = action
        stored_actions.save_action(self.db, action)

    def renumbered(self, pairs: Iterable[tuple[int, int]]) -> None:
        """Actions got new ids, (old, new), in the store."""
        for old, new in pairs:
            self.out.rekeyed[old] = new
            action = stored_actions.load_action(self.db, new)
            if action is not None:
                self.out.actions[new] = action
