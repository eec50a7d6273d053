"""A paste of many lines asks what becomes of it; it never sends, is never lost, and what is typed behind it is no answer."""

from __future__ import annotations

import asyncio
import stat
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual import events

from chat_tui.config import Config
from chat_tui.pasted_text import as_code, keep_text, line_count
from chat_tui.screens import long_paste, paste_question
from chat_tui.screens.paste_question import PasteScreen
from tests.tui.file_stage import FileStage
from tests.tui.stage import Stage

LINES = "\n".join(f"line {number}" for number in range(12))


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    """The app with the room general open."""
    shown = Stage(tmp_path / "chat.db")
    async with shown.show():
        await shown.rooms()
        shown.main.open_room("general")
        await shown.pilot.pause()
        yield shown


@pytest.fixture
def answered_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every key is an answer: nobody waits here."""
    monkeypatch.setattr(paste_question, "QUIET", 0.0)


async def until(stage: Stage, condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not condition():
            await asyncio.sleep(0.01)
            await stage.pilot.pause()


def asked(stage: Stage) -> bool:
    return isinstance(stage.app.screen, PasteScreen)


async def paste(stage: Stage, text: str = LINES) -> None:
    stage.app.post_message(events.Paste(text))
    await until(stage, lambda: asked(stage))
    await stage.pilot.pause()


@pytest.mark.usefixtures("answered_at_once")
@pytest.mark.parametrize(
    ("keys", "text"),
    [
        (["enter"], f"see: {LINES}"),
        (["escape"], f"see: {LINES}"),
        (["down", "enter"], f"see: \n```\n{LINES}\n```"),
        (["up", "down", "down", "down", "enter"], "see: "),
    ],
    ids=["leave", "escape", "code", "out"],
)
async def test_what_can_be_done_with_it(stage: Stage, keys: list[str], text: str) -> None:
    await stage.type("see: ")
    await paste(stage)
    assert stage.main.composer.text == f"see: {LINES}"  # it stands there all the time
    assert "12 lines were pasted" in stage.screen_text()
    await stage.pilot.press(*keys)
    await until(stage, lambda: not asked(stage) and stage.main.composer.text == text)
    assert stage.focus == "composer"
    if text != f"see: {LINES}":
        await stage.pilot.press("ctrl+z")
        assert stage.main.composer.text == f"see: {LINES}"
    assert stage.unsettled() == []


async def test_what_is_typed_right_behind_it_is_no_answer(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:  # E9
    monkeypatch.setattr(long_paste, "STILL", 600.0)
    monkeypatch.setattr(paste_question, "QUIET", 600.0)
    stage.app.post_message(events.Paste(LINES + "\n"))
    keys = [*"ab", "left", "x", "enter", *"no", "enter", "down", "enter", "escape", "!"]
    for key in keys:
        stage.app.post_message(events.Key(key, key if len(key) == 1 else None))
    await until(stage, lambda: stage.main.composer.text == f"{LINES}\naxno!b")
    assert asked(stage)
    stage.app.post_message(events.Paste("more"))
    await until(stage, lambda: stage.main.composer.text == f"{LINES}\naxno!moreb")
    assert stage.unsettled() == []


@pytest.mark.usefixtures("answered_at_once")
async def test_enter_before_the_question_asks_instead_of_sending(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:  # E9
    monkeypatch.setattr(long_paste, "STILL", 600.0)
    stage.app.post_message(events.Paste(LINES))
    await until(stage, lambda: stage.main.composer.text == LINES)
    await stage.pilot.press("enter")
    await until(stage, lambda: asked(stage))
    assert stage.unsettled() == []
    await stage.pilot.press("enter")
    await until(stage, lambda: not asked(stage))
    await stage.pilot.press("enter")  # it was asked: now it goes
    await until(stage, lambda: [action.text for action in stage.unsettled()] == [LINES])
    assert stage.main.composer.text == ""


@pytest.mark.parametrize(
    ("most", "text"), [(10, "\n".join("abcdefghij")), (10, "\n".join("abcdefghij") + "\n"), (0, LINES), (12, LINES)]
)
async def test_few_lines_are_no_question(tmp_path: Path, most: int, text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(long_paste, "STILL", 0.0)
    stage = Stage(tmp_path / "chat.db", Config(composer_paste_lines=most))
    async with stage.show():
        await stage.rooms()
        stage.main.open_room("general")
        stage.app.post_message(events.Paste(text))
        await until(stage, lambda: stage.main.composer.text == text)
        await stage.pilot.pause(0.05)
        assert not asked(stage)
        assert stage.main._long_paste is None


async def test_a_paste_that_is_gone_is_no_question(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(long_paste, "STILL", 0.2)
    stage.app.post_message(events.Paste(LINES))
    await until(stage, lambda: stage.main.composer.text == LINES)
    stage.main.open_room("random")
    await stage.pilot.pause(0.3)
    assert not asked(stage)
    assert stage.session.drafts["general"].text == LINES
    stage.main.open_room("general")
    await stage.pilot.press("ctrl+z", "x", "enter")
    assert not asked(stage)


async def test_where_files_cannot_go_it_is_not_offered(stage: Stage) -> None:
    answers: list[str | None] = []
    stage.app.push_screen(PasteScreen("\n\x1b[2Jred\n" * 9, 18, print, files=False), answers.append)
    await until(stage, lambda: "Take it out" in stage.screen_text())
    assert "pasted.txt" not in stage.screen_text()
    assert "\x1b" not in stage.screen_text()
    await stage.pilot.click("#answers", offset=(3, 2))
    await until(stage, lambda: answers == ["out"])


@pytest.mark.usefixtures("answered_at_once")
async def test_it_goes_as_a_file(tmp_path: Path) -> None:
    stage = FileStage(tmp_path / "chat.db")
    async with stage.show():
        await stage.rooms()
        stage.main.open_room("general")
        await stage.type("log: ")
        await paste(stage, LINES + "\r\n")
        assert "Send it as a file, pasted.txt" in stage.screen_text()
        await stage.pilot.press("down", "down", "enter")
        await until(stage, lambda: stage.main.composer.text == "log: ")
        (sent,) = stage.session.files.open_now()
        assert (sent.name, sent.room_id) == ("pasted.txt", "general")
        assert Path(sent.path).read_text() == LINES + "\n"
        assert stat.S_IMODE(Path(sent.path).stat().st_mode) == 0o600
        assert "Ctrl+Z brings it back" in " ".join(stage.notices())


@pytest.mark.usefixtures("answered_at_once")
async def test_a_file_that_cannot_be_written_leaves_the_text(tmp_path: Path) -> None:
    (tmp_path / "pasted").write_bytes(b"")
    stage = FileStage(tmp_path / "chat.db")
    async with stage.show():
        await stage.rooms()
        stage.main.open_room("general")
        await paste(stage)
        await stage.pilot.press("down", "down", "enter")
        await until(stage, lambda: "cannot be put into a file" in stage.screen_text())
        assert stage.main.composer.text == LINES


async def test_paths_of_many_lines_that_are_no_files_are_a_long_paste(stage: Stage) -> None:
    text = "\n".join(f"/nowhere/{number}" for number in range(12))
    await paste(stage, text)
    assert stage.main.composer.text == text


@given(st.text(alphabet="`a\n", max_size=30), st.sampled_from(["", "x", "x\n"]), st.sampled_from(["", "y", "\ny"]))
def test_a_block_of_code_holds_any_text(text: str, before: str, after: str) -> None:
    block = before + as_code(text, before, after) + after
    lines = block.split("\n")
    fence = next(line for line in lines if line.startswith("```") and not line.strip("`"))
    first = lines.index(fence)
    last = len(lines) - 1 - lines[::-1].index(fence)
    assert "\n".join(lines[first + 1 : last]) == text.strip("\n")
    assert "\n".join(lines[:first]) == before.rstrip("\n")
    assert "\n".join(lines[last + 1 :]) == after.lstrip("\n")


@pytest.mark.parametrize(("text", "count"), [("", 0), ("a", 1), ("a\n", 1), ("a\nb", 2), ("\n\n", 2)])
def test_lines_are_counted(text: str, count: int) -> None:
    assert line_count(text) == count


def test_old_files_go(tmp_path: Path) -> None:
    import os

    old, new = keep_text(tmp_path, "a"), keep_text(tmp_path, "b")
    os.utime(old.parent, (1, 1))
    third = keep_text(tmp_path, "c\ud800")
    assert [path.exists() for path in (old, new, third)] == [False, True, True]
