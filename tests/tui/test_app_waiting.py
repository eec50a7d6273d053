"""What the person says that does not leave at once: put off, taken back, in doubt, and what is done to it meanwhile."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from chat_tui.config import Config
from chat_tui.screens.info import InfoScreen
from chat_tui.widgets.banner import Banner
from chat_tui_core.actions import Action, Kind, State
from chat_tui_core.errors import StoreUnwritable
from chat_tui_core.model import EventKind
from chat_tui_core.news import (
    Answered,
    Arrived,
    Echoed,
    LostAction,
    Postponed,
    Reacted,
    RefusedAction,
    Written,
)
from tests.core.scripted import said
from tests.tui.stage import Stage

TODAY = time.time_ns() // 1_000_000
"""What is older than a month is forgotten at the start."""


async def begin(stage: Stage) -> None:
    await stage.rooms()
    await stage.lines("general", 1, 3)
    stage.main.open_room("general")
    stage.hold_clock()
    stage.main.composer.focus()
    await stage.settle()


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    stage = Stage(tmp_path / "chat.db")
    async with stage.show():
        await begin(stage)
        yield stage


@pytest.fixture
async def careful(tmp_path: Path) -> AsyncIterator[Stage]:
    """Somebody who can take a message back for five seconds."""
    stage = Stage(tmp_path / "chat.db", Config(undo_send=5))
    async with stage.show():
        await begin(stage)
        yield stage


async def press(stage: Stage, *keys: str) -> None:
    await stage.pilot.press(*keys)
    await stage.settle()


async def write(stage: Stage, text: str) -> None:
    await stage.type(text)
    await press(stage, "enter")


def last(stage: Stage) -> Action:
    return stage.doings()[-1]


def line(stage: Stage, text: str) -> str:
    return next(line for line in stage.lines_shown() if text in line)


def below(stage: Stage, text: str) -> str:
    lines = stage.lines_shown()
    return lines[next(index for index, line in enumerate(lines) if text in line) + 1]


async def refuse(stage: Stage, action: Action) -> None:
    await stage.news(Written(action.id), RefusedAction(action.id, "NOPERM", "Not here."))


# ---------------------------------------------------------------- scheduled


async def test_what_is_said_later_waits_at_the_end_of_the_room(stage: Stage) -> None:
    await write(stage, "/at +10m good evening")
    assert line(stage, "good evening").endswith("◷")
    assert "in 10 min" in below(stage, "good evening")
    assert "◷ 1" in stage.screen_text()
    assert "unsent" not in stage.screen_text()
    assert stage.doings() == []
    await write(stage, "meanwhile")
    texts = [text for text in stage.lines_shown() if text.startswith(("good", "mean"))]
    assert [text.split()[0] for text in texts] == ["meanwhile", "good"], "what was typed since stands before it"
    await stage.echo(last(stage), 4)
    await stage.pass_time(599)
    assert "in 1 s" in below(stage, "good evening")
    await stage.pass_time(1)
    assert last(stage).text == "good evening"
    await stage.news(Written(last(stage).id))
    assert line(stage, "good evening").endswith("…")
    await stage.echo(last(stage), 5)
    assert line(stage, "good evening").endswith("✓✓")


async def test_the_time_is_told_while_it_is_typed(stage: Stage) -> None:
    await stage.type("/at +10m")
    assert "in 10 min" in stage.screen_text()
    await stage.type("x")
    assert "'+10mx' is no time" in stage.screen_text()


async def test_a_time_that_is_none_keeps_the_text(stage: Stage) -> None:
    await write(stage, "/at soon good evening")
    assert stage.main.composer.text == "/at soon good evening"
    assert "'soon' is no time; try 18:30" in stage.screen_text()
    assert stage.unsettled() == []


async def test_a_scheduled_message_can_be_changed_and_discarded(stage: Stage) -> None:
    await write(stage, "/at +10m good evening")
    await press(stage, "up", "e")
    assert stage.main.composer.text == "good evening"
    await write(stage, "!")
    changed = stage.unsettled()[0]
    assert (changed.text, changed.scheduled) == ("good evening!", stage.clock + 600_000)
    assert line(stage, "good evening!").endswith("◷")
    await press(stage, "up", "d", "y")
    assert stage.unsettled() == []
    assert not any("good evening" in text for text in stage.lines_shown())


async def test_a_scheduled_message_outlives_the_program(tmp_path: Path) -> None:  # E3
    first = Stage(tmp_path / "chat.db")
    async with first.show():
        await begin(first)
        await write(first, "/at +10m good evening")
        clock = first.clock
    again = Stage(tmp_path / "chat.db", clock=clock + 60_000)
    async with again.show():
        await begin(again)
        assert line(again, "good evening").endswith("◷")
        await again.pass_time(540)
        assert last(again).text == "good evening"


async def test_an_emote_and_a_slash_can_be_scheduled(stage: Stage) -> None:
    await write(stage, "/at +10m /me yawns")
    await write(stage, "/at +10m //etc")
    assert [dict(a.content, at=0) for a in stage.unsettled()] == [
        {"text": "yawns", "kind": "emote", "at": 0},
        {"text": "/etc", "at": 0},
    ]
    await write(stage, "/at +10m /join x")
    assert "/join is nothing that can be said" in stage.screen_text()


# ---------------------------------------------------------------- undo


async def test_a_message_can_be_taken_back_for_a_while(careful: Stage) -> None:
    stage = careful
    await write(stage, "ship it")
    assert "sends in 5 s, Ctrl+Z takes it back" in below(stage, "ship it")
    assert stage.doings() == []
    await stage.pass_time(1)
    assert "sends in 4 s" in below(stage, "ship it")
    await press(stage, "ctrl+z")
    assert stage.main.composer.text == "ship it"
    assert stage.unsettled() == []
    assert not any("ship it" in text for text in stage.lines_shown())
    await press(stage, "enter")
    await stage.pass_time(5)
    assert last(stage).text == "ship it"
    assert "takes it back" not in stage.screen_text()


async def test_afterwards_the_key_undoes_typing_again(careful: Stage) -> None:
    stage = careful
    await write(stage, "gone")
    await stage.pass_time(6)
    await stage.echo(last(stage), 4)
    await stage.type("abc")
    await press(stage, "ctrl+z")
    assert stage.main.composer.text == ""
    assert stage.main.check_action("take_back", ()) is False


async def test_taking_back_gives_back_what_it_answered(careful: Stage) -> None:
    stage = careful
    await press(stage, "up", "r")
    await write(stage, "/me agrees")
    await stage.type("next")
    await press(stage, "ctrl+z")
    assert stage.main.composer.text == "/me agrees\nnext"
    assert stage.main.conversation.reply_to == "m3"
    assert "ann: line 3" in stage.screen_text()


async def test_by_mouse_too_and_the_newest_first(careful: Stage) -> None:
    stage = careful
    await write(stage, "one")
    await write(stage, "two")
    await press(stage, "ctrl+z")
    assert [action.text for action in stage.unsettled()] == ["one"]
    assert stage.main.composer.text == "two"
    text = stage.screen_text().splitlines()
    at = next(index for index, content in enumerate(text) if "takes it back" in content)
    await stage.pilot.click(offset=(text[at].index("takes"), at))
    await stage.settle()
    assert stage.unsettled() == []
    assert stage.main.composer.text == "one\ntwo"


async def test_without_the_setting_nothing_is_held(stage: Stage) -> None:
    await write(stage, "now")
    assert last(stage).text == "now"
    assert "takes it back" not in stage.screen_text()


# ---------------------------------------------------------------- emotes


async def test_an_emote_is_one_from_the_start(stage: Stage) -> None:
    await write(stage, "/me waves")
    assert dict(last(stage).content) == {"text": "waves", "kind": "emote"}
    assert line(stage, "* me waves").endswith("…")
    event = replace(said(4, "/me waves", "me", last(stage).id, "general"))
    await stage.news(Written(last(stage).id), Arrived("general", (event,)), Echoed(last(stage).id, "m4", 4))
    assert line(stage, "* me waves").endswith("✓✓")
    await press(stage, "up", "e")
    assert stage.main.composer.text == "/me waves"
    await write(stage, " twice")
    edit = last(stage)
    assert (edit.kind, dict(edit.content)) == (
        Kind.EDIT,
        {"text": "waves twice", "kind": "emote", "target": "m4", "target_order": 4},
    )
    assert line(stage, "* me waves twice").endswith("…")


async def test_an_emote_of_another_protocol(stage: Stage) -> None:
    event = replace(said(4, "bows", "me", 0, "general"), kind=EventKind.EMOTE)
    await stage.news(Arrived("general", (event,)))
    await write(stage, "s/bows/nods/")
    assert dict(last(stage).content)["text"] == "nods"
    assert dict(last(stage).content)["kind"] == "emote"


async def test_a_full_disk_keeps_what_a_command_says(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:  # E3
    async def full(*_: object, **__: object) -> Action:
        raise StoreUnwritable("The disk is full: make room and send again.")

    monkeypatch.setattr(stage.session, "send", full)
    for typed in ("/me waves", "/at +10m later", "/msg random hi", "/reply yes"):
        stage.main.composer.load_text(typed)
        await press(stage, "enter")
        assert stage.main.composer.text == typed
        assert "The disk is full" in stage.screen_text()


# ---------------------------------------------------------------- put off and in doubt


async def test_a_message_that_is_put_off_counts_down_and_goes_by_itself(stage: Stage) -> None:  # A23, B13
    await write(stage, "hello")
    action = last(stage)
    await stage.news(Written(action.id), Postponed(action.id, 4, "RATELIMIT", "too many messages"))
    assert "… again in 4 s: too many messages" in below(stage, "hello")
    assert "✗" not in stage.screen_text()
    await stage.pass_time(1)
    assert "… again in 3 s" in below(stage, "hello")
    await stage.pass_time(3)
    assert "again in" not in stage.screen_text()
    assert [done.id for done in stage.doings()] == [action.id, action.id], "the same id"


async def test_doubt_is_said(stage: Stage) -> None:  # A14
    await write(stage, "hello")
    await stage.offline(Written(last(stage).id), LostAction(last(stage).id))
    assert line(stage, "hello").endswith("…?")
    assert "checking… with the next connection" in below(stage, "hello")
    await stage.online()
    assert "checking… whether it arrived" in below(stage, "hello")
    await stage.echo(last(stage), 4)
    assert "checking" not in stage.screen_text()


# ---------------------------------------------------------------- what is done to what is not there yet


async def test_an_edit_of_what_has_not_left_changes_it(stage: Stage) -> None:  # E2
    await stage.offline()
    await write(stage, "helo")
    await press(stage, "up", "e")
    assert "Editing: helo" in stage.screen_text()
    await press(stage, "home", "right", "right", "right", "l", "enter")
    assert [(a.kind, a.text) for a in stage.unsettled()] == [(Kind.SEND, "hello")]
    assert "hello" in stage.screen_text()
    assert "(edited)" not in stage.screen_text()
    await write(stage, "s/hello/hi/")
    assert [(a.kind, a.text) for a in stage.unsettled()] == [(Kind.SEND, "hi")]


async def test_an_edit_of_what_is_on_its_way_follows_it(stage: Stage) -> None:  # E2
    await write(stage, "helo")
    message = last(stage)
    await stage.news(Written(message.id))
    await press(stage, "up", "e", "exclamation_mark", "enter")
    assert line(stage, "helo! (edited)").endswith("…")
    edit = stage.unsettled()[-1]
    assert (edit.kind, edit.depends_on) == (Kind.EDIT, message.id)
    await stage.echo(message, 4)
    assert (last(stage).kind, last(stage).content["target"]) == (Kind.EDIT, "m4")
    assert line(stage, "helo! (edited)").endswith("…")
    await stage.news(Written(edit.id), Answered(edit.id), Echoed(edit.id))


async def test_a_reaction_to_what_waits(stage: Stage) -> None:  # E2
    await stage.offline()
    await write(stage, "party at four")
    message = stage.unsettled()[0]
    await press(stage, "up", "plus")
    await stage.type("tada")
    await press(stage, "enter")
    react = stage.unsettled()[-1]
    assert (react.kind, react.depends_on) == (Kind.REACT, message.id)
    key = str(react.content["key"])
    assert f"{key} 1" in stage.screen_text()
    item = stage.main.conversation.items()[-1]
    await stage.main.operating.toggle(item.key, key)  # a click on the pill takes it back
    await stage.settle()
    assert [a.kind for a in stage.unsettled()] == [Kind.SEND]
    assert f"{key} 1" not in stage.screen_text()
    await write(stage, f"/react {key}")
    assert stage.unsettled()[-1].depends_on == message.id
    await stage.online()
    await stage.echo(last(stage), 4)
    assert (last(stage).kind, last(stage).content["target"]) == (Kind.REACT, "m4")


async def test_a_reaction_that_is_on_its_way_is_taken_back_after_it(stage: Stage) -> None:
    await stage.main.operating.toggle("m3", "👍")
    await stage.settle()
    first = last(stage)
    await stage.news(Written(first.id))
    await stage.main.operating.toggle("m3", "👍")
    await stage.settle()
    second = stage.unsettled()[-1]
    assert (second.content.get("remove"), second.depends_on) == (True, first.id)
    assert "👍" not in stage.screen_text()
    await stage.main.operating.toggle("m3", "👍")  # and back again: the removal has not left
    await stage.settle()
    assert [a.id for a in stage.unsettled()] == [first.id]
    assert "👍 1" in stage.screen_text()
    await stage.news(Answered(first.id), Reacted("general", "m3", 3, "me", "👍"), Echoed(first.id))
    assert "👍 1" in stage.screen_text()


async def test_deleting_what_is_on_its_way_follows_it(stage: Stage) -> None:
    await write(stage, "never mind")
    message = last(stage)
    await stage.news(Written(message.id))
    await press(stage, "up", "d", "y")
    assert "message deleted" in stage.screen_text()
    redact = stage.unsettled()[-1]
    assert (redact.kind, redact.depends_on) == (Kind.REDACT, message.id)
    await stage.echo(message, 4)
    assert (last(stage).kind, last(stage).content["target"]) == (Kind.REDACT, "m4")


async def test_an_answer_to_what_waits_follows_it(stage: Stage) -> None:
    await stage.offline()
    await write(stage, "first")
    message = stage.unsettled()[0]
    await press(stage, "up", "r")
    assert "↳ you: first" in stage.screen_text()
    await write(stage, "and second")
    answer = stage.unsettled()[-1]
    assert (answer.kind, answer.depends_on) == (Kind.SEND, message.id)
    assert "┃ me: first" in stage.screen_text()
    await stage.online()
    await stage.echo(last(stage), 4)
    assert (last(stage).text, last(stage).content["reply_to"]) == ("and second", "m4")


async def test_what_a_draft_answers_is_known_after_a_restart(tmp_path: Path) -> None:  # E3
    first = Stage(tmp_path / "chat.db", clock=TODAY)
    async with first.show():
        await begin(first)
        await write(first, "first")
        await press(first, "up", "r")
        await first.type("half an answer")
        message = last(first)
        await first.echo(message, 4)
    again = Stage(tmp_path / "chat.db", clock=TODAY)
    async with again.show():
        await begin(again)
        assert again.main.composer.text == "half an answer"
        assert again.main.conversation.reply_to == "m4"
        await press(again, "enter")
        assert last(again).content["reply_to"] == "m4"


async def test_a_draft_of_what_was_discarded_answers_nothing(tmp_path: Path) -> None:
    first = Stage(tmp_path / "chat.db")
    async with first.show():
        await begin(first)
        await first.offline()
        await write(first, "first")
        await press(first, "up", "r")
        await first.type("half an answer")
        first.main.conversation.keep_draft()
        await first.session.cancel(first.unsettled()[0].id)
    again = Stage(tmp_path / "chat.db")
    async with again.show():
        await begin(again)
        assert (again.main.composer.text, again.main.conversation.reply_to) == ("half an answer", "")


# ---------------------------------------------------------------- the notice


async def spot(stage: Stage, word: str) -> tuple[int, int]:
    """Where a word of the notice is on screen."""
    text = stage.screen_text().splitlines()
    at = next(index for index, content in enumerate(text) if "F6, then" in content)
    return text[at].index(word), at


@pytest.mark.parametrize("way", ["key", "click", "command"])
@pytest.mark.parametrize("choice", ["retry", "edit", "discard", "pass"])
async def test_every_choice_of_the_notice_by_every_way(stage: Stage, choice: str, way: str) -> None:  # B13, E3
    await write(stage, "hello")
    await refuse(stage, last(stage))
    refused = stage.unsettled()[0]
    await write(stage, "second")
    if way == "key":
        await press(stage, "f6", choice[0])
    elif way == "command":
        await write(stage, f"/{choice}")
    else:
        word = {"retry": "again", "edit": "edit", "discard": "discard", "pass": "let 1"}[choice]
        await stage.pilot.click(offset=await spot(stage, word))
        await stage.settle()
    if choice == "edit":
        assert stage.main.composer.text == "hello"
        assert stage.session.open_actions[refused.id].state is State.FAILED, "nothing happens before it is sent"
        return
    assert "was refused" not in stage.screen_text()
    wanted = {"retry": "hello", "discard": "second", "pass": "second"}[choice]
    assert last(stage).text == wanted
    if choice == "retry":
        assert last(stage).place == refused.id


async def test_something_invisible_that_holds_messages_back_is_named(stage: Stage) -> None:
    await write(stage, "/topic cats")
    topic = last(stage)
    await stage.news(Written(topic.id), Postponed(topic.id, 40, "RATELIMIT", "too many changes"))
    await write(stage, "one")
    await write(stage, "two")
    assert "Setting the topic has to wait 40 s: too many changes" in stage.screen_text()
    assert "let 2 later ones pass" in stage.screen_text()
    stage.clock += 10_000
    await stage.pilot.pause(0.6)
    assert "has to wait 30 s" in stage.screen_text()
    await press(stage, "f6", "e")  # there is nothing to edit
    assert stage.main.composer.text == ""
    await press(stage, "p")
    assert last(stage).text == "one"
    assert not stage.main.query_one(Banner).display


@pytest.mark.parametrize(("key", "left"), [("r", 2), ("d", 0)])
async def test_a_refused_reaction_is_not_silent(stage: Stage, key: str, left: int) -> None:
    await stage.main.operating.toggle("m3", "👍")
    await stage.settle()
    await refuse(stage, last(stage))
    assert "The reaction 👍 to “line 3” was refused: Not here" in stage.screen_text()
    await press(stage, "f6", key)
    assert "was refused" not in stage.screen_text()
    assert len([done for done in stage.doings() if done.kind is Kind.REACT]) == max(1, left)
    assert bool(stage.unsettled()) is (key == "r")


# ---------------------------------------------------------------- how quick it is


async def test_stats_and_what_is_usual(stage: Stage) -> None:
    for order, delay in ((4, 40), (5, 90)):
        await write(stage, f"line {order}")
        action = last(stage)
        await stage.news(Written(action.id))
        stage.clock += delay
        event = said(order, action.text, "me", action.id, "general")
        await stage.news(Answered(action.id, event.event_id, order), Arrived("general", (event,)))
    assert "90 ms" in stage.main.status.plain
    await write(stage, "/stats")
    assert isinstance(stage.app.screen, InfoScreen)
    assert "Enter to confirmed  p50 40 ms, p95 90 ms" in stage.app.screen.text
    assert "Enter to sent" in stage.app.screen.text
    await press(stage, "escape", "up", "i")
    assert isinstance(stage.app.screen, InfoScreen)
    assert "Confirmed" in stage.app.screen.text
    assert "after 90 ms" in stage.app.screen.text
    assert "p50 40 ms, p95 90 ms" in stage.app.screen.text
