"""Keeps single facts of the account, and where its event stream stands."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from typing import Final

from chat_tui_core.store.problems import StoredProblem, add_problem, problem_count, problems
from chat_tui_core.store.rows import Row, select, select_one

__all__ = [
    "StoredProblem",
    "add_problem",
    "get_meta",
    "get_position",
    "problem_count",
    "problems",
    "set_meta",
    "set_position",
]

GET_META: Final = "SELECT key, value FROM meta WHERE key = ?"
SET_META: Final = (
    "INSERT INTO meta (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value"
    " WHERE value <> excluded.value"
)
GET_POSITION: Final = "SELECT key, value FROM position"
CLEAR_POSITION: Final = "DELETE FROM position"
SET_POSITION: Final = "INSERT INTO position (key, value) VALUES (?, ?)"


def get_meta(db: sqlite3.Connection, key: str) -> str | None:
    """One fact, or None if it was never set."""
    fact = select_one(db, GET_META, (key,), _fact)
    return None if fact is None else fact[1]


def set_meta(db: sqlite3.Connection, key: str, value: str) -> None:
    """Set one fact."""
    db.execute(SET_META, (key, value))


def get_position(db: sqlite3.Connection) -> dict[str, str]:
    """What the last `set_position` said; empty at the first start."""
    return dict(select(db, GET_POSITION, (), _fact))


def set_position(db: sqlite3.Connection, position: Mapping[str, str]) -> None:
    """Save where the stream stands, in the same unit of work as what it brought (contract.Position)."""
    db.execute(CLEAR_POSITION)
    db.executemany(SET_POSITION, position.items())


def _fact(row: Row) -> tuple[str, str]:
    return row[0], row[1]
