"""Finds what was said in threads, and keeps what the server tells of those that are not here whole."""

from __future__ import annotations

import sqlite3
from typing import Final

from chat_tui_core.model import SPOKEN, RoomEvent
from chat_tui_core.store.event_rows import COLUMNS, event_by_id, event_of_row
from chat_tui_core.store.gaps import gaps
from chat_tui_core.store.rows import select
from chat_tui_core.threads import Answers, ThreadTold

__all__ = ["answers", "lacks", "newest_answer", "seen_up_to", "set_told", "thread_events"]

_SPOKEN: Final = ", ".join(f"'{kind}'" for kind in sorted(SPOKEN))
ANSWERS: Final = (
    f"SELECT {COLUMNS} FROM events WHERE room_id = ? AND thread = ? AND thread <> '' ORDER BY ord DESC LIMIT ?"  # noqa: S608
)
NEWEST: Final = (
    "SELECT event_id FROM events WHERE room_id = ? AND thread = ? AND thread <> '' AND kind <> 'redacted'"
    " ORDER BY ord DESC LIMIT 1"
)
COUNT: Final = (
    "SELECT thread, count(*), max(ts) FROM events WHERE room_id = ? AND thread <> '' AND kind <> 'redacted'"
    " GROUP BY thread"
)
TOLD: Final = (
    "SELECT root, answers, last_ts, ord FROM threads JOIN events"
    " ON events.room_id = threads.room_id AND events.event_id = threads.root AND events.event_id <> ''"
    " WHERE threads.room_id = ?"
)
SET_TOLD: Final = (
    "INSERT INTO threads (room_id, root, answers, last_ts) VALUES (?, ?, ?, ?) ON CONFLICT (room_id, root)"
    " DO UPDATE SET answers = excluded.answers, last_ts = excluded.last_ts WHERE excluded.last_ts >= last_ts"
)
OUTSIDE: Final = (
    f"SELECT ord FROM events WHERE kind IN ({_SPOKEN}) AND room_id = ? AND ord > ? AND thread <> ? AND sender <> ?"  # noqa: S608
    " ORDER BY ord LIMIT 1"
)


def thread_events(db: sqlite3.Connection, room_id: str, root: str, count: int) -> list[RoomEvent]:
    """The event that a thread began with, where it is stored, and the newest `count` answers, ascending."""
    first = event_by_id(db, room_id, root)
    said = select(db, ANSWERS, (room_id, root, count), event_of_row)[::-1]
    return [first, *said] if first is not None else said


def newest_answer(db: sqlite3.Connection, room_id: str, root: str) -> str:
    """The id of the newest answer that is stored of a thread; "" for none."""
    row = db.execute(NEWEST, (room_id, root)).fetchone()
    return str(row[0]) if row else ""


def answers(db: sqlite3.Connection, room_id: str) -> dict[str, Answers]:
    """How much was said in each thread of a room: what is stored, or where a hole follows what the server says, if more."""
    found = {root: Answers(count, last) for root, count, last in db.execute(COUNT, (room_id,))}
    end = max((gap.before for gap in gaps(db, room_id)), default=0)
    for root, count, last, order in db.execute(TOLD, (room_id,)):
        if order < end and (root not in found or found[root].count < count):
            found[root] = Answers(count, last)
    return found


def set_told(db: sqlite3.Connection, told: ThreadTold) -> None:
    """Keep what the server says of a thread, unless that is older than what it said before."""
    db.execute(SET_TOLD, (told.room_id, told.root, told.answers, told.last_ts))


def lacks(db: sqlite3.Connection, room_id: str, root: str) -> bool:
    """Whether answers of a thread may be missing: its first event is not stored, or a hole comes after it."""
    first = event_by_id(db, room_id, root)
    return first is None or any(gap.before > first.order for gap in gaps(db, room_id))


def seen_up_to(db: sqlite3.Connection, room_id: str, root: str, me: str, read: int, order: int) -> int:  # noqa: PLR0917
    """How far somebody has read a room who sees its thread up to `order`, and the room up to `read`.

    That is before the first thing that another person said outside of the thread, and before any hole.
    """
    row = db.execute(OUTSIDE, (room_id, read, root, me)).fetchone()
    ends: list[int] = [row[0] - 1] if row else []
    ends += [gap.after for gap in gaps(db, room_id) if gap.before > read + 1]
    return max(read, min([order, *ends]))
