"""The sync loop's token: where it goes on, what is stored with it, and what happens when the server forgets it."""

from __future__ import annotations

from typing import Final

import pytest

from chat_tui_core.contract import (
    Arrived,
    AskHistory,
    Link,
    LinkChanged,
    Position,
    Problem,
    RoomsListed,
)
from chat_tui_matrix.protocol.desk import ROOM_FOR_LATER
from chat_tui_matrix.protocol.sync_loop import FORGOTTEN
from tests.matrix.driver import (
    ROOM,
    WALL,
    message,
    query,
    reply,
    section,
)
from tests.matrix.loop_stage import LEGACY, SLIDE, SYNC, TURN, Mode, Stage, each_mode, events_of

# ---------------------------------------------------------------- B4: the token


@each_mode
def test_a_stored_token_goes_on_where_it_was(mode: Mode) -> None:  # B4
    stage = Stage(mode, position=mode.position("t7", TURN + 500))
    stage.begin()
    assert stage.links()[-1] == (Link.RESUMING, "")
    assert query(stage.poll)[mode.param] == "t7"
    assert query(stage.poll)["timeout"] == "0"
    stage.brings("t8", "missed")
    arrived, link, position = stage.news()
    assert isinstance(arrived, Arrived)
    assert arrived.events[0].order == (TURN + 501) * ROOM_FOR_LATER
    assert link == LinkChanged(Link.ONLINE)
    assert position == Position(mode.position("t8", TURN + 501))


@each_mode
def test_a_later_answer_is_given_out_in_one_batch_with_its_position(mode: Mode) -> None:  # B4
    stage = Stage(mode)
    stage.up()
    stage.works = False
    rooms = [section(f"!r{number}", message("x", event_id=f"${number}")) for number in range(90)]
    stage.answer(mode.later, reply("t2", *rooms, total=1))
    slices = 0
    while stage.core.work(stage.now):
        slices += 1
        assert not stage.news()
        assert not stage.all_calls()
    assert slices == 2
    news = stage.news()
    assert len(events_of(news)) == 90
    assert [type(item) for item in news].count(Position) == 1
    assert isinstance(news[-1], Position)


@each_mode
def test_a_lost_answer_is_asked_for_with_the_same_token(mode: Mode) -> None:  # B4
    stage = Stage(mode)
    stage.up()
    for _ in range(3):
        stage.breaks()
        stage.advance(8.0)
        assert query(stage.poll)[mode.param] == "t1"
    stage.brings("t2", "once")
    assert len(events_of(stage.news())) == 1


@each_mode
def test_orders_rise_from_answer_to_answer_and_are_not_used_up_by_empty_ones(mode: Mode) -> None:  # B4
    stage = Stage(mode)
    stage.up()
    for token in ("t2", "t3", "t4"):
        stage.brings(token, token)
    stage.brings("t5")
    stage.brings("t6", "t6")
    assert stage.fakes.rooms.bases == [(TURN + number) * ROOM_FOR_LATER for number in range(5)]
    stage.now += 100
    stage.brings("t7", "t7")
    assert stage.fakes.rooms.bases[-1] == (TURN + 100) * ROOM_FOR_LATER


def test_a_turn_that_a_page_of_history_begins_is_stored_with_it() -> None:  # B4
    stage = Stage()
    stage.up()
    stage.fakes.rooms.desk.next_turn(WALL)
    assert stage.news() == [Position(SYNC.position("t1", TURN + 1))]
    assert stage.news() == []
    stage.brings("t2", "x")
    assert stage.only(Position) == [Position(SYNC.position("t2", TURN + 2))]


@each_mode
def test_an_answer_that_moves_nothing_is_not_stored(mode: Mode) -> None:  # B4
    stage = Stage(mode)
    stage.up()
    stage.brings("t1")
    assert stage.news() == []
    stage.brings("t2")
    assert stage.news() == [Position(mode.position("t2", TURN))]


REFUSED_TOKENS: Final = [
    ("M_UNKNOWN", "Invalid stream token"),
    ("M_UNKNOWN_POS", "Unknown position"),
    ("M_UNKNOWN", "'from' parameter is invalid"),
    ("M_INVALID_PARAM", "Invalid since"),
]


@each_mode
@pytest.mark.parametrize(("code", "text"), REFUSED_TOKENS)
def test_a_token_that_the_server_does_not_know_is_forgotten(mode: Mode, code: str, text: str) -> None:  # B4
    stage = Stage(mode)
    stage.up()
    stage.now += 10
    stage.refuse(mode.later, 400, code, text)
    news = stage.news()
    assert Problem(FORGOTTEN) in news
    assert stage.at(Link.SYNCING)
    assert mode.param not in query(stage.call(mode.first))
    stage.answer(mode.first, reply("n1", section("!new", message("n")), total=1))
    news = stage.news()
    assert [r.room_id for item in news if isinstance(item, RoomsListed) for r in item.rooms] == ["!new"]
    assert news[-1] == Position(mode.position("n1", TURN + 10))
    assert stage.at(Link.ONLINE)
    assert query(stage.poll)[mode.param] == "n1"


def test_a_server_that_forgets_again_and_again_is_not_hammered() -> None:  # B4
    stage = Stage()
    stage.up()
    stage.refuse("sync", 400, "M_UNKNOWN", "Invalid stream token")
    waits = []
    for _ in range(4):
        stage.answer("sync", reply("n1", section(ROOM)))
        stage.refuse("sync", 400, "M_UNKNOWN", "Invalid stream token")
        link = stage.only(LinkChanged)[-1]
        waits.append(link.retry_at - stage.now)
        stage.advance(waits[-1])
        assert "since" not in query(stage.call("sync"))
    assert waits == [2, 4, 8, 16]
    stage.answer("sync", reply("n1", section(ROOM)))
    stage.answer("sync", reply("n2", section(ROOM)))
    stage.refuse("sync", 400, "M_UNKNOWN", "Invalid stream token")
    assert "since" not in query(stage.call("sync"))


def test_a_refusal_that_is_not_about_the_token_keeps_it() -> None:  # B4
    stage = Stage()
    stage.up()
    for status, code, text in ((400, "M_BAD_JSON", "filter is not JSON"), (403, "M_UNKNOWN", "Invalid stream token")):
        stage.refuse("sync", status, code, text)
        stage.advance(10.0)
        assert query(stage.call("sync"))["since"] == "t1"


@pytest.mark.parametrize("stored", [SYNC, SLIDE, LEGACY], ids=lambda mode: mode.name)
@each_mode
def test_a_token_of_another_way_is_not_used(mode: Mode, stored: Mode) -> None:  # B4
    stage = Stage(mode, position=stored.position("old", TURN + 7))
    stage.begin()
    if mode is stored:
        assert query(stage.call(mode.later))[mode.param] == "old"
        return
    assert mode.param not in query(stage.call(mode.first))
    stage.answer(mode.first, reply("t1", section(ROOM, message("x")), total=1))
    assert stage.only(Position) == [Position(mode.position("t1", TURN + 8))]


@pytest.mark.parametrize("turn", ["", "-1", "x", "9" * 400, "²", "1e3"])
def test_a_damaged_turn_is_a_new_beginning_of_the_count(turn: str) -> None:  # B4
    stage = Stage(position={"mode": "sync", "since": "t1", "turn": turn})
    stage.begin()
    stage.brings("t2", "x")
    assert stage.fakes.rooms.bases == [TURN * ROOM_FOR_LATER]


def test_rooms_hear_what_is_durable_only_when_nothing_newer_was_said() -> None:  # B4
    stage = Stage()
    stage.up()
    rooms = stage.fakes.rooms
    stage.brings("t2", "x")
    (position,) = stage.only(Position)
    stage.core.stored({"mode": "sync", "since": "t1", "turn": str(TURN)}, stage.now)
    assert rooms.stored_calls == 0
    stage.core.stored(dict(position.data), stage.now)
    assert rooms.stored_calls == 1
    stage.ask(AskHistory(1, ROOM, 10))
    stage.answer("ask/1", {})
    stage.news()
    stage.core.stored(dict(position.data), stage.now)
    assert rooms.stored_calls == 1
    stage.brings("t3", "y")
    (position,) = stage.only(Position)
    stage.core.stored(dict(position.data), stage.now)
    assert rooms.stored_calls == 2
