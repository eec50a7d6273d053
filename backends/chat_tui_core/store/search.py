"""Finds what was said, by the full-text index; newest first."""

from __future__ import annotations

import sqlite3
from typing import Any, Final

from chat_tui_core.errors import LocalError
from chat_tui_core.model import RoomEvent
from chat_tui_core.search_query import Query
from chat_tui_core.store.event_rows import COLUMNS, event_of_row
from chat_tui_core.store.rows import select

SAID: Final = "kind IN ('message', 'notice', 'emote', 'file')"
WANTED: Final = ", ".join(f"events.{name.strip()}" for name in COLUMNS.split(","))
BY_WORDS: Final = f"SELECT {WANTED} FROM found JOIN events ON events.id = found.rowid WHERE found MATCH ?"  # noqa: S608
BY_FIELDS: Final = f"SELECT {WANTED} FROM events WHERE {SAID}"  # noqa: S608
ROOMS: Final = "SELECT room_id, name, aliases FROM rooms"
#: The index gives the newest stored ones first; what was fetched of an older time may stand among them.
ORDER: Final = " ORDER BY {} DESC LIMIT ?"


def find_messages(db: sqlite3.Connection, query: Query, limit: int = 50) -> list[RoomEvent]:
    """What fits, newest first, at most `limit`. Raises LocalError where no room has the name that `in:` gives."""
    sql, values = (BY_WORDS, [query.match]) if query.match else (BY_FIELDS, [])
    conditions, more = _narrowed(db, query)
    sql += "".join(f" AND {condition}" for condition in conditions)
    sql += ORDER.format("found.rowid" if query.match else "events.id")
    hits = select(db, sql, (*values, *more, limit), event_of_row)
    return sorted(hits, key=lambda event: (event.ts, event.order), reverse=True)


def _narrowed(db: sqlite3.Connection, query: Query) -> tuple[list[str], list[Any]]:
    conditions: list[str] = []
    values: list[Any] = []
    if query.room:
        rooms = _rooms(db, query.room)
        conditions.append(f"events.room_id IN ({', '.join('?' * len(rooms))})")
        values += rooms
    if query.sender:
        conditions.append("(instr(lower(events.sender), ?) OR instr(lower(events.sender_name), ?))")
        values += [query.sender, query.sender]
    if query.before:
        conditions.append("events.ts < ?")
        values.append(query.before)
    if query.after:
        conditions.append("events.ts >= ?")
        values.append(query.after)
    if "file" in query.has:
        conditions.append("events.file <> ''")
    if "link" in query.has:
        conditions.append("instr(events.text, '://')")
    return conditions, values


def _rooms(db: sqlite3.Connection, word: str) -> list[str]:
    found = [row[0] for row in db.execute(ROOMS) if any(word in str(part).casefold() for part in row)]
    if not found:
        raise LocalError(f"There is no room {word!r}.")
    return found[:500]
