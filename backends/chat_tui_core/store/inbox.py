"""Finds what was said to the person: what names them and what answers them, newest first, by indices."""

from __future__ import annotations

import sqlite3
from typing import Final

from chat_tui_core.model import RoomEvent
from chat_tui_core.store.event_rows import COLUMNS, event_of_row
from chat_tui_core.store.rows import select

__all__ = ["answers_to", "naming"]

MOST_ANSWERS: Final = 5_000
"""Answers that are looked at, whomever they answer."""
WANTED: Final = ", ".join(f"events.{name.strip()}" for name in COLUMNS.split(","))
NAMING: Final = (
    f"SELECT {WANTED} FROM found JOIN events ON events.id = found.rowid"  # noqa: S608
    " WHERE found MATCH ?1 AND events.sender <> ?2 AND events.names_me < 0 ORDER BY found.rowid DESC LIMIT ?3"
)
MEANT: Final = (
    f"SELECT {COLUMNS} FROM events INDEXED BY events_naming"  # noqa: S608
    " WHERE names_me = 1 AND sender <> ? ORDER BY ts DESC LIMIT ?"
)
ANSWERS: Final = (
    f"SELECT {WANTED} FROM"  # noqa: S608
    " (SELECT id, room_id, reply_to FROM events INDEXED BY events_answering"
    " WHERE reply_to <> '' ORDER BY ts DESC LIMIT ?3) AS answer"
    " JOIN events AS mine ON mine.room_id = answer.room_id AND mine.event_id = answer.reply_to AND mine.event_id <> ''"
    " JOIN events ON events.id = answer.id"
    " WHERE mine.sender = ?1 AND events.sender <> ?1 ORDER BY events.ts DESC LIMIT ?2"
)


def naming(db: sqlite3.Connection, name: str, me: str, limit: int) -> list[RoomEvent]:
    """What others than `me` said to `me`, at most twice `limit`.

    First what says so itself, the newest first; then what does not say, and has the words of this name in it, the newest
    stored first.
    """
    meant = select(db, MEANT, (me, limit), event_of_row)
    if not any(letter.isalnum() for letter in name):
        return meant
    phrase = name.replace('"', " ")
    return meant + select(db, NAMING, (f'"{phrase}"', me, limit), event_of_row)


def answers_to(db: sqlite3.Connection, me: str, limit: int) -> list[RoomEvent]:
    """What others answered to what `me` said, newest first, at most `limit`."""
    return select(db, ANSWERS, (me, limit, MOST_ANSWERS), event_of_row)
