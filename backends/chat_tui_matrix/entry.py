"""What the entry point gives: the Matrix backend, which imports its network library when that is first used."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from chat_tui_core.contract import API_VERSION, Browse, Capability, Connection, Deliver, Surroundings
from chat_tui_core.model import Account

if TYPE_CHECKING:
    from chat_tui_core.contract import Credentials, ServerFound, ServerMaker

_ALONE: Final = Surroundings()

MODE: Final = "mode"
"""The account's option that says how to follow the server: auto, sync, sliding or legacy."""


class MatrixBackend:
    """See contract.Backend."""

    name = "matrix"
    title = "Matrix"
    api_version = API_VERSION
    url_example = "https://matrix.example"
    server: ServerMaker | None = None

    def __init__(self, proxy: str = "") -> None:
        self._proxy = proxy

    def through(self, proxy: str) -> MatrixBackend:
        """See `registry.through`."""
        return MatrixBackend(proxy)

    @property
    def capabilities(self) -> frozenset[Capability]:
        """What a homeserver can do; SignedIn says what this way of following it gives."""
        from chat_tui_matrix.protocol.opening import CAPABILITIES

        return CAPABILITIES

    async def discover(self, url: str) -> ServerFound:
        """Find the homeserver, and how one signs in there."""
        from chat_tui_matrix.discovery import discover

        return await discover(url, self._proxy)

    async def login(
        self, url: str, user: str, secret: str, *, kind: str, device: str, browse: Browse | None = None
    ) -> Credentials:
        """Sign in."""
        from chat_tui_matrix.login import sign_in

        return await sign_in(url, user, secret, kind=kind, device=device, browse=browse, proxy=self._proxy)

    async def logout(self, account: Account, token: str) -> None:
        """Have the homeserver forget this device."""
        from chat_tui_matrix.login import sign_out

        await sign_out(account, token, self._proxy)

    def prepare(self) -> None:
        """Import what `connect` needs."""
        from chat_tui_matrix import client  # noqa: F401
        from chat_tui_matrix.protocol import core  # noqa: F401

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

        from chat_tui_matrix.client import MatrixConnection
        from chat_tui_matrix.protocol.core import Login, MatrixCore

        login = Login(account.url, account.user, account.device, token)
        core = MatrixCore(login, position, random, surroundings.read_state, account.options.get(MODE, "auto"))
        keep, files = surroundings.keep_secret, surroundings.files
        return MatrixConnection(core, account.url, deliver, keep, files, proxy=self._proxy)


backend: Final = MatrixBackend()
