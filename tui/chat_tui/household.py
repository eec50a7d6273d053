"""The accounts that one window has open: each with its session and its control socket; they are closed together."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Mapping
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Final

from chat_tui.log import hide
from chat_tui.opening import Opened
from chat_tui_core import registry, secrets
from chat_tui_core.errors import AuthRefused

if TYPE_CHECKING:
    from chat_tui.control import ControlServer
    from chat_tui_core.accounts import DataFolder
    from chat_tui_core.session import Session

__all__ = ["Household", "Seat"]

_LOG = logging.getLogger(__name__)

DAY_MS: Final = 86_400_000


class Seat:
    """One account of the window. Nothing runs before `connect`; what fails for it fails for it alone."""

    def __init__(self, opened: Opened, undo_seconds: float = 0.0) -> None:
        self.opened = opened
        self.session: Session = opened.session(undo_seconds)
        self._control: ControlServer | None = None

    @property
    def name(self) -> str:
        """The account's name."""
        return self.opened.account.name

    async def connect(self) -> None:
        """Start the network, once the keyring has given the token, which may take the person's time; raises ConfigError."""
        await registry.prepare(self.opened.backend)
        if self.opened.ask_token is None:
            self.session.connect()
        else:
            self.session.connect(await self.opened.unlock())

    async def listen(self) -> None:
        """Answer other processes' requests; raises ConfigError where that cannot be."""
        from chat_tui.control import ControlServer

        control = ControlServer(self.session, self.opened.folder)
        await control.start()
        self._control = control

    async def forget_old(self, days: int) -> None:
        """Forget stored messages that are older than the person wants them; raises StoreError."""
        from chat_tui_core.store.retention import forget_before

        await forget_before(self.session.store, self.session.now_ms() - days * DAY_MS)

    async def renew(self, data: DataFolder) -> None:
        """Go on with the token of a new sign-in; what is on screen and what waits to be sent stays. Raises ConfigError."""
        await self.session.reconnect(await self.opened.renew(data))

    async def sign_out(self, data: DataFolder) -> None:
        """Have the server forget this device, and remove its token; raises ChatError, then nothing has changed."""
        token = await secrets.beside(lambda: data.token(self.name))
        hide(token)
        with contextlib.suppress(AuthRefused):  # then it is signed out already
            await self.opened.backend.logout(self.opened.account, token)
        await secrets.beside(lambda: data.drop_token(self.name))

    async def close(self) -> None:
        """Say goodbye to the server, store what is left, let others have the account; within about a second."""
        async with AsyncExitStack() as stack:
            stack.callback(self.opened.lock.release)
            stack.push_async_callback(self.opened.store.close)
            stack.push_async_callback(self.session.close)
            if self._control is not None:
                stack.push_async_callback(self._control.close)


class Household:
    """All accounts of a window, in the order in which they are shown, and those that could not be opened."""

    def __init__(self, absent: Mapping[str, str]) -> None:
        """`absent`: accounts that could not be opened, and the sentence that says why."""
        self.absent = dict(absent)
        self._seats: dict[str, Seat] = {}

    def add(self, opened: Opened, undo_seconds: float) -> Seat:
        """Have an account."""
        seat = self._seats[opened.account.name] = Seat(opened, undo_seconds)
        self.absent.pop(seat.name, None)
        return seat

    def seat(self, name: str) -> Seat | None:
        """The account with this name, where it is open."""
        return self._seats.get(name)

    async def remove(self, name: str) -> None:
        """Close an account and have it no longer."""
        if (seat := self._seats.pop(name, None)) is not None:
            await seat.close()

    @property
    def seats(self) -> tuple[Seat, ...]:
        """All of them."""
        return tuple(self._seats.values())

    async def close(self) -> None:
        """Close all accounts, at the same time: it takes as long as the slowest one."""
        seats, self._seats = self.seats, {}
        for ended in await asyncio.gather(*(seat.close() for seat in seats), return_exceptions=True):
            if isinstance(ended, Exception):
                _LOG.error("an account could not be closed in an orderly way", exc_info=ended)
