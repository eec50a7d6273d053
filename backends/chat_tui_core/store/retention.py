"""Forgets what was said before a time, as far as it was read; the server still has it, and scrolling up brings it back."""

from __future__ import annotations

import sqlite3
from typing import Final

from chat_tui_core.store.events import bounds, first_since
from chat_tui_core.store.gaps import set_room_start
from chat_tui_core.store.store import Store

__all__ = ["forget_before", "forget_in_room", "rooms_before"]

KEPT: Final = 100
"""The newest events of a room that stay however old they are: it opens without the network."""
STEP: Final = 1_000
"""Events that one unit of work forgets at most, so that nothing else waits for long."""

ROOMS: Final = "SELECT room_id FROM rooms"
OLDEST: Final = "SELECT ts FROM events WHERE room_id = ? ORDER BY ord LIMIT 1"
READ: Final = "SELECT read_to FROM rooms WHERE room_id = ?"
KEPT_FROM: Final = "SELECT ord FROM events WHERE room_id = ? ORDER BY ord DESC LIMIT 1 OFFSET ?"
REMOVE: Final = (
    "DELETE FROM events WHERE id IN (SELECT id FROM events WHERE room_id = ? AND ord < ? ORDER BY ord LIMIT ?)"
)
REMOVE_GAPS: Final = "DELETE FROM gaps WHERE room_id = ? AND before_ord < ?"
REMOVE_REACTIONS: Final = (
    "DELETE FROM reactions WHERE room_id = ?1 AND target NOT IN (SELECT event_id FROM events WHERE room_id = ?1)"
)


async def forget_before(store: Store, ts: int) -> None:
    """Forget what is older than a time (ms since 1970) in all rooms, little by little. Raises StoreError."""
    for room_id in await store.fetch(rooms_before, ts):
        while await store.write(forget_in_room, room_id, ts):
            pass


def rooms_before(db: sqlite3.Connection, ts: int) -> list[str]:
    """The rooms whose oldest stored event is older than a time."""
    rooms = [room_id for (room_id,) in db.execute(ROOMS).fetchall()]
    oldest = ((room_id, db.execute(OLDEST, (room_id,)).fetchone()) for room_id in rooms)
    return [room_id for room_id, row in oldest if row is not None and row[0] < ts]


def forget_in_room(db: sqlite3.Connection, room_id: str, ts: int, most: int = STEP) -> bool:
    """Forget a room's oldest events, `most` of them, up to the first that is young, not read or among the newest.

    No hole comes of it: what is left begins later. True: there is more to forget.
    """
    kept = db.execute(KEPT_FROM, (room_id, KEPT - 1)).fetchone()
    read = db.execute(READ, (room_id,)).fetchone()
    if kept is None or read is None:
        return False
    end = min(kept[0], read[0] + 1, first_since(db, room_id, ts) or kept[0])
    removed = db.execute(REMOVE, (room_id, end, most)).rowcount
    if not removed:
        return False
    set_room_start(db, room_id, known=False)
    db.execute(REMOVE_GAPS, (room_id, bounds(db, room_id)[0]))
    db.execute(REMOVE_REACTIONS, (room_id,))
    return removed == most
