"""A fault of the program in a real terminal: the terminal is as it was, and one sentence says where the report is."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import sys
import termios
import time
from pathlib import Path

import pytest

from chat_tui.crash import reports

pytestmark = pytest.mark.live

PROGRAM = """
import sys
from chat_tui.app import ChatApp
def boom(self):
    raise KeyError("what somebody wrote")
ChatApp.action_help = boom
from chat_tui.__main__ import main
sys.exit(main(["--demo", "--data-dir", sys.argv[1]]))
"""
PATIENCE = 40.0


def test_the_terminal_is_given_back(tmp_path: Path) -> None:  # E11, E12
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 30, 100, 0, 0))
    before = termios.tcgetattr(slave)
    env = {key: value for key, value in os.environ.items() if key not in {"COLUMNS", "LINES"}} | {
        "TERM": "xterm-256color"
    }
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, str(tmp_path)], stdin=slave, stdout=slave, stderr=slave, env=env
    )
    seen, pressed, end = b"", False, time.monotonic() + PATIENCE
    while (process.poll() is None or select.select([master], [], [], 0)[0]) and time.monotonic() < end:
        if select.select([master], [], [], 0.1)[0]:
            seen += os.read(master, 65_536)
        if not pressed and b"general" in seen:
            os.write(master, b"\x1bOP")
            pressed = True
    assert process.wait(PATIENCE) == 1
    assert termios.tcgetattr(slave) == before
    os.close(master)
    os.close(slave)
    after = seen.rpartition(b"\x1b[?1049l")[2]
    assert b"\x1b[?25h" in seen.rpartition(b"\x1b[?25l")[2]
    text = re.sub(rb"\x1b\[[0-9;?]*[A-Za-z]|\s+", b" ", after).decode()
    assert "A fault of the program ended it." in re.sub(r"\s+", " ", text)
    assert "Traceback" not in text
    assert "what somebody wrote" not in text
    (report,) = reports(tmp_path)
    assert "KeyError" in report.read_text()
    assert "what somebody wrote" not in report.read_text()
