"""Live talk fills no memory: what is far from the reader is forgotten, the picture stays, and it all comes back."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from chat_tui.screens import nearby
from chat_tui_core.model import Gap
from chat_tui_core.news import Arrived
from chat_tui_core.store import events as stored
from chat_tui_core.store import gaps
from tests.core.scripted import said
from tests.tui.stage import ROOMS, Stage

MOST, KEPT = 300, 200


@pytest.fixture
async def stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Stage]:
    monkeypatch.setattr(nearby, "MOST", MOST)
    monkeypatch.setattr(nearby, "KEPT", KEPT)
    stage = Stage(tmp_path / "ann" / "chat.db")
    stage.store.write_now(stored.insert_events, [said(order, room_id="general") for order in range(1, 301)])
    stage.store.write_now(gaps.set_room_start, "general", True)
    async with stage.show((100, 60)):
        await stage.rooms(replace(ROOMS[0], head=300, read=300), ROOMS[1])
        stage.main.open_room("general")
        await stage.settle()
        yield stage


async def talk(stage: Stage, room_id: str, first: int, last: int) -> None:
    """These lines are said, a hundred at a time."""
    for start in range(first, last + 1, 100):
        end = min(start + 99, last)
        await stage.news(Arrived(room_id, tuple(said(order, room_id=room_id) for order in range(start, end + 1))))


def loaded(stage: Stage, room_id: str = "general") -> list[int]:
    """The orders that are loaded."""
    timeline = stage.session.timeline(room_id)
    return [item.event.order for item in timeline.items if item.event] if timeline else []


def shown(stage: Stage) -> list[str]:
    return [line.split()[-1] for line in stage.lines_shown() if "line " in line]


async def scrolled_to(stage: Stage, text: str) -> bool:
    """Whether scrolling up brings a line into sight, with no line left out on the way."""
    seen: list[int] = []
    for _ in range(200):
        numbers = [int(number) for number in shown(stage)]
        assert numbers == list(range(numbers[0], numbers[-1] + 1))
        assert not seen or numbers[-1] >= seen[0] - 1, "nothing is skipped"
        seen = numbers
        if text in stage.screen_text():
            return True
        await stage.pilot.press("pageup")
        await asyncio.sleep(0.01)
        await stage.settle()
    return False


async def test_who_follows_keeps_the_newest_lines_and_finds_the_others_again(stage: Stage) -> None:  # E5
    await talk(stage, "general", 301, 800)
    assert stage.main.timeline.following
    assert shown(stage)[-1] == "800"
    assert KEPT <= len(loaded(stage)) <= MOST + 100
    assert stage.main.conversation.items() == tuple(stage.session.timeline("general").items)  # type: ignore[union-attr]
    assert await scrolled_to(stage, "beginning of the room")


async def test_a_room_whose_first_line_is_loaded_forgets_it_too(stage: Stage) -> None:  # E5
    assert await scrolled_to(stage, "beginning of the room")
    assert stage.session.at_start("general")
    await stage.pilot.press("ctrl+end")
    await talk(stage, "general", 301, 500)
    assert shown(stage)[-1] == "500"
    assert len(loaded(stage)) <= MOST
    assert not stage.session.at_start("general")
    assert await scrolled_to(stage, "beginning of the room")


async def test_home_is_at_the_first_stored_line_at_once_however_many_lie_between(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:  # E5
    await stage.pilot.press("ctrl+end")
    await talk(stage, "general", 301, 3_000)
    await stage.settle()
    pages: list[str] = []
    monkeypatch.setattr(stage.session, "load_older", pages.append)
    await stage.pilot.press("ctrl+home")
    await stage.settle()
    assert "beginning of the room" in stage.screen_text()
    assert shown(stage)[0] == "1"
    assert (pages, len(loaded(stage)) < MOST) == ([], True)
    assert loaded(stage) == list(range(1, len(loaded(stage)) + 1))
    await stage.pilot.press("ctrl+end")
    await stage.settle()
    assert shown(stage)[-1] == "3000"
    assert stage.main.timeline.following


async def test_home_tells_where_something_is_missing(stage: Stage) -> None:  # E5, B8
    stage.store.write_now(gaps.add_gap, Gap("general", 20, 25))
    stage.main.conversation.close()
    stage.main.open_room("general")
    await stage.pilot.press("ctrl+home")
    await stage.settle()
    numbers = shown(stage)
    assert numbers[0] == "1"
    text = stage.screen_text()
    assert text.index("line 20") < text.index("not loaded") < text.index("line 25")


async def test_who_reads_further_up_keeps_the_picture(stage: Stage) -> None:  # E5
    for _ in range(3):
        await stage.pilot.press("pageup")
    await stage.settle()
    before = stage.lines_shown()
    await talk(stage, "general", 301, 1000)
    assert stage.lines_shown() == before
    assert len(loaded(stage)) <= 2 * MOST
    await stage.pilot.press("ctrl+end")
    await stage.settle()
    assert shown(stage)[-1] == "1000"
    assert stage.main.timeline.following
    await talk(stage, "general", 1001, 1001)
    assert shown(stage)[-1] == "1001"


async def test_what_came_beyond_what_is_loaded_is_counted(stage: Stage) -> None:  # E5
    for _ in range(3):
        await stage.pilot.press("pageup")
    await talk(stage, "general", 301, 900)
    assert stage.session.timeline("general").detached  # type: ignore[union-attr]
    assert "↓ 600 new" in stage.screen_text()
    await talk(stage, "general", 901, 937)
    assert "↓ 637 new" in stage.screen_text()
    for _ in range(20):  # further up: more of the newest lines are forgotten
        await stage.pilot.press("pageup")
        await asyncio.sleep(0.01)
        await stage.settle()
    assert "↓ 637 new" in stage.screen_text()
    for _ in range(100):
        if not stage.session.timeline("general").detached:  # type: ignore[union-attr]
            break
        await stage.pilot.press("pagedown")
        await asyncio.sleep(0.01)
        await stage.settle()
    left = 937 - int(shown(stage)[-1])
    assert 0 < left < 300
    assert f"↓ {left} new" in stage.screen_text()
    await stage.pilot.press("ctrl+end")
    assert shown(stage)[-1] == "937"
    assert " new" not in stage.screen_text()


async def test_a_room_in_the_background_is_closed(stage: Stage) -> None:
    stage.main.open_room("random")
    await stage.settle()
    await talk(stage, "general", 301, 700)
    assert loaded(stage) == []
    stage.main.open_room("general")
    await stage.settle()
    await stage.pilot.press("ctrl+end")
    await stage.settle()
    assert shown(stage)[-1] == "700"
