"""What is in doubt waits for its pause in the session: what is seen in the stream meanwhile is not done again."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from chat_tui_core.actions import Kind, State
from chat_tui_core.model import EventKind
from chat_tui_core.news import Answered, Arrived, LostAction, Written
from chat_tui_core.outbox import LONGEST_HOLD, Wait, Why
from tests.core.scripted import Play, joined, said


@pytest.fixture
async def play(tmp_path: Path) -> AsyncIterator[Play]:
    play = Play(tmp_path / "chat.db")
    yield play
    await play.close()


async def later(play: Play, seconds: float) -> None:
    """Let time pass; the session looks again as it does when its timer rings."""
    play.clock += round(seconds * 1000)
    play.session._sender.pump()
    await play.settle()


async def test_a_lost_action_is_handed_over_again_only_after_its_pause(play: Play) -> None:  # A14
    await play.online(joined())
    action = await play.session.send("r", "hello")
    later_one = await play.session.send("r", "later")
    await play.news(Written(action.id), LostAction(action.id, 4.0))
    held = play.session.open_actions[action.id]
    assert (held.doubt, held.may_cancel, held.may_change) == (True, False, False)
    assert play.session.waits[action.id] == Wait(Why.CHECK, play.clock + 4000)
    assert play.session.waits[later_one.id] == Wait(Why.BEHIND, by=action.id)
    await later(play, 3.9)
    assert play.done == [action.id]
    await later(play, 0.1)
    assert play.done == [action.id, action.id]
    assert play.connection.done[-1].doubt
    await play.news(Written(action.id), Answered(action.id, "m1", 1))
    assert play.done == [action.id, action.id, later_one.id]


async def test_what_is_seen_during_its_pause_is_not_done_again(play: Play) -> None:  # A14, C5
    """Somebody may have undone it by then: doing it again would undo that."""
    await play.online(joined())
    action = await play.session.perform(Kind.TOPIC, "r", topic="tea")
    await play.news(Written(action.id), LostAction(action.id, 4.0))
    event = replace(said(1, "tea", "me"), kind=EventKind.TOPIC)
    await play.news(Arrived("r", (event,)))
    assert action.id not in play.session.open_actions
    following = await play.session.perform(Kind.TOPIC, "r", topic="coffee")
    await later(play, 60)
    assert play.done == [action.id, following.id]


async def test_a_second_word_without_a_pause_ends_the_first_ones(play: Play) -> None:
    await play.online(joined())
    action = await play.session.send("r", "hello")
    await play.news(Written(action.id), LostAction(action.id, 60.0))
    await play.news(LostAction(action.id))
    assert play.done == [action.id, action.id]


async def test_whoever_does_not_want_to_wait_tries_at_once(play: Play) -> None:
    await play.online(joined())
    action = await play.session.send("r", "hello")
    await play.news(Written(action.id), LostAction(action.id, 60.0))
    await play.session.retry(action.id)
    assert play.done == [action.id, action.id]


async def test_no_server_makes_anything_wait_for_ever(play: Play) -> None:
    await play.online(joined())
    action = await play.session.send("r", "hello")
    await play.news(Written(action.id), LostAction(action.id, 1e12))
    assert play.session.open_actions[action.id].not_before == play.clock + LONGEST_HOLD


async def test_a_pause_changes_nothing_of_what_is_confirmed(play: Play) -> None:
    await play.online(joined())
    action = await play.session.send("r", "hello")
    await play.news(
        Written(action.id), Answered(action.id, "m1", 1), Arrived("r", (said(1, "hello", "me", action.id),))
    )
    await play.news(LostAction(action.id, 5.0))
    assert (await play.session.settled(action.id, State.CONFIRMED)).state is State.CONFIRMED
