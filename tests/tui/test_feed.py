"""Changes are gathered and handed over once a frame: at once for one's own doing, seldom in a flood."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from chat_tui.feed import AT_ONCE, FLOOD, MOST_KEPT, PATIENCE, QUICK, SLOW, SLOWEST, TORRENT, Batch, Feed, gather
from chat_tui_core.actions import Action, Kind, State
from chat_tui_core.link import Link, LinkChanged
from chat_tui_core.session_changes import (
    ActionMoved,
    EventsArrived,
    LinkMoved,
    MembersMoved,
    PresenceMoved,
    ReadMarkMoved,
    RoomsMoved,
    Said,
    SessionChange,
    TimelineMoved,
    TypingMoved,
)
from chat_tui_core.timeline import Inserted, Item, Removed, Reset
from tests.core.scripted import said


def action(action_id: int, state: State = State.PENDING) -> Action:
    return Action(action_id, Kind.SEND, "r", {"text": "x"}, state)


def moved(room_id: str = "r", index: int = 0) -> TimelineMoved:
    return TimelineMoved(room_id, (Inserted(index, (Item(f"k{index}"),)),))


class Bench:
    """A feed whose clock, loop and terminal are the test's."""

    def __init__(self) -> None:
        self.now = 100.0
        self.waiting = 0
        self.batches: list[Batch] = []
        self.due: list[Callable[[], None]] = []
        self.feed = Feed(self.batches.append, self.due.append, backlog=lambda: self.waiting, clock=lambda: self.now)

    def push(self, *changes: SessionChange) -> None:
        for change in changes:
            self.feed.push(change)

    def turn(self) -> None:
        """Let the screen do what it was asked for."""
        due, self.due[:] = list(self.due), []
        for work in due:
            work()

    @property
    def timer(self) -> float | None:
        """Seconds until the planned drain."""
        timer = self.feed._timer
        return None if timer is None else timer.when() - asyncio.get_running_loop().time()


@pytest.fixture
async def bench() -> Bench:
    return Bench()


# ---------------------------------------------------------------- gathering


def test_steps_of_a_timeline_are_joined_in_order() -> None:
    batch = gather([moved(index=0), moved("other"), moved(index=1)])
    assert [step.index for step in batch.timelines["r"] if isinstance(step, Inserted)] == [0, 1]
    assert len(batch.timelines["other"]) == 1


def test_a_reset_makes_earlier_steps_void() -> None:
    reset = Reset(())
    assert gather([moved(), TimelineMoved("r", (Removed(0, 1), reset)), moved()]).timelines["r"][0] is reset
    assert len(gather([moved(), TimelineMoved("r", (reset,)), moved()]).timelines["r"]) == 2


def test_only_the_last_value_of_a_thing_is_kept() -> None:
    first, second = LinkChanged(Link.CONNECTING), LinkChanged(Link.ONLINE)
    batch = gather(
        [
            LinkMoved(first),
            ActionMoved(action(1)),
            LinkMoved(second),
            ActionMoved(action(1, State.SENT)),
            RoomsMoved(frozenset({"a"})),
            RoomsMoved(frozenset({"b"})),
            MembersMoved("a"),
            TypingMoved("a"),
            PresenceMoved("bob"),
            ReadMarkMoved("a", {"bob": 3, "cy": 4}),
            ReadMarkMoved("a", {"bob": 5}),
            Said("hear"),
        ]
    )
    assert batch.link is second
    assert batch.actions[1].state is State.SENT
    assert batch.rooms == {"a", "b"}
    assert (batch.members, batch.typing, batch.presence) == ({"a"}, {"a"}, {"bob"})
    assert batch.read_marks == {"a": {"bob": 5, "cy": 4}}
    assert [said.text for said in batch.said] == ["hear"]


def test_an_action_under_a_new_id_replaces_the_old_one() -> None:
    batch = gather([ActionMoved(action(1, State.FAILED)), ActionMoved(action(2), old_id=1)])
    assert list(batch.actions) == [2]


# ---------------------------------------------------------------- when


async def test_the_first_change_is_handed_over_at_once(bench: Bench) -> None:
    bench.push(moved())
    bench.turn()
    assert len(bench.batches) == 1


async def test_changes_of_one_turn_are_one_batch(bench: Bench) -> None:
    bench.push(moved(index=0), moved(index=1), RoomsMoved(frozenset({"r"})))
    assert len(bench.due) == 1
    bench.turn()
    assert len(bench.batches) == 1
    assert len(bench.batches[0].timelines["r"]) == 2


async def test_little_traffic_does_not_wait_but_more_waits_a_frame(bench: Bench) -> None:  # D1
    for count in range(1, AT_ONCE + 1):
        bench.push(moved())
        bench.turn()
        assert len(bench.batches) == count
    bench.push(moved())
    assert not bench.due
    assert bench.timer == pytest.approx(QUICK, abs=0.005)
    bench.now += QUICK
    bench.feed._due()
    bench.turn()
    bench.push(moved())
    assert bench.timer == pytest.approx(QUICK, abs=0.005)


async def test_after_a_rest_little_traffic_does_not_wait_again(bench: Bench) -> None:  # D1
    for _ in range(AT_ONCE):
        bench.push(moved())
        bench.turn()
    bench.now += AT_ONCE * QUICK
    bench.push(moved())
    assert bench.due


async def test_a_flood_waits_longer(bench: Bench) -> None:
    bench.push(*(moved(index=index) for index in range(FLOOD)))
    bench.turn()
    bench.push(moved())
    assert bench.timer == pytest.approx(SLOW, abs=0.005)
    bench.now += SLOW
    bench.feed._due()
    bench.turn()
    assert [len(batch.timelines["r"]) for batch in bench.batches] == [FLOOD, 1]


@pytest.mark.parametrize(
    ("count", "pause"),
    [(FLOOD - 1, None), (FLOOD, SLOW), (TORRENT - 1, SLOW)],
)
async def test_a_flood_is_told_by_its_lines_however_few_changes_bring_them(
    bench: Bench, count: int, pause: float | None
) -> None:  # E2
    bench.push(lines(count))
    bench.turn()
    bench.push(moved())
    assert bench.timer == (None if pause is None else pytest.approx(pause, abs=0.005))


def lines(count: int) -> EventsArrived:
    return EventsArrived("r", tuple(said(order) for order in range(1, count + 1)))


async def test_a_torrent_is_handed_over_seldom_but_its_end_at_once(bench: Bench) -> None:  # E2
    bench.push(lines(TORRENT))
    bench.turn()
    began = bench.now
    bench.push(lines(1))
    while not bench.due:
        assert bench.timer == pytest.approx(min(SLOW, began + SLOWEST - bench.now), abs=0.005)
        bench.push(lines(FLOOD))  # it goes on
        bench.now += SLOW
        bench.feed._due()
    assert SLOWEST - 0.001 < bench.now - began < SLOWEST + SLOW + 0.001
    bench.turn()
    bench.push(lines(1))
    bench.now += SLOW
    bench.feed._due()
    assert bench.due  # nothing has come since


async def test_of_a_torrent_no_more_is_kept_than_a_few_screens(bench: Bench) -> None:  # E2
    bench.push(lines(TORRENT))
    bench.turn()
    bench.push(lines(MOST_KEPT - 1))
    assert not bench.due
    bench.push(lines(1))
    bench.turn()
    assert len(bench.batches) == 2


@pytest.mark.parametrize("change", [ActionMoved(action(1)), LinkMoved(LinkChanged(Link.ONLINE)), Said("no")])
async def test_what_the_person_waits_for_does_not_wait(bench: Bench, change: SessionChange) -> None:  # E2
    bench.push(*(moved(index=index) for index in range(FLOOD)))
    bench.turn()
    bench.push(moved(), change)
    assert bench.timer is None
    bench.turn()
    assert len(bench.batches) == 2
    assert len(bench.batches[1].timelines["r"]) == 1  # in order: what came before it comes with it


async def test_nothing_is_drawn_while_the_terminal_is_behind(bench: Bench) -> None:
    bench.waiting = 3
    bench.push(moved())
    bench.turn()
    assert bench.batches == []
    assert bench.timer is not None
    bench.waiting = 0
    bench.feed._due()
    bench.turn()
    assert len(bench.batches) == 1


async def test_one_s_own_doing_is_drawn_though_the_terminal_is_behind(bench: Bench) -> None:
    bench.waiting = 3
    bench.push(ActionMoved(action(1)))
    bench.turn()
    assert len(bench.batches) == 1


async def test_a_stuck_terminal_does_not_hold_changes_back_for_ever(bench: Bench) -> None:
    bench.waiting = 3
    bench.push(moved())
    bench.turn()
    bench.now += PATIENCE
    bench.feed._due()
    bench.turn()
    assert len(bench.batches) == 1


async def test_flush_hands_over_now_and_once(bench: Bench) -> None:
    bench.push(moved())
    bench.feed.flush()
    assert len(bench.batches) == 1
    bench.turn()
    assert len(bench.batches) == 1


async def test_a_closed_feed_is_silent(bench: Bench) -> None:
    bench.push(moved())
    bench.feed.close()
    bench.turn()
    bench.push(moved())
    assert bench.batches == []
    assert bench.timer is None
