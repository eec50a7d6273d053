"""wschat through a proxy: signing in, looking a server up, talking; and what is said where the proxy refuses."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from urllib.parse import urlsplit

import pytest

from chat_tui_core.contract import LoginWay, SignedIn
from chat_tui_core.errors import TransportError
from chat_tui_core.model import Account
from chat_tui_core.news import News
from chat_tui_wschat.dialing import DialError, dial
from chat_tui_wschat.entry import WschatBackend
from chat_tui_wschat.server.shell import WsServer
from tests.proxy_stage import StageProxy
from tests.wschat.server_running import running

FAR = "ws://chat.example:8765"
SECRET = "ann:p@ss"
TYPED = "ann:p%40ss"


def port_of(server: WsServer) -> int:
    return urlsplit(server.url).port or 0


@pytest.mark.parametrize("scheme", ["http", "socks5"])
async def test_an_account_lives_behind_a_proxy_that_looks_its_server_up(scheme: str) -> None:
    online = asyncio.Event()

    def deliver(news: Sequence[News]) -> None:
        if any(isinstance(one, SignedIn) for one in news):
            online.set()

    async with running() as server, StageProxy(port_of(server), SECRET) as stage:
        backend = WschatBackend().through(stage.url(scheme, TYPED))
        assert (await backend.discover(FAR)).ways == (LoginWay.PASSWORD, LoginWay.TOKEN)
        given = await backend.login(FAR, "ann", "sesame", kind="password", device="d1")
        connection = backend.connect(Account("home", "wschat", FAR, "ann", "d1"), given.token, {}, deliver)
        runs = asyncio.create_task(connection.run())
        async with asyncio.timeout(30):
            await online.wait()
        await connection.close()
        await runs
        assert stage.asked == ["chat.example:8765"] * 3


@pytest.mark.parametrize(
    ("scheme", "secret", "refuses", "told"),
    [
        ("http", "", False, "the proxy asks for a user and a password"),
        ("socks5", "", False, "the proxy asks for a user and a password"),
        ("http", TYPED, True, "the proxy does not let us through"),
        ("socks5", TYPED, True, "the proxy does not let us through"),
        ("socks5", "ann:wrong", False, "the proxy does not accept its user and password"),
    ],
)
async def test_what_the_proxy_refuses_is_told(scheme: str, secret: str, refuses: bool, told: str) -> None:
    async with StageProxy(1, SECRET, refuses=refuses) as stage:
        backend = WschatBackend().through(stage.url(scheme, secret))
        with pytest.raises(TransportError) as error:
            await backend.discover(FAR)
        assert str(error.value) == f"Cannot connect to {FAR}: {told}."


@pytest.mark.parametrize("scheme", ["http", "socks5"])
async def test_a_proxy_that_is_not_there_is_told(scheme: str) -> None:
    async with StageProxy(1) as stage:
        gone = stage.url(scheme)
    with pytest.raises(DialError, match="the proxy cannot be reached"):
        await dial(FAR, gone)


async def test_this_machine_is_reached_directly_unless_the_account_asks(monkeypatch: pytest.MonkeyPatch) -> None:
    async with running() as server, StageProxy(port_of(server)) as stage:
        url = f"ws://127.0.0.1:{port_of(server)}"
        monkeypatch.setenv("ALL_PROXY", stage.url("socks5"))
        monkeypatch.delenv("NO_PROXY", raising=False)
        monkeypatch.delenv("no_proxy", raising=False)
        await (await dial(url)).close()
        assert stage.asked == []
        await (await dial(url, stage.url("socks5"))).close()
        assert stage.asked == [f"127.0.0.1:{port_of(server)}"]
        await (await dial(FAR)).close()
        assert stage.asked[1:] == ["chat.example:8765"]
        monkeypatch.setenv("ALL_PROXY", "socks4://127.0.0.1:1")
        with pytest.raises(DialError, match="the proxy that the environment names cannot be used"):
            await dial(FAR)
