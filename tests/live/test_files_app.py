"""Files between two apps in two terminals: chosen in the dialog, watched, broken off, gone on with, cancelled."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.live.command import Client, Server
from tests.live.conftest import OpenTerminal
from tests.live.terminal import Terminal
from tests.live.throttle import Throttle

pytestmark = [pytest.mark.live, pytest.mark.timeout(180)]

SLOW, FAST = 400_000.0, 1e9
BODY = random.Random(11).randbytes(3_000_000)
PATIENCE = 60.0


class Person:
    """Somebody whose connection is as slow as the test wants it."""

    def __init__(self, folder: Path, name: str, server: Server, stack: ExitStack) -> None:
        self.name = name
        self.way = stack.enter_context(Throttle(server.port, FAST))
        self.client = Client(folder / name)
        self.home = folder / f"{name}-home"
        (self.home / "Downloads").mkdir(parents=True)
        assert self.client.login(self.way.url, name).code == 0

    def start(self, terminal: Terminal) -> Terminal:
        """Open the app in the room general."""
        terminal.start("--data-dir", str(self.client.folder), HOME=str(self.home))
        terminal.wait_for("# general", PATIENCE)
        terminal.press("Enter")
        terminal.wait_for("Message general", PATIENCE)
        return terminal

    def downloads(self) -> dict[str, bytes]:
        """What has been received, whole."""
        folder = self.home / "Downloads"
        return {path.name: path.read_bytes() for path in folder.iterdir() if not path.name.endswith(".part")}


@pytest.fixture
def people(tmp_path: Path) -> Iterator[tuple[Person, Person]]:
    with ExitStack() as stack:
        server = stack.enter_context(Server("--open", "--data", str(tmp_path / "server.db"), "--rate", "100000"))
        yield Person(tmp_path, "ann", server, stack), Person(tmp_path, "bob", server, stack)


def choose(terminal: Terminal, path: Path, caption: str = "") -> None:
    """Choose a file in the dialog: by typing its folder, then a part of its name."""
    terminal.press("C-o")
    terminal.wait_for("Send files to general", PATIENCE)
    terminal.type(f"{path.parent}/")
    terminal.wait_for(path.name, PATIENCE)
    terminal.type(path.stem)
    terminal.press("Enter")
    terminal.wait_for("● 1 file", PATIENCE)
    terminal.type(caption)
    terminal.press("Enter")
    terminal.wait_gone("Send files to general", PATIENCE)


def percent(screen: str) -> int:
    """The progress that is shown last, -1 while none is."""
    return max((int(number) for number in re.findall(r"[━╾─]  +(\d+) %", screen)), default=-1)


def reach(terminal: Terminal, share: int) -> int:
    """Wait until so much of a file is shown to be there."""
    return percent(terminal._until(lambda screen: percent(screen) >= share, f"{share} % never came", PATIENCE))


def test_a_file_goes_on_where_it_was_when_the_app_is_started_again(  # D1, D3, D7, D8, D13
    tmp_path: Path, people: tuple[Person, Person], open_terminal: OpenTerminal
) -> None:
    ann, bob = people
    own = tmp_path / "own files"
    own.mkdir()
    (own / "holiday.bin").write_bytes(BODY)
    ann.way.rate = SLOW
    first = ann.start(open_terminal("ann"))
    second = bob.start(open_terminal("bob", 80, 24))
    choose(first, own / "holiday.bin", "from the sea")
    second.wait_for("from the sea", PATIENCE)
    second.wait_for("… offered", PATIENCE)
    bob.way.rate = SLOW
    second.press("Up")
    second.type("a")
    reach(first, 1)
    assert "↑1" in first.screen()
    reach(second, 40)
    assert "↓1" in second.screen()
    second.press("C-q")
    second.wait_for("left-with-0", PATIENCE)
    assert bob.downloads()["holiday.bin"] == b""
    third = bob.start(open_terminal("bob again", 80, 24))
    assert reach(third, 40) >= 40
    ann.way.rate = bob.way.rate = FAST
    third.wait_for("✓ received", PATIENCE)
    first.wait_for("bob has it", PATIENCE)
    assert bob.downloads() == {"holiday.bin": BODY}


def test_each_side_can_cancel(
    tmp_path: Path, people: tuple[Person, Person], open_terminal: OpenTerminal
) -> None:  # D5, D6
    ann, bob = people
    for name in ("first.bin", "second.bin"):
        (tmp_path / name).write_bytes(BODY)
    first, second = ann.start(open_terminal("ann")), bob.start(open_terminal("bob", 80, 24))
    ann.way.rate = SLOW
    choose(first, tmp_path / "first.bin")
    second.wait_for("… offered", PATIENCE)
    second.press("Up")
    second.type("a")
    reach(second, 1)
    first.press("F3")
    first.wait_for("↑ 1 out", PATIENCE)
    first.type("x")
    first.wait_for("⊘ cancelled", PATIENCE)
    second.wait_for("cancelled by ann", PATIENCE)
    first.press("Escape")
    first.wait_gone("go there", PATIENCE)
    choose(first, tmp_path / "second.bin")
    second.wait_for("… offered", PATIENCE)
    second.press("Escape")
    second.press("Up")
    second.type("a")
    reach(second, 1)
    second.type("x")
    first.wait_for("bob cancelled it", PATIENCE)
    assert "Traceback" not in first.screen() + second.screen()
    assert set(bob.downloads()) == set()
