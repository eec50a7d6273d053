"""Tests how one room's section becomes news: state, timeline, people, and what stands beside them."""

from __future__ import annotations

from typing import Any

import pytest

from chat_tui_core.contract import StateSet
from chat_tui_core.model import EventKind, Member, Membership
from chat_tui_core.news import (
    Arrived,
    Edited,
    MemberChanged,
    MembersListed,
    PresenceSet,
    Problem,
    RoomChanged,
)
from chat_tui_matrix.content import lines as lines_of_state
from chat_tui_matrix.protocol.standing import STANDING
from chat_tui_matrix.wire.events import MatrixEvent, RoomSection
from tests.matrix.rooms_stage import (
    ANN,
    BOB,
    ME,
    ROOM,
    Stage,
    changes,
    created,
    edit,
    event,
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

# ---------------------------------------------------------------- state and timeline


def test_of_a_section_that_cannot_be_read_only_the_problems_are_told() -> None:
    # B5: the room stays what it is
    stage = Stage()
    stage.apply(whole(text("$1")))
    assert stage.apply(RoomSection(ROOM, "", problems=("It is no object.",))) == [Problem("It is no object.", ROOM)]
    (room,) = stage.rooms.overview()
    assert room.membership is Membership.JOINED


def test_corrections_hold_behind_the_timeline() -> None:
    # B10: the server has chosen other state than the timeline ends in
    stage = Stage()
    lost = state("$lost", "m.room.name", {"name": "Lost"})
    won = state("$won", "m.room.name", {"name": "Won"})
    news = stage.apply(whole(lost, corrections=(won,)))
    assert [line.event_id for line in lines(news)] == ["$lost"]
    (room,) = stage.rooms.overview()
    assert room.name == "Won"


def test_state_comes_first_and_the_timelines_wins() -> None:
    # B7, S2
    stage = Stage()
    news = stage.apply(
        whole(
            state("$2", "m.room.name", {"name": "Second"}),
            text("$3"),
            state("$4", "m.room.name", {"name": "Third"}),
            state=(state("$1", "m.room.name", {"name": "First"}),),
        )
    )
    assert [(line.event_id, line.kind, line.text) for line in lines(news)] == [
        ("$2", EventKind.NAME, "Second"),
        ("$3", EventKind.MESSAGE, "hello"),
        ("$4", EventKind.NAME, "Third"),
    ], "what stands in state is no line"
    assert changes(news)["name"] == "Third"
    assert stage.rooms.state.get(ROOM, "m.room.name") == {"name": "Third"}
    said = [(piece.event_id, piece.content) for piece in of(news, StateSet) if piece.type == "m.room.name"]
    assert said == [("$1", '{"name":"First"}'), ("$2", '{"name":"Second"}'), ("$4", '{"name":"Third"}')]


def test_state_news_bear_who_set_it_and_when() -> None:
    # B7
    news = Stage().apply(whole(state=(state("$t", "m.room.topic", {"topic": "é"}, sender=BOB),)))
    piece = next(piece for piece in of(news, StateSet) if piece.type == "m.room.topic")
    assert piece == StateSet(ROOM, "m.room.topic", "", '{"topic":"é"}', BOB, "$t", 1_700_000_000_000)


def test_a_topic_in_a_gap_is_no_line_and_still_holds() -> None:
    # B8
    stage = joined(state("$t1", "m.room.topic", {"topic": "tea"}))
    news = stage.apply(
        section(text("$9"), limited=True, prev_batch="p9", state=(state("$t2", "m.room.topic", {"topic": "coffee"}),))
    )
    assert the(news, Arrived).token == "p9"
    assert [line.event_id for line in lines(news)] == ["$9"]
    assert changes(news) == {"topic": "coffee"}


def test_only_lines_take_orders_from_the_base_on() -> None:
    # B11
    stage = joined()
    news = stage.apply(
        section(text("$1"), edit("$2", "$1", "better"), state("$3", "m.some.thing", {"a": 1}), text("$4"), text("$1"))
    )
    arrived = the(news, Arrived)
    assert [(line.event_id, line.order) for line in arrived.events] == [("$1", stage.base), ("$4", stage.base + 1)]
    assert (arrived.start, arrived.live, arrived.token) == (stage.base, True, "")
    assert stage.rooms.order_of(ROOM, "$4") == stage.base + 1
    assert stage.rooms.order_of(ROOM, "$2") == 0
    assert stage.rooms.order_of("!other:x", "$4") == 0
    assert stage.rooms.event_at(ROOM, stage.base + 5) == "$4"
    assert stage.rooms.event_at(ROOM, stage.base) == "$1"
    assert stage.rooms.event_at(ROOM, stage.base - 1) == ""


def test_what_is_said_of_other_events_comes_after_the_lines() -> None:
    # B11
    stage = joined()
    news = stage.apply(section(text("$1"), edit("$2", "$1", "better")))
    assert news.index(the(news, Arrived)) < news.index(the(news, Edited))


def test_a_limited_timeline_without_lines_is_a_gap_all_the_same() -> None:
    # B8
    stage = joined()
    news = stage.apply(section(limited=True, prev_batch="p"))
    assert the(news, Arrived) == Arrived(ROOM, (), True, "p", stage.base)
    assert not of(stage.apply(section()), Arrived)


def test_a_limited_timeline_without_a_token_is_told_as_a_problem() -> None:
    # B8
    news = joined().apply(section(text("$1"), limited=True))
    assert the(news, Arrived).token == ""
    assert "left out" in the(news, Problem).text


def test_a_first_sync_is_not_live_and_leads_back() -> None:
    # B1, B16
    stage = Stage()
    news = stage.apply(whole(text("$1"), limited=True, prev_batch="back"))
    assert (the(news, Arrived).token, the(news, Arrived).live) == ("back", False)
    assert the(stage.apply(section(text("$2"))), Arrived).live


def test_a_room_that_was_just_joined_brings_its_past() -> None:
    # B16, B17
    stage = Stage()
    news = stage.apply(
        section(
            text("$1", "before I came"),
            member("$2", ME, "Me"),
            state=(created(), state("$n", "m.room.name", {"name": "Tea"}), member("$ann", ANN, "Ann")),
            limited=True,
            prev_batch="back",
        )
    )
    assert not the(news, Arrived).live
    assert [line.kind for line in lines(news)] == [EventKind.MESSAGE, EventKind.JOIN]
    assert changes(news)["membership"] is Membership.JOINED


# ---------------------------------------------------------------- malformed events


@pytest.mark.parametrize(
    "bad",
    [
        MatrixEvent("m.room.message", {"body": "no id"}, ANN),
        state("$b", "own:m.tag", {"tags": {"m.favourite": {}}}),
        state("$b", "own:standing", {"membership": "leave"}),
        state("$b", "m.room.topic", {"topic": "x" * 70_000}),
    ],
)
def test_one_bad_event_is_set_aside_and_the_rest_applies(bad: MatrixEvent) -> None:
    # B5
    stage = joined()
    news = stage.apply(section(text("$1"), bad, text("$2"), unread=3))
    assert {"$1", "$2"} <= {line.event_id for line in lines(news)}
    problem = the(news, Problem)
    assert bad.type in problem.text
    assert problem.room_id == ROOM
    assert changes(news) == {"unread": 3}


ODD: list[Any] = [None, 7, "text", [], ["x"], {}, {"a": []}, True, 1.5, "\ud800", "\x1b[2J"]


@pytest.mark.parametrize("odd", ODD)
@pytest.mark.parametrize(
    ("kind", "key"),
    [
        ("m.room.member", "membership"),
        ("m.room.member", "displayname"),
        ("m.room.name", "name"),
        ("m.room.topic", "topic"),
        ("m.room.canonical_alias", "alias"),
        ("m.room.canonical_alias", "alt_aliases"),
        ("m.room.join_rules", "join_rule"),
        ("m.room.power_levels", "users"),
        ("m.room.power_levels", "users_default"),
        ("m.room.create", "room_version"),
        ("m.room.create", "creator"),
        ("m.room.create", "additional_creators"),
        ("m.room.tombstone", "replacement_room"),
        ("m.room.message", "body"),
        ("m.room.message", "m.relates_to"),
        ("m.room.redaction", "redacts"),
        ("m.reaction", "m.relates_to"),
    ],
)
def test_any_content_leaves_the_rest_and_the_next_answer_alone(kind: str, key: str, odd: object) -> None:
    # B5, B22
    stage = joined(member("$eve", "@eve:z", "Eve"))
    content = {"membership": "join", "room_version": "12", "msgtype": "m.text", "body": "b"} | {key: odd}
    state_key = ANN if kind == "m.room.member" else ""
    bad = event("$bad", kind, content, state_key=None if kind.startswith(("m.room.me", "m.rea", "m.room.red")) else "")
    bad_state = event("$bad2", kind, content, state_key=state_key)
    for told in (section(bad, text("$1")), section(bad_state, text("$2")), section(text("$3"), state=(bad_state,))):
        assert lines(stage.apply(told))[-1].event_id == told.timeline[-1].event_id
    again = stage.again()
    assert lines(again.apply(section(text("$4"))))[-1].event_id == "$4"
    assert again.rooms.members_from(ROOM, (bad_state, member("$x", BOB, "Bob")))


@pytest.mark.parametrize("odd", ODD)
def test_odd_unsigned_ephemeral_and_account_data_are_no_harm(odd: object) -> None:
    # B5
    stage = joined()
    beside = tuple(
        MatrixEvent(kind, {key: odd})
        for kind, key in [
            ("m.typing", "user_ids"),
            ("m.receipt", "$1"),
            ("m.receipt", ANN),
            ("m.fully_read", "event_id"),
            ("m.tag", "tags"),
            ("m.unknown", "x"),
        ]
    )
    names = ("transaction_id", "prev_content", "m.relations", "redacted_because", "replaces_state")
    odd_ones = tuple(text(f"${name}", sender=ME, unsigned={name: odd}) for name in names)
    odd_state = tuple(event(f"$s{name}", "m.room.member", {}, state_key=ANN, unsigned={name: odd}) for name in names)
    news = stage.apply(section(*odd_ones, *odd_state, text("$1"), ephemeral=beside, account_data=beside))
    assert lines(news)[-1].event_id == "$1"
    stage.rooms.account_data([MatrixEvent(kind, {"global": odd, ANN: odd}) for kind in ("m.direct", "m.push_rules")])
    stage.rooms.presence([MatrixEvent("m.presence", {"presence": odd, "status_msg": odd}, ANN)])
    assert of(stage.said(), PresenceSet)[0].user_id == ANN
    assert lines(stage.again().apply(section(text("$2"))))[0].event_id == "$2"


def test_state_holds_even_where_its_line_cannot_be_made(monkeypatch: pytest.MonkeyPatch) -> None:
    # B5
    stage = joined()

    def fail(_event: MatrixEvent, _previous: object) -> None:
        raise KeyError("a fault of ours")

    monkeypatch.setattr(lines_of_state, "read", fail)
    news = stage.apply(section(state("$t", "m.room.topic", {"topic": "tea"}), text("$1")))
    assert [line.event_id for line in lines(news)] == ["$1"]
    assert changes(news) == {"topic": "tea"}
    assert "$t" in the(news, Problem).text


def test_problems_of_the_section_are_said() -> None:
    # B5
    news = joined().apply(section(problems=("One event was set aside.",)))
    assert the(news, Problem) == Problem("One event was set aside.", ROOM)


# ---------------------------------------------------------------- late and superseded state


def test_a_redaction_empties_the_state_that_it_meets() -> None:
    # B10
    stage = joined(state("$t", "m.room.topic", {"topic": "rude"}))
    news = stage.apply(section(event("$r", "m.room.redaction", {"redacts": "$t"}, BOB)))
    assert changes(news) == {"topic": ""}
    assert stage.rooms.state.get(ROOM, "m.room.topic") is None
    stage.apply(section(state("$t2", "m.room.topic", {"topic": "new"})))
    assert changes(stage.apply(section(event("$r2", "m.room.redaction", {"redacts": "$t"}, BOB)))) == {}


def test_a_redacted_name_leaves_the_member_there() -> None:
    # B10
    stage = joined()
    news = stage.apply(section(event("$r", "m.room.redaction", {}, BOB, redacts="$ann"), text("$1")))
    assert lines(news)[0].sender_name == ""
    assert the(news, MemberChanged) == MemberChanged(ROOM, Member(ANN, ""), gone=False)


def test_a_redaction_does_not_reach_into_another_room() -> None:
    # B10
    stage = joined(state("$t", "m.room.topic", {"topic": "tea"}))
    news = stage.apply(section(event("$r", "m.room.redaction", {"redacts": "$t"}, BOB), room_id="!other:x"))
    assert {piece.type for piece in of(news, StateSet)} == {STANDING}
    assert stage.rooms.state.get(ROOM, "m.room.topic") == {"topic": "tea"}


def test_the_same_state_event_again_changes_nothing() -> None:
    # B10, B4: the server may repeat an old answer
    stage = joined(state("$t", "m.room.topic", {"topic": "tea"}))
    again = section(state=(state("$t", "m.room.topic", {"topic": "forged"}),))
    assert of(stage.apply(again), StateSet) == []


def test_a_whole_section_removes_what_is_not_named_but_no_members() -> None:
    # B10
    stage = joined(
        state("$t", "m.room.topic", {"topic": "tea"}), state("$p", "m.room.pinned_events", {"pinned": ["$1"]}), joined=3
    )
    again = stage.again()
    news = again.apply(whole(state=(state("$n", "m.room.name", {"name": "Tea"}),), joined=3))
    assert changes(news) == {"topic": "", "name": "Tea"}
    assert again.rooms.state.get(ROOM, "m.room.topic") is None
    assert again.rooms.state.get(ROOM, "m.room.member", ANN) is not None, "lazy loading does not name all members"
    assert again.rooms.state.get(ROOM, "m.room.create") is not None


def test_where_all_members_are_named_those_who_are_not_are_gone() -> None:
    # B9: the legacy calls name everybody and count nobody
    stage = joined()
    again = stage.again()
    news = again.apply(whole(state=(member("$bob", BOB, "Bob"),)))
    assert {person.user_id for person in the(news, MembersListed).members} == {ME, BOB}
    assert again.rooms.state.get(ROOM, "m.room.member", ANN) is None
    assert changes(news) == {"members": 2, "name": "Bob"}


def test_joining_after_an_invitation_forgets_what_was_told_at_the_door() -> None:
    # B10
    stage = Stage()
    door = (created(""), state("", "m.room.topic", {"topic": "old"}), member("", ME, membership="invite", sender=ANN))
    stage.apply(section(membership="invite", state=door))
    news = stage.apply(section(member("$me", ME), state=(created(),)))
    assert changes(news)["topic"] == ""


def test_a_room_is_told_once_a_section_and_after_its_lines() -> None:
    # B6
    stage = joined()
    news = stage.apply(section(member("$l", ME, membership="leave"), membership="leave"))
    assert news.index(the(news, Arrived)) < news.index(the(news, RoomChanged))
