"""Who has read one's own messages, in the app: said beside the mark of the newest one that each person has read."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from chat_tui.config import Config
from chat_tui_core.news import Arrived, ReadMoved
from tests.core.scripted import said
from tests.tui.stage import Stage


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    """A room in which the person at the screen has said two things."""
    stage = Stage(tmp_path / "ann" / "chat.db")
    async with stage.show():
        await stage.rooms()
        mine = [said(order, f"mine {order}", "me", room_id="general") for order in (2, 4)]
        other = [said(order, f"theirs {order}", "bob", room_id="general") for order in (1, 3)]
        await stage.news(Arrived("general", tuple(sorted((*mine, *other), key=lambda event: event.order))))
        stage.main.open_room("general")
        await stage.settle()
        yield stage


def line(stage: Stage, text: str) -> str:
    return next(line for line in stage.lines_shown() if text in line)


async def test_each_reader_stands_at_the_newest_message_that_they_have_read(stage: Stage) -> None:  # B20
    assert line(stage, "mine 2").endswith("read by bob ✓✓")  # he has answered it
    assert "read" not in line(stage, "mine 4")
    await stage.news(ReadMoved("general", "cy", 3))
    assert line(stage, "mine 2").endswith("read by bob, cy ✓✓")
    await stage.news(ReadMoved("general", "bob", 4), ReadMoved("general", "me", 4))
    assert line(stage, "mine 2").endswith("read by cy ✓✓")
    assert line(stage, "mine 4").endswith("read by bob ✓✓")
    await stage.news(Arrived("general", (said(5, "fine", "cy", room_id="general"),)))
    assert "read" not in line(stage, "mine 2")
    assert line(stage, "mine 4").endswith("read by bob, cy ✓✓")


async def test_it_is_there_again_when_the_room_is_opened_again(stage: Stage) -> None:
    await stage.news(ReadMoved("general", "bob", 4))
    stage.main.conversation.close()
    await stage.news(ReadMoved("general", "cy", 4))
    stage.main.open_room("general")
    await stage.settle()
    assert line(stage, "mine 4").endswith("read by bob, cy ✓✓")


async def test_it_can_be_switched_off_and_on(stage: Stage) -> None:
    off = replace(stage.app.options.config, readers=False)
    stage.app.configure(off)
    await stage.settle()
    assert "read" not in line(stage, "mine 2")
    await stage.news(ReadMoved("general", "bob", 4))
    assert "read" not in line(stage, "mine 4")
    stage.app.configure(Config())
    await stage.settle()
    assert line(stage, "mine 4").endswith("read by bob ✓✓")
