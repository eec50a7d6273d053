"""Showing notices: which program or sequence, that texts stay texts, and that a program cannot hold the app up."""

from __future__ import annotations

import asyncio
import logging
import os
import sys
from pathlib import Path

import pytest

from chat_tui import desktop
from chat_tui.desktop import Desktop, asked_of_terminal, program_for
from chat_tui.notices import Notice

HOSTILE = Notice('x" & do shell script "id', "-1 <b>a & b</b>; --help")


def found(name: str) -> str:
    return f"/bin/{name}"


def test_linux_runs_notify_send_where_there_is_a_desktop() -> None:
    command = program_for(HOSTILE, platform="linux", environment={"DISPLAY": ":0"}, which=found)
    assert command[0] == "/bin/notify-send"
    assert command[-3:] == ("--", HOSTILE.title, "-1 &lt;b&gt;a &amp; b&lt;/b&gt;; --help")
    assert program_for(HOSTILE, platform="linux", environment={}, which=found) == ()
    assert program_for(HOSTILE, platform="linux", environment={"DISPLAY": ":0"}, which=lambda _: None) == ()


def test_macos_gets_texts_as_arguments_of_a_fixed_script() -> None:
    command = program_for(HOSTILE, platform="darwin", environment={}, which=found)
    assert command[0] == "/bin/osascript"
    assert command[-3:] == ("--", HOSTILE.title, HOSTILE.body)
    assert not any(HOSTILE.title in part or HOSTILE.body in part for part in command[:-2])
    assert program_for(HOSTILE, platform="darwin", environment={}, which=lambda _: None) == ()


# E7
@pytest.mark.parametrize(
    ("way", "in_tmux", "sequence"),
    [
        ("osc9", False, "\x1b]9;a;b: c]0;d\x07"),
        ("osc777", False, "\x1b]777;notify;a,b;c]0;d\x07"),
        ("osc9", True, "\x1bPtmux;\x1b\x1b]9;a;b: c]0;d\x07\x1b\\"),
    ],
)
def test_the_terminal_is_asked_in_one_sequence(way: str, in_tmux: bool, sequence: str) -> None:
    assert asked_of_terminal(Notice("a;b\x07", "c\x1b]0;d\x9c"), way, in_tmux=in_tmux) == sequence


async def test_what_comes_meanwhile_is_summed_up(tmp_path: Path) -> None:
    told = tmp_path / "told"
    program = "import sys; open(sys.argv[1], 'a').write(sys.argv[2] + '|' + sys.argv[3] + '\\n')"

    def find(notice: Notice) -> tuple[str, ...]:
        return (sys.executable, "-c", program, str(told), notice.title, notice.body)

    written: list[str] = []
    shown = Desktop(lambda: "auto", written.append, find)
    shown.show([])
    for number in range(3):
        shown.show([Notice("ada", f"line {number}", "r")])
        await asyncio.sleep(0)
    assert shown._task is not None
    await shown._task
    assert told.read_text().splitlines() == ["ada|line 0", "ada|2 new messages; the last: line 2"]
    assert written == []


async def test_the_setting_is_looked_at_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TMUX", raising=False)
    way, written = ["osc9"], list[str]()
    shown = Desktop(lambda: way[0], written.append, lambda _: pytest.fail("no program was wanted"))
    shown.show([Notice("ada", "hi")])
    way[0] = "off"
    shown.show([Notice("ada", "ho")])
    assert written == ["\x1b]9;ada: hi\x07"]


# E12
@pytest.mark.parametrize("command", [("no-such-program-here",), (sys.executable, "-c", "import sys; sys.exit(3)")])
async def test_a_failure_is_logged_without_what_was_said(
    command: tuple[str, ...], caplog: pytest.LogCaptureFixture
) -> None:
    shown = Desktop(lambda: "program", lambda _: None, lambda notice: (*command, notice.body))
    with caplog.at_level(logging.DEBUG, "chat_tui"):
        shown.show([Notice("ada", "my secret")])
        assert shown._task is not None
        await shown._task
    assert len(caplog.records) == 1
    assert "my secret" not in caplog.text


async def test_a_program_that_hangs_is_ended(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(desktop, "PATIENCE", 0.0)
    hang = (sys.executable, "-c", "import time; time.sleep(600)")
    shown = Desktop(lambda: "program", lambda _: None, lambda _: hang)
    shown.show([Notice("ada", "hi")])
    assert shown._task is not None
    await shown._task


async def test_closing_ends_what_runs(tmp_path: Path) -> None:
    mark = tmp_path / "pid"
    program = f"import os, time; open({str(mark)!r}, 'w').write(str(os.getpid())); time.sleep(600)"
    shown = Desktop(lambda: "program", lambda _: None, lambda _: (sys.executable, "-c", program))
    shown.show([Notice("ada", "hi")])
    async with asyncio.timeout(30):
        while not (mark.exists() and mark.read_text()):
            await asyncio.sleep(0.01)
    await shown.close()
    with pytest.raises(ProcessLookupError):
        os.kill(int(mark.read_text()), 0)
