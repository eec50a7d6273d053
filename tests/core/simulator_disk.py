"""The simulated client's disk: a real store in memory or in files, that a crash or a power cut leaves as it would be."""

from __future__ import annotations

import os
import random
import shutil
import sqlite3
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Final, Protocol, TypeVar, TypeVarTuple

from chat_tui_core.store import Store, ids, schema
from chat_tui_core.store.connect import WritingConnection

T = TypeVar("T")
Args = TypeVarTuple("Args")

_SUFFIXES: Final = ("", "-wal")


class Disk(Protocol):
    """Keeps one account's file. Units of work and readings are the store's own."""

    def read(self, work: Callable[[sqlite3.Connection, *Args], T], *args: *Args) -> T:
        """Run a reading function."""

    def write(self, work: Callable[[sqlite3.Connection, *Args], T], *args: *Args, durable: bool = False) -> T:
        """Run a unit of work in a transaction; what it raises undoes it."""

    def crash(self, *, power: bool) -> None:
        """The program ends at once; `power`: the machine too, and what was not synced is gone."""

    def reopen(self) -> None:
        """The program ends in order and starts again."""

    def copy(self) -> None:
        """Keep a copy of the file as it is now, instead of an earlier one."""

    def restore(self) -> None:
        """The file is replaced by the kept copy, and opened."""

    def close(self) -> None:
        """Leave nothing behind."""


@cache
def _empty() -> bytes:
    db = sqlite3.connect(":memory:", isolation_level=None)
    schema.migrate(db, Path("memory"))
    return db.serialize()


class MemoryDisk:
    """The file's bytes in memory: what a hundred thousand schedules are run on."""

    def __init__(self) -> None:
        self._open(_empty())
        self._copy = _empty()

    def _open(self, image: bytes) -> None:
        self._db = sqlite3.connect(":memory:", isolation_level=None, factory=WritingConnection, cached_statements=256)
        self._db.deserialize(image)
        self._synced = image

    def read(self, work: Callable[[sqlite3.Connection, *Args], T], *args: *Args) -> T:
        return work(self._db, *args)

    def write(self, work: Callable[[sqlite3.Connection, *Args], T], *args: *Args, durable: bool = False) -> T:
        self._db.must_sync = False
        self._db.execute("BEGIN IMMEDIATE")
        try:
            result = work(self._db, *args)
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")
        if durable or self._db.must_sync:
            self._sync()
        return result

    def _sync(self) -> None:
        self._synced = self._db.serialize()

    def crash(self, *, power: bool) -> None:
        image = self._synced if power else self._db.serialize()
        self._db.close()
        self._open(image)

    def reopen(self) -> None:
        self.write(ids.release_block)
        self.crash(power=False)

    def copy(self) -> None:
        self._copy = self._db.serialize()

    def restore(self) -> None:
        self._db.close()
        self._open(self._copy)

    def close(self) -> None:
        self._db.close()


class FileDisk:
    """A real `Store` in a folder; a crash copies what is in its files while it is open, as a killed process leaves them.

    When the power fails, the log ends anywhere after what was synced: at any byte, in the middle of a write.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._count = 0
        self._chance = random.Random(0)
        self._path = folder / "0.db"
        self._store = Store.open(self._path)
        self._synced = self._logged()
        self.copy()

    def read(self, work: Callable[[sqlite3.Connection, *Args], T], *args: *Args) -> T:
        return self._store.read(work, *args)

    def write(self, work: Callable[[sqlite3.Connection, *Args], T], *args: *Args, durable: bool = False) -> T:
        def noted(db: sqlite3.Connection, *given: *Args) -> tuple[T, bool]:
            result = work(db, *given)
            return result, durable or (isinstance(db, WritingConnection) and db.must_sync)

        result, synced = self._store.write_now(noted, *args, durable=durable)
        if synced:
            self._synced = self._logged()
        return result

    def _logged(self) -> int:
        log = Path(f"{self._path}-wal")
        return log.stat().st_size if log.exists() else 0

    def crash(self, *, power: bool) -> None:
        length = self._chance.randint(min(self._synced, self._logged()), self._logged()) if power else None
        self._open(self._path, length)

    def reopen(self) -> None:
        self._store.close_now()
        self._store = Store.open(self._path)
        self._synced = self._logged()

    def copy(self) -> None:
        for suffix in _SUFFIXES:
            _copy(f"{self._path}{suffix}", f"{self._folder / 'kept.db'}{suffix}")

    def restore(self) -> None:
        self._open(self._folder / "kept.db")

    def close(self) -> None:
        self._store.close_now()

    def _open(self, path: Path, length: int | None = None) -> None:
        self._count += 1
        new = self._folder / f"{self._count}.db"
        for suffix in _SUFFIXES:
            _copy(f"{path}{suffix}", f"{new}{suffix}")
        if length is not None and Path(f"{new}-wal").exists():
            os.truncate(f"{new}-wal", length)
        self._store.close_now()
        self._path = new
        self._store = Store.open(new)
        self._synced = self._logged()


def _copy(source: str, target: str) -> None:
    if Path(source).exists():
        shutil.copyfile(source, target)
    else:
        Path(target).unlink(missing_ok=True)
