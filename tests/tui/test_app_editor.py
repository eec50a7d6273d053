"""Writing in one's own editor, in the app: what it gets, what is taken back, what is said when it fails."""

from __future__ import annotations

import asyncio
import json
import os
import stat
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from textual import events
from textual.drivers.headless_driver import HeadlessDriver

from chat_tui.editors import lay_out
from chat_tui.terminal_lending import Nowhere, may_lend
from chat_tui_core.store.drafts import load_drafts
from tests.tui.stage import Stage


def editor(folder: Path, script: str) -> None:
    """Have this shell script be the editor; `$1` is the file."""
    program = folder / "editor"
    program.write_text(f"#!/bin/sh\n{script}\n", encoding="ascii")
    program.chmod(0o755)


@pytest.fixture
async def stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Stage]:
    """An app whose terminal can be lent, with the room general open, and an editor that appends a line."""
    monkeypatch.setattr(HeadlessDriver, "can_suspend", True)
    monkeypatch.delenv("VISUAL", raising=False)
    monkeypatch.setenv("EDITOR", str(tmp_path / "editor"))
    editor(tmp_path, 'echo more >> "$1"')
    shown = Stage(tmp_path / "chat.db")
    async with shown.show():
        await shown.rooms()
        shown.main.open_room("general")
        await shown.pilot.pause()
        yield shown


async def until(stage: Stage, condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not condition():
            await asyncio.sleep(0.01)
            await stage.pilot.pause()


def left(stage: Stage) -> list[Path]:
    return list(stage.folder.glob("editing/*"))


async def test_a_draft_goes_to_the_editor_and_comes_back_unsent(stage: Stage) -> None:  # E3
    await stage.type("one")
    await stage.pilot.press("alt+e")
    await until(stage, lambda: stage.main.composer.text == "one\nmore")
    await until(stage, lambda: not left(stage))
    assert stage.focus == "composer"
    assert stage.unsettled() == []
    assert stage.store.read(load_drafts)["general"].text == "one\nmore"
    await stage.pilot.press("ctrl+z")
    assert stage.main.composer.text == "one"
    assert stage.app._batch_count == 0


async def test_what_is_typed_before_the_editor_has_the_terminal_is_in_its_file(stage: Stage) -> None:  # E9
    for key in ("alt+e", *"two", "ctrl+a", "x"):
        stage.app.post_message(events.Key(key, key if len(key) == 1 else None))
    await until(stage, lambda: stage.main.composer.text == "xtwo\nmore")


async def test_the_command_edits_the_text_behind_it(stage: Stage) -> None:
    await stage.type("/editor so far")
    await stage.pilot.press("enter")
    await until(stage, lambda: stage.main.composer.text == "so far\nmore")


async def test_an_editor_that_changes_nothing_changes_nothing(stage: Stage) -> None:
    editor(stage.folder, ":")
    await stage.type("one")
    await stage.pilot.press("alt+e")
    await until(stage, lambda: (stage.folder / "editing").exists() and not left(stage))
    assert stage.main.composer.text == "one"


async def test_an_emptied_file_is_an_empty_draft_and_can_be_undone(stage: Stage) -> None:
    editor(stage.folder, ': > "$1"')
    await stage.type("one")
    await stage.pilot.press("alt+e")
    await until(stage, lambda: not stage.main.composer.text)
    await stage.pilot.press("ctrl+z")
    assert stage.main.composer.text == "one"


@pytest.mark.parametrize(
    ("script", "said", "brought_back"),
    [
        ('echo two > "$1"; exit 3', "editor ended with 3", "two"),
        ('echo two > "$1"; kill -9 $$', "ended by signal 9", "two"),
        ("exit 1", "editor ended with 1", "one"),
        ('rm "$1"', "left no file", "one"),
        ('printf "\\377" > "$1"', "no UTF-8 text", "one"),
        ('head -c 300000 /dev/zero > "$1"', "larger than 256 KB", "one"),
    ],
)
async def test_an_editor_that_fails_leaves_the_draft_and_says_why(
    stage: Stage, script: str, said: str, brought_back: str
) -> None:  # E3
    editor(stage.folder, script)
    await stage.type("one")
    await stage.pilot.press("alt+e")
    await until(stage, lambda: said in stage.screen_text() or any(said in notice for notice in stage.notices()))
    assert stage.main.composer.text == "one"
    await stage.pilot.press("ctrl+up")
    assert stage.main.composer.text == brought_back


async def test_an_editor_that_is_not_there_is_named(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VISUAL", "wim --wait")
    await stage.pilot.press("alt+e")
    await until(stage, lambda: "$VISUAL names wim" in stage.screen_text())
    monkeypatch.delenv("VISUAL")
    (stage.folder / "editor").write_bytes(b"\x7fELF no program")
    await stage.pilot.press("alt+e")
    await until(stage, lambda: "editor could not be started" in stage.screen_text())


async def test_control_characters_from_an_editor_are_harmless(stage: Stage) -> None:  # E7
    editor(stage.folder, 'printf "a\\033[2Jb" > "$1"')
    await stage.pilot.press("alt+e")
    await until(stage, lambda: stage.main.composer.text == "a\ufffd[2Jb")


async def test_where_there_is_no_terminal_it_says_so(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(HeadlessDriver, "can_suspend", False)
    await stage.pilot.press("alt+e")
    await until(stage, lambda: "cannot have this terminal" in stage.screen_text())
    monkeypatch.setattr(HeadlessDriver, "is_web", True)
    await stage.pilot.press("alt+e")
    await until(stage, lambda: "In a browser" in stage.screen_text())
    assert not (stage.folder / "editing").exists()


async def test_the_app_lives_on_while_the_editor_is_open(stage: Stage, tmp_path: Path) -> None:  # E3, E5
    editor(tmp_path, f'echo two > "$1"; while [ ! -e "{tmp_path}/go" ]; do sleep 0.02; done')
    await stage.pilot.press("alt+e")
    await until(stage, lambda: bool(left(stage)))
    (folder,) = left(stage)
    assert stat.S_IMODE((folder / "message.md").stat().st_mode) == 0o600
    await until(stage, lambda: (folder / "message.md").read_text() == "two\n")
    assert isinstance(vars(stage.app._driver)["_writer_thread"], Nowhere)
    assert not may_lend(stage.app)
    await stage.lines("general", 1, 3)
    timeline = stage.session.timeline("general")
    assert timeline is not None
    assert [item.event.order for item in timeline.items if item.event] == [1, 2, 3]
    assert not stage.main.looking
    await stage.pilot.press("x")  # nobody can type now; what comes all the same is not lost
    stage.main.open_room("random")
    (tmp_path / "go").write_bytes(b"")
    await until(stage, lambda: not left(stage))
    assert stage.session.drafts["general"].text == "two\nx"
    assert "not open any more" in " ".join(stage.notices())


async def test_what_a_failed_editor_saved_for_a_room_that_is_gone_stays_a_file(stage: Stage, tmp_path: Path) -> None:
    editor(tmp_path, f'echo two > "$1"; while [ ! -e "{tmp_path}/go" ]; do sleep 0.02; done; exit 1')
    await stage.pilot.press("alt+e")
    await until(stage, lambda: bool(left(stage)))
    stage.main.open_room("random")
    (tmp_path / "go").write_bytes(b"")
    await until(stage, lambda: "The file is kept" in " ".join(stage.notices()))
    assert [path.read_text() for path in stage.folder.glob("editing/*/message.md")] == ["two\n"]


async def test_the_next_start_takes_over_what_the_editor_had(tmp_path: Path) -> None:  # E3, A21
    for place, text in (("general", "one"), ("random", ""), ("general", "same")):
        laid = lay_out(tmp_path, place, text)
        if text != "same":
            laid.file.write_text(f"{text} and more\n")
    broken = lay_out(tmp_path, "general", "b")
    broken.file.write_bytes(b"\xff")
    held = lay_out(tmp_path, "general", "")
    (held.folder / "process").write_text(str(os.getpid()))
    (held.folder / "place.json").write_text(json.dumps({"place": "general", "text": ""}))
    stage = Stage(tmp_path / "chat.db")
    async with stage.show():
        await stage.rooms()
        stage.main.open_room("general")
        await until(stage, lambda: "one and more" in stage.main.composer.text)
        await until(stage, lambda: "random" in stage.session.drafts)
        assert stage.session.drafts["random"].text == " and more"
        await until(stage, lambda: any("no UTF-8" in notice for notice in stage.notices()))
        await until(stage, lambda: not held.folder.exists())
        assert broken.file.exists()
        assert stage.store.read(load_drafts)["random"].text == " and more"
