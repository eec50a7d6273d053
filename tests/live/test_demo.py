"""The main job in a real terminal: open the demo, read, write, scroll to the first line, leave."""

from __future__ import annotations

import re
import time
from pathlib import Path

import pytest

from tests.live.conftest import OpenTerminal
from tests.live.terminal import Terminal

pytestmark = pytest.mark.live


def open_general(terminal: Terminal) -> None:
    terminal.wait_for("# general")
    terminal.wait_for("online")
    terminal.press("C-k")
    terminal.wait_for("Go to room")
    terminal.type("general")
    terminal.press("Enter")
    terminal.wait_for("Message general")


def test_the_demo_from_start_to_end(open_terminal: OpenTerminal) -> None:  # E1, E2, E5, E10, E11
    terminal = open_terminal()
    terminal.start("--demo")
    open_general(terminal)
    terminal.type("hello robin, are you there?")
    terminal.press("Enter")
    screen = terminal.wait_for("✓✓")
    line = next(line for line in screen.splitlines() if "hello robin, are you there?" in line)
    assert line.rstrip().endswith("✓✓")
    terminal.wait_for("robin", seconds=15)
    seen = set()
    for _ in range(2000):
        terminal.press("PPage")
        if "beginning of the room" in terminal.screen():
            break
        seen.update(
            re.findall(
                r"\b\d{1,2} (?:January|February|March|April|May|June|July|August|September|October|November|December) \d{4}",
                terminal.screen(),
            )
        )
    terminal.wait_for("beginning of the room")
    assert len(seen) >= 5, "weeks of history went by"
    terminal.press("C-End")
    terminal.wait_for("hello robin, are you there?")
    terminal.press("C-q")
    terminal.wait_for("left-with-0", seconds=5)
    terminal.type("echo $((6*7))")
    terminal.press("Enter")
    terminal.wait_for("42")


def test_every_live_feature_is_visible_within_a_minute(open_terminal: OpenTerminal) -> None:  # A6, A7, A19
    terminal = open_terminal()
    terminal.start("--demo")
    open_general(terminal)
    terminal.type("how does one roll dice here?")
    terminal.press("Enter")
    wanted = {"typing": r"typing", "a new channel": r"Public rooms", "unread": r"#\s+\w+\s+\d+\s"}
    end = time.monotonic() + 60
    while wanted and time.monotonic() < end:
        screen = terminal.screen()
        wanted = {name: pattern for name, pattern in wanted.items() if not re.search(pattern, screen)}
        time.sleep(0.1)
    assert not wanted, f"never seen: {', '.join(wanted)}"


def test_the_terminal_going_away_ends_the_program(open_terminal: OpenTerminal) -> None:  # E11
    terminal = open_terminal()
    terminal.start("--demo")
    terminal.wait_for("# general")
    pid = terminal.pid()
    terminal.close()
    for _ in range(100):
        try:
            if Path(f"/proc/{pid}/stat").read_text(encoding="ascii").split()[2] == "Z":
                return
        except OSError:
            return
        time.sleep(0.05)
    raise AssertionError("the program goes on without a terminal")


@pytest.mark.parametrize(("columns", "rows"), [(80, 24), (60, 20), (200, 60)])
def test_every_size_stands(open_terminal: OpenTerminal, columns: int, rows: int) -> None:
    terminal = open_terminal(columns=columns, rows=rows)
    terminal.start("--demo")
    open_general(terminal)
    terminal.resize(100, 30)
    terminal.wait_for("Message general")
    assert all(len(line) <= 100 for line in terminal.lines())
