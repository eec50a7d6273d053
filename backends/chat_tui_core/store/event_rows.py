"""Finds, reads and rewrites single events of the file."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import asdict
from typing import Final

from chat_tui_core.model import EventKind, FileInfo, Reaction, RoomEvent
from chat_tui_core.store.rows import Row, as_json, select_one

COLUMNS: Final = (
    "room_id, event_id, ord, kind, sender, ts, text, sender_name, target, reply_to, edited_ts, reactions, action_id,"
    " thread, file, names_me"
)
BY_EVENT_ID: Final = f"SELECT {COLUMNS} FROM events WHERE room_id = ? AND event_id = ? AND event_id <> ''"  # noqa: S608
BY_ORDER: Final = f"SELECT {COLUMNS} FROM events WHERE room_id = ? AND ord = ?"  # noqa: S608
UPDATE: Final = (
    "UPDATE events SET event_id = ?, kind = ?, sender = ?, ts = ?, text = ?, sender_name = ?, target = ?,"
    " reply_to = ?, edited_ts = ?, reactions = ?, action_id = ?, thread = ?, file = ?, names_me = ? WHERE room_id = ? AND ord = ?"
)
_KINDS: Final = {kind.value: kind for kind in EventKind}


def event_by_id(db: sqlite3.Connection, room_id: str, event_id: str) -> RoomEvent | None:
    """The room's event with this id, or None."""
    return select_one(db, BY_EVENT_ID, (room_id, event_id), event_of_row)


def event_at(db: sqlite3.Connection, room_id: str, order: int) -> RoomEvent | None:
    """The room's event at this place, or None."""
    return select_one(db, BY_ORDER, (room_id, order), event_of_row)


def find_event(db: sqlite3.Connection, room_id: str, event_id: str, order: int) -> RoomEvent | None:
    """The event with this id; else the one at this place, unless that is known to be another one."""
    found = event_by_id(db, room_id, event_id) if event_id else None
    if found is None:
        found = event_at(db, room_id, order)
        if found is not None and found.event_id and event_id:
            return None
    return found


def update_event(db: sqlite3.Connection, event: RoomEvent) -> None:
    """Rewrite the event that is stored at this one's place."""
    room_id, event_id, order, *others = event_values(event)
    db.execute(UPDATE, (event_id, *others, room_id, order))


def event_values(event: RoomEvent) -> tuple[str | int, ...]:
    """The event's columns, in COLUMNS' order."""
    return (
        event.room_id,
        event.event_id,
        event.order,
        event.kind.value,
        event.sender,
        event.ts,
        event.text,
        event.sender_name,
        event.target,
        event.reply_to,
        event.edited_ts,
        as_json([(one.key, one.users) for one in event.reactions]) if event.reactions else "[]",
        event.action_id,
        event.thread,
        as_json(asdict(event.file)) if event.file else "",
        -1 if event.names_me is None else int(event.names_me),
    )


def event_of_row(row: Row) -> RoomEvent:
    """The event of a row; raises KeyError, ValueError or TypeError for a row that makes no sense."""
    room_id, event_id, order, kind, sender, ts, text, sender_name, target, reply_to, edited_ts = row[:11]
    reactions, action, thread, file, names_me = row[11:]
    return RoomEvent(
        room_id,
        event_id,
        order,
        _KINDS[kind],
        sender,
        ts,
        text,
        sender_name,
        target,
        reply_to,
        edited_ts,
        () if reactions == "[]" else _reactions(reactions),
        action,
        thread,
        FileInfo(**json.loads(file)) if file else None,
        names_me=None if names_me < 0 else bool(names_me),
    )


def _reactions(raw: str) -> tuple[Reaction, ...]:
    return tuple(Reaction(_text(key), tuple(map(_text, users))) for key, users in json.loads(raw))


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError("not a text")
    return value
