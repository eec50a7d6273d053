"""Walk through the app in a real terminal: say, go, press, see; and keep what was seen."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final, Protocol

from tests.live.command import Client
from tests.live.terminal import Terminal

__all__ = ["PATIENCE", "Walk", "World"]

PATIENCE: Final = 40.0


class World(Protocol):
    """A server that can go away, with two people on it: ann, who signs in by the form, and bob."""

    name: str
    choice: int
    """Which of the welcome's choices it is, from 0."""
    url: str
    password: str
    ann: Client
    bob: Client
    bob_id: str
    presence: bool
    """Whether it tells who is there."""

    def stop(self) -> None:
        """The server goes away."""

    def start(self) -> None:
        """It is back, where it was."""

    def refuse(self, walk: Walk) -> None:
        """Have the next message of ann in the open room refused, and say it."""

    def relent(self, walk: Walk) -> None:
        """From now on it would be taken; `walk` is in the dialog or on the notice that can try it again."""


class Walk:
    """Ann's terminal, and bob's; every text waits until the screen shows it."""

    def __init__(self, world: World, ann: Terminal, bob: Terminal) -> None:
        self.world = world
        self.ann = ann
        self.bob = bob
        self.room = ""

    # ------------------------------------------------------------ ann

    def press(self, *keys: str) -> None:
        """Press keys by tmux's names. Escape and what follows is no Alt key: it is waited for in between."""
        for key in keys:
            self.ann.press(key)
            if key == "Escape":
                time.sleep(0.15)

    def type(self, text: str) -> None:
        self.ann.type(text)

    def see(self, *texts: str) -> str:
        """Wait until all of these are on the screen."""
        for text in texts:
            self.ann.wait_for(text, PATIENCE)
        return self.ann.screen()

    def gone(self, text: str) -> None:
        self.ann.wait_gone(text, PATIENCE)

    def match(self, pattern: str) -> re.Match[str]:
        """Wait until a pattern is on the screen."""
        end = time.monotonic() + PATIENCE
        while (found := re.search(pattern, screen := self.ann.screen())) is None:
            assert time.monotonic() < end, f"{pattern!r} never came:\n{screen}"
            time.sleep(0.1)
        return found

    def until(self, holds: Callable[[], bool]) -> None:
        """Wait until something holds."""
        end = time.monotonic() + PATIENCE
        while not holds():
            assert time.monotonic() < end, f"it never came to that:\n{self.ann.screen()}"
            time.sleep(0.05)

    def line(self, text: str) -> str:
        """The line of the screen that has this text, once there is one."""
        self.see(text)
        return next((line for line in self.ann.lines() if text in line), "")

    def enter(self, text: str) -> None:
        """Type a line and press Enter."""
        self.ann.type(text)
        self.ann.press("Enter")

    def say(self, text: str) -> None:
        """Say something, and see that everybody has it."""
        self.enter(text)
        self.match(rf"{re.escape(text)}\s+(?:read by .*)?✓✓")

    def go(self, room: str) -> None:
        """Go to a room by the switcher."""
        self.ann.press("C-k")
        self.see("Go to room")
        self.ann.type(room)
        self.gone("Go to room")  # what was typed stands there instead
        self.ann.press("Enter")
        self.see(f"Message {room}")
        self.room = room

    def recover(self) -> None:
        """After something that went wrong: close what is open, empty the composer."""
        if "shell>" in self.ann.lines()[-1]:
            return
        self.press("Escape", "Escape", "Escape", "Escape")
        if self.room:
            self.ann.press("C-k")
            time.sleep(0.5)
            self.ann.type(self.room)
            time.sleep(0.5)
            self.ann.press("Enter")
            time.sleep(0.5)
        self.press("C-c", "C-c")

    # ------------------------------------------------------------ bob

    def bob_says(self, *texts: str) -> None:
        """Bob says something in the room that his terminal shows."""
        for text in texts:
            self.bob.type(text)
            self.bob.press("Enter")

    def bob_goes(self, room: str) -> None:
        self.bob.press("C-k")
        self.bob.wait_for("Go to room", PATIENCE)
        self.bob.type(room)
        self.bob.wait_gone("Go to room", PATIENCE)
        self.bob.press("Enter")
        self.bob.wait_for(f"Message {room}", PATIENCE)


def written(folder: Path, name: str, terminal: Terminal) -> None:
    """Keep a terminal's screen as text, and as it is styled."""
    (folder / f"{name}.txt").write_text("\n".join(terminal.lines()) + "\n", encoding="utf-8")
    (folder / f"{name}.ansi").write_text(terminal.screen(styled=True), encoding="utf-8")
