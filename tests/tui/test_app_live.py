"""The real program in a real terminal, on the demo's real server: what a person sees from start to end."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

pytestmark = pytest.mark.live

ESCAPES = re.compile(rb"\x1b\[[0-9;?<>=$]*[A-Za-z]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)")
ROOT = Path(__file__).parents[2]
PATIENCE = 30.0


class Terminal:
    """A program in a terminal of its own."""

    def __init__(self, *arguments: str, data: Path) -> None:
        self.master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 30, 100, 0, 0))
        env = {key: value for key, value in os.environ.items() if key not in {"COLUMNS", "LINES", "NO_COLOR"}}
        env |= {"TERM": "xterm-256color", "PYTHONPATH": f"{ROOT / 'tui'}{os.pathsep}{ROOT / 'backends'}"}
        command = [sys.executable, "-m", "chat_tui", "--data-dir", str(data), *arguments]
        self.process = subprocess.Popen(
            command, stdin=slave, stdout=slave, stderr=slave, env=env, start_new_session=True, close_fds=True
        )
        os.close(slave)
        self.seen = b""

    def wait_for(self, text: str) -> None:
        """Wait until the program has drawn this text."""
        end = time.monotonic() + PATIENCE
        while text.encode() not in ESCAPES.sub(b"", self.seen):
            if not self._read(end):
                pytest.fail(f"{text!r} never came; the last was {ESCAPES.sub(b'', self.seen)[-2000:]!r}")

    def _read(self, end: float) -> bool:
        ready, _, _ = select.select([self.master], [], [], max(0.0, end - time.monotonic()))
        if not ready:
            return False
        try:
            self.seen += os.read(self.master, 65_536)
        except OSError:
            return False
        return True

    def send(self, keys: str) -> None:
        os.write(self.master, keys.encode())

    def exit_code(self) -> int:
        """Wait for the end, taking what it still writes."""
        end = time.monotonic() + PATIENCE
        while self.process.poll() is None and time.monotonic() < end:
            self._read(min(end, time.monotonic() + 0.1))
        return self.process.wait(1)

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        os.close(self.master)


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[Terminal]:
    terminal = Terminal("--demo", data=tmp_path)
    yield terminal
    terminal.close()


def test_the_demo_from_start_to_end(demo: Terminal) -> None:  # E2, E11, A13
    demo.wait_for("starting the demo server")
    demo.wait_for("● online")
    demo.wait_for("Message robin")
    demo.send("\r")
    demo.send("words of mine\r")
    demo.wait_for("words of mine")  # a whole line: the composer draws letter by letter
    demo.wait_for("✓✓")
    demo.send("\x11")
    assert demo.exit_code() == 0
    assert b"\x1b[?1049l" in demo.seen  # the terminal is as it was
    assert b"Traceback" not in demo.seen


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_being_told_to_end_is_an_orderly_end(demo: Terminal, number: signal.Signals) -> None:  # E11
    demo.wait_for("● online")
    demo.process.send_signal(number)
    assert demo.exit_code() == 0
    assert b"\x1b[?1049l" in demo.seen


def test_the_first_start_offers_ways_to_begin(tmp_path: Path) -> None:
    terminal = Terminal(data=tmp_path)
    try:
        terminal.wait_for("Look around")
        terminal.wait_for("A chat-tui server")
        terminal.send("\x11")
        assert terminal.exit_code() == 0
    finally:
        terminal.close()
