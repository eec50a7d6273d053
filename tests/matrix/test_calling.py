"""HTTP requests one by one: how much of an answer is read, and which proxy they go through with which secret."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from aiohttp import web

from chat_tui_matrix.calling import Caller
from chat_tui_matrix.reasons import CallFailed
from chat_tui_matrix.wire.calls import Garbled, Refusal, Request
from tests.matrix.homeserver_stage import Homeserver, endless


@pytest.fixture
async def server() -> AsyncIterator[Homeserver]:
    async with Homeserver() as server:
        yield server


async def test_more_than_is_allowed_is_not_read(server: Homeserver) -> None:
    big = "x" * 2_000_000
    server.on("/big", big)
    server.on("/endless", lambda request: endless(request, b"x" * 65_536, 0, 2_000))
    server.on("/wrong", big, 500)
    async with Caller() as caller:
        told = [
            await caller.call(server.url, Request("GET", path), most=1_000_000)
            for path in ("/big", "/endless", "/wrong")
        ]
    too_large = Garbled("the answer is larger than 1 MB")
    assert told == [(200, too_large), (200, too_large), (500, Refusal("", "HTTP 500: Internal Server Error"))]


async def test_a_proxy_of_the_environment_carries_it_with_its_password(
    server: Homeserver, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def through(request: web.Request) -> web.Response:
        return web.json_response({"asked": str(request.url), "as": request.headers.get("Proxy-Authorization", "")})

    server.on("/", through)
    monkeypatch.setenv("http_proxy", server.url.replace("://", "://me:p%40ss@"))
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    async with Caller() as caller:
        _, told = await caller.call("http://matrix.example", Request("GET", "/_matrix/x"))
        assert told["asked"] == "http://matrix.example/_matrix/x"
        assert told["as"] == "Basic bWU6cEBzcw=="
        monkeypatch.setenv("http_proxy", "ftp://127.0.0.1:9")
        with pytest.raises(CallFailed, match="the proxy that the environment names cannot be used"):
            await caller.call("http://matrix.example", Request("GET", "/"))
        monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
        with pytest.raises(CallFailed, match="the proxy cannot be reached"):
            await caller.call("http://matrix.example", Request("GET", "/"))
        _, told = await caller.call(server.url, Request("GET", "/own"))
        assert told["as"] == "", "this machine needs no proxy"


async def test_a_proxy_gets_its_password_for_the_tunnel_and_not_our_token(monkeypatch: pytest.MonkeyPatch) -> None:
    heard = bytearray()

    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.extend(await reader.readuntil(b"\r\n\r\n"))
        writer.write(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")
        writer.close()

    async with await asyncio.start_server(refuse, "127.0.0.1", 0) as proxy:
        port = proxy.sockets[0].getsockname()[1]
        monkeypatch.setenv("https_proxy", f"127.0.0.1:{port}")
        monkeypatch.setenv("no_proxy", "elsewhere.example")
        async with Caller() as caller:
            with pytest.raises(CallFailed, match="the proxy asks for a user and a password"):
                await caller.call("https://matrix.example", Request("GET", "/"), "t0ken-of-ann")
            assert heard.startswith(b"CONNECT matrix.example:443 HTTP/1.1\r\n")
            assert b"t0ken" not in heard
            monkeypatch.setenv("https_proxy", f"http://me:pass@127.0.0.1:{port}")
            heard.clear()
            with pytest.raises(CallFailed):
                await caller.call("https://matrix.example", Request("GET", "/"), "t0ken-of-ann")
            assert b"Proxy-Authorization: Basic bWU6cGFzcw==\r\n" in heard
            assert b"t0ken" not in heard
