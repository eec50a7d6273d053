"""A backend on whose server nobody is: it says what a benchmark tells it to say, and takes everything without a word."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

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
from chat_tui_core.link import Capability
from chat_tui_core.model import Account
from chat_tui_core.questions import Question


class SilentConnection:
    """Never comes online by itself; `deliver` is the session's."""

    def __init__(self, deliver: Deliver) -> None:
        self.deliver = deliver
        self._closed = asyncio.Event()

    async def run(self) -> None:
        """Stay until `close`."""
        await self._closed.wait()

    def do(self, action: Action) -> None:
        """Take it."""

    def ask(self, question: Question) -> None:
        """Take it."""

    def stored(self, position: Mapping[str, str]) -> None:
        """Take it."""

    def connect_now(self) -> None:
        """Stay as it is."""

    async def close(self) -> None:
        """End `run`."""
        self._closed.set()


class SilentBackend:
    """Makes silent connections; the newest one is `connection`."""

    name = "silent"
    title = "Silent"
    api_version = API_VERSION
    url_example = "silent://"
    capabilities = frozenset(Capability)
    server = None

    def __init__(self) -> None:
        self.connection: SilentConnection | None = None

    async def discover(self, url: str) -> ServerFound:
        """Find it anywhere."""
        return ServerFound(url, (LoginWay.PASSWORD,))

    async def login(
        self, url: str, user: str, secret: str, *, kind: str, device: str, browse: Browse | None = None
    ) -> Credentials:
        """Let everybody in."""
        return Credentials(user, device, secret)

    async def logout(self, account: Account, token: str) -> None:
        """Forget nothing."""

    def connect(
        self,
        account: Account,
        token: str,
        position: Mapping[str, str],
        deliver: Deliver,
        surroundings: Surroundings = Surroundings(),  # noqa: B008 - it cannot be changed
    ) -> Connection:
        """Give a connection that is not running yet."""
        self.connection = SilentConnection(deliver)
        return self.connection
