"""Keeps a bounded list of what was set aside: poison events, and rows of the file that make no sense."""

from __future__ import annotations

import sqlite3
from typing import Final

from chat_tui_core.values import frozen

#: How many problems are kept, and how long the text of one may be.
KEPT: Final = 1000
MAX_TEXT: Final = 500

ADD: Final = "INSERT INTO problems (at, room_id, text) VALUES (?, ?, ?)"
DROP_OLD: Final = "DELETE FROM problems WHERE id <= (SELECT max(id) FROM problems) - ?"
COUNT: Final = "SELECT coalesce(max(id), 0) FROM problems"
NEWEST: Final = "SELECT at, room_id, text FROM problems ORDER BY id DESC LIMIT ?"
KNOWN: Final = "SELECT 1 FROM problems WHERE text = ? AND room_id = ?"
#: The time in milliseconds since 1970, of the machine, as SQLite says it.
NOW: Final = "SELECT CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER)"


@frozen
class StoredProblem:
    """One thing that was set aside, when it was noticed (milliseconds since 1970) and in which room."""

    at: int
    room_id: str
    text: str


class ReadingConnection(sqlite3.Connection):
    """A connection that only reads. What it finds wrong waits in `noticed` for whoever can write it down."""

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self.noticed: set[tuple[str, str]] = set()

    def take_noticed(self) -> list[tuple[str, str]]:
        """(text, room id) of what was noticed since the last call."""
        noticed = sorted(self.noticed)[:KEPT]
        self.noticed.clear()
        return noticed


def add_problem(db: sqlite3.Connection, text: str, room_id: str, now_ms: int) -> None:
    """Write one problem down and forget the oldest beyond the bound."""
    db.execute(ADD, (now_ms, storable(room_id)[:MAX_TEXT], storable(text)[:MAX_TEXT]))
    db.execute(DROP_OLD, (KEPT,))


def problem_count(db: sqlite3.Connection) -> int:
    """How many problems there ever were, those included that are no longer kept."""
    count: int = db.execute(COUNT).fetchone()[0]
    return count


def problems(db: sqlite3.Connection, n: int) -> list[StoredProblem]:
    """The newest `n` that are kept, the oldest of them first."""
    return [StoredProblem(*row) for row in reversed(db.execute(NEWEST, (n,)).fetchall())]


def report(db: sqlite3.Connection, text: str, room_id: str = "") -> None:
    """Note something that a unit of work met on its way; the same thing is written down once.

    On a connection that cannot write, it is left in `noticed`.
    """
    if isinstance(db, ReadingConnection):
        db.noticed.add((text, room_id))
        return
    text, room_id = storable(text)[:MAX_TEXT], storable(room_id)[:MAX_TEXT]
    if db.execute(KNOWN, (text, room_id)).fetchone() is None:
        add_problem(db, text, room_id, db.execute(NOW).fetchone()[0])


def storable(text: str) -> str:
    """The text with what UTF-8 cannot hold (lone surrogates) replaced by U+FFFD."""
    if text.isascii():
        return text
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
