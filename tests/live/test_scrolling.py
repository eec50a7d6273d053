"""Reading back through ten thousand messages in a real terminal while others talk: what is read never moves."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from bench.plain_client import PlainClient, plain
from chat_tui_core import registry
from chat_tui_core.contract import SeedLine, SeedRoom, ServerOptions
from tests.live.command import Client, Server
from tests.live.conftest import OpenTerminal
from tests.live.terminal import Terminal

pytestmark = [pytest.mark.live, pytest.mark.timeout(120)]

COUNT = 10_000
NEW = 37
ROWS = 100
PATIENCE = 20.0
LATE = 2.0
"""Seconds after which a page that has not moved was asked for at the edge of what is loaded."""
SAID = 1_700_000_000_000
NUMBER = re.compile(r"(?<!: )line (\d+) ends")  # among the messages, not in the list of rooms


async def serve_history(data: Path) -> None:
    """Make a server's file with a room in which one person has said ten thousand lines."""
    server = registry.load("wschat").server
    assert server is not None
    lines = tuple(SeedLine("bob", SAID + 1_000 * number, f"line {number} ends") for number in range(1, COUNT + 1))
    running = await server.start(ServerOptions(data=str(data), seed=(SeedRoom("hall", "", ("ann", "bob"), lines),)))
    await running.close()
    for name in ("ann", "bob"):
        await server.add_user(str(data), name, "pw")


def numbers(terminal: Terminal) -> list[int]:
    """The messages on screen, from above."""
    return [int(found) for found in NUMBER.findall(terminal.screen())]


def contiguous(found: list[int]) -> bool:
    return bool(found) and found == list(range(found[0], found[0] + len(found)))


def until(terminal: Terminal, holds: Callable[[list[int]], bool], never: str) -> list[int]:
    """The messages on screen once they are as they must be."""
    end = time.monotonic() + PATIENCE
    while not holds(found := numbers(terminal)):
        assert time.monotonic() < end, f"{never}:\n{terminal.screen()}"
        time.sleep(0.02)
    return found


def places(screen: str) -> dict[int, int]:
    """Where each message stands on the screen: its row."""
    found = ((NUMBER.search(line), row) for row, line in enumerate(screen.splitlines()))
    return {int(match[1]): row for match, row in found if match}


def stays(terminal: Terminal, hint: str) -> None:
    """Nothing that is read moves while something new comes, which the hint tells of in the end."""
    before = places(terminal.screen())
    end = time.monotonic() + PATIENCE
    told = False
    while not told:
        told = hint in (screen := terminal.screen())
        assert before.items() <= places(screen).items()
        assert time.monotonic() < end, f"{hint} never came:\n{screen}"
        time.sleep(0.02)


def page_up(terminal: Terminal) -> bool:
    """Go up by a page, without a hole; whether one press was enough: at the edge of what is loaded it is not."""
    before = until(terminal, contiguous, "no messages are shown")[0]
    end = time.monotonic() + PATIENCE
    presses = 0
    while time.monotonic() < end:
        presses += 1
        terminal.press("PPage")
        again = time.monotonic() + LATE
        while time.monotonic() < again:
            found = numbers(terminal)
            if contiguous(found) and found[0] < before:
                return presses == 1
            time.sleep(0.01)
    raise AssertionError(f"no older page came:\n{terminal.screen()}")


async def read_all(terminal: Terminal, bob: PlainClient) -> int:
    """Go up to the first message while somebody talks now and then; how much was said."""
    said = 0
    for _ in range(COUNT):
        at_rest = page_up(terminal)
        if numbers(terminal)[0] == 1:
            break
        if at_rest and said < NEW - 5:
            said += 1
            await bob.do(f"MSG hall new {said}")
            stays(terminal, f"↓ {said} new")
    return said


async def test_what_is_read_never_moves(tmp_path: Path, open_terminal: OpenTerminal) -> None:  # E5, A17
    await serve_history(tmp_path / "server.db")
    ann = Client(tmp_path / "ann")
    with Server("--data", str(tmp_path / "server.db")) as server:
        assert ann.login(server.url, "ann").code == 0
        async with plain(server.url) as bob:
            await bob.sign_in("bob", "pw", "talker")
            terminal = open_terminal("ann", 90, ROWS)
            terminal.start("--data-dir", str(ann.folder))
            terminal.wait_for(f"line {COUNT} ends")
            terminal.press("Enter")
            terminal.wait_for("Message hall")
            said = await read_all(terminal, bob)
            assert numbers(terminal)[0] == 1
            for number in range(said + 1, NEW + 1):
                await bob.do(f"MSG hall new {number}")
            stays(terminal, f"↓ {NEW} new")
            place = numbers(terminal)
            for columns, rows in ((60, 40), (120, ROWS), (90, ROWS)):
                terminal.resize(columns, rows)
                until(terminal, lambda found: contiguous(found) and found[0] == place[0], "a resize moved the place")
            until(terminal, lambda found: found == place, "the place did not come back")
            terminal.press("C-End")
            terminal.wait_for(f"new {NEW}")
            terminal.wait_gone(f"↓ {NEW} new")
            assert COUNT in numbers(terminal)
