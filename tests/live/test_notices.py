"""Who looks elsewhere is told: by the bell and by the terminal; who looks is not. In a real terminal, on a real server."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import termios
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.live.command import PROGRAM, Client, Server

pytestmark = pytest.mark.live

OSC = re.compile(rb"\x1b\][^\x07\x1b]*\x07")
PATIENCE = 40.0
FOCUS_OUT, FOCUS_IN = b"\x1b[O", b"\x1b[I"
CONFIG = '[notify]\ndesktop = "osc9"\nkeywords = ["lunch"]\n'


class Pane:
    """The app in a terminal that only keeps what is written to it."""

    def __init__(self, master: int) -> None:
        self._master = master
        self.seen = b""

    def wait_for(self, *wanted: bytes) -> None:
        """Wait until all of these were written since the last look."""
        end = time.monotonic() + PATIENCE
        while not all(piece in self.seen for piece in wanted):
            left = end - time.monotonic()
            assert left > 0, f"{wanted!r} never came: {self.seen[-2000:]!r}"
            if select.select([self._master], [], [], left)[0]:
                self.seen += os.read(self._master, 65_536)

    def rang(self) -> bool:
        """Whether there was a bell: one that does not end a sequence."""
        return b"\x07" in OSC.sub(b"", self.seen)

    def send(self, keys: bytes) -> None:
        os.write(self._master, keys)


@contextmanager
def app(client: Client, *arguments: str) -> Iterator[Pane]:
    """The app of a client, ended by Ctrl+Q."""
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 30, 100, 0, 0))
    env = {key: value for key, value in os.environ.items() if key not in {"COLUMNS", "LINES", "TMUX"}}
    env |= {**client.environment, "TERM": "xterm-256color"}
    process = subprocess.Popen([*PROGRAM, *arguments], stdin=slave, stdout=slave, stderr=slave, env=env)
    os.close(slave)
    pane = Pane(master)
    try:
        yield pane
        pane.send(b"\x11")
        pane.wait_for(b"\x1b[?1049l")
        assert process.wait(PATIENCE) == 0
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
        os.close(master)


def test_who_looks_elsewhere_is_told(tmp_path: Path) -> None:
    with Server("--open") as server:
        ann, bob = Client(tmp_path / "ann"), Client(tmp_path / "bob")
        ann.login(server.url, "ann")
        bob.login(server.url, "bob")
        (tmp_path / "config.toml").write_text(CONFIG)
        with app(ann, "--config", str(tmp_path / "config.toml")) as pane:
            pane.wait_for(b"general", b"online")
            pane.send(b"\r")
            pane.wait_for(b"essage general")
            bob("send", "general", "ann: while you look")
            pane.wait_for(b"while you look")
            assert b"\x1b]9;" not in pane.seen
            assert not pane.rang()
            pane.send(FOCUS_OUT)
            bob("send", "general", "nothing special")
            bob("send", "general", "who wants lunch?")
            pane.wait_for(b"\x1b]9;bob in general: who wants lunch?\x07")
            assert b"bob in general: nothing special" not in pane.seen
            assert pane.rang()
            pane.send(FOCUS_IN + b"\x1b?")  # Alt+? is F1 where a terminal keeps that for itself
            pane.wait_for(b"Show keys and commands")
            pane.send(b"q")
