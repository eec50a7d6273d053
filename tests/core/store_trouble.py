"""Real trouble for an account's file: locked by another program, on a disk that is full, in a place that is read-only."""

from __future__ import annotations

import contextlib
import resource
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from typing import Final

from chat_tui_core.store import Store

Trouble = Callable[[Store], AbstractContextManager[None]]


@contextlib.contextmanager
def locked(store: Store) -> Iterator[None]:
    """Another program writes to the file, and does not end."""
    stranger = sqlite3.connect(store.path, isolation_level=None)
    stranger.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        stranger.execute("ROLLBACK")
        stranger.close()


@contextlib.contextmanager
def full(store: Store) -> Iterator[None]:
    """No file of this process can grow beyond the size that the log has now."""
    log = store.path.with_name(f"{store.path.name}-wal")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (log.stat().st_size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@contextlib.contextmanager
def read_only(store: Store) -> Iterator[None]:
    """SQLite is told that it may only read, which it says as it does of a file that is read-only."""
    writer = store._writer
    writer._thread.submit(writer._db.execute, "PRAGMA query_only = 1").result()
    try:
        yield
    finally:
        writer._thread.submit(writer._db.execute, "PRAGMA query_only = 0").result()


TROUBLES: Final[Mapping[str, tuple[Trouble, str]]] = {
    "locked": (locked, "is locked by another program"),
    "full": (full, "what was stored before is safe"),
    "read only": (read_only, "make the file and its folder writable"),
}
"""Name -> the trouble, and what is said of it."""
