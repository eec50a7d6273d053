"""What the entry point gives: the wschat backend, which imports its network library and its server when first used."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from chat_tui_core.contract import API_VERSION, Browse, Capability, Connection, Deliver, Surroundings
from chat_tui_core.model import Account

if TYPE_CHECKING:
    from chat_tui_core.contract import Credentials, RunningServer, ServerFound, ServerMaker, ServerOptions

_ALONE: Final = Surroundings()

CAPABILITIES: Final = frozenset(
    map(
        Capability,
        [
            "send",
            "history",
            "create",
            "delete",
            "join",
            "invite",
            "kick",
            "topic",
            "edit",
            "redact",
            "react",
            "reply",
            "read",
            "typing",
            "presence",
            "directory",
            "contiguous",
            "files",
        ],
    )
)
"""What a server that offers everything of wschat can do; SignedIn says what this very one does."""


class _LazyServer:
    """The server that this backend ships; see contract.ServerMaker."""

    async def start(self, options: ServerOptions) -> RunningServer:
        """Bind and serve."""
        from chat_tui_wschat.server.maker import WschatServerMaker

        return await WschatServerMaker().start(options)

    async def add_user(self, data: str, name: str, password: str) -> None:
        """Make an account in a server's data file, or give it a new password."""
        from chat_tui_wschat.server.maker import WschatServerMaker

        await WschatServerMaker().add_user(data, name, password)


class WschatBackend:
    """See contract.Backend."""

    name = "wschat"
    title = "wschat"
    api_version = API_VERSION
    url_example = "wss://chat.example"
    capabilities = CAPABILITIES

    def __init__(self, proxy: str = "") -> None:
        self.server: ServerMaker | None = _LazyServer()
        self._proxy = proxy

    def through(self, proxy: str) -> WschatBackend:
        """See `registry.through`."""
        return WschatBackend(proxy)

    async def discover(self, url: str) -> ServerFound:
        """Look whether a server answers, and of which kind it is."""
        from chat_tui_wschat.login import discover

        return await discover(url, self._proxy)

    async def login(
        self, url: str, user: str, secret: str, *, kind: str, device: str, browse: Browse | None = None
    ) -> Credentials:
        """Check a password or a token with the server."""
        from chat_tui_wschat.login import sign_in

        return await sign_in(url, user, secret, kind=kind, device=device, proxy=self._proxy)

    async def logout(self, account: Account, token: str) -> None:
        """Nothing is told: the protocol has no word for it. The next sign-in of this device makes its token void."""

    def prepare(self) -> None:
        """Import what `connect` needs."""
        from chat_tui_wschat import client, protocol  # noqa: F401

    def connect(
        self,
        account: Account,
        token: str,
        position: Mapping[str, str],
        deliver: Deliver,
        surroundings: Surroundings = _ALONE,
    ) -> Connection:
        """Give a connection that is not running yet."""
        from random import random

        from chat_tui_wschat.client import WschatConnection
        from chat_tui_wschat.protocol import Login, WschatCore

        login = Login(account.url, account.user, account.device, token)
        core = WschatCore(login, position, random)
        return WschatConnection(core, deliver, surroundings.files, proxy=self._proxy)


backend: Final = WschatBackend()
