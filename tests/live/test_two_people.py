"""Two people, two terminals, one server: signed in by the app's own form, talking."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

import pytest
import websockets

from tests.live.command import Client, Server
from tests.live.conftest import OpenTerminal
from tests.live.terminal import Terminal

pytestmark = [pytest.mark.live, pytest.mark.timeout(120)]


def first_run(terminal: Terminal, url: str, user: str) -> None:
    """Start without arguments, choose the server, sign in at machine speed."""
    terminal.start()
    terminal.wait_for("A chat-tui server")
    terminal.press("Down", "Enter")
    terminal.wait_for("Sign in")
    terminal.press("C-a", "C-k")
    terminal.wait_gone("chat.example")
    terminal.type(url)
    terminal.press("Tab")
    terminal.type(user)
    terminal.press("Tab")
    terminal.type("a password")
    terminal.press("Enter")
    terminal.wait_for("# general")
    terminal.press("Enter")
    terminal.wait_for("Message general")


def test_two_people_talk(tmp_path: Path, open_terminal: OpenTerminal) -> None:  # A10, A13, A16, A7, E10
    with Server("--open", "--data", str(tmp_path / "server.db")) as server:
        ann, bob = open_terminal("ann"), open_terminal("bob", 80, 24)
        first_run(ann, server.url, "ann")
        first_run(bob, server.url, "bob")
        ann.wait_for("bob joined")
        for number in range(3):
            ann.type(f"from ann {number}")
            ann.press("Enter")
            bob.wait_for(f"from ann {number}")
            bob.type(f"from bob {number}")
            bob.press("Enter")
            ann.wait_for(f"from bob {number}")
        orders = [re.findall(r"from (?:ann|bob) \d", terminal.wait_for("from bob 2")) for terminal in (ann, bob)]
        pairs = [f"from {who} {number}" for number in range(3) for who in ("ann", "bob")]
        assert [order[-6:] for order in orders] == [pairs, pairs]
        for terminal in (ann, bob):
            terminal.press("C-q")
            terminal.wait_for("left-with-0")


def test_a_second_app_on_the_account_is_told_in_one_sentence(tmp_path: Path, open_terminal: OpenTerminal) -> None:
    with Server("--open", "--data", str(tmp_path / "server.db")) as server:
        client = Client(tmp_path / "ann")
        client.login(server.url, "ann")
        first, second = open_terminal("first"), open_terminal("second")
        first.start("--data-dir", str(client.folder))
        first.wait_for("# general")
        second.start("--data-dir", str(client.folder))
        screen = second.wait_for("left-with-1")
        assert "chat-tui: The account 'home' is run by" in screen.replace("\n", "")
        assert "Traceback" not in screen
        sent = client("send", "general", "from a script", "--wait", "confirmed", "--json")
        assert sent.code == 0
        first.wait_for("from a script")


def test_hostile_text_leaves_the_screen_standing(tmp_path: Path, open_terminal: OpenTerminal) -> None:  # E7
    hostile = [
        "\x1b[2J\x1b[31mred?\x07 \x9b5A",
        "\x1b]52;c;aGVsbG8=\x07 clipboard",
        "abc\u202edef\u2066ghi",
        "a\u200db\u200dc👩\u200d👩\u200d👧\u200d👦",
        "x" * 3900,
    ]

    async def attack(url: str) -> None:
        async with websockets.connect(url) as peer:
            await peer.recv()
            await peer.send("AUTH PASS evil mallory secret")
            await peer.recv()
            for text in hostile:
                await peer.send(
                    f"MSG general {text}".replace("\x1b", "\u241b") if "\x07" in text else f"MSG general {text}"
                )
                await peer.recv()

    with Server("--open", "--data", str(tmp_path / "server.db")) as server:
        terminal = open_terminal("ann")
        first_run(terminal, server.url, "ann")
        asyncio.run(attack(server.url))
        terminal.wait_for("xxxxxxxx")
        terminal.press("C-Home")
        screen = terminal.wait_for("mallory")
        assert "# general" in screen
        assert not set("\x1b\x07\x9b\u202e\u2066") & set(screen)
        raw = terminal.screen(styled=True)
        assert "\x1b]52" not in raw
        terminal.type("still standing")
        terminal.press("Enter")
        terminal.press("C-End")
        assert re.search(r"still standing\s+✓✓", terminal.wait_for("✓✓"))


def test_a_bare_s0_server_is_spoken_to_in_s0_alone_and_the_app_says_so(
    tmp_path: Path, open_terminal: OpenTerminal
) -> None:  # A1, A6, A7, A10
    async def play() -> list[str]:
        heard: list[str] = []
        done = asyncio.Event()

        async def serve(peer: websockets.ServerConnection) -> None:
            async for message in peer:
                text = str(message)
                heard.append(text)
                if text.startswith("SUBEVENT "):
                    await peer.send(f"CONFIRM {text}")
                if text == "SUBEVENT channel":
                    await peer.send("EVENT channel CREATE example")

        async with websockets.serve(serve, "127.0.0.1", 0) as server:
            port = next(iter(server.sockets)).getsockname()[1]
            client = Client(tmp_path / "ann")

            def drive() -> None:
                client(
                    "login", "old", "--url", f"ws://127.0.0.1:{port}", "--user", "ann", "--token-stdin", stdin="token\n"
                )
                terminal = open_terminal("ann")
                terminal.start("--data-dir", str(client.folder))
                terminal.wait_for("plain S0 server")
                terminal.wait_for("example")
                terminal.press("C-q")
                terminal.wait_for("left-with-0")

            await asyncio.to_thread(drive)
            done.set()
        return heard

    heard = asyncio.run(play())
    assert {"SUBEVENT channel", "SUBEVENT user", "SUBEVENT message", "LSSUBS"} <= set(heard)
    assert not any(text.startswith(("@", "AUTH", "RESUME")) for text in heard), "S0 alone"
