"""What S1's own calls tell, in the words of a plain sync: initialSync, a room's initialSync, the event stream."""

from __future__ import annotations

from typing import Any

import pytest

from chat_tui_matrix.wire.calls import Garbled
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
    synced,
    without,
)

CREATE = state("m.room.create", "", {"room_version": "11"}, "create")


def in_room(event: Json, room_id: str = ROOM) -> Json:
    """An event as the legacy calls give it: with its room, and some fields twice."""
    return event | {"room_id": room_id, "age": 12, "user_id": event["sender"]}


def room(**more: Any) -> Json:
    chunk = [in_room(message("a")), in_room(message("b"))]
    return {
        "room_id": ROOM,
        "membership": "join",
        "visibility": "private",
        "messages": {"chunk": chunk, "start": "t10", "end": "s13"},
        "state": [in_room(CREATE), in_room(member(BOB))],
        "account_data": [{"type": "m.tag", "content": {"tags": {}}}],
        **more,
    }


def initial(*rooms: Any, **more: Any) -> Json:
    return {"rooms": list(rooms), "end": "s13_9", **more}


# B1, B14 (H1)
def test_an_initial_sync_tells_rooms_people_and_the_account() -> None:
    told = initial(
        room(),
        {"room_id": OTHER, "membership": "invite", "inviter": BOB, "invite": in_room(member(ADA, "invite"), OTHER)},
        presence=[{"type": "m.presence", "content": {"presence": "online", "user_id": BOB}}],
        account_data=[{"type": "m.direct", "content": {}}],
        receipts=[{"room_id": ROOM, "type": "m.receipt", "content": {"$a": {"m.read": {BOB: {"ts": 1}}}}}],
    )
    reply = synced(told, "initial_sync")
    joined, invited = reply.rooms
    assert (reply.since, reply.problems) == ("s13_9", ())
    assert (joined.room_id, joined.membership, joined.whole) == (ROOM, "join", True)
    assert (ids(joined.timeline), joined.limited, joined.prev_batch) == (["$a", "$b"], True, "t10")
    assert [event.type for event in joined.state] == ["m.room.create", "m.room.member"]
    assert [event.type for event in (*joined.account_data, *joined.ephemeral)] == ["m.tag", "m.receipt"]
    assert joined.unread is None
    assert (invited.room_id, invited.membership, invited.whole) == (OTHER, "invite", False)
    assert [(event.type, event.sender, event.state_key) for event in invited.state] == [("m.room.member", BOB, ADA)]
    assert [(event.type, event.sender) for event in reply.presence] == [("m.presence", BOB)]
    assert [event.type for event in reply.account_data] == ["m.direct"]


# B17
def test_a_room_that_has_its_beginning_is_not_limited() -> None:
    short = room(messages={"chunk": [in_room(CREATE), in_room(message("a"))], "start": "t1", "end": "s2"})
    section = only(synced(initial(short), "initial_sync"))
    assert (section.limited, section.prev_batch) == (False, "t1")
    assert not only(synced(initial(room(messages={"chunk": []})), "initial_sync")).limited


# B7: state is the room's as it is now
def test_state_is_turned_into_what_holds_before_the_messages() -> None:
    change = in_room(state("m.room.topic", "", {"topic": "new"}, "t2", unsigned={"prev_content": {"topic": "old"}}))
    told = room(state=[change], messages={"chunk": [in_room(message("a")), change], "start": "t1", "end": "s2"})
    section = only(synced(initial(told), "initial_sync"))
    assert [event.content for event in section.state] == [{"topic": "old"}]
    assert ids(section.timeline) == ["$a", "$t2"]


# B7, B10
def test_state_that_the_messages_do_not_end_in_comes_in_a_second_section() -> None:
    lost = in_room(state("m.room.topic", "", {"topic": "lost"}, "t2"))
    won = in_room(state("m.room.topic", "", {"topic": "won"}, "t1"))
    told = room(state=[won], messages={"chunk": [lost], "start": "t1", "end": "s2"})
    first, second = synced(told, "room_initial_sync").rooms
    assert (ids(first.timeline), ids(first.state)) == (["$t2"], [])
    assert (second.room_id, second.whole, ids(second.timeline), ids(second.state)) == (ROOM, False, [], ["$t1"])


@pytest.mark.parametrize(
    ("told", "membership"), [("leave", "leave"), ("ban", "leave"), ("knock", "knock"), (None, "join"), ("?", "join")]
)
def test_how_we_stand_to_a_room(told: str | None, membership: str) -> None:
    assert only(synced(initial(room(membership=told)), "initial_sync")).membership == membership


# B5
@pytest.mark.parametrize(
    ("spoiled", "why"),
    [
        (5, "A room was set aside: it is no object."),
        ({"membership": "join"}, "A room was set aside: '' is no room's id."),
        ({"room_id": 7}, "A room was set aside: '' is no room's id."),
        ({"room_id": "!" * 300}, f"A room was set aside: '{'!' * 39}…' is no room's id."),
    ],
)
def test_a_spoiled_room_costs_only_itself(spoiled: Any, why: str) -> None:
    reply = synced(initial(spoiled, room()), "initial_sync")
    assert ids(only(reply).timeline) == ["$a", "$b"]
    assert reply.problems == (why,)


# B5
def test_a_spoiled_event_of_a_room_costs_only_itself() -> None:
    told = room(state=[in_room(CREATE), in_room(CREATE) | {"state_key": None}], invite=5)
    section = only(synced(initial(told), "initial_sync"))
    assert ids(section.state) == ["$create"]
    assert section.problems == (
        "An event was set aside: its state_key cannot be one (m.room.create $create).",
        "An event was set aside: it is no object.",
    )


# B16
def test_one_rooms_initial_sync_is_a_reply_with_one_room() -> None:
    told = room(receipts=[{"room_id": ROOM, "type": "m.receipt", "content": {}}], presence=[])
    reply = synced(told, "room_initial_sync")
    section = only(reply)
    assert (reply.since, section.room_id, section.whole) == ("s13", ROOM, True)
    assert (ids(section.timeline), section.prev_batch) == (["$a", "$b"], "t10")
    assert [event.type for event in section.ephemeral] == ["m.receipt"]


def stream(*chunk: Any) -> Json:
    return {"chunk": list(chunk), "start": "s1", "end": "s9"}


# B2, B20
def test_the_event_stream_is_sorted_by_room_and_kind() -> None:
    reply = synced(
        stream(
            in_room(message("a")),
            {"type": "m.presence", "content": {"user_id": BOB, "presence": "online"}},
            {"type": "m.typing", "room_id": OTHER, "content": {"user_ids": [BOB]}},
            in_room(message("c"), OTHER),
            in_room(message("b")),
            {"type": "m.receipt", "room_id": ROOM, "content": {"$a": {}}},
            {"type": "m.fully_read", "room_id": ROOM, "content": {"event_id": "$a"}},
            {"type": "m.push_rules", "content": {"global": {}}},
        ),
        "events",
    )
    here, there = reply.rooms
    assert (reply.since, reply.problems) == ("s9", ())
    assert (here.room_id, ids(here.timeline)) == (ROOM, ["$a", "$b"])
    assert [event.type for event in (*here.ephemeral, *here.account_data)] == ["m.receipt", "m.fully_read"]
    assert (there.room_id, ids(there.timeline)) == (OTHER, ["$c"])
    assert [event.type for event in there.ephemeral] == ["m.typing"]
    assert [event.type for event in reply.account_data] == ["m.push_rules"]
    assert [event.sender for event in reply.presence] == [BOB]
    assert not any(section.limited or section.prev_batch or section.whole for section in reply.rooms)


# B4: our own member events come twice
def test_an_event_that_comes_twice_is_given_once() -> None:
    twice = in_room(member(ADA))
    reply = synced(stream(in_room(message("a")), twice, in_room(message("b")), twice), "events")
    assert ids(only(reply).timeline) == ["$a", f"$join-{ADA}", "$b"]


# B5
@pytest.mark.parametrize(
    ("spoiled", "why"),
    [
        (in_room(without(message("x"), "event_id")), "it has no usable event_id or sender (m.room.message)"),
        (without(in_room(message("x")), "sender"), "it has no usable event_id or sender (m.room.message)"),
        (
            {"type": "m.room.topic", "room_id": ROOM, "state_key": "", "content": {}},
            "it has no usable event_id or sender (m.room.topic)",
        ),
        (message("x"), "it does not say in which room it is (m.room.message)"),
        (in_room(message("x"), "!" * 256), "it does not say in which room it is (m.room.message)"),
        (in_room(message("x")) | {"content": 5}, "its content is no object (m.room.message $x)"),
        (5, "it is no object"),
    ],
)
def test_a_spoiled_event_of_the_stream_costs_only_itself(spoiled: Any, why: str) -> None:
    reply = synced(stream(in_room(message("a")), spoiled, in_room(message("b"))), "events")
    assert ids(only(reply).timeline) == ["$a", "$b"]
    assert reply.problems == (f"An event was set aside: {why}.",)
    assert reply.since == "s9"


# B3
@pytest.mark.parametrize("reads", ["initial_sync", "events"])
def test_an_answer_without_an_end_is_garbled(reads: str) -> None:
    assert decoded(reads, {"chunk": [], "rooms": []}) == Garbled(
        "The server's answer does not say where to go on: it has no end."
    )


def test_a_rooms_answer_that_names_no_room_is_garbled() -> None:
    assert decoded("room_initial_sync", without(room(), "room_id")) == Garbled(
        "The server's answer does not say which room it tells of."
    )
