"""`chat-tui serve`: who is let in, what a page gets, and that coming back finds what was left."""

from __future__ import annotations

import asyncio
import re
import shlex
import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web
from yarl import URL

from chat_tui.web import COOKIE, HOST, Browser, Gate
from chat_tui_core.accounts import DataFolder
from tests.live.chromium import FOUND, Page, chromium
from tests.live.command import PROGRAM, Client, Running, Server

pytestmark = [pytest.mark.live, pytest.mark.timeout(120)]

SWITCHER, QUIT = "\x0b", "\x11"
"""Ctrl+K, Ctrl+Q"""
ESCAPES = re.compile(rb"\x1b\[[0-9;?<>=$]*[A-Za-z]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)")


@contextmanager
def serving(client: Client, *arguments: str) -> Iterator[tuple[Running, str]]:
    """`chat-tui serve`, and the address that it has printed."""
    with client.start("serve", *arguments) as running:
        url = running.line().removeprefix("Open ")
        assert "works once" in running.line()
        yield running, url
        code, error = running.end(signal.SIGTERM)
        assert (code, error) == (0, "")


def test_a_gate_opens_once() -> None:
    gate = Gate()
    token = gate.token
    assert gate.enter("") == gate.enter("x") == ""
    assert not gate.knows("")
    cookie = gate.enter(token)
    assert cookie
    assert gate.enter(token) == gate.enter("") == ""
    assert gate.knows(cookie)
    assert not gate.knows("ünknown")


@asynccontextmanager
async def entered(url: str) -> AsyncIterator[aiohttp.ClientSession]:
    """A browser that came in by the address."""
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as session:
        async with session.get(url) as page:
            assert page.status == 200
            assert page.url.query_string == ""
        yield session


async def status(session: aiohttp.ClientSession, url: URL | str, **headers: str) -> int:
    async with session.get(url, headers=headers, allow_redirects=False) as answer:
        return answer.status


async def test_only_whoever_has_the_address_comes_in_and_only_once(tmp_path: Path) -> None:
    with serving(Client(tmp_path), "--demo") as (_, url):
        home = URL(url).with_query(None)
        async with aiohttp.ClientSession() as stranger:
            for path in ("/", "/?token=", "/?token=x", "/ws", "/static/js/textual.js", "/download/1"):
                assert await status(stranger, home.join(URL(path))) == 403
        async with entered(url) as session:
            (cookie,) = (one for one in session.cookie_jar if one.key == COOKIE)
            assert cookie["httponly"]
            assert cookie["samesite"] == "Strict"
            async with session.get(home) as page:
                assert "frame-ancestors 'none'" in page.headers["Content-Security-Policy"]
            assert await status(session, home / "static/js/textual.js") == 200
            assert await status(session, home, Host="evil.example") == 403
            assert await status(session, home / "ws", Origin="http://evil.example") == 403
            assert await status(session, home / "ws") == 403
            async with aiohttp.ClientSession() as second:
                assert await status(second, url) == 403


class Tab:
    """The socket of a page."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket
        self.seen = b""

    async def wait_for(self, text: str) -> None:
        """Wait until the app has drawn this."""
        while text.encode() not in ESCAPES.sub(b"", self.seen):
            message = await self._socket.receive(20)
            shown = ESCAPES.sub(b"", self.seen).decode()
            assert message.type is aiohttp.WSMsgType.BINARY, f"{text!r} never came: {shown[-2_000:]}"
            self.seen += message.data

    async def wait_closed(self) -> None:
        """Wait until the server has closed it."""
        async with asyncio.timeout(30):
            async for message in self._socket:
                self.seen += message.data

    async def focus(self) -> None:
        """The person looks at the page."""
        await self._socket.send_json(["focus"])

    async def type(self, text: str) -> None:
        await self._socket.send_json(["stdin", text])


@asynccontextmanager
async def tab(session: aiohttp.ClientSession, url: str, width: int = 100, height: int = 30) -> AsyncIterator[Tab]:
    """Load the page and open its socket."""
    home = URL(url).with_query(None)
    async with session.get(home) as page:
        assert page.status == 200
    origin = {"Origin": f"http://{home.host}:{home.port}"}
    async with session.ws_connect(home / "ws" % {"width": width, "height": height}, headers=origin) as socket:
        yield Tab(socket)


async def arrived(client: Client, text: str) -> None:
    """Wait until the open app says that a message has its place in the room."""
    async with asyncio.timeout(40):
        while True:
            rows = (await asyncio.to_thread(client, "history", "general", "--json")).rows
            if any(row["text"] == text for row in rows):
                return


async def has_rooms(client: Client) -> None:
    """Wait until the open app has a room."""
    async with asyncio.timeout(40):
        while not (await asyncio.to_thread(client, "rooms", "--json")).rows:
            await asyncio.sleep(0.1)


async def test_who_closes_the_page_and_comes_back_finds_what_was_left(tmp_path: Path) -> None:
    with Server("--open") as server:
        ada = Client(tmp_path)
        ada.login(server.url, "ada")
        with serving(ada) as (_, url):
            async with entered(url) as session:
                async with tab(session, url) as page:
                    await page.wait_for("Message general")
                    await page.focus()
                    await page.type("\rsaid before\r")
                    await arrived(ada, "said before")
                    await page.type("half a thought")
                    await page.wait_for("half a thought")
                    await page.type(SWITCHER)
                    await page.wait_for("Go to room or person")
                    await page.type("gen")
                pid = app_pid(ada)
                async with tab(session, url, 90, 24) as page:
                    await page.wait_for("half a thought")
                    await page.wait_for("gen")  # the dialog is open as it was left
                    await page.type("\x1b")
                    await page.wait_for("said before")
                    async with tab(session, url) as newer:  # it takes the app from the one that is open
                        await newer.wait_for("half a thought")
                        await page.wait_closed()
                        assert app_pid(ada) == pid
                        await newer.type(QUIT)
                        await newer.wait_closed()
                async with tab(session, url) as page:  # the app was left: another one starts, on what is stored
                    await page.wait_for("half a thought")
                    assert app_pid(ada) != pid


def app_pid(client: Client) -> int:
    """The process that has the account open."""
    return int((DataFolder(client.folder).folder("home") / "lock").read_text().split()[0])


async def test_an_app_that_nobody_comes_back_to_ends(tmp_path: Path) -> None:
    with Server("--open") as server:
        ada = Client(tmp_path)
        ada.login(server.url, "ada")
        command = shlex.join([*PROGRAM, "--data-dir", str(ada.folder)])
        browser = Browser(command, keep_seconds=0.1)
        runner = web.AppRunner(await browser.make())
        await runner.setup()
        try:
            await (site := web.TCPSite(runner, HOST, 0)).start()
            url = f"http://{HOST}:{runner.addresses[0][1]}/?token={browser.gate.token}"
            async with entered(url) as session, tab(session, url) as page:
                await page.wait_for("Message general")
            async with asyncio.timeout(40):
                while browser._app is None or browser._app.running:
                    await asyncio.sleep(0.05)
            assert await asyncio.to_thread(lambda: ada("rooms").code) == 0
            await site.stop()
        finally:
            await runner.cleanup()


def test_an_account_that_is_open_elsewhere_is_told_of_at_the_start(tmp_path: Path) -> None:
    with Server("--open") as server:
        ada = Client(tmp_path)
        ada.login(server.url, "ada")
        with ada.start("tail") as tail:
            assert ada("send", "general", "hello").code == 0
            tail.line()
            refused = ada("serve")
            assert refused.code == 1
            assert "account 'home'" in refused.sentence


@pytest.mark.skipif(FOUND is None, reason="no Chromium is installed")
async def test_what_is_typed_in_a_browser_is_said(tmp_path: Path) -> None:
    with Server("--open") as server:
        ada = Client(tmp_path)
        ada.login(server.url, "ada")
        with serving(ada) as (_, url):
            async with chromium() as page:
                await page.do("Page.navigate", url=url)
                await page.wait_for("document.body.classList.contains('-first-byte')")
                assert await page.run("location.search") == ""
                await page.wait_for("document.querySelector('.xterm-helper-textarea') !== null")
                await page.run("document.querySelector('.xterm-helper-textarea').focus()")
                await has_rooms(ada)  # else Enter opens none
                await page.press_enter()
                await page.type("grüße from a browser ✓")
                await page.press_enter()
                await arrived(ada, "grüße from a browser ✓")


async def loaded(page: Page, url: URL | str) -> None:
    """Load a page, and wait until the app has drawn something on it."""
    await page.do("Page.navigate", url=str(url))
    await page.wait_for("document.body.classList.contains('-first-byte')")
    await page.wait_for("document.querySelector('.xterm-helper-textarea') !== null")
    await page.run("document.querySelector('.xterm-helper-textarea').focus()")


@pytest.mark.skipif(FOUND is None, reason="no Chromium is installed")
async def test_a_browser_that_comes_back_shows_the_same(tmp_path: Path) -> None:
    with Server("--open") as server:
        ada = Client(tmp_path)
        ada.login(server.url, "ada")
        with serving(ada) as (_, url):
            async with chromium() as page:
                await loaded(page, url)
                await has_rooms(ada)
                await page.press_enter()
                await page.type("said in a browser")
                await page.press_enter()
                await arrived(ada, "said in a browser")
                await page.type("half a thought")
                pid, before = app_pid(ada), await steady(page)
                await page.do("Page.navigate", url="about:blank")
                await page.wait_for("document.querySelector('.xterm-helper-textarea') === null")
                await loaded(page, URL(url).with_query(None))
                async with asyncio.timeout(40):
                    while await steady(page) != before:
                        await asyncio.sleep(0.1)
                assert app_pid(ada) == pid


async def steady(page: Page) -> bytes:
    """What is seen once it is seen twice in a row."""
    before = b""
    async with asyncio.timeout(40):
        while (shown := await page.picture()) != before:
            before = shown
            await asyncio.sleep(0.3)
    return shown
