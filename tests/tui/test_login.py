"""The form to sign in: typed at any speed, what servers offer, the browser, tokens, and what goes wrong."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from textual import events
from textual.pilot import Pilot
from textual.widgets import Input, Static

from chat_tui import log
from chat_tui.app import ChatApp
from chat_tui.browsing import open_page
from chat_tui.config import AppOptions
from chat_tui.screens import login
from chat_tui.screens.login import LoginScreen, suggested_name
from chat_tui.screens.main import MainScreen
from chat_tui_core import registry
from chat_tui_core.accounts import DataFolder
from chat_tui_core.contract import Browse, Credentials, LoginWay, ServerFound
from chat_tui_core.errors import AuthRefused, ConfigError
from chat_tui_core.model import Account
from tests.core.scripted import ScriptedBackend

PAGE = "https://matrix.example/_matrix/client/v3/login/sso/redirect?redirectUrl=http%3A%2F%2F127.0.0.1%3A4%2Fx"
ALL = (LoginWay.PASSWORD, LoginWay.SSO, LoginWay.TOKEN)


class Server(ScriptedBackend):
    """Lets in who says `right`; `ways` None: whoever looks it up waits for ever."""

    name = "matrix"
    url_example = "https://matrix.example"

    def __init__(self) -> None:
        super().__init__()
        self.ways: tuple[LoginWay, ...] | None = ALL
        self.note = ""
        self.looked: list[str] = []
        self.asked: list[tuple[str, str, str, str]] = []
        self.back = asyncio.Event()
        self.given_up = False

    async def discover(self, url: str) -> ServerFound:
        self.looked.append(url)
        if self.ways is None:
            await asyncio.Event().wait()
        if "nowhere" in url:
            raise ConfigError(f"No Matrix server answers at {url}: check the address.")
        return ServerFound("https://real.example", self.ways or (), self.note)

    async def login(
        self, url: str, user: str, secret: str, *, kind: str, device: str, browse: Browse | None = None
    ) -> Credentials:
        self.asked.append((url, user, secret, kind))
        if kind == LoginWay.SSO:
            assert browse is not None
            browse(PAGE)
            try:
                await self.back.wait()
            except asyncio.CancelledError:
                self.given_up = True
                raise
        elif secret == "fault":
            raise ZeroDivisionError
        elif secret != "right":
            raise AuthRefused("The server does not accept this user name with this password.")
        return Credentials("@ann:real.example", device, "acc3ss", "https://real.example", {"x": "y"})


class Form:
    """The form on screen."""

    def __init__(self, app: ChatApp, pilot: Pilot[int]) -> None:
        self.app = app
        self.pilot = pilot

    async def press(self, *keys: str) -> None:
        await self.pilot.press(*keys)
        await self.pilot.pause()

    def text(self, which: str) -> str:
        return str(self.app.screen.query_one(f"#{which}", Static).render())

    def value(self, which: str) -> str:
        return self.app.screen.query_one(f"#{which}", Input).value

    async def until_main(self) -> None:
        async with asyncio.timeout(5):
            while not isinstance(self.app.screen, MainScreen):
                await self.pilot.pause(0.01)
        await self.pilot.pause(0.05)


@pytest.fixture
def data(tmp_path: Path) -> DataFolder:
    return DataFolder(tmp_path / "data")


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Server:
    made = Server()
    monkeypatch.setattr(registry, "load", lambda _name: made)
    monkeypatch.setattr(login, "open_page", lambda _url: False)
    return made


@asynccontextmanager
async def form(data: DataFolder) -> AsyncIterator[Form]:
    app: ChatApp = ChatApp(AppOptions(data))
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        app.push_screen(LoginScreen(data, "matrix", "Matrix"))
        await pilot.pause()
        yield Form(app, pilot)
    await app.close_account()


# ---------------------------------------------------------------- typing


@pytest.mark.parametrize("ways", [ALL, None, (LoginWay.TOKEN,)])
async def test_typed_at_once_it_signs_in_whatever_is_known_of_the_server(
    data: DataFolder, server: Server, ways: tuple[LoginWay, ...] | None
) -> None:
    server.ways = ways
    async with form(data) as shown:
        await shown.pilot.press(*"matrix.lan", "tab", *"Ann", "enter", *"right", "enter")
        await shown.until_main()
    assert server.asked == [("matrix.lan", "Ann", "right", "password")]
    assert server.looked == ["matrix.lan"]
    kept = data.account("ann")
    assert (kept.url, kept.user, kept.options) == ("https://real.example", "@ann:real.example", {"x": "y"})
    assert data.token("ann") == "acc3ss"


async def test_what_is_typed_after_a_deletion_stays_however_fast(data: DataFolder, server: Server) -> None:
    async with form(data) as shown:
        for key in ("x", "y", "ctrl+u", *"new.example"):  # all of them before the app looks at the first
            shown.app.post_message(events.Key(key, key if len(key) == 1 else None))
        await shown.pilot.pause()
        assert shown.value("url") == "new.example"


async def test_the_example_gives_way_to_what_is_typed_and_is_not_looked_up(data: DataFolder, server: Server) -> None:
    async with form(data) as shown:
        assert shown.value("url") == "https://matrix.example"
        await shown.press("tab", "shift+tab")
        assert server.looked == []
        await shown.press(*"x.example")
        assert shown.value("url") == "x.example"


async def test_a_full_id_as_the_address_says_who_one_is(data: DataFolder, server: Server) -> None:
    async with form(data) as shown:
        await shown.press(*"@Ann:real.example", "tab")
        assert shown.app.screen.query_one("#user", Input).placeholder == "@Ann:real.example"
        await shown.press("enter", *"right", "enter")
        await shown.until_main()
    assert server.asked == [("@Ann:real.example", "", "right", "password")]
    assert data.names() == ["ann-real.example"]


async def test_what_is_missing_is_gone_to(data: DataFolder, server: Server) -> None:
    async with form(data) as shown:
        await shown.press("tab", "tab", *"right", "enter")
        assert shown.app.focused is shown.app.screen.query_one("#user")
        assert server.asked == []


@pytest.mark.parametrize(
    ("user", "name"),
    [
        ("Ann", "ann"),
        ("@ann:matrix.example", "ann-matrix.example"),
        ("é", ""),
        ("x" * 50, "x" * 32),
        ("..a b..", "a-b"),
    ],
)
def test_a_name_is_suggested(user: str, name: str) -> None:
    assert suggested_name(user) == name


# ---------------------------------------------------------------- what the server offers


async def test_the_ways_are_shown_once_the_address_is_known(data: DataFolder, server: Server) -> None:
    server.note = "Not encrypted: \x1b[2Jothers can read it."
    async with form(data) as shown:
        assert shown.text("login-found") == ""
        await shown.press(*"matrix.lan", "tab")
        where, ways, note = shown.text("login-found").split("\n")
        assert (where, ways) == ("https://real.example", "Sign in by password, browser (F3), token (F4)")
        assert note.startswith("Not encrypted")
        assert "\x1b" not in note
        await shown.press("shift+tab", "end", "x")
        assert shown.text("login-found") == ""
        await shown.press("backspace", "tab")
        assert shown.text("login-found").startswith("https://real.example\n")
        assert server.looked == ["matrix.lan"] * 2
        assert "Esc goes back" in "\n".join(strip.text for strip in shown.app.screen._compositor.render_strips())


async def test_a_server_that_is_none_is_told_and_the_next_one_is_looked_up(data: DataFolder, server: Server) -> None:
    async with form(data) as shown:
        await shown.press(*"nowhere", "tab")
        assert shown.text("login-found") == "No Matrix server answers at nowhere: check the address."
        assert shown.app.screen.query_one("#login-found").has_class("-wrong")
        await shown.press("shift+tab", "ctrl+u", *"real", "tab")
        assert shown.text("login-found").startswith("https://real.example\n")
        assert not shown.app.screen.query_one("#login-found").has_class("-wrong")
    assert server.looked == ["nowhere", "real"]


async def test_a_server_with_pages_only_says_so(data: DataFolder, server: Server) -> None:
    server.ways = (LoginWay.SSO, LoginWay.TOKEN)
    async with form(data) as shown:
        await shown.press(*"matrix.lan", "tab")
        assert shown.text("login-said") == "This server signs in on a page in your browser: press F3."


# ---------------------------------------------------------------- the browser


async def test_by_the_browser(data: DataFolder, server: Server) -> None:
    data.save(Account("ann-real.example", "matrix", "x", "@ann:real.example", "d"), "t")
    async with form(data) as shown:
        await shown.press(*"matrix.lan", "f3")
        said = shown.text("login-said")
        assert said == f"Open this page in a browser. F3 copies its address:\n{PAGE}"
        await shown.press("f3", "enter")
        assert shown.app.clipboard == PAGE
        assert server.asked == [("matrix.lan", "", "", "sso")]
        server.back.set()
        await shown.until_main()
    assert data.names() == ["ann-real.example", "ann-real.example-2"]


async def test_the_browser_is_opened_where_there_is_one(
    data: DataFolder, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []

    def opens(url: str) -> bool:
        opened.append(url)
        return True

    monkeypatch.setattr(login, "open_page", opens)
    async with form(data) as shown:
        await shown.press(*"matrix.lan", "tab", "tab", "tab", *"work", "f3")
        assert shown.text("login-said").startswith("Sign in in your browser, then come back.")
        server.back.set()
        await shown.until_main()
    assert opened == [PAGE]
    assert data.names() == ["work"]


async def test_going_back_gives_the_page_up(data: DataFolder, server: Server) -> None:
    async with form(data) as shown:
        await shown.press(*"matrix.lan", "f3")
        await shown.press("escape")
        assert not isinstance(shown.app.screen, LoginScreen)
        await shown.pilot.pause()
        assert server.given_up
    assert data.names() == []


async def test_a_server_without_pages_says_so(data: DataFolder, server: Server) -> None:
    server.ways = (LoginWay.PASSWORD, LoginWay.TOKEN)
    async with form(data) as shown:
        await shown.press(*"matrix.lan", "tab", "f3")
        assert shown.text("login-said") == "This server does not sign in by a browser."
        await shown.press("shift+tab", "ctrl+u", "tab", "f3")
        assert shown.app.focused is shown.app.screen.query_one("#url")
    assert server.asked == []


# ---------------------------------------------------------------- tokens


async def test_by_a_token(data: DataFolder, server: Server) -> None:
    async with form(data) as shown:
        await shown.press(*"matrix.lan", "f4", *"wrong")
        assert shown.text("password-label").startswith("Token")
        await shown.press("f4", "f4", "ctrl+u", *"right", "enter")
        await shown.until_main()
    assert server.asked == [("matrix.lan", "", "right", "token")]
    assert data.names() == ["ann-real.example"]


# ---------------------------------------------------------------- what goes wrong


async def test_faults_are_one_sentence_and_it_goes_on(
    data: DataFolder, server: Server, caplog: pytest.LogCaptureFixture
) -> None:  # E1
    log._secrets.clear()
    data.save(Account("ann", "matrix", "x", "@ann:x", "d"), "t")
    async with form(data) as shown:
        await shown.press(*"matrix.lan", "tab", *"ann", "tab", *"wrong", "enter")
        assert shown.text("login-said") == "There is an account 'ann' already: take another word for this one."
        await shown.press("tab", "ctrl+u", *"A", "enter")
        assert "cannot name an account" in shown.text("login-said")
        await shown.press("ctrl+u", *"work", "enter")
        assert shown.text("login-said") == "The server does not accept this user name with this password."
        await shown.press("shift+tab", "ctrl+u", *"fault", "enter")
        assert shown.text("login-said") == "A fault of the program kept it from signing in; its log says where."
        await shown.press("ctrl+u", *"right", "enter")
        await shown.until_main()
    assert "ZeroDivisionError" in caplog.text
    assert data.names() == ["ann", "work"]


async def test_a_disk_that_is_full_is_told(data: DataFolder, server: Server) -> None:
    data.root.parent.mkdir(exist_ok=True)
    async with form(data) as shown:
        data.root.write_text("a file in the way")
        await shown.press(*"matrix.lan", "tab", *"ann", "tab", *"right", "enter")
        async with asyncio.timeout(5):
            while shown.text("login-said") == "signing in…":
                await shown.pilot.pause(0.01)
        assert "is not a folder" in shown.text("login-said") or "cannot be written" in shown.text("login-said")


def test_a_page_is_opened_on_a_desktop_only(monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[Any] = []
    monkeypatch.setattr(subprocess, "Popen", lambda command, **_: started.append(command))
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(shutil, "which", lambda name: f"/bin/{name}" if name == "xdg-open" else None)
    for name in ("DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    assert not open_page(PAGE)
    monkeypatch.setenv("WAYLAND_DISPLAY", "wayland-0")
    assert not open_page("file:///etc/passwd")
    assert open_page(PAGE)
    monkeypatch.setattr(shutil, "which", lambda _name: None)
    assert not open_page(PAGE)
    assert started == [["/bin/xdg-open", PAGE]]
