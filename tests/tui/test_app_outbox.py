"""The outbox in the app: every open action with why it waits, and each thing that can be done about it."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from chat_tui.screens.info import InfoScreen
from chat_tui.screens.outbox import OutboxScreen
from chat_tui.widgets.key_line import KeyLine
from chat_tui.widgets.outbox_list import OutboxList
from chat_tui_core.actions import Action, Kind, State
from chat_tui_core.model import Membership, Room
from chat_tui_core.news import Answered, LostAction, Postponed, RefusedAction, RoomChanged, Written
from tests.tui.stage import ROOMS, Stage


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    stage = Stage(tmp_path / "chat.db")
    async with stage.show():
        await stage.rooms()
        await stage.lines("general", 1, 3)
        stage.main.open_room("general")
        stage.hold_clock()
        await stage.settle()
        yield stage


async def press(stage: Stage, *keys: str) -> None:
    await stage.pilot.press(*keys)
    await stage.settle()
    await stage.pilot.pause(0.1)  # changes are gathered for a moment before they are shown
    await stage.pilot.pause()


async def refuse(stage: Stage, room: str, text: str) -> Action:
    action = await stage.session.send(room, text)
    await stage.settle()
    await stage.news(Written(action.id), RefusedAction(action.id, "NOPERM", "Only moderators may write here."))
    return stage.session.open_actions[action.id]


def shown(stage: Stage) -> OutboxList:
    assert isinstance(stage.app.screen, OutboxScreen)
    return stage.app.screen.query_one(OutboxList)


def under_cursor(stage: Stage) -> Action | None:
    entry = shown(stage).chosen()
    return entry.action if entry is not None else None


def row(stage: Stage, text: str) -> str:
    """The two lines of the action with this text."""
    lines = stage.screen_text().splitlines()
    at = next(index for index, line in enumerate(lines) if text in line)
    return f"{lines[at]}\n{lines[at + 1]}"


async def test_it_tells_of_all_rooms_what_waits_and_why(stage: Stage) -> None:  # E3, A22
    first = await refuse(stage, "general", "an announcement")
    await stage.session.send("general", "what follows")
    doubt = await stage.session.send("random", "in doubt")
    await stage.news(Written(doubt.id), LostAction(doubt.id))
    await stage.session.perform(Kind.TOPIC, "random", topic="cats")
    await stage.session.send("random", "happy new year", at_ms=stage.clock + 3_600_000)
    await press(stage, "f2")
    assert "5 not settled  1 refused  1 for later" in stage.screen_text()
    assert "online" in stage.screen_text()
    assert "refused: Only moderators may write here" in row(stage, "✗  an announcement")
    assert f"held back: #{first.id} was refused" in row(stage, "what follows")
    assert "checking… whether it arrived" in row(stage, "…? in doubt")
    assert "set the topic cats" in stage.screen_text()
    assert "in 60 min" in row(stage, "◷  happy new year")
    for text, room in (("an announcement", "general"), ("in doubt", "random")):
        assert row(stage, text).splitlines()[0].rstrip().endswith(room)
    assert f"#{first.id}" in row(stage, "an announcement")


async def test_read_marks_are_nobody_s_business(stage: Stage) -> None:
    await stage.session.perform(Kind.READ, "general", order=3)
    await press(stage, "f2")
    assert "Everything is sent." in stage.screen_text()
    assert not any(word in stage.screen_text() for word in ("mark as read", "not settled"))


async def test_the_next_try_is_counted_down(stage: Stage) -> None:  # A23
    late = await stage.session.send("general", "slow down")
    await stage.news(Written(late.id), Postponed(late.id, 12, "RATELIMIT", "Too many messages."))
    await press(stage, "f2")
    assert "… again in 12 s: Too many messages" in row(stage, "slow down")
    stage.clock += 9_000
    await stage.pilot.pause(0.6)  # it looks at the clock twice a second
    assert "… again in 3 s" in row(stage, "slow down")


async def test_trying_again_keeps_the_place_and_the_cursor(stage: Stage) -> None:  # B13
    first = await refuse(stage, "general", "an announcement")
    await stage.session.send("general", "what follows")
    await press(stage, "f2", "r")
    assert [action.text for action in shown(stage).actions] == ["an announcement", "what follows"]
    chosen = under_cursor(stage)
    assert chosen is not None
    assert chosen.retry_of == first.id
    await stage.news(Written(chosen.id))
    await press(stage)
    assert "on its way" in row(stage, "an announcement")


async def test_what_waits_can_go_now(stage: Stage) -> None:
    late = await stage.session.send("general", "slow down")
    await stage.news(Written(late.id), Postponed(late.id, 60, "RATELIMIT", "Too many messages."))
    await press(stage, "f2", "r")
    assert [done.id for done in stage.doings()] == [late.id, late.id]


async def test_discarding_and_the_end(stage: Stage) -> None:
    await stage.offline()
    await stage.session.send("general", "not yet")
    await press(stage, "f2")
    assert "leaves with the next connection" in row(stage, "not yet")
    await press(stage, "d")
    assert "Everything is sent." in stage.screen_text()
    await press(stage, "escape")
    assert stage.app.screen is stage.main
    assert stage.unsettled() == []


async def test_letting_others_pass(stage: Stage) -> None:
    await refuse(stage, "general", "an announcement")
    later = await stage.session.send("general", "what follows")
    await press(stage, "f2", "p")
    assert stage.doings()[-1].id == later.id
    assert "refused, others pass it" in row(stage, "an announcement")


async def test_what_cannot_be_taken_back_says_so(stage: Stage) -> None:
    action = await stage.session.send("general", "gone")
    await stage.news(Written(action.id))
    await press(stage, "f2", "d")
    assert "already on its way" in stage.screen_text()
    await press(stage, "e")
    assert stage.main.composer.text == "gone"  # an edit that follows it
    await press(stage, "exclamation_mark", "enter")
    edit = stage.unsettled()[-1]
    assert (edit.kind, edit.depends_on, edit.text) == (Kind.EDIT, action.id, "gone!")


async def test_editing_in_place(stage: Stage) -> None:  # B13, E3
    first = await refuse(stage, "random", "an announcment")
    second = await stage.session.send("random", "what follows")
    await press(stage, "f2", "e")
    assert stage.app.screen is stage.main
    assert stage.main.conversation.room_id == "random"
    assert stage.main.composer.text == "an announcment"
    stage.main.composer.put_back("an announcement")
    stage.main.composer.load_text("an announcement")
    await press(stage, "enter")
    again = stage.doings()[-1]
    assert (again.text, again.place) == ("an announcement", first.id)
    await stage.echo(again, 4)
    assert stage.doings()[-1].id == second.id


async def test_back_to_the_composer(stage: Stage) -> None:
    await stage.offline()
    await stage.session.send("random", "/etc/hosts")
    await press(stage, "f2", "b")
    assert stage.main.conversation.room_id == "random"
    assert stage.main.composer.text == "//etc/hosts"  # as it has to be typed
    assert stage.focus == "composer"
    assert stage.unsettled() == []


async def test_going_there(stage: Stage) -> None:
    await stage.lines("random", 1, 60)
    await refuse(stage, "random", "look here")
    await press(stage, "f2", "enter")
    assert stage.main.conversation.room_id == "random"
    assert stage.main.timeline.cursor_key() == stage.main.conversation.items()[-1].key
    assert stage.focus == "timeline"
    await stage.session.perform(Kind.REACT, "random", target="m7", target_order=7, key="👍")
    await press(stage, "f2", "down", "enter")
    item = stage.main.conversation.item(stage.main.timeline.cursor_key() or "")
    assert item is not None
    assert item.event is not None
    assert item.event.event_id == "m7"


async def test_a_room_that_one_is_not_in_any_more(stage: Stage) -> None:
    await refuse(stage, "random", "too late")
    await stage.news(RoomChanged(Room("random", membership=Membership.LEFT), frozenset({"membership"})))
    for key in ("enter", "b", "e"):
        await press(stage, "f2", key)
        assert "You are not in that room" in stage.screen_text()
    assert [action.text for action in stage.unsettled()] == ["too late"]


async def test_details_can_be_seen_and_copied(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    copied: list[str] = []
    monkeypatch.setattr(stage.app, "copy_to_clipboard", copied.append)
    action = await refuse(stage, "general", "an announcement")
    await press(stage, "f2", "y")
    assert f"Action    {action.id} send" in copied[0]
    assert "Only moderators may write here. NOPERM" in copied[0]
    await press(stage, "i")
    assert isinstance(stage.app.screen, InfoScreen)
    assert "an announcement" in stage.screen_text()


async def test_what_was_settled_lately(stage: Stage) -> None:
    action = await stage.session.send("general", "done")
    await stage.news(Written(action.id))
    stage.clock += 84
    await stage.echo(action, 4)
    await stage.offline()
    gone = await stage.session.send("general", "never mind")
    await stage.session.cancel(gone.id)
    await stage.session.send("general", "still here")
    await press(stage, "f2", "s")
    assert [one.text for one in shown(stage).actions] == ["never mind", "done"]
    assert "confirmed after 84 ms" in row(stage, "done")
    assert "taken back" in row(stage, "never mind")
    assert "2 settled lately" in stage.screen_text()
    await press(stage, "r", "d", "p", "e", "b")  # nothing of that can be done any more
    assert isinstance(stage.app.screen, OutboxScreen)
    await press(stage, "down", "enter")
    assert stage.main.conversation.items()[stage.main.timeline.cursor or 0].event is not None
    await press(stage, "f2", "s", "s")
    assert [one.text for one in shown(stage).actions] == ["still here"]


async def test_by_mouse(stage: Stage) -> None:
    await refuse(stage, "general", "first one")
    await refuse(stage, "random", "second one")
    await press(stage, "f2")
    screen = stage.app.screen
    await stage.pilot.click(OutboxList, offset=(20, 2))
    await stage.pilot.pause()
    assert (chosen := under_cursor(stage)) is not None
    assert chosen.text == "second one"
    assert stage.app.screen is screen
    text = stage.screen_text().splitlines()
    line = next(index for index, content in enumerate(text) if " discard" in content)
    column = text[line].index("discard")
    await stage.pilot.click(offset=(column, line))
    await press(stage)
    assert [action.text for action in stage.unsettled()] == ["first one"]
    await stage.pilot.click(OutboxList, offset=(20, 0))
    await press(stage)
    assert stage.app.screen is stage.main
    assert stage.main.conversation.room_id == "general"


async def test_the_keys_say_what_makes_sense(stage: Stage) -> None:
    action = await stage.session.send("general", "gone")
    await stage.news(Written(action.id), Answered(action.id, "m4", 4))
    await press(stage, "f2")
    keys = stage.app.screen.query_one(KeyLine)
    assert keys._useless == {"outbox.retry", "outbox.cancel", "outbox.pass", "outbox.back"}
    await press(stage, "p", "b", "d")
    assert isinstance(stage.app.screen, OutboxScreen)
    assert stage.session.open_actions[action.id].state is State.SENT


async def test_it_fits_into_a_small_terminal(tmp_path: Path) -> None:
    stage = Stage(tmp_path / "chat.db")
    async with stage.show((80, 24)):
        await stage.rooms()
        stage.main.open_room("general")
        await refuse(stage, "general", "an announcement " * 20)
        await press(stage, "f2")
        text = stage.screen_text()
        assert all(word in text for word in ("refused: Only moderators", "let others pass", "Esc close", "…"))
        assert all(len(line) <= 80 for line in text.splitlines())


async def test_a_thousand_actions_cost_no_more_than_one(stage: Stage) -> None:
    await stage.offline()
    for number in range(1_000):
        await stage.session.send("general" if number % 2 else "random", f"line {number}")
    begun = time.process_time()
    await press(stage, "f2")
    opened = time.process_time() - begun
    assert "1,000 not settled" in stage.screen_text()
    begun = time.process_time()
    await press(stage, "end")
    assert "line 999" in stage.screen_text()
    await press(stage, "up", "up", "d")
    assert len(shown(stage).actions) == 999
    assert (chosen := under_cursor(stage)) is not None
    assert chosen.text == "line 998"
    moved = time.process_time() - begun
    assert opened < 2
    assert moved < 2


async def test_a_click_on_a_waiting_line_leads_here(stage: Stage) -> None:
    await refuse(stage, "random", "elsewhere")
    late = await stage.session.send("general", "slow down")
    await stage.news(Written(late.id), Postponed(late.id, 12, "RATELIMIT", "Too many messages."))
    text = stage.screen_text().splitlines()
    line = next(index for index, content in enumerate(text) if "again in 12 s" in content)
    await stage.pilot.click(offset=(text[line].index("again"), line))
    await press(stage)
    assert (chosen := under_cursor(stage)) is not None
    assert chosen.text == "slow down"


def test_the_stage_has_two_rooms() -> None:
    assert [room.room_id for room in ROOMS] == ["general", "random"]
