"""One account's file: units of work go to the writer, reads to connections that cannot write."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any, Self, TypeVar, TypeVarTuple

from chat_tui_core.errors import StoreError
from chat_tui_core.store import connect, faults, ids
from chat_tui_core.store.problems import report
from chat_tui_core.store.reader import Reader
from chat_tui_core.store.writer import Unit, Writer

T = TypeVar("T")
Args = TypeVarTuple("Args")


class Store:
    """The stored rooms, events, actions and drafts of one account.

    A unit of work is a function whose first argument is the connection: it touches nothing else that could not be
    taken back. Every method raises a StoreError for what the file does, and passes on what the unit raises.
    """

    def __init__(self, path: Path, writing: connect.WritingConnection) -> None:
        """Take over the open writing connection; use `open`."""
        self.path = path
        self._writing = writing
        self._writer = Writer(writing, path)
        self._near = Reader(path, self._write_problems)
        self._far: Reader | None = None
        self._far_thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="chat-store-reader")
        self._closing = threading.Lock()
        self._closed = False

    @classmethod
    def open(cls, path: Path) -> Self:
        """Open the file, made and brought to the known format where needed. Starts no thread.

        Raises StoreTooNew, StoreDamaged, StoreUnwritable; what the file held is then as it was.
        """
        try:
            connect.prepare(path)
            writing = connect.open_writer(path)
            try:
                return cls(path, writing)
            except BaseException:
                writing.close()
                raise
        except (sqlite3.Error, OSError) as error:
            raise faults.explain(error, path) from error

    def read(self, work: Callable[[sqlite3.Connection, *Args], T], *args: *Args) -> T:
        """Run a reading function in this thread; all that it reads is of one moment."""
        return self._near.run(work, *args)

    async def fetch(self, work: Callable[[sqlite3.Connection, *Args], T], *args: *Args) -> T:
        """The same in the reader thread, which never holds up `read`."""
        self._check_open()
        return await asyncio.get_running_loop().run_in_executor(self._far_thread, self._read_far, work, *args)

    async def write(self, work: Callable[[sqlite3.Connection, *Args], T], *args: *Args, durable: bool = False) -> T:
        """Run a unit of work in the writer thread and wait until it is stored.

        `durable`: when this returns, a power cut cannot take it back; otherwise it may take back the last moments,
        in whole units. A unit that gives out an action id is always durable. Units run in the order of the calls.
        One that is queued is carried out even if the waiting task is cancelled.
        """
        result: T = await asyncio.wrap_future(self._queue(Unit(work, args, durable)))
        return result

    def write_now(self, work: Callable[[sqlite3.Connection, *Args], T], *args: *Args, durable: bool = False) -> T:
        """The same, blocking: for start-up, shutdown and tools. Never call it inside a unit of work."""
        result: T = self._queue(Unit(work, args, durable)).result()
        return result

    async def close(self) -> None:
        """Finish what is queued and release the file; the store cannot be used afterwards."""
        await asyncio.to_thread(self.close_now)

    def close_now(self) -> None:
        """The same, blocking. A second call does nothing."""
        with self._closing:
            if self._closed:
                return
            self._closed = True
            self._writer.submit(Unit(ids.release_block, (), durable=False))
            self._writer.close()
            self._far_thread.shutdown(wait=True)
            for reader in (self._far, self._near):
                if reader is not None:
                    reader.close()
            self._writing.close()

    def _read_far(self, work: Callable[[sqlite3.Connection, *Args], T], *args: *Args) -> T:
        if self._far is None:
            try:
                self._far = Reader(self.path, self._write_problems)
            except sqlite3.Error as error:
                raise faults.explain(error, self.path) from error
        return self._far.run(work, *args)

    def _write_problems(self, noticed: Sequence[tuple[str, str]]) -> None:
        with contextlib.suppress(StoreError):  # closed meanwhile: the same is noticed again another time
            self._queue(Unit(_report_all, (noticed,), durable=False))

    def _queue(self, unit: Unit) -> Future[Any]:
        self._check_open()
        return self._writer.submit(unit)

    def _check_open(self) -> None:
        if self._closed:
            raise StoreError(faults.CLOSED.format(path=self.path))


def _report_all(db: sqlite3.Connection, noticed: Sequence[tuple[str, str]]) -> None:
    for text, room_id in noticed:
        report(db, text, room_id)
