"""Threads in a session: found by the event that they began with, live, whole across holes, counted, read right."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from chat_tui_core.actions import State
from chat_tui_core.errors import LocalError
from chat_tui_core.link import Capability
from chat_tui_core.model import Gap, RoomEvent
from chat_tui_core.news import Arrived, Edited, GapFound, Reacted, ReadMoved, Redacted, RefusedAction, SignedIn, Written
from chat_tui_core.session_changes import TimelineMoved
from chat_tui_core.store.drafts import Draft
from chat_tui_core.store.events import newest_events
from chat_tui_core.store.rooms import forget_room
from chat_tui_core.threads import Answers, AskThread, ThreadGiven, ThreadTold, place_of, room_of, root_of
from tests.core.scripted import Play, joined, said, texts


@pytest.fixture
async def play(tmp_path: Path) -> AsyncIterator[Play]:
    play = Play(tmp_path / "chat.db")
    yield play
    await play.close()


def answer(order: int, text: str = "", sender: str = "ann", **fields: Any) -> RoomEvent:
    """An answer in the thread that began with m1."""
    return replace(said(order, text, sender), thread="m1", **fields)


def shown(play: Play) -> list[str]:
    """The texts of the open thread, unsent ones too."""
    timeline = play.session.timeline(place_of("r", "m1"))
    assert timeline is not None
    said = (item.event or item.action for item in timeline.items)
    return [one.text for one in said if one is not None]


def asked(play: Play) -> list[AskThread]:
    return [question for question in play.connection.asked if isinstance(question, AskThread)]


def test_a_place_names_a_room_or_a_thread_in_it() -> None:
    place = place_of("!r:chat.example", "$1")
    assert (room_of(place), root_of(place)) == ("!r:chat.example", "$1")
    assert (place_of("r"), room_of("r"), root_of("r")) == ("r", "r", "")


async def test_a_thread_is_what_hangs_on_its_first_event_and_what_comes(play: Play) -> None:  # C3
    await play.online(joined())
    await play.news(Arrived("r", (said(1, "root"), answer(2, "one"), said(3, "aside"), answer(4, "two"))))
    heard: list[TimelineMoved] = []
    play.session.subscribe(TimelineMoved, heard.append)
    play.session.threads.open("r", "m1")
    assert shown(play) == ["root", "one", "two"]
    await play.news(Arrived("r", (answer(5, "three"), said(6, "other"))))
    await play.news(Edited("r", "m2", 2, "ONE", 9), Redacted("r", "m4", 4), Reacted("r", "m1", 1, "bob", "+"))
    assert shown(play) == ["root", "ONE", "", "three"]
    assert {change.room_id for change in heard} == {place_of("r", "m1")}
    assert play.session.threads.answers("r") == {"m1": Answers(2, 5000)}
    assert asked(play) == []  # all of it is here


async def test_what_is_said_in_a_thread_names_its_newest_event(play: Play) -> None:  # C7
    await play.online(joined())
    await play.news(Arrived("r", (said(1, "root"), answer(2), said(3))))
    play.session.threads.open("r", "m1")
    first = await play.session.send("r", "mine", thread="m1")
    assert first.content == {"text": "mine", "thread": "m1", "latest": "m2"}
    reply = await play.session.send("r", "to that", "m2", thread="m1")
    assert "latest" not in reply.content
    assert shown(play) == ["root", "line 2", "mine", "to that"]
    await play.news(Arrived("r", (answer(4, "mine", "me", action_id=first.id),)))
    assert shown(play) == ["root", "line 2", "mine", "to that"]
    assert play.session.open_actions.get(first.id) is None
    await play.news(Written(reply.id), RefusedAction(reply.id, "NOPERM", "No."))
    await play.session.cancel(reply.id)
    assert shown(play) == ["root", "line 2", "mine"]


async def test_what_waits_in_a_thread_is_shown_after_a_restart(play: Play) -> None:  # D4
    await play.online(joined())
    await play.news(Arrived("r", (said(1, "root"),)))
    await play.offline()
    waiting = await play.session.send("r", "later", thread="m1")
    play.session.save_draft(Draft(place_of("r", "m1"), "half a", 6))
    await play.restart()
    play.session.threads.open("r", "m1")
    assert shown(play) == ["root", "later"]
    assert play.session.open_actions[waiting.id].state is State.PENDING
    assert play.session.drafts[place_of("r", "m1")].text == "half a"
    play.store.write_now(forget_room, "r")
    await play.restart()
    assert play.session.drafts == {}


async def test_no_threads_where_the_server_has_none(play: Play) -> None:
    await play.online(joined())
    await play.news(SignedIn("me", "device", 0, frozenset({Capability.SEND})))
    with pytest.raises(LocalError, match="no threads"):
        await play.session.send("r", "x", thread="m1")


# ---------------------------------------------------------------- holes


async def test_what_lies_in_a_hole_is_asked_for_and_shown_in_its_place(play: Play) -> None:  # C8
    await play.online(joined())
    await play.news(Arrived("r", (said(1, "root"), answer(2, "one"))), GapFound(Gap("r", 2, 100, "t")))
    await play.news(Arrived("r", (answer(100, "late"),)))
    play.session.threads.open("r", "m1")
    assert shown(play) == ["root", "one", "late"]
    await play.settle()
    (question,) = asked(play)
    assert (question.room_id, question.root) == ("r", "m1")
    hidden = [replace(answer(7, text), event_id=text, order=at) for at, text in ((3, "two"), (4, "three"))]
    given = (said(1, "root"), answer(2, "one"), *hidden, replace(answer(100, "late"), order=5))
    await play.news(
        Edited("r", "three", 0, "THREE", 9, "ann"),
        ThreadGiven(question.request, "r", "m1", given),
        Reacted("x", "y", 0, "z", "+"),
    )
    assert shown(play) == ["root", "one", "two", "THREE", "late"]
    events = play.store.read(newest_events, "r", 10)
    assert texts(events)[-1] == "late"  # the hole stays one
    assert "two" not in texts(events)
    assert play.session.threads.answers("r") == {"m1": Answers(4, 100_000)}
    play.session.close_room(place_of("r", "m1"))
    assert play.session.timeline(place_of("r", "m1")) is None


async def test_what_is_newer_than_all_that_is_here_is_left_to_the_stream(play: Play) -> None:
    await play.online(joined())
    await play.news(Arrived("r", (said(5, "other"),)))
    play.session.threads.open("r", "m1")  # its root is not here
    await play.settle()
    (question,) = asked(play)
    await play.news(ThreadGiven(question.request, "r", "m1", (said(1, "root"), answer(2, "one"))))
    assert shown(play) == []
    await play.news(Arrived("r", (answer(6, "one"),)))
    assert shown(play) == ["one"]


async def test_events_of_other_rooms_and_threads_are_not_taken_into_one(play: Play) -> None:  # B5
    await play.online(joined())
    await play.news(Arrived("r", (said(1, "root"),)), GapFound(Gap("r", 1, 100, "t")), Arrived("r", (said(100),)))
    play.session.threads.open("r", "m1")
    await play.settle()
    (question,) = asked(play)
    foreign = (replace(answer(7), room_id="elsewhere", event_id="f1"), replace(said(8), event_id="f2"))
    await play.news(ThreadGiven(question.request, "r", "m1", (*foreign, replace(answer(9, "a\x1b[2J"), event_id="ok"))))
    assert shown(play) == ["root", "a�[2J"]


async def test_the_servers_count_holds_only_where_a_hole_follows(play: Play) -> None:  # C8
    await play.online(joined())
    await play.news(Arrived("r", (said(1, "root"), answer(2))), ThreadTold("r", "m1", 5, 9000))
    assert play.session.threads.answers("r") == {"m1": Answers(1, 2000)}
    await play.news(GapFound(Gap("r", 2, 100, "t")))
    assert play.session.threads.answers("r") == {"m1": Answers(5, 9000)}
    await play.news(ThreadTold("r", "m1", 4, 8000), ThreadTold("r", "m1", -1, 1), ThreadTold("r", "m1", 1 << 70, 1))
    assert play.session.threads.answers("r") == {"m1": Answers(5, 9000)}


# ---------------------------------------------------------------- reading


@pytest.mark.parametrize(
    ("outside", "hole", "read"),
    [((), False, 4), ((3,), False, 2), ((5,), False, 4), ((), True, 2)],
    ids=["all of it is the thread's", "something else before", "something else after", "a hole before"],
)
async def test_a_thread_that_is_seen_reads_the_room_only_as_far_as_nothing_else_is_new(
    play: Play, outside: tuple[int, ...], hole: bool, read: int
) -> None:  # A18
    await play.online(joined())
    orders = [order for order in (2, 3, 4, 5) if not (hole and order == 3)]
    await play.news(
        Arrived("r", (said(1, "root"),)),
        *([GapFound(Gap("r", 2, 4, "t"))] if hole else []),
        Arrived("r", tuple(said(at, sender="bob") if at in outside else answer(at, sender="bob") for at in orders)),
        ReadMoved("r", "me", 1),
    )
    assert play.session.threads.seen_up_to(place_of("r", "m1"), "me", 1, 4) == read
