"""The app while its file cannot be written: the box keeps the text, one sentence says why, and nothing comes twice."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from chat_tui_core.news import RefusedAction, Written
from chat_tui_core.store import connect
from tests.core.store_trouble import TROUBLES
from tests.tui.stage import Stage

DAY = 86_400


@pytest.fixture
async def stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Stage]:
    monkeypatch.setattr(connect, "BUSY_SECONDS", 0.01)
    stage = Stage(tmp_path / "chat.db", clock=1_790_000_000_000)
    async with stage.show((80, 24)):
        await stage.rooms()
        await stage.lines("general", 1, 3)
        await stage.pilot.press("enter")
        yield stage


def on_screen(stage: Stage) -> str:
    """What the screen says, however it is broken into lines."""
    return " ".join(stage.screen_text().split())


@pytest.mark.parametrize("trouble", TROUBLES)
async def test_what_cannot_be_stored_stays_in_the_box(stage: Stage, trouble: str) -> None:  # E3, E4
    cause, words = TROUBLES[trouble]
    await stage.type("precious")
    with cause(stage.store):
        for _ in range(2):
            await stage.pilot.press("enter")
            await stage.settle()
        assert stage.main.composer.text == "precious"
        assert any(words in notice for notice in stage.notices()) or words[:30] in on_screen(stage)
        assert stage.doings() == []
    await stage.pilot.press("enter")
    await stage.settle()
    assert stage.main.composer.text == ""
    assert [action.text for action in stage.doings()] == ["precious"]
    assert sum("precious" in line for line in stage.lines_shown()) == 1


@pytest.mark.parametrize("trouble", TROUBLES)
async def test_a_decision_that_cannot_be_stored_says_so(stage: Stage, trouble: str) -> None:  # B13, E4
    await stage.type("hello")
    await stage.pilot.press("enter")
    await stage.settle()
    (action,) = stage.doings()
    await stage.news(Written(action.id), RefusedAction(action.id, "NOPERM", "You may not speak here."))
    cause, words = TROUBLES[trouble]
    with cause(stage.store):
        await stage.pilot.press("f6", "d")
        await stage.settle()
        assert any(words in notice for notice in stage.notices()) or words[:30] in on_screen(stage)
    assert "You may not speak here" in on_screen(stage)
    await stage.pilot.press("f6", "d")
    await stage.settle()
    assert not any("hello" in line for line in stage.lines_shown())


async def test_a_clock_that_is_set_back_a_day_keeps_the_order_on_screen(stage: Stage) -> None:  # A16, E2
    for text in ("first", "second"):
        await stage.type(text)
        await stage.pilot.press("enter")
        await stage.settle()
        await stage.pass_time(-DAY)
    shown = [line for line in stage.lines_shown() if "first" in line or "second" in line]
    assert [word for line in shown for word in ("first", "second") if word in line] == ["first", "second"]
    first = stage.doings()[0]
    await stage.echo(first, 4)
    assert [action.text for action in stage.doings()] == ["first", "second"]
