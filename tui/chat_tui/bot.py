"""For bots and scripts: an account's session without a screen, on the same engine and the same stored data."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from chat_tui.config import default_data, load
from chat_tui.opening import open_account
from chat_tui_core.accounts import DataFolder
from chat_tui_core.model import EventKind, RoomEvent
from chat_tui_core.session import Session
from chat_tui_core.session_changes import EventsArrived

__all__ = ["Bot", "EventKind", "RoomEvent", "Session", "signed_in"]


class Bot:
    """A running session and what arrives in it. Everything else is on `session`."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self._queue: asyncio.Queue[RoomEvent | None] = asyncio.Queue()
        self._unsubscribe: Callable[[], None] = session.subscribe(EventsArrived, self._arrived)

    def _arrived(self, change: EventsArrived) -> None:
        for event in change.events:
            self._queue.put_nowait(event)

    async def events(self) -> AsyncIterator[RoomEvent]:
        """New events of all rooms from now on, each once, in each room's order; ends with `stop`."""
        while (event := await self._queue.get()) is not None:
            yield event

    async def texts(self) -> AsyncIterator[RoomEvent]:
        """What other people say in words: no notices, nothing of our own, nothing but texts."""
        async for event in self.events():
            if event.kind is EventKind.MESSAGE and event.sender != self.session.me and event.text:
                yield event

    async def notice(self, room_id: str, text: str) -> None:
        """Say something that other bots do not answer, where the server knows the difference. Stored when it returns."""
        await self.session.send(room_id, text, kind="notice")

    def stop(self) -> None:
        """End `events` and `texts` once what has come so far is told."""
        self._unsubscribe()
        self._queue.put_nowait(None)


@asynccontextmanager
async def signed_in(name: str, data: Path | None = None) -> AsyncIterator[Bot]:
    """Run the account with this name (`chat-tui login NAME` made it) until the block ends.

    `data` is the folder of accounts, by default the program's own. Raises ChatError: unknown or busy account, or when
    the server refuses the sign-in; while it merely cannot be reached, this waits.
    """
    proxies = load().proxy
    opened = open_account(DataFolder(data or default_data(), proxy=lambda name: proxies.get(name, "")), name)
    async with AsyncExitStack() as stack:
        session = await opened.session_in(stack)
        bot = Bot(session)
        session.connect()
        await session.ready()
        yield bot
