"""What can be done with a message in the app: edit, delete, react, answer, look into."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from textual import events

from chat_tui.emoji_names import find_emoji
from chat_tui.screens.info import InfoScreen, facts_of
from chat_tui.screens.operating import substituted
from chat_tui.screens.react import ReactScreen
from chat_tui_core.actions import Action, Kind
from chat_tui_core.errors import LocalError
from chat_tui_core.news import Answered, Echoed, Edited, Reacted, ReadMoved, Redacted, RefusedAction, Written
from tests.tui.stage import Stage


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    stage = Stage(tmp_path / "ann" / "chat.db")
    async with stage.show():
        await stage.rooms()
        await stage.lines("general", 1, 2)
        await stage.lines("general", 3, 3, sender="me", text="helo there")
        stage.main.open_room("general")
        await stage.settle()
        yield stage


async def press(stage: Stage, *keys: str) -> None:
    await stage.pilot.press(*keys)
    await stage.settle()


def last(stage: Stage) -> Action:
    return stage.doings()[-1]


async def test_editing_the_last_message(stage: Stage) -> None:  # E2
    await press(stage, "up", "e")
    assert stage.main.composer.text == "helo there"
    assert "Editing: helo there" in stage.screen_text()
    await press(stage, "home", "right", "right", "right", "l", "enter")
    action = last(stage)
    assert (action.kind, action.content["target"], action.content["text"]) == (Kind.EDIT, "m3", "hello there")
    assert stage.main.composer.text == ""
    assert "hello there (edited)" in stage.screen_text()
    assert "…" in next(line for line in stage.lines_shown() if "hello there" in line)
    await stage.news(
        Written(action.id), Answered(action.id), Edited("general", "m3", 3, "hello there", 9), Echoed(action.id)
    )
    line = next(line for line in stage.lines_shown() if "hello there" in line)
    assert line.endswith("✓✓")


async def test_a_refused_edit_says_so_and_shows_what_holds(stage: Stage) -> None:
    await press(stage, "up", "e", "!", "enter")
    action = last(stage)
    await stage.news(Written(action.id), RefusedAction(action.id, "FORBIDDEN", "You may not."))
    assert "The edit was refused: You may not." in stage.screen_text()
    assert not any("helo there!" in line for line in stage.lines_shown())
    assert "The edit “helo there!” was refused" in stage.screen_text()  # by the notice, with what can be done
    await press(stage, "f6", "d")
    assert "was refused" not in stage.screen_text()


async def test_escape_leaves_the_message_as_it_is_and_loses_no_text(stage: Stage) -> None:
    await press(stage, "up", "e", "!", "escape")
    assert stage.main.composer.text == ""
    assert "Editing" not in stage.screen_text()
    await press(stage, "ctrl+up")
    assert stage.main.composer.text == "helo there!"
    await press(stage, "enter")
    assert last(stage).kind is Kind.SEND


async def test_what_is_being_changed_is_still_a_change_after_a_restart(tmp_path: Path) -> None:  # E3
    stage = Stage(tmp_path / "ann" / "chat.db")
    async with stage.show():
        await stage.rooms()
        await stage.lines("general", 3, 3, sender="me", text="helo there")
        stage.main.open_room("general")
        await stage.settle()
        await press(stage, "up", "e", "!")
    again = Stage(tmp_path / "ann" / "chat.db")
    async with again.show():
        await again.rooms()
        again.main.open_room("general")
        await again.settle()
        assert again.main.composer.text == "helo there!"
        await press(again, "enter")
        assert last(again).kind is Kind.EDIT


async def test_nobody_edits_what_others_said_or_while_writing(stage: Stage) -> None:
    await press(stage, "up", "up", "e")
    assert "Only the person who said it can edit it." in stage.screen_text()
    await press(stage, "escape", "h", "i")
    stage.main.start(stage.main.operating.edit_last())
    await stage.settle()
    assert "Send or clear what you are writing first" in stage.screen_text()
    assert stage.main.composer.text == "hi"


async def test_a_correction_by_its_pattern(stage: Stage) -> None:
    await stage.type("s/helo/hello/")
    await press(stage, "enter")
    assert (last(stage).kind, last(stage).text) == (Kind.EDIT, "hello there")
    assert stage.main.composer.text == ""
    await stage.type("s/there/you/")  # the server has not answered yet: what is on the screen is corrected
    await press(stage, "enter")
    assert [action.text for action in stage.unsettled()] == ["hello there", "hello you"]
    await press(stage, "up", "e")
    assert stage.main.composer.text == "hello you"
    await press(stage, "escape")
    await stage.type("s/nowhere/else/")
    await press(stage, "enter")
    assert stage.main.composer.text == "s/nowhere/else/"
    assert "is not in what you said last" in stage.screen_text()


async def test_who_has_read_a_message_is_among_its_facts(stage: Stage) -> None:  # A18
    read = [ReadMoved("general", user, order) for user, order in (("bob", 3), ("ann", 2), ("me", 3), ("eve", 9))]
    await stage.news(*read)
    await press(stage, "up", "i")
    assert isinstance(stage.app.screen, InfoScreen)
    assert "Read by  bob, eve\n" in stage.app.screen.text + "\n"


@pytest.mark.parametrize(
    ("typed", "text", "result"),
    [
        ("s/a/b/", "aa", "ba"),
        ("s/a/b", "aa", "ba"),
        ("s/a/b/g", "aa", "bb"),
        (r"s/a\/b/c/", "a/b", "c"),
        ("s/a//", "ab", "b"),
        ("s/a", "a", None),
        ("so/a/b/", "a", None),
        (" s/a/b/", "a", None),
        ("s//b/", "a", None),
    ],
)
def test_patterns(typed: str, text: str, result: str | None) -> None:
    assert substituted(typed, text) == result


def test_a_pattern_that_does_not_occur() -> None:
    with pytest.raises(LocalError, match="not in what you said"):
        substituted("s/x/y/", "abc")


async def test_deleting_asks_first(stage: Stage) -> None:
    await press(stage, "up", "d")
    assert "Delete this message for everybody?" in stage.screen_text()
    await press(stage, "n")
    assert not stage.doings()
    await press(stage, "d", "y")
    action = last(stage)
    assert (action.kind, action.content["target"]) == (Kind.REDACT, "m3")
    assert "message deleted" in stage.screen_text()
    await stage.news(Written(action.id), Answered(action.id), Redacted("general", "m3", 3), Echoed(action.id))
    assert "helo" not in stage.screen_text()


async def test_reacting_and_taking_it_back(stage: Stage) -> None:
    await press(stage, "up", "up", "plus")
    assert isinstance(stage.app.screen, ReactScreen)
    await stage.type("rocket")
    await press(stage, "enter")
    action = last(stage)
    assert (action.kind, action.content["target"], action.content["key"]) == (Kind.REACT, "m2", "🚀")
    assert "🚀 1" in stage.screen_text()
    await stage.news(
        Written(action.id), Answered(action.id), Reacted("general", "m2", 2, "me", "🚀"), Echoed(action.id)
    )
    assert "🚀 1" in stage.screen_text()
    await stage.main.operating.toggle("m2", "🚀")
    await stage.settle()
    assert last(stage).content.get("remove") is True
    assert "🚀" not in stage.screen_text()


async def test_commands_for_the_newest_message(stage: Stage) -> None:
    await stage.type("/react ")
    stage.main.composer.insert("👍")
    await press(stage, "enter")
    assert (last(stage).kind, last(stage).content["target"]) == (Kind.REACT, "m3")
    await stage.type("/reply sure")
    await press(stage, "enter")
    reply = stage.unsettled()[-1]  # it waits for the reaction before it
    assert (reply.kind, reply.content["reply_to"], reply.text) == (Kind.SEND, "m2", "sure")
    await stage.type("/edit")
    await press(stage, "enter")
    assert stage.main.composer.text == "sure"  # said last, though nobody else has it yet


async def test_everything_that_is_known_of_a_message(stage: Stage) -> None:
    await press(stage, "up", "i")
    assert isinstance(stage.app.screen, InfoScreen)
    assert "m3" in stage.screen_text()
    await press(stage, "escape")
    await stage.type("new")
    await press(stage, "enter")
    item = stage.main.conversation.items()[-1]
    facts = dict(facts_of(item))
    assert facts["State"] == "… pending"
    assert facts["Action"].endswith("send")


def test_emoji_are_found_by_name_and_taken_as_they_are() -> None:
    assert find_emoji("")[0] == ("👍", "thumbs up")
    assert find_emoji("cat")[0][1].startswith("cat")
    assert find_emoji("🦀")[0] == ("🦀", "as it is")
    assert find_emoji("+1")[-1] == ("+1", "as it is")


async def test_what_is_typed_at_machine_speed_on_a_message_is_all_text_after_the_first_letter(stage: Stage) -> None:
    await press(stage, "up")
    await stage.pilot.press("slash", *"kick", "space", *"bob", "space", *"idred")
    await stage.settle()
    assert stage.main.composer.text == "/kick bob idred"
    assert stage.app.screen is stage.main


async def test_ctrl_c_empties_the_box_and_loses_nothing(stage: Stage) -> None:
    stage.main.composer.focus()
    await stage.type("half a thought")
    await press(stage, "ctrl+c")
    assert stage.main.composer.text == ""
    await press(stage, "ctrl+up")
    assert stage.main.composer.text == "half a thought"


async def test_up_and_a_letter_at_machine_speed(stage: Stage) -> None:
    stage.main.composer.focus()
    await stage.pilot.pause()
    for key in ("up", "e"):
        stage.app.post_message(events.Key(key, key if len(key) == 1 else None))
    await stage.settle()
    await stage.pilot.pause()
    assert stage.main.composer.text == "helo there"
