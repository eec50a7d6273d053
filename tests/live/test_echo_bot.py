"""The echo bot of the examples, as its users run it: a process of its own, signed in by the command line."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.live.command import Client, Server

pytestmark = [pytest.mark.live, pytest.mark.timeout(90)]

BOT = Path(__file__).parents[2] / "examples" / "echo_bot.py"


def test_the_bot_is_short() -> None:  # B21
    assert len(BOT.read_text(encoding="utf-8").splitlines()) < 40


def test_the_bot_answers_texts_until_it_is_told_to_quit(tmp_path: Path) -> None:  # B21
    with Server("--open", "--data", str(tmp_path / "server.db"), "--welcome", "general") as server:
        bot, ann = Client(tmp_path / "bot"), Client(tmp_path / "ann")
        assert bot.login(server.url, "echo", name="echo").code == 0
        assert ann.login(server.url, "ann").code == 0
        process = subprocess.Popen(
            [sys.executable, str(BOT), "echo", str(tmp_path / "bot")], env={**os.environ, **bot.environment}
        )
        try:
            said: list[str] = []
            deadline = time.monotonic() + 40
            # What is said while it is still starting is not answered.
            while not said and process.poll() is None and time.monotonic() < deadline:
                assert ann("send", "general", "hello", "--wait", "confirmed").code == 0
                rows = ann("history", "general", "--json").rows
                said = [row["text"] for row in rows if row["sender"] == "echo" and row["kind"] in {"message", "notice"}]
            assert "hello" in said
            ann("send", "general", "!quit", "--wait", "confirmed")
            assert process.wait(20) == 0
        finally:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            process.wait(10)
