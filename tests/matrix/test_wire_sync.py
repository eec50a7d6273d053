"""What a /sync tells of rooms, state, timelines and the account."""

from __future__ import annotations

from typing import Any

import pytest

from bench import sync_body as made_up
from chat_tui_matrix.wire.calls import Garbled
from chat_tui_matrix.wire.event_reading import MAX_DEPTH, MAX_TEXT, MAX_TIME
from chat_tui_matrix.wire.events import MatrixEvent, RoomSection
from tests.matrix.wire_bodies import (
    ADA,
    BOB,
    OTHER,
    ROOM,
    Json,
    decoded,
    dumped,
    ids,
    joined,
    member,
    message,
    only,
    state,
    stripped,
    sync_body,
    synced,
    without,
)


# B1
def test_a_first_sync_tells_rooms_with_state_timeline_and_counts_and_the_token() -> None:
    room = joined(
        message("m1", unsigned={"age": 7, "membership": "join", "transaction_id": "3.400"}),
        state={"events": [state("m.room.name", "", {"name": "Talk"})]},
        account_data={"events": [{"type": "m.tag", "content": {"tags": {}}}]},
        ephemeral={"events": [{"type": "m.typing", "content": {"user_ids": [ADA]}}]},
        unread_notifications={"notification_count": 7, "highlight_count": 1},
        summary={"m.joined_member_count": 2, "m.invited_member_count": 0, "m.heroes": [ADA, "@" * 300]},
    )
    body = sync_body({ROOM: room})
    body["account_data"] = {"events": [{"type": "m.direct", "content": {BOB: [ROOM]}}]}
    body["presence"] = {"events": [{"type": "m.presence", "sender": BOB, "content": {"presence": "online"}}]}

    reply = synced(body, "whole_sync")

    assert reply.since == "next"
    assert reply.problems == ()
    section = only(reply)
    assert section.room_id == ROOM
    assert section.membership == "join"
    assert section.whole
    text = {"msgtype": "m.text", "body": "hello"}
    said = MatrixEvent("m.room.message", text, BOB, "$m1", 5, unsigned={"transaction_id": "3.400"}, room_id=ROOM)
    assert section.timeline == (said,)
    assert [(event.type, event.state_key) for event in section.state] == [("m.room.name", "")]
    assert section.account_data[0].type == "m.tag"
    assert section.ephemeral[0].content == {"user_ids": [ADA]}
    assert (section.unread, section.mentions, section.joined, section.invited) == (7, 1, 2, 0)
    assert section.heroes == (ADA,)
    assert section.prev_batch == "before"
    assert not section.limited
    assert reply.account_data[0].content == {BOB: [ROOM]}
    assert reply.presence[0].sender == BOB


# B1, B3
@pytest.mark.parametrize(
    "told", [{}, {"next_batch": ""}, {"next_batch": None}, {"next_batch": 5}, {"next_batch": "x" * 5000}]
)
def test_an_answer_without_a_usable_token_is_garbled(told: Json) -> None:
    value = decoded("sync", sync_body({ROOM: joined(message("m1"))}) | {"next_batch": None} | told)
    assert value == Garbled("The server's answer does not say where to go on: it has no next_batch.")


# B1
@pytest.mark.parametrize(
    "told",
    [
        {"next_batch": "next"},
        {"next_batch": "next", "rooms": None, "presence": None, "account_data": {"events": None}},
        {"next_batch": "next", "rooms": {"join": None, "invite": {}}, "to_device": {"events": [5]}},
        {"next_batch": "next", "rooms": {"peek": {ROOM: 5}}, "device_lists": "?"},  # B5: an unknown section
    ],
)
def test_absent_null_and_unknown_sections_say_nothing(told: Json) -> None:
    reply = synced(told)
    assert (reply.since, reply.rooms, reply.problems) == ("next", (), ())


def test_counts_that_are_not_told_are_none() -> None:
    section = only(synced(sync_body({ROOM: {}})))
    assert (section.unread, section.mentions, section.joined, section.invited, section.heroes) == (None,) * 5
    assert not section.whole


# B6
def test_each_section_of_rooms_has_its_membership() -> None:
    body = sync_body(
        {"!in": joined(message("m1"))},
        invite={
            "!asked": {"invite_state": {"events": [stripped("m.room.name", "", {"name": "X"}), member(ADA, "invite")]}}
        },
        knock={"!door": {"knock_state": {"events": [stripped("m.room.member", ADA, {"membership": "knock"})]}}},
        leave={"!out": joined(member(ADA, "ban"))},
    )
    reply = synced(body)
    assert {section.room_id: section.membership for section in reply.rooms} == {
        "!in": "join",
        "!asked": "invite",
        "!door": "knock",
        "!out": "leave",
    }
    asked = reply.rooms[1]
    assert [(event.type, event.event_id, event.room_id) for event in asked.state] == [
        ("m.room.name", "", "!asked"),
        ("m.room.member", f"$invite-{ADA}", "!asked"),
    ]
    assert ids(reply.rooms[3].timeline) == [f"$ban-{ADA}"]
    assert not any(section.problems for section in reply.rooms)


# B6: a room in two sections
@pytest.mark.parametrize(
    ("told_in", "expected"),
    [
        (("join", "invite"), ["join"]),
        (("join", "knock"), ["join"]),
        (("invite", "knock"), ["invite"]),
        (("invite", "leave"), ["leave"]),
        (("knock", "leave"), ["leave"]),
        (("join", "leave"), ["join", "leave"]),
        (("join", "invite", "knock", "leave"), ["join", "leave"]),
    ],
)
def test_a_room_in_several_sections_ends_in_the_furthest_and_loses_nothing_that_was_said(
    told_in: tuple[str, ...], expected: list[str]
) -> None:
    sections: dict[str, Any] = {name: {ROOM: joined(message(name))} for name in told_in}
    reply = synced({"next_batch": "next", "rooms": sections})
    assert [section.membership for section in reply.rooms] == expected
    said = [event for section in reply.rooms for event in ids(section.timeline)]
    assert said == [f"${name}" for name in expected if name in {"join", "leave"}]


# B6
def test_a_room_whose_id_cannot_be_one_is_set_aside_with_a_sentence() -> None:
    reply = synced(sync_body({"!" * 256: joined(), "": joined(), ROOM: joined(message("m1"))}))
    assert [section.room_id for section in reply.rooms] == [ROOM]
    assert len(reply.problems) == 2
    assert all(text.startswith("A room was set aside: ") and len(text) < 100 for text in reply.problems)


# B7
def test_state_and_timeline_are_kept_apart_and_in_the_servers_order() -> None:
    names = [state("m.room.name", "", {"name": str(n)}, f"n{n}") for n in range(3)]
    section = only(synced(sync_body({ROOM: joined(*names, message("m"), state={"events": [names[2], names[0]]})})))
    assert ids(section.timeline) == ["$n0", "$n1", "$n2", "$m"]
    assert ids(section.state) == ["$n2", "$n0"]
    assert [event.state_key for event in section.timeline] == ["", "", "", None]


# B7: state_after present
def test_state_after_becomes_the_state_that_holds_before_the_timeline() -> None:
    renamed = state(
        "m.room.name",
        "",
        {"name": "2"},
        "n2",
        unsigned={"prev_content": {"name": "0"}, "prev_sender": ADA, "replaces_state": "$n0"},
    )
    again = state("m.room.name", "", {"name": "3"}, "n3", unsigned={"prev_content": {"name": "2"}})
    topic = state("m.room.topic", "", {"topic": "t"})
    first_join = member(BOB)
    room = joined(
        renamed,
        message("m"),
        again,
        first_join,
        state={"events": [topic]},
        state_after={"events": [topic, again, first_join]},
    )
    section = only(synced(sync_body({ROOM: room})))
    before = MatrixEvent("m.room.name", {"name": "0"}, ADA, "$n0", state_key="", room_id=ROOM)
    assert ids(section.timeline) == ["$n2", "$m", "$n3", f"$join-{BOB}"]
    assert section.state[1:] == (before,)
    assert ids(section.state[:1]) == ["$m.room.topic"]


# B7, B10: the server has chosen other state than the timeline ends in
def test_state_after_that_the_timeline_does_not_end_in_comes_behind_it() -> None:
    lost = state("m.room.name", "", {"name": "lost"}, "lost", unsigned={"prev_content": {"name": "old"}})
    won = state("m.room.name", "", {"name": "won"}, "won")
    reply = synced(sync_body({ROOM: joined(lost, state_after={"events": [won]})}))
    section = only(reply)
    assert (ids(section.timeline), [event.content for event in section.state]) == (["$lost"], [{"name": "old"}])
    assert ids(section.corrections) == ["$won"]


# B8
@pytest.mark.parametrize(
    ("timeline", "limited", "prev_batch"),
    [
        ({"events": [], "limited": True, "prev_batch": "t1"}, True, "t1"),
        ({"events": [], "limited": True}, True, ""),
        ({"limited": None, "prev_batch": None}, False, ""),
        ({"limited": True, "prev_batch": "x" * 5000}, True, ""),
        ({"limited": "yes", "prev_batch": 7}, False, ""),
    ],
)
def test_a_limited_timeline_keeps_its_token_where_it_can_be_sent_back(
    timeline: Json, limited: bool, prev_batch: str
) -> None:
    section = only(synced(sync_body({ROOM: {"timeline": timeline}})))
    assert (section.limited, section.prev_batch) == (limited, prev_batch)


GOOD = message("odd")
# What is done to an event, and half the sentence that it is set aside with.
SPOILED: list[tuple[str, Any, str]] = [
    ("a number", 5, "it is no object"),
    ("null", None, "it is no object"),
    ("a list", [GOOD], "it is no object"),
    ("no type", without(GOOD, "type"), "it has no type"),
    ("a type that is no text", GOOD | {"type": 5}, "it has no type"),
    ("an empty type", GOOD | {"type": ""}, "it has no type"),
    ("a long type", GOOD | {"type": "m" * 256}, "it has no type"),
    ("no content", without(GOOD, "content"), "its content is no object (m.room.message $odd)"),
    ("content null", GOOD | {"content": None}, "its content is no object (m.room.message $odd)"),
    ("content a text", GOOD | {"content": "hi"}, "its content is no object (m.room.message $odd)"),
    ("content a list", GOOD | {"content": [1]}, "its content is no object (m.room.message $odd)"),
    ("no event_id", without(GOOD, "event_id"), "it has no usable event_id (m.room.message)"),
    ("event_id null", GOOD | {"event_id": None}, "it has no usable event_id (m.room.message None)"),
    ("an empty event_id", GOOD | {"event_id": ""}, "it has no usable event_id (m.room.message)"),
    ("a long event_id", GOOD | {"event_id": "$" * 256}, "it has no usable event_id (m.room.message $$$"),
    ("no sender", without(GOOD, "sender"), "it has no usable sender (m.room.message $odd)"),
    ("sender a number", GOOD | {"sender": 1}, "it has no usable sender (m.room.message $odd)"),
    ("a long sender", GOOD | {"sender": "@" * 256}, "it has no usable sender (m.room.message $odd)"),
    ("state_key null", GOOD | {"state_key": None}, "its state_key cannot be one (m.room.message $odd)"),
    ("state_key a number", GOOD | {"state_key": 0}, "its state_key cannot be one (m.room.message $odd)"),
    ("a long state_key", GOOD | {"state_key": "k" * 256}, "its state_key cannot be one (m.room.message $odd)"),
    ("a number that no computer has", GOOD | {"content": {"n": "HUGE"}}, "its JSON cannot be read"),
]


# B5
@pytest.mark.parametrize(("event", "why"), [row[1:] for row in SPOILED], ids=[row[0] for row in SPOILED])
def test_a_malformed_event_is_set_aside_with_one_sentence_and_its_neighbours_stay(event: Any, why: str) -> None:
    body = sync_body({ROOM: joined(message("a"), event, message("b")), OTHER: joined(message("c"))})
    reply = synced(dumped(body).replace(b'"HUGE"', b"1e999"))
    here, there = reply.rooms
    assert reply.since == "next"
    assert (ids(here.timeline), ids(there.timeline)) == (["$a", "$b"], ["$c"])
    (sentence,) = here.problems
    assert sentence.startswith(f"An event was set aside: {why}")
    assert len(sentence) < 400
    assert (there.problems, reply.problems) == ((), ())


# B5, B10
@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"origin_server_ts": 1.5}, {"origin_server_ts": 0}),
        ({"origin_server_ts": "5"}, {"origin_server_ts": 0}),
        ({"origin_server_ts": True}, {"origin_server_ts": 0}),
        ({"origin_server_ts": None}, {"origin_server_ts": 0}),
        ({"origin_server_ts": -1}, {"origin_server_ts": 0}),
        ({"origin_server_ts": 2**53 + 1}, {"origin_server_ts": MAX_TIME}),
        ({"origin_server_ts": 10**40}, {"origin_server_ts": MAX_TIME}),
        ({"origin_server_ts": "5", "unsigned": {"transaction_id": "1.2"}}, {"unsigned": {"transaction_id": "1.2"}}),
        ({"unsigned": None}, {"unsigned": {}}),
        ({"unsigned": [1]}, {"unsigned": {}}),
        ({"unsigned": {"age": -5, "membership": "leave", "x": 1}}, {"unsigned": {}}),
        (
            {"unsigned": {"age": 1, "m.relations": {"m.replace": {}}, "transaction_id": None}},
            {"unsigned": {"m.relations": {"m.replace": {}}, "transaction_id": None}},
        ),
        ({"redacts": 5}, {"redacts": ""}),
        ({"room_id": 5}, {"room_id": ROOM}),
        ({"room_id": "!forged"}, {"room_id": ROOM}),
        ({"content": {}, "unsigned": {"redacted_because": {}}}, {"content": {}, "unsigned": {"redacted_because": {}}}),
        ({"type": "m.room.redaction", "redacts": "$x"}, {"redacts": "$x"}),
        ({"type": "m.room.redaction", "content": {"redacts": "$y"}}, {"redacts": "$y"}),
        ({"content": {"redacts": "$y"}}, {"redacts": ""}),
        ({"prev_content": 5, "unknown": [None]}, {}),
    ],
)
def test_parts_that_an_event_can_do_without_never_cost_the_event(change: Json, expected: Json) -> None:
    section = only(synced(sync_body({ROOM: joined(GOOD | change)})))
    (event,) = section.timeline
    assert {name: getattr(event, name) for name in expected} == expected
    assert section.problems == ()


# B10: event without content = deleted
def test_state_without_content_is_state_with_none() -> None:
    gone = without(state("m.room.topic", "", {}), "content")
    section = only(synced(sync_body({ROOM: joined(gone, state={"events": [gone]})})))
    assert [event.content for event in (*section.timeline, *section.state)] == [{}, {}]
    assert section.problems == ()


# B5
def test_what_is_no_state_is_set_aside_in_state_only() -> None:
    section = only(synced(sync_body({ROOM: joined(message("a"), state={"events": [message("b")]})})))
    assert (ids(section.timeline), section.state) == (["$a"], ())
    assert section.problems == ("An event was set aside: its state_key cannot be one (m.room.message $b).",)


# B5
@pytest.mark.parametrize("spoiled", [5, "x", [], [5], {"events": 5}, {"events": {"a": 1}}])
@pytest.mark.parametrize("place", ["timeline", "state", "ephemeral", "account_data", "summary", "unread_notifications"])
def test_a_part_of_the_wrong_shape_costs_only_itself(place: str, spoiled: Any) -> None:
    whole = joined(message("m"), state={"events": [state("m.room.name", "", {})]}, summary={"m.joined_member_count": 2})
    reply = synced(sync_body({ROOM: whole | {place: spoiled}, OTHER: whole}))
    clean = synced(sync_body({ROOM: whole, OTHER: whole}))
    here, there = reply.rooms
    assert there == clean.rooms[1]
    kept = {"timeline", "state", "joined"} - {place, "joined" if place == "summary" else ""}
    assert {name: getattr(here, name) for name in kept} == {name: getattr(clean.rooms[0], name) for name in kept}
    expected = 0 if isinstance(spoiled, dict) and place in {"summary", "unread_notifications"} else 1
    assert len(here.problems) == expected


# B5
@pytest.mark.parametrize("membership", ["join", "invite", "knock", "leave"])
def test_of_a_room_that_is_no_object_only_a_sentence_is_left(membership: str) -> None:
    reply = synced({"next_batch": "next", "rooms": {membership: {ROOM: 5, OTHER: {}}}})
    left, good = reply.rooms
    text = f"A part of the server's answer was left out, it has the wrong shape: rooms / {membership} / {ROOM}."
    assert left == RoomSection(ROOM, "", problems=(text,))
    assert (good.room_id, good.membership, good.problems) == (OTHER, membership, ())


# B1
def test_a_section_is_read_when_it_is_taken() -> None:
    reply = synced(sync_body({f"!{number}": joined(message(f"m{number}")) for number in range(5)}))
    assert len(reply.rooms) == 5
    assert [section.room_id for section in reply.rooms[1:3]] == ["!1", "!2"]
    assert reply.rooms[-1] == only(synced(sync_body({"!4": joined(message("m4"))})))
    assert reply.rooms == tuple(reply.rooms)
    assert reply.rooms != ()
    with pytest.raises(IndexError):
        reply.rooms[5]


# B5, E7
def test_long_texts_are_cut_and_deep_ones_ended() -> None:
    deep: Any = "bottom"
    for _ in range(200):
        deep = {"in": deep}
    text = "é" * (MAX_TEXT + 5)
    content = {"body": text, "deep": deep, "list": [[text]], "flat": [1, None, True, 2.5]}
    section = only(synced(sync_body({ROOM: joined(message("m", content=content, unsigned={"prev_content": [text]}))})))
    (event,) = section.timeline
    assert event.content["body"] == "é" * MAX_TEXT
    assert event.content["list"] == [["é" * MAX_TEXT]]
    assert event.unsigned == {"prev_content": ["é" * MAX_TEXT]}
    assert event.content["flat"] == [1, None, True, 2.5]
    node: Any = event.content
    level = 0
    while isinstance(node, dict):
        level, node = level + 1, node.get("in", node.get("deep"))
    assert (level, node) == (MAX_DEPTH, None)
    assert section.problems == ()


# B20
def test_ephemeral_events_and_account_data_need_neither_sender_nor_id() -> None:
    receipt = {"type": "m.receipt", "content": {"$m": {"m.read": {BOB: {"ts": 5}}}}}
    room = joined(
        ephemeral={"events": [receipt, {"type": "m.typing"}]},
        account_data={"events": [{"type": "m.fully_read", "content": {}}]},
    )
    section = only(synced(sync_body({ROOM: room})))
    assert [event.type for event in section.ephemeral] == ["m.receipt"]
    assert [event.type for event in section.account_data] == ["m.fully_read"]
    assert section.problems == ("An event was set aside: its content is no object (m.typing).",)


# B1
def test_a_made_up_body_is_the_same_for_the_same_seed_and_is_read_whole() -> None:
    body = made_up.body(30, 12, members=5, seed=7)
    assert body == made_up.body(30, 12, members=5, seed=7)
    assert body != made_up.body(30, 12, members=5, seed=8)
    assert 0.9 < len(made_up.body(made_up.rooms_for(300_000), 15)) / 300_000 < 1.1
    reply = synced(body, "whole_sync")
    assert reply.since == made_up.NEXT
    assert reply.problems == ()
    assert len(reply.rooms) == 30
    kinds = {
        "m.room.create",
        "m.room.member",
        "m.room.power_levels",
        "m.room.join_rules",
        "m.room.name",
        "m.room.topic",
    }
    for section in reply.rooms:
        assert (len(section.timeline), section.problems, section.limited) == (12, (), True)
        assert {event.type for event in section.state} == kinds
        assert sum(event.type == "m.room.member" for event in section.state) == 5
