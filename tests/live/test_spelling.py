"""Spelling in a real terminal with a real program: the word is underlined once it is written, and one key corrects it."""

from __future__ import annotations

import re
import shutil
import time
from pathlib import Path

import pytest

from chat_tui.spell_checker import command_for, trouble
from tests.live.command import Client, Server
from tests.live.conftest import OpenTerminal

pytestmark = [pytest.mark.live, pytest.mark.timeout(120)]

PROGRAM = next(filter(shutil.which, ("aspell", "hunspell", "enchant-2")), "")
LANGUAGE = "en_US"


@pytest.mark.skipif(not PROGRAM, reason="neither aspell nor hunspell nor enchant is installed")
def test_a_word_is_marked_and_corrected(tmp_path: Path, open_terminal: OpenTerminal) -> None:
    if trouble(command_for(LANGUAGE, PROGRAM)):
        pytest.skip(f"{PROGRAM} has no English dictionary")
    config = tmp_path / "config.toml"
    config.write_text(f'[composer]\nspelling = "{LANGUAGE}"\nspeller = "{PROGRAM}"\n')
    with Server("--open", "--data", str(tmp_path / "server.db")) as server:
        ann = Client(tmp_path / "ann")
        ann.login(server.url, "ann")
        ann("create", "talk")
        terminal = open_terminal(columns=80, rows=24)
        terminal.start("--data-dir", str(ann.folder), "--config", str(config))
        terminal.wait_for("# talk")
        terminal.go_to_room("talk")
        terminal.type("hello wrod of `cdoe` for @smbody")
        end = time.monotonic() + 30
        underlined = re.compile(r"\x1b\[[\d;]*\b4m(\w+)")
        while underlined.findall(terminal.screen(styled=True)) != ["wrod"]:
            assert time.monotonic() < end, terminal.screen(styled=True)
            time.sleep(0.1)
        terminal.press("M-s")
        screen = terminal.wait_for("to my own words")
        assert re.search(r"\bword\b", screen)
        terminal.press("Escape")
        terminal.wait_gone("to my own words")
        terminal.press("M-s")
        terminal.wait_for("to my own words")
        terminal.press("End", "Enter")
        while underlined.findall(terminal.screen(styled=True)):
            assert time.monotonic() < end, terminal.screen(styled=True)
            time.sleep(0.1)
        assert (tmp_path / "words.txt").read_text() == "wrod\n"
        terminal.press("C-q")
        terminal.wait_for("left-with-0")
