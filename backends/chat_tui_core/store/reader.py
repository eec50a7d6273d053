"""Runs reading functions on a connection that cannot write, each on one moment's view of the file."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar, TypeVarTuple

from chat_tui_core.errors import StoreError
from chat_tui_core.store import connect, faults

T = TypeVar("T")
Args = TypeVarTuple("Args")


class Reader:
    """One reading connection, used by one thread at a time.

    What a function finds wrong with rows goes to `tell` as (text, room id).
    """

    def __init__(self, path: Path, tell: Callable[[Sequence[tuple[str, str]]], None]) -> None:
        """Open the connection; raises sqlite3.Error. The writing connection must be open already."""
        self._path = path
        self._tell = tell
        self._db = connect.open_reader(path)
        self._lock = threading.Lock()
        self._closed = False

    def run(self, work: Callable[[sqlite3.Connection, *Args], T], *args: *Args) -> T:
        """What the function returns; raises StoreError for what the file does."""
        with self._lock:
            if self._closed:
                raise StoreError(faults.CLOSED.format(path=self._path))
            try:
                self._db.execute("BEGIN")
                result = work(self._db, *args)
            except sqlite3.ProgrammingError:
                raise
            except sqlite3.Error as error:
                raise faults.explain(error, self._path) from error
            finally:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                noticed = self._db.take_noticed()
        if noticed:
            self._tell(noticed)
        return result

    def close(self) -> None:
        """Wait for the function that runs, then close the connection."""
        with self._lock:
            self._closed = True
            self._db.close()
