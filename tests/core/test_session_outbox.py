"""What the person can do with what they did: change, take back, schedule, answer what is not there yet."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from chat_tui_core.actions import Action, Kind, State
from chat_tui_core.errors import IllegalTransition, LocalError, StoreUnwritable
from chat_tui_core.link import Link, LinkChanged
from chat_tui_core.news import Answered, LostAction, Postponed, RefusedAction, Written
from chat_tui_core.outbox import Wait, Why
from chat_tui_core.store import actions as stored_actions
from tests.core.scripted import Play, joined


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


# ---------------------------------------------------------------- write-ahead


async def test_that_it_leaves_is_stored_before_the_first_byte(play: Play) -> None:  # A14
    await play.online(joined())
    seen = []
    real = play.connection.do

    def do(action: Action) -> None:
        seen.append(now(play, action).written_at)
        real(action)

    play.connection.do = do  # type: ignore[method-assign]
    first = await play.session.send("r", "1")
    await play.session.send("r", "2")
    await play.news(Written(first.id), Answered(first.id, "m1", 1))
    assert seen == [play.clock, play.clock]


async def test_what_waits_can_be_taken_back_and_what_left_cannot(play: Play) -> None:
    await play.online(joined())
    first, second = await play.session.send("r", "1"), await play.session.send("r", "2")
    with pytest.raises(IllegalTransition, match="already on its way"):
        await play.session.cancel(first.id)
    assert (await play.session.cancel(second.id)).text == "2"
    await play.news(Written(first.id), Answered(first.id, "m1", 1))
    assert play.done == [first.id]


async def test_a_killed_program_doubts_only_what_it_was_about_to_hand_over(play: Play) -> None:  # A14
    await play.online(joined())
    first, second = await play.session.send("r", "1"), await play.session.send("r", "2")
    await play.restart()
    assert play.session.open_actions[first.id].doubt
    assert not play.session.open_actions[second.id].doubt
    assert play.session.open_actions[second.id].may_cancel
    await play.online()
    assert play.session.waits[first.id] == Wait(Why.CHECK)
    assert play.done == [first.id]
    assert play.connection.done[0].doubt


async def test_what_an_earlier_run_left_is_handed_over_as_in_doubt(play: Play) -> None:
    """The file may be an older copy: a server that does not drop repetitions has to be asked first."""
    await play.online(joined())
    await play.offline()
    action = await play.session.send("r", "1")
    await play.restart()
    await play.online()
    assert not now(play, action).doubt
    assert play.connection.done[0].doubt


async def test_what_did_not_leave_before_the_link_broke_can_be_taken_back(play: Play) -> None:
    await play.online(joined())
    first, second = await play.session.send("r", "1"), await play.session.send("r", "2")
    play.connection.deliver((Written(first.id), Answered(first.id, "m1", 1)))
    play.connection.deliver((LinkChanged(Link.WAITING, "gone", 5.0),))
    await play.settle()
    assert play.done == [first.id]
    assert now(play, second).may_cancel
    await play.online()
    assert play.done == [first.id, second.id]


async def test_a_disk_that_refuses_the_mark_sends_nothing_and_is_asked_again(
    play: Play, monkeypatch: pytest.MonkeyPatch
) -> None:
    await play.online(joined())
    first, second = await play.session.send("r", "1"), await play.session.send("r", "2")
    real, refusals = play.store.write, 1

    async def full(work: object, *args: object, **options: object) -> object:
        nonlocal refusals
        if options.get("durable") and refusals:
            refusals -= 1
            raise StoreUnwritable("The disk is full.")
        return await real(work, *args, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(play.store, "write", full)
    monkeypatch.setattr("chat_tui_core.session.sender.RETRY_SECONDS", 0.01)
    await play.news(Written(first.id), Answered(first.id, "m1", 1))
    assert play.done == [first.id]
    await play.comes(lambda: play.done == [first.id, second.id])


# ---------------------------------------------------------------- changing


async def test_a_refused_message_is_said_anew_in_its_place_under_a_new_id(play: Play) -> None:  # A22, E3
    await play.online(joined())
    first = await refused(play, "bad")
    second = await play.session.send("r", "later")
    again = await play.session.resend(first.id, "good")
    assert (again.text, again.state, again.place) == ("good", State.PENDING, first.id)
    assert again.id > second.id
    await play.settle()
    assert play.done == [first.id, again.id]
    await play.news(Written(again.id), Answered(again.id, "m1", 1))
    assert play.done == [first.id, again.id, second.id]


async def test_what_has_not_left_just_changes_its_text(play: Play) -> None:
    await play.online(joined())
    await play.offline()
    action = await play.session.send("r", "helo")
    changed = await play.session.resend(action.id, "hello")
    assert (changed.id, changed.text) == (action.id, "hello")
    await play.online()
    assert [(a.id, a.text) for a in play.connection.done] == [(action.id, "hello")]


async def test_what_an_earlier_run_left_is_said_anew_in_its_place(play: Play) -> None:  # A14
    """Another copy of the file may have said the old text under the old id."""
    await play.online(joined())
    await play.offline()
    first = await play.session.send("r", "helo")
    reply = await play.session.send("r", "indeed", target_action=first.id)
    await play.restart()
    play.session.open_room("r")
    changed = await play.session.perform(Kind.EDIT, "r", target_action=first.id, text="hello")
    assert (changed.kind, changed.text, changed.place) == (Kind.SEND, "hello", first.id)
    assert changed.id > reply.id
    assert (now(play, first).state, now(play, reply).depends_on) == (State.CANCELLED, changed.id)
    timeline = play.session.timeline("r")
    assert timeline is not None
    assert [item.action.text for item in timeline.items if item.action] == ["hello", "indeed"]
    waiting = asyncio.create_task(play.session.settled(first.id, State.SENT))
    await play.online()
    await play.news(Written(changed.id), Answered(changed.id, "m1", 1))
    assert (await asyncio.wait_for(waiting, 5)).id == changed.id
    assert play.done == [changed.id, reply.id]


async def test_what_left_cannot_be_changed_and_nothing_becomes_empty(play: Play) -> None:
    await play.online(joined())
    action = await under_way(play)
    with pytest.raises(IllegalTransition):
        await play.session.resend(action.id, "other")
    with pytest.raises(LocalError, match="empty"):
        await play.session.resend(action.id, "  ")
    topic = await play.session.perform(Kind.TOPIC, "r", topic="x")
    with pytest.raises(LocalError, match="no text"):
        await play.session.resend(topic.id, "y")
    assert now(play, action).text == "hello"


async def test_an_edit_of_what_has_not_left_changes_the_message_itself(play: Play) -> None:
    await play.online(joined())
    await play.offline()
    action = await play.session.send("r", "one")
    for text in ("two", "three"):
        same = await play.session.perform(Kind.EDIT, "r", target_action=action.id, text=text)
        assert same.id == action.id
    await play.online()
    assert [(a.kind, a.text) for a in play.connection.done] == [(Kind.SEND, "three")]


async def test_an_edit_of_what_was_refused_says_it_anew(play: Play) -> None:
    await play.online(joined())
    action = await refused(play)
    again = await play.session.perform(Kind.EDIT, "r", target_action=action.id, text="better")
    assert (again.kind, again.text, again.retry_of) == (Kind.SEND, "better", action.id)


async def test_edits_of_what_is_on_its_way_become_one_that_follows(play: Play) -> None:
    await play.online(joined())
    action = await under_way(play, "one")
    edit = await play.session.perform(Kind.EDIT, "r", target_action=action.id, text="two")
    same = await play.session.perform(Kind.EDIT, "r", target_action=action.id, text="three")
    assert (edit.depends_on, same.id) == (action.id, edit.id)
    assert play.session.waits[edit.id] == Wait(Why.BEHIND, by=action.id)
    await play.news(Answered(action.id, "m1", 1))
    assert dict(play.connection.done[-1].content) == {"text": "three", "target": "m1", "target_order": 1}


# ---------------------------------------------------------------- time


async def test_a_message_can_be_taken_back_for_a_while(play: Play) -> None:
    play.session.undo_seconds = 5
    await play.online(joined())
    first, second = await play.session.send("r", "oops"), await play.session.send("r", "later")
    assert play.done == []
    assert play.session.waits[first.id] == Wait(Why.UNDO, play.clock + 5000)
    assert (await play.session.cancel(first.id)).text == "oops"
    play.clock += 5000
    play.session._sender.pump()
    await play.settle()
    assert play.done == [second.id]


async def test_a_waiting_message_leaves_at_once_when_it_is_tried_again(play: Play) -> None:
    play.session.undo_seconds = 5
    await play.online(joined())
    action = await play.session.send("r", "now")
    await play.session.retry(action.id)
    await play.settle()
    assert play.done == [action.id]


async def test_a_scheduled_message_survives_a_restart_and_leaves_in_its_time(play: Play) -> None:  # E3
    await play.online(joined())
    later = await play.session.send("r", "later", at_ms=play.clock + 60_000)
    first = await play.session.send("r", "first")
    await play.settle()
    assert play.done == [first.id]
    await play.news(Written(first.id), Answered(first.id, "m1", 1))
    await play.restart()
    assert play.session.open_actions[later.id].may_cancel
    await play.online()
    assert play.done == []
    assert play.session.waits[later.id] == Wait(Why.TIME, play.clock + 60_000)
    play.clock += 60_000
    play.session._sender.pump()
    await play.settle()
    assert play.done == [later.id]


async def test_a_time_that_has_passed_is_now(play: Play) -> None:
    await play.online(joined())
    action = await play.session.send("r", "now", at_ms=play.clock)
    assert "at" not in action.content
    assert play.done == [action.id]


async def test_a_scheduled_message_can_be_sent_now(play: Play) -> None:
    await play.online(joined())
    action = await play.session.send("r", "later", at_ms=play.clock + 60_000)
    now_ = await play.session.retry(action.id)
    assert (now_.id, now_.scheduled, now_.not_before) == (action.id, 0, 0)


async def test_what_the_server_could_not_take_can_be_taken_back_meanwhile(play: Play) -> None:  # A23
    await play.online(joined())
    action = await under_way(play)
    await play.news(Postponed(action.id, 30.0, "RATELIMIT", "Too fast."))
    assert play.session.waits[action.id] == Wait(Why.RETRY, play.clock + 30_000)
    assert (await play.session.cancel(action.id)).state is State.CANCELLED


async def test_no_server_makes_an_action_wait_for_ever(play: Play) -> None:  # A23
    await play.online(joined())
    action = await under_way(play)
    await play.news(Postponed(action.id, 1e9, "RATELIMIT", "Go away."))
    assert now(play, action).not_before == play.clock + 3_600_000
    await play.news(Postponed(action.id, -5.0, "RATELIMIT", "Now."))
    assert now(play, action).not_before == play.clock


async def test_a_postponed_repetition_leaves_the_first_sending_in_doubt(play: Play) -> None:  # A14
    await play.online(joined())
    action = await under_way(play)
    await play.offline(LostAction(action.id))
    await play.online()
    await play.news(Written(action.id), Postponed(action.id, 30.0, "RATELIMIT", "Too fast."))
    assert now(play, action).doubt
    with pytest.raises(IllegalTransition):
        await play.session.cancel(action.id)
    assert play.session.waits[action.id] == Wait(Why.CHECK, play.clock + 30_000)
    play.clock += 30_000
    play.session._sender.pump()
    await play.settle()
    assert play.done == [action.id] * 3


async def test_what_was_written_once_is_edited_only_when_it_is_there(play: Play) -> None:
    """A server fault does not tell whether the first text is there already."""
    await play.online(joined())
    action = await under_way(play, "one")
    await play.news(Postponed(action.id, 30.0, "INTERNAL", "A fault."))
    with pytest.raises(IllegalTransition):
        await play.session.resend(action.id, "two")
    edit = await play.session.perform(Kind.EDIT, "r", target_action=action.id, text="two")
    assert (edit.kind, edit.depends_on, now(play, action).text) == (Kind.EDIT, action.id, "one")


async def test_messages_with_a_kind_and_a_thread_keep_both(play: Play) -> None:
    await play.online(joined())
    action = await play.session.send("r", "hi", thread="m1", kind="notice")
    assert dict(action.content) == {"text": "hi", "thread": "m1", "kind": "notice"}
