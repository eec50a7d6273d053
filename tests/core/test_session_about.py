"""What is about a message of ours that is not there yet: it waits, takes its event, or goes with it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from chat_tui_core.actions import Action, Kind, State
from chat_tui_core.errors import LocalError
from chat_tui_core.news import (
    Answered,
    Arrived,
    Echoed,
    LostAction,
    RefusedAction,
    Written,
)
from chat_tui_core.session.ingest_outbox import ORPHANED
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


@pytest.mark.parametrize("ends", ["answer", "echo", "event"])
async def test_what_is_about_a_message_takes_its_event_when_it_is_there(play: Play, ends: str) -> None:
    await play.online(joined())
    action = await under_way(play)
    reply = await play.session.send("r", "indeed", target_action=action.id)
    deeds = [await play.session.perform(Kind.REACT, "r", target_action=action.id, key="👍")]
    deeds.append(await play.session.perform(Kind.REDACT, "r", target_action=action.id))
    if ends == "answer":
        await play.news(Answered(action.id, "m1", 1))
    elif ends == "echo":
        await play.news(Echoed(action.id, "m1", 1))
    else:
        await play.news(Arrived("r", (said(1, "hello", "me", action.id),), live=False))
    assert now(play, reply).content == {"text": "indeed", "reply_to": "m1", "target_order": 1}
    assert [now(play, deed).content["target"] for deed in deeds] == ["m1", "m1"]
    assert not any(now(play, deed).depends_on for deed in (reply, *deeds))
    assert play.done == [action.id, reply.id]


async def test_what_is_about_a_message_that_is_there_is_about_its_event_at_once(play: Play) -> None:
    await play.online(joined())
    action = await under_way(play)
    await play.news(Answered(action.id, "m1", 1), Echoed(action.id, "m1", 1))
    edit = await play.session.perform(Kind.EDIT, "r", target_action=action.id, text="x")
    assert (edit.depends_on, edit.content["target"]) == (0, "m1")
    assert play.done == [action.id, edit.id]


async def test_what_depends_survives_a_restart_and_a_new_id_of_its_message(play: Play) -> None:
    await play.online(joined())
    action = await refused(play)
    reply = await play.session.send("r", "indeed", target_action=action.id)
    await play.restart()
    again = await play.session.retry(action.id)
    assert play.session.open_actions[reply.id].depends_on == again.id
    await play.online()
    await play.news(Written(again.id), Answered(again.id, "m1", 1))
    assert [(a.id, a.content.get("reply_to")) for a in play.connection.done] == [(again.id, None), (reply.id, "m1")]


async def test_when_its_message_is_discarded_a_note_goes_and_a_reply_is_held(play: Play) -> None:  # E3
    await play.online(joined())
    action = await refused(play)
    react = await play.session.perform(Kind.REACT, "r", target_action=action.id, key="👍")
    back = await play.session.perform(Kind.REACT, "r", target_action=react.id, key="👍", remove=True)
    reply = await play.session.send("r", "my words", target_action=action.id)
    await play.session.cancel(action.id)
    for note in (react, back):
        assert (now(play, note).state, now(play, note).error_code) == (State.CANCELLED, ORPHANED)
    held = now(play, reply)
    assert (held.state, held.error_code, held.text) == (State.FAILED, ORPHANED, "my words")
    assert play.session.blocked["r"].id == reply.id
    again = await play.session.retry(reply.id)
    assert dict(again.content) == {"text": "my words", "typed": play.clock}
    await play.settle()
    assert play.done == [action.id, again.id]


async def test_only_a_message_of_the_same_room_can_be_meant(play: Play) -> None:
    await play.online(joined("r"), joined("s"))
    action = await under_way(play)
    topic = await play.session.perform(Kind.TOPIC, "r", topic="x")
    with pytest.raises(LocalError, match="no message of this room"):
        await play.session.send("s", "x", target_action=action.id)
    with pytest.raises(LocalError, match="no message of this room"):
        await play.session.perform(Kind.REACT, "r", target_action=topic.id, key="x")
    with pytest.raises(LocalError, match="no action 77"):
        await play.session.perform(Kind.REACT, "r", target_action=77, key="x")
    await play.session.cancel(topic.id)
    await play.offline(LostAction(action.id))
    gone = await play.session.send("r", "gone")
    await play.session.cancel(gone.id)
    with pytest.raises(LocalError, match="was discarded"):
        await play.session.perform(Kind.REACT, "r", target_action=gone.id, key="x")
