"""The first start of the app in a real terminal: choose Matrix, sign in at a real homeserver, see the rooms."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.live.terminal import TMUX, Terminal
from tests.matrix_live.faults import held
from tests.matrix_live.people import People, Person
from tests.matrix_live.proxy import Proxy
from tests.matrix_live.synapse import Synapse

pytestmark = [
    pytest.mark.timeout(150, func_only=True),
    pytest.mark.skipif(TMUX is None, reason="tmux is not installed"),
]


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Terminal]:
    terminal = Terminal(tmp_path, "first", 80, 24)
    yield terminal
    terminal.close()


async def seen(terminal: Terminal, text: str) -> str:
    """Wait for a text without holding up the loop, on which the test's other people live."""
    return await asyncio.to_thread(terminal.wait_for, text, 40.0)


async def choose_matrix(terminal: Terminal) -> None:
    terminal.start()
    await seen(terminal, "sign in to your homeserver")
    terminal.press("Down", "Down", "Enter")
    await seen(terminal, "Sign in: Matrix")


async def with_room(people: People) -> tuple[Person, str]:
    ann = await people("ann")
    return ann, await ann.create_room("The Lobby")


def kept(terminal: Terminal, name: str) -> Path:
    return terminal.home / ".local/share/chat-tui/accounts" / name


async def test_a_first_start_at_the_speed_of_a_machine(
    terminal: Terminal, people: People, synapse: Synapse
) -> None:  # H1, B1, E12
    ann, room = await with_room(people)
    await choose_matrix(terminal)
    terminal.type(synapse.url)
    terminal.press("Tab")
    terminal.type(ann.name)
    terminal.press("Tab")
    terminal.type(ann.password)
    terminal.press("Enter")
    await seen(terminal, "The Lobby")
    terminal.press("Enter")
    await seen(terminal, "Message The Lobby")
    terminal.type("hello from the first start")
    terminal.press("Enter")
    await ann.wait_for_text(room, "hello from the first start")
    await seen(terminal, "✓✓")
    terminal.press("C-q")
    await seen(terminal, "left-with-0")
    account = json.loads((kept(terminal, ann.name) / "account.json").read_text())
    assert (account["url"], account["user"], account["backend"]) == (synapse.url, ann.user_id, "matrix")
    assert (kept(terminal, ann.name) / "token").stat().st_mode & 0o077 == 0
    stored = b"".join(path.read_bytes() for path in terminal.home.rglob("*") if path.is_file())
    assert ann.password.encode() not in stored


async def test_the_form_tells_what_it_finds_and_what_is_wrong(
    terminal: Terminal, people: People, synapse: Synapse
) -> None:
    ann, _ = await with_room(people)
    await choose_matrix(terminal)
    terminal.type("http://127.0.0.1:9")
    terminal.press("Tab")
    await seen(terminal, "cannot be reached: connection refused")
    terminal.press("BTab", "C-u")
    terminal.type(f"@{ann.name}:127.0.0.1:{synapse.port}")
    terminal.press("Enter")
    await seen(terminal, "Sign in by password, token (F4)")
    terminal.press("Enter")
    terminal.type("wrong")
    terminal.press("Enter")
    await seen(terminal, "does not accept this user name with this password")
    terminal.press("F3")
    await seen(terminal, "does not sign in by a browser")
    terminal.press("F4", "C-u")
    terminal.type(ann.token)
    terminal.press("BTab")  # the address's id is of this machine, the token's of the homeserver's name
    terminal.type(ann.name)
    terminal.press("Tab", "Enter")
    await seen(terminal, "The Lobby")
    terminal.press("C-q")
    await seen(terminal, "left-with-0")


async def test_a_slow_server_keeps_nobody_from_typing(terminal: Terminal, people: People, proxy: Proxy) -> None:
    ann, _ = await with_room(people)
    gate = asyncio.Event()
    slow = proxy.on("GET", "/versions$", held(request=gate), times=2)
    await choose_matrix(terminal)
    terminal.type(proxy.url)
    terminal.press("Tab")
    terminal.type(ann.name)
    terminal.press("Tab")
    terminal.type(ann.password)
    await slow.struck.wait()
    await seen(terminal, "looking for the server")
    await seen(terminal, "•" * len(ann.password))
    terminal.press("Enter")
    await seen(terminal, "signing in…")
    gate.set()
    await seen(terminal, "The Lobby")
    terminal.press("C-q")
    await seen(terminal, "left-with-0")
