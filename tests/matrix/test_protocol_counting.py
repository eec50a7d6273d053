"""Tests how much is unread where the way of syncing does not tell: when it is asked, as of which event it holds."""

from __future__ import annotations

import pytest

from chat_tui_core.contract import Link, News, Position, RoomChanged
from chat_tui_matrix.protocol.counting import COUNTS_ONLY
from chat_tui_matrix.protocol.uncounted import MOST_NOTED, Uncounted
from chat_tui_matrix.wire.events import RoomSection
from tests.matrix.driver import (
    BOB,
    ME,
    ROOM,
    SLIDING,
    Driver,
    event,
    member,
    message,
    query,
    reply,
    section,
    sync_filter,
)
from tests.matrix.loop_stage import LEGACY, SLIDE, SYNC, Mode

OTHER = "!other:chat.example"
HERE = member(ME)


def unread(news: list[News]) -> dict[str, int]:
    """What is told of how much is unread, by room."""
    changed = [item for item in news if isinstance(item, RoomChanged) and "unread" in item.fields]
    return {item.room.room_id: item.room.unread for item in changed}


def counted(room_id: str, count: int, *ids: str, mentions: int = 0) -> RoomSection:
    """A room as the small sync tells it: its counts and its last event."""
    return section(room_id, *(message("x", event_id=one) for one in ids), unread=count, mentions=mentions)


def first(*rooms: RoomSection, mode: Mode = SLIDE, position: dict[str, str] | None = None) -> Driver:
    """A core after a first answer."""
    driver = Driver(mode=mode.name, position=position)
    driver.start(SLIDING)
    driver.answer(mode.first, reply("p1", *rooms, total=len(rooms)))
    driver.advance(0)
    return driver


def online(*rooms: RoomSection, counts: tuple[RoomSection, ...] = (), mode: Mode = SLIDE) -> Driver:
    """A core that is online, and has been told how much is unread."""
    driver = first(*rooms, mode=mode)
    driver.answer("sync", reply("c1", *counts))
    assert driver.at(Link.ONLINE)
    driver.quiet()
    return driver


def whole(room_id: str, *ids: str) -> RoomSection:
    """All there is of a room."""
    return section(room_id, *(message(one, event_id=one) for one in ids), state=(HERE,), whole=True)


# ---------------------------------------------------------------- when it is asked


@pytest.mark.parametrize("mode", [SLIDE, LEGACY], ids=lambda mode: mode.name)
def test_after_a_first_answer_all_rooms_are_counted_by_one_small_sync(mode: Mode) -> None:  # B1, E6
    driver = first(whole(ROOM, "$1", "$2"), whole(OTHER), mode=mode)
    asked = driver.call("sync")
    assert sync_filter(asked) == COUNTS_ONLY
    told = query(asked)
    assert "since" not in told
    assert told["set_presence"] == "offline"
    driver.quiet()
    driver.answer("sync", reply("c1", counted(ROOM, 7, "$2", mentions=1), counted(OTHER, 0)))
    news = driver.news()
    assert unread(news) == {ROOM: 7, OTHER: 0}
    assert [item.room.mentions for item in news if isinstance(item, RoomChanged)] == [1, 0]
    (position,) = [item for item in news if isinstance(item, Position)]
    assert position.data["counted"] == "c1"
    assert position.data[mode.key] == "p1"
    driver.advance(20)
    assert not driver.all_calls("sync")


def test_a_plain_sync_tells_by_itself() -> None:  # E6
    driver = first(counted(ROOM, 3, "$1"), whole(OTHER, "$2"), mode=SYNC)
    assert unread(driver.news()) == {ROOM: 3}
    assert len(driver.all_calls("sync")) == 1
    assert driver.core.wake_at() is not None  # the long poll's end


def test_only_a_gap_and_what_was_read_elsewhere_are_asked_about() -> None:  # B8, B17, E6
    driver = online(whole(ROOM, "$1"), whole(OTHER, "$2"), counts=(counted(ROOM, 0, "$1"), counted(OTHER, 0, "$2")))
    driver.answer("sliding", reply("p2", section(ROOM, message("3", event_id="$3"))))
    driver.advance(20)
    assert not driver.all_calls("sync"), "the session counts what comes one after the other"
    driver.answer("sliding", reply("p3", section(ROOM, message("9", event_id="$9"), limited=True, prev_batch="b")))
    driver.advance(0)
    asked = driver.call("sync")
    assert query(asked)["since"] == "c1"
    driver.quiet()
    driver.answer("sync", reply("c2", counted(ROOM, 40, "$9")))
    assert unread(driver.news()) == {ROOM: 40}

    known = event("m.receipt", {"$9": {"m.read": {ME: {"ts": 1}}}})
    elsewhere = event("m.receipt", {"$older": {"m.read": {ME: {"ts": 1}, BOB: {"ts": 1}}}})
    driver.answer("sliding", reply("p4", section(ROOM, ephemeral=(known,))))
    driver.advance(20)
    assert not driver.all_calls("sync")
    driver.answer("sliding", reply("p5", section(ROOM, ephemeral=(elsewhere,))))
    driver.advance(0)
    driver.quiet()
    driver.answer("sync", reply("c3", counted(ROOM, 12)))
    assert unread(driver.news()) == {ROOM: 12}


def test_the_next_run_goes_on_from_the_same_token() -> None:  # B4, E6
    stored = {"mode": "sliding", "pos": "p9", "turn": "5", "counted": "c9"}
    driver = Driver(mode="sliding", position=stored)
    driver.start(SLIDING)
    driver.answer("sliding", reply("p10", section(ROOM, message("x", event_id="$x"), limited=True, state=(HERE,))))
    driver.advance(0)
    assert query(driver.call("sync"))["since"] == "c9"
    # In another mode it is dropped.
    assert "counted" not in _told(Driver(mode="sync", position=stored))


def _told(driver: Driver) -> dict[str, str]:
    driver.start()
    driver.answer("sync", reply("s1"))
    (position,) = driver.only(Position)
    return dict(position.data)


def test_a_first_answer_in_windows_is_counted_when_all_rooms_are_known() -> None:  # B1
    driver = Driver(mode="sliding")
    driver.start(SLIDING)
    driver.answer("sliding", reply("p1", whole(ROOM, "$1"), total=30))
    driver.advance(1)
    assert driver.at(Link.ONLINE)
    assert not driver.all_calls("sync")
    driver.answer("sliding", reply("p2", whole(OTHER, "$2"), total=30))
    driver.advance(0)
    assert driver.asks("sync")


# ---------------------------------------------------------------- what goes wrong


def test_a_fault_waits_and_a_broken_link_asks_again() -> None:  # B3
    driver = first(whole(ROOM, "$1"))
    driver.refuse("sync", 500)
    assert driver.at(Link.ONLINE), "it is tried once before"
    driver.advance(0.9)
    assert not driver.all_calls("sync")
    driver.advance(0.2)
    driver.refuse("sync", 429, "M_LIMIT_EXCEEDED", retry_after=7.0)
    driver.advance(6.9)
    assert not driver.all_calls("sync")
    driver.advance(0.2)
    asked = driver.call("sync")
    driver.fail("sliding")
    driver.take()
    assert asked.id in driver.hung_up
    driver.advance(2)
    driver.answer("sliding", reply("p3"))
    assert driver.asks("sync")
    assert not driver.at(Link.ONLINE)
    driver.advance(1)
    assert driver.at(Link.ONLINE)


def test_being_online_waits_a_second_for_the_counts_and_no_longer() -> None:  # E6, E10
    driver = first(whole(ROOM, "$1"))
    assert not driver.at(Link.ONLINE)
    assert not driver.all_calls("sliding")
    driver.advance(1)
    assert driver.at(Link.ONLINE)
    assert query(driver.call("sliding"))["timeout"] == "30000"
    driver.quiet()
    driver.answer("sync", reply("c1", counted(ROOM, 7, "$1")))
    assert unread(driver.news()) == {ROOM: 7}
    assert len(driver.all_calls("sliding")) == 1


def test_what_was_never_counted_is_counted_in_the_next_run() -> None:  # B4, E6
    driver = Driver(mode="sliding", position={"mode": "sliding", "pos": "p1", "turn": "5"})
    driver.start(SLIDING)
    driver.answer("sliding", reply("p2", section(OTHER, message("2", event_id="$2"), state=(HERE,))))
    assert "since" not in query(driver.call("sync"))
    driver.quiet()
    driver.advance(1)
    driver.answer("sliding", reply("p3", section(OTHER, message("3", event_id="$3"))))
    driver.answer("sync", reply("c1", counted(ROOM, 7, "$1"), counted(OTHER, 1, "$2")))
    # Of the one it is not stored who is in it here; of the other more has come than is counted.
    assert unread(driver.news()) == {}
    driver.advance(1.1)
    assert query(driver.call("sync"))["since"] == "c1"
    driver.answer("sync", reply("c2", counted(OTHER, 2, "$3")))
    assert unread(driver.news()) == {OTHER: 2}


def test_stopping_asks_nothing_more() -> None:  # B2
    driver = first(whole(ROOM, "$1"))
    asked = driver.call("sync")
    driver.core.stop(driver.now)
    driver.take()
    assert asked.id in driver.hung_up
    driver.advance(20)
    assert not driver.all_calls()


def test_a_token_that_is_refused_is_dropped_and_a_server_that_cannot_is_not_asked_again() -> None:  # B4, B19
    driver = first(whole(ROOM, "$1"), position={"counted": "old"})
    assert query(driver.call("sync"))["since"] == "old"
    driver.refuse("sync", 400, "M_UNKNOWN", "Invalid stream token")
    driver.advance(1.1)
    assert "since" not in query(driver.call("sync"))
    driver.refuse("sync", 404, "M_UNRECOGNIZED")
    driver.advance(20)
    assert not driver.all_calls("sync")
    assert driver.at(Link.ONLINE)


# ---------------------------------------------------------------- as of which event


def test_counts_that_are_older_than_what_came_are_asked_for_again() -> None:  # E6
    driver = first(whole(ROOM, "$1"))
    driver.advance(1)
    driver.answer("sliding", reply("p2", section(ROOM, message("2", event_id="$2"), message("3", event_id="$3"))))
    driver.quiet()
    driver.answer("sync", reply("c1", counted(ROOM, 5, "$2")))
    assert unread(driver.news()) == {}
    driver.advance(1.1)
    assert query(driver.call("sync"))["since"] == "c1"
    driver.answer("sync", reply("c2", counted(ROOM, 6, "$3")))
    assert unread(driver.news()) == {ROOM: 6}


def test_counts_that_know_of_what_is_still_to_come_hold_when_it_comes() -> None:  # E6
    driver = first(whole(ROOM, "$1"))
    driver.quiet()
    driver.answer("sync", reply("c1", counted(ROOM, 5, "$2")))
    assert unread(driver.news()) == {ROOM: 5}
    # The session counts it as well; the number that holds is told after it.
    driver.answer("sliding", reply("p2", section(ROOM, message("2", event_id="$2"))))
    assert unread(driver.news()) == {ROOM: 5}
    driver.answer("sliding", reply("p3", section(ROOM, message("3", event_id="$3"))))
    assert unread(driver.news()) == {}
    driver.advance(20)
    assert not driver.all_calls("sync")


def test_what_came_with_more_behind_it_is_asked_for() -> None:  # E6
    book = Uncounted()
    book.took(whole(ROOM, "$1"), elsewhere=False)
    book.asking()
    assert book.answered([counted(ROOM, 5, "$2")]) == {ROOM: {"unread": 5, "mentions": 0}}
    both = section(ROOM, message("2", event_id="$2"), message("3", event_id="$3"))
    assert book.took(both, elsewhere=False) == {}
    assert book
    book.asking()
    assert book.answered([counted(ROOM, 6, "$3")]) == {ROOM: {"unread": 6, "mentions": 0}}
    assert not book


def test_a_gap_while_it_is_asked_is_asked_about_anew() -> None:  # B8, E6
    book = Uncounted()
    book.took(whole(ROOM, "$1"), elsewhere=False)
    book.asking()
    book.took(section(ROOM, message("9", event_id="$9"), limited=True, prev_batch="b"), elsewhere=False)
    assert book.answered([counted(ROOM, 5, "$5")]) == {}
    assert book
    book.asking()
    assert book.answered([counted(ROOM, 9, "$9")]) == {ROOM: {"unread": 9, "mentions": 0}}


def test_a_room_that_is_left_or_not_named_is_no_longer_asked_about() -> None:  # B6
    book = Uncounted()
    book.took(whole(ROOM, "$1"), elsewhere=False)
    book.took(whole(OTHER, "$2"), elsewhere=False)
    book.took(section(ROOM, member(ME, "leave"), membership="leave"), elsewhere=False)
    book.asking()
    assert book.answered([counted(ROOM, 3, "$1")]) == {}
    assert not book


def test_a_room_without_events_and_one_that_is_never_quiet() -> None:  # E6
    book = Uncounted()
    book.took(section(ROOM, state=(HERE,), whole=True), elsewhere=False)
    book.asking()
    for number in range(2 * MOST_NOTED):
        book.took(section(ROOM, message("x", event_id=f"${number}")), elsewhere=False)
    assert book.answered([counted(ROOM, 3)]) == {}, "more came than the counts know"
    book.asking()
    assert book.answered([counted(ROOM, 400, f"${2 * MOST_NOTED - 1}")]) == {ROOM: {"unread": 400, "mentions": 0}}
