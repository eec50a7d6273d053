"""Starting and ending the app: which account, what is said when it cannot be opened, how it is left."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from textual.screen import Screen

from chat_tui.app import ChatApp, run
from chat_tui.config import AppOptions, Config
from chat_tui.opening import choose_accounts, open_account, open_accounts
from chat_tui.screens.help import HelpScreen
from chat_tui.screens.login import LoginScreen
from chat_tui.screens.main import MainScreen
from chat_tui.screens.welcome import Choices, WelcomeScreen
from chat_tui_core import registry
from chat_tui_core.accounts import DataFolder
from chat_tui_core.contract import Browse, Credentials
from chat_tui_core.errors import AuthRefused, ConfigError
from chat_tui_core.model import Account, Room
from chat_tui_core.store import events, rooms
from tests.core.scripted import ScriptedBackend, said
from tests.tui.stage import Stage


def shows(app: ChatApp, kind: type[Screen[Any]]) -> bool:
    """Whether a screen of this kind is in front."""
    return isinstance(app.screen, kind)


def offered(app: ChatApp) -> list[str]:
    """What the welcome offers."""
    return [choice.title for choice in app.screen.query_one(Choices).found]


@pytest.fixture
def data(tmp_path: Path) -> DataFolder:
    return DataFolder(tmp_path / "data")


def add(data: DataFolder, name: str) -> None:
    data.save(Account(name, "wschat", "ws://127.0.0.1:1", "me", "device"), "token")


# ---------------------------------------------------------------- which account


def test_the_only_account_is_opened(data: DataFolder) -> None:
    add(data, "home")
    assert choose_accounts(AppOptions(data)) == ["home"]


@pytest.mark.parametrize(
    ("named", "first", "listed", "opened"),
    [
        ("", "", (), ["home", "old", "work"]),
        ("work", "", (), ["work"]),
        ("", "old", (), ["old", "home", "work"]),
        ("work", "old", (), ["work"]),
        ("", "", ("work", "home", "work"), ["work", "home"]),
        ("", "old", ("work", "home"), ["work", "home"]),
        ("old", "home", ("work", "home"), ["old"]),
    ],
)
def test_all_are_opened_unless_one_is_named_or_some_are_listed(
    data: DataFolder, named: str, first: str, listed: tuple[str, ...], opened: list[str]
) -> None:
    for name in ("work", "home", "old"):
        add(data, name)
    assert choose_accounts(AppOptions(data, Config(account=first, accounts=listed), account=named)) == opened


def test_without_an_account_there_is_none_to_open(data: DataFolder) -> None:
    assert choose_accounts(AppOptions(data)) == []
    for options in (
        AppOptions(data, account="nobody"),
        AppOptions(data, Config(account="nobody")),
        AppOptions(data, Config(accounts=("nobody",))),
    ):
        with pytest.raises(ConfigError):
            choose_accounts(options)


def test_what_keeps_one_from_being_opened_does_not_keep_the_others(data: DataFolder) -> None:  # E4
    for name in ("busy", "damaged", "good"):
        add(data, name)
    (data.folder("damaged") / "chat.db").write_bytes(b"this is no database" * 100)
    with data.lock("busy"):
        opened, absent = open_accounts(data, data.names())
    assert [one.account.name for one in opened] == ["good"]
    assert "is run by process" in str(absent["busy"])
    assert "chat.db" in str(absent["damaged"])
    opened[0].store.close_now()
    opened[0].lock.release()


# ---------------------------------------------------------------- what keeps it from opening


def refused(data: DataFolder, capsys: pytest.CaptureFixture[str], **options: str) -> str:
    assert run(AppOptions(data, **options)) == 1  # type: ignore[arg-type]
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.count("\n") == 1
    assert "Traceback" not in said.err
    return said.err


def test_a_second_program_on_the_account_is_told_so(data: DataFolder, capsys: pytest.CaptureFixture[str]) -> None:  # E4
    add(data, "home")
    with data.lock("home"):
        assert "is run by process" in refused(data, capsys)


def test_a_damaged_file_is_told_and_left_as_it_is(data: DataFolder, capsys: pytest.CaptureFixture[str]) -> None:  # E4
    add(data, "home")
    file = data.folder("home") / "chat.db"
    file.write_bytes(b"this is no database" * 100)
    assert str(file) in refused(data, capsys)
    assert file.read_bytes() == b"this is no database" * 100
    data.lock("home").release()  # nobody holds it any more


def test_an_unknown_account_names_those_there_are(data: DataFolder, capsys: pytest.CaptureFixture[str]) -> None:
    add(data, "home")
    assert "home" in refused(data, capsys, account="hmoe")


# ---------------------------------------------------------------- the first start


class Guarded(ScriptedBackend):
    """Lets one password in."""

    name = "wschat"
    url_example = "wss://chat.example.org"

    async def login(
        self, url: str, user: str, secret: str, *, kind: str, device: str, browse: Browse | None = None
    ) -> Credentials:
        if secret != "right":
            raise AuthRefused("The server does not accept this user and password.")
        return Credentials(user, device, "token")


async def test_the_welcome_leads_to_signing_in(data: DataFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    backend = Guarded()
    monkeypatch.setattr(registry, "load", lambda _name: backend)
    monkeypatch.setattr(registry, "names", lambda: ["wschat"])
    app = ChatApp(AppOptions(data))
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        assert shows(app, WelcomeScreen)
        assert offered(app) == ["Look around", "A chat-tui server"]
        await pilot.press("down", "enter")
        await pilot.pause()
        assert shows(app, LoginScreen)
        await pilot.press("tab", *"Ann", "tab", *"wrong", "enter")
        await pilot.pause()
        assert "does not accept" in str(app.screen.query_one("#login-said").render())
        assert data.names() == []
        app.screen.query_one("#password").focus()
        await pilot.press("ctrl+u", *"right", "enter")
        await pilot.pause()
        await pilot.pause()
        assert shows(app, MainScreen)
    await app.close_account()
    assert data.account("ann").user == "Ann"
    assert len(backend.connections) == 1


async def test_only_installed_backends_are_offered(data: DataFolder, monkeypatch: pytest.MonkeyPatch) -> None:  # E1
    monkeypatch.setattr(registry, "names", lambda: ["irc", "matrix", "wschat"])
    app = ChatApp(AppOptions(data))
    async with app.run_test() as pilot:
        await pilot.pause()
        assert offered(app) == ["Look around", "A chat-tui server", "Matrix", "irc"]
    monkeypatch.setattr(registry, "names", lambda: ["irc", "matrix"])
    app = ChatApp(AppOptions(data))
    async with app.run_test() as pilot:
        await pilot.pause()
        assert offered(app) == ["Matrix", "irc"]


# ---------------------------------------------------------------- help, themes, keys, the end


async def test_without_rooms_one_reads_of_it_once_online_and_types_a_command(tmp_path: Path) -> None:  # E9
    stage = Stage(tmp_path / "chat.db")
    async with stage.show():
        assert "No rooms yet." not in stage.screen_text()  # nobody knows before there is a connection
        await stage.online()
        await stage.settle()
        assert "No rooms yet." in stage.screen_text()
        await stage.type("/create den")
        assert stage.main.composer.text == "/create den"


async def test_help_shows_every_key_and_command(tmp_path: Path) -> None:
    stage = Stage(tmp_path / "chat.db", Config(keys={"room.switch": "ctrl+g"}))
    async with stage.show((100, 300)):
        await stage.pilot.press("f1")
        await stage.pilot.pause()
        assert shows(stage.app, HelpScreen)
        text = stage.screen_text()
        for words in ("Ctrl+G", "Alt+1 … Alt+9", "/invite PERSON", "//text", "In the outbox"):
            assert words in text
        await stage.pilot.press("escape")
        await stage.pilot.press("ctrl+g")
        await stage.pilot.pause()
        assert stage.app.screen.query("#query")


async def test_the_palette_does_what_keys_do(tmp_path: Path) -> None:
    stage = Stage(tmp_path / "chat.db")
    async with stage.show():
        await stage.rooms()
        await stage.pilot.press("enter", *"hello", "ctrl+p")
        await stage.pilot.pause()
        await stage.pilot.press(*"/topic")
        await stage.pilot.pause(0.5)
        await stage.pilot.press("enter")
        await stage.pilot.pause(0.2)
        assert stage.main.composer.text == "/topic hello"


async def test_dark_and_light(tmp_path: Path) -> None:
    stage = Stage(tmp_path / "chat.db", Config(theme="chat-tui-light"))
    async with stage.show():
        assert stage.app.theme == "chat-tui-light"
        await stage.pilot.press("f9")
        assert stage.app.theme == "chat-tui-dark"
    unknown = Stage(tmp_path / "chat.db", Config(theme="no such theme"))
    async with unknown.show():
        assert unknown.app.theme == "chat-tui-dark"


@pytest.mark.parametrize("theme", ["textual-dark", "textual-light", "ansi-dark", "ansi-light", "chat-tui-light"])
async def test_every_kind_of_theme_draws(tmp_path: Path, theme: str) -> None:
    stage = Stage(tmp_path / "chat.db", Config(theme=theme))
    async with stage.show((150, 30)):
        await stage.rooms()
        await stage.lines("general", 1, 3)
        assert "line 3" in stage.screen_text()


async def test_quitting_keeps_the_draft_and_ends_well(tmp_path: Path) -> None:  # E11
    stage = Stage(tmp_path / "chat.db")
    async with stage.show():
        await stage.rooms()
        await stage.pilot.press("enter", *"unfinished", "ctrl+q")
    assert stage.app.return_code == 0
    again = Stage(tmp_path / "chat.db")
    assert again.session.drafts["general"].text == "unfinished"
    await again.close()


@pytest.mark.parametrize(
    ("size", "shown", "hidden"),
    [
        ((60, 20), "random", "loading older"),  # one pane at a time: the rooms first
        ((80, 24), "line 3", "Members"),
        ((150, 40), "Members", "nothing"),
    ],
)
async def test_panes_by_width(tmp_path: Path, size: tuple[int, int], shown: str, hidden: str) -> None:
    stage = Stage(tmp_path / "chat.db")
    async with stage.show(size):
        await stage.rooms()
        await stage.lines("general", 1, 3)
        assert shown in stage.screen_text()
        if hidden != "nothing":
            assert hidden not in stage.screen_text()


async def test_a_narrow_terminal_shows_one_pane_and_leads_back(tmp_path: Path) -> None:
    stage = Stage(tmp_path / "chat.db")
    async with stage.show((60, 20)):
        await stage.rooms()
        await stage.lines("general", 1, 2)
        await stage.lines("random", 1, 2, text="cat")
        await stage.pilot.press("home", "enter")
        await stage.pilot.pause()
        assert "‹ F7 rooms" in stage.screen_text()
        assert stage.focus == "composer"
        await stage.pilot.press("f7")
        await stage.pilot.pause()
        assert stage.focus == "rooms"
        await stage.pilot.press("enter", "escape")
        await stage.pilot.pause()
        assert stage.focus == "rooms"


def test_opening_releases_the_account_when_it_fails(data: DataFolder) -> None:
    data.save(Account("home", "nowhere", "x://", "me", "device"), "token")
    with pytest.raises(ConfigError.__base__):  # type: ignore[arg-type]
        open_account(data, "home")
    data.lock("home").release()


async def test_the_configuration_changes_the_composer_s_keys(tmp_path: Path) -> None:
    stage = Stage(tmp_path / "chat.db", Config(keys={"composer.send": "ctrl+s", "composer.newline": "enter"}))
    async with stage.show():
        await stage.rooms()
        stage.main.open_room("general")
        await stage.pilot.press("a", "enter", "b", "ctrl+s")
        await stage.settle()
        assert [action.content["text"] for action in stage.doings()] == ["a\nb"]


async def test_what_is_older_than_wanted_is_forgotten(tmp_path: Path) -> None:  # E4
    stage = Stage(tmp_path / "chat.db", Config(keep_days=30), clock=400 * 86_400_000)
    stage.store.write_now(rooms.save_rooms, [Room("general", head=300, read=300)])
    stage.store.write_now(events.insert_events, [said(order, room_id="general") for order in range(1, 301)])
    async with stage.show():
        for _ in range(2_000):
            if stage.store.read(events.bounds, "general")[0] > 1:
                break
            await stage.pilot.pause(0.01)
        assert stage.store.read(events.bounds, "general") == (201, 300)
        assert "line 300" in stage.screen_text()
