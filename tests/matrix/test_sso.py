"""Signing in by a browser: the page, the way back, and who else may knock at the listener."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from urllib.parse import parse_qs, urlsplit

import aiohttp
import pytest
from aiohttp import web

from chat_tui_core.contract import Credentials
from chat_tui_core.errors import AuthRefused, ConfigError, TransportError
from chat_tui_matrix import sso
from chat_tui_matrix.entry import backend
from tests.matrix.homeserver_stage import CLIENT, Homeserver, until

ANN = "@ann:matrix.example"
GIVEN = {"user_id": ANN, "access_token": "acc3ss", "device_id": "d1", "refresh_token": "r3fresh"}
LOGIN = f"{CLIENT}/v3/login"


class Person:
    """Somebody with a browser: the page that they were shown, and the sign-in that waits for them."""

    def __init__(self, server: Homeserver, user: str = "") -> None:
        self.pages: list[str] = []
        self.task: asyncio.Task[Credentials] = asyncio.create_task(
            backend.login(server.url, user, "", kind="sso", device="d1", browse=self.pages.append)
        )

    async def page(self) -> str:
        await until(lambda: self.pages or self.task.done())
        return self.pages[0]

    async def back(self) -> str:
        """The address to come back to."""
        return parse_qs(urlsplit(await self.page()).query)["redirectUrl"][0]


async def visit(url: str, method: str = "GET") -> tuple[int, str]:
    async with aiohttp.ClientSession() as browser, browser.request(method, url) as answer:
        return answer.status, await answer.text()


@pytest.fixture
async def server() -> AsyncIterator[Homeserver]:
    async with Homeserver() as server:
        server.is_homeserver("m.login.sso", "m.login.token")

        async def signed_in(request: web.Request) -> web.Response:
            if request.method == "GET":
                return web.json_response({"flows": [{"type": "m.login.sso"}]})
            if server.bodies[-1]["token"] != "l0gin/+=":
                return web.json_response({"errcode": "M_FORBIDDEN", "error": "Invalid login token"}, status=403)
            return web.json_response(GIVEN)

        server.on(LOGIN, signed_in)
        yield server


async def test_a_person_signs_in_and_comes_back(server: Homeserver) -> None:
    ann = Person(server)
    assert (await ann.page()).startswith(
        f"{server.url}{CLIENT}/v3/login/sso/redirect?redirectUrl=http%3A%2F%2F127.0.0.1%3A"
    )
    status, page = await visit(f"{await ann.back()}?loginToken=l0gin%2F%2B%3D")
    assert status == 200
    assert "You are signed in. Close this page" in page
    given = await ann.task
    assert (given.user, given.device, given.url) == (ANN, "d1", server.url)
    assert json.loads(given.token)["refresh_token"] == "r3fresh"
    assert server.bodies[-1] == {
        "type": "m.login.token",
        "token": "l0gin/+=",
        "device_id": "d1",
        "initial_device_display_name": "chat-tui",
        "refresh_token": True,
    }
    with pytest.raises(aiohttp.ClientConnectorError):
        await visit(await ann.back())


async def test_only_who_knows_the_way_back_is_let_in(server: Homeserver) -> None:
    ann = Person(server)
    back = await ann.back()
    place = back.rpartition("/")[0]
    assert len(back.rpartition("/")[2]) >= 32
    token = "?loginToken=l0gin%2F%2B%3D"
    for path in ("/", "/favicon.ico", token, f"/x{token}", f"/{'x' * 32}{token}", f"//evil{token}"):
        assert (await visit(place + path))[0] == 404
    for method in ("POST", "PUT", "OPTIONS", "HEAD"):
        assert await visit(back + token, method) == (405, "")
    for query in (
        "",
        "?loginToken=",
        "?loginToken=a&loginToken=b",
        "?token=x",
        "?loginToken=%00",
        "?loginToken=" + "x" * 5000,
    ):
        status, page = await visit(back + query)
        assert (status, "gave nothing to sign in with" in page) == (400, True)
    assert not ann.task.done()
    await visit(back + token)
    assert (await ann.task).user == ANN


async def test_what_is_no_browser_does_not_disturb(server: Homeserver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sso, "HEAD_TIME", 0.2)
    ann = Person(server)
    back = urlsplit(await ann.back())
    for noise in (
        b"",
        b"\x00\xff" * 10,
        b"x" * 100_000,
        b"GET\r\n\r\n",
        b"GET http://[ HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\n",
    ):
        reader, writer = await asyncio.open_connection(back.hostname, back.port)
        writer.write(noise)
        try:
            if noise:
                writer.write_eof()
            await reader.read()
        except OSError:
            pass
        writer.close()
    silent = [await asyncio.open_connection(back.hostname, back.port) for _ in range(3)]
    await visit(f"{back.geturl()}?loginToken=l0gin%2F%2B%3D")
    assert (await ann.task).user == ANN
    for _, writer in silent:
        writer.close()


async def test_a_token_that_the_server_does_not_take(server: Homeserver) -> None:
    ann = Person(server)
    await visit(f"{await ann.back()}?loginToken=forged")
    with pytest.raises(AuthRefused, match="does not accept what came back from the browser"):
        await ann.task


async def test_the_browser_s_own_user_is_not_the_one_that_was_named(server: Homeserver) -> None:
    server.on(f"{CLIENT}/v3/logout", {})
    bob = Person(server, "bob")
    await visit(f"{await bob.back()}?loginToken=l0gin%2F%2B%3D")
    with pytest.raises(
        AuthRefused, match=r"In the browser you are @ann:matrix\.example, not bob: sign out there first"
    ):
        await bob.task
    assert server.seen[-1] == f"POST {CLIENT}/v3/logout"
    assert server.headers[-1]["Authorization"] == "Bearer acc3ss"


async def test_nobody_comes_back(server: Homeserver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sso, "WAIT", 0.1)
    ann = Person(server)
    with pytest.raises(TransportError, match="Nobody came back from the browser within 0 minutes: try again"):
        await ann.task


async def test_giving_up_closes_the_listener(server: Homeserver) -> None:
    ann = Person(server)
    back = await ann.back()
    ann.task.cancel()
    await asyncio.gather(ann.task, return_exceptions=True)
    with pytest.raises(aiohttp.ClientConnectorError):
        await visit(back)


async def test_where_no_page_can_be_shown(server: Homeserver) -> None:
    with pytest.raises(ConfigError, match="Nothing here can show a page"):
        await backend.login(server.url, "", "", kind="sso", device="d1")
