"""A session on a scripted backend that carries files: orders are recorded, bytes pass as the test says."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Mapping
from pathlib import Path
from typing import TypeVar

from chat_tui_core.contract import Connection, Deliver, Surroundings
from chat_tui_core.file_news import FileBytes, FileOffered, FileOrder
from chat_tui_core.model import Account, FileInfo
from chat_tui_core.session_changes import SessionChange, TransferMoved
from chat_tui_core.transfers import State, Transfer
from tests.core.scripted import Play, ScriptedBackend, ScriptedConnection

Order = TypeVar("Order")
PATIENCE = 5.0


class FileConnection(ScriptedConnection):
    """Records the orders that it is given, beside what a scripted connection records."""

    def __init__(self, position: Mapping[str, str], deliver: Deliver, files: FileBytes) -> None:
        super().__init__(position, deliver)
        self.files = files
        self.orders: list[FileOrder] = []

    def order(self, order: FileOrder) -> None:
        self.orders.append(order)


class FileBackend(ScriptedBackend):
    """Makes connections that carry files."""

    def connect(
        self,
        account: Account,
        token: str,
        position: Mapping[str, str],
        deliver: Deliver,
        surroundings: Surroundings = Surroundings(),  # noqa: B008 - it cannot be changed
    ) -> Connection:
        self.surroundings = surroundings
        self.connections.append(FileConnection(position, deliver, surroundings.files))
        return self.connection


class FilePlay(Play):
    """A session whose received files go to `folder`; troubles are tried again almost at once."""

    def __init__(self, path: Path) -> None:
        self.folder = path.parent / "received"
        self.folder.mkdir()
        self.moved: list[Transfer] = []
        super().__init__(path)

    def open(self) -> None:
        if not isinstance(self.backend, FileBackend):
            self.backend = FileBackend()
        super().open()
        self.session.files.folder = self.folder
        self.session.files.bytes.waits.retry = (0.05,)
        self.session.watch(self._note)

    def _note(self, change: SessionChange) -> None:
        if isinstance(change, TransferMoved):
            self.moved.append(change.transfer)

    @property
    def wire(self) -> FileConnection:
        connection = self.backend.connections[-1]
        assert isinstance(connection, FileConnection)
        return connection

    def take(self) -> list[FileOrder]:
        """The orders since the last time."""
        orders, self.wire.orders = self.wire.orders, []
        return orders

    async def order(self, kind: type[Order]) -> Order:
        """The next order, which must be of this kind; those before it are not skipped."""
        async with asyncio.timeout(PATIENCE):
            while not self.wire.orders:
                await asyncio.sleep(0.002)
        order = self.wire.orders.pop(0)
        assert isinstance(order, kind), order
        return order

    async def until(self, transfer_id: int, state: State) -> Transfer:
        """The transfer once it is in this state."""
        async with asyncio.timeout(PATIENCE):
            while (now := self.session.files.get(transfer_id)).state is not state:
                await asyncio.sleep(0.002)
        return now

    async def waits(self, transfer_id: int, words: str) -> str:
        """What a transfer waits for, once that has these words in it."""
        async with asyncio.timeout(PATIENCE):
            while words not in (why := self.session.files.why(self.session.files.get(transfer_id))):
                await asyncio.sleep(0.002)
        return why

    async def offered(self, body: bytes, digest: str = "", name: str = "a.bin", ref: str = "f1") -> Transfer:
        """Somebody offers a file; the transfer that it became."""
        await self.news(FileOffered("r", f"e-{ref}", "ann", FileInfo(name, len(body), ref=ref, digest=digest)))
        return self.session.files.all()[-1]

    def write(self, transfer_id: int, body: bytes, offset: int = 0, piece: int = 1_000) -> None:
        """Bytes come from the network."""
        for start in range(offset, len(body), piece):
            self.wire.files.write(transfer_id, start, body[start : start + piece])
        if not body:
            self.wire.files.write(transfer_id, 0, b"")

    def received(self) -> dict[str, bytes]:
        """What is in the folder; a file that goes away while we look is not."""
        found = {}
        for path in self.folder.iterdir():
            with contextlib.suppress(FileNotFoundError):
                found[path.name] = path.read_bytes()
        return found
