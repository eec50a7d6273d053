"""A paste of many lines in a real terminal: it asks, and neither it nor the Enter behind it sends anything by accident."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from tests.live.command import Client, Server
from tests.live.conftest import OpenTerminal
from tests.live.terminal import Terminal

pytestmark = [pytest.mark.live, pytest.mark.timeout(120)]

LOG = "".join(f"{number:02} a line of the log\n" for number in range(30))


def answer(terminal: Terminal, *keys: str) -> None:
    """Give an answer until it is taken as one: the first keys may come too soon for that."""
    end = time.monotonic() + 30
    while "lines were pasted" in terminal.screen():
        assert time.monotonic() < end, terminal.screen()
        time.sleep(0.5)
        terminal.press(*keys[:1])
        time.sleep(0.5)
        for key in keys[1:]:
            terminal.press(key)


def test_a_long_paste_is_asked_about_and_goes_as_a_file(tmp_path: Path, open_terminal: OpenTerminal) -> None:  # E9
    with Server("--open", "--data", str(tmp_path / "server.db")) as server:
        ann = Client(tmp_path / "ann")
        ann.login(server.url, "ann")
        ann("create", "talk")
        terminal = open_terminal(columns=80, rows=24)
        terminal.start("--data-dir", str(ann.folder))
        terminal.wait_for("# talk")
        terminal.go_to_room("talk")
        terminal.wait_for("online")
        terminal.paste(LOG)
        terminal.press("Enter", "Enter", "Enter")  # somebody who does not look
        terminal.wait_for("30 lines were pasted")
        terminal.wait_for("02 a line of the log")
        terminal.wait_for("Take it out again")
        answer(terminal, "Escape")
        terminal.press("C-u", "C-c")
        terminal.wait_for("› Message talk")
        terminal.paste(LOG)
        terminal.wait_for("30 lines were pasted")
        answer(terminal, "End", "Up", "Enter")
        terminal.wait_for("pasted.txt")
        terminal.wait_for("› Message talk")
        terminal.press("C-q")
        terminal.wait_for("left-with-0")
        said = [row["kind"] for row in ann("history", "talk", "--json").rows]
        assert "file" in said
        assert "message" not in said
