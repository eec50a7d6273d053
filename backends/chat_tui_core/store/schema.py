"""Brings a file's tables to the format that this program knows, one numbered step a transaction."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from chat_tui_core.errors import StoreDamaged
from chat_tui_core.store import faults

#: The mark of our files in SQLite's header; schema.sql sets the same.
APPLICATION_ID: Final = 1668576617

#: The script that leads to format 1, 2, ...: only ever added to.
STEPS: Final[Sequence[str]] = (
    "schema.sql",
    "migrations/002_state_files_threads.sql",
    "migrations/003_search.sql",
    "migrations/004_transfers.sql",
    "migrations/005_threads.sql",
    "migrations/006_answers.sql",
    "migrations/007_thread_of_transfers.sql",
    "migrations/008_spaces.sql",
    "migrations/009_mentions.sql",
)

GET_FORMAT: Final = "PRAGMA user_version"
SET_FORMAT: Final = "PRAGMA user_version = {}"
GET_APPLICATION: Final = "PRAGMA application_id"
COUNT_OBJECTS: Final = "SELECT count(*) FROM sqlite_schema"


def check_format(db: sqlite3.Connection, path: Path, known: int = len(STEPS)) -> int:
    """The file's format, 0 for an empty file. Writes nothing.

    Raises StoreTooNew for a later format, StoreDamaged for a database that is not ours.
    """
    found: int = db.execute(GET_FORMAT).fetchone()[0]
    application: int = db.execute(GET_APPLICATION).fetchone()[0]
    objects: int = db.execute(COUNT_OBJECTS).fetchone()[0]
    if application != APPLICATION_ID and (application or found or objects):
        raise StoreDamaged(faults.FOREIGN.format(path=path))
    if found > known:
        raise faults.too_new(path, found, known)
    return found


def migrate(db: sqlite3.Connection, path: Path, scripts: Sequence[str] | None = None) -> None:
    """Take the steps that the file has not taken yet. A step that fails leaves the file at the one before.

    `scripts` are the steps' texts; None = those that this package brings. Raises what `check_format` raises.
    """
    known = len(STEPS if scripts is None else scripts)
    while check_format(db, path, known) < known:
        db.execute("BEGIN IMMEDIATE")
        try:
            done = check_format(db, path, known)
            if done < known:
                script = _step_text(done) if scripts is None else scripts[done]
                for statement in _statements(script):
                    db.execute(statement)
                db.execute(SET_FORMAT.format(done + 1))
            db.execute("COMMIT")
        finally:
            if db.in_transaction:
                db.execute("ROLLBACK")


def _step_text(index: int) -> str:
    return (Path(__file__).parent / STEPS[index]).read_text(encoding="utf-8")


def _statements(script: str) -> Iterator[str]:
    """One statement at a time: sqlite3's own script runner would commit our transaction first."""
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""
