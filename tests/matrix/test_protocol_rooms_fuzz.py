"""Tests any sequence of sections: nothing raises, and what is told, what is stored and what is known are the same."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from chat_tui_core.model import Room
from chat_tui_core.news import Arrived, MemberChanged, MembersListed, News, RoomChanged
from chat_tui_matrix.protocol.names import is_in
from chat_tui_matrix.wire.events import MatrixEvent, RoomSection
from tests.matrix.rooms_stage import ANN, BOB, ME, ROOM, SECOND, Stage, of, section

USERS = (ME, ANN, BOB)
LEAVES = st.none() | st.booleans() | st.integers() | st.text(max_size=4) | st.sampled_from([ANN, ROOM, "$1", "#a:x"])
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=4,
)
IDS = st.integers(1, 40).map("${}".format)


def content(**keys: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """Contents with these keys, or without, and now and then with anything in them."""
    return st.fixed_dictionaries({}, optional={key: value | VALUES for key, value in keys.items()})


NAMES = st.sampled_from(["Sam", "Ann", "", "Tea room", "@bob:y"])
MEMBERSHIPS = st.sampled_from(["join", "invite", "leave", "ban", "knock"])
RELATION = content(rel_type=st.sampled_from(["m.replace", "m.annotation"]), event_id=IDS, key=st.just("k"))
CONTENTS = {
    "m.room.member": content(membership=MEMBERSHIPS, displayname=NAMES, is_direct=st.booleans()),
    "m.room.name": content(name=NAMES),
    "m.room.topic": content(topic=NAMES),
    "m.room.canonical_alias": content(alias=st.just("#a:x"), alt_aliases=st.just(["#b:x"])),
    "m.room.join_rules": content(join_rule=st.sampled_from(["public", "invite"])),
    "m.room.tombstone": content(replacement_room=st.just("!new:x")),
    "m.room.power_levels": content(users=st.dictionaries(st.sampled_from(USERS), st.integers(0, 100), max_size=2)),
    "m.room.create": content(room_version=st.sampled_from(["11", "12"])),
    "own:standing": content(membership=MEMBERSHIPS),
    "m.room.message": content(**{"msgtype": st.just("m.text"), "body": NAMES, "m.relates_to": RELATION}),
    "m.reaction": content(**{"m.relates_to": RELATION}),
    "m.room.redaction": content(redacts=IDS),
}
STATE = [kind for kind in CONTENTS if not kind.startswith(("m.room.me", "m.rea", "m.room.red"))] + ["m.room.member"]
UNSIGNED = content(prev_content=CONTENTS["m.room.member"], transaction_id=st.just("3.4"), redacted_because=VALUES)


@st.composite
def events(draw: st.DrawFn, *, only_state: bool = False) -> MatrixEvent:
    """An event of a room, as the wire lets it through."""
    kind = draw(st.sampled_from(STATE if only_state else list(CONTENTS)))
    key = draw(st.sampled_from(USERS)) if kind == "m.room.member" else "" if kind in STATE else None
    told = draw(CONTENTS[kind])
    return MatrixEvent(kind, told, draw(st.sampled_from(USERS)), draw(IDS), SECOND, key, unsigned=draw(UNSIGNED))


BESIDE = st.sampled_from(
    [
        MatrixEvent("m.tag", {"tags": {"m.favourite": {}}}),
        MatrixEvent("m.tag", {"tags": {}}),
        MatrixEvent("m.fully_read", {"event_id": "$1"}),
        MatrixEvent("m.typing", {"user_ids": [ANN]}),
        MatrixEvent("m.receipt", {"$1": {"m.read": {ANN: {}, ME: {}}}}),
    ]
)
COUNT = st.none() | st.integers(0, 3)
SECTIONS = st.builds(
    RoomSection,
    room_id=st.just(ROOM),
    membership=st.sampled_from(["join", "join", "join", "invite", "leave", "knock"]),
    timeline=st.lists(events(), max_size=4).map(tuple),
    state=st.lists(events(only_state=True), max_size=4).map(tuple),
    ephemeral=st.lists(BESIDE, max_size=1).map(tuple),
    account_data=st.lists(BESIDE, max_size=1).map(tuple),
    limited=st.booleans(),
    prev_batch=st.sampled_from(["", "p"]),
    whole=st.booleans(),
    heroes=st.none() | st.lists(st.sampled_from(USERS), max_size=2).map(tuple),
    joined=COUNT,
    invited=COUNT,
    unread=COUNT,
    mentions=COUNT,
    name=st.sampled_from(["", "By server"]),
)
ACCOUNT = st.sampled_from(
    [
        MatrixEvent("m.direct", {ANN: [ROOM]}),
        MatrixEvent("m.direct", {}),
        MatrixEvent("m.push_rules", {"global": {"room": [{"rule_id": ROOM, "actions": []}]}}),
        MatrixEvent("m.push_rules", {}),
    ]
)


def taken(rooms: dict[str, Room], news: list[News]) -> None:
    """Do with RoomChanged what the session does."""
    for changed in of(news, RoomChanged):
        room_id = changed.room.room_id
        told = {name: getattr(changed.room, name) for name in changed.fields}
        assert told.keys() <= {field.name for field in fields(Room)}
        rooms[room_id] = replace(rooms.get(room_id, Room(room_id)), **told)


@given(st.lists(SECTIONS | ACCOUNT | st.just("keep"), min_size=1, max_size=6))
@settings(max_examples=150, deadline=None)
def test_what_is_told_is_what_is_known_now_and_in_the_next_run(told: list[RoomSection | MatrixEvent | str]) -> None:
    # B4, B5, B9
    stage = Stage()
    rooms: dict[str, Room] = {}
    for item in told:
        if isinstance(item, RoomSection):
            news = stage.apply(item)
        elif isinstance(item, str):
            stage.keep()
            continue
        else:
            stage.rooms.account_data([item])
            news = stage.said()
        taken(rooms, news)
        for arrived in of(news, Arrived):
            orders = [line.order for line in arrived.events]
            assert orders == list(range(stage.base, stage.base + len(orders)))
    known = {room.room_id: room for room in stage.rooms.overview()}
    assert known == rooms
    again = stage.again()
    again.apply(section(ephemeral=(MatrixEvent("m.typing", {"user_ids": []}),)))
    stored = {room.room_id: room for room in again.rooms.overview()}
    assert stored == {room_id: replace(room, unread=0, mentions=0) for room_id, room in known.items()}


@given(st.lists(SECTIONS.filter(lambda told: told.membership == "join"), min_size=1, max_size=6))
@settings(max_examples=150, deadline=None)
def test_the_members_that_were_told_are_those_that_are_known(told: list[RoomSection]) -> None:
    # B9, B18
    stage = Stage()
    members: dict[str, str] = {}
    for item in told:
        for news in stage.apply(item):
            if isinstance(news, MembersListed):
                members = {person.user_id: person.name for person in news.members}
            elif isinstance(news, MemberChanged) and news.gone:
                members.pop(news.member.user_id, None)
            elif isinstance(news, MemberChanged):
                members[news.member.user_id] = news.member.name
    known = stage.rooms.state.all(ROOM, "m.room.member")
    assert members.keys() == {user for user, content in known.items() if is_in(content)}
    people = [MatrixEvent("m.room.member", content, state_key=user) for user, content in known.items()]
    assert members == {person.user_id: person.name for person in stage.rooms.members_from(ROOM, people)}


@given(st.lists(events(), max_size=8), st.lists(events(only_state=True), max_size=4))
@settings(max_examples=80, deadline=None)
def test_any_page_is_read_and_leaves_the_state_alone(page: list[MatrixEvent], state: list[MatrixEvent]) -> None:
    # B5, B10
    stage = Stage()
    lines = stage.page(*page, state=tuple(state), first=1)
    assert [line.order for line in lines] == list(range(1, len(lines) + 1))
    assert stage.rooms.state.all(ROOM, "m.room.member") == {}
