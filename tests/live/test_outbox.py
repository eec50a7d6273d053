"""The promise, by hand: what was said, changed and decided while the server was away, or said no, in a real terminal."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.live.command import Client, Server
from tests.live.conftest import OpenTerminal
from tests.live.terminal import Terminal

pytestmark = [pytest.mark.live, pytest.mark.timeout(180)]

StartServer = Callable[..., Server]
FIVE = ("one", "two", "three", "four", "five")
TOO_LONG = "far too long for this server " * 170


@pytest.fixture
def start_server(tmp_path: Path) -> Iterator[StartServer]:
    """Starts servers on one file; what still runs at the end is killed."""
    with ExitStack() as running:
        yield lambda port=0: running.enter_context(
            Server("--open", "--data", str(tmp_path / "server.db"), "--rate", "100000", port=port)
        )


@pytest.fixture
def ann(tmp_path: Path) -> Client:
    return Client(tmp_path / "ann")


def open_app(terminal: Terminal, client: Client, *options: str) -> None:
    terminal.start("--data-dir", str(client.folder), *options)
    terminal.wait_for("# talk")
    terminal.go_to_room("talk")
    terminal.wait_for("1 member")


def say(terminal: Terminal, text: str) -> None:
    terminal.type(text)
    terminal.press("Enter")
    terminal.wait_for("› Message talk")  # the composer is empty again: it is stored
    terminal.wait_for(text)


def until(terminal: Terminal, pattern: str, seconds: float = 40) -> str:
    """Wait until a pattern is on the screen."""
    end = time.monotonic() + seconds
    while re.search(pattern, screen := terminal.screen()) is None:
        assert time.monotonic() < end, f"{pattern!r} never came:\n{screen}"
        time.sleep(0.1)
    return screen


def stored(client: Client, room: str) -> list[dict[str, Any]]:
    """What is stored of a room: its messages, with reactions."""
    lines = client("export", room).out.splitlines()
    return [row for row in map(json.loads, lines) if row["kind"] in {"message", "emote"}]


def test_five_messages_a_change_and_a_reaction_while_the_server_is_away(
    tmp_path: Path, ann: Client, open_terminal: OpenTerminal, start_server: StartServer
) -> None:  # E2, E3, A13, A14
    server = start_server()
    ann.login(server.url, "ann")
    ann("create", "talk")
    terminal = open_terminal("first")
    open_app(terminal, ann)
    terminal.wait_for("online")
    server.end()
    terminal.wait_for("reconnecting")
    for text in FIVE:
        say(terminal, text)
    terminal.press("Up", "Up", "Up", "Up", "e")
    terminal.wait_for("Editing: two")
    terminal.type(" and a half")
    terminal.press("Enter")
    until(terminal, r"two and a half\s+…")
    terminal.press("Up", "Up", "Up", "+")
    terminal.wait_for("React")
    terminal.type("rocket")
    terminal.press("Enter")
    terminal.wait_for("🚀 1")
    terminal.press("F2")
    terminal.wait_for("6 not settled")
    terminal.press("Escape")
    terminal.wait_gone("Outbox")
    terminal.press("C-q")
    terminal.wait_for("left-with-0")
    waiting = ann("outbox", "--json").rows
    assert [row["text"] for row in waiting] == ["one", "two and a half", "three", "four", "five", "🚀"]
    assert [row["waits"] for row in waiting] == ["turn", *["behind"] * 5]

    again = open_terminal("second")
    open_app(again, ann)
    screen = again.wait_for("five")
    assert re.search(r"two and a half\s+…", screen)
    assert re.search(r"three\s+…\n.*🚀 1", screen)
    assert "6 unsent" in screen
    server = start_server(server.port)
    again.press("F5")
    until(again, r"five\s+✓✓")
    screen = again.wait_gone("unsent")
    assert re.search(r"three\s+✓✓\n.*🚀 1", screen)
    again.press("C-q")
    again.wait_for("left-with-0")
    rows = stored(ann, "talk")
    assert [row["text"] for row in rows] == ["one", "two and a half", "three", "four", "five"]
    reader = Client(tmp_path / "reader")
    reader.login(server.url, "reader")
    reader("join", "talk")
    assert [row["text"] for row in reader("history", "talk", "--json").rows if row["kind"] == "message"] == [
        row["text"] for row in rows
    ]
    assert [row.get("reactions", {}) for row in stored(reader, "talk")] == [{}, {}, {"🚀": ["ann"]}, {}, {}]
    server.end()


def refuse(terminal: Terminal, then: str) -> None:
    """Say something that the server refuses, and another thing after it."""
    terminal.paste(TOO_LONG)
    terminal.press("Enter")
    terminal.wait_for("was refused")
    say(terminal, then)


def refused_id(client: Client, after: int = 0) -> int:
    """The id of the refused action, once it is above `after`."""
    for _ in range(100):
        found = [row["action_id"] for row in client("outbox", "--json").rows if row["state"] == "failed"]
        if found and found[0] > after:
            return int(found[0])
        time.sleep(0.1)
    raise AssertionError("nothing was refused")


def test_every_choice_of_the_notice(
    tmp_path: Path, ann: Client, open_terminal: OpenTerminal, start_server: StartServer
) -> None:  # B13, E3, A22
    server = start_server()
    ann.login(server.url, "ann")
    ann("create", "talk")
    terminal = open_terminal()
    open_app(terminal, ann)
    terminal.wait_for("online")

    refuse(terminal, "after the first")
    terminal.wait_for("let 1 later one pass")
    first = refused_id(ann)
    terminal.press("F6", "r")
    refused_id(ann, first)  # and refused again: under a new id, in its place
    time.sleep(1)  # the notice goes and comes again, and looks as before
    terminal.wait_for("was refused")
    terminal.press("F6", "e")
    terminal.wait_for("Editing: far too long")
    terminal.press("C-c")
    terminal.wait_gone("› far too long")
    say(terminal, "short enough")
    terminal.wait_gone("was refused")
    until(terminal, r"after the first\s+✓✓")

    refuse(terminal, "after the second")
    terminal.press("F6", "p")
    terminal.wait_for("you: after the second")  # it has gone up to its place, before what was refused
    terminal.wait_gone("let ")
    terminal.press("F2")
    terminal.wait_for("refused, others pass it")
    terminal.press("d")
    terminal.wait_for("Everything is sent.")
    terminal.press("Escape")
    terminal.wait_gone("Outbox")

    refuse(terminal, "after the third")
    terminal.press("F6", "d")
    until(terminal, r"after the third\s+✓✓")
    terminal.wait_gone("far too long")
    assert "unsent" not in terminal.screen()
    terminal.press("C-q")
    terminal.wait_for("left-with-0")
    texts = [row["text"] for row in stored(ann, "talk")]
    assert texts == ["short enough", "after the first", "after the second", "after the third"]
    server.end()


def test_what_is_put_off_and_taken_back(
    tmp_path: Path, ann: Client, open_terminal: OpenTerminal, start_server: StartServer
) -> None:
    server = start_server()
    ann.login(server.url, "ann")
    ann("create", "talk")
    config = tmp_path / "config.toml"
    config.write_text("undo_send = 3\n", encoding="utf-8")
    terminal = open_terminal()
    open_app(terminal, ann, "--config", str(config))
    terminal.wait_for("online")
    terminal.type("/me thinks twice")
    terminal.press("Enter")
    terminal.wait_for("Ctrl+Z takes it back")
    terminal.press("C-z")
    terminal.wait_gone("takes it back")
    terminal.wait_for("› /me thinks twice")
    terminal.press("Enter")
    until(terminal, r"\* ann thinks twice\s+✓✓")
    terminal.type("/at +4s a little later")
    terminal.press("Enter")
    until(terminal, r"a little later\s+◷\n.*in \d s")
    until(terminal, r"a little later\s+✓✓")
    done = ann("send", "talk", "from a script", "--at", "+2s", "--wait", "confirmed", "--timeout", "20", "--json")
    assert (done.code, done.rows[0]["state"]) == (0, "confirmed")
    terminal.wait_for("from a script")
    terminal.press("C-q")
    terminal.wait_for("left-with-0")
    assert [row["text"] for row in stored(ann, "talk")] == ["/me thinks twice", "a little later", "from a script"]
    server.end()
