"""Keeps changes that come before the event they are about, and reactions that are events of their own."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from chat_tui_core.model import EventKind, RoomEvent
from chat_tui_core.store.changes import redacted, with_reaction
from chat_tui_core.store.event_rows import update_event

ADD_REACTION: Final = (
    "INSERT INTO reactions (room_id, reaction_id, target, sender, key) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING"
)
GET_REACTION: Final = "SELECT target, sender, key FROM reactions WHERE room_id = ? AND reaction_id = ?"
REMOVE_REACTION: Final = "DELETE FROM reactions WHERE room_id = ? AND reaction_id = ?"
REACTION_ID: Final = (
    "SELECT reaction_id FROM reactions WHERE room_id = ? AND target = ? AND sender = ? AND key = ? LIMIT 1"
)
ADD: Final = (
    "INSERT INTO ahead (room_id, target, change, by_user, ts, text) VALUES (?, ?, ?, ?, ?, ?)"
    " ON CONFLICT (room_id, target, change, by_user) DO UPDATE SET ts = excluded.ts, text = excluded.text"
    " WHERE excluded.ts >= ts"
)
#: Whether anything is kept for a room at all; for most rooms nothing is.
WAITING: Final = (
    "SELECT 1 FROM ahead WHERE room_id = ? LIMIT 1",
    "SELECT 1 FROM reactions WHERE room_id = ? LIMIT 1",
)
TAKE: Final = "SELECT change, by_user, ts, text FROM ahead WHERE room_id = ? AND target = ?"
CLEAR: Final = "DELETE FROM ahead WHERE room_id = ? AND target = ?"
REACTIONS_OF: Final = "SELECT sender, key FROM reactions WHERE room_id = ? AND target = ? LIMIT 2000"


def keep_edit(db: sqlite3.Connection, room_id: str, target: str, by: str, ts: int, text: str) -> None:  # noqa: PLR0917
    """An edit whose event is not here; the newest of each person is kept until it is."""
    db.execute(ADD, (room_id, target, "edit", by, ts, text))


def keep_redaction(db: sqlite3.Connection, room_id: str, target: str) -> None:
    """A deletion whose event is not here."""
    db.execute(ADD, (room_id, target, "redact", "", 0, ""))


def add_reaction(db: sqlite3.Connection, room_id: str, reaction_id: str, target: str, sender: str, key: str) -> None:  # noqa: PLR0917
    """Remember a reaction by its own event id."""
    db.execute(ADD_REACTION, (room_id, reaction_id, target, sender, key))


def take_reaction(db: sqlite3.Connection, room_id: str, reaction_id: str) -> tuple[str, str, str] | None:
    """Forget a reaction; its target, sender and key, or None where no such reaction is known."""
    row = db.execute(GET_REACTION, (room_id, reaction_id)).fetchone()
    if row is None:
        return None
    db.execute(REMOVE_REACTION, (room_id, reaction_id))
    return row[0], row[1], row[2]


def reaction_id(db: sqlite3.Connection, room_id: str, target: str, sender: str, key: str) -> str:
    """The event id of one person's reaction; "" where there is none."""
    row = db.execute(REACTION_ID, (room_id, target, sender, key)).fetchone()
    return str(row[0]) if row else ""


def catch_up(db: sqlite3.Connection, events: Sequence[RoomEvent]) -> list[RoomEvent]:
    """Apply to events that were just stored what came before them; the events as they are now."""
    waiting: dict[str, bool] = {}
    now = []
    for event in events:
        room_id = event.room_id
        if room_id not in waiting:
            waiting[room_id] = any(db.execute(query, (room_id,)).fetchone() for query in WAITING)
        now.append(_caught_up(db, event) if waiting[room_id] else event)
    return now


def _caught_up(db: sqlite3.Connection, event: RoomEvent) -> RoomEvent:
    changed = as_known(db, event)
    if changed != event:
        db.execute(CLEAR, (event.room_id, event.event_id))
        update_event(db, changed)
    return changed


def as_known(db: sqlite3.Connection, event: RoomEvent) -> RoomEvent:
    """An event with what is kept of its changes; it need not be stored, and the changes stay."""
    changed = event
    for change, by, ts, text in db.execute(TAKE, (event.room_id, event.event_id)).fetchall():
        if change == "redact":
            changed = redacted(changed)
        elif changed.kind is not EventKind.REDACTED and by == event.sender and ts >= changed.edited_ts:
            changed = replace(changed, text=text, edited_ts=ts)
    if changed.kind is not EventKind.REDACTED:
        reactions = changed.reactions
        for sender, key in db.execute(REACTIONS_OF, (event.room_id, event.event_id)).fetchall():
            reactions = with_reaction(reactions, sender, key)
        changed = replace(changed, reactions=reactions) if reactions else changed
    return changed
