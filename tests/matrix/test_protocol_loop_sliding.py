"""Simplified sliding sync: rooms to work with at once, the others while one works, and who is in which room."""

from __future__ import annotations

import pytest

from chat_tui_core.contract import Answered, Arrived, Link, LinkChanged, Position, RoomsListed
from chat_tui_matrix.protocol.desk import ROOM_FOR_LATER
from chat_tui_matrix.protocol.sliding import ALL, STEP, WINDOWS
from chat_tui_matrix.wire.events import RoomSection
from tests.matrix.driver import ME, body, member, message, query, reply, section, send
from tests.matrix.loop_stage import SLIDE, TURN, Stage, kinds


def window(stage: Stage) -> int:
    """How many rooms the request under way asks for."""
    ((low, high),) = body(stage.poll)["lists"]["rooms"]["ranges"]
    assert low == 0
    return int(high) + 1


def rooms(first: int, last: int) -> list[RoomSection]:
    """Rooms with a message each."""
    return [section(f"!r{number}", message("x", event_id=f"${number}")) for number in range(first, last)]


def test_the_newest_rooms_come_first_and_one_can_work_while_the_others_come() -> None:  # B1
    stage = Stage(SLIDE)
    stage.begin()
    stage.quiet()
    told = 0
    windows, links, batches = [], [], []
    for number in range(20):
        windows.append(window(stage))
        assert query(stage.poll)["timeout"] == "0"
        assert query(stage.poll).get("pos", "") == (f"p{number}" if number else "")
        shown = min(windows[-1], 1000)
        stage.answer("sliding", reply(f"p{number + 1}", *rooms(told, shown), total=1000))
        told = shown
        news = stage.news()
        batches.append(kinds(news))
        links += [(item.link, item.reason) for item in news if isinstance(item, LinkChanged)]
        assert stage.at(Link.ONLINE)
        if isinstance(news[-1], Position) and "pos" in news[-1].data:
            break
    assert windows == [*WINDOWS, WINDOWS[-1] + STEP, WINDOWS[-1] + 2 * STEP]
    assert links == [
        (Link.ONLINE, "20 of 1000 rooms"),
        (Link.ONLINE, "100 of 1000 rooms"),
        (Link.ONLINE, "400 of 1000 rooms"),
        (Link.ONLINE, "900 of 1000 rooms"),
        (Link.ONLINE, ""),
    ]
    assert batches[-1][-3:] == ["RoomsListed", "LinkChanged", "Position"]
    assert all("RoomsListed" not in batch for batch in batches[:-1])
    assert window(stage) == ALL
    assert query(stage.poll) == {"pos": "p5", "timeout": "30000"}


def test_the_list_names_every_room_of_every_window() -> None:  # B6
    stage = Stage(SLIDE)
    stage.begin()
    stage.answer("sliding", reply("p1", *rooms(0, 20), total=50))
    stage.answer("sliding", reply("p2", *rooms(20, 51), total=51))
    (listed,) = stage.only(RoomsListed)
    assert len(listed.rooms) == 51


def test_few_rooms_are_whole_at_once() -> None:  # B1
    stage = Stage(SLIDE)
    stage.begin()
    stage.answer("sliding", reply("p1", *rooms(0, 20), total=20))
    assert len(stage.only(RoomsListed)) == 1
    assert (window(stage), query(stage.poll)["timeout"]) == (ALL, "30000")


def test_a_server_that_tells_no_total_is_asked_for_all_before_the_list_counts() -> None:  # B1
    stage = Stage(SLIDE)
    stage.begin()
    stage.answer("sliding", reply("p1", *rooms(0, 20)))
    assert not stage.only(RoomsListed)
    assert (window(stage), query(stage.poll)["timeout"]) == (ALL, "0")
    stage.answer("sliding", reply("p2", *rooms(20, 30)))
    (listed,) = stage.only(RoomsListed)
    assert len(listed.rooms) == 30


def test_an_account_without_rooms_is_whole() -> None:  # B1
    stage = Stage(SLIDE)
    stage.begin()
    stage.answer("sliding", reply("p1"))
    stage.answer("sliding", reply("p2"))
    assert stage.news()[-2:] == [RoomsListed(()), Position(SLIDE.position("p2", 0))]
    assert query(stage.poll)["timeout"] == "30000"


def test_what_is_asked_for_never_changes_but_for_the_window() -> None:  # B19
    stage = Stage(SLIDE)
    stage.begin()
    asked = []
    for number in range(3):
        asked.append(body(stage.poll))
        del asked[-1]["lists"]["rooms"]["ranges"]
        stage.answer("sliding", reply(f"p{number}", section(f"!{number}"), total=60))
    assert asked[0] == asked[1] == asked[2]
    assert asked[0]["lists"]["rooms"]["timeline_limit"] == 20
    assert ["m.room.member", "$LAZY"] in asked[0]["lists"]["rooms"]["required_state"]
    assert asked[0]["extensions"] == {name: {"enabled": True} for name in ("account_data", "receipts", "typing")}
    assert asked[0]["conn_id"]


def test_echoes_come_in_between_two_windows() -> None:  # E2
    stage = Stage(SLIDE)
    stage.begin()
    stage.answer("sliding", reply("p1", *rooms(0, 20), total=2000))
    stage.quiet()
    stage.do(send(1))
    stage.answer("act/1", {})
    stage.answer("sliding", reply("p2", section("!r3", message("mine")), *rooms(20, 100), total=2000))
    news = stage.news()
    assert Answered(1) in news
    assert "!r3" in [item.room_id for item in news if isinstance(item, Arrived)]


def test_a_break_while_the_windows_grow_goes_on_with_the_same_window() -> None:  # B4
    stage = Stage(SLIDE)
    stage.begin()
    stage.answer("sliding", reply("p1", *rooms(0, 20), total=300))
    stage.quiet()
    stage.breaks()
    stage.advance(2.0)
    assert stage.links() == [(Link.WAITING, "connection reset"), (Link.RESUMING, "")]
    assert (window(stage), query(stage.poll)["pos"]) == (100, "p1")
    stage.answer("sliding", reply("p2", *rooms(20, 100), total=300))
    assert stage.links() == [(Link.ONLINE, "100 of 300 rooms")]


def test_a_program_that_ends_while_the_windows_grow_begins_again() -> None:  # B4
    stage = Stage(SLIDE)
    stage.begin()
    stage.answer("sliding", reply("p1", *rooms(0, 20), total=300))
    (position,) = stage.only(Position)
    assert position.data == {"mode": "sliding", "turn": str(TURN)}
    stage = Stage(SLIDE, position=position.data)
    stage.begin()
    assert "pos" not in query(stage.poll)
    stage.answer("sliding", reply("p7", *rooms(0, 20), total=300))
    assert stage.fakes.rooms.bases[0] == (TURN + 1) * ROOM_FOR_LATER


def test_a_connection_that_expired_while_the_windows_grow_begins_again_small() -> None:  # B4
    stage = Stage(SLIDE)
    stage.begin()
    stage.answer("sliding", reply("p1", *rooms(0, 20), total=300))
    stage.refuse("sliding", 400, "M_UNKNOWN_POS", "Unknown position")
    assert (window(stage), query(stage.poll)) == (20, {"timeout": "0"})


def test_a_stored_position_asks_for_all_at_once() -> None:  # B4
    stage = Stage(SLIDE, position=SLIDE.position("p9", TURN))
    stage.begin()
    assert (window(stage), query(stage.poll)) == (ALL, {"pos": "p9", "timeout": "0"})
    stage.answer("sliding", reply("p10", *rooms(0, 2), total=900))
    assert not stage.only(RoomsListed)
    assert query(stage.poll)["timeout"] == "30000"


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ([section("!r", message("x"))], ["join"]),
        ([section("!r", member(ME, "leave", before="join"))], ["leave"]),
        ([section("!r", member(ME, "leave", sender="@mod:chat.example"))], ["leave"]),
        ([section("!r", member(ME, "ban", sender="@mod:chat.example"))], ["leave"]),
        ([section("!r", member(ME, "leave"), member(ME, "join"))], ["join"]),
        ([section("!r", message("x"), state=(member(ME, "leave"),))], ["leave"]),
        ([section("!r", member(ME), state=(member(ME, "leave"),))], ["join"]),
        ([section("!r", member("@bob:chat.example", "leave"))], ["join"]),
        ([section("!r", membership="invite", state=(member(ME, "invite", sender="@b:c"),))], ["invite"]),
        ([section("!r", membership="invite", state=(member(ME, "knock"),))], ["knock"]),
        ([section("!r", member(ME, "leave")), section("!r")], ["leave", "leave"]),
        ([section("!r", state=(member(ME, "what"),))], ["join"]),
    ],
)
def test_our_own_member_event_tells_how_we_stand_to_a_room(said: list[RoomSection], expected: list[str]) -> None:  # B6
    stage = Stage(SLIDE)
    stage.begin()
    stage.answer("sliding", reply("p1", *said, total=1))
    assert [one.membership for one in stage.fakes.rooms.sections] == expected
