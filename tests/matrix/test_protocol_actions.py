"""What the person did: the request of every kind, what each answer means, and what broken ones do to an action."""

from __future__ import annotations

from typing import Any

import pytest

from chat_tui_core.actions import Kind
from chat_tui_core.contract import (
    Answered,
    Link,
    LostAction,
    News,
    Postponed,
    RefusedAction,
    RoomChanged,
    RoomGone,
    Written,
)
from chat_tui_core.model import Room
from chat_tui_matrix.protocol.actions import UNSEEN
from chat_tui_matrix.protocol.deeds import DEEDS
from chat_tui_matrix.protocol.known_rooms import MADE
from tests.matrix.action_stage import BOB, IN_ROOM, MADE_AT, ME, ROOM, V3, Stage, body, line

TXN = f"7.{MADE_AT}"
MARK = {"type": MADE, "state_key": "", "content": {"txn": TXN}}
EVENT = {"event_id": "$e"}


@pytest.fixture
def stage() -> Stage:
    return Stage()


# ---------------------------------------------------------------- every kind of action  # B12, B15 (C4-C8)

SAID = Answered(7, "$e", room_id=ROOM)
OVER = Answered(7, room_id=ROOM, final=True)

KINDS: list[tuple[Kind, dict[str, Any], str, dict[str, Any] | None, Any, News]] = [
    (
        Kind.SEND,
        {"text": "hello"},
        f"PUT {IN_ROOM}/send/m.room.message/{TXN}",
        {"msgtype": "m.text", "body": "hello", "m.mentions": {}},
        EVENT,
        SAID,
    ),
    (Kind.REDACT, {"target": "$t"}, f"PUT {IN_ROOM}/redact/$t/{TXN}", {}, EVENT, SAID),
    (
        Kind.REDACT,
        {"target": "$t", "reason": "typo"},
        f"PUT {IN_ROOM}/redact/$t/{TXN}",
        {"reason": "typo"},
        EVENT,
        SAID,
    ),
    (
        Kind.REACT,
        {"target": "$t", "key": "👍", "remove": True, "reaction_id": "$r"},
        f"PUT {IN_ROOM}/redact/$r/{TXN}",
        {},
        EVENT,
        SAID,
    ),
    (Kind.TOPIC, {"topic": "tea"}, f"PUT {IN_ROOM}/state/m.room.topic", {"topic": "tea"}, EVENT, SAID),
    (Kind.NAME, {"name": "Talk"}, f"PUT {IN_ROOM}/state/m.room.name", {"name": "Talk"}, EVENT, SAID),
    (
        Kind.HOLD,
        {"room": "!tea:far", "held": True},
        f"PUT {IN_ROOM}/state/m.space.child/!tea:far",
        {"via": ["far", "chat.example"]},
        EVENT,
        SAID,
    ),
    (Kind.HOLD, {"room": "!tea", "held": False}, f"PUT {IN_ROOM}/state/m.space.child/!tea", {}, EVENT, SAID),
    (Kind.INVITE, {"user": BOB}, f"POST {IN_ROOM}/invite", {"user_id": BOB}, {}, OVER),
    (Kind.KICK, {"user": BOB, "reason": "x"}, f"POST {IN_ROOM}/kick", {"user_id": BOB, "reason": "x"}, {}, OVER),
    (Kind.BAN, {"user": BOB}, f"POST {IN_ROOM}/ban", {"user_id": BOB}, {}, OVER),
    (Kind.UNBAN, {"user": BOB}, f"POST {IN_ROOM}/unban", {"user_id": BOB}, {}, OVER),
    (Kind.LEAVE, {"reason": "late"}, f"POST {IN_ROOM}/leave", {"reason": "late"}, {}, OVER),
    (Kind.JOIN, {}, f"POST {V3}/join/{ROOM}", {}, {"room_id": ROOM}, OVER),
    (Kind.KNOCK, {"reason": "hi"}, f"POST {V3}/knock/{ROOM}", {"reason": "hi"}, {"room_id": ROOM}, OVER),
    (
        Kind.CREATE_ROOM,
        {"name": "Tea"},
        f"POST {V3}/createRoom",
        {"preset": "public_chat", "visibility": "public", "initial_state": [MARK], "name": "Tea"},
        {"room_id": "!new"},
        Answered(7, room_id="!new", final=True),
    ),
    (
        Kind.CREATE_ROOM,
        {"name": "Tea", "private": True, "space": True},
        f"POST {V3}/createRoom",
        {
            "preset": "private_chat",
            "visibility": "private",
            "initial_state": [MARK],
            "name": "Tea",
            "creation_content": {"type": "m.space"},
        },
        {"room_id": "!new"},
        Answered(7, room_id="!new", final=True),
    ),
    (
        Kind.READ,
        {"order": 5, "event_id": "$t"},
        f"POST {IN_ROOM}/read_markers",
        {"m.fully_read": "$t", "m.read": "$t"},
        {},
        OVER,
    ),
    (Kind.PROFILE, {"name": "Ann"}, f"PUT {V3}/profile/{ME}/displayname", {"displayname": "Ann"}, {}, OVER),
]


@pytest.mark.parametrize(("kind", "content", "asked", "sent", "given", "news"), KINDS)
def test_every_kind_is_one_request_and_its_answer(
    stage: Stage, kind: Kind, content: dict[str, Any], asked: str, sent: dict[str, Any] | None, given: Any, news: News
) -> None:
    stage.do(kind, content)
    request = stage.request()
    assert line(request) == asked
    assert (body(request) if sent is not None else request.body) == sent
    assert stage.news() == [Written(7)]
    stage.answer(given)
    assert stage.news() == [news]
    assert stage.calls() == []


def test_muting_puts_a_rule_before_all_others_and_says_so_at_once(stage: Stage) -> None:
    for number, muted in enumerate((True, False), 7):
        stage.do(Kind.MUTE, {"muted": muted}, id=number)
        request = stage.request()
        assert line(request) == f"{'PUT' if muted else 'DELETE'} {V3}/pushrules/global/override/{ROOM}"
        if muted:
            condition = {"kind": "event_match", "key": "room_id", "pattern": ROOM}
            assert body(request) == {"conditions": [condition], "actions": ["dont_notify"]}
        stage.answer({})
        told = RoomChanged(Room(ROOM, muted=muted), frozenset({"muted"}))
        assert stage.news() == [Written(number), told, Answered(number, room_id=ROOM, final=True)]


def test_every_kind_is_in_the_table() -> None:
    assert set(DEEDS) == set(Kind)


def test_no_text_makes_a_server_fail(stage: Stage) -> None:
    stage.do(Kind.TOPIC, {"topic": "half \ud83d\0 done"})
    assert body(stage.request()) == {"topic": "half \ufffd\ufffd done"}


def test_a_room_cannot_be_deleted_and_the_words_say_what_can_be_done(stage: Stage) -> None:
    stage.do(Kind.DELETE_ROOM)
    (refused,) = stage.news()
    assert isinstance(refused, RefusedAction)
    assert refused.code == "UNSUPPORTED"
    assert "leave" in refused.text
    assert "forget" in refused.text
    assert stage.calls() == []


def test_an_edit_and_a_reaction_are_events_about_their_target(stage: Stage) -> None:
    stage.do(Kind.EDIT, {"target": "$t", "text": "new"})
    stage.do(Kind.REACT, {"target": "$t", "key": "👍"}, id=8)
    edit, reaction = (call.request for call in stage.calls())
    assert line(edit) == f"PUT {IN_ROOM}/send/m.room.message/{TXN}"
    assert body(edit)["m.relates_to"] == {"rel_type": "m.replace", "event_id": "$t"}
    assert line(reaction) == f"PUT {IN_ROOM}/send/m.reaction/8.{MADE_AT}"
    assert body(reaction) == {"m.relates_to": {"rel_type": "m.annotation", "event_id": "$t", "key": "👍"}}


def test_the_same_reaction_twice_is_as_good_as_once(stage: Stage) -> None:
    stage.do(Kind.REACT, {"target": "$t", "key": "👍"})
    stage.refuse(400, "M_DUPLICATE_ANNOTATION", "Can't send same reaction twice")
    assert stage.news() == [Written(7), OVER]


def test_a_reaction_whose_id_is_not_known_is_found_before_it_is_taken_back(stage: Stage) -> None:
    stage.do(Kind.REACT, {"target": "$t", "key": "👍", "remove": True})
    assert line(stage.request()) == f"GET /_matrix/client/v1/rooms/{ROOM}/relations/$t/m.annotation"
    stage.answer({"chunk": [_reaction("$1", BOB, "👍"), _reaction("$2", ME, "👎")], "next_batch": "p2"})
    assert stage.news() == []
    assert stage.request().query["from"] == "p2"
    stage.answer({"chunk": [_reaction("$3", ME, "👍")]})
    assert line(stage.request()) == f"PUT {IN_ROOM}/redact/$3/{TXN}"
    assert stage.news() == [Written(7)]
    stage.answer(EVENT)
    assert stage.news() == [SAID]


def test_a_reaction_that_is_not_there_need_not_be_taken_back(stage: Stage) -> None:
    stage.do(Kind.REACT, {"target": "$t", "key": "👍", "remove": True})
    stage.answer({"chunk": []})
    assert stage.news() == [OVER]
    assert stage.calls() == []


def _reaction(event_id: str, sender: str, key: str) -> dict[str, Any]:
    relation = {"rel_type": "m.annotation", "event_id": "$t", "key": key}
    return {
        "type": "m.reaction",
        "event_id": event_id,
        "sender": sender,
        "origin_server_ts": 1,
        "content": {"m.relates_to": relation},
    }


@pytest.mark.parametrize(
    ("tag", "steps"),
    [
        ("favourite", ["PUT m.favourite", "DELETE m.lowpriority"]),
        ("low", ["PUT m.lowpriority", "DELETE m.favourite"]),
        ("", ["DELETE m.favourite", "DELETE m.lowpriority"]),
    ],
)
def test_a_room_has_one_tag_or_none(stage: Stage, tag: str, steps: list[str]) -> None:
    stage.do(Kind.TAG, {"tag": tag})
    for step in steps:
        method, name = step.split()
        assert line(stage.request()) == f"{method} {V3}/user/{ME}/rooms/{ROOM}/tags/{name}"
        stage.answer({})
    assert stage.news() == [Written(7), OVER]


def test_what_is_to_be_taken_away_need_not_be_there(stage: Stage) -> None:
    stage.do(Kind.TAG, {"tag": ""})
    stage.refuse(404, "M_NOT_FOUND", "no such tag")
    stage.answer({})
    stage.do(Kind.MUTE, {"muted": False}, id=8)
    stage.refuse(404, "M_NOT_FOUND", "no such rule")
    loud = RoomChanged(Room(ROOM), frozenset({"muted"}))
    assert stage.news() == [Written(7), OVER, Written(8), loud, Answered(8, room_id=ROOM, final=True)]


def test_forgetting_a_room_leaves_it_where_needed(stage: Stage) -> None:
    stage.do(Kind.FORGET)
    for step, status in (("forget", 400), ("leave", 200), ("forget", 200)):
        assert line(stage.request()) == f"POST {IN_ROOM}/{step}"
        if status == 200:
            stage.answer({})
        else:
            stage.refuse(status, "M_UNKNOWN", f"User {ME} in room {ROOM}")
    assert stage.news() == [Written(7), RoomGone(ROOM, "you have forgotten it"), OVER]


def test_forgetting_a_room_that_was_left_is_one_request(stage: Stage) -> None:
    stage.do(Kind.FORGET)
    stage.answer({})
    assert stage.news() == [Written(7), RoomGone(ROOM, "you have forgotten it"), OVER]
    stage.do(Kind.FORGET, id=8)
    stage.refuse(403, "M_FORBIDDEN", "not known here")
    assert stage.news() == [Written(8), RefusedAction(8, "M_FORBIDDEN", "not known here")]


# ---------------------------------------------------------------- joining  # B16


@pytest.mark.parametrize(
    ("typed", "via", "asked", "servers"),
    [
        ("!abc", None, "!abc", None),
        ("!abc:far.example", None, "!abc:far.example", "far.example"),
        ("!abc:far.example", ["near.example", "far.example"], "!abc:far.example", "near.example"),
        ("#tea:far.example", None, "#tea:far.example", None),
        ("tea:far.example", None, "#tea:far.example", None),
        ("#tea", None, "#tea:chat.example", None),
        ("tea", None, "#tea:chat.example", None),
        ("tea", [7, None], "#tea:chat.example", None),
        ("#Tee und Kuchen/ü", None, "#Tee und Kuchen/ü:chat.example", None),
    ],
)
def test_joining_by_id_alias_or_name(stage: Stage, typed: str, via: Any, asked: str, servers: str | None) -> None:
    stage.do(Kind.JOIN, {"via": via} if via else {}, room_id=typed)
    request = stage.request()
    assert line(request) == f"POST {V3}/join/{asked}"
    assert request.query.get("via") == servers
    stage.answer({"room_id": "!found"})
    assert stage.news() == [Written(7), Answered(7, room_id="!found", final=True)]


@pytest.mark.parametrize("typed", ["@bob:chat.example", "", "#", "#:chat.example"])
def test_what_is_no_room_is_not_joined(stage: Stage, typed: str) -> None:
    stage.do(Kind.JOIN, room_id=typed)
    (refused,) = stage.news()
    assert isinstance(refused, RefusedAction)
    assert refused.code == "BADARGS"
    assert stage.calls() == []


def test_a_join_that_hangs_on_other_servers_is_refused_when_ours_says_so(stage: Stage) -> None:
    stage.do(Kind.JOIN, room_id="#typo:nowhere.example")
    stage.refuse(502, "M_UNKNOWN", "Failed to fetch alias")
    stage.do(Kind.JOIN, room_id="#typo:nowhere.example", id=8)
    stage.refuse(502, "", "HTTP 502: Bad Gateway")
    assert stage.news() == [
        Written(7),
        RefusedAction(7, "M_UNKNOWN", "Failed to fetch alias"),
        Written(8),
        LostAction(8, 2.0),
    ]


# ---------------------------------------------------------------- what cannot be sent


@pytest.mark.parametrize(
    ("kind", "content", "room"),
    [
        (Kind.INVITE, {"user": "bob"}, ROOM),
        (Kind.KICK, {"user": "bob:chat.example"}, ROOM),
        (Kind.BAN, {"user": ""}, ROOM),
        (Kind.CREATE_ROOM, {"invite": ["bob"]}, "tea"),
        (Kind.SEND, {"text": "x"}, "#tea"),
        (Kind.LEAVE, {}, ""),
        (Kind.EDIT, {"text": "x"}, ROOM),
        (Kind.REDACT, {"target": 5}, ROOM),
        (Kind.REACT, {"key": "x"}, ROOM),
        (Kind.TAG, {"tag": "m.other"}, ROOM),
        (Kind.READ, {"order": 5}, ROOM),
    ],
)
def test_what_cannot_be_right_is_refused_here(stage: Stage, kind: Kind, content: dict[str, Any], room: str) -> None:
    stage.do(kind, content, room_id=room)
    (refused,) = stage.news()
    assert isinstance(refused, RefusedAction)
    assert refused.text.endswith(".")
    assert stage.calls() == []


def test_a_name_that_is_no_id_is_answered_with_the_likely_one(stage: Stage) -> None:
    stage.do(Kind.INVITE, {"user": "bob"})
    assert stage.news() == [RefusedAction(7, "BADARGS", "A person's full id is needed, such as @bob:chat.example.")]


def test_reading_without_an_event_is_told_by_the_newest_one_up_to_that_place(stage: Stage) -> None:  # B20
    stage.rooms.orders = {"$1": 100, "$2": 110, "$3": 120}
    stage.do(Kind.READ, {"order": 115})
    assert body(stage.request()) == {"m.fully_read": "$2", "m.read": "$2"}


# ---------------------------------------------------------------- refusals  # B13

TALL = "user_level (0) < send_level (50)"
LARGE = "This is too long for the server: shorten it, or send it in parts."


@pytest.mark.parametrize(
    ("status", "code", "said", "news"),
    [
        (403, "M_FORBIDDEN", TALL, RefusedAction(7, "M_FORBIDDEN", TALL)),
        (403, "M_FORBIDDEN", "two\nlines\x1b[2J", RefusedAction(7, "M_FORBIDDEN", "two lines�[2J")),
        (403, "M_FORBIDDEN", "M_FORBIDDEN", RefusedAction(7, "M_FORBIDDEN", "You are not allowed to do this here.")),
        (403, "M_FORBIDDEN", "", RefusedAction(7, "M_FORBIDDEN", "You are not allowed to do this here.")),
        (404, "M_UNRECOGNIZED", "", RefusedAction(7, "M_UNRECOGNIZED", "This server cannot do this.")),
        (413, "M_TOO_LARGE", "event too large", RefusedAction(7, "M_TOO_LARGE", LARGE)),
        (413, "", "HTTP 413: Content Too Large", RefusedAction(7, "HTTP 413", LARGE)),
        (
            403,
            "",
            "HTTP 403: Forbidden",
            RefusedAction(7, "HTTP 403", "The server refused this and does not say why (403)."),
        ),
        (400, "M_ODD", "", RefusedAction(7, "M_ODD", "The server refused this and does not say why (400).")),
        (500, "M_UNKNOWN", "boom", Postponed(7, 2.0, "M_UNKNOWN", "The server has a fault (500: boom).")),
        (502, "", "HTTP 502: Bad Gateway", LostAction(7, 2.0)),
        (302, "", "HTTP 302: Found", LostAction(7, 2.0)),
    ],
)
def test_a_refusal_keeps_the_servers_own_sentence(stage: Stage, status: int, code: str, said: str, news: News) -> None:
    stage.do(Kind.SEND, {"text": "x"})
    stage.refuse(status, code, said)
    assert stage.news() == [Written(7), news]


@pytest.mark.parametrize("status", [408, 421, 425])
def test_a_status_that_says_nothing_of_the_action_is_no_refusal(stage: Stage, status: int) -> None:
    stage.do(Kind.SEND, {"text": "x"})
    stage.refuse(status)
    assert stage.news() == [Written(7), LostAction(7, 2.0)]


@pytest.mark.parametrize("given", [{}, {"event_id": 5}, {"event_id": ""}, {"event_id": "$" + "x" * 300}])
def test_a_yes_without_an_event_is_in_doubt(stage: Stage, given: dict[str, Any]) -> None:
    stage.do(Kind.SEND, {"text": "x"})
    stage.answer(given)
    assert stage.news() == [Written(7), LostAction(7, 2.0)]


def test_an_answer_that_cannot_be_read_is_in_doubt(stage: Stage) -> None:
    stage.do(Kind.SEND, {"text": "x"})
    stage.garble()
    assert stage.news() == [Written(7), LostAction(7, 2.0)]


def test_a_look_that_cannot_be_read_has_changed_nothing(stage: Stage) -> None:
    stage.do(Kind.REACT, {"target": "$t", "key": "👍", "remove": True})
    stage.garble()
    text = "The server's answer cannot be read: it is a web page."
    assert stage.news() == [Postponed(7, 2.0, "GARBLED", text)]
    stage.do(Kind.REACT, {"target": "$t", "key": "👍", "remove": True})
    stage.answer("what?")
    assert stage.news() == [Postponed(7, 4.0, "GARBLED", "The server's answer is not what it should be.")]


# ---------------------------------------------------------------- rate limits  # B13


@pytest.mark.parametrize(
    ("asked", "waits"), [(3.857, 3.857), (None, 5.0), (0.0, 0.5), (-4.0, 0.5), (1e9, 600.0), (float("nan"), 0.5)]
)
def test_a_rate_limit_is_waited_for_whatever_it_says(stage: Stage, asked: float | None, waits: float) -> None:
    stage.do(Kind.SEND, {"text": "x"})
    stage.refuse(429, "M_LIMIT_EXCEEDED", "Too Many Requests", asked)
    assert stage.news() == [Written(7), Postponed(7, waits, "M_LIMIT_EXCEEDED", "Too Many Requests")]


def test_a_rate_limit_holds_back_what_the_server_counts_with_it(stage: Stage) -> None:
    stage.do(Kind.SEND, {"text": "x"})
    stage.refuse(429, "M_LIMIT_EXCEEDED", "Too Many Requests", 4.0)
    stage.now += 1
    stage.do(Kind.SEND, {"text": "y"}, id=8, room_id="!other")
    stage.do(Kind.TOPIC, {"topic": "z"}, id=9)
    pause = "The server asks for a pause."
    assert stage.news()[2:] == [
        Postponed(8, 3.0, "M_LIMIT_EXCEEDED", pause),
        Postponed(9, 3.0, "M_LIMIT_EXCEEDED", pause),
    ]
    stage.do(Kind.READ, {"event_id": "$e"}, id=10)
    stage.do(Kind.JOIN, id=11, room_id="!other")
    assert len(stage.calls()) == 2
    stage.now += 3
    stage.do(Kind.SEND, {"text": "x"})
    assert len(stage.calls()) == 3


def test_a_limit_on_making_rooms_does_not_silence_anybody(stage: Stage) -> None:
    stage.do(Kind.CREATE_ROOM, room_id="tea")
    stage.refuse(429, "M_LIMIT_EXCEEDED", "Too Many Requests", 59.0)
    stage.do(Kind.SEND, {"text": "x"}, id=8)
    assert "/send/" in stage.request().path


# ---------------------------------------------------------------- faults and silence  # B13


def test_pauses_grow_with_each_fault_of_an_action_and_start_anew_after_a_yes(stage: Stage) -> None:
    pauses = []
    for _ in range(8):
        stage.do(Kind.SEND, {"text": "x"})
        stage.refuse(500, "M_UNKNOWN", "boom")
        pauses += [news.seconds for news in stage.news() if isinstance(news, Postponed)]
    assert pauses == [2.0, 4.0, 8.0, 16.0, 32.0, 60.0, 60.0, 60.0]
    stage.do(Kind.SEND, {"text": "y"}, id=8)
    stage.refuse(503, "M_UNKNOWN", "boom", 30.0)
    assert stage.news()[-1] == Postponed(8, 30.0, "M_UNKNOWN", "The server has a fault (503: boom).")
    stage.do(Kind.SEND, {"text": "x"})
    stage.answer(EVENT)
    stage.do(Kind.SEND, {"text": "x"})
    stage.refuse(500, "M_UNKNOWN", "boom")
    assert stage.news()[-1] == Postponed(7, 2.0, "M_UNKNOWN", "The server has a fault (500: boom).")


def test_what_may_have_been_delivered_is_in_doubt_and_tried_again_with_growing_pauses(stage: Stage) -> None:
    pauses = []
    for _ in range(8):
        stage.do(Kind.SEND, {"text": "x"}, doubt=True)
        assert line(stage.request()).endswith(TXN)
        stage.fail()
        written, lost = stage.news()
        assert (written, isinstance(lost, LostAction)) == (Written(7), True)
        pauses.append(getattr(lost, "seconds", -1.0))
    assert pauses == [0.0, 4.0, 8.0, 16.0, 32.0, 60.0, 60.0, 60.0]


def test_what_is_in_doubt_stays_so_when_the_server_cannot_take_it_now(stage: Stage) -> None:
    """Postponed would say that nothing came of it, and let it be changed under the same transaction id."""
    stage.do(Kind.SEND, {"text": "x"}, doubt=True)
    stage.refuse(429, "M_LIMIT_EXCEEDED", "Too Many Requests", 4.0)
    stage.now += 1
    stage.do(Kind.SEND, {"text": "x"}, doubt=True)
    assert stage.news() == [Written(7), LostAction(7, 4.0), LostAction(7, 3.0)]
    stage.now += 3
    stage.do(Kind.SEND, {"text": "x"}, doubt=True)
    stage.refuse(500, "M_UNKNOWN", "boom")
    stage.do(Kind.SEND, {"text": "x"}, doubt=True)
    stage.fail(sent=False)
    assert stage.news() == [Written(7), LostAction(7, 2.0), Written(7), LostAction(7, 4.0)]


def test_a_pause_is_over_when_the_link_breaks(stage: Stage) -> None:
    for number in (7, 8):
        stage.do(Kind.SEND, {"text": "x"}, id=number, doubt=True)
        stage.refuse(500, "M_UNKNOWN", "boom")
    stage.now += 1
    stage.do(Kind.SEND, {"text": "x"}, doubt=True)  # the person did not want to wait
    stage.news()
    stage.ledger.lost(stage.now)
    assert stage.news() == [LostAction(7), LostAction(8)]
    stage.ledger.lost(stage.now)
    assert stage.news() == []


REPEATED = [
    (Kind.BAN, {"user": BOB}),
    (Kind.INVITE, {"user": BOB}),
    (Kind.KICK, {"user": BOB}),
    (Kind.NAME, {"name": "tea"}),
    (Kind.TOPIC, {"topic": "tea"}),
]


@pytest.mark.parametrize(("kind", "content"), REPEATED)
def test_what_was_seen_while_its_second_try_is_under_way_is_not_overtaken(
    stage: Stage, kind: Kind, content: dict[str, Any]
) -> None:  # A14
    """Else the server may ban whom the next action has let in again."""
    stage.do(kind, content, doubt=True)
    (first,) = stage.calls()
    stage.do(Kind.UNBAN, {"user": BOB}, id=8)
    stage.do(Kind.UNBAN, {"user": BOB}, id=8)
    stage.do(Kind.SEND, {"text": "x"}, id=9, room_id="!other")
    assert [call.id for call in stage.calls()] == [first.id, first.id + 1]
    assert stage.ledger.wake_at() is None
    stage.refuse(500, "M_UNKNOWN", "boom")
    assert stage.ledger.wake_at() == 0.0
    stage.ledger.tick(stage.now)
    assert [line(call.request) for call in stage.calls()[1:]] == [f"POST {IN_ROOM}/unban"]
    assert stage.ledger.wake_at() is None


def test_what_waits_behind_another_goes_back_when_the_link_breaks(stage: Stage) -> None:
    stage.do(Kind.TOPIC, {"topic": "tea"}, doubt=True)
    stage.do(Kind.TOPIC, {"topic": "coffee"}, id=8)
    stage.do(Kind.KICK, {"user": BOB}, id=9, doubt=True)
    stage.news()
    stage.ledger.lost(stage.now)
    assert stage.news() == [
        LostAction(7),
        Postponed(8, 0.0, "OFFLINE", "The connection broke before it was sent."),
        LostAction(9),
    ]
    stage.do(Kind.TOPIC, {"topic": "coffee"}, id=8)
    assert len(stage.calls()) == 1


def test_a_message_may_follow_one_that_the_server_knows_again(stage: Stage) -> None:
    stage.do(Kind.SEND, {"text": "x"}, doubt=True)
    stage.do(Kind.READ, {"event_id": "$e"}, id=8)
    stage.do(Kind.SEND, {"text": "y"}, id=9)
    assert len(stage.calls()) == 3


def test_what_was_never_delivered_is_not_in_doubt(stage: Stage) -> None:
    stage.do(Kind.SEND, {"text": "x"})
    stage.fail(sent=False)
    text = "No answer: the connection broke."
    assert stage.news() == [Written(7), Postponed(7, 2.0, "OFFLINE", text)]


def test_a_lookup_that_breaks_has_changed_nothing(stage: Stage) -> None:
    stage.do(Kind.REACT, {"target": "$t", "key": "👍", "remove": True})
    stage.fail()
    text = "No answer: the connection broke."
    assert stage.news() == [Postponed(7, 2.0, "OFFLINE", text)]


def test_the_second_of_two_requests_leaves_the_action_in_doubt_even_unsent(stage: Stage) -> None:
    stage.do(Kind.TAG, {"tag": "low"})
    stage.answer({})
    stage.fail(sent=False)
    assert stage.news() == [Written(7), LostAction(7)]


# ---------------------------------------------------------------- the link


def test_a_broken_link_puts_all_that_is_on_its_way_in_doubt(stage: Stage) -> None:
    stage.do(Kind.SEND, {"text": "x"})
    stage.do(Kind.KICK, {"user": BOB}, id=8, doubt=True)
    stage.do(Kind.REACT, {"target": "$t", "key": "👍", "remove": True}, id=9)
    calls = [call.id for call in stage.calls()]
    stage.news()
    stage.ledger.lost(stage.now)
    assert stage.calls() == []
    assert stage.hung_up == calls
    assert stage.news() == [
        LostAction(7),
        LostAction(8),
        Postponed(9, 0.0, "OFFLINE", "The connection broke before it was sent."),
    ]
    stage.do(Kind.SEND, {"text": "x"}, doubt=True)
    assert line(stage.request()).endswith(TXN)


def test_without_a_link_nothing_leaves(stage: Stage) -> None:
    stage.desk.link = Link.WAITING
    stage.do(Kind.SEND, {"text": "x"})
    stage.do(Kind.SEND, {"text": "y"}, id=8, doubt=True)
    assert stage.news() == [Postponed(7, 0.0, "OFFLINE", "Not connected."), LostAction(8)]
    assert stage.calls() == []


def test_an_action_that_is_on_its_way_is_not_begun_twice(stage: Stage) -> None:
    stage.do(Kind.SEND, {"text": "x"})
    stage.do(Kind.SEND, {"text": "x"})
    assert len(stage.calls()) == 1
    assert stage.news() == [Written(7)]


# ---------------------------------------------------------------- the echo  # B12


def test_an_echo_that_came_before_the_answer_makes_it_final(stage: Stage) -> None:
    stage.do(Kind.SEND, {"text": "x"})
    stage.rooms.orders["$e"] = 500
    stage.answer(EVENT)
    assert stage.news() == [Written(7), Answered(7, "$e", 500, room_id=ROOM, final=True)]
    assert stage.ledger.wake_at() is None


def test_state_that_was_there_already_is_settled_by_the_old_event(stage: Stage) -> None:
    stage.rooms.orders["$old"] = 400
    stage.do(Kind.TOPIC, {"topic": "same"})
    stage.answer({"event_id": "$old"})
    assert stage.news()[-1] == Answered(7, "$old", 400, room_id=ROOM, final=True)


def test_an_answered_event_that_never_comes_is_settled_after_a_while(stage: Stage) -> None:
    stage.do(Kind.TOPIC, {"topic": "tea"})
    stage.answer(EVENT)
    assert stage.ledger.wake_at() == stage.now + UNSEEN
    stage.news()
    stage.now += UNSEEN - 1
    stage.ledger.tick(stage.now)
    assert stage.news() == []
    stage.now += 1
    stage.ledger.tick(stage.now)
    assert stage.news() == [Answered(7, "$e", room_id=ROOM, final=True)]
    assert stage.ledger.wake_at() is None


def test_an_answered_event_that_came_is_not_settled_again(stage: Stage) -> None:
    stage.do(Kind.SEND, {"text": "x"})
    stage.answer(EVENT)
    stage.news()
    stage.rooms.orders["$e"] = 500
    stage.ledger.tick(stage.now + UNSEEN)
    assert stage.news() == []
    assert stage.ledger.wake_at() is None


def test_time_without_a_link_does_not_count_as_waiting_for_an_echo(stage: Stage) -> None:
    stage.do(Kind.SEND, {"text": "x"})
    stage.answer(EVENT)
    stage.news()
    stage.ledger.lost(stage.now)
    stage.desk.link = Link.WAITING
    stage.now += 10 * UNSEEN
    stage.ledger.tick(stage.now)
    assert stage.ledger.wake_at() is None
    stage.desk.link = Link.ONLINE
    assert stage.ledger.wake_at() == 0.0
    stage.ledger.tick(stage.now)
    assert stage.news() == []
    assert stage.ledger.wake_at() == stage.now + UNSEEN
