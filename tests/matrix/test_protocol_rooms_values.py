"""Tests the rooms as the home screen shows them: names, kinds, counts, invitations, and what other devices do."""

from __future__ import annotations

from typing import Any

import pytest

from chat_tui_core.contract import StateSet
from chat_tui_core.model import EventKind, Membership, RoomKind, RoomTag
from chat_tui_core.news import Arrived, MemberChanged, Problem, RoomChanged
from chat_tui_matrix.protocol.room_book import COUNTS, FIELDS
from chat_tui_matrix.wire.events import MatrixEvent, RoomSection
from tests.matrix.rooms_stage import (
    ANN,
    BOB,
    ME,
    ROOM,
    Stage,
    changes,
    created,
    lines,
    member,
    of,
    section,
    state,
    text,
    the,
    whole,
)

NAME = state("$n", "m.room.name", {"name": "Tea room"})
TOPIC = state("$t", "m.room.topic", {"topic": "Which tea?"})
PUBLIC = state("$j", "m.room.join_rules", {"join_rule": "public"})
ALIAS = state("$a", "m.room.canonical_alias", {"alias": "#tea:x", "alt_aliases": ["#t:x", "#tea:x", "bad", 7]})


def direct(*rooms: str, user: str = ANN) -> MatrixEvent:
    """The account's m.direct."""
    return MatrixEvent("m.direct", {user: list(rooms)})


def rules(**kinds: Any) -> MatrixEvent:
    """The account's m.push_rules."""
    return MatrixEvent("m.push_rules", {"global": kinds})


def mute(room: str = ROOM, *, enabled: bool = True, actions: tuple[object, ...] = ()) -> dict[str, Any]:
    """An override rule that concerns one room only."""
    condition = {"kind": "event_match", "key": "room_id", "pattern": room}
    return {"rule_id": room, "enabled": enabled, "actions": list(actions), "conditions": [condition]}


# ---------------------------------------------------------------- H1: what is there on load


def test_a_new_room_is_told_with_every_field() -> None:
    # B14 H1, H5
    told = whole(text("$1"), state=(NAME, TOPIC, PUBLIC, ALIAS), joined=7, invited=1, unread=3, mentions=1)
    room = the(Stage().apply(told), RoomChanged)
    assert room.fields == {*FIELDS, *COUNTS}
    shown = room.room
    assert (shown.room_id, shown.name, shown.topic, shown.members) == (ROOM, "Tea room", "Which tea?", 7)
    assert (shown.kind, shown.membership, shown.aliases) == (RoomKind.PUBLIC, Membership.JOINED, ("#tea:x", "#t:x"))
    assert (shown.unread, shown.mentions) == (3, 1)
    assert (shown.tag, shown.muted, shown.inviter, shown.successor, shown.direct) == (RoomTag.NONE, False, "", "", "")


def test_counts_that_are_not_told_are_left_to_the_session() -> None:
    # B14 H1: the legacy calls tell none
    assert the(Stage().apply(whole(text("$1"))), RoomChanged).fields == {*FIELDS}


def test_every_room_of_the_run_is_listed() -> None:
    # B14 H1
    stage = Stage()
    for room_id in ("!a:x", "!b:x"):
        stage.apply(RoomSection(room_id, "join", state=(created(), member("$m", ME), NAME), whole=True))
    assert [(room.room_id, room.name) for room in stage.rooms.overview()] == [
        ("!a:x", "Tea room"),
        ("!b:x", "Tea room"),
    ]
    again = stage.again()
    assert again.rooms.overview() == ()
    again.rooms.account_data([direct("!a:x")])
    assert again.rooms.overview() == (), "the server did not tell of it in this run"
    again.apply(section(text("$1"), room_id="!b:x"))
    assert [room.name for room in again.rooms.overview()] == ["Tea room"]


@pytest.mark.parametrize(
    ("told", "summary", "name"),
    [
        ((NAME, ALIAS), {}, "Tea room"),
        ((ALIAS,), {"heroes": (ANN,), "name": "By server"}, "#tea:x"),
        ((state("$n", "m.room.name", {"name": " \n"}),), {"heroes": (ANN,), "joined": 2}, "Ann"),
        ((), {"heroes": (ANN, BOB), "joined": 3}, "Ann and Bob"),
        ((), {"heroes": (ANN, BOB), "joined": 9, "invited": 2, "name": "By server"}, "Ann, Bob and 8 others"),
        ((), {"heroes": (ANN, ME), "joined": 1, "invited": 1}, "Ann"),
        ((), {"heroes": (ANN, BOB), "joined": 1, "invited": 0}, "Empty room (was Ann and Bob)"),
        ((), {"heroes": ("@far:x",), "joined": 2}, "@far:x"),
        ((), {"heroes": (), "joined": 3}, "Ann and Bob"),
        ((), {"heroes": (), "joined": 1}, "Empty room (was Ann and Bob)"),
        ((), {"heroes": (), "joined": 3, "name": "By server"}, "By server"),
        ((member("$x", "@x:x", "Ann"),), {"heroes": (ANN, "@x:x"), "joined": 3}, "Ann (@ann:x) and Ann (@x:x)"),
    ],
)
def test_what_a_room_is_called(told: tuple[MatrixEvent, ...], summary: dict[str, Any], name: str) -> None:
    # B14 H1 (Matrix: calculating the display name for a room)
    people = (member("$ann", ANN, "Ann"), member("$bob", BOB, "Bob"))
    assert changes(Stage().apply(whole(state=(*people, *told), **summary)))["name"] == name


def test_a_room_of_which_nothing_is_known_is_shown_by_its_id() -> None:
    # B14: missing name
    room = the(Stage().apply(section(text("$1"), state=(created(),), joined=5)), RoomChanged).room
    assert room.name == ""
    assert room.title == ROOM


def test_a_room_alone_is_empty() -> None:
    # B14: 0 others
    assert changes(Stage().apply(whole()))["name"] == "Empty room"


def test_a_room_called_after_people_follows_their_names() -> None:
    # C1, B14
    stage = Stage()
    stage.apply(whole(state=(member("$ann", ANN, "Ann"),), heroes=(ANN,), joined=2, invited=0))
    assert changes(stage.apply(section(member("$2", ANN, "Anna")))) == {"name": "Anna"}
    assert changes(stage.apply(section(member("$3", BOB, "Bob"), joined=3, heroes=(ANN, BOB)))) == {
        "name": "Anna and Bob",
        "members": 3,
    }
    gone = section(member("$4", BOB, membership="leave"), joined=2, heroes=(ANN,))
    assert changes(stage.again().apply(gone)) == {"name": "Anna", "members": 2}


# ---------------------------------------------------------------- what changes


@pytest.mark.parametrize(
    ("event", "fields"),
    [
        (state("$1", "m.room.name", {"name": "Coffee"}), {"name": "Coffee"}),
        (state("$1", "m.room.name", {}), {"name": "#tea:x"}),
        (state("$1", "m.room.topic", {"topic": "none"}), {"topic": "none"}),
        (state("$1", "m.room.topic", {}), {"topic": ""}),
        (state("$1", "m.room.canonical_alias", {"alias": "#c:x"}), {"aliases": ("#c:x",)}),
        (state("$1", "m.room.join_rules", {"join_rule": "invite"}), {"kind": RoomKind.PRIVATE}),
        (state("$1", "m.room.tombstone", {"replacement_room": "!new:x"}), {"successor": "!new:x"}),
        (state("$1", "m.room.tombstone", {"replacement_room": "new"}), {}),
        (state("$1", "m.room.avatar", {"url": "mxc://x/y"}), {}),
        (text("$1"), {}),
    ],
)
def test_exactly_the_fields_that_changed_are_told(event: MatrixEvent, fields: dict[str, Any]) -> None:
    # C2, B7, B17; in the same run and in the next
    stage = Stage()
    stage.apply(whole(state=(NAME, TOPIC, PUBLIC, ALIAS), joined=2))
    again = stage.again()
    assert changes(stage.apply(section(event))) == fields
    assert changes(again.apply(section(event))) == fields


def test_the_line_of_a_new_name_tells_who_and_what() -> None:
    # C2
    stage = Stage()
    stage.apply(whole(state=(NAME, member("$ann", ANN, "Ann"))))
    (line,) = lines(stage.apply(section(state("$2", "m.room.name", {"name": "Coffee"}))))
    assert (line.kind, line.text, line.sender_name, line.order) == (EventKind.NAME, "Coffee", "Ann", stage.base)


def test_unread_is_the_servers_and_outdoes_the_sessions_own_counting() -> None:
    # H2, B17
    stage = Stage()
    stage.apply(whole(state=(NAME,), unread=0, mentions=0))
    assert changes(stage.apply(section(text("$1"), unread=0, mentions=0))) == {"unread": 0, "mentions": 0}
    assert changes(stage.apply(section(text("$2"), unread=2, mentions=1))) == {"unread": 2, "mentions": 1}
    assert changes(stage.apply(section(unread=2, mentions=1))) == {}
    assert changes(stage.apply(section(unread=0, mentions=1))) == {"unread": 0}
    assert changes(stage.apply(section(text("$3")))) == {}
    assert changes(stage.again().apply(section(unread=0))) == {"unread": 0}, (
        "what was told before this run is not known"
    )


def test_members_are_counted_where_the_server_does_not() -> None:
    # H1, B9: the legacy calls
    stage = Stage()
    people = (member("$ann", ANN), member("$bob", BOB, membership="invite"), member("$x", "@x:x", membership="leave"))
    assert changes(stage.apply(whole(member("$y", "@y:x"), state=(*people, NAME))))["members"] == 3
    assert changes(stage.apply(section(member("$1", BOB), member("$2", BOB, "Bob"))))["members"] == 4
    gone = member("$3", ANN, membership="leave", prev_content={"membership": "join"})
    assert changes(stage.again().apply(section(gone))) == {"members": 3}
    assert changes(stage.apply(section(gone, gone))) == {"members": 3}, "the legacy calls may bring it twice"
    assert changes(stage.apply(section(text("$4"), joined=17))) == {"members": 17}


# ---------------------------------------------------------------- H3 and knocking


def test_an_invitation_tells_who_where_and_what_about() -> None:
    # B14 H3, B6
    door = (NAME, TOPIC, PUBLIC, member("", ANN, "Ann"), member("", ME, membership="invite", sender=ANN))
    news = Stage().apply(section(membership="invite", state=door))
    told = changes(news)
    assert (told["membership"], told["inviter"], told["name"], told["topic"]) == (
        Membership.INVITED,
        ANN,
        "Tea room",
        "Which tea?",
    )
    assert told["kind"] is RoomKind.PUBLIC
    assert not of(news, Arrived)
    assert not of(news, MemberChanged)


@pytest.mark.parametrize(("named", "name"), [((), ANN), ((member("", ANN, "Ann"),), "Ann")])
def test_an_invitation_without_more_is_called_after_who_invited(named: tuple[MatrixEvent, ...], name: str) -> None:
    # B14 H3: the legacy calls bring the bare member event
    invited = member("", ME, membership="invite", sender=ANN)
    told = changes(Stage().apply(section(membership="invite", state=(*named, invited))))
    assert (told["name"], told["inviter"], told["kind"]) == (name, ANN, RoomKind.PRIVATE)


def test_a_direct_invitation_stays_direct() -> None:
    # H3, H5
    stage = Stage()
    content = {"membership": "invite", "is_direct": True}
    invited = (member("", ANN, "Ann"), state("", "m.room.member", content, ME, ANN))
    told = changes(stage.apply(section(membership="invite", state=invited)))
    assert (told["kind"], told["direct"], told["name"]) == (RoomKind.DIRECT, ANN, "Ann")
    joined = section(member("$j", ME, "Me"), state=(created(), member("$ann", ANN, "Ann")), heroes=(ANN,), joined=2)
    assert changes(stage.again().apply(joined)) == {"membership": Membership.JOINED, "inviter": "", "members": 2}


def test_a_knock_is_remembered() -> None:
    # B6
    stage = Stage()
    asked = member("", ME, membership="knock")
    told = changes(stage.apply(section(membership="knock", state=(NAME, asked))))
    assert (told["membership"], told["name"]) == (Membership.KNOCKED, "Tea room")
    refused = member("$r", ME, membership="leave", sender=ANN, prev_content={"membership": "knock"})
    assert changes(stage.apply(section(refused, membership="leave"))) == {"membership": Membership.LEFT}


# ---------------------------------------------------------------- H4, H5, H6: other devices


@pytest.mark.parametrize("membership", ["leave", "ban"])
def test_leaving_is_told_after_what_was_said_last(membership: str) -> None:
    # B14 H4, B6, B17, C6
    stage = Stage()
    stage.apply(whole(state=(NAME, member("$ann", ANN, "Ann")), joined=2))
    end = member("$l", ME, "Me", membership, sender=ANN, prev_content={"membership": "join", "displayname": "Me"})
    news = stage.apply(section(text("$1"), end, membership="leave"))
    assert [line.kind for line in lines(news)] == [
        EventKind.MESSAGE,
        EventKind.KICK if membership == "leave" else EventKind.BAN,
    ]
    assert changes(news) == {"membership": Membership.LEFT, "members": 1}
    assert isinstance(news[-1], RoomChanged)
    assert the(news, MemberChanged).gone


def test_a_room_that_we_left_keeps_the_name_of_those_who_are_there() -> None:
    # H4, B14
    stage = Stage()
    stage.apply(whole(state=(member("$ann", ANN, "Ann"),), heroes=(ANN,), joined=2))
    left = section(member("$l", ME, membership="leave"), membership="leave", joined=1)
    assert changes(stage.apply(left)) == {"membership": Membership.LEFT, "members": 1}


def test_coming_back_is_told() -> None:
    # B6, B14 H5
    stage = Stage()
    stage.apply(whole(state=(NAME,), joined=1))
    stage.apply(section(member("$l", ME, membership="leave"), membership="leave"))
    news = stage.again().apply(section(member("$j", ME), state=(created(), NAME), joined=1))
    assert changes(news) == {"membership": Membership.JOINED, "members": 1}
    assert not the(news, Arrived).live


def test_leaving_a_room_that_was_never_told_is_no_harm() -> None:
    # B6
    news = Stage().apply(section(member("$l", ME, membership="leave"), membership="leave"))
    assert changes(news)["membership"] is Membership.LEFT


def test_a_room_in_two_sections_is_where_the_last_one_says() -> None:
    # B6
    stage = Stage()
    stage.apply(whole(state=(NAME,)))
    stage.apply(section(text("$1")))
    stage.apply(section(member("$l", ME, membership="leave"), membership="leave"))
    assert stage.rooms.overview()[0].membership is Membership.LEFT


def test_rooms_that_are_not_named_are_left_alone() -> None:
    # B6
    stage = Stage()
    stage.apply(whole(state=(NAME,)))
    stage.apply(section(text("$1"), room_id="!other:x"))
    assert {room.room_id: room.membership for room in stage.rooms.overview()}[ROOM] is Membership.JOINED


@pytest.mark.parametrize(
    "beside",
    [
        section(account_data=(MatrixEvent("m.tag", {"tags": {}}),)),
        section(ephemeral=(MatrixEvent("m.typing", {"user_ids": [ANN]}),)),
        section(state=(state("$c", "m.room.avatar", {"url": "mxc://x/y"}),)),
    ],
)
def test_a_tag_a_receipt_or_a_correction_does_not_bring_us_back(beside: RoomSection) -> None:
    # B6: sliding sync and the legacy calls make sections of those that say nothing of us
    stage = Stage()
    stage.apply(whole(state=(NAME,)))
    stage.apply(section(member("$l", ME, membership="leave"), membership="leave"))
    assert changes(stage.apply(beside)) == {}
    assert stage.rooms.overview()[0].membership is Membership.LEFT


def test_what_stands_beside_an_unknown_room_makes_no_room() -> None:
    # B6
    stage = Stage()
    news = stage.apply(section(account_data=(MatrixEvent("m.tag", {"tags": {"m.favourite": {}}}),)))
    assert not of(news, RoomChanged)
    stage.rooms.account_data([direct(ROOM)])
    assert not of(stage.said(), RoomChanged)
    assert stage.rooms.overview() == ()
    assert changes(stage.again().apply(whole(state=(NAME,))))["tag"] is RoomTag.NONE, "a whole section tells its tags"
    assert changes(stage.apply(section(text("$1"), state=(created(),))))["tag"] is RoomTag.FAVOURITE


def test_our_own_new_name_is_told_everywhere() -> None:
    # B14 H6
    stage = Stage()
    stage.apply(whole())
    news = stage.apply(section(member("$2", ME, "Myself", prev_content={"membership": "join", "displayname": "Me"})))
    assert the(news, MemberChanged).member.name == "Myself"
    assert [(line.kind, line.text) for line in lines(news)] == [(EventKind.RENAME, "Myself")]


# ---------------------------------------------------------------- the account's own data


@pytest.mark.parametrize(
    ("tags", "tag"),
    [
        ({"m.favourite": {"order": 0.5}}, RoomTag.FAVOURITE),
        ({"m.lowpriority": {}}, RoomTag.LOW),
        ({"m.lowpriority": {}, "m.favourite": {}}, RoomTag.FAVOURITE),
        ({"u.work": {}}, RoomTag.NONE),
        ({}, RoomTag.NONE),
    ],
)
def test_tags(tags: dict[str, Any], tag: RoomTag) -> None:
    # B17
    stage = Stage()
    stage.apply(whole(state=(NAME,)))
    news = stage.apply(section(account_data=(MatrixEvent("m.tag", {"tags": tags}),)))
    assert changes(news) == ({"tag": tag} if tag else {})
    assert changes(stage.again().apply(section(account_data=(MatrixEvent("m.tag", {"tags": {}}),)))) == (
        {"tag": RoomTag.NONE} if tag else {}
    )


def test_a_direct_chat_by_the_accounts_data() -> None:
    # B14, B17
    stage = Stage()
    stage.rooms.account_data([direct(ROOM)])
    told = changes(stage.apply(whole(state=(NAME, PUBLIC))))
    assert (told["kind"], told["direct"]) == (RoomKind.DIRECT, ANN)
    again = stage.again()
    again.rooms.account_data([direct("!other:x")])
    assert changes(again.said()) == {"kind": RoomKind.PUBLIC, "direct": ""}
    again.rooms.account_data([direct("!other:x")])
    assert changes(again.said()) == {}
    again.rooms.account_data([direct(ROOM, user=BOB)])
    assert changes(again.said()) == {"kind": RoomKind.DIRECT, "direct": BOB}


@pytest.mark.parametrize(
    ("told", "muted"),
    [
        (rules(override=[mute()]), True),
        (rules(override=[mute(actions=("dont_notify",))]), True),
        (rules(room=[{"rule_id": ROOM, "enabled": True, "actions": []}]), True),
        (rules(room=[{"rule_id": ROOM, "actions": ["dont_notify"]}]), True),
        (rules(override=[mute(enabled=False)]), False),
        (rules(override=[mute(actions=("notify", {"set_tweak": "sound"}))]), False),
        (rules(override=[mute("!other:x")]), False),
        (rules(override=[mute() | {"conditions": [*mute()["conditions"], {"kind": "contains_display_name"}]}]), False),
        (rules(override=[mute() | {"conditions": []}]), False),
        (rules(room=[{"rule_id": ROOM, "actions": ["notify"]}]), False),
        (rules(room="odd", override=[7, {"actions": 7}, mute() | {"conditions": [{"kind": 7}]}]), False),
    ],
)
def test_muted_rooms(told: MatrixEvent, *, muted: bool) -> None:
    # B17
    stage = Stage()
    stage.apply(whole(state=(NAME,)))
    stage.rooms.account_data([told])
    news = stage.said()
    assert changes(news) == ({"muted": True} if muted else {})
    assert not of(news, Problem)
    again = stage.again()
    again.rooms.account_data([rules()])
    assert changes(again.said()) == ({"muted": False} if muted else {})


def test_account_data_that_nobody_shows_are_not_kept() -> None:
    # B5
    stage = Stage()
    stage.rooms.account_data([MatrixEvent("m.secret_storage.key.x", {"secret": "s"})])
    assert not of(stage.said(), StateSet)
    assert stage.rooms.state.get("", "m.secret_storage.key.x") is None


def test_the_accounts_data_is_there_in_the_next_run() -> None:
    # B9
    stage = Stage()
    stage.rooms.account_data([direct(ROOM)])
    stage.said()
    assert stage.again().rooms.state.get("", "m.direct") == {ANN: [ROOM]}
