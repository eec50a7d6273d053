"""A homeserver's account and a wschat server's in one window: one list, one outbox, one search, one inbox."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from chat_tui_core.accounts import DataFolder
from chat_tui_core.model import Account
from tests.live.command import Client, Server
from tests.live.terminal import TMUX, Terminal
from tests.matrix_live.people import People
from tests.matrix_live.synapse import Synapse
from tests.matrix_live.test_app import command, go_to, seen

pytestmark = [
    pytest.mark.timeout(150, func_only=True),
    pytest.mark.skipif(TMUX is None, reason="tmux is not installed"),
]


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Terminal]:
    terminal = Terminal(tmp_path, "both", 110, 38)
    yield terminal
    terminal.close()


async def gone(terminal: Terminal, text: str) -> None:
    await asyncio.to_thread(terminal.wait_gone, text)


async def test_both_protocols_in_one_window(
    terminal: Terminal, people: People, synapse: Synapse, tmp_path: Path
) -> None:  # B14, B15, B16, C3, E3, E7
    ann, bob = await people("ann"), await people("bob", displayname="Bob")
    lobby = await ann.create_room("The Lobby", preset="public_chat")
    await bob.join(lobby)
    data = DataFolder(tmp_path / "data")
    data.save(Account("matrix", "matrix", synapse.url, ann.user_id, ann.device_id), ann.token)
    with Server("--open", "--data", str(tmp_path / "server.db")) as server:
        client = Client(data.root)
        await asyncio.to_thread(client.login, server.url, "ann")
        terminal.start("--data-dir", str(data.root))
        for text in ("All accounts", "● home", "● matrix", "general", "The Lobby"):
            await seen(terminal, text)

        await go_to(terminal, "lobby")
        command(terminal, "over the homeserver, porcupine")
        await bob.wait_for_text(lobby, "over the homeserver, porcupine")
        await go_to(terminal, "gnrlhm")
        command(terminal, "over the socket, porcupine")
        await seen(terminal, "over the socket, porcupine")

        terminal.press("F2")
        await seen(terminal, "Outbox")
        terminal.press("s")
        for text in ("2 settled lately", "The Lobby · matrix", "general · home"):
            await seen(terminal, text)
        terminal.press("Escape")
        await gone(terminal, "settled lately")

        terminal.press("C-f")
        await seen(terminal, "Search all rooms")
        terminal.type("porcupine")
        shown = await seen(terminal, "2 found")
        assert "The Lobby · matrix" in shown
        assert "general · home" in shown
        terminal.press("Escape")
        await gone(terminal, "2 found")

        name = ann.user_id.removeprefix("@").partition(":")[0]
        await bob.send_text(lobby, f"{name}: look at this")
        beside = ("--account", "home", "send", "general", "from beside", "--wait", "confirmed")
        assert (await asyncio.to_thread(client, *beside)).code == 0, "the app answers for each account"
        terminal.press("F4")
        await seen(terminal, "Bob  The Lobby · matrix")
        terminal.press("Enter")
        await seen(terminal, "Message The Lobby")

        await asyncio.to_thread(server.end)
        await seen(terminal, "home: reconnecting")
        terminal.press("C-q")
        await seen(terminal, "left-with-0")
