"""A backend that does what a test tells it to: for orders of events that a real server cannot be made to show."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from chat_tui_core.actions import Action
from chat_tui_core.contract import (
    API_VERSION,
    Browse,
    Connection,
    Credentials,
    Deliver,
    LoginWay,
    ServerFound,
    Surroundings,
)
from chat_tui_core.link import Capability, Link, LinkChanged
from chat_tui_core.model import Account, EventKind, Membership, Room, RoomEvent
from chat_tui_core.news import News, RoomsListed, SignedIn
from chat_tui_core.questions import Question
from chat_tui_core.session import Session
from chat_tui_core.store import Store

ALL = frozenset(Capability)


class ScriptedConnection:
    """Records what it is asked to do; `deliver` is the session's."""

    def __init__(self, position: Mapping[str, str], deliver: Deliver) -> None:
        self.position = dict(position)
        self.deliver = deliver
        self.done: list[Action] = []
        self.asked: list[Question] = []
        self.acknowledged: list[dict[str, str]] = []
        self.forced = 0
        self._closed = asyncio.Event()

    async def run(self) -> None:
        await self._closed.wait()

    def do(self, action: Action) -> None:
        self.done.append(action)

    def ask(self, question: Question) -> None:
        self.asked.append(question)

    def stored(self, position: Mapping[str, str]) -> None:
        self.acknowledged.append(dict(position))

    def connect_now(self) -> None:
        self.forced += 1

    async def close(self) -> None:
        self._closed.set()


class ScriptedBackend:
    """Makes scripted connections; the newest one is `connection`."""

    name = "scripted"
    title = "Scripted"
    api_version = API_VERSION
    url_example = "scripted://"
    capabilities = ALL
    server = None

    def __init__(self) -> None:
        self.connections: list[ScriptedConnection] = []

    @property
    def connection(self) -> ScriptedConnection:
        return self.connections[-1]

    async def discover(self, url: str) -> ServerFound:
        return ServerFound(url, (LoginWay.PASSWORD,))

    async def login(
        self, url: str, user: str, secret: str, *, kind: str, device: str, browse: Browse | None = None
    ) -> Credentials:
        return Credentials(user, device, secret)

    async def logout(self, account: Account, token: str) -> None:
        return None

    def connect(
        self,
        account: Account,
        token: str,
        position: Mapping[str, str],
        deliver: Deliver,
        surroundings: Surroundings = Surroundings(),  # noqa: B008 - it cannot be changed
    ) -> Connection:
        self.surroundings = surroundings
        self.connections.append(ScriptedConnection(position, deliver))
        return self.connection


class Play:
    """A session on a scripted backend and a real store."""

    ME = "me"
    ACCOUNT = "test"

    def __init__(self, path: Path) -> None:
        self.path = path
        self.backend = ScriptedBackend()
        self.clock = 1_000_000
        self.open()

    def open(self) -> None:
        self.store = Store.open(self.path)
        account = Account(self.ACCOUNT, "scripted", "scripted://", self.ME, "device")
        self.session = Session(account, self.backend, "token", self.store, wall_ms=lambda: self.clock)

    @property
    def connection(self) -> ScriptedConnection:
        return self.backend.connection

    @property
    def done(self) -> list[int]:
        return [action.id for action in self.connection.done]

    async def news(self, *news: News) -> None:
        """Deliver one batch and wait until it is stored and in place."""
        self.connection.deliver(news)
        await self.settle()

    async def settle(self) -> None:
        """Wait until everything that is queued is stored and in place."""
        await asyncio.sleep(0)
        while (task := self.session._intake._task) is not None and not task.done():
            await asyncio.sleep(0.001)
        await asyncio.sleep(0)

    async def comes(self, holds: Callable[[], bool]) -> None:
        """Wait for something that comes after a timer or a read of the store."""
        async with asyncio.timeout(20):
            while not holds():
                await asyncio.sleep(0.001)

    async def online(self, *rooms: Room, last_id: int = 0) -> None:
        """Connect when needed, sign in, list rooms, go online."""
        self.session.connect()
        listed = rooms or tuple(self.session.rooms.values())
        await self.news(SignedIn(self.ME, "device", last_id, ALL), RoomsListed(listed), LinkChanged(Link.ONLINE))

    async def offline(self, *news: News) -> None:
        """The link breaks."""
        await self.news(*news, LinkChanged(Link.WAITING, "connection lost", 5.0))

    async def close(self) -> None:
        await self.session.close()
        await self.store.close()

    async def restart(self) -> None:
        """End the program and start it again."""
        await self.close()
        self.open()


def joined(room_id: str = "r", head: int = 0, **fields: object) -> Room:
    return Room(room_id, membership=Membership.JOINED, members=2, head=head, **fields)  # type: ignore[arg-type]


def said(order: int, text: str = "", sender: str = "ann", action_id: int = 0, room_id: str = "r") -> RoomEvent:
    return RoomEvent(
        room_id,
        f"m{order}",
        order,
        EventKind.MESSAGE,
        sender,
        order * 1000,
        text or f"line {order}",
        action_id=action_id,
    )


def texts(events: Sequence[RoomEvent | None]) -> list[str]:
    return [event.text for event in events if event is not None]
