"""The promise, with real kills: the server dies while people talk, the app dies before the answer came."""

from __future__ import annotations

import os
import re
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.live.command import Client, Server
from tests.live.conftest import OpenTerminal
from tests.live.terminal import Terminal

pytestmark = [pytest.mark.live, pytest.mark.timeout(240)]

#: Enough for a script that talks without a pause; the limit for people is tested elsewhere.
RATE = ("--rate", "100000")


@pytest.fixture
def start_server(tmp_path: Path) -> Iterator[Callable[..., Server]]:
    """Starts servers on one file; what still runs at the end is killed."""
    with ExitStack() as running:
        yield lambda port=0: running.enter_context(
            Server("--open", "--data", str(tmp_path / "server.db"), *RATE, port=port)
        )


def said_in(reader: Client, room: str, prefix: str) -> list[str]:
    rows = reader("history", room, "-n", "1000", "--json").rows
    return [row["text"] for row in rows if row["kind"] == "message" and row["text"].startswith(prefix)]


def open_app(terminal: Terminal, folder: Path, room: str) -> None:
    terminal.start("--data-dir", str(folder))
    terminal.wait_for(f"# {room}")
    terminal.go_to_room(room)
    terminal.wait_for("1 member")


@pytest.fixture
def ann(tmp_path: Path) -> Client:
    return Client(tmp_path / "ann")


def test_200_lines_typed_into_the_app_survive_a_killed_server(
    tmp_path: Path, ann: Client, open_terminal: OpenTerminal, start_server: Callable[..., Server]
) -> None:  # A13, A14, A21, E3
    server = start_server()
    ann.login(server.url, "ann")
    ann("create", "talk")
    terminal = open_terminal()
    open_app(terminal, ann.folder, "talk")
    for number in range(200):
        terminal.type(f"line {number:03}")
        terminal.press("Enter")
        if number == 90:
            server.end(signal.SIGKILL)
    terminal.wait_for("reconnecting")
    server = start_server(server.port)
    terminal.press("F5")
    terminal.wait_for("online")
    end = time.monotonic() + 90
    while "unsent" in (screen := terminal.screen()) or not re.search(r"line 199\s+✓✓", screen):
        assert time.monotonic() < end, screen
        time.sleep(0.2)
    terminal.press("C-q")
    terminal.wait_for("left-with-0")
    reader = Client(tmp_path / "reader")
    reader.login(server.url, "reader")
    reader("join", "talk")
    assert said_in(reader, "talk", "line") == [f"line {number:03}" for number in range(200)]
    server.end()


def test_sends_from_scripts_survive_a_killed_server(
    ann: Client, start_server: Callable[..., Server]
) -> None:  # A13, A14, E3
    server = start_server()
    ann.login(server.url, "ann")
    ann("create", "talk")
    with ann.start("tail", "--json") as engine:  # one process runs the account; the others hand their lines to it
        for number in range(60):
            if number == 25:
                server.end(signal.SIGKILL)
            done = ann("send", "talk", f"line {number:03}", "--wait", "pending", "--json")
            assert done.code == 0, done.error
        server = start_server(server.port)
        last = ann("send", "talk", "line 060", "--wait", "confirmed", "--timeout", "60", "--json")
        assert (last.code, last.rows[0]["state"]) == (0, "confirmed")
        assert not ann("outbox", "--json").rows
        assert engine.shows("line 060", 10)
    assert said_in(ann, "talk", "line") == [f"line {number:03}" for number in range(61)]
    server.end()


def test_a_line_typed_before_the_app_was_killed_is_sent_with_the_same_id(
    tmp_path: Path, ann: Client, open_terminal: OpenTerminal, start_server: Callable[..., Server]
) -> None:  # A14, E3, E4
    server = start_server()
    ann.login(server.url, "ann")
    ann("create", "talk")
    terminal = open_terminal("first")
    open_app(terminal, ann.folder, "talk")
    terminal.wait_for("online")
    os.kill(server.process.pid, signal.SIGSTOP)
    terminal.type("typed in the last second")
    terminal.press("Enter")
    terminal.wait_for("typed in the last second")
    terminal.wait_for("…")
    terminal.type("half a draft")
    time.sleep(0.6)
    os.kill(terminal.pid(), signal.SIGKILL)
    terminal.close()
    rows = ann("outbox", "--json").rows
    assert [(row["kind"], row["text"]) for row in rows] == [("send", "typed in the last second")]
    os.kill(server.process.pid, signal.SIGCONT)
    again = open_terminal("second")
    open_app(again, ann.folder, "talk")
    again.wait_for("half a draft")
    screen = again.wait_for("✓✓")
    assert re.search(r"typed in the last second\s+✓✓", screen)
    again.press("C-q")
    again.wait_for("left-with-0")
    history = [row for row in ann("history", "talk", "--json").rows if row["text"] == "typed in the last second"]
    assert [row.get("action_id") for row in history] == [rows[0]["action_id"]]
    server.end()
