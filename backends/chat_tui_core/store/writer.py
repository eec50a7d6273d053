"""Runs units of work one after another in one thread; those that wait together share a transaction."""

from __future__ import annotations

import contextlib
import logging
import sqlite3
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import field
from pathlib import Path
from typing import Any, Final

from chat_tui_core.errors import StoreUnwritable
from chat_tui_core.store import faults
from chat_tui_core.store.connect import WritingConnection
from chat_tui_core.values import frozen, slotted

_log = logging.getLogger(__name__)

#: The most units that share one transaction: bounds how long the first one waits for the others.
MAX_BATCH: Final = 256

SYNC_EVERY_COMMIT: Final = "PRAGMA synchronous = FULL"
SYNC_CHECKPOINTS: Final = "PRAGMA synchronous = NORMAL"
#: A commit syncs only if it changed something.
TOUCH: Final = "UPDATE action_ids SET touched = 1 - touched"


@slotted
class Unit:
    """One piece of work: everything in it is stored, or nothing."""

    work: Callable[..., Any]
    args: tuple[Any, ...]
    durable: bool
    done: Future[Any] = field(default_factory=Future)


class Writer:
    """Owns the writing connection; nothing else uses it while the writer lives.

    A unit that raises is rolled back alone and its error goes to whoever gave it. When the transaction itself
    cannot be stored, every unit in it gets the error: nothing counts as stored that is not.
    """

    def __init__(self, db: WritingConnection, path: Path) -> None:
        self._db = db
        self._path = path
        self._identity = _identity(path)
        self._synced = False
        self._waiting: deque[Unit] = deque()
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="chat-store-writer")

    def submit(self, unit: Unit) -> Future[Any]:
        """Queue a unit; it is carried out even if nobody waits for its future any more."""
        unit.done.set_running_or_notify_cancel()
        self._waiting.append(unit)
        self._thread.submit(self._drain)
        return unit.done

    def close(self) -> None:
        """Carry out what is queued, then end the thread."""
        self._thread.shutdown(wait=True)

    def _drain(self) -> None:
        units: list[Unit] = []
        while self._waiting and len(units) < MAX_BATCH:
            units.append(self._waiting.popleft())
        if not units:
            return
        try:
            outcomes = self._store(units)
        except BaseException as error:  # noqa: BLE001 - whoever waits must hear of it, whatever it is
            outcomes = [self._explained(error) for _ in units]
            self._roll_back()
        for unit, outcome in zip(units, outcomes, strict=True):
            _settle(unit.done, outcome)

    def _store(self, units: list[Unit]) -> list[_Result | BaseException]:
        """What came of each unit, once all that succeeded are stored: its `_Result` or its exception."""
        if _identity(self._path) != self._identity:
            raise StoreUnwritable(faults.REPLACED.format(path=self._path))
        self._sync_commits(any(unit.durable for unit in units))
        self._db.must_sync = False
        self._db.execute("BEGIN IMMEDIATE")
        outcomes = [self._attempt(unit) for unit in units]
        self._db.execute("COMMIT")
        if self._db.must_sync and not self._synced:
            self._sync_now()
        return outcomes

    def _attempt(self, unit: Unit) -> _Result | BaseException:
        self._db.execute("SAVEPOINT unit")
        try:
            result = _Result(unit.work(self._db, *unit.args))
            self._db.execute("RELEASE unit")
        except BaseException as error:
            if not self._db.in_transaction:  # SQLite gave up the whole transaction, not this unit alone
                raise
            self._db.execute("ROLLBACK TO unit")
            self._db.execute("RELEASE unit")
            return self._explained(error)
        return result

    def _sync_commits(self, wanted: bool) -> None:
        if wanted != self._synced:
            self._db.execute(SYNC_EVERY_COMMIT if wanted else SYNC_CHECKPOINTS)
            self._synced = wanted

    def _sync_now(self) -> None:
        """Sync what was committed without: the log is one file, so the sync of a later commit covers it.

        It is stored already; if this fails, so will the next commit, and that one is told.
        """
        try:
            self._sync_commits(wanted=True)
            self._db.execute(TOUCH)
        except sqlite3.Error as error:
            _log.warning("%s could not be synced to its disk: %s", self._path, error)

    def _explained(self, error: BaseException) -> BaseException:
        """What the file did becomes a StoreError; a mistake of the caller stays what it is."""
        if isinstance(error, sqlite3.Error) and not isinstance(error, sqlite3.ProgrammingError):
            return faults.explain(error, self._path)
        return error

    def _roll_back(self) -> None:
        if self._db.in_transaction:
            with contextlib.suppress(sqlite3.Error):
                self._db.execute("ROLLBACK")


@frozen
class _Result:
    """What a unit of work returned."""

    value: Any


def _settle(done: Future[Any], outcome: _Result | BaseException) -> None:
    if isinstance(outcome, BaseException):
        done.set_exception(outcome)
    else:
        done.set_result(outcome.value)


def _identity(path: Path) -> tuple[int, int] | None:
    """Which file lies at the path, None if there is none."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino
