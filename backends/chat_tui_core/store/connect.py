"""Opens a store's two connections: one that writes, one that can only read."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path
from typing import Final, TypeVar

from chat_tui_core.errors import StoreUnwritable
from chat_tui_core.store import faults, schema
from chat_tui_core.store.problems import ReadingConnection

#: How long one connection waits for another's lock, in seconds. Only a stranger's program can make us wait.
BUSY_SECONDS: Final = 2.0
FOLDER_MODE: Final = 0o700
FILE_MODE: Final = 0o600

SET_WAL: Final = "PRAGMA journal_mode = WAL"
WRITER_SETTINGS: Final = (
    "PRAGMA synchronous = NORMAL",
    "PRAGMA fullfsync = ON",  # macOS: else a sync ends in the drive's own memory
    "PRAGMA journal_size_limit = 16777216",
    "PRAGMA cache_size = -1024",
)
READER_SETTINGS: Final = ("PRAGMA query_only = ON", "PRAGMA cache_size = -1024")

C = TypeVar("C", bound=sqlite3.Connection)


class WritingConnection(sqlite3.Connection):
    """The one connection that writes.

    `holder` tells this opening of the file from all others. `must_sync` is set by what must be on the disk before
    anyone hears that it is stored.
    """

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self.holder = os.urandom(8).hex()
        self.must_sync = False


def prepare(path: Path) -> None:
    """Make the folders that are missing (0700) and the file (0600); raises OSError or StoreUnwritable.

    An existing file is never opened here: closing it would drop the locks that SQLite holds on it in this process.
    """
    for folder in reversed([path.parent, *path.parent.parents]):
        if not folder.is_dir():
            folder.mkdir(mode=FOLDER_MODE, exist_ok=True)
    try:
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, FILE_MODE))
    except FileExistsError:
        if not path.is_file():
            raise
        if path.stat().st_mode & 0o077:
            path.chmod(FILE_MODE)
    if not (os.access(path, os.R_OK | os.W_OK) and os.access(path.parent, os.W_OK | os.X_OK)):
        raise StoreUnwritable(faults.READ_ONLY.format(path=path))


def open_writer(path: Path) -> WritingConnection:
    """The writing connection, with the file brought to the known format.

    Raises sqlite3.Error or a StoreError; the file is not touched before its format is known to be ours.
    """
    db: WritingConnection = _connect(path, "rw", WritingConnection)
    try:
        schema.check_format(db, path)
        if db.execute(SET_WAL).fetchone()[0] != "wal":
            raise StoreUnwritable(faults.NO_WAL.format(path=path))
        for setting in WRITER_SETTINGS:
            db.execute(setting)
        schema.migrate(db, path)
    except BaseException:
        db.close()
        raise
    return db


def open_reader(path: Path) -> ReadingConnection:
    """The reading connection. The writing one must be open: it keeps the write-ahead log in being."""
    db: ReadingConnection = _connect(path, "ro", ReadingConnection)
    for setting in READER_SETTINGS:
        db.execute(setting)
    return db


def _connect(path: Path, mode: str, kind: type[C]) -> C:
    return sqlite3.connect(
        f"{path.absolute().as_uri()}?mode={mode}",
        uri=True,
        timeout=BUSY_SECONDS,
        isolation_level=None,
        check_same_thread=False,
        cached_statements=256,
        factory=kind,
    )
