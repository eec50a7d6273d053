"""What the session asks: pages and their places, landings, people, rooms; and what is told and never stored."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat_tui_core.contract import (
    AroundGiven,
    AskAround,
    AskDirectory,
    AskHistory,
    AskMembers,
    AskRefused,
    AskUsers,
    DirectoryGiven,
    HistoryGiven,
    Link,
    MembersListed,
    News,
    Problem,
    Question,
    SetPresence,
    SetTyping,
    UsersGiven,
)
from chat_tui_core.model import Member, Membership, Presence, Room, RoomKind
from chat_tui_matrix.protocol.desk import EPOCH, ROOM_FOR_LATER
from chat_tui_matrix.protocol.ephemeral import TYPING_REPEAT
from chat_tui_matrix.protocol.inquiries import DIRECTORY_PAGES, MOST_EMPTY
from chat_tui_matrix.protocol.questions import MOST_AT_ONCE, MOST_TRIES
from chat_tui_matrix.wire.calls import Answer, Call, Failed, Refusal
from chat_tui_matrix.wire.events import PageReply
from tests.matrix.action_stage import BOB, IN_ROOM, ME, ROOM, V3, WALL, Stage, body, line

V1 = "/_matrix/client/v1"


@pytest.fixture
def stage() -> Stage:
    return Stage()


def ask(stage: Stage, question: Question) -> None:
    stage.questions.ask(question, stage.now)


def said(name: str, type_: str = "m.room.message") -> dict[str, Any]:
    return {"type": type_, "event_id": f"${name}", "sender": BOB, "origin_server_ts": 1, "content": {"body": name}}


def page(*names: str, end: str = "", start: str = "t0") -> dict[str, Any]:
    return {"chunk": [said(name) for name in names], "start": start, **({"end": end} if end else {})}


def placed(news: News) -> list[tuple[str, int]]:
    assert isinstance(news, HistoryGiven | AroundGiven)
    return [(event.event_id, event.order) for event in news.events]


# ---------------------------------------------------------------- history: places  # B15 (C8), B16, B8


def test_a_page_before_a_place_ends_right_before_it(stage: Stage) -> None:
    ask(stage, AskHistory(1, ROOM, 50, before=1000, token="p1"))
    request = stage.request()
    assert line(request) == f"GET {IN_ROOM}/messages"
    assert request.query == {"dir": "b", "from": "p1", "limit": "50", "filter": '{"lazy_load_members":true}'}
    stage.answer(page("c", "b", "a", end="p2"))
    (news,) = stage.news()
    assert placed(news) == [("$a", 997), ("$b", 998), ("$c", 999)]
    assert (
        news == HistoryGiven(1, ROOM, news.events, more=True, token="p2") if isinstance(news, HistoryGiven) else False
    )


def test_a_page_after_a_place_begins_right_after_it(stage: Stage) -> None:
    ask(stage, AskHistory(1, ROOM, 50, after=1000, token="p1"))
    assert stage.request().query["dir"] == "f"
    stage.answer(page("a", "b", end="p2"))
    (news,) = stage.news()
    assert placed(news) == [("$a", 1001), ("$b", 1002)]


def test_the_newest_page_has_a_turn_of_its_own(stage: Stage) -> None:
    ask(stage, AskHistory(1, ROOM, 50))
    assert stage.request().query == {"dir": "b", "limit": "50", "filter": '{"lazy_load_members":true}'}
    stage.answer(page("b", "a", end="p2"))
    (news,) = stage.news()
    base = (WALL - EPOCH) * ROOM_FOR_LATER
    assert placed(news) == [("$a", base), ("$b", base + 1)]
    assert stage.desk.turn == WALL - EPOCH


def test_pages_without_a_line_are_passed_over_and_keep_their_places(stage: Stage) -> None:
    ask(stage, AskHistory(1, ROOM, 50, before=1000, token="p1"))
    stage.answer(page(end="p2"))
    assert stage.request().query["from"] == "p2"
    stage.answer({"chunk": [said("r1", "m.reaction"), said("r2", "m.reaction")], "end": "p3"})
    assert stage.news() == []
    assert stage.request().query["from"] == "p3"
    stage.answer(page("b", "a", end="p4"))
    (news,) = stage.news()
    assert placed(news) == [("$a", 996), ("$b", 997)]


@pytest.mark.parametrize(
    "last",
    [
        page("a"),
        page(),
        page("a", end="p1"),
        page(end="p1"),
        {"chunk": [said("a"), said("c", "m.room.create")], "end": "p2"},
    ],
)
def test_the_rooms_start_is_where_no_further_token_leads(stage: Stage, last: dict[str, Any]) -> None:
    ask(stage, AskHistory(1, ROOM, 50, before=1000, token="p1"))
    stage.answer(last)
    (news,) = stage.news()
    assert isinstance(news, HistoryGiven)
    assert (news.more, news.token) == (False, "")
    assert stage.calls() == []


def test_the_newest_page_of_an_empty_room_does_not_go_round_in_circles(stage: Stage) -> None:
    ask(stage, AskHistory(1, ROOM, 50))
    stage.answer(page(start="t9", end="t9"))
    assert stage.news() == [HistoryGiven(1, ROOM, (), more=False)]


def test_endless_empty_pages_are_given_up_and_can_be_gone_on_from(stage: Stage) -> None:
    ask(stage, AskHistory(1, ROOM, 50, before=1000, token="p0"))
    for number in range(MOST_EMPTY):
        stage.answer(page(end=f"p{number + 1}"))
    assert stage.news() == [HistoryGiven(1, ROOM, (), more=True, token=f"p{MOST_EMPTY}")]
    assert stage.calls() == []


@pytest.mark.parametrize(
    ("before", "after", "event_id", "token", "direction"),
    [(1000, 0, "$at", "older", "b"), (0, 900, "$at", "newer", "f")],
)
def test_a_place_without_a_token_is_found_by_its_event(
    stage: Stage, before: int, after: int, event_id: str, token: str, direction: str
) -> None:
    stage.rooms.orders = {event_id: before or after}
    ask(stage, AskHistory(1, ROOM, 50, before=before, after=after))
    assert line(stage.request()) == f"GET {IN_ROOM}/context/$at"
    assert stage.request().query["limit"] == "0"
    stage.answer({"event": said("at"), "start": "older", "end": "newer"})
    assert stage.request().query["from"] == token
    assert stage.request().query["dir"] == direction


def test_a_place_of_an_earlier_run_is_found_by_the_event_that_is_stored_there(stage: Stage) -> None:  # B8, C8
    ask(stage, AskHistory(1, ROOM, 50, before=1000, event_id="$stored"))
    assert line(stage.request()) == f"GET {IN_ROOM}/context/$stored"


def test_a_place_that_nobody_knows_is_refused(stage: Stage) -> None:
    ask(stage, AskHistory(1, ROOM, 50, before=1000))
    (news,) = stage.news()
    assert isinstance(news, AskRefused)
    assert news.code == "UNKNOWN_PLACE"
    assert stage.calls() == []


@pytest.mark.parametrize(("count", "limit"), [(0, "1"), (-5, "1"), (100, "100"), (100_000, "500")])
def test_a_page_is_neither_empty_nor_endless(stage: Stage, count: int, limit: str) -> None:
    ask(stage, AskHistory(1, ROOM, count, before=9, token="p"))
    assert stage.request().query["limit"] == limit


def test_what_a_page_sets_aside_is_told(stage: Stage) -> None:
    ask(stage, AskHistory(1, ROOM, 5, before=9, token="p"))
    stage.answer(PageReply(problems=("one event was no event",)))
    assert stage.news() == [Problem("one event was no event", ROOM), HistoryGiven(1, ROOM, (), more=False)]


# ---------------------------------------------------------------- landings


def around(*names: str, start: str = "older", end: str = "newer") -> dict[str, Any]:
    """A context answer whose middle event is meant."""
    middle = len(names) // 2
    return {
        "events_before": [said(name) for name in names[:middle]][::-1],
        "event": said(names[middle]),
        "events_after": [said(name) for name in names[middle + 1 :]],
        "start": start,
        "end": end,
    }


def test_a_jump_to_an_event_lands_among_those_around_it(stage: Stage) -> None:
    ask(stage, AskAround(1, ROOM, 20, event_id="$b"))
    assert line(stage.request()) == f"GET {IN_ROOM}/context/$b"
    assert stage.request().query["limit"] == "20"
    stage.answer(around("a", "b", "c"))
    (news,) = stage.news()
    assert placed(news) == [("$a", 1), ("$b", 2), ("$c", 3)]
    assert isinstance(news, AroundGiven)
    assert (news.event_id, news.token, news.token_after) == ("$b", "older", "newer")


def test_a_jump_to_what_is_no_line_lands_on_the_line_before_it(stage: Stage) -> None:
    ask(stage, AskAround(1, ROOM, 20, event_id="$b"))
    stage.answer({**around("a", "b", "c"), "event": said("b", "m.reaction")})
    (news,) = stage.news()
    assert isinstance(news, AroundGiven)
    assert news.event_id == "$a"


def test_a_jump_to_the_rooms_start_leaves_nothing_before_it(stage: Stage) -> None:
    ask(stage, AskAround(1, ROOM, 20, event_id="$b"))
    stage.answer({**around("a", "b", "c"), "events_before": [said("a", "m.room.create")]})
    (news,) = stage.news()
    assert isinstance(news, AroundGiven)
    assert (news.token, news.token_after) == ("", "newer")


def test_a_jump_to_an_unknown_event_is_refused_with_words(stage: Stage) -> None:
    ask(stage, AskAround(1, ROOM, 20, event_id="$b"))
    stage.refuse(404, "M_NOT_FOUND", "Event not found.")
    text = "That message is not in this room, or not for you to see."
    assert stage.news() == [AskRefused(1, "M_NOT_FOUND", text)]


def test_a_jump_to_a_time_goes_by_the_next_event_else_by_the_last(stage: Stage) -> None:
    ask(stage, AskAround(1, ROOM, 20, ts=5000))
    assert line(stage.request()) == f"GET {V1}/rooms/{ROOM}/timestamp_to_event"
    assert stage.request().query == {"ts": "5000", "dir": "f"}
    stage.refuse(404, "M_NOT_FOUND", "Unable to find event")
    assert stage.request().query["dir"] == "b"
    stage.answer({"event_id": "$b", "origin_server_ts": 4000})
    assert line(stage.request()) == f"GET {IN_ROOM}/context/$b"


def test_a_time_around_which_nothing_was_said_is_refused_with_words(stage: Stage) -> None:
    ask(stage, AskAround(1, ROOM, 20, ts=5000))
    stage.refuse(404, "M_NOT_FOUND", "Unable to find event")
    stage.refuse(404, "M_NOT_FOUND", "Unable to find event")
    assert stage.news() == [AskRefused(1, "M_NOT_FOUND", "The server finds no message around that time.")]


def test_a_server_that_cannot_find_times_says_so(stage: Stage) -> None:
    ask(stage, AskAround(1, ROOM, 20, ts=5000))
    stage.refuse(404, "M_UNRECOGNIZED", "Unrecognized request")
    assert stage.news() == [AskRefused(1, "M_UNRECOGNIZED", "Unrecognized request")]
    assert stage.calls() == []


# ---------------------------------------------------------------- people  # B9, B15


def member(user: str, membership: str, name: str = "") -> dict[str, Any]:
    return {
        "type": "m.room.member",
        "state_key": user,
        "event_id": f"${user}",
        "sender": user,
        "origin_server_ts": 1,
        "content": {"membership": membership, "displayname": name},
    }


def test_members_are_those_who_are_there_or_invited(stage: Stage) -> None:
    ask(stage, AskMembers(1, ROOM))
    assert line(stage.request()) == f"GET {IN_ROOM}/members"
    assert stage.request().query == {"not_membership": "leave"}
    everyone = [member(BOB, "join", "Bob"), member("@e:x", "invite"), member("@f:x", "ban"), member("@g:x", "knock")]
    stage.answer({"chunk": everyone})
    assert stage.news() == [MembersListed(ROOM, (Member(BOB, "Bob"), Member("@e:x", "")), 1)]


def test_ten_thousand_members_are_listed(stage: Stage) -> None:
    ask(stage, AskMembers(1, ROOM))
    stage.answer({"chunk": [member(f"@u{number}:x", "join") for number in range(10_000)]})
    (news,) = stage.news()
    assert isinstance(news, MembersListed)
    assert len(news.members) == 10_000


def test_people_are_searched_for(stage: Stage) -> None:
    ask(stage, AskUsers(1, "bo"))
    assert line(stage.request()) == f"POST {V3}/user_directory/search"
    assert body(stage.request())["search_term"] == "bo"
    found = [{"user_id": BOB, "display_name": "Bob\x1b"}, {"user_id": "no id"}, {"display_name": "x"}, 5]
    stage.answer({"limited": True, "results": found})
    assert stage.news() == [UsersGiven(1, (Member(BOB, "Bob�"),), more=True)]


@pytest.mark.parametrize("known", [True, False])
def test_a_full_id_that_is_in_no_directory_is_looked_up(stage: Stage, known: bool) -> None:
    ask(stage, AskUsers(1, "@far:away.example "))
    stage.answer({"limited": False, "results": []})
    assert line(stage.request()) == f"GET {V3}/profile/@far:away.example"
    if known:
        stage.answer({"displayname": "Far"})
    else:
        stage.refuse(404, "M_NOT_FOUND", "Profile was not found")
    assert stage.news() == [UsersGiven(1, (Member("@far:away.example", "Far"),) if known else ())]


# ---------------------------------------------------------------- rooms


def test_the_directory_says_in_which_rooms_we_are(stage: Stage) -> None:
    stage.join("!in")
    stage.rooms.known["!out"] = Room("!out", membership=Membership.LEFT)
    stage.rooms.state.pieces["!stored", "m.room.member", ME] = {"membership": "join"}
    stage.rooms.state.pieces["!out", "m.room.member", ME] = {"membership": "join"}
    ask(stage, AskDirectory(1, "tea"))
    assert line(stage.request()) == f"POST {V3}/publicRooms"
    assert body(stage.request())["filter"] == {"generic_search_term": "tea"}
    listed = [
        {"room_id": "!in", "name": "Tea\u202e", "topic": "hot\ntea", "num_joined_members": 3},
        {"room_id": "!stored", "canonical_alias": "#tea:x", "num_joined_members": -1},
        {"room_id": "!out", "name": "Old"},
        {"room_id": "no room"},
        {"name": "no id"},
        "nothing",
    ]
    stage.answer({"chunk": listed, "total_room_count_estimate": 6})
    public = RoomKind.PUBLIC
    assert stage.news() == [
        DirectoryGiven(
            1,
            (
                Room("!in", "Tea", "hot tea", public, Membership.JOINED, 3),
                Room("!stored", "#tea:x", "", public, Membership.JOINED, 0, ("#tea:x",)),
                Room("!out", "Old", "", public, Membership.NONE),
            ),
        )
    ]


def test_the_directory_is_read_page_by_page_up_to_a_bound(stage: Stage) -> None:
    ask(stage, AskDirectory(1))
    for number in range(DIRECTORY_PAGES):
        assert body(stage.request()).get("since", "") == (f"n{number}" if number else "")
        stage.answer({"chunk": [{"room_id": f"!{number}"}, {"room_id": "!0"}], "next_batch": f"n{number + 1}"})
    (news,) = stage.news()
    assert isinstance(news, DirectoryGiven)
    assert [room.room_id for room in news.rooms] == [f"!{number}" for number in range(DIRECTORY_PAGES)]


def test_a_directory_that_repeats_its_token_ends(stage: Stage) -> None:
    ask(stage, AskDirectory(1))
    stage.answer({"chunk": [], "next_batch": "n"})
    stage.answer({"chunk": [], "next_batch": "n"})
    assert stage.news() == [DirectoryGiven(1, ())]


# ---------------------------------------------------------------- faults, breaks, the end

QUESTIONS: list[Callable[[int], Any]] = [
    lambda request: AskHistory(request, ROOM, 50, before=9, token="p"),
    lambda request: AskMembers(request, ROOM),
    AskDirectory,
    lambda request: AskAround(request, ROOM, 5, event_id="$e"),
    lambda request: AskUsers(request, "bo"),
]


@pytest.mark.parametrize("make", QUESTIONS)
def test_a_refused_question_is_answered_with_the_servers_words(stage: Stage, make: Callable[[int], Any]) -> None:
    ask(stage, make(1))
    stage.refuse(403, "M_FORBIDDEN", "You are not in this room")
    assert stage.news() == [AskRefused(1, "M_FORBIDDEN", "You are not in this room")]


@pytest.mark.parametrize("make", QUESTIONS)
def test_an_answer_of_the_wrong_shape_is_no_answer(stage: Stage, make: Callable[[int], Any]) -> None:
    ask(stage, make(1))
    stage.answer("what?")
    (news,) = stage.news()
    assert isinstance(news, AskRefused)
    assert news.code == "GARBLED"


@pytest.mark.parametrize("make", QUESTIONS)
def test_a_question_is_asked_again_a_few_times_and_then_answered_with_no(
    stage: Stage, make: Callable[[int], Any]
) -> None:
    ask(stage, make(1))
    for left in range(MOST_TRIES - 1, 0, -1):
        stage.refuse(500, "M_UNKNOWN", "boom")
        assert stage.news() == []
        assert stage.calls() == []
        stage.now = stage.questions.wake_at() or 0.0
        stage.questions.tick(stage.now)
        assert len(stage.calls()) == 1, left
    stage.fail()
    assert stage.news() == [AskRefused(1, "UNHEARD", "No answer: the connection broke.")]
    assert stage.questions.wake_at() is None


def test_a_rate_limit_holds_all_questions_back(stage: Stage) -> None:
    ask(stage, AskMembers(1, ROOM))
    stage.refuse(429, "M_LIMIT_EXCEEDED", "slow down", 4.0)
    ask(stage, AskMembers(2, ROOM))
    assert stage.calls() == []
    stage.now += 4
    stage.questions.tick(stage.now)
    assert len(stage.calls()) == 1
    stage.now = stage.questions.wake_at() or 0.0
    stage.questions.tick(stage.now)
    assert len(stage.calls()) == 2


def test_only_some_questions_are_on_their_way_at_once(stage: Stage) -> None:
    for request in range(1, MOST_AT_ONCE + 4):
        ask(stage, AskMembers(request, f"!{request}"))
    assert len(stage.calls()) == MOST_AT_ONCE
    stage.answer({"chunk": []})
    assert len(stage.calls()) == MOST_AT_ONCE
    while stage.calls():
        stage.answer({"chunk": []})
    answered = [news.request for news in stage.news() if isinstance(news, MembersListed)]
    assert answered == list(range(1, MOST_AT_ONCE + 4))


def test_after_a_break_everything_but_typing_is_asked_again(stage: Stage) -> None:
    ask(stage, AskHistory(1, ROOM, 50, before=1000, token="p1"))
    ask(stage, AskMembers(2, ROOM))
    ask(stage, SetTyping(ROOM, typing=True))
    stage.answer(page(end="p2"))
    stage.desk.link = Link.WAITING
    stage.questions.lost(stage.now)
    assert stage.calls() == []
    assert len(stage.hung_up) == 3
    assert stage.questions.wake_at() is None
    ask(stage, AskUsers(3, "bo"))
    assert stage.calls() == []
    stage.desk.link = Link.ONLINE
    stage.questions.tick(stage.now)
    again = [call.request for call in stage.calls()]
    assert [line(request).rpartition("/")[2] for request in again] == ["messages", "members", "search"]
    assert again[0].query["from"] == "p2"


def test_requests_that_fail_with_the_link_wait_for_it(stage: Stage) -> None:
    ask(stage, AskMembers(1, ROOM))
    stage.desk.link = Link.WAITING
    stage.fail()
    stage.now += 60
    stage.questions.tick(stage.now)
    assert stage.calls() == []
    stage.desk.link = Link.ONLINE
    assert (stage.questions.wake_at() or 0.0) <= stage.now
    stage.questions.tick(stage.now)
    stage.answer({"chunk": []})
    assert stage.news() == [MembersListed(ROOM, (), 1)]


@pytest.mark.parametrize("link", [Link.OFFLINE, Link.STOPPED])
@pytest.mark.parametrize("how", ["stop", "tick", "reply"])
def test_when_it_is_over_every_question_is_answered_with_no(stage: Stage, link: Link, how: str) -> None:
    for request in range(1, MOST_AT_ONCE + 2):
        ask(stage, AskMembers(request, ROOM))
    ask(stage, SetTyping(ROOM, typing=True))
    calls = stage.calls()
    stage.desk.link = link
    if how == "stop":
        stage.questions.stop(stage.now)
    elif how == "tick":
        assert stage.questions.wake_at() == 0.0
        stage.questions.tick(stage.now)
    else:
        stage.desk.replied(Failed(calls[0].id, "signed out"), stage.now)
    ask(stage, AskMembers(99, ROOM))
    assert [news.request for news in stage.news() if isinstance(news, AskRefused)] == [*range(1, MOST_AT_ONCE + 2), 99]
    assert all(not stage.desk.waits_for(call.id) for call in stage.calls())
    assert stage.questions.wake_at() is None


@given(
    st.lists(
        st.one_of(
            st.tuples(st.just("ask"), st.integers(0, len(QUESTIONS) - 1)),
            st.tuples(st.just("reply"), st.integers(0, 5), st.integers(0, 5)),
            st.tuples(st.just("link"), st.sampled_from([Link.ONLINE, Link.WAITING])),
            st.tuples(st.just("lost")),
            st.tuples(st.just("tick"), st.sampled_from([0.5, 5.0])),
        ),
        max_size=50,
    )
)
def test_every_question_is_answered_once(plan: list[tuple[Any, ...]]) -> None:
    stage, asked, answered = Stage(), 0, []
    replies: list[Callable[[Call], Any]] = [
        lambda call: Answer(call.id, 200, PageReply(end="x"), WALL),
        lambda call: Answer(call.id, 200, (), WALL),
        lambda call: Answer(call.id, 200, {"event_id": "$e"}, WALL),
        lambda call: Answer(call.id, 429, Refusal("M_LIMIT_EXCEEDED", "", 3.0), WALL),
        lambda call: Answer(call.id, 404, Refusal("M_NOT_FOUND", ""), WALL),
        lambda call: Failed(call.id, "cut"),
    ]
    for step in plan:
        match step:
            case ("ask", which):
                asked += 1
                ask(stage, QUESTIONS[which](asked))
            case ("reply", which, how):
                calls = stage.calls()
                if calls:
                    call = calls.pop(which % len(calls))
                    stage.desk.replied(replies[how](call), stage.now)
            case ("link", link):
                stage.desk.link = link
                stage.questions.tick(stage.now)
            case ("lost",):
                stage.questions.lost(stage.now)
            case ("tick", seconds):
                stage.now += seconds
                stage.questions.tick(stage.now)
        assert len(stage.calls()) <= MOST_AT_ONCE
        answered += [getattr(news, "request", 0) for news in stage.news()]
    stage.questions.stop(stage.now)
    answered += [getattr(news, "request", 0) for news in stage.news()]
    assert sorted(answered) == list(range(1, asked + 1))


# ---------------------------------------------------------------- typing  # B20


def test_typing_is_repeated_while_it_goes_on_and_ended_once(stage: Stage) -> None:
    ask(stage, SetTyping(ROOM, typing=True))
    request = stage.request()
    assert line(request) == f"PUT {IN_ROOM}/typing/{ME}"
    assert body(request) == {"typing": True, "timeout": 20_000}
    stage.answer({})
    ask(stage, SetTyping(ROOM, typing=True))
    stage.now += TYPING_REPEAT - 1
    ask(stage, SetTyping(ROOM, typing=True))
    stage.questions.tick(stage.now)
    assert stage.calls() == []
    assert stage.questions.wake_at() == stage.now + 1
    stage.now += 1
    stage.questions.tick(stage.now)
    stage.answer({})
    ask(stage, SetTyping(ROOM, typing=False))
    assert body(stage.request()) == {"typing": False}
    stage.answer({})
    ask(stage, SetTyping(ROOM, typing=False))
    assert stage.calls() == []
    assert stage.questions.wake_at() is None
    assert stage.news() == []


def test_typing_is_one_request_at_a_time_for_a_room(stage: Stage) -> None:
    for typing in (True, False, True, False):
        ask(stage, SetTyping(ROOM, typing=typing))
    ask(stage, SetTyping("!other", typing=True))
    assert len(stage.calls()) == 2
    stage.answer({})
    assert [body(call.request)["typing"] for call in stage.calls()] == [True, False]


def test_who_goes_on_typing_at_once_need_not_have_stopped(stage: Stage) -> None:
    ask(stage, SetTyping(ROOM, typing=True))
    ask(stage, SetTyping(ROOM, typing=False))
    ask(stage, SetTyping(ROOM, typing=True))
    stage.answer({})
    assert stage.calls() == []
    assert stage.questions.wake_at() == stage.now + TYPING_REPEAT


def test_typing_that_is_refused_is_not_repeated(stage: Stage) -> None:
    ask(stage, SetTyping(ROOM, typing=True))
    stage.refuse(403, "M_FORBIDDEN", "User not in room")
    assert stage.news() == []
    assert stage.questions.wake_at() is None
    stage.questions.tick(stage.now + 100)
    assert stage.calls() == []


def test_typing_gives_way_to_a_rate_limit(stage: Stage) -> None:
    ask(stage, SetTyping(ROOM, typing=True))
    stage.refuse(429, "M_LIMIT_EXCEEDED", "slow down", 40.0)
    assert stage.questions.wake_at() == stage.now + 40
    ask(stage, SetTyping(ROOM, typing=False))
    assert stage.calls() == []
    ask(stage, SetTyping("!other", typing=True))
    assert stage.calls() == []
    stage.now += 40
    stage.questions.tick(stage.now)
    assert "other" in line(stage.request())


@pytest.mark.parametrize("typing", [True, False])
def test_typing_that_met_a_fault_is_not_hurried(stage: Stage, typing: bool) -> None:
    ask(stage, SetTyping(ROOM, typing=True))
    if not typing:
        stage.answer({})
        ask(stage, SetTyping(ROOM, typing=False))
    stage.refuse(500, "M_UNKNOWN", "boom")
    assert stage.calls() == []
    assert stage.questions.wake_at() == (stage.now + TYPING_REPEAT if typing else None)


def test_typing_is_lost_without_a_link(stage: Stage) -> None:
    stage.desk.link = Link.WAITING
    ask(stage, SetTyping(ROOM, typing=True))
    stage.desk.link = Link.ONLINE
    stage.questions.tick(stage.now)
    assert stage.calls() == []


# ---------------------------------------------------------------- presence  # B20


@pytest.mark.parametrize(
    ("presence", "word"),
    [(Presence.ONLINE, "online"), (Presence.IDLE, "unavailable"), (Presence.OFFLINE, "offline")],
)
def test_presence_is_told_and_held_against_the_sync(stage: Stage, presence: Presence, word: str) -> None:
    assert stage.questions.presence == ""
    ask(stage, SetPresence(presence, "out\nfor lunch"))
    assert line(stage.request()) == f"PUT {V3}/presence/{ME}/status"
    assert body(stage.request()) == {"presence": word, "status_msg": "out for lunch"}
    assert stage.questions.presence == word
    stage.answer({})
    ask(stage, SetPresence(presence, "out\nfor lunch"))
    assert stage.calls() == []


def test_the_last_presence_holds(stage: Stage) -> None:
    ask(stage, SetPresence(Presence.ONLINE))
    ask(stage, SetPresence(Presence.IDLE))
    ask(stage, SetPresence(Presence.OFFLINE))
    assert body(stage.request()) == {"presence": "online"}
    stage.refuse(429, "M_LIMIT_EXCEEDED", "slow down", 9.0)
    assert stage.calls() == []
    assert stage.questions.wake_at() == stage.now + 9
    stage.now += 9
    stage.questions.tick(stage.now)
    assert body(stage.request()) == {"presence": "offline"}
    stage.fail()
    assert stage.questions.wake_at() == stage.now + 10


def test_presence_is_told_again_after_a_break(stage: Stage) -> None:
    ask(stage, SetPresence(Presence.IDLE))
    stage.answer({})
    stage.desk.link = Link.WAITING
    stage.questions.tick(stage.now)
    assert stage.questions.wake_at() is None
    stage.desk.link = Link.ONLINE
    stage.questions.tick(stage.now)
    assert body(stage.request()) == {"presence": "unavailable"}


def test_a_server_without_presence_is_not_asked_for_ever(stage: Stage) -> None:
    ask(stage, SetPresence(Presence.ONLINE))
    stage.refuse(403, "M_FORBIDDEN", "Presence is disabled")
    ask(stage, SetPresence(Presence.UNKNOWN))
    assert stage.calls() == []
    assert stage.questions.wake_at() is None
    assert stage.news() == []
