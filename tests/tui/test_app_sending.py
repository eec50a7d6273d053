"""The app on a scripted server: what becomes of what one writes, as the person sees it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from chat_tui_core.actions import Action, Kind
from chat_tui_core.errors import StoreUnwritable
from chat_tui_core.model import EventKind, Member, RoomEvent
from chat_tui_core.news import Answered, Arrived, Echoed, LostAction, MembersListed, RefusedAction, Written
from chat_tui_core.questions import SetTyping
from tests.tui.stage import Stage


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    stage = Stage(tmp_path / "chat.db")
    async with stage.show():
        await stage.rooms()
        await stage.lines("general", 1, 3)
        await stage.pilot.press("enter")
        yield stage


async def write(stage: Stage, text: str) -> None:
    await stage.type(text)
    await stage.pilot.press("enter")
    await stage.settle()


def mark(stage: Stage, text: str) -> str:
    """What stands at the end of the line with this text."""
    line = next(line for line in stage.lines_shown() if text in line)
    return line.rsplit(text, 1)[1].strip()


def last(stage: Stage) -> Action:
    return stage.doings()[-1]


async def test_a_line_is_shown_at_once_and_ends_confirmed_in_the_same_place(stage: Stage) -> None:  # A13, E2, B12
    await write(stage, "hello")
    assert stage.main.composer.text == ""
    assert mark(stage, "hello") == "…"
    at = next(index for index, line in enumerate(stage.lines_shown()) if "hello" in line)
    action = last(stage)
    await stage.news(Written(action.id), Answered(action.id, "m4", 4))
    assert mark(stage, "hello") == "✓"
    await stage.echo(action, 4)
    assert mark(stage, "hello") == "✓✓"
    assert "hello" in stage.lines_shown()[at - 1] or "hello" in stage.lines_shown()[at]
    assert sum("hello" in line for line in stage.lines_shown()) == 1


async def test_an_echo_before_the_answer_confirms_too(stage: Stage) -> None:  # A13
    await write(stage, "hello")
    action = last(stage)
    event = RoomEvent("general", "m4", 4, EventKind.MESSAGE, "me", 4000, "hello", action_id=action.id)
    await stage.news(Arrived("general", (event,)), Echoed(action.id, "m4", 4))
    assert mark(stage, "hello") == "✓✓"


async def test_a_lost_answer_is_shown_as_doubt(stage: Stage) -> None:  # A14
    await write(stage, "hello")
    await stage.news(Written(last(stage).id), LostAction(last(stage).id))
    assert mark(stage, "hello") == "…?"


async def test_a_refused_line_says_why_and_offers_what_to_do(stage: Stage) -> None:  # A22, B13, E3
    await write(stage, "hello")
    await write(stage, "second")
    first = stage.doings()[0]
    await stage.news(Written(first.id), RefusedAction(first.id, "NOPERM", "you may not write here"))
    text = stage.screen_text()
    assert mark(stage, "hello") == "✗"
    assert "“hello” was refused: you may not write here" in text
    assert "let 1 later one pass" in text
    assert "2 unsent (1 refused)" in text


async def refuse(stage: Stage, text: str) -> Action:
    await write(stage, text)
    action = last(stage)
    await stage.news(Written(action.id), RefusedAction(action.id, "NOPERM", "no"))
    return action


@pytest.mark.parametrize("way", ["key", "command"])
async def test_retry(stage: Stage, way: str) -> None:  # E3
    action = await refuse(stage, "hello")
    if way == "key":
        await stage.pilot.press("f6", "r")
    else:
        await stage.type("/retry")
        await stage.pilot.press("enter")
    await stage.settle()
    assert last(stage).id > action.id
    assert mark(stage, "hello") == "…"
    assert "was refused" not in stage.screen_text()


async def test_edit_says_it_anew_in_its_place(stage: Stage) -> None:  # E3, B13
    refused = await refuse(stage, "hello")
    await write(stage, "second")
    await stage.pilot.press("f6", "e")
    await stage.settle()
    assert stage.main.composer.text == "hello"
    assert "Editing: hello" in stage.screen_text()
    assert stage.focus == "composer"
    await write(stage, " there")
    again = last(stage)
    assert (again.text, again.place) == ("hello there", refused.id)
    assert again.id > refused.id
    lines = [line for line in stage.lines_shown() if line.startswith(("hello", "second"))]
    assert [line.split("  ")[0] for line in lines] == ["hello there", "second"]
    await stage.echo(again, 4)
    assert last(stage).text == "second"
    assert "Editing" not in stage.screen_text()


async def test_edit_leaves_alone_what_is_being_written(stage: Stage) -> None:
    await refuse(stage, "hello")
    await stage.type("later words")
    await stage.pilot.press("f6", "e")
    await stage.settle()
    assert stage.main.composer.text == "later words"
    assert "Send or clear what you are writing first" in stage.screen_text()


async def test_discard(stage: Stage) -> None:
    await refuse(stage, "hello")
    await stage.pilot.press("f6", "d")
    await stage.settle()
    assert not any("hello" in line for line in stage.lines_shown())
    assert stage.focus == "composer"  # not left on a notice that is gone


async def test_let_pass(stage: Stage) -> None:
    refused = await refuse(stage, "hello")
    await write(stage, "second")
    assert last(stage).id == refused.id  # it waits
    await stage.pilot.press("f6", "p")
    await stage.settle()
    assert last(stage).content["text"] == "second"


async def test_a_full_disk_keeps_the_text(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:  # E3
    async def full(*_: object, **__: object) -> Action:
        raise StoreUnwritable("The disk is full: make room and send again.")

    monkeypatch.setattr(stage.session, "send", full)
    await write(stage, "precious")
    assert stage.main.composer.text == "precious"
    assert "The disk is full" in stage.screen_text()
    monkeypatch.undo()
    await stage.pilot.press("enter")
    await stage.settle()
    assert mark(stage, "precious") == "…"
    assert stage.main.composer.text == ""


async def test_writing_goes_on_while_offline(stage: Stage) -> None:  # E3, A13
    await stage.offline()
    await write(stage, "from the tunnel")
    assert mark(stage, "from the tunnel") == "…"
    assert "1 unsent" in stage.screen_text()
    assert stage.doings() == []
    await stage.online()
    assert last(stage).content["text"] == "from the tunnel"
    await stage.echo(last(stage), 4)
    assert "unsent" not in stage.screen_text()


async def test_unsent_lines_survive_a_restart(tmp_path: Path) -> None:  # E3
    first = Stage(tmp_path / "chat.db")
    async with first.show():
        await first.rooms()
        await first.offline()
        await first.pilot.press("enter")
        await write(first, "kept")
        await first.type("a draft")
    again = Stage(tmp_path / "chat.db")
    async with again.show():
        again.main.open_room("general")
        await again.pilot.pause()
        await again.pilot.pause()
        assert mark(again, "kept") == "…"
        assert again.main.composer.text == "a draft"


async def test_unknown_commands_send_nothing(stage: Stage) -> None:  # E9
    await write(stage, "/jion x")
    assert stage.doings() == []
    assert "There is no command /jion" in stage.screen_text()
    assert stage.main.composer.text == "/jion x"


async def test_two_slashes_send_a_slash(stage: Stage) -> None:  # E9
    await write(stage, "//etc/hosts")
    assert last(stage).content["text"] == "/etc/hosts"


async def test_commands_become_actions(stage: Stage) -> None:  # B15
    for typed in ("/topic new topic", "/invite @bob", "/kick bob too loud", "/me waves", "/msg random hi there"):
        await write(stage, typed)
    made = [(action.kind, action.room_id, dict(action.content)) for action in stage.doings()]
    made += [(a.kind, a.room_id, dict(a.content)) for a in stage.session.open_actions.values()]
    for wanted in [
        (Kind.TOPIC, "general", {"topic": "new topic"}),
        (Kind.INVITE, "general", {"user": "bob"}),
        (Kind.KICK, "general", {"user": "bob", "reason": "too loud"}),
        (Kind.SEND, "general", {"text": "waves", "kind": "emote"}),
        (Kind.SEND, "random", {"text": "hi there"}),
    ]:
        assert wanted in made


async def test_what_was_done_to_somebody_names_them(stage: Stage) -> None:  # B15
    await stage.news(MembersListed("general", (Member("@bob:x", "Bob Hill"),)))
    await write(stage, "/kick @bob:x too loud")
    kick = next(action for action in stage.doings() if action.kind is Kind.KICK)
    await stage.news(MembersListed("general", ()), Written(kick.id), Answered(kick.id), Echoed(kick.id))
    assert stage.notices()[-1] == "Bob Hill was removed from general."


async def test_typing_is_told_and_ends_with_the_line(stage: Stage) -> None:  # A19
    await stage.type("hi")
    await stage.pilot.press("enter")
    await stage.settle()
    told = [(q.room_id, q.typing) for q in stage.connection.asked if isinstance(q, SetTyping)]
    assert told == [("general", True), ("general", False)]


async def test_an_answer_names_what_it_answers(stage: Stage) -> None:
    await stage.pilot.press("up", "up", "r")
    assert stage.focus == "composer"
    assert "ann: line 2" in stage.screen_text()
    await stage.pilot.press("escape")
    assert stage.main.conversation.reply_to == ""
    await stage.pilot.press("up", "r")
    await write(stage, "yes")
    assert last(stage).content["reply_to"] == "m3"
    assert stage.main.conversation.reply_to == ""


async def test_escape_never_loses_text(stage: Stage) -> None:
    await stage.type("precious")
    for _ in range(5):
        await stage.pilot.press("escape")
    assert stage.main.composer.text == "precious"
    assert stage.focus == "composer"


async def test_new_lines_below_are_counted_while_one_reads_above(stage: Stage) -> None:  # E5
    await stage.lines("general", 4, 60)
    await stage.pilot.press("pageup", "pageup")
    before = stage.lines_shown()
    await stage.lines("general", 61, 63)
    assert stage.lines_shown() == before
    assert "↓ 3 new" in stage.screen_text()
    await stage.pilot.press("escape")
    await stage.pilot.pause()
    assert "line 63" in stage.screen_text()
    assert "↓" not in stage.screen_text()


async def test_clear_hides_and_scrolling_brings_back(stage: Stage) -> None:
    await write(stage, "/clear")
    assert stage.lines_shown() == []
    await stage.lines("general", 4, 4)
    assert "line 4" in stage.screen_text()
    assert "line 3" not in stage.screen_text()
    await stage.pilot.press("pageup")
    await stage.settle()
    assert "line 3" in stage.screen_text()
