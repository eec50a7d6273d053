"""The programs that bench/terminal.py measures: how each is started, entered and spoken to."""

from __future__ import annotations

import shutil
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bench.latency import COMMAND, PASSWORD, settings, sign_in
from bench.processes import Process
from bench.pseudo_terminal import PseudoTerminal
from bench.watched_terminal import WatchedTerminal

ROOT: Final = Path(__file__).resolve().parent.parent
PATIENCE: Final = 120.0
TO_THE_END: Final = "\x1b[1;5F"
"""Ctrl+End: a room with unread messages opens at the first of them."""
OURS: Final = "chat-tui"
BARE: Final = "bare Textual"


class Speaker:
    """Somebody who says things in a room, in a process of their own."""

    def __init__(self, process: Process, room: str) -> None:
        self.process = process
        self.room = room

    def begin(self, count: int, rate: float, word: str) -> None:
        """Begin to say `count` messages, the last one ending in `word`."""
        self.process.tell(f"{self.room} {count} {rate} {word}")

    def ended(self) -> float:
        """Wait until all is said; gives when the server told of the last one."""
        return float(self.process.line(PATIENCE))

    def say(self, word: str) -> float:
        """Say one message; gives when the server told of it."""
        self.begin(1, 0, word)
        return self.ended()


@dataclass(frozen=True)
class Program:
    """A program that is measured. `first` and `usable` stand in its first frame and in the one that it can be used from."""

    name: str
    command: Sequence[str]
    settings: dict[str, str]
    first: str
    usable: str
    enter: Callable[[PseudoTerminal], None]
    """Go to the room from there."""
    speaker: Speaker | None

    def start(self, rate: int = 0) -> WatchedTerminal:
        """Start it in a terminal that takes `rate` bytes a second (0: all)."""
        return WatchedTerminal(self.command, self.settings, rate)


def type_line(terminal: PseudoTerminal, *parts: str) -> None:
    """Type something part by part, and wait until all is calm."""
    for one in parts:
        terminal.send(one)
        time.sleep(0.15)
    terminal.quiet(0.7)


def chat_tui(folder: Path, url: str, room: str, speaker: Speaker) -> Program:
    """Our app, signed in on our server; `room` is one that is stored already."""
    if not (folder / "data").exists():
        sign_in(folder, url)
    return Program(
        OURS,
        [*COMMAND, "--data-dir", str(folder / "data")],
        settings(folder),
        "bench",
        "online",
        lambda terminal: type_line(terminal, "\x0b", room, "\r", TO_THE_END),  # Ctrl+K
        speaker,
    )


def bare_textual(folder: Path) -> Program:
    """The smallest Textual app."""
    command = [sys.executable, str(ROOT / "bench" / "bare_app.py")]
    return Program(BARE, command, settings(folder), "the first", "the first", lambda _: None, None)


def weechat(folder: Path, port: int, speaker: Speaker) -> Program | None:
    """WeeChat in our IRC server's channel, which keeps all lines; None where it is not installed."""
    path = shutil.which("weechat") or shutil.which("weechat-curses")
    if path is None:
        return None
    orders = (
        "/set weechat.startup.display_logo off",
        "/set logger.file.auto_log off",
        "/set weechat.history.max_buffer_lines_number 0",
        "/set irc.server_default.ssl off",
        f"/server add bench 127.0.0.1/{port} -autojoin=#hall -nicks=ada",
        "/connect bench",
    )
    command = [path, "-d", str(folder / "weechat"), "-r", ";".join(orders)]
    return Program("weechat", command, _locale(folder), "\x1b", "normals", _wait, speaker)


def irssi(folder: Path, port: int, speaker: Speaker) -> Program | None:
    """Irssi in our IRC server's channel; None where it is not installed."""
    path = shutil.which("irssi")
    if path is None:
        return None
    home = folder / "irssi"
    home.mkdir(exist_ok=True)
    orders = (
        "/NETWORK ADD bench",
        "/CHANNEL ADD -auto #hall bench",
        f"/SERVER ADD -network bench 127.0.0.1 {port}",
        "/CONNECT bench",
    )
    (home / "startup").write_text("".join(f"{order}\n" for order in orders), encoding="utf-8")
    command = [path, f"--home={home}", "-n", "ada"]
    return Program("irssi", command, _locale(folder), "Irssi", "Act", _second_window, speaker)


def _second_window(terminal: PseudoTerminal) -> None:
    terminal.send("\x1b2")  # Alt+2
    _wait(terminal)


def _wait(terminal: PseudoTerminal) -> None:
    terminal.quiet(0.7)


def _locale(folder: Path) -> dict[str, str]:
    return {"LANG": "C.UTF-8", "LC_ALL": "C.UTF-8", "HOME": str(folder)}


def wschat_speaker(url: str, room: str) -> Speaker:
    """The one who speaks on our server."""
    process = Process("-m", "bench.wschat_speaker", url, "bob", PASSWORD)
    process.line(PATIENCE)
    return Speaker(process, room)
