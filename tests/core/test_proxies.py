"""Which proxy a server is reached through, how one is written, and that its password never shows."""

from __future__ import annotations

import asyncio
import socket

import pytest

from chat_tui_core import registry
from chat_tui_core.errors import ConfigError
from chat_tui_core.proxies import DIRECT, Proxy, WrongProxy, proxy_for, read_proxy
from chat_tui_core.socks import ProxyRefused, connect_through
from tests.core.scripted import ScriptedBackend
from tests.proxy_stage import StageProxy

VARIABLES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy", "ws_proxy", "wss_proxy", "socks_proxy")
FAR = "https://matrix.example"


@pytest.fixture(autouse=True)
def bare(monkeypatch: pytest.MonkeyPatch) -> None:
    """The environment names no proxy."""
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.mark.parametrize(
    ("text", "proxy"),
    [
        ("http://host:3128", Proxy("http", "host", 3128)),
        ("http://host", Proxy("http", "host", 80)),
        ("https://host/", Proxy("https", "host", 443)),
        ("socks5://127.0.0.1:9050", Proxy("socks5", "127.0.0.1", 9050)),
        ("socks5h://[::1]", Proxy("socks5", "::1", 1080)),
        ("socks://host:1", Proxy("socks5", "host", 1)),
        ("http://ann:p%40s%3As@host:1", Proxy("http", "host", 1, "ann", "p@s:s")),
        ("socks4://host:1", None),
        ("ftp://host", None),
        ("host:3128", None),
        ("http://", None),
        ("http://host:0", None),
        ("http://host:99999", None),
        ("http://host:x", None),
        ("http://host/path", None),
        ("http://host?x", None),
        ("http://ho st", None),
        ("http://host\x1b", None),
        ("http://[", None),
        ("", None),
    ],
)
def test_a_proxy_is_read(text: str, proxy: Proxy | None) -> None:
    assert read_proxy(text) == proxy
    if proxy is not None:
        assert read_proxy(proxy.url) == proxy


def test_its_password_is_never_shown() -> None:  # A24
    proxy = read_proxy("http://ann:sesame@host:3128")
    assert proxy is not None
    assert proxy.shown == "http://host:3128"
    assert "sesame" not in repr(proxy)
    assert "ann" not in repr(proxy)
    with pytest.raises(WrongProxy) as error:
        proxy_for(FAR, "ftp://ann:sesame@host")
    assert "sesame" not in str(error.value)


@pytest.mark.parametrize(
    ("environment", "url", "wanted", "shown"),
    [
        ({}, FAR, "", ""),
        ({}, FAR, "socks5://p:1", "socks5://p:1"),
        ({"https_proxy": "http://p:1"}, FAR, "", "http://p:1"),
        ({"HTTPS_PROXY": "p:1"}, FAR, "", "http://p:1"),
        ({"HTTPS_PROXY": "http://p:1"}, FAR, DIRECT, ""),
        ({"HTTPS_PROXY": "http://p:1"}, FAR, "http://q:2", "http://q:2"),
        ({"HTTPS_PROXY": "http://p:1"}, "http://matrix.example", "", ""),
        ({"ALL_PROXY": "socks5://p:1"}, FAR, "", "socks5://p:1"),
        ({"ALL_PROXY": "socks5://p:1"}, "ws://chat.example", "", "socks5://p:1"),
        ({"ALL_PROXY": "socks5://p:1", "HTTPS_PROXY": "http://q:2"}, "wss://chat.example", "", "http://q:2"),
        ({"HTTP_PROXY": "http://p:1"}, "ws://chat.example:8765", "", "http://p:1"),
        ({"SOCKS_PROXY": "http://p:1"}, FAR, "", "socks5://p:1"),
        ({"ALL_PROXY": "http://p:1", "NO_PROXY": "matrix.example"}, FAR, "", ""),
        ({"ALL_PROXY": "http://p:1", "NO_PROXY": ".example"}, "wss://chat.example:8765/x", "", ""),
        ({"ALL_PROXY": "http://p:1", "NO_PROXY": "other.example"}, FAR, "", "http://p:1"),
        ({"ALL_PROXY": "http://p:1", "NO_PROXY": "*"}, FAR, "", ""),
        ({"NO_PROXY": "*"}, FAR, "http://p:1", "http://p:1"),
        ({"ALL_PROXY": "http://p:1"}, "ws://127.0.0.1:8765", "", ""),
        ({"ALL_PROXY": "http://p:1"}, "http://[::1]:8008", "", ""),
        ({"ALL_PROXY": "http://p:1"}, "http://localhost:8008", "", ""),
        ({}, "http://localhost:8008", "http://p:1", "http://p:1"),
    ],
)
def test_which_proxy_holds(
    environment: dict[str, str], url: str, wanted: str, shown: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    proxy = proxy_for(url, wanted)
    assert (proxy.shown if proxy else "") == shown


def test_what_is_no_proxy_is_told_and_nobody_goes_directly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALL_PROXY", "socks4://p:1")
    with pytest.raises(WrongProxy, match="the proxy that the environment names cannot be used"):
        proxy_for(FAR)
    with pytest.raises(WrongProxy, match="the account's proxy cannot be used"):
        proxy_for(FAR, "p:1")


def test_a_backend_that_knows_no_proxies_is_refused() -> None:
    backend = ScriptedBackend()
    assert registry.through(backend, "") is backend
    with pytest.raises(ConfigError, match="'scripted' knows no proxies"):
        registry.through(backend, "http://p:1")


# ---------------------------------------------------------------- SOCKS 5


async def echoing() -> asyncio.Server:
    """A server that says hello."""

    async def hello(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"hello")
        writer.close()

    return await asyncio.start_server(hello, "127.0.0.1", 0)


async def heard(found: socket.socket) -> bytes:
    """What the other side says first."""
    with found:
        return await asyncio.get_running_loop().sock_recv(found, 100)


@pytest.mark.parametrize("host", ["far.example", "10.1.2.3"])
@pytest.mark.parametrize("secret", ["", "ann:sesame"])
async def test_a_host_is_reached_through_the_proxy_which_gets_its_name(host: str, secret: str) -> None:
    async with await echoing() as server, StageProxy(server.sockets[0].getsockname()[1], secret) as stage:
        proxy = read_proxy(stage.url("socks5", secret))
        assert proxy is not None
        assert await heard(await connect_through(proxy, host, 4242)) == b"hello"
        assert stage.asked == [f"{host}:4242"]


@pytest.mark.parametrize(
    ("wanted", "given", "told"),
    [
        ("ann:sesame", "", "the proxy asks for a user and a password"),
        ("ann:sesame", "ann:wrong", "the proxy does not accept its user and password"),
    ],
)
async def test_a_proxy_that_does_not_know_us_says_so(wanted: str, given: str, told: str) -> None:
    async with StageProxy(1, wanted) as stage:
        proxy = read_proxy(stage.url("socks5", given))
        assert proxy is not None
        with pytest.raises(ProxyRefused, match=told):
            await connect_through(proxy, "far.example", 1)


async def test_a_proxy_that_lets_nobody_through_says_so() -> None:
    async with StageProxy(1, refuses=True) as stage:
        with pytest.raises(ProxyRefused, match="the proxy does not let us through"):
            await connect_through(Proxy("socks5", "127.0.0.1", stage.port), "far.example", 1)


async def test_what_is_no_proxy_for_socks_is_told() -> None:
    async with await echoing() as server:
        port = server.sockets[0].getsockname()[1]
        with pytest.raises(ProxyRefused, match="the proxy hung up; is it one for SOCKS 5"):
            await connect_through(Proxy("socks5", "127.0.0.1", port), "far.example", 1)
    with pytest.raises(ProxyRefused, match="the proxy cannot be reached"):
        await connect_through(Proxy("socks5", "127.0.0.1", port), "far.example", 1)
