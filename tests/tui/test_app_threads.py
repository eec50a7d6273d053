"""Threads in the app: one line stands for an answer in the room, the thread has a view, a box and a draft of its own."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from chat_tui_core.actions import Action, Kind
from chat_tui_core.link import Capability
from chat_tui_core.model import RoomEvent
from chat_tui_core.news import Arrived, Edited, Redacted, RefusedAction, SignedIn, Written
from chat_tui_core.threads import place_of
from tests.core.scripted import said
from tests.tui.stage import Stage


def answer(order: int, text: str, sender: str = "ann", root: str = "m1") -> RoomEvent:
    return replace(said(order, text, sender, room_id="general"), thread=root)


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    """A room whose first message has a thread of two answers."""
    stage = Stage(tmp_path / "ann" / "chat.db")
    async with stage.show():
        await stage.rooms()
        await stage.lines("general", 1, 1, text="who brings bread?")
        await stage.news(
            Arrived("general", (answer(2, "I do\nif you like", "bob"), said(3, "lunch is at one", room_id="general")))
        )
        await stage.news(Arrived("general", (answer(4, "**thanks**"),)))
        stage.main.open_room("general")
        await stage.settle()
        yield stage


async def press(stage: Stage, *keys: str) -> None:
    await stage.pilot.press(*keys)
    await stage.settle()


async def into_thread(stage: Stage) -> None:
    """Open the thread by the key, from the newest answer."""
    await press(stage, "up", "T")


def last(stage: Stage) -> Action:
    return stage.doings()[-1]


async def test_a_room_shows_how_much_was_said_in_a_thread_and_a_line_for_each_answer(stage: Stage) -> None:  # C3
    lines = stage.lines_shown()
    root = next(at for at, line in enumerate(lines) if "who brings bread?" in line)
    assert lines[root + 1].startswith("↳ 2 answers, last ")
    assert any(line.endswith("↳ bob I do if you like") for line in lines)
    assert any(line.endswith("↳ ann thanks") for line in lines)
    await stage.news(Arrived("general", (answer(5, "and butter"),)), Redacted("general", "m2", 2))
    lines = stage.lines_shown()
    assert any(line.startswith("↳ 2 answers, last ") for line in lines)
    assert any(line.endswith("↳ bob message deleted") for line in lines)
    await stage.news(Redacted("general", "m5", 5), Redacted("general", "m4", 4))
    assert not any("answer" in line for line in stage.lines_shown())


async def test_the_thread_is_opened_by_key_and_left_where_one_was(stage: Stage) -> None:
    await into_thread(stage)
    shown = stage.screen_text()
    assert "lunch is at one" not in shown
    assert "who brings bread?" in shown
    assert "if you like" in shown  # whole, in its lines
    assert "↳ ann: who brings bread?" in shown  # the header
    assert "beginning of the room" not in shown
    assert stage.focus == "composer"
    await press(stage, "escape")
    assert "lunch is at one" in stage.screen_text()
    assert stage.main.conversation.place == "general"
    assert stage.focus == "composer"


@pytest.mark.parametrize("steps", [1, 4], ids=["on an answer", "on what it began with"])
async def test_enter_on_the_mark_opens_it(stage: Stage, steps: int) -> None:
    await press(stage, *["up"] * steps, "enter")
    assert stage.main.conversation.thread == "m1"


async def test_a_click_on_the_mark_opens_it(stage: Stage) -> None:
    at = next(y for y, line in enumerate(stage.main.timeline.current_frame()) if "2 answers" in line.text)
    await stage.pilot.click("#timeline", offset=(15, at))
    await stage.settle()
    assert stage.main.conversation.thread == "m1"


async def test_what_is_written_there_goes_there(stage: Stage) -> None:  # C7
    await into_thread(stage)
    await stage.type("me too")
    await press(stage, "enter")
    assert last(stage).content == {"text": "me too", "thread": "m1", "latest": "m4"}
    assert any("me too" in line and line.endswith("…") for line in stage.lines_shown())
    await stage.news(
        Written(last(stage).id), Arrived("general", (replace(answer(5, "me too", "me"), action_id=last(stage).id),))
    )
    assert any("me too" in line and line.endswith("✓✓") for line in stage.lines_shown())
    await press(stage, "escape")
    lines = stage.lines_shown()
    assert any(line.startswith("↳ 3 answers, last ") for line in lines)
    assert any("↳ me me too" in line and line.endswith("✓✓") for line in lines)


async def test_what_comes_is_shown_where_it_belongs(stage: Stage) -> None:
    await into_thread(stage)
    await stage.news(Arrived("general", (answer(5, "jam?"), said(6, "not here", room_id="general"))))
    await stage.news(Edited("general", "m4", 4, "thank you", 9))
    shown = stage.screen_text()
    assert "jam?" in shown
    assert "thank you (edited)" in shown
    assert "not here" not in "\n".join(stage.lines_shown())


async def test_a_thread_has_a_draft_of_its_own(stage: Stage) -> None:  # E3
    await stage.type("for the room")
    stage.main.timeline.focus()
    await into_thread(stage)
    assert stage.main.composer.text == ""
    await stage.type("for the thread")
    await press(stage, "escape")
    assert stage.main.composer.text == "for the room"
    assert stage.session.drafts[place_of("general", "m1")].text == "for the thread"
    await press(stage, "ctrl+c")
    await into_thread(stage)
    assert stage.main.composer.text == "for the thread"


async def test_an_answer_to_a_line_of_a_thread_goes_into_it(stage: Stage) -> None:
    await press(stage, "up", "r")
    await stage.type("yes")
    await press(stage, "enter")
    content = last(stage).content
    assert (content["thread"], content["reply_to"]) == ("m1", "m4")


async def test_a_refused_answer_is_told_in_the_room_and_comes_back_in_its_thread(stage: Stage) -> None:
    await into_thread(stage)
    await stage.type("no")
    await press(stage, "enter")
    refused = last(stage)
    await stage.news(Written(refused.id), RefusedAction(refused.id, "NOPERM", "You may not."))
    await press(stage, "escape")
    assert "You may not." in stage.screen_text()
    await press(stage, "f2", "b")
    assert stage.main.conversation.thread == "m1"
    assert stage.main.composer.text == "no"


async def test_a_thread_is_begun_with_any_message(stage: Stage) -> None:
    await press(stage, "up", "up", "T")
    assert stage.main.conversation.thread == "m3"
    await stage.type("at two?")
    await press(stage, "enter")
    assert last(stage).content == {"text": "at two?", "thread": "m3"}


async def test_from_a_message_of_the_thread_one_comes_to_its_place_in_the_room(stage: Stage) -> None:
    await into_thread(stage)
    await press(stage, "up", "up", "T")
    assert stage.main.conversation.place == "general"
    assert stage.main.timeline.cursor_key() == "m2"


async def test_what_is_elsewhere_is_shown_in_the_room(stage: Stage) -> None:
    await into_thread(stage)
    await stage.main.conversation.go_to("m3")
    await stage.settle()
    assert stage.main.conversation.place == "general"
    assert stage.main.timeline.cursor_key() == "m3"


async def test_reading_a_thread_reads_no_more_than_it_shows(stage: Stage) -> None:  # A18
    await into_thread(stage)
    assert stage.session.rooms["general"].read == 4
    await stage.news(Arrived("general", (answer(5, "jam?"),)))
    await stage.comes(lambda: stage.session.rooms["general"].unread == 0)
    await stage.news(Arrived("general", (said(6, "elsewhere", room_id="general"), answer(7, "honey?"))))
    await stage.pilot.pause()
    await stage.settle()
    assert (stage.session.rooms["general"].unread, stage.session.rooms["general"].read) == (2, 5)
    await press(stage, "escape")
    await stage.comes(lambda: stage.session.rooms["general"].unread == 0)


async def test_a_spoiler_is_hidden_where_it_is_quoted_or_heads_a_thread(stage: Stage) -> None:
    hidden = said(5, "*he* ||wins||", room_id="general")
    await stage.news(Arrived("general", (hidden, replace(said(6, "no!", room_id="general"), reply_to="m5"))))
    assert "┃ ann: he ▒▒▒▒" in stage.screen_text()
    await press(stage, "up", "up", "r")
    assert "↳ ann: he ▒▒▒▒  Esc" in stage.screen_text()
    await press(stage, "escape", "up", "up", "T")
    assert "↳ ann: he ▒▒▒▒" in stage.screen_text()
    assert not any("wins" in line for line in stage.lines_shown())


async def test_without_threads_there_are_none(stage: Stage) -> None:
    await stage.news(SignedIn("me", "device", 0, frozenset(Capability) - {Capability.THREADS}))
    await press(stage, "up", "up", "T")
    assert "This server knows no threads." in stage.screen_text()
    assert not [action for action in stage.doings() if action.kind is Kind.SEND]
