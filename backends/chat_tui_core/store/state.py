"""Stores rooms' state piece by piece, for backends that need to look it up again."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from chat_tui_core.store.store import Store

if TYPE_CHECKING:
    from chat_tui_core.contract import RoomStates
    from chat_tui_core.news import StateSet

SET: Final = (
    "INSERT INTO state (room_id, type, state_key, content, sender, event_id, ts) VALUES (?, ?, ?, ?, ?, ?, ?)"
    " ON CONFLICT (room_id, type, state_key) DO UPDATE SET content = excluded.content, sender = excluded.sender,"
    " event_id = excluded.event_id, ts = excluded.ts"
)
REMOVE: Final = "DELETE FROM state WHERE room_id = ? AND type = ? AND state_key = ?"
GET: Final = "SELECT content FROM state WHERE room_id = ? AND type = ? AND state_key = ?"
ALL: Final = "SELECT state_key, content FROM state WHERE room_id = ? AND type = ?"
ROOMS: Final = (
    "SELECT room_id, type, state_key, content FROM state"
    " WHERE room_id IN (SELECT value FROM json_each(?)) AND type <> ?"
)


def set_state(db: sqlite3.Connection, news: StateSet) -> None:
    """Store one piece of state, or remove it when its content is empty."""
    if not news.content:
        db.execute(REMOVE, (news.room_id, news.type, news.key))
        return
    db.execute(SET, (news.room_id, news.type, news.key, news.content, news.sender, news.event_id, news.ts))


def get_state(db: sqlite3.Connection, room_id: str, kind: str, key: str) -> str:
    """The content of one piece of state as JSON; "" where there is none."""
    row = db.execute(GET, (room_id, kind, key)).fetchone()
    return str(row[0]) if row else ""


def all_state(db: sqlite3.Connection, room_id: str, kind: str) -> dict[str, str]:
    """The contents by key of all state of one type."""
    return dict(db.execute(ALL, (room_id, kind)).fetchall())


def state_of_rooms(db: sqlite3.Connection, room_ids: Sequence[str], but: str) -> RoomStates:
    """The contents of all state of some rooms, but for one type; by room, type and key."""
    found: RoomStates = {}
    for room_id, kind, key, content in db.execute(ROOMS, (json.dumps(room_ids), but)):
        found.setdefault(room_id, {}).setdefault(kind, {})[key] = content
    return found


class StoredState:
    """See contract.StateReader: reads on the loop's own connection."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def get(self, room_id: str, kind: str, key: str = "") -> str:
        """See contract.StateReader."""
        return self._store.read(get_state, room_id, kind, key)

    def all(self, room_id: str, kind: str) -> dict[str, str]:
        """See contract.StateReader."""
        return self._store.read(all_state, room_id, kind)

    def rooms(self, room_ids: Sequence[str], but: str) -> RoomStates:
        """See contract.StateReader."""
        return self._store.read(state_of_rooms, room_ids, but)
