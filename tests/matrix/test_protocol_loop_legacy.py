"""The legacy way: what /events leaves open is asked before the position moves."""

from __future__ import annotations

from typing import Any

import pytest

from chat_tui_core.contract import Arrived, Link, Position
from chat_tui_matrix.protocol.legacy import EVENTS_LIMIT, MOST_LOOKUPS
from chat_tui_matrix.wire.calls import Failed, Garbled, Refusal
from chat_tui_matrix.wire.events import RoomSection
from tests.matrix.driver import BOB, ME, event, member, message, query, reply, section
from tests.matrix.loop_stage import LEGACY, TURN, Stage, kinds

NEW = "!new:chat.example"
INVITE = section("!inv:chat.example", member(ME, "invite", sender=BOB))


def online() -> Stage:
    """Online the legacy way, and nothing left to look at."""
    stage = Stage(LEGACY)
    stage.up()
    stage.fakes.rooms.sections.clear()
    return stage


def applied(stage: Stage) -> list[RoomSection]:
    """The sections that reached the rooms."""
    return stage.fakes.rooms.sections


def test_what_is_asked_for() -> None:  # B19
    stage = Stage(LEGACY)
    stage.begin()
    assert query(stage.call("initial_sync")) == {"limit": "20"}
    stage.answer("initial_sync", reply("t1"))
    assert query(stage.poll) == {"from": "t1", "timeout": "30000", "limit": str(EVENTS_LIMIT)}


def test_a_room_that_we_joined_comes_whole_and_before_the_position() -> None:  # B6, B16
    stage = online()
    typing = event("m.typing", {"user_ids": [BOB]})
    stage.answer("events", reply("t2", section(NEW, member(ME), ephemeral=(typing,)), section("!b", message("x"))))
    assert not stage.news()
    asked = stage.call("room_initial_sync")
    assert "new" in asked.request.path
    assert query(asked) == {"limit": "20"}
    receipt = event("m.receipt", {})
    whole = section(NEW, message("old"), member(ME), whole=True, ephemeral=(receipt,), limited=True, prev_batch="b")
    more = section(NEW, state=(event("m.room.name", {"name": "n"}, key=""),))
    stage.answer("room_initial_sync", reply("t3", whole, more))
    assert applied(stage) == [
        whole.__replace__(ephemeral=(receipt, typing)),
        more,
        section("!b", message("x")),
    ]
    assert kinds(stage.news()) == ["Arrived", "Arrived", "Position"]
    assert query(stage.poll)["from"] == "t2"


@pytest.mark.parametrize(
    ("events", "asks"),
    [
        ([member(ME)], True),
        ([member(ME, before="invite")], True),
        ([member(ME, before="leave"), message("x")], True),
        ([member(ME, before="invite"), member(ME, name="Ann", before="join")], True),
        ([member(ME, name="Ann", before="join")], False),
        ([member(ME), member(ME, "leave", before="join")], False),
        ([member(ME, "leave", before="join")], False),
        ([member(BOB)], False),
        ([event("m.room.member", {"membership": 3}, key=ME)], False),
        ([event("m.room.member", {"membership": "join"}, key=ME, unsigned={"prev_content": 3})], True),
        ([message("x")], False),
    ],
)
def test_only_a_room_that_we_came_to_is_asked_for(events: list[Any], asks: bool) -> None:  # B6
    stage = online()
    stage.answer("events", reply("t2", section(NEW, *events)))
    assert stage.asks("room_initial_sync") == asks
    assert bool(applied(stage)) != asks


def test_an_invite_gets_the_rooms_name_and_has_no_timeline() -> None:  # B6, B14
    stage = online()
    stage.answer("events", reply("t2", INVITE))
    summary = {"room_id": INVITE.room_id, "name": "Tea", "topic": "and cake", "num_joined_members": 7, "join_rule": "x"}
    stage.answer("summary", summary)
    (section_,) = applied(stage)
    assert (section_.membership, section_.timeline, section_.joined) == ("invite", (), 7)
    assert {one.type: one.content for one in section_.state if one.type != "m.room.member"} == {
        "m.room.name": {"name": "Tea"},
        "m.room.topic": {"topic": "and cake"},
        "m.room.join_rules": {"join_rule": "x"},
    }
    assert [one.sender for one in section_.state if one.type == "m.room.member"] == [BOB]


def test_invites_of_the_first_sync_get_their_names_too() -> None:  # B1
    stage = Stage(LEGACY)
    stage.begin()
    invite = section("!inv", membership="invite", state=(member(ME, "invite", sender=BOB),))
    stage.answer("initial_sync", reply("t1", section("!a", message("x"), whole=True), invite))
    assert stage.at(Link.SYNCING)
    stage.answer("summary", {"name": "Tea"})
    assert kinds(stage.news())[-3:] == ["RoomsListed", "LinkChanged", "Position"]


@pytest.mark.parametrize(
    "told",
    [
        Refusal("M_FORBIDDEN", "no"),
        Refusal("M_UNRECOGNIZED", "no such thing"),
        Garbled("no JSON"),
        {"name": 3, "num_joined_members": -1, "topic": None},
        {},
    ],
)
def test_a_name_that_is_not_to_be_had_is_done_without(told: Any) -> None:  # B5
    stage = online()
    stage.answer("events", reply("t2", INVITE))
    stage.answer("summary", told, 404 if isinstance(told, Refusal) else 200)
    (found,) = applied(stage)
    assert (found.joined, len(found.state)) == (None, 1)
    assert stage.only(Position) == [Position(LEGACY.position("t2", TURN + 1))]


@pytest.mark.parametrize("told", [Refusal("M_FORBIDDEN", "no"), Garbled(""), reply("t9", section("!other"))])
def test_a_room_that_is_not_to_be_had_shows_what_is_known(told: Any) -> None:  # B5
    stage = online()
    stage.answer("events", reply("t2", section(NEW, member(ME))))
    stage.answer("room_initial_sync", told, 403 if isinstance(told, Refusal) else 200)
    assert applied(stage) == [section(NEW, member(ME))]
    assert query(stage.poll)["from"] == "t2"


def test_a_lookup_that_breaks_is_made_again_and_nothing_is_given_out_before() -> None:  # B4
    stage = online()
    stage.answer("events", reply("t2", section(NEW, member(ME)), INVITE))
    stage.answer("room_initial_sync", Failed(0, "connection reset"))
    assert stage.links() == [(Link.WAITING, "connection reset")]
    stage.advance(2.0)
    stage.refuse("room_initial_sync", 429, "M_LIMIT_EXCEEDED", "", retry_after=5.0)
    stage.advance(5.0)
    stage.answer("room_initial_sync", reply("t3", section(NEW, message("x"), whole=True)))
    stage.answer("summary", {"name": "Tea"})
    news = stage.news()
    assert [item.room_id for item in news if isinstance(item, Arrived)] == [NEW]
    assert news[-1] == Position(LEGACY.position("t2", TURN + 7))
    assert stage.at(Link.ONLINE)


def test_a_server_that_fails_at_one_room_does_not_stop_the_stream() -> None:  # B5
    stage = online()
    stage.answer("events", reply("t2", section(NEW, member(ME)), section("!b", message("x"))))
    for seconds in (2.0, 4.0):
        stage.refuse("room_initial_sync", 500, "M_UNKNOWN", "Internal server error")
        stage.advance(seconds)
    stage.refuse("room_initial_sync", 500, "M_UNKNOWN", "Internal server error")
    assert [one.room_id for one in applied(stage)] == [NEW, "!b"]
    assert query(stage.poll)["from"] == "t2"


def test_a_program_that_ends_during_a_lookup_asks_for_the_same_events_again() -> None:  # B4
    stage = online()
    stage.answer("events", reply("t2", section(NEW, member(ME))))
    stage.core.stop(stage.now)
    stage.begin()
    assert query(stage.poll)["from"] == "t1"


def test_a_flood_of_invites_does_not_hold_the_stream_up() -> None:  # B5
    stage = online()
    flood = [section(f"!{n}", member(ME, "invite", sender=BOB)) for n in range(MOST_LOOKUPS + 30)]
    stage.always("summary", lambda _: {"name": "x"})
    stage.answer("events", reply("t2", *flood, section(NEW, member(ME))))
    stage.answer("room_initial_sync", reply("t3", section(NEW, whole=True)))
    stage.take()
    asked = sum(1 for call in stage.made if "summary" in call.request.path)
    assert asked == MOST_LOOKUPS - 1
    assert len(applied(stage)) == len(flood) + 1


def test_what_was_missed_comes_in_full_pages_before_the_account_is_online() -> None:  # B8
    stage = Stage(LEGACY, position=LEGACY.position("t1", TURN))
    stage.begin()
    for number in (2, 3):
        page = [message(f"{number}-{i}") for i in range(EVENTS_LIMIT)]
        stage.answer("events", reply(f"t{number}", section("!a", *page)))
        assert stage.at(Link.RESUMING)
        assert query(stage.poll)["timeout"] == "0"
    stage.answer("events", reply("t4", section("!a", message("last"))))
    assert stage.at(Link.ONLINE)
    assert query(stage.poll)["timeout"] == "30000"
    assert len(stage.only(Position)) == 3
