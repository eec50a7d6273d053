"""Actions whose answer was lost: what the server does not know again is looked up before it is repeated."""

from __future__ import annotations

import json
from typing import Any

import pytest

from chat_tui_core.actions import Kind
from chat_tui_core.contract import Answered, LostAction, Problem, RefusedAction, Written
from chat_tui_matrix.protocol.known_rooms import MADE
from chat_tui_matrix.protocol.lookups import SETTLE
from tests.matrix.action_stage import BOB, IN_ROOM, MADE_AT, ME, ROOM, V3, WALL, Stage, body, line

TXN = f"7.{MADE_AT}"
OVER = Answered(7, room_id=ROOM, final=True)
MADE_ROOM = Answered(7, room_id="!made", final=True)
DIRECT = f"{V3}/user/{ME}/account_data/m.direct"


@pytest.fixture
def stage() -> Stage:
    return Stage()


# ---------------------------------------------------------------- members  # B15 (C4, C5)


@pytest.mark.parametrize("how", [{"doubt": True}, {"attempts": 1}])
@pytest.mark.parametrize(
    ("kind", "membership", "done"),
    [
        (Kind.KICK, "join", False),
        (Kind.KICK, "invite", False),
        (Kind.KICK, "leave", True),
        (Kind.KICK, "ban", True),
        (Kind.KICK, "", True),
        (Kind.UNBAN, "ban", False),
        (Kind.UNBAN, "leave", True),
        (Kind.UNBAN, "join", True),
        (Kind.UNBAN, "", True),
        (Kind.INVITE, "invite", True),
        (Kind.INVITE, "join", True),
        (Kind.INVITE, "leave", False),
        (Kind.INVITE, "", False),
    ],
)
def test_a_members_state_says_whether_it_is_done(
    stage: Stage, kind: Kind, membership: str, done: bool, how: dict[str, Any]
) -> None:
    stage.do(kind, {"user": BOB}, **how)
    assert line(stage.request()) == f"GET {IN_ROOM}/state/m.room.member/{BOB}"
    assert stage.news() == []
    if membership:
        stage.answer({"membership": membership})
    else:
        stage.refuse(404, "M_NOT_FOUND", "Event not found.")
    if done:
        assert stage.news() == [OVER]
        assert stage.calls() == []
    else:
        assert line(stage.request()) == f"POST {IN_ROOM}/{kind.value}"
        assert stage.news() == [Written(7)]


def test_whoever_came_back_while_we_looked_is_not_removed_again(stage: Stage) -> None:
    """The stream tells that the first kick was done; what the look says is newer, and not about it."""
    stage.do(Kind.KICK, {"user": BOB}, doubt=True)
    stage.rooms.state.pieces[ROOM, "m.room.member", BOB] = {"membership": "leave"}
    stage.answer({"membership": "join"})
    assert stage.news() == [OVER]
    assert stage.calls() == []


def test_without_doubt_nothing_is_looked_up_and_a_no_is_a_no(stage: Stage) -> None:
    stage.do(Kind.KICK, {"user": BOB})
    assert line(stage.request()) == f"POST {IN_ROOM}/kick"
    stage.refuse(403, "M_FORBIDDEN", "The target user is not in the room")
    assert stage.news() == [Written(7), RefusedAction(7, "M_FORBIDDEN", "The target user is not in the room")]


def test_a_no_to_a_repeated_kick_is_looked_at_again(stage: Stage) -> None:
    """The first kick was still being carried out when the look said that the person is there."""
    stage.do(Kind.KICK, {"user": BOB}, doubt=True)
    stage.answer({"membership": "join"})
    stage.refuse(403, "M_FORBIDDEN", "The target user is not in the room")
    stage.answer({"membership": "leave"})
    assert stage.news() == [Written(7), OVER]


def test_a_no_that_stays_one_is_told_with_the_servers_words(stage: Stage) -> None:
    stage.do(Kind.KICK, {"user": BOB}, doubt=True)
    stage.refuse(403, "M_FORBIDDEN", "You are not in the room")
    assert line(stage.request()) == f"POST {IN_ROOM}/kick"
    stage.refuse(403, "M_FORBIDDEN", "You cannot kick")
    stage.refuse(403, "M_FORBIDDEN", "You are not in the room")
    assert stage.news() == [Written(7), RefusedAction(7, "M_FORBIDDEN", "You cannot kick")]


@pytest.mark.parametrize("kind", [Kind.BAN, Kind.SEND, Kind.TOPIC, Kind.LEAVE, Kind.JOIN])
def test_what_may_be_repeated_is_repeated_unseen(stage: Stage, kind: Kind) -> None:  # B12
    content = {"user": BOB, "text": "x", "topic": "x"}
    stage.do(kind, content)
    first = stage.request()
    stage.fail()
    stage.do(kind, content, doubt=True, attempts=1)
    again = stage.request()
    assert (again.method, again.path, again.body) == (first.method, first.path, first.body)


@pytest.mark.parametrize(
    ("membership", "done"), [("knock", True), ("invite", True), ("join", True), ("leave", False), (None, False)]
)
def test_a_knock_is_looked_up_in_the_rooms_summary(stage: Stage, membership: str | None, done: bool) -> None:
    stage.do(Kind.KNOCK, doubt=True)
    assert line(stage.request()) == f"GET /_matrix/client/v1/room_summary/{ROOM}"
    stage.answer({"room_id": ROOM, "membership": membership} if membership else {"room_id": ROOM})
    assert stage.news() == ([OVER] if done else [Written(7)])


def test_a_server_without_room_summaries_is_asked_to_let_us_in_again(stage: Stage) -> None:
    stage.do(Kind.KNOCK, doubt=True)
    stage.refuse(404, "M_UNRECOGNIZED", "Unrecognized request")
    assert line(stage.request()) == f"POST {V3}/knock/{ROOM}"


# ---------------------------------------------------------------- rooms that were made


@pytest.mark.parametrize(
    ("room_id", "content", "expected"),
    [
        ("#Tea", {}, {"preset": "public_chat", "visibility": "public", "name": "Tea"}),
        (
            "Tea",
            {"name": "Tea time", "topic": "t", "private": True, "alias": "#tea:chat.example"},
            {
                "preset": "private_chat",
                "visibility": "private",
                "name": "Tea time",
                "topic": "t",
                "room_alias_name": "tea",
            },
        ),
        (
            "Bob",
            {"direct": True, "invite": [BOB, BOB]},
            {"preset": "trusted_private_chat", "visibility": "private", "is_direct": True, "invite": [BOB]},
        ),
        (
            "Tea",
            {"invite": f"{BOB}, @eve:chat.example"},
            {"preset": "public_chat", "visibility": "public", "name": "Tea", "invite": [BOB, "@eve:chat.example"]},
        ),
    ],
)
def test_what_a_room_is_made_of(stage: Stage, room_id: str, content: dict[str, Any], expected: dict[str, Any]) -> None:
    stage.do(Kind.CREATE_ROOM, content, room_id=room_id)
    made = body(stage.request())
    assert made.pop("initial_state") == [{"type": MADE, "state_key": "", "content": {"txn": TXN}}]
    assert made == expected


def test_a_room_that_came_with_the_stream_is_found_without_a_request(stage: Stage) -> None:
    stage.join("!made")
    stage.join("!other")
    stage.rooms.state.pieces["!other", MADE, ""] = {"txn": "6.1"}
    stage.rooms.state.pieces["!made", MADE, ""] = {"txn": TXN}
    stage.do(Kind.CREATE_ROOM, room_id="Tea", doubt=True)
    assert stage.news() == [MADE_ROOM]
    assert stage.calls() == []


def _section(sender: str = ME, txn: Any = TXN, key: str = "state") -> dict[str, Any]:
    mark = {
        "type": MADE,
        "state_key": "",
        "sender": sender,
        "event_id": "$mark",
        "origin_server_ts": 1,
        "content": {"txn": txn},
    }
    return {key: {"events": [mark]}}


@pytest.mark.parametrize("key", ["state", "timeline"])
def test_a_room_that_nobody_told_of_is_found_by_its_mark(stage: Stage, key: str) -> None:
    stage.do(Kind.CREATE_ROOM, room_id="Tea", doubt=True, attempts=3)
    request = stage.request()
    assert line(request) == f"GET {V3}/sync"
    assert "since" not in request.query
    assert json.loads(request.query["filter"])["room"]["state"] == {"types": [MADE]}
    joined = {"!foreign": _section(sender=BOB), "!older": _section(txn="6.5"), "!made": _section(key=key)}
    stage.answer({"next_batch": "s1", "rooms": {"join": joined}})
    assert stage.news() == [MADE_ROOM]
    assert stage.calls() == []


@pytest.mark.parametrize("rooms", [{}, {"join": {"!x": _section(sender=BOB)}}, {"invite": {"!made": {}}}])
def test_a_room_that_was_not_made_is_made_now(stage: Stage, rooms: dict[str, Any]) -> None:
    stage.do(Kind.CREATE_ROOM, room_id="Tea", doubt=True, written_at=(WALL - 60) * 1000)
    stage.answer({"next_batch": "s1", "rooms": rooms})
    assert line(stage.request()) == f"POST {V3}/createRoom"
    stage.answer({"room_id": "!made"})
    assert stage.news() == [Written(7), MADE_ROOM]


def test_two_looks_for_a_room_are_never_the_same_question(stage: Stage) -> None:
    """A server may repeat its answer to an equal sync for two minutes: the second look would see the past."""
    seen = set()
    for attempts in (1, 2):
        stage.do(Kind.CREATE_ROOM, room_id="Tea", doubt=True, attempts=attempts)
        seen.add(tuple(stage.request().query.items()))
        stage.ledger.lost(stage.now)
    assert len(seen) == 2


def test_a_room_that_may_still_be_in_the_making_is_waited_for(stage: Stage) -> None:
    stage.do(Kind.CREATE_ROOM, room_id="Tea")
    stage.fail()
    stage.now += 4
    stage.do(Kind.CREATE_ROOM, room_id="Tea", doubt=True, attempts=1)
    stage.answer({"next_batch": "s1"})
    assert stage.news() == [Written(7), LostAction(7), LostAction(7, SETTLE - 4)]
    stage.now += SETTLE - 4
    stage.do(Kind.CREATE_ROOM, room_id="Tea", doubt=True, attempts=1)
    stage.answer({"next_batch": "s1"})
    assert line(stage.request()) == f"POST {V3}/createRoom"


def test_a_room_of_an_earlier_run_is_waited_for_by_the_time_of_day(stage: Stage) -> None:
    written: dict[str, Any] = {"doubt": True, "written_at": (WALL - 4) * 1000}
    stage.do(Kind.CREATE_ROOM, room_id="Tea", **written)
    stage.answer({"next_batch": "s1"})
    assert stage.news() == [LostAction(7, SETTLE - 4)]
    stage.now += SETTLE - 4
    stage.wall += 6
    stage.do(Kind.CREATE_ROOM, room_id="Tea", **written)
    stage.answer({"next_batch": "s1"})
    assert line(stage.request()) == f"POST {V3}/createRoom"


def test_an_alias_that_the_lost_try_took_leads_to_its_room(stage: Stage) -> None:
    stage.do(Kind.CREATE_ROOM, {"alias": "tea"}, room_id="Tea", doubt=True)
    stage.answer({"next_batch": "s1"})
    stage.refuse(400, "M_ROOM_IN_USE", "Room alias already taken")
    stage.answer({"next_batch": "s1", "rooms": {"join": {"!made": _section()}}})
    assert stage.news() == [Written(7), MADE_ROOM]


def test_a_look_for_a_room_that_fails_makes_none(stage: Stage) -> None:
    stage.do(Kind.CREATE_ROOM, room_id="Tea", doubt=True)
    stage.refuse(500, "M_UNKNOWN", "boom")
    stage.do(Kind.CREATE_ROOM, room_id="Tea", doubt=True)
    stage.fail()
    assert stage.news() == [LostAction(7, 2.0), LostAction(7, 4.0)]
    assert stage.calls() == []


# ---------------------------------------------------------------- direct chats


def test_a_direct_chat_is_noted_for_all_devices(stage: Stage) -> None:
    stage.do(Kind.CREATE_ROOM, {"direct": True, "invite": [BOB]}, room_id="")
    stage.answer({"room_id": "!made"})
    assert line(stage.request()) == f"GET {DIRECT}"
    stage.answer({BOB: ["!old"], "@eve:chat.example": ["!eve"]})
    request = stage.request()
    assert line(request) == f"PUT {DIRECT}"
    assert body(request) == {BOB: ["!old", "!made"], "@eve:chat.example": ["!eve"]}
    assert stage.news() == [Written(7)]
    stage.answer({})
    assert stage.news() == [MADE_ROOM]


def test_the_first_direct_chat_of_all_is_noted(stage: Stage) -> None:
    stage.do(Kind.CREATE_ROOM, {"direct": True, "invite": [BOB]}, room_id="")
    stage.answer({"room_id": "!made"})
    stage.refuse(404, "M_NOT_FOUND", "Account data not found")
    assert body(stage.request()) == {BOB: ["!made"]}


def test_a_direct_chat_that_cannot_be_noted_is_made_all_the_same(stage: Stage) -> None:
    stage.do(Kind.CREATE_ROOM, {"direct": True, "invite": [BOB]}, room_id="")
    stage.answer({"room_id": "!made"})
    stage.answer({BOB: "no list"})
    assert body(stage.request()) == {BOB: ["!made"]}
    stage.refuse(403, "M_FORBIDDEN", "not now")
    assert stage.news() == [
        Written(7),
        Problem("The room could not be noted as a direct chat: not now", "!made"),
        MADE_ROOM,
    ]


def test_a_break_before_a_direct_chat_is_noted_makes_no_second_room(stage: Stage) -> None:
    content = {"direct": True, "invite": [BOB]}
    stage.do(Kind.CREATE_ROOM, content, room_id="")
    stage.answer({"room_id": "!made"})
    stage.fail()
    assert stage.news() == [Written(7), LostAction(7)]
    stage.do(Kind.CREATE_ROOM, content, room_id="", doubt=True, attempts=1)
    stage.answer({"next_batch": "s1", "rooms": {"join": {"!made": _section()}}})
    stage.answer({BOB: ["!made"]})
    assert stage.news() == [MADE_ROOM]
    assert stage.calls() == []
