"""People with sessions on a real wschat server, their folders, and what they send each other."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from chat_tui_core.actions import Kind
from chat_tui_core.actions import State as ActionState
from chat_tui_core.contract import Credentials, Link
from chat_tui_core.errors import TransportError
from chat_tui_core.model import Account
from chat_tui_core.session import Session
from chat_tui_core.store import Store
from chat_tui_core.transfers import ENDED, State, Transfer
from chat_tui_wschat import backend
from chat_tui_wschat.server.limits import Limits
from chat_tui_wschat.server.shell import WsServer
from tests.wschat.live_client import Wire, serving, wire_to

PATIENCE = 20.0
ROOM = "room"
FAST = Limits(burst=1_000_000, refill=1_000_000)


class Person:
    """One session and its folders; `stop` and `start` are the end and the start of a program."""

    def __init__(self, folder: Path, name: str, url: str, token: str) -> None:
        self.name = name
        self.folder = folder / name
        self.received = self.folder / "received"
        self.received.mkdir(parents=True, exist_ok=True)
        self._account = Account(name, "wschat", url, name, f"{name}-device")
        self._token = token

    async def start(self) -> None:
        self._store = Store.open(self.folder / "chat.db")
        self.session = Session(self._account, backend, self._token, self._store)
        self.session.files.folder = self.received
        self.session.files.bytes.waits.retry = (0.1,)
        self.session.connect()
        self._impatience = asyncio.create_task(self._reconnect())

    async def _reconnect(self) -> None:
        """Nobody wants to wait for the next try here."""
        while True:
            await asyncio.sleep(0.02)
            if self.session.link.link is Link.WAITING:
                self.session.connect_now()

    async def online(self) -> None:
        async with asyncio.timeout(PATIENCE):
            await self.session.ready()

    async def stop(self) -> None:
        self._impatience.cancel()
        await self.session.close()
        await self._store.close()

    async def act(self, kind: Kind, room: str = ROOM) -> None:
        action = await self.session.perform(kind, room)
        async with asyncio.timeout(PATIENCE):
            await self.session.settled(action.id, ActionState.CONFIRMED)

    async def offer(self, body: bytes, name: str = "a.bin") -> Transfer:
        source = self.folder / name
        source.write_bytes(body)
        return await self.session.files.offer(ROOM, source)

    async def until(self, look: Callable[[list[Transfer]], Transfer | None]) -> Transfer:
        """What `look` finds among all transfers, once it finds something."""
        async with asyncio.timeout(PATIENCE):
            while (found := look(self.session.files.all())) is None:
                await asyncio.sleep(0.01)
        return found

    async def offered(self, name: str = "a.bin") -> Transfer:
        """The offer of a file of this name, once it is here."""
        return await self.until(lambda all_: next((one for one in all_ if one.name == name and one.sender), None))

    async def reaches(self, transfer: Transfer, *states: State) -> Transfer:
        """A transfer once it is in one of these states; another end fails."""

        def look(all_: list[Transfer]) -> Transfer | None:
            now = next(one for one in all_ if one.id == transfer.id)
            assert now.state in states or now.state not in ENDED, (now.state, now.reason)
            return now if now.state in states else None

        return await self.until(look)

    async def has(self, transfer: Transfer, done: int) -> None:
        """Wait until so many bytes are done."""
        await self.until(lambda all_: next((one for one in all_ if one.id == transfer.id and one.done >= done), None))

    def files(self) -> dict[str, bytes]:
        """What was received."""
        return {path.name: path.read_bytes() for path in self.received.iterdir()}


@asynccontextmanager
async def people(
    folder: Path, *names: str, limits: Limits = FAST, wired: bool = False
) -> AsyncIterator[tuple[WsServer, Wire | None, list[Person]]]:
    """People who are in one room on one server, through a wire that can be cut if that is wanted."""
    async with AsyncExitStack() as stack:
        server = await stack.enter_async_context(serving(str(folder / "server.db"), limits=limits))
        wire = await stack.enter_async_context(wire_to(server)) if wired else None
        found = await stack.enter_async_context(named(folder, wire.url if wire else server.url, *names))
        yield server, wire, found


@asynccontextmanager
async def named(folder: Path, url: str, *names: str) -> AsyncIterator[list[Person]]:
    """People with sessions on a server that may be full of faults."""
    async with AsyncExitStack() as stack:
        found: list[Person] = []
        for name in names:
            token = (await _until_it_works(url, name)).token
            person = Person(folder, name, url, token)
            await person.start()
            stack.push_async_callback(person.stop)
            await person.online()
            await person.act(Kind.JOIN if found else Kind.CREATE_ROOM)
            found.append(person)
        yield found


async def _until_it_works(url: str, name: str) -> Credentials:
    async with asyncio.timeout(PATIENCE):
        while True:
            try:
                return await backend.login(url, name, "secret", kind="password", device=f"{name}-device")
            except TransportError:
                await asyncio.sleep(0.1)
