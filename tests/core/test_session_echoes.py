"""Whose echo it is, and how what was answered ends when none comes."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from chat_tui_core.actions import Action, Kind, State
from chat_tui_core.model import EventKind
from chat_tui_core.news import (
    Answered,
    Arrived,
    Echoed,
    LostAction,
    Position,
    RefusedAction,
    RoomsListed,
    Written,
)
from chat_tui_core.store import actions as stored_actions
from tests.core.scripted import Play, joined, said


@pytest.fixture
async def play(tmp_path: Path) -> AsyncIterator[Play]:
    play = Play(tmp_path / "chat.db")
    yield play
    await play.close()


def now(play: Play, action: Action) -> Action:
    """The action as it is stored."""
    found = play.store.read(stored_actions.load_action, action.id)
    assert found is not None
    return found


async def under_way(play: Play, text: str = "hello") -> Action:
    """A message that was written and not answered."""
    action = await play.session.send("r", text)
    await play.news(Written(action.id))
    return action


async def refused(play: Play, text: str = "no") -> Action:
    """A message that was refused."""
    action = await under_way(play, text)
    await play.news(RefusedAction(action.id, "NOPERM", "No."))
    return action


# ---------------------------------------------------------------- whose echo it is


async def test_an_echo_of_another_copys_action_confirms_nothing(play: Play) -> None:  # A14
    await play.online(joined())
    play.session.open_room("r")
    action = await under_way(play)
    stranger = said(1, "something else", "me", action.id)
    await play.news(
        Arrived("r", (replace(stranger, action_made=action.created_at - 1),)),
        Echoed(action.id, "m1", 1, made=action.created_at - 1),
    )
    assert now(play, action).state is State.PENDING
    await play.news(Arrived("r", (replace(said(2, "hello", "me", action.id), action_made=action.created_at),)))
    assert (now(play, action).state, now(play, action).event_id) == (State.CONFIRMED, "m2")


async def test_an_echo_of_what_never_left_from_here_is_another_copys(play: Play) -> None:  # A14
    await play.online(joined())
    await play.offline()
    action = await play.session.send("r", "new")
    await play.news(Arrived("r", (said(1, "old", "me", action.id),)), Echoed(action.id, "m1", 1))
    assert now(play, action).state is State.PENDING
    timeline = play.session.open_room("r")
    assert [item.event.text if item.event else "echo" for item in timeline.items] == ["old", "echo"]
    await play.online()
    assert play.done == [action.id]


async def test_nobody_else_can_have_done_what_we_did(play: Play) -> None:
    await play.online(joined())
    action = await under_way(play)
    await play.news(Arrived("r", (said(1, "hello", "mallory", action.id),)))
    assert now(play, action).state is State.PENDING


async def test_an_event_that_names_an_unknown_action_is_nobodys_when_ids_repeat(play: Play) -> None:
    await play.online(joined())
    await play.news(Arrived("r", (replace(said(1, "old", "me", 1), action_made=5),)))
    action = await play.session.send("r", "new")
    assert action.id == 1
    timeline = play.session.open_room("r")
    assert [item.event.text if item.event else "echo" for item in timeline.items] == ["old", "echo"]


# ---------------------------------------------------------------- answered, and no echo


async def test_what_was_answered_without_a_place_ends_with_the_second_position(play: Play) -> None:  # A12
    await play.online(joined())
    action = await under_way(play)
    await play.news(Position({"at": "1"}))
    play.clock += 1
    await play.news(Answered(action.id, "m1"), Position({"at": "2"}))
    assert now(play, action).state is State.SENT
    play.clock += 1
    await play.news(Position({"at": "3"}))
    assert now(play, action).state is State.SENT
    play.clock += 1
    await play.news(Position({"at": "4"}))
    assert now(play, action).state is State.CONFIRMED


async def test_what_was_answered_with_a_place_ends_when_the_stream_has_passed_it(play: Play) -> None:  # A12
    await play.online(joined())
    play.session.open_room("r")
    action = await under_way(play)
    await play.news(Answered(action.id, "m7", 7))
    for number in range(4):
        play.clock += 1
        await play.news(Position({"at": str(number)}))
    assert now(play, action).state is State.SENT
    await play.news(Arrived("r", (said(9),)), Position({"at": "9"}))
    assert now(play, action).state is State.CONFIRMED
    timeline = play.session.timeline("r")
    assert timeline is not None
    assert [item.event.text for item in timeline.items if item.event] == ["hello", "line 9"]


async def test_a_clock_that_was_set_back_since_the_answer_makes_nothing_wait_a_day(play: Play) -> None:  # A12
    play.clock = 1_790_000_000_000
    await play.online(joined())
    action = await under_way(play)
    await play.news(Answered(action.id, "m1"), Position({"at": "1"}))
    play.clock -= 86_400_000
    for number in range(2, 6):
        assert now(play, action).state is State.SENT or number > 3
        play.clock += 1
        await play.news(Position({"at": str(number)}))
    assert now(play, action).state is State.CONFIRMED


async def test_a_last_answer_that_names_a_place_which_was_passed_puts_the_message_there(play: Play) -> None:  # A12
    await play.online(joined())
    play.session.open_room("r")
    action = await under_way(play)
    await play.news(Arrived("r", (said(9),)))
    await play.news(Answered(action.id, "m7", 7, final=True))
    assert now(play, action).state is State.CONFIRMED
    timeline = play.session.timeline("r")
    assert timeline is not None
    assert [item.event.text if item.event else "" for item in timeline.items if not item.gap] == ["hello", "line 9"]


async def test_a_message_whose_place_is_above_what_is_loaded_leaves_the_end(play: Play) -> None:  # A13, E2
    """It was answered long ago; its mark must not stay below what was said since."""
    await play.online(joined())
    play.session.open_room("r")
    action = await under_way(play)
    await play.news(Answered(action.id, "m2", 2))
    await play.news(Arrived("r", (said(50),)))
    await play.news(Position({"at": "50"}))
    timeline = play.session.timeline("r")
    assert timeline is not None
    shown = [item for item in timeline.items if item.gap is None]
    assert [(item.event.order if item.event else 0) for item in shown] == [2, 50]
    assert now(play, action).state is State.CONFIRMED


async def test_an_edit_is_not_seen_because_its_message_is(play: Play) -> None:  # A13
    await play.online(joined())
    await play.news(Arrived("r", (said(1, "old", "me"),)))
    edit = await play.session.perform(Kind.EDIT, "r", target="m1", target_order=1, text="new")
    await play.news(Written(edit.id), Answered(edit.id, "m1", 1))
    assert now(play, edit).state is State.SENT
    await play.news(RoomsListed((joined(head=1),)))
    assert now(play, edit).state is State.CONFIRMED


async def test_a_refusal_always_has_a_reason_and_may_be_outranked(play: Play) -> None:
    await play.online(joined())
    action = await under_way(play)
    await play.news(RefusedAction(action.id, "", ""))
    assert now(play, action).error_text == "The server gave no reason."
    await play.news(Arrived("r", (said(1, "hello", "me", action.id),)), Echoed(action.id, "m1", 1))
    assert now(play, action).state is State.CONFIRMED
    assert play.session.blocked == {}


async def test_a_second_copy_that_is_written_after_a_refusal_changes_nothing(play: Play) -> None:
    await play.online(joined())
    action = await refused(play)
    await play.news(Written(action.id), LostAction(action.id))
    assert now(play, action).state is State.FAILED
    assert play.session.problems == 0


WITHOUT_IDS = [
    (Kind.KICK, {"user": "bob"}, EventKind.KICK, {"target": "bob"}),
    (Kind.INVITE, {"user": "bob"}, EventKind.INVITE, {"target": "bob"}),
    (Kind.BAN, {"user": "bob"}, EventKind.BAN, {"target": "bob"}),
    (Kind.UNBAN, {"user": "bob"}, EventKind.UNBAN, {"target": "bob"}),
    (Kind.TOPIC, {"topic": "tea"}, EventKind.TOPIC, {"text": "tea"}),
    (Kind.NAME, {"name": "tea"}, EventKind.NAME, {"text": "tea"}),
]


@pytest.mark.parametrize(("kind", "content", "shown", "fields"), WITHOUT_IDS, ids=str)
async def test_an_event_without_our_id_confirms_what_wanted_just_that(
    play: Play, kind: Kind, content: dict[str, Any], shown: EventKind, fields: dict[str, Any]
) -> None:  # A14
    await play.online(joined())
    event = replace(said(1, sender="me"), kind=shown, **fields)
    action = await play.session.perform(kind, "r", **content)
    await play.news(Written(action.id))
    await play.offline(LostAction(action.id))
    waiting = await play.session.perform(kind, "r", **content)
    await play.news(
        Arrived("r", (replace(event, event_id="x1", sender="ann"),)),
        Arrived("r", (replace(event, event_id="x2", order=2, target="carl", text="coffee"),)),
        Arrived("s", (replace(event, event_id="x3", room_id="s"),)),
    )
    assert now(play, action).doubt
    await play.news(Arrived("r", (replace(event, event_id="x4", order=4),)))
    assert (now(play, action).state, now(play, action).event_id) == (State.CONFIRMED, "x4")
    assert now(play, waiting).state is State.PENDING, "this one has never left"


async def test_an_event_kind_that_is_no_message_confirms_its_action_too(play: Play) -> None:
    await play.online(joined())
    action = await play.session.perform(Kind.TOPIC, "r", topic="new")
    await play.news(Arrived("r", (replace(said(1, "new", "me", action.id), kind=EventKind.TOPIC),)))
    assert now(play, action).state is State.CONFIRMED
