"""The whole app with several accounts, each on a scripted server of its own."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from types import MappingProxyType
from typing import Any

from textual.pilot import Pilot

from chat_tui.app import ChatApp
from chat_tui.config import AppOptions, Config
from chat_tui.opening import Opened
from chat_tui.screens.desk import Desk
from chat_tui.screens.main import MainScreen
from chat_tui_core.accounts import AccountLock, DataFolder
from chat_tui_core.actions import Action, Kind
from chat_tui_core.model import Account
from chat_tui_core.news import Arrived
from chat_tui_core.session import Session
from tests.core.scripted import Play, said


class Flat(Play):
    """One account of the house; `me` is the name of the account with `.me` behind it."""

    def __init__(self, house: House, name: str) -> None:
        self.ACCOUNT = name
        self.ME = f"{name}.me"
        self.house = house
        self.folder = house.data.folder(name)
        house.data.save(Account(name, "scripted", "scripted://", self.ME, "device"), "token")
        super().__init__(self.folder / "chat.db")

    def opened(self) -> Opened:
        """The account as the app gets it."""
        return Opened(self.session.account, self.backend, "token", self.store, AccountLock(-1), self.folder)

    @property
    def desk(self) -> Desk:
        """The account's place in the window."""
        return self.house.main.desks[self.ACCOUNT]

    async def settle(self) -> None:
        await super().settle()
        self.desk.feed.flush()
        await self.house.pilot.pause()

    async def lines(self, room_id: str, first: int, last: int, text: str = "", **fields: Any) -> None:
        """These lines were said; each begins with the account's name."""
        events = [
            said(order, text or f"{self.ACCOUNT} line {order}", room_id=room_id, **fields)
            for order in range(first, last + 1)
        ]
        await self.news(Arrived(room_id, tuple(events)))

    def unsettled(self) -> list[Action]:
        """The person's own actions that are not settled."""
        return [action for action in self.session.open_actions.values() if action.kind is not Kind.READ]

    def doings(self) -> list[Action]:
        """What the server was asked to do, but for read marks, which go by themselves."""
        return [action for action in self.connection.done if action.kind is not Kind.READ]


class House:
    """The app with an account for each name."""

    def __init__(
        self,
        folder: Path,
        *names: str,
        config: Config | None = None,
        absent: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        self.data = DataFolder(folder)
        self.flats = {name: Flat(self, name) for name in names}
        opened = [flat.opened() for flat in self.flats.values()]
        self.app = ChatApp(AppOptions(self.data, config or Config()), *opened, absent=absent)
        self._pilot: Pilot[Any] | None = None

    def __getitem__(self, name: str) -> Flat:
        return self.flats[name]

    @property
    def main(self) -> MainScreen:
        return next(screen for screen in self.app.screen_stack if isinstance(screen, MainScreen))

    @property
    def pilot(self) -> Pilot[Any]:
        assert self._pilot is not None
        return self._pilot

    @asynccontextmanager
    async def show(self, size: tuple[int, int] = (100, 40)) -> AsyncIterator[House]:
        """Run the app with the sessions that it made."""
        async with self.app.run_test(size=size) as pilot:
            self._pilot = pilot
            for flat in self.flats.values():
                made = flat.desk.session
                assert isinstance(made, Session)
                flat.session = made
            await pilot.pause()
            await pilot.pause()
            yield self
        self._pilot = None
        await self.app.close_account()

    async def press(self, *keys: str) -> None:
        """Press keys and wait until what they do is stored and shown."""
        await self.pilot.press(*keys)
        await self.settle()

    async def settle(self) -> None:
        """Wait until everything that is queued is stored and in place."""
        for name, flat in self.flats.items():
            if name in self.main.desks:
                await flat.settle()

    @property
    def here(self) -> tuple[str, str]:
        """The open room's account, and the room."""
        return self.main.desk.name, self.main.conversation.room_id

    def listed(self) -> list[str]:
        """The list of rooms as text, without what is empty."""
        return [strip.text.strip() for strip in self.main.rooms.current_frame() if strip.text.strip()]

    def lines_shown(self) -> list[str]:
        """The rows of the messages as text."""
        return [strip.text.strip() for strip in self.main.timeline.current_frame() if strip.text.strip()]

    def screen_text(self) -> str:
        """Everything that is on screen, as text."""
        strips = self.app.screen._compositor.render_strips()
        return "\n".join(strip.text.rstrip() for strip in strips)

    def status(self) -> str:
        """The bottom line."""
        return self.main.status.plain

    def notices(self) -> list[str]:
        """What was said in the corner of the screen."""
        return [notice.message for notice in self.app._notifications]
