"""Tests who is in a room and under which names, and what stands beside its events: typing, receipts, presence."""

from __future__ import annotations

from typing import Any

import pytest

from chat_tui_core.model import EventKind, Member, Presence, Role
from chat_tui_core.news import (
    MemberChanged,
    MembersListed,
    PresenceSet,
    Problem,
    ReadMoved,
    TypingSet,
)
from chat_tui_matrix.wire.events import MatrixEvent
from tests.matrix.rooms_stage import (
    ANN,
    BOB,
    ME,
    ROOM,
    Stage,
    created,
    joined,
    lines,
    member,
    of,
    section,
    state,
    text,
    the,
    whole,
)

# ---------------------------------------------------------------- names as at sending time


def test_names_are_those_of_the_moment_and_a_rename_is_a_line() -> None:
    # B18, C1
    stage = joined()
    news = stage.apply(
        section(
            text("$1"), member("$2", ANN, "Anna", prev_content={"membership": "join", "displayname": "Ann"}), text("$3")
        )
    )
    assert [(line.kind, line.sender_name, line.text) for line in lines(news)] == [
        (EventKind.MESSAGE, "Ann", "hello"),
        (EventKind.RENAME, "Ann", "Anna"),
        (EventKind.MESSAGE, "Anna", "hello"),
    ]
    assert the(news, MemberChanged) == MemberChanged(ROOM, Member(ANN, "Anna"), gone=False)


def test_a_rename_between_two_answers_is_known_from_the_state() -> None:
    # B18, B8
    stage = joined()
    news = stage.apply(section(text("$1"), state=(member("$2", ANN, "Anna"),), limited=True, prev_batch="p"))
    assert lines(news)[0].sender_name == "Anna"


def test_two_of_one_name_are_told_apart_in_lines_and_lists() -> None:
    # B18
    stage = joined()
    news = stage.apply(section(text("$1"), member("$2", BOB, "Ann"), text("$3"), text("$4", sender=BOB)))
    assert [line.sender_name for line in lines(news)] == ["Ann", "Bob", f"Ann ({ANN})", f"Ann ({BOB})"]
    assert {(item.member.user_id, item.member.name) for item in of(news, MemberChanged)} == {
        (ANN, f"Ann ({ANN})"),
        (BOB, f"Ann ({BOB})"),
    }
    news = stage.apply(section(member("$5", BOB, membership="leave"), text("$6")))
    assert [line.sender_name for line in lines(news)] == [f"Ann ({BOB})", "Ann"]


def test_one_who_comes_with_a_name_is_shown_by_it() -> None:
    # B18
    stage = joined()
    news = stage.apply(section(member("$1", "@eve:z", "Bob"), text("$2", sender="@eve:z")))
    assert [(line.kind, line.sender_name) for line in lines(news)] == [
        (EventKind.JOIN, "Bob (@eve:z)"),
        (EventKind.MESSAGE, "Bob (@eve:z)"),
    ]


def test_names_survive_a_restart() -> None:
    # B9, B18
    again = joined().again()
    assert lines(again.apply(section(text("$1"))))[0].sender_name == "Ann"


def test_a_lazily_loaded_member_is_named() -> None:
    # B18
    stage = joined()
    news = stage.apply(section(text("$1", sender="@eve:z"), state=(member("$e", "@eve:z", "Eve"),)))
    assert lines(news)[0].sender_name == "Eve"
    assert the(news, MemberChanged).member == Member("@eve:z", "Eve")


# ---------------------------------------------------------------- people


def test_who_comes_and_goes_is_told_with_the_place_in_the_timeline() -> None:
    # C5, H4, B15
    stage = joined()
    kicked = member(
        "$k", BOB, membership="leave", sender=ANN, prev_content={"membership": "join", "displayname": "Bob"}
    )
    news = stage.apply(section(member("$j", "@eve:z", "Eve"), kicked, joined=3))
    assert [(line.kind, line.sender, line.target) for line in lines(news)] == [
        (EventKind.JOIN, "@eve:z", ""),
        (EventKind.KICK, ANN, BOB),
    ]
    assert [(item.member.user_id, item.gone) for item in of(news, MemberChanged)] == [("@eve:z", False), (BOB, True)]


@pytest.mark.parametrize(
    ("version", "levels", "roles"),
    [
        ("11", {"users": {BOB: 100, "@eve:z": 50}}, {ANN: Role.MEMBER, BOB: Role.OWNER, "@eve:z": Role.MODERATOR}),
        ("11", {"users": {BOB: "100"}, "users_default": 50}, {ANN: Role.MODERATOR, BOB: Role.OWNER}),
        ("11", None, {ANN: Role.OWNER, BOB: Role.MEMBER}),
        ("12", {"users": {BOB: 49}}, {ANN: Role.OWNER, BOB: Role.MEMBER}),
        ("12", None, {ANN: Role.OWNER, "@co:x": Role.OWNER, BOB: Role.MEMBER}),
        ("org.odd.12", {"users": {}}, {ANN: Role.MEMBER}),
    ],
)
def test_roles_by_power_levels_and_creators(
    version: str, levels: dict[str, Any] | None, roles: dict[str, Role]
) -> None:
    # B14, H8
    create = state("$c", "m.room.create", {"room_version": version, "additional_creators": ["@co:x", 7]})
    told = (create, *(member(f"${user}", user, user) for user in roles))
    if levels is not None:
        told = (*told, state("$p", "m.room.power_levels", levels))
    stage = Stage()
    news = stage.apply(section(text("$1"), state=(member("$me", ME), *told), whole=True, joined=99))
    found = {item.member.user_id: item.member.role for item in of(news, MemberChanged)}
    assert {user: found[user] for user in roles} == roles
    people = stage.again().rooms.members_from(ROOM, told)
    assert {person.user_id: person.role for person in people} == roles


def test_new_power_is_told_of_those_who_are_there() -> None:
    # B17
    stage = joined(state("$p", "m.room.power_levels", {"users": {ANN: 100}}))
    levels = state("$p2", "m.room.power_levels", {"users": {ANN: 100, BOB: 50, "@gone:x": 50}})
    news = stage.apply(section(levels))
    assert the(news, MemberChanged) == MemberChanged(ROOM, Member(BOB, "Bob", role=Role.MODERATOR), gone=False)


def test_a_first_sync_that_names_everybody_lists_them_at_once() -> None:
    # B9
    news = Stage().apply(
        whole(state=(member("$ann", ANN, "Ann"), member("$x", "@x:x", membership="leave")), joined=2, invited=0)
    )
    assert [person.user_id for person in the(news, MembersListed).members] == [ME, ANN]
    assert not of(news, MemberChanged)
    news = Stage().apply(whole(state=(member("$ann", ANN, "Ann"),), joined=900))
    assert not of(news, MembersListed)
    assert {item.member.user_id for item in of(news, MemberChanged)} == {ME, ANN}


def test_invited_people_who_are_not_named_are_not_forgotten() -> None:
    # B9: lazy loading names members who spoke, and no others
    told = whole(state=(member("$ann", ANN, "Ann"),), joined=2, invited=1)
    assert not of(Stage().apply(told), MembersListed)


def test_people_known_from_an_invitation_are_told_when_we_join() -> None:
    # B14 H5
    stage = Stage()
    door = (member("", ANN, "Ann"), member("", ME, membership="invite", sender=ANN))
    stage.apply(section(membership="invite", state=door))
    news = stage.apply(section(member("$j", ME, "Me"), state=(created(), member("$ann", ANN, "Ann"))))
    assert {item.member.name for item in of(news, MemberChanged)} == {"Ann", "Me"}


def test_leavers_do_not_stand_for_those_who_are_not_named() -> None:
    # B9
    gone = (member(f"${user}", user, membership="leave", prev_content={"membership": "join"}) for user in (ANN, BOB))
    news = Stage().apply(whole(*gone, joined=3))
    assert not of(news, MembersListed)


def test_members_of_an_answer_are_told_apart() -> None:
    # B18
    stage = joined()
    told = (member("$1", ANN, "Sam"), member("$2", BOB, "Sam"), member("$3", "@e:z", "Eve", "invite"))
    gone = member("$4", "@gone:x", "Sam", "ban")
    people = stage.rooms.members_from(ROOM, (*told, gone, text("$5")))
    assert [(person.user_id, person.name) for person in people] == [
        (ANN, f"Sam ({ANN})"),
        (BOB, f"Sam ({BOB})"),
        ("@e:z", "Eve"),
    ]


def test_ten_thousand_members_cost_no_lookups() -> None:
    # B9
    crowd = tuple(member(f"${number}", f"@u{number}:x", f"User {number}") for number in range(10_000))
    stage = Stage()
    stage.apply(whole(state=crowd))
    stage.keep()
    stage.keep()
    stage.stored.asked = 0
    said = [text(f"$t{number}", sender=f"@u{number}:x") for number in range(200)]
    news = stage.apply(section(*said))
    assert {line.sender_name for line in lines(news)} == {f"User {number}" for number in range(200)}
    assert stage.stored.asked < 300
    stage.stored.asked = 0
    news = stage.apply(section(member("$new", "@new:x", "User 7"), text("$l", sender="@u7:x")))
    assert lines(news)[1].sender_name == "User 7 (@u7:x)"
    assert stage.stored.asked < 50


# ---------------------------------------------------------------- beside the room's events


def test_typing_replaces_and_leaves_us_out() -> None:
    # B20
    stage = joined()
    typing = MatrixEvent("m.typing", {"user_ids": [ANN, ME, 7, BOB, ANN]})
    assert the(stage.apply(section(ephemeral=(typing,))), TypingSet) == TypingSet(ROOM, (ANN, BOB))
    stopped = MatrixEvent("m.typing", {"user_ids": []})
    assert the(stage.apply(section(ephemeral=(stopped,))), TypingSet) == TypingSet(ROOM, ())


def test_receipts_move_marks() -> None:
    # B20, B17
    stage = joined()
    receipt = MatrixEvent(
        "m.receipt",
        {
            "$1": {
                "m.read": {ANN: {"ts": 1}, BOB: {"ts": 1, "thread_id": "main"}, "@eve:z": {"ts": 1, "thread_id": "$t"}},
                "m.read.private": {ME: {"ts": 1}, "@odd:x": {}},
                "m.other": {"@x:x": {}},
            },
            "$unknown": {"m.read": {"@far:x": {"ts": 1}}},
        },
    )
    news = stage.apply(section(text("$1"), ephemeral=(receipt,)))
    assert of(news, ReadMoved) == [
        ReadMoved(ROOM, ANN, stage.base, "$1"),
        ReadMoved(ROOM, BOB, stage.base, "$1"),
        ReadMoved(ROOM, ME, stage.base, "$1"),
        ReadMoved(ROOM, "@far:x", 0, "$unknown"),
    ]


def test_a_first_sync_leaves_out_receipts_for_what_it_does_not_bring() -> None:
    # B9: a room of ten thousand has as many receipts
    told = {f"$old{number}": {"m.read": {f"@u{number}:x": {"ts": 1}}} for number in range(50)}
    told |= {"$1": {"m.read": {ANN: {}}}, "$mine": {"m.read": {ME: {}}}}
    news = Stage().apply(whole(text("$1"), ephemeral=(MatrixEvent("m.receipt", told),)))
    assert [(moved.user_id, moved.event_id) for moved in of(news, ReadMoved)] == [(ANN, "$1"), (ME, "$mine")]


def test_the_read_marker_of_another_device_is_ours() -> None:
    # B17
    stage = joined()
    news = stage.apply(section(text("$1"), account_data=(MatrixEvent("m.fully_read", {"event_id": "$1"}),)))
    assert the(news, ReadMoved) == ReadMoved(ROOM, ME, stage.base, "$1")


@pytest.mark.parametrize(
    ("content", "sender", "told"),
    [
        ({"presence": "online"}, ANN, PresenceSet(ANN, Presence.ONLINE)),
        ({"presence": "unavailable", "status_msg": "lunch"}, ANN, PresenceSet(ANN, Presence.IDLE, "lunch")),
        ({"presence": "offline", "user_id": BOB}, "", PresenceSet(BOB, Presence.OFFLINE)),
        ({"presence": "busy"}, ANN, PresenceSet(ANN, Presence.UNKNOWN)),
    ],
)
def test_presence(content: dict[str, Any], sender: str, told: PresenceSet) -> None:
    # B20
    stage = Stage()
    stage.rooms.presence(
        [MatrixEvent("m.presence", {}), MatrixEvent("m.other", {}), MatrixEvent("m.presence", content, sender)]
    )
    news = stage.said()
    assert the(news, PresenceSet) == told
    assert len(of(news, Problem)) == 1
