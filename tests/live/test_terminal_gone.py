"""A terminal that goes without a signal to the app: the app ends, and does not read from nobody for ever."""

from __future__ import annotations

import os
import pty
import select
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

PATIENCE = 30.0


@pytest.fixture
def terminal() -> Iterator[tuple[int, int]]:
    """(the side of the terminal's program, the side of ours); what is still open is closed."""
    outer, inner = pty.openpty()
    yield outer, inner
    os.close(inner)


def read_until(outer: int, wanted: bytes) -> None:
    seen, end = b"", time.monotonic() + PATIENCE
    while wanted not in seen:
        assert time.monotonic() < end, seen[-2000:]
        if select.select([outer], [], [], 0.2)[0]:
            seen += os.read(outer, 65_536)


@pytest.mark.parametrize("shown", [b"\x1b[?1049h", b"online"], ids=["at-once", "later"])
def test_the_app_ends_when_its_terminal_is_gone(terminal: tuple[int, int], shown: bytes, tmp_path: Path) -> None:
    outer, inner = terminal
    settings = {**os.environ, "HOME": str(tmp_path), "TERM": "xterm-256color", "CHAT_TUI_DATA_DIR": str(tmp_path / "d")}
    app = subprocess.Popen(
        [sys.executable, "-m", "chat_tui", "--demo"],
        stdin=inner,
        stdout=inner,
        stderr=inner,
        env=settings,
        start_new_session=True,  # and no terminal of its own: nobody is told that this one hangs up
    )
    try:
        read_until(outer, shown)
        os.close(outer)
        assert app.wait(PATIENCE) in {0, 120, 129}  # 120: Python could not write what was left for the terminal
    finally:
        app.kill()
        app.wait(PATIENCE)
