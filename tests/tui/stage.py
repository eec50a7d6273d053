"""The whole app on a scripted server: what a test of the app sees, types and is told."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from textual.pilot import Pilot

from chat_tui.app import ChatApp
from chat_tui.config import AppOptions, Config
from chat_tui.opening import Opened
from chat_tui.screens.main import MainScreen
from chat_tui_core.accounts import AccountLock, DataFolder
from chat_tui_core.actions import Action, Kind
from chat_tui_core.model import Room
from chat_tui_core.news import Answered, Arrived, Echoed, Written
from chat_tui_core.session import Session
from tests.core.scripted import Play, said

ROOMS = (
    Room(
        "general",
        topic="everything and nothing",
        members=3,
        head=3,
        last_ts=3000,
        last_sender="ann",
        last_text="line 3",
    ),
    Room("random", topic="cats", members=2, head=0, last_ts=0),
)


class Stage(Play):
    """A scripted session inside the app."""

    def __init__(self, path: Path, config: Config | None = None, *, clock: int = 0) -> None:
        """`clock`: the session's time is held at this one, in milliseconds since 1970."""
        super().__init__(path)
        self.folder = path.parent
        self.clock = clock or self.clock
        opened = Opened(self.session.account, self.backend, "token", self.store, AccountLock(-1), self.folder)
        self._held = bool(clock)
        options = AppOptions(DataFolder(self.folder), config or Config())
        self.app = ChatApp(options, opened)
        self._pilot: Pilot[Any] | None = None

    @property
    def main(self) -> MainScreen:
        return next(screen for screen in self.app.screen_stack if isinstance(screen, MainScreen))

    @property
    def pilot(self) -> Pilot[Any]:
        assert self._pilot is not None
        return self._pilot

    @asynccontextmanager
    async def show(self, size: tuple[int, int] = (100, 30)) -> AsyncIterator[Stage]:
        """Run the app with the session that it made."""
        async with self.app.run_test(size=size) as pilot:
            self._pilot = pilot
            assert isinstance(self.app.session, Session)
            self.session = self.app.session
            if self._held:
                self.hold_clock()
            await pilot.pause()
            await pilot.pause()
            yield self
            self._pilot = None
        await self.app.close_account()

    def hold_clock(self) -> None:
        """From now on the session's time is `clock`, in milliseconds since 1970."""
        self.session._wall_ms = self.session._sender._wall_ms = lambda: self.clock

    async def pass_time(self, seconds: float) -> None:
        """So much time passes by the clock that is held; what is due then happens."""
        self.clock += round(seconds * 1000)
        self.session._sender.pump()
        await self.settle()
        self.main.conversation._waiting.update()
        await self.pilot.pause()

    async def settle(self) -> None:
        await super().settle()
        if self._pilot is not None:
            self.main.feed.flush()
            await self.pilot.pause()

    async def rooms(self, *rooms: Room) -> None:
        """Come online with these rooms."""
        await self.online(*(rooms or ROOMS))

    async def lines(self, room_id: str, first: int, last: int, **fields: Any) -> None:
        """These lines were said."""
        await self.news(
            Arrived(room_id, tuple(said(order, room_id=room_id, **fields) for order in range(first, last + 1)))
        )

    async def echo(self, action: Action, order: int) -> None:
        """The server takes an action and shows it to everybody."""
        event = said(order, str(action.content["text"]), "me", action.id, action.room_id)
        await self.news(
            Written(action.id),
            Answered(action.id, event.event_id, order),
            Arrived(action.room_id, (event,)),
            Echoed(action.id, event.event_id, order),
        )

    def lines_shown(self) -> list[str]:
        """The rows of the messages as text, without the gutter's and the end's blanks."""
        return [strip.text.strip() for strip in self.main.timeline.current_frame() if strip.text.strip()]

    def doings(self) -> list[Action]:
        """What the server was asked to do, but for read marks, which go by themselves."""
        return [action for action in self.connection.done if action.kind is not Kind.READ]

    def unsettled(self) -> list[Action]:
        """The person's own actions that are not settled."""
        return [action for action in self.session.open_actions.values() if action.kind is not Kind.READ]

    @property
    def focus(self) -> str:
        """What has the focus, by its id."""
        focused = self.app.focused
        return (focused.id or "") if focused else ""

    def notices(self) -> list[str]:
        """What was said in the corner of the screen."""
        return [notice.message for notice in self.app._notifications]

    def screen_text(self) -> str:
        """Everything that is on screen, as text."""
        strips = self.app.screen._compositor.render_strips()
        return "\n".join(strip.text.rstrip() for strip in strips)

    async def type(self, text: str) -> None:
        await self.pilot.press(*text)
