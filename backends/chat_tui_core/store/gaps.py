"""Remembers what is missing from a room's stored events: holes, and whether the first event is here."""

from __future__ import annotations

import sqlite3
from typing import Final

from chat_tui_core.model import Gap
from chat_tui_core.store.rows import Row, select

ADD: Final = (
    "INSERT INTO gaps (room_id, after_ord, before_ord, token, token_after) VALUES (?, ?, ?, ?, ?)"
    " ON CONFLICT (room_id, after_ord, before_ord) DO UPDATE SET token = excluded.token,"
    " token_after = excluded.token_after"
)
LOAD: Final = (
    "SELECT room_id, after_ord, before_ord, token, token_after FROM gaps WHERE room_id = ?"
    " ORDER BY after_ord, before_ord"
)
REMOVE: Final = "DELETE FROM gaps WHERE room_id = ? AND after_ord = ? AND before_ord = ?"
SET_START: Final = "INSERT INTO starts (room_id) VALUES (?) ON CONFLICT (room_id) DO NOTHING"
UNSET_START: Final = "DELETE FROM starts WHERE room_id = ?"
GET_START: Final = "SELECT 1 FROM starts WHERE room_id = ?"


def add_gap(db: sqlite3.Connection, gap: Gap) -> None:
    """Remember a hole. One that no event could lie in is none, unless the backend gave a token for it."""
    if gap.before > gap.after + 1 or (gap.token and gap.before > gap.after):
        db.execute(ADD, (gap.room_id, gap.after, gap.before, gap.token, gap.token_after))


def gaps(db: sqlite3.Connection, room_id: str) -> list[Gap]:
    """A room's holes, ascending."""
    return select(db, LOAD, (room_id,), _gap)


def remove_gap(db: sqlite3.Connection, room_id: str, after: int, before: int) -> None:
    """Forget one hole; one that is not there is no error."""
    db.execute(REMOVE, (room_id, after, before))


def replace_gap(db: sqlite3.Connection, old: Gap, new: Gap | None) -> None:
    """A hole has shrunk to `new`, or is filled."""
    remove_gap(db, old.room_id, old.after, old.before)
    if new is not None:
        add_gap(db, new)


def set_room_start(db: sqlite3.Connection, room_id: str, known: bool) -> None:
    """Whether the oldest stored event of a room is the first that it ever had."""
    db.execute(SET_START if known else UNSET_START, (room_id,))


def room_start(db: sqlite3.Connection, room_id: str) -> bool:
    """What `set_room_start` said last; False before."""
    return db.execute(GET_START, (room_id,)).fetchone() is not None


def _gap(row: Row) -> Gap:
    return Gap(*row)
