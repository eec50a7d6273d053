"""Matrix through a proxy: looking a homeserver up, signing in, plain requests; and what is said where the proxy refuses."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest

from chat_tui_core.contract import LoginWay
from chat_tui_core.errors import TransportError
from chat_tui_matrix.calling import Caller
from chat_tui_matrix.entry import MatrixBackend
from chat_tui_matrix.reasons import CallFailed
from chat_tui_matrix.wire.calls import Request
from tests.matrix.homeserver_stage import CLIENT, Homeserver
from tests.proxy_stage import StageProxy

FAR = "http://matrix.example:8008"
SECRET = "ann:p@ss"
TYPED = "ann:p%40ss"


@pytest.mark.parametrize("scheme", ["http", "socks5"])
async def test_a_homeserver_is_reached_through_a_proxy_that_looks_it_up(scheme: str) -> None:
    async with Homeserver() as server, StageProxy(urlsplit(server.url).port or 0, SECRET) as stage:
        server.is_homeserver("m.login.password")
        server.on(f"{CLIENT}/v3/account/whoami", {"user_id": "@ann:matrix.example", "device_id": "d1"})
        backend = MatrixBackend().through(stage.url(scheme, TYPED))
        found = await backend.discover(FAR)
        assert LoginWay.PASSWORD in found.ways
        given = await backend.login(FAR, "ann", "t0ken", kind="token", device="d1")
        assert given.user == "@ann:matrix.example"
        assert stage.asked
        assert set(stage.asked) == {"matrix.example:8008"}
        assert all("Proxy-Authorization" not in head for head in server.headers) or scheme == "http"


@pytest.mark.parametrize(
    ("scheme", "url", "secret", "refuses", "told"),
    [
        ("http", "https://matrix.example", "", False, "the proxy asks for a user and a password"),
        ("socks5", FAR, "", False, "the proxy asks for a user and a password"),
        ("http", "https://matrix.example", TYPED, True, "the proxy does not let us through"),
        ("socks5", FAR, TYPED, True, "the proxy does not let us through"),
        ("socks5", FAR, "ann:wrong", False, "the proxy does not accept its user and password"),
    ],
)
async def test_what_the_proxy_refuses_is_told(scheme: str, url: str, secret: str, refuses: bool, told: str) -> None:
    async with StageProxy(1, SECRET, refuses=refuses) as stage:
        with pytest.raises(TransportError) as error:
            await MatrixBackend().through(stage.url(scheme, secret)).discover(url)
        assert told in str(error.value)
        assert "p@ss" not in str(error.value)


async def test_a_proxy_that_is_not_there_is_told_and_nothing_was_sent() -> None:
    async with StageProxy(1) as stage:
        gone = [stage.url("http"), stage.url("socks5")]
    for proxy in gone:
        async with Caller(proxy) as caller:
            with pytest.raises(CallFailed, match="the proxy cannot be reached") as error:
                await caller.call(FAR, Request("GET", "/"))
            assert not error.value.sent


async def test_this_machine_is_reached_directly_unless_the_account_asks(monkeypatch: pytest.MonkeyPatch) -> None:
    async with Homeserver() as server, StageProxy(urlsplit(server.url).port or 0) as stage:
        server.on("/", {})
        monkeypatch.setenv("ALL_PROXY", stage.url("socks5"))
        monkeypatch.delenv("NO_PROXY", raising=False)
        monkeypatch.delenv("no_proxy", raising=False)
        async with Caller() as caller:
            await caller.call(server.url, Request("GET", "/here"))
            assert stage.asked == []
            await caller.call(FAR, Request("GET", "/far"))
            assert stage.asked == ["matrix.example:8008"]
        async with Caller("direct") as caller:
            await caller.call(server.url, Request("GET", "/here"))
        async with Caller(stage.url("socks5")) as caller:
            await caller.call(server.url, Request("GET", "/here"))
        assert stage.asked[1:] == [urlsplit(server.url).netloc]
