"""A session's connection: made when a token is known, hung up, made anew where the one before has ended for good."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final

from chat_tui_core.link import Link, LinkChanged

if TYPE_CHECKING:
    from chat_tui_core.contract import Connection
    from chat_tui_core.news import News

_LOG = logging.getLogger(__name__)

CLOSE_TIMEOUT: Final = 1.0
"""Seconds that saying goodbye may take."""

_FAULT: Final = "a fault of the program, its log says where"


class Line:
    """At most one connection at a time. Lives on the session's loop."""

    def __init__(
        self, token: str, make: Callable[[str], Connection], deliver: Callable[[Sequence[News]], None], name: str
    ) -> None:
        """`make` gives a connection for a token, not running yet; `deliver` hears when a fault has ended one."""
        self.connection: Connection | None = None
        self.token = token
        self._make = make
        self._deliver = deliver
        self._name = name
        self._run: asyncio.Task[None] | None = None
        self._closed = False

    def connect(self, token: str = "") -> None:
        """Connect, and stay connected until it is hung up. Nothing happens while no token is known."""
        self.token = token or self.token
        if self._run is None and self.token:
            self.connection = self._make(self.token)
            self._run = asyncio.get_running_loop().create_task(self.connection.run(), name=f"run {self._name}")
            self._run.add_done_callback(self._ended)

    def connect_now(self) -> None:
        """Do not wait for the next try; what has ended for good begins anew."""
        if self._closed:
            return
        if self._run is not None and self._run.done():
            self._run = None
            self.connect()
        elif self.connection is not None:
            self.connection.connect_now()

    async def reconnect(self, token: str) -> None:
        """Hang up, and connect with another token."""
        await self.hang_up()
        self._run = None
        self.connect(token)

    async def close(self) -> None:
        """Say goodbye for good: there is no connection after it."""
        self._closed = True
        await self.hang_up()

    async def hang_up(self) -> None:
        """Say goodbye, within about a second."""
        if self.connection is None or self._run is None:
            return
        try:
            async with asyncio.timeout(CLOSE_TIMEOUT):
                await self.connection.close()
                await asyncio.wait({self._run})
        except TimeoutError:
            self._run.cancel()
            await asyncio.gather(self._run, return_exceptions=True)

    def _ended(self, run: asyncio.Task[None]) -> None:
        if not run.cancelled() and (error := run.exception()) is not None:
            _LOG.error("the connection ended", exc_info=error)
            self._deliver([LinkChanged(Link.STOPPED, _FAULT)])
