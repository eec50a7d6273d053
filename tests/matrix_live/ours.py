"""Our own client in tests: the real backend in a chosen mode, sessions with a store, and a stage for conformance."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Final

from chat_tui_core.actions import Action, State
from chat_tui_core.contract import (
    Backend,
    Browse,
    Connection,
    Credentials,
    Deliver,
    ServerFound,
    ServerMaker,
    Surroundings,
)
from chat_tui_core.model import Account, RoomEvent
from chat_tui_core.registry import load
from chat_tui_core.session import Session
from chat_tui_core.store import Store
from tests.matrix_live.people import People, Person
from tests.matrix_live.proxy import Proxy

MODES: Final = ("sync", "sliding", "legacy")
PATIENCE: Final = 20.0
ALONE: Final = Surroundings()


class InMode:
    """The Matrix backend, always in one mode; short names become the unique ones of this test."""

    def __init__(self, mode: str) -> None:
        self.real: Backend = load("matrix")
        self.mode = mode
        self.names: dict[str, str] = {}
        self.name, self.title, self.api_version = self.real.name, self.real.title, self.real.api_version
        self.url_example, self.capabilities = self.real.url_example, self.real.capabilities

    @property
    def server(self) -> ServerMaker | None:
        return None

    async def discover(self, url: str) -> ServerFound:
        return await self.real.discover(url)

    async def login(
        self, url: str, user: str, secret: str, *, kind: str, device: str, browse: Browse | None = None
    ) -> Credentials:
        return await self.real.login(url, self.names.get(user, user), secret, kind=kind, device=device, browse=browse)

    async def logout(self, account: Account, token: str) -> None:
        await self.real.logout(account, token)

    def connect(
        self,
        account: Account,
        token: str,
        position: Mapping[str, str],
        deliver: Deliver,
        surroundings: Surroundings = ALONE,
    ) -> Connection:
        in_mode = replace(account, options={**account.options, "mode": self.mode})
        return self.real.connect(in_mode, token, position, deliver, surroundings)


class SynapseStage:
    """See conformance.Stage: a homeserver behind a proxy, which is what is cut and stopped."""

    def __init__(self, mode: str, proxy: Proxy, people: People) -> None:
        self.in_mode = InMode(mode)
        self.backend: Backend = self.in_mode
        self.proxy = proxy
        self.url = proxy.url
        self.people = people
        self.known: dict[str, Person] = {}

    async def user(self, name: str) -> str:
        if name not in self.known:
            self.known[name] = await self.people(name)
            self.in_mode.names[name] = self.known[name].name
        return self.known[name].password

    async def cut(self) -> None:
        self.proxy.cut_all()

    async def stop(self) -> None:
        await self.proxy.go_down()

    async def start(self) -> None:
        if self.proxy.server is None:
            await self.proxy.start()


@asynccontextmanager
async def session_of(
    person: Person, folder: Path, mode: str = "sync", *, url: str = "", device: str = "", ready: bool = True
) -> AsyncIterator[Session]:
    """A running session of somebody; `url` names a proxy, `device` a device that is kept."""
    backend = InMode(mode)
    address = url or person.raw.url
    given = await backend.login(address, person.name, person.password, kind="password", device=device or "OURS")
    account = Account("ours", backend.name, given.url or address, given.user, given.device)
    store = Store.open(folder / f"{person.name}-{given.device}.db")
    session = Session(account, backend, given.token, store)
    session.connect()
    try:
        if ready:
            async with asyncio.timeout(PATIENCE):
                await session.ready()
        yield session
    finally:
        await session.close()
        await store.close()


async def until(condition: Callable[[], object], seconds: float = PATIENCE) -> None:
    """Wait until something holds; TimeoutError otherwise."""
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.02)


async def confirmed(session: Session, action: Action, seconds: float = PATIENCE) -> Action:
    """The action once it is confirmed; AssertionError with what the server said otherwise."""
    async with asyncio.timeout(seconds):
        done = await session.settled(action.id, State.CONFIRMED)
    assert done.state is State.CONFIRMED, f"{done.kind} {done.state}: {done.error_text}"
    return done


def shown(session: Session, room_id: str) -> list[RoomEvent]:
    """The loaded events of an open room."""
    timeline = session.timeline(room_id)
    return [item.event for item in timeline.items if item.event is not None] if timeline else []
