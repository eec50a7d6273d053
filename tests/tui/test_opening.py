"""Taking an account: its token from a file or a keyring, renewed ones, and what the log never shows."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from chat_tui import log
from chat_tui.app import ChatApp
from chat_tui.config import AppOptions, Config
from chat_tui.opening import Opened, open_account
from chat_tui_core import registry
from chat_tui_core.accounts import DataFolder
from chat_tui_core.errors import ConfigError
from chat_tui_core.model import Account
from tests.core.scripted import ScriptedBackend

TOKEN = '{"access_token": "syt_bG9uZw_aaaaaaaaaaaaaaaaaaaa", "refresh_token": "syr_bbbbbbbbbbbbbbbbbbbbbbbbb"}'


@pytest.fixture
def data(tmp_path: Path) -> DataFolder:
    made = DataFolder(tmp_path / "data")
    made.save(Account("home", "scripted", "x://", "me", "device"), TOKEN)
    return made


@pytest.fixture
def backend(monkeypatch: pytest.MonkeyPatch) -> ScriptedBackend:
    made = ScriptedBackend()
    monkeypatch.setattr(registry, "load", lambda _name: made)
    return made


def asking(data: DataFolder, ask: Callable[[], str]) -> Opened:
    """The account, as if a keyring had its token."""
    opened = open_account(data, "home")
    opened.token, opened.ask_token = "", ask
    return opened


@pytest.mark.usefixtures("backend")
async def test_a_token_of_a_file_is_known_at_once(data: DataFolder) -> None:
    opened = open_account(data, "home")
    assert opened.token == TOKEN
    assert await opened.unlock() == TOKEN
    opened.store.close_now()
    opened.lock.release()


async def test_a_renewed_token_reaches_the_disk_through_the_session(
    data: DataFolder, backend: ScriptedBackend, tmp_path: Path
) -> None:  # E12
    async with AsyncExitStack() as stack:
        session = await open_account(data, "home").session_in(stack)
        session.connect()
        await backend.surroundings.keep_secret("a renewed t0ken-of-twenty-letters")
        assert data.token("home") == "a renewed t0ken-of-twenty-letters"
        assert (data.folder("home") / "token").stat().st_mode & 0o077 == 0
        log.start(tmp_path / "log")
        logging.getLogger("x").warning("got t0ken-of-twenty-letters")
        assert "t0ken-of" not in log.path_in(tmp_path / "log").read_text()


async def test_no_connection_before_the_keyring_has_given_the_token(data: DataFolder, backend: ScriptedBackend) -> None:
    opened = asking(data, lambda: TOKEN)
    session = opened.session()
    session.connect()
    assert backend.connections == []
    session.connect(await opened.unlock())
    assert len(backend.connections) == 1
    await session.close()
    opened.store.close_now()
    opened.lock.release()


@pytest.mark.usefixtures("backend")
async def test_a_locked_keyring_gives_the_account_back(data: DataFolder) -> None:
    def locked() -> str:
        raise ConfigError("The keyring is locked.")

    with pytest.raises(ConfigError, match="is locked"):
        async with AsyncExitStack() as stack:
            await asking(data, locked).session_in(stack)
    data.lock("home").release()


@pytest.mark.parametrize("good", [True, False])
async def test_the_app_shows_what_is_stored_while_a_keyring_waits(
    data: DataFolder, backend: ScriptedBackend, good: bool
) -> None:  # E4
    asked, answer = asyncio.Event(), asyncio.Event()
    loop = asyncio.get_running_loop()

    def ask() -> str:
        loop.call_soon_threadsafe(asked.set)
        asyncio.run_coroutine_threadsafe(answer.wait(), loop).result(10)
        if not good:
            raise ConfigError("The keyring is locked.")
        return TOKEN

    app = ChatApp(AppOptions(data, Config()), asking(data, ask))
    async with app.run_test(size=(80, 24)) as pilot:
        await asked.wait()
        await pilot.press("f1", "escape")
        assert backend.connections == []
        answer.set()
        await pilot.pause(0.2)
        assert len(backend.connections) == good
        assert [notice.message for notice in app._notifications] == ([] if good else ["The keyring is locked."])
    await app.close_account()
