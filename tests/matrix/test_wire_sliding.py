"""What a simplified sliding sync (MSC4186) tells, in the words of a plain sync."""

from __future__ import annotations

from typing import Any

import pytest

from chat_tui_matrix.wire.calls import Garbled, Refusal
from chat_tui_matrix.wire.events import MatrixEvent
from tests.matrix.wire_bodies import (
    ADA,
    BOB,
    OTHER,
    ROOM,
    Json,
    decoded,
    ids,
    member,
    message,
    only,
    state,
    stripped,
    synced,
    without,
)


def body(rooms: Json | None = None, **more: Any) -> Json:
    return {"pos": "7/s9", "rooms": rooms or {}, **more}


def room(**told: Any) -> Any:
    return only(synced(body({ROOM: told}), "sliding"))


# B1
def test_a_room_of_the_window_becomes_a_section() -> None:
    told = {
        "name": "Talk",
        "initial": True,
        "required_state": [state("m.room.create", "", {"room_version": "12"}), member(BOB)],
        "timeline": [message("a"), message("b")],
        "prev_batch": "t5",
        "limited": True,
        "num_live": 1,
        "joined_count": 41,
        "invited_count": 1,
        "notification_count": 54,
        "highlight_count": 0,
        "heroes": [{"user_id": BOB, "displayname": "Bob"}, {"displayname": "nobody"}],
        "bump_stamp": 9,
        "is_dm": False,
    }
    lists = {"all": {"count": 1337, "ops": [{"op": "SYNC", "range": [0, 19], "room_ids": [ROOM]}]}, "dm": {"count": 3}}
    reply = synced(body({ROOM: told}, lists=lists), "sliding")
    section = only(reply)
    assert (reply.since, reply.total, reply.problems) == ("7/s9", 1337, ())
    assert (section.room_id, section.membership, section.name, section.whole) == (ROOM, "join", "Talk", True)
    assert (ids(section.timeline), section.limited, section.prev_batch) == (["$a", "$b"], True, "t5")
    assert [event.type for event in section.state] == ["m.room.create", "m.room.member"]
    assert (section.joined, section.invited, section.unread, section.mentions) == (41, 1, 54, 0)
    assert section.heroes == (BOB,)
    assert section.problems == ()


# B6
@pytest.mark.parametrize(
    ("told", "membership"),
    [
        ({}, "join"),
        ({"membership": "join"}, "join"),
        ({"membership": "leave"}, "leave"),
        ({"membership": "ban"}, "leave"),
        ({"membership": "knock", "stripped_state": [stripped("m.room.name", "", {})]}, "knock"),
        ({"membership": "leave", "stripped_state": [stripped("m.room.name", "", {})]}, "leave"),
        ({"membership": "moved"}, "join"),
        ({"invite_state": [stripped("m.room.name", "", {})]}, "invite"),
        ({"invite_state": [stripped("m.room.member", ADA, {"membership": "invite"})]}, "invite"),
        (
            {
                "invite_state": [
                    stripped("m.room.member", BOB, {"membership": "join"}),
                    stripped("m.room.member", ADA, {"membership": "knock"}),
                ]
            },
            "knock",
        ),
        ({"invite_state": [stripped("m.room.member", ADA, {"membership": ["knock"]})]}, "invite"),
    ],
)
def test_how_we_stand_to_a_room(told: Json, membership: str) -> None:
    section = room(**told)
    assert section.membership == membership
    assert section.problems == ()


# B1: an invite is shown by its stripped state
def test_an_invite_brings_its_stripped_state() -> None:
    section = room(initial=True, invite_state=[stripped("m.room.name", "", {"name": "X"}), member(ADA, "invite")])
    assert [event.type for event in section.state] == ["m.room.name", "m.room.member"]
    assert (section.timeline, section.whole) == ((), False)


# E6: two zeros are no statement, Synapse gives them for every room
@pytest.mark.parametrize(
    ("told", "expected"),
    [((0, 0), (None, None)), ((3, 0), (3, 0)), ((0, 2), (0, 2)), ((None, None), (None, None)), ((-4, 1), (0, 1))],
)
def test_counts_of_the_unread(told: tuple[int, int], expected: tuple[int | None, int | None]) -> None:
    section = room(notification_count=told[0], highlight_count=told[1])
    assert (section.unread, section.mentions) == expected


# B7: the state of a sliding sync holds after the timeline
def test_state_is_turned_into_what_holds_before_the_timeline() -> None:
    change = state("m.room.topic", "", {"topic": "new"}, "t2", unsigned={"prev_content": {"topic": "old"}})
    section = room(required_state=[change, member(BOB)], timeline=[message("a"), change])
    assert ids(section.timeline) == ["$a", "$t2"]
    assert [(event.type, event.content) for event in section.state] == [
        ("m.room.member", {"membership": "join"}),
        ("m.room.topic", {"topic": "old"}),
    ]


# B7, B10
def test_state_that_the_timeline_does_not_end_in_comes_in_a_second_section() -> None:
    lost = state("m.room.topic", "", {"topic": "lost"}, "t2")
    won = state("m.room.topic", "", {"topic": "won"}, "t1")
    reply = synced(body({ROOM: {"required_state": [won], "timeline": [lost]}}), "sliding")
    assert [ids(section.state) for section in reply.rooms] == [[], ["$t1"]]
    assert [ids(section.timeline) for section in reply.rooms] == [["$t2"], []]


# B10: a stub says that state is gone; anything else needs its id and sender
def test_a_stub_of_state_is_state_without_content() -> None:
    stub = {"type": "m.room.topic", "state_key": ""}
    nameless = without(state("m.room.name", "", {"name": "X"}), "event_id")
    section = room(required_state=[stub, nameless])
    assert section.state == (MatrixEvent("m.room.topic", state_key="", room_id=ROOM),)
    assert section.problems == ("An event was set aside: it has no usable event_id or sender (m.room.name).",)


# B11: old events never come as if they were new
@pytest.mark.parametrize("flag", ["expanded_timeline", "unstable_expanded_timeline"])
@pytest.mark.parametrize(
    ("live", "said", "limited", "prev_batch"),
    [
        (0, [], False, ""),
        (1, ["$c"], False, ""),
        (3, ["$a", "$b", "$c"], True, "t5"),
        (9, ["$a", "$b", "$c"], True, "t5"),
        (None, [], False, ""),
    ],
)
def test_of_an_expanded_timeline_only_what_is_new_is_given(
    flag: str, live: int | None, said: list[str], limited: bool, prev_batch: str
) -> None:
    events = [message(name) for name in "abc"]
    section = room(timeline=events, limited=True, prev_batch="t5", num_live=live, **{flag: True})
    assert (ids(section.timeline), section.limited, section.prev_batch) == (said, limited, prev_batch)
    first = room(timeline=events, limited=True, prev_batch="t5", num_live=live, initial=True, **{flag: True})
    assert (ids(first.timeline), first.limited) == (["$a", "$b", "$c"], True)


# B20
def test_extensions_are_put_with_their_rooms() -> None:
    tag = {"type": "m.tag", "content": {"tags": {}}}
    extensions = {
        "receipts": {"rooms": {ROOM: {"type": "m.receipt", "content": {"$a": {}}}}},
        "typing": {
            "rooms": {
                ROOM: {"type": "m.typing", "content": {"user_ids": []}},
                OTHER: {"type": "m.typing", "content": {}},
            }
        },
        "account_data": {"global": [{"type": "m.direct", "content": {}}], "rooms": {OTHER: [tag]}},
        "to_device": {"next_batch": "1", "events": []},
        "e2ee": 5,
    }
    reply = synced(body({ROOM: {"timeline": [message("a")]}}, extensions=extensions), "sliding")
    here, there = reply.rooms
    assert [event.type for event in here.ephemeral] == ["m.receipt", "m.typing"]
    assert ids(here.timeline) == ["$a"]
    assert (there.room_id, there.membership, there.timeline) == (OTHER, "join", ())
    assert [event.type for event in (*there.ephemeral, *there.account_data)] == ["m.typing", "m.tag"]
    assert [event.type for event in reply.account_data] == ["m.direct"]


# B5
def test_a_malformed_event_room_or_extension_costs_only_itself() -> None:
    rooms = {
        ROOM: {"timeline": [message("a"), without(message("b"), "sender"), message("c")], "name": 5},
        OTHER: [],
        "!" * 256: {},
    }
    extensions = {"receipts": {"rooms": {ROOM: {"type": 5}, OTHER: 5}}, "typing": 5}
    reply = synced(body(rooms, extensions=extensions, lists=[]), "sliding")
    section = only(reply)
    assert ids(section.timeline) == ["$a", "$c"]
    assert sorted(section.problems) == [
        f"A part of the server's answer was left out, it has the wrong shape: rooms / {ROOM} / name.",
        "An event was set aside: it has no usable sender (m.room.message $b).",
    ]
    assert len(reply.problems) == 6
    assert reply.since == "7/s9"


# B3
def test_a_lost_position_is_a_refusal_and_no_position_is_garbled() -> None:
    error = {"errcode": "M_UNKNOWN_POS", "error": "Unknown position"}
    assert decoded("sliding", error, 400) == Refusal("M_UNKNOWN_POS", "Unknown position")
    assert decoded("sliding", {"rooms": {}}) == Garbled(
        "The server's answer does not say where to go on: it has no pos."
    )
