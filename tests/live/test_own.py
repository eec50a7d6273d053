"""What a person made, in a real terminal and by lines: a theme, commands, a key; what runs ends with the app."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

import pytest

from tests.live.command import Client, Server
from tests.live.terminal import PATIENCE, TMUX, Terminal

pytestmark = pytest.mark.live

CONFIG = """
theme = "dusk"
[themes.dusk]
background = "#1d1a24"
[keys]
"/snip hi there" = "f12"
[commands.snip]
run = ["echo", "from a program:"]
[commands.says]
run = ["sh", "-c", "cat >&2; echo \\"$@\\"; echo secret-of-$0 >&2", "says"]
into = "send"
[commands.stays]
run = ["sh", "-c", "echo $$ > \\"$1\\"; exec sleep 600", "stays"]
[commands.join]
run = ["true"]
"""


@pytest.mark.skipif(TMUX is None, reason="tmux is not installed")
def test_the_app_takes_a_theme_a_command_and_a_key_and_leaves_nothing_running(tmp_path: Path) -> None:
    terminal = Terminal(tmp_path, columns=80, rows=24)
    (terminal.home / "config.toml").write_text(CONFIG)
    number = terminal.home / "number"
    try:
        terminal.start("--demo", "--config", "config.toml", COLORTERM="truecolor")
        terminal.wait_for("commands.join")
        terminal.wait_for("Ctrl+K")
        assert "48;2;29;26;36" in terminal.screen(styled=True)
        terminal.press("C-k")
        terminal.type("general")
        terminal.press("Enter")
        terminal.wait_for("Message general")
        terminal.press("F12")
        terminal.wait_for("from a program: hi there")
        terminal.press("C-c")
        terminal.type(f"/stays {number}")
        terminal.press("Enter")
        terminal.wait_for("/stays runs…")
        process = int(_written(number))
        terminal.press("C-q")
        terminal.wait_for("left-with-0")
        assert _ends(process)
    finally:
        terminal.close()


def test_commands_work_by_lines_and_the_log_has_nothing_of_them(tmp_path: Path) -> None:  # A24
    ada = Client(tmp_path / "ada")
    (tmp_path / "config.toml").write_text(CONFIG)
    with Server("--open") as server:
        ada.login(server.url, "ada")
        done = ada("--config", str(tmp_path / "config.toml"), "--debug", "--plain", stdin="/snip a\n/says hello all\n")
    assert done.code == 0, done.error
    lines = done.out.splitlines()
    assert "line 14: commands.join has the name of one of the app's commands: call it 'my-join'" in lines
    assert "from a program: a" in lines
    assert any(line.endswith("You: hello all") for line in lines)
    logs = "".join(path.read_text() for path in (tmp_path / "ada").rglob("*.log"))
    assert "/says ended with code 0" in logs
    for word in ("secret-of-says", "from a program", "hello all", json.dumps("draft")):
        assert word not in logs


def _written(path: Path) -> str:
    end = time.monotonic() + PATIENCE
    while not (path.exists() and path.read_text().endswith("\n")):
        assert time.monotonic() < end, "the program did not begin"
        time.sleep(0.02)
    return path.read_text()


def _ends(process: int) -> bool:
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        try:
            os.kill(process, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.02)
    return False
