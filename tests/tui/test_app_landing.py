"""Going through a long room in the app: to a day, to an answered message, to a link, and back to the end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from chat_tui.addresses import day_start, message_link
from chat_tui_core.model import Room
from chat_tui_core.store import events as stored
from tests.core.scripted import said
from tests.tui.stage import ROOMS, Stage

DAY = 86_400_000


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    stage = Stage(tmp_path / "ann" / "chat.db")
    events = [replace(said(order, room_id="general"), ts=order * DAY // 10) for order in range(1, 1001)]
    events[998] = replace(events[998], reply_to="m10", text="answer to ten")
    stage.store.write_now(stored.insert_events, events)
    async with stage.show():
        await stage.rooms(replace(ROOMS[0], head=1000, read=1000), ROOMS[1])
        stage.main.open_room("general")
        await stage.settle()
        yield stage


async def settled(stage: Stage) -> None:
    for _ in range(5):
        await asyncio.sleep(0.02)
        await stage.settle()


async def shows(stage: Stage, text: str) -> bool:
    """Whether the screen comes to show a text."""
    for _ in range(100):
        if text in stage.screen_text():
            return True
        await asyncio.sleep(0.02)
        await stage.settle()
    return False


async def run(stage: Stage, command: str) -> None:
    stage.main.composer.focus()
    stage.main.composer.insert(command)
    await stage.pilot.press("enter")
    await settled(stage)


async def test_a_room_that_stood_there_is_entered_at_what_is_new(tmp_path: Path) -> None:  # A18
    stage = Stage(tmp_path / "ann" / "chat.db")
    async with stage.show():
        await stage.rooms(replace(ROOMS[0], head=3, read=3), ROOMS[1])
        await stage.lines("general", 1, 3)
        assert stage.main.conversation.room_id == "general"  # shown, not entered
        await stage.lines("general", 4, 120)
        await stage.settle()
        assert "line 120" in stage.screen_text()
        assert stage.session.rooms["general"].unread > 100
        await stage.pilot.press("enter")
        await settled(stage)
        shown = stage.screen_text()
        assert "── new ──" in shown
        assert any(line.endswith("line 4") for line in stage.lines_shown())
        assert "line 120" not in "\n".join(stage.lines_shown())
        assert stage.session.rooms["general"].unread > 50


async def test_to_a_day_and_back_to_the_end(stage: Stage) -> None:
    assert "line 1000" in stage.screen_text()
    await run(stage, "/goto 1970-02-10")
    assert stage.main.conversation._detached()
    text = stage.screen_text()
    assert "line 1000" not in text
    assert "February 10" in text or "10 February" in text
    await stage.pilot.press("ctrl+end")
    await settled(stage)
    assert "line 1000" in stage.screen_text()
    assert stage.main.timeline.following


async def test_scrolling_down_from_elsewhere_reaches_the_end_line_by_line(stage: Stage) -> None:
    await run(stage, "/goto m600")
    seen: list[int] = []
    for _ in range(120):
        rows = [line for line in stage.lines_shown() if line.split()[-2:-1] == ["line"]]
        seen += [int(line.split()[-1]) for line in rows]
        if stage.main.timeline.following:
            break
        await stage.pilot.press("pagedown")
        await stage.settle()
        await asyncio.sleep(0.005)
        await stage.settle()
    assert stage.main.timeline.following
    assert sorted(set(seen)) == [n for n in range(min(seen), 1001) if n != 999]
    assert min(seen) <= 600


async def test_what_is_said_meanwhile_does_not_move_the_reader(stage: Stage) -> None:
    await run(stage, "/goto m300")
    before = stage.lines_shown()
    await stage.lines("general", 1001, 1003)
    assert stage.lines_shown() == before


async def test_to_the_answered_message(stage: Stage) -> None:
    await stage.main.conversation.go_to_quoted("m999")
    await settled(stage)
    assert "line 10" in {line.split("  ")[-1].strip() for line in stage.lines_shown()}


async def test_sending_from_elsewhere_goes_to_the_end(stage: Stage) -> None:  # E2
    await run(stage, "/goto m300")
    await run(stage, "here I am")
    assert "here I am" in stage.screen_text()
    assert stage.main.timeline.following


async def test_a_room_opens_at_its_first_unread_line_however_far_up(tmp_path: Path) -> None:  # E6
    stage = Stage(tmp_path / "ann" / "chat.db")
    events = [said(order, room_id="general") for order in range(1, 501)]
    stage.store.write_now(stored.insert_events, events)
    async with stage.show():
        await stage.rooms(Room("general", head=500, read=120, unread=380, members=2), ROOMS[1])
        stage.main.open_room("general")
        await settled(stage)
        shown = " ".join(stage.lines_shown())
        assert shown.index("new") < shown.index("line 121")
        assert stage.session.rooms["general"].unread > 300  # what was not on screen is not read
        await stage.pilot.press("ctrl+end")
        await settled(stage)
        assert stage.main.timeline.following
        assert stage.session.rooms["general"].unread == 0


async def test_what_is_not_there_is_said(stage: Stage) -> None:
    await stage.offline()
    await run(stage, "/goto nowhere")
    assert await shows(stage, "Not connected")


@pytest.mark.parametrize(
    ("text", "link"),
    [
        ("https://matrix.to/#/!room:x/$event", ("!room:x", "$event")),
        ("https://matrix.to/#/%23lobby%3Ax.example?via=x", ("#lobby:x.example", "")),
        ("matrix:roomid/room:x/e/event", ("!room:x", "$event")),
        ("matrix:r/lobby:x", ("#lobby:x", "")),
        ("https://example.org/", None),
        ("$event", None),
    ],
)
def test_links_to_messages(text: str, link: tuple[str, str] | None) -> None:
    assert message_link(text) == link


def test_days() -> None:
    first, today, before = day_start("1970-02-10"), day_start("today"), day_start("yesterday")
    assert first is not None
    assert abs(first - 40 * DAY) <= DAY
    assert today is not None
    assert before is not None
    assert 0.9 * DAY < today - before < 1.1 * DAY
    assert day_start("tomorrowish") is None


async def test_searching_and_going_there(stage: Stage) -> None:
    await stage.pilot.press("ctrl+f")
    await stage.type("answer ten")
    assert await shows(stage, "answer to ten")
    await stage.pilot.press("ctrl+a", "ctrl+k")
    await stage.type('"line 77"')
    assert await shows(stage, "1 found")
    await stage.pilot.press("enter")
    await settled(stage)
    assert "line 77" in {line.split("  ")[-1].strip() for line in stage.lines_shown()}
    assert stage.focus == "timeline"


async def test_a_search_that_is_not_understood_says_so(stage: Stage) -> None:
    await run(stage, "/search before:soon")
    assert await shows(stage, "A day is written")
    await stage.pilot.press("escape")
    assert stage.app.screen is stage.main
