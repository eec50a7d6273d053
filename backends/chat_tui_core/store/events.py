"""Stores rooms' timelines: new events in, pages out, in the server's order."""

from __future__ import annotations

import math
import sqlite3
from collections.abc import Iterable
from contextlib import suppress
from typing import Final

from chat_tui_core.model import SPOKEN, EventKind, RoomEvent
from chat_tui_core.store.ahead import catch_up
from chat_tui_core.store.changes import apply_edit, apply_reaction, apply_redaction, merged
from chat_tui_core.store.event_rows import (
    COLUMNS,
    event_at,
    event_by_id,
    event_of_row,
    event_values,
    find_event,
    update_event,
)
from chat_tui_core.store.gaps import add_gap, gaps, remove_gap, replace_gap, room_start, set_room_start
from chat_tui_core.store.problems import report
from chat_tui_core.store.rows import select

__all__ = [
    "add_gap",
    "apply_edit",
    "apply_reaction",
    "apply_redaction",
    "bounds",
    "event_at",
    "event_by_id",
    "events_after",
    "events_before",
    "first_since",
    "gaps",
    "insert_events",
    "last_spoken",
    "lowest",
    "newest_events",
    "newest_order_of_kind",
    "remove_gap",
    "replace_gap",
    "room_start",
    "set_room_start",
    "unread_count",
]

#: `unread_count` looks at no more than this many times its limit.
SCANNED_PER_COUNTED: Final = 10

INSERT: Final = (
    f"INSERT INTO events ({COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING"  # noqa: S608
)
LAST_ID: Final = "SELECT max(id) FROM events"
INDEX: Final = (
    "INSERT INTO found (rowid, text) SELECT id, text FROM events"
    " WHERE id > ? AND text <> '' AND kind IN ('message', 'notice', 'emote', 'file')"
)
NEWEST: Final = f"SELECT {COLUMNS} FROM events WHERE room_id = ? ORDER BY ord DESC LIMIT ?"  # noqa: S608
BEFORE: Final = f"SELECT {COLUMNS} FROM events WHERE room_id = ? AND ord < ? ORDER BY ord DESC LIMIT ?"  # noqa: S608
AFTER: Final = f"SELECT {COLUMNS} FROM events WHERE room_id = ? AND ord > ? ORDER BY ord LIMIT ?"  # noqa: S608
NEXT_TS: Final = "SELECT ord, ts FROM events WHERE room_id = ? AND ord >= ? ORDER BY ord LIMIT 1"
LOWEST: Final = "SELECT min(ord) FROM events WHERE room_id = ?"
BOUNDS: Final = (
    "SELECT (SELECT min(ord) FROM events WHERE room_id = ?), (SELECT max(ord) FROM events WHERE room_id = ?)"
)
HIGHEST_OF_KIND: Final = "SELECT max(ord) FROM events WHERE room_id = ? AND kind = ?"
UNREAD: Final = (
    "SELECT count(*) FROM (SELECT sender FROM events WHERE room_id = ? AND kind = ? AND ord > ?"
    " ORDER BY ord DESC LIMIT ?) WHERE sender <> ?"
)

#: Of so many looks for a time one halves what is left.
GUESSES_IN: Final = 3

#: What one hostile event may make sqlite3 raise: a number or a text that cannot be stored.
UNSTORABLE: Final = (OverflowError, UnicodeEncodeError, sqlite3.IntegrityError, sqlite3.DataError)


def insert_events(db: sqlite3.Connection, events: Iterable[RoomEvent], *, ours: bool = False) -> list[RoomEvent]:
    """Store events and return those that were new, with the changes that had come before them.

    An event that is known is merged with what is stored; its first place stays. `ours`: orders are given out by us, so
    that an event may well come again with another one. An event that claims a place which another one holds,
    or that cannot be stored, is set aside as a problem; the others are stored.
    """
    events = list(events)
    last_id = db.execute(LAST_ID).fetchone()[0] or 0
    new, known = (events, []) if _insert_if_all_new(db, events) else _insert_each(db, events)
    if new:
        db.execute(INDEX, (last_id,))  # before any of them is changed: what changes an event expects it there
        new = catch_up(db, new)
    for event in known:
        try:
            _merge_known(db, event, ours=ours)
        except UNSTORABLE as error:
            _set_aside(db, event, error)
    return new


def _insert_if_all_new(db: sqlite3.Connection, events: list[RoomEvent]) -> bool:
    """Insert events in one go, as nearly always can be done; False: nothing was inserted, one of them is not new."""
    db.execute("SAVEPOINT many")
    before, inserted = db.total_changes, -1
    with suppress(*UNSTORABLE):
        db.executemany(INSERT, map(event_values, events))
        inserted = db.total_changes - before
    if inserted != len(events):
        db.execute("ROLLBACK TO many")
    db.execute("RELEASE many")
    return inserted == len(events)


def _insert_each(db: sqlite3.Connection, events: Iterable[RoomEvent]) -> tuple[list[RoomEvent], list[RoomEvent]]:
    """Insert events one by one; those that were new, and those that collide with a stored one."""
    new: list[RoomEvent] = []
    known: list[RoomEvent] = []
    cursor = db.cursor()
    for event in events:
        try:
            (new if cursor.execute(INSERT, event_values(event)).rowcount else known).append(event)
        except UNSTORABLE as error:
            _set_aside(db, event, error)
    return new, known


def _set_aside(db: sqlite3.Connection, event: RoomEvent, error: Exception) -> None:
    report(db, f"The event {event.event_id!r} at {event.order} cannot be stored ({error}).", event.room_id)


def newest_events(db: sqlite3.Connection, room_id: str, count: int) -> list[RoomEvent]:
    """The last `count` events of a room, ascending."""
    return select(db, NEWEST, (room_id, count), event_of_row)[::-1]


def events_before(db: sqlite3.Connection, room_id: str, order: int, count: int) -> list[RoomEvent]:
    """The `count` events next before an order, ascending."""
    return select(db, BEFORE, (room_id, order, count), event_of_row)[::-1]


def events_after(db: sqlite3.Connection, room_id: str, order: int, count: int) -> list[RoomEvent]:
    """The `count` events next after an order, ascending."""
    return select(db, AFTER, (room_id, order, count), event_of_row)


def bounds(db: sqlite3.Connection, room_id: str) -> tuple[int, int]:
    """The lowest and the highest stored order of a room; (0, 0) for none."""
    first, last = db.execute(BOUNDS, (room_id, room_id)).fetchone()
    return first or 0, last or 0


def lowest(db: sqlite3.Connection, room_id: str) -> int:
    """The lowest stored order of a room; 0 for none."""
    order: int | None = db.execute(LOWEST, (room_id,)).fetchone()[0]
    return order or 0


def newest_order_of_kind(db: sqlite3.Connection, room_id: str, *kinds: EventKind) -> int:
    """The highest order of a room's events of these kinds; 0 for none."""
    return max(db.execute(HIGHEST_OF_KIND, (room_id, kind.value)).fetchone()[0] or 0 for kind in kinds)


def first_since(db: sqlite3.Connection, room_id: str, ts: int) -> int:
    """The order of the first event at or after a time (ms), taking it that a room's times rise; 0 for none.

    Found by guessing where it would be if people always said as much, twice, then by halving, and so on: a few looks in
    most rooms, and in any not many more than by halving alone.
    """
    low, high = bounds(db, room_id)
    if not high:
        return 0
    earlier, later = (db.execute(NEXT_TS, (room_id, end)).fetchone() for end in (low, high))
    if earlier[1] >= ts:
        return low
    if later[1] < ts:
        return 0
    looks = 1
    while high - low > 1:  # nothing up to `low` is the one, and nothing from `high` on but `later`
        middle = (low + high) // 2
        if looks % GUESSES_IN:
            share = (ts - earlier[1]) / max(1, later[1] - earlier[1])
            middle = min(max(earlier[0] + math.ceil(share * (later[0] - earlier[0])), low + 1), high - 1)
        looks += 1
        row = db.execute(NEXT_TS, (room_id, middle)).fetchone()
        if row[1] >= ts:
            later, high = row, middle
        else:
            earlier, low = row, row[0]
    order: int = later[0]
    return order


def unread_count(db: sqlite3.Connection, room_id: str, after_order: int, me: str, limit: int = 1000) -> int:
    """How many events after an order others have said, counted up to `limit`.

    Own events are passed over; of each kind no more than the newest ten times `limit` are looked at.
    """
    scanned, total = SCANNED_PER_COUNTED * limit, 0
    for kind in SPOKEN:
        total += db.execute(UNREAD, (room_id, kind.value, after_order, scanned, me)).fetchone()[0]
    return min(total, limit)


def last_spoken(db: sqlite3.Connection, room_id: str) -> RoomEvent | None:
    """The newest event that a person said, or None."""
    return event_at(db, room_id, newest_order_of_kind(db, room_id, *SPOKEN))


def _merge_known(db: sqlite3.Connection, event: RoomEvent, *, ours: bool) -> None:
    """Merge an event with the stored one that it collides with."""
    stored = find_event(db, event.room_id, event.event_id, event.order)
    if stored is None or (event.event_id and stored.order != event.order and not ours):
        report(
            db, f"The event {event.event_id!r} claims the place {event.order}, which is another one's.", event.room_id
        )
    if stored is not None:
        both = merged(stored, event)
        if both != stored:
            update_event(db, both)
