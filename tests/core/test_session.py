"""A session on a real store: what becomes of actions and news, in every order that a network can bring."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from chat_tui_core.actions import Kind, State
from chat_tui_core.errors import (
    AuthRefused,
    IllegalTransition,
    LocalError,
    StoreUnwritable,
    TransportError,
    UnknownRoom,
)
from chat_tui_core.link import Link, LinkChanged
from chat_tui_core.model import EventKind, Gap, Member, Membership, Presence, Room
from chat_tui_core.news import (
    Answered,
    Arrived,
    AskRefused,
    Echoed,
    Edited,
    HistoryGiven,
    LostAction,
    MemberChanged,
    MembersListed,
    News,
    Position,
    Postponed,
    PresenceSet,
    Problem,
    Reacted,
    ReadMoved,
    Redacted,
    RefusedAction,
    RoomChanged,
    RoomGone,
    RoomsListed,
    TypingSet,
    Written,
)
from chat_tui_core.questions import AskHistory, AskMembers, SetTyping
from chat_tui_core.session_changes import ActionMoved, Said, SessionChange, TimelineMoved
from chat_tui_core.store.drafts import Draft
from tests.core.scripted import Play, joined, said


@pytest.fixture
async def play(tmp_path: Path) -> AsyncIterator[Play]:
    play = Play(tmp_path / "chat.db")
    yield play
    await play.close()


def shown(play: Play, room_id: str = "r") -> list[tuple[str, str]]:
    """Key and text of every row of an open room."""
    timeline = play.session.timeline(room_id)
    assert timeline is not None
    rows = []
    for item in timeline.items:
        text = item.event.text if item.event else item.action.text if item.action else "gap"
        rows.append((item.key, text))
    return rows


# ---------------------------------------------------------------- the life of an action


async def test_an_action_is_stored_shown_handed_over_and_confirmed_as_one_line(play: Play) -> None:  # A13, E2
    await play.online(joined())
    play.session.open_room("r")
    action = await play.session.send("r", "hello")
    assert action.state is State.PENDING
    assert shown(play) == [(f"a{action.id}", "hello")]
    assert play.done == [action.id]
    await play.news(Written(action.id), Answered(action.id, "m1", 1, 1000))
    assert play.session.open_actions[action.id].state is State.SENT
    await play.news(Arrived("r", (said(1, "hello", "me", action.id),)), Echoed(action.id, "m1", 1))
    assert action.id not in play.session.open_actions
    assert shown(play) == [(f"a{action.id}", "hello")]
    done = await play.session.settled(action.id, State.CONFIRMED)
    assert (done.state, done.event_id, done.event_order) == (State.CONFIRMED, "m1", 1)


WRITE, ANSWER, ECHO, CUT, RESEND = "write", "answer", "echo", "cut", "resend"
ORDERINGS = {
    "answer then echo": [WRITE, ANSWER, ECHO],
    "echo then answer": [WRITE, ECHO, ANSWER],
    "answer lost": [WRITE, CUT, RESEND, ANSWER, ECHO],
    "echo lost, seen in the resend's answer and history": [WRITE, ANSWER, CUT, "history"],
    "both lost and applied": [WRITE, CUT, RESEND, ANSWER, "history"],
    "both lost and not applied": [WRITE, CUT, RESEND, ECHO, ANSWER],
    "duplicate echo": [WRITE, ECHO, ECHO, ANSWER, ECHO],
    "echo after a restart": [WRITE, "restart", ECHO],
    "answer after a restart": [WRITE, "restart", RESEND, ANSWER, ECHO],
    "sent during resume, echo in the replay": [WRITE, CUT, "replayed echo", "online"],
}


@pytest.mark.parametrize("steps", ORDERINGS.values(), ids=ORDERINGS.keys())
async def test_every_ordering_ends_confirmed_once_with_the_same_id(play: Play, steps: list[str]) -> None:  # A13, A14
    await play.online(joined())
    play.session.open_room("r")
    action = await play.session.send("r", "hello")
    handed = [action.id]
    event = said(1, "hello", "me", action.id)
    for step in steps:
        if step == WRITE:
            await play.news(Written(action.id))
        elif step == ANSWER:
            await play.news(Answered(action.id, "m1", 1, 1000))
        elif step in {ECHO, "replayed echo"}:
            await play.news(Arrived("r", (event,)), Echoed(action.id, "m1", 1))
        elif step == CUT:
            await play.offline(LostAction(action.id))
            assert play.session.open_actions[action.id].state in {State.PENDING, State.SENT}
        elif step == RESEND:
            await play.online()
            handed.append(action.id)
            assert play.connection.done[-1].id == action.id, "the same id is sent again"
        elif step == "history":
            await play.online()
            await play.news(Arrived("r", (said(1, "hello", "me"),), live=False))
        elif step == "restart":
            await play.restart()
            play.session.open_room("r")
            play.session.connect()
        elif step == "online":
            await play.online()
    done = await asyncio.wait_for(play.session.settled(action.id, State.CONFIRMED), 5)
    assert (done.id, done.state) == (action.id, State.CONFIRMED)
    assert [text for _, text in shown(play)] == ["hello"]
    assert not play.session.open_actions


async def test_an_answer_whose_echo_fell_into_a_gap_confirms(play: Play) -> None:  # A12, A14
    await play.online(joined())
    play.session.open_room("r")
    await play.news(Arrived("r", (said(1),)))
    action = await play.session.send("r", "hello")
    await play.news(Written(action.id))
    await play.offline(LostAction(action.id))
    await play.online(joined(head=500))
    await play.news(Written(action.id), Answered(action.id, "m7", 7, 7000))
    done = await asyncio.wait_for(play.session.settled(action.id, State.CONFIRMED), 5)
    assert done.state is State.CONFIRMED
    assert [text for _, text in shown(play)] == ["line 1", "gap", "hello"]
    await play.news(Arrived("r", tuple(said(n) for n in range(2, 7)), live=False))
    await play.news(Arrived("r", (said(7, "hello", "me"),), live=False))
    assert [text for _, text in shown(play)].count("hello") == 1


async def test_what_has_no_place_is_confirmed_by_the_answer_to_its_repetition(play: Play) -> None:  # A14
    await play.online(joined())
    action = await play.session.perform(Kind.INVITE, "r", user="bob")
    await play.news(Written(action.id))
    await play.offline(LostAction(action.id))
    await play.online()
    await play.news(Written(action.id), Answered(action.id))
    assert not play.session.open_actions


async def test_a_rooms_actions_leave_one_by_one_in_order(play: Play) -> None:  # A16
    await play.online(joined("r"), joined("s"))
    first, second = await play.session.send("r", "1"), await play.session.send("r", "2")
    other = await play.session.send("s", "x")
    assert play.done == [first.id, other.id]
    await play.news(Written(first.id), Answered(first.id, "m1", 1))
    assert play.done == [first.id, other.id, second.id]


async def test_what_is_typed_offline_survives_a_restart_and_leaves_in_order(play: Play) -> None:  # E3
    await play.online(joined())
    await play.offline()
    ids = [(await play.session.send("r", f"line {n}")).id for n in range(3)]
    assert ids == sorted(set(ids))
    await play.restart()
    play.session.open_room("r")
    assert [text for _, text in shown(play)] == ["line 0", "line 1", "line 2"]
    await play.online()
    for order, action_id in enumerate(ids, 1):
        assert play.done[-1] == action_id
        await play.news(Written(action_id), Answered(action_id, f"m{order}", order))


async def test_a_refused_message_keeps_its_text_and_holds_its_room_until_decided(play: Play) -> None:  # A22, E3
    await play.online(joined())
    play.session.open_room("r")
    first, second = await play.session.send("r", "no"), await play.session.send("r", "later")
    await play.news(Written(first.id), RefusedAction(first.id, "NOPERM", "You may not speak here."))
    failed = play.session.open_actions[first.id]
    assert (failed.state, failed.error_text, failed.text) == (State.FAILED, "You may not speak here.", "no")
    assert play.session.blocked["r"].id == first.id
    assert play.done == [first.id]
    again = await play.session.retry(first.id)
    assert again.id > first.id
    assert again.retry_of == first.id
    assert [text for _, text in shown(play)] == ["no", "later"], "it keeps its place before what waited behind it"
    await play.settle()
    assert play.done == [first.id, again.id]
    await play.news(Written(again.id), Answered(again.id, "m1", 1))
    assert play.done == [first.id, again.id, second.id]


async def test_a_refused_message_can_be_discarded_or_passed(play: Play) -> None:
    await play.online(joined())
    first, second = await play.session.send("r", "no"), await play.session.send("r", "later")
    await play.news(Written(first.id), RefusedAction(first.id, "NOPERM", "No."))
    await play.session.let_pass(first.id)
    await play.settle()
    assert play.done == [first.id, second.id]
    assert (await play.session.cancel(first.id)).state is State.CANCELLED
    assert first.id not in play.session.open_actions


async def test_cancel_is_possible_only_before_it_left(play: Play) -> None:
    await play.online(joined())
    await play.offline()
    action = await play.session.send("r", "oops")
    assert (await play.session.cancel(action.id)).state is State.CANCELLED
    await play.online()
    assert play.done == []
    sent = await play.session.send("r", "gone")
    await play.news(Written(sent.id))
    with pytest.raises(IllegalTransition):
        await play.session.cancel(sent.id)
    assert play.session.open_actions[sent.id].state is State.PENDING


async def test_a_postponed_action_leaves_again_with_the_same_id(play: Play) -> None:  # A23
    await play.online(joined())
    action = await play.session.send("r", "hello")
    await play.news(Written(action.id), Postponed(action.id, 0.05, "RATELIMIT", "Too fast."))
    assert play.done == [action.id]
    assert play.session.open_actions[action.id].error_text == "Too fast."
    play.clock += 60
    await play.comes(lambda: play.done == [action.id, action.id])


async def test_ids_that_the_server_has_seen_are_never_used_again(play: Play) -> None:
    play.session.connect()
    waiting = [await play.session.send("r", f"{n}") for n in range(3)]
    await play.online(joined(), last_id=waiting[-1].id + 5000)
    assert len(play.connection.done) == 1
    assert play.connection.done[0].id > waiting[-1].id + 5000
    assert [a.text for a in play.session.open_actions.values()] == ["0", "1", "2"]


async def test_nothing_empty_is_sent_and_unknown_ids_are_named(play: Play) -> None:
    with pytest.raises(LocalError):
        await play.session.send("r", "  \n ")
    with pytest.raises(LocalError, match="no action 77"):
        await play.session.cancel(77)


async def test_the_text_that_the_server_made_of_it_is_shown(play: Play) -> None:  # A13
    await play.online(joined())
    play.session.open_room("r")
    action = await play.session.send("r", "colour")
    await play.news(Written(action.id), Answered(action.id, "m1", 1, text="color\x1b"))
    assert shown(play) == [(f"a{action.id}", "color\ufffd")]


# ---------------------------------------------------------------- rooms and their events


async def test_unread_counts_what_others_said_after_what_was_read(play: Play) -> None:  # E6
    await play.online(joined(read=0))
    await play.news(Arrived("r", (said(1), said(2, sender="me"), said(3, "hi me!"))))
    room = play.session.rooms["r"]
    assert (room.unread, room.mentions, room.head, room.last_text) == (2, 1, 3, "hi me!")
    await play.news(ReadMoved("r", "me", 1))
    assert play.session.rooms["r"].unread == 1
    await play.news(ReadMoved("r", "me", 3))
    assert (play.session.rooms["r"].unread, play.session.rooms["r"].mentions) == (0, 0)
    await play.news(ReadMoved("r", "me", 2))
    assert play.session.rooms["r"].read == 3


async def test_many_read_marks_become_one_message_to_the_server(play: Play) -> None:
    await play.online(joined())
    await play.news(Arrived("r", tuple(said(n) for n in range(1, 6))))
    for order in range(1, 6):
        play.session.mark_read("r", order)
    await play.settle()
    await play.settle()
    reads = [a for a in play.session.open_actions.values() if a.kind is Kind.READ]
    assert [a.content for a in reads] == [{"order": 5, "event_id": said(5).event_id}]
    assert play.session.rooms["r"].unread == 0


async def test_a_whole_list_repairs_what_differs(play: Play) -> None:  # A8
    await play.online(joined("a", topic="old"), joined("b"))
    await play.news(RoomsListed((joined("a", topic="new", head=1), joined("c", head=1))))
    rooms = {r.room_id: (r.membership, r.topic) for r in play.session.rooms.values()}
    assert rooms == {
        "a": (Membership.JOINED, "new"),
        "b": (Membership.LEFT, ""),
        "c": (Membership.JOINED, ""),
    }


async def test_room_news_change_named_fields_only(play: Play) -> None:  # A6
    await play.online(joined("a", topic="kept"))
    await play.news(RoomChanged(Room("a", name="New", topic="ignored"), frozenset({"name"})))
    assert (play.session.rooms["a"].name, play.session.rooms["a"].topic) == ("New", "kept")
    await play.news(RoomGone("a"), RoomGone("unknown"))
    assert play.session.rooms["a"].membership is Membership.LEFT


async def test_a_jump_is_a_gap_that_a_page_fills(play: Play) -> None:  # A12
    await play.online(joined())
    play.session.open_room("r")
    await play.news(Arrived("r", (said(1), said(2))))
    await play.news(Arrived("r", (said(9),)))
    assert [text for _, text in shown(play)] == ["line 1", "line 2", "gap", "line 9"]
    gap = next(item.gap for item in play.session.timeline("r").items if item.gap)  # type: ignore[union-attr]
    assert gap == Gap("r", 2, 9)
    filling = asyncio.create_task(play.session.fill_gap("r", gap))
    await asyncio.sleep(0)
    asked = [q for q in play.connection.asked if isinstance(q, AskHistory) and q.before == 9][-1]
    await play.news(HistoryGiven(asked.request, "r", tuple(said(n) for n in range(5, 9)), more=True))
    await filling
    assert [text for _, text in shown(play)][2:4] == ["gap", "line 5"]
    await play.news(Arrived("r", (said(3), said(4)), live=False))
    filling = asyncio.create_task(play.session.fill_gap("r", Gap("r", 2, 5)))
    await asyncio.sleep(0)
    asked = [q for q in play.connection.asked if isinstance(q, AskHistory) and q.before == 5][-1]
    await play.news(HistoryGiven(asked.request, "r", (said(3), said(4)), more=True))
    await filling
    assert [text for _, text in shown(play)] == [f"line {n}" for n in (1, 2, 3, 4, 5, 6, 7, 8, 9)]


async def test_what_was_missed_while_away_is_a_gap_at_the_end(play: Play) -> None:  # A12
    await play.online(joined())
    await play.news(Arrived("r", (said(1),)))
    await play.restart()
    play.session.open_room("r")
    await play.online(joined(head=5, unread=4))
    assert [text for _, text in shown(play)] == ["line 1", "gap"]
    assert any(isinstance(q, AskHistory) and q.before == 6 for q in play.connection.asked)
    assert play.session.rooms["r"].unread == 4


async def test_scrolling_back_takes_the_store_first_then_the_network_and_stops_at_the_start(play: Play) -> None:  # A17
    await play.online(joined())
    await play.news(Arrived("r", tuple(said(n) for n in range(21, 41))))
    play.session.open_room("r", 10)
    assert len(shown(play)) == 10
    play.connection.asked.clear()
    assert await play.session.load_older("r", 10)
    assert len(shown(play)) == 20
    assert not any(isinstance(q, AskHistory) for q in play.connection.asked)
    loading = asyncio.create_task(play.session.load_older("r", 50))
    await play.comes(lambda: bool(play.connection.asked))
    asked = [q for q in play.connection.asked if isinstance(q, AskHistory)][-1]
    assert (asked.before, asked.after) == (21, 0)
    await play.news(HistoryGiven(asked.request, "r", tuple(said(n) for n in range(1, 21)), more=False))
    assert not await asyncio.wait_for(loading, 5)
    assert [text for _, text in shown(play)] == [f"line {n}" for n in range(1, 41)]
    assert play.session.at_start("r")
    assert not await play.session.load_older("r", 10)


async def test_offline_scrolling_back_shows_what_is_stored(play: Play) -> None:  # E4
    await play.online(joined())
    await play.news(Arrived("r", tuple(said(n) for n in range(21, 41))))
    await play.restart()
    play.session.open_room("r", 5)
    assert await play.session.load_older("r", 100)
    assert len(shown(play)) == 20
    assert not await play.session.load_older("r", 100)
    assert not play.session.at_start("r")
    with pytest.raises(TransportError):
        await play.session.fill_gap("r", Gap("r", 1, 5))


async def test_a_refused_question_is_an_error_to_who_asked(play: Play) -> None:
    await play.online(joined())
    filling = asyncio.create_task(play.session.fill_gap("r", Gap("r", 1, 9)))
    await asyncio.sleep(0)
    asked = [q for q in play.connection.asked if isinstance(q, AskHistory)][-1]
    await play.news(AskRefused(asked.request, "NOTJOINED", "You are not in this channel."))
    with pytest.raises(Exception, match="not in this channel"):
        await filling


async def test_edits_redactions_and_reactions_change_the_line_in_place(play: Play) -> None:
    await play.online(joined())
    play.session.open_room("r")
    await play.news(Arrived("r", (said(1), said(2))))
    await play.news(Edited("r", "m1", 1, "better", 5000), Reacted("r", "m2", 2, "bob", "👍"))
    assert [text for _, text in shown(play)] == ["better", "line 2"]
    timeline = play.session.timeline("r")
    assert timeline is not None
    second = timeline.items[1].event
    assert second is not None
    assert [(r.key, r.users) for r in second.reactions] == [("👍", ("bob",))]
    await play.news(Redacted("r", "m2", 2, "bob"))
    second = timeline.items[1].event
    assert second is not None
    assert (second.kind, second.text) == (EventKind.REDACTED, "")
    assert play.session.rooms["r"].last_text == "message deleted"


async def test_the_same_event_twice_is_one_line(play: Play) -> None:  # A11
    await play.online(joined())
    play.session.open_room("r")
    await play.news(Arrived("r", (said(1), said(2))))
    await play.news(Arrived("r", (said(1), said(2), said(3))))
    assert len(shown(play)) == 3
    assert play.session.rooms["r"].unread == 3


async def test_members_typing_and_presence(play: Play) -> None:  # A7, A19
    await play.online(joined())
    play.session.open_room("r")
    assert any(isinstance(q, AskMembers) for q in play.connection.asked)
    await play.news(MembersListed("r", (Member("ann"), Member("me"))))
    await play.news(MemberChanged("r", Member("bob")), MemberChanged("r", Member("ann"), gone=True))
    assert {m.user_id for m in play.session.members("r")} == {"me", "bob"}
    assert play.session.rooms["r"].members == 2
    await play.news(TypingSet("r", ("bob", "me")), PresenceSet("bob", Presence.IDLE))
    assert play.session.typing("r") == ("bob",)
    assert play.session.presence("bob") is Presence.IDLE
    await play.offline()
    assert play.session.typing("r") == ()
    play.session.set_typing("r", True)
    assert not any(isinstance(q, SetTyping) for q in play.connection.asked), "typing is not kept for later"


# ---------------------------------------------------------------- positions, problems, the store


async def test_the_position_is_stored_with_what_it_brought_and_then_acknowledged(play: Play) -> None:  # X10
    await play.online(joined())
    await play.news(Arrived("r", (said(1),)), Position({"seq": "5"}))
    assert play.connection.acknowledged == [{"seq": "5"}]
    await play.restart()
    play.session.connect()
    assert play.connection.position == {"seq": "5"}


async def test_one_bad_event_never_stops_the_stream(play: Play) -> None:
    await play.online(joined())
    play.session.open_room("r")
    broken = said(2)
    object.__setattr__(broken, "order", "two")
    await play.news(Problem("frame 7 was no JSON"), Arrived("r", (broken,)), Arrived("r", (said(3),)))
    assert [text for _, text in shown(play)][-1] == "line 3"
    assert play.session.problems >= 2


async def test_a_store_that_refuses_keeps_the_text_and_the_news(play: Play, monkeypatch: pytest.MonkeyPatch) -> None:
    await play.online(joined())
    play.session.open_room("r")
    heard: list[SessionChange] = []
    play.session.watch(heard.append)
    real = play.store.write
    refusals = 2

    async def full(*args: object, **options: object) -> object:
        nonlocal refusals
        if refusals:
            refusals -= 1
            raise StoreUnwritable("The disk is full.")
        return await real(*args, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(play.store, "write", full)
    monkeypatch.setattr("chat_tui_core.session.intake.RETRY_SECONDS", 0.01)
    with pytest.raises(StoreUnwritable):
        await play.session.send("r", "kept by the composer")
    play.connection.deliver((Arrived("r", (said(1),)), Position({"seq": "1"})))
    await play.comes(lambda: [text for _, text in shown(play)] == ["line 1"])
    assert [c.text.partition(".")[0] for c in heard if isinstance(c, Said)] == ["The disk is full"]
    await play.comes(lambda: play.connection.acknowledged == [{"seq": "1"}])


async def test_drafts_survive_without_a_goodbye(play: Play) -> None:
    play.session.save_draft(Draft("r", "half a sent"))
    play.session.save_draft(Draft("r", "half a sentence"))
    await asyncio.sleep(0.35)
    await play.settle()
    copy = Play(play.path)
    assert copy.session.drafts["r"].text == "half a sentence"
    await copy.close()


# ---------------------------------------------------------------- waiting, watching


async def test_ready_says_why_it_will_never_be(play: Play) -> None:  # A10
    play.session.connect()
    waiting = asyncio.create_task(play.session.ready())
    await asyncio.sleep(0)
    await play.news(LinkChanged(Link.STOPPED, "wrong password or token"))
    with pytest.raises(AuthRefused, match="wrong password"):
        await waiting


async def test_watchers_hear_each_change_and_can_stop(play: Play) -> None:
    await play.online(joined())
    play.session.open_room("r")
    heard: list[SessionChange] = []
    unwatch = play.session.watch(heard.append)
    action = await play.session.send("r", "hello")
    assert [type(change) for change in heard] == [TimelineMoved, ActionMoved]
    unwatch()
    unwatch()
    await play.news(Written(action.id))
    assert len(heard) == 2
    play.session.connect_now()
    assert play.connection.forced == 1


async def test_history_for_scripts(play: Play) -> None:
    await play.online(joined())
    with pytest.raises(UnknownRoom):
        await play.session.history("nowhere", 5)
    play.connection.asked.clear()
    asking = asyncio.create_task(play.session.history("r", 2))
    await play.comes(lambda: any(isinstance(question, AskHistory) for question in play.connection.asked))
    asked = [q for q in play.connection.asked if isinstance(q, AskHistory)][-1]
    await play.news(HistoryGiven(asked.request, "r", (said(1), said(2), said(3)), more=False))
    assert [event.order for event in await asyncio.wait_for(asking, 5)] == [2, 3]
    assert [event.order for event in await play.session.history("r", 2, before=3)] == [1, 2]


async def test_closing_is_quick_and_leaves_no_task(play: Play) -> None:  # E11
    await play.online(joined())
    before = asyncio.all_tasks()
    await asyncio.wait_for(play.session.close(), 2)
    left = {task for task in asyncio.all_tasks() if not task.done()} - {asyncio.current_task()}
    assert not left & before


NEWS_WITHOUT_AN_ACTION: list[News] = [
    Written(99),
    Answered(99, "m1", 1),
    Echoed(99, "m1", 1),
    RefusedAction(99, "X", "no"),
    Postponed(99, 1.0, "X", "no"),
    LostAction(99),
    HistoryGiven(99, "nowhere", (), more=False),
    AskRefused(99, "X", "no"),
    Edited("r", "none", 5, "x", 1),
    Redacted("r", "none", 5),
    Reacted("r", "none", 5, "bob", "x"),
]


@pytest.mark.parametrize("news", NEWS_WITHOUT_AN_ACTION, ids=lambda news: type(news).__name__)
async def test_news_of_things_unknown_change_nothing(play: Play, news: News) -> None:  # A22
    await play.online(joined())
    play.session.open_room("r")
    await play.news(news)
    assert shown(play) == []
    assert not play.session.open_actions
