"""The app itself in a real terminal on a real homeserver: what a person does in a first quarter of an hour."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from chat_tui_core.accounts import DataFolder
from chat_tui_core.model import Account
from tests.live.terminal import TMUX, Terminal
from tests.matrix_live.people import People
from tests.matrix_live.prepared import BigAccount
from tests.matrix_live.synapse import Synapse

pytestmark = [
    pytest.mark.timeout(150, func_only=True),
    pytest.mark.skipif(TMUX is None, reason="tmux is not installed"),
]


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Terminal]:
    terminal = Terminal(tmp_path, "matrix", 110, 34)
    yield terminal
    terminal.close()


def signed_in(folder: Path, url: str, user: str, device: str, token: str) -> str:
    """A data folder with this sign-in."""
    DataFolder(folder).save(Account("mine", "matrix", url, user, device), token)
    return str(folder)


def command(terminal: Terminal, text: str) -> None:
    terminal.type(text)
    terminal.press("Enter")


async def seen(terminal: Terminal, text: str) -> str:
    """Wait for a text without holding up the loop, on which the test's other people live."""
    return await asyncio.to_thread(terminal.wait_for, text, 40.0)


async def go_to(terminal: Terminal, letters: str) -> None:
    """Choose a room in the switcher by letters that are nowhere else on the screen; returns when it has closed."""
    terminal.press("C-k")
    await seen(terminal, "Go to room")
    terminal.type(letters)
    await seen(terminal, letters)
    terminal.press("Enter")
    async with asyncio.timeout(40):
        while letters in terminal.screen():
            await asyncio.sleep(0.1)


async def pressing(terminal: Terminal, key: str, text: str) -> None:
    """Press a key again and again until a text is on the screen."""
    async with asyncio.timeout(150):
        while text not in terminal.screen():
            terminal.press(key)
            await asyncio.sleep(0.1)


async def test_a_first_quarter_of_an_hour(
    terminal: Terminal, people: People, synapse: Synapse, tmp_path: Path
) -> None:  # B12, B14, B15, H1, H2, H3, H4, C3, C4, C5, C6, C7
    ann, bob = await people("ann", displayname="Ann Lee"), await people("bob", displayname="Bob")
    lobby = await ann.create_room("The Lobby", topic="Where everybody meets", preset="public_chat")
    await bob.join(lobby)
    await bob.send_text(lobby, "good morning")
    await bob.create_room("Secret garden", invite=[ann])
    data = signed_in(tmp_path / "data", synapse.url, ann.user_id, ann.device_id, ann.token)
    terminal.start("--data-dir", data)
    await seen(terminal, "The Lobby")
    await seen(terminal, "Invitations")
    await go_to(terminal, "lobby")
    await seen(terminal, "Message The Lobby")
    command(terminal, "hello _there_")
    await bob.wait_for_text(lobby, "hello _there_")
    await seen(terminal, "✓✓")
    terminal.press("Up", "e")
    await seen(terminal, "Editing")
    command(terminal, " everybody")
    await seen(terminal, "(edited)")
    terminal.press("Up", "+")
    await seen(terminal, "React with")
    command(terminal, "rocket")
    await seen(terminal, "🚀 1")
    await bob.send_text(lobby, "seen")
    await seen(terminal, "seen")
    command(terminal, "/kick bob too loud")
    await seen(terminal, "removed Bob: too loud")
    command(terminal, "/join Secret garden")
    await seen(terminal, "Message Secret garden")
    command(terminal, "nice here")
    await seen(terminal, "✓✓")
    command(terminal, "/leave")
    await seen(terminal, "is closed: you left it")
    terminal.press("C-q")
    await seen(terminal, "left-with-0")
    texts = [event["content"] for event in await ann.messages(lobby)]
    assert [content["body"] for content in texts if "m.new_content" not in content] == [
        "good morning",
        "hello _there_",
        "seen",
    ]
    assert [c["m.new_content"]["body"] for c in texts if "m.new_content" in c] == ["hello _there_ everybody"]


@pytest.mark.timeout(300, func_only=True)
async def test_to_the_beginning_of_a_long_room_and_on_without_a_network(
    terminal: Terminal, big: tuple[Synapse, BigAccount], tmp_path: Path
) -> None:  # B8, B16, C8, H1, E4
    server, account = big
    ann = account.people["ann"]
    data = signed_in(tmp_path / "data", server.url, ann.user_id, ann.device_id, ann.token)
    terminal.start("--data-dir", data)
    await seen(terminal, "Room 0000")
    await go_to(terminal, "room 0000")
    await seen(terminal, "message 4999")
    await pressing(terminal, "C-Home", "— beginning of the room —")
    terminal.press("C-End")
    await seen(terminal, "message 4999")
    terminal.press("C-q")
    await seen(terminal, "left-with-0")

    DataFolder(Path(data)).save(Account("mine", "matrix", "http://127.0.0.1:9", ann.user_id, ann.device_id), ann.token)
    command(terminal, f"clear; {sys.executable} -m chat_tui --data-dir {data}")
    await seen(terminal, "Room 0000")
    await seen(terminal, "reconnecting")
    await go_to(terminal, "room 0000")
    await seen(terminal, "message 4999")
    await pressing(terminal, "PPage", "message 47")
