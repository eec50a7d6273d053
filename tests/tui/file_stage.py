"""The whole app on a scripted server that carries files: what it is asked for, and what a test says of transfers."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from hashlib import sha256
from pathlib import Path

from chat_tui.config import Config
from chat_tui_core.file_news import FileOffered, FileOrder, FileTaken
from chat_tui_core.model import EventKind, FileInfo, RoomEvent
from chat_tui_core.news import Arrived
from chat_tui_core.transfers import Transfer
from tests.core.file_play import FileBackend, FileConnection
from tests.tui.stage import Stage


class FileStage(Stage):
    """Somebody in two rooms; what they receive goes to `received`, what they may send lies in `own`."""

    def __init__(self, path: Path, config: Config | None = None, *, clock: int = 0) -> None:
        super().__init__(path, config, clock=clock)
        self.received = path.parent / "received"
        self.own = path.parent / "own"
        for folder in (self.received, self.own):
            folder.mkdir(exist_ok=True)

    def open(self) -> None:
        if not isinstance(self.backend, FileBackend):
            self.backend = FileBackend()
        super().open()

    @asynccontextmanager
    async def show(self, size: tuple[int, int] = (100, 30)) -> AsyncIterator[FileStage]:
        """Run the app, online, in the room general."""
        async with super().show(size):
            self.session.files.folder = self.received
            await self.rooms()
            await self.lines("general", 1, 2)
            self.main.open_room("general")
            await self.settle()
            yield self

    @property
    def wire(self) -> FileConnection:
        connection = self.backend.connections[-1]
        assert isinstance(connection, FileConnection)
        return connection

    def transfer(self) -> Transfer:
        """The newest transfer."""
        return self.session.files.all()[-1]

    async def until_ordered(self, kind: type[FileOrder]) -> None:
        """Wait until an order of this kind was given."""
        await self.until(lambda: any(isinstance(order, kind) for order in self.wire.orders))

    async def until(self, holds: object) -> None:
        """Wait until something holds; threads have their time."""
        assert callable(holds)
        for _ in range(400):
            await self.settle()
            if holds():
                return
            await self.pilot.pause(0.02)
        raise AssertionError(f"it never came to that; the screen is:\n{self.screen_text()}")

    async def until_shown(self, text: str) -> str:
        """Wait until the screen shows a text."""
        await self.until(lambda: text in self.screen_text())
        return self.screen_text()

    async def offered(
        self, body: bytes = b"x" * 4_000, name: str = "plan.txt", order: int = 3, mime: str = "text/plain"
    ) -> Transfer:
        """Ann offers a file to the room general."""
        file = FileInfo(name, len(body), mime, f"f{order}", digest=sha256(body).hexdigest())
        event = RoomEvent("general", f"m{order}", order, EventKind.FILE, "ann", order * 1000, "", file=file)
        await self.news(Arrived("general", (event,)), FileOffered("general", f"m{order}", "ann", file))
        return self.transfer()

    async def offer(self, body: bytes = b"y" * 4_000, name: str = "mine.txt", order: int = 3) -> Transfer:
        """The person offers a file, and the server takes the offer."""
        path = self.own / name
        path.write_bytes(body)
        made = await self.session.files.offer("general", path)
        await self.until(lambda: self.wire.orders)
        file = FileInfo(name, len(body), made.mime, f"f{order}", digest=sha256(body).hexdigest())
        event = RoomEvent("general", f"m{order}", order, EventKind.FILE, "me", order * 1000, "", file=file)
        await self.news(FileTaken(made.id, f"f{order}", f"x{order}", "", f"m{order}"), Arrived("general", (event,)))
        return self.session.files.get(made.id)
