"""Signing in again: in the app after the token was refused, on the command line when the server has another address."""

from __future__ import annotations

import asyncio
import io
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from textual.widgets import Input, Static

from chat_tui.__main__ import main
from chat_tui.screens.login import LoginScreen
from chat_tui_core import registry
from chat_tui_core.accounts import DataFolder
from chat_tui_core.actions import Action, Kind
from chat_tui_core.contract import Browse, Credentials
from chat_tui_core.errors import AuthRefused
from chat_tui_core.link import Link, LinkChanged
from chat_tui_core.model import Account
from chat_tui_core.store import Store
from chat_tui_core.store.actions import new_action
from tests.core.scripted import ScriptedBackend
from tests.tui.stage import Stage

REFUSED = "the server no longer accepts this device's access token: sign in again"


class Server(ScriptedBackend):
    """Lets in who says `right`, as whom and where it is told to."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[tuple[str, str, str, str]] = []
        self.signed_out: list[str] = []
        self.user = ""
        self.url = ""
        self.device = ""

    async def login(
        self, url: str, user: str, secret: str, *, kind: str, device: str, browse: Browse | None = None
    ) -> Credentials:
        self.asked.append((url, user, kind, device))
        if secret != "right":
            raise AuthRefused("The server does not accept this user name with this password.")
        return Credentials(self.user or user, self.device or device, f"new-{device}", self.url or url)

    async def logout(self, account: Account, token: str) -> None:
        self.signed_out.append(token)


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Server:
    made = Server()
    monkeypatch.setattr(registry, "load", lambda _name: made)
    return made


# ---------------------------------------------------------------- in the app


@asynccontextmanager
async def stopped(folder: Path) -> AsyncIterator[Stage]:
    """The app whose server has refused the token, with a message on its way."""
    stage = Stage(folder / "chat.db")
    stage.app.options.data.save(stage.session.account, "old")
    async with stage.show((80, 24)):
        await stage.rooms()
        stage.main.open_room("general")
        await stage.settle()
        await stage.type("hello")
        await stage.pilot.press("enter")
        await stage.settle()
        await stage.news(LinkChanged(Link.STOPPED, REFUSED))
        await stage.connection.close()
        yield stage


async def form(stage: Stage) -> LoginScreen:
    await stage.type("/login")
    await stage.pilot.press("enter")
    await stage.pilot.pause()
    screen = stage.app.screen
    assert isinstance(screen, LoginScreen)
    return screen


async def told(stage: Stage, screen: LoginScreen, words: str) -> None:
    """Wait until the form says so; what else the app is at may take longer."""
    async with asyncio.timeout(20):
        while words not in str(screen.query_one("#login-said", Static).render()):
            await stage.pilot.pause(0.01)


async def until_back(stage: Stage) -> None:
    async with asyncio.timeout(20):
        while isinstance(stage.app.screen, LoginScreen) or len(stage.backend.connections) < 2:
            await stage.pilot.pause(0.01)


async def test_one_signs_in_again_without_leaving_and_what_waits_is_sent(
    tmp_path: Path, server: Server
) -> None:  # A10, B13, E10
    async with stopped(tmp_path) as stage:
        assert "stopped: the server no longer accepts" in stage.screen_text()
        assert stage.screen_text().splitlines()[-1].endswith("/login sign in again")
        (waiting,) = stage.unsettled()
        screen = await form(stage)
        fixed = {field: screen.query_one(f"#{field}", Input) for field in ("url", "user", "name")}
        assert {field: box.value for field, box in fixed.items()} == {
            "url": "scripted://",
            "user": "me",
            "name": "test",
        }
        assert all(box.disabled for box in fixed.values())
        assert stage.focus == "password"
        await stage.type("wrong")
        await stage.pilot.press("enter")
        await told(stage, screen, "does not accept")
        for _ in "wrong":
            await stage.pilot.press("backspace")
        await stage.type("right")
        await stage.pilot.press("enter")
        await until_back(stage)
        assert [device for *_, device in server.asked] == ["device", "device"]
        assert stage.app.options.data.token("test") == "new-device"
        await stage.online()
        assert [action.id for action in stage.doings()] == [waiting.id]
        assert "general" in stage.screen_text()


@pytest.mark.parametrize(("who", "device", "words"), [("eve", "", "not of eve"), ("me", "phone", "another device")])
async def test_nobody_else_and_no_other_device_can_take_the_account_over(
    tmp_path: Path, server: Server, who: str, device: str, words: str
) -> None:  # A14
    server.user, server.device = who, device
    async with stopped(tmp_path) as stage:
        screen = await form(stage)
        await stage.type("right")
        await stage.pilot.press("enter")
        await told(stage, screen, words)
        assert stage.app.options.data.token("test") == "old"
        await stage.pilot.press("escape")
        assert len(stage.backend.connections) == 1


async def test_the_demo_needs_none(tmp_path: Path) -> None:
    stage = Stage(tmp_path / "chat.db")
    async with stage.show():
        await stage.rooms()
        stage.app.action_sign_in_again()
        await stage.pilot.pause()
        assert "The demo needs no signing in." in stage.notices()


# ---------------------------------------------------------------- on the command line

OLD, NEW = "ws://old.example:8765", "ws://new.example:8765"


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> DataFolder:
    monkeypatch.setenv("CHAT_TUI_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("CHAT_TUI_SECRETS", "file")
    monkeypatch.setattr("chat_tui.headless.signing_in.online", nobody)
    folder = DataFolder(tmp_path / "data")
    folder.save(Account("home", "scripted", OLD, "ann", "laptop"), "old")
    return folder


async def nobody(_session: object) -> bool:
    return False


def say_something(data: DataFolder) -> None:
    store = Store.open(data.folder("home") / "chat.db")
    store.write_now(new_action, Action(0, Kind.SEND, "r", {"text": "for the old server"}), 1)
    store.close_now()


def login(monkeypatch: pytest.MonkeyPatch, *more: str, url: str = NEW, way: str = "--password-stdin") -> int:
    monkeypatch.setattr(sys, "stdin", io.StringIO("right\n"))
    return main(["login", "home", "--backend", "scripted", "--url", url, "--user", "ann", way, *more])


def test_what_was_said_to_one_server_is_not_sent_to_another(
    data: DataFolder, server: Server, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:  # E3
    say_something(data)
    assert login(monkeypatch) == 1
    assert f"One thing of 'home' is not sent yet, and is for {OLD}, not for {NEW}" in capsys.readouterr().err
    assert (data.account("home").url, data.token("home"), server.signed_out) == (OLD, "old", ["new-laptop"])


@pytest.mark.parametrize(
    ("waiting", "more", "url"),
    [(False, (), NEW), (True, ("--moved",), NEW), (True, (), OLD), (True, (), f"{OLD}/")],
    ids=["nothing waits", "it has moved", "the same address", "the same address, written otherwise"],
)
def test_a_server_that_is_the_same_goes_on(
    data: DataFolder, server: Server, monkeypatch: pytest.MonkeyPatch, waiting: bool, more: tuple[str, ...], url: str
) -> None:  # E3
    if waiting:
        say_something(data)
    assert login(monkeypatch, *more, url=url) == 0
    assert (data.account("home").url, data.token("home")) == (url, "new-laptop")
    assert server.signed_out == []


def test_another_devices_token_does_not_take_over_what_waits(
    data: DataFolder, server: Server, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:  # A14
    server.device = "phone"
    say_something(data)
    assert login(monkeypatch, url=OLD, way="--token-stdin") == 1
    assert "another device's" in capsys.readouterr().err
    assert (data.account("home").device, server.signed_out) == ("laptop", [])


def test_a_running_program_keeps_its_server(
    data: DataFolder, server: Server, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with data.lock("home"):
        assert login(monkeypatch) == 1
    assert "close that one and try again" in capsys.readouterr().err
    assert data.account("home").url == OLD
