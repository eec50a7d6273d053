"""The plan of faults: what a text stands for, that it is decided by the seed, and what a lane does to frames."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat_tui_core.errors import ConfigError
from chat_tui_wschat.server.faults import CUT_CODES, GENTLE, MOST_HELD, Decision, Lane, Mix, Plan, is_confirm, read_mix
from chat_tui_wschat.server.limits import Limits
from chat_tui_wschat.server.maker import WschatServerMaker
from chat_tui_wschat.server.passwords import Cost

FULL = "seed=7,drop=0.01,delay=0.05:0.5,duplicate=0.02,reorder=0.03,cut=0.005,lose-confirm=0.04,truncate=0.5,mend=1.5"
#: Every frame has the same chance of everything.
EVEN = Mix(drop=0.1, delay=0.1, duplicate=0.1, reorder=0.1, cut=0.1, lose_confirm=0.1, truncate=0.5)


@pytest.mark.parametrize(
    ("spec", "mix"),
    [
        ("3", replace(GENTLE, seed=3)),
        (" 3 ", replace(GENTLE, seed=3)),
        ("seed=7", Mix(7)),
        ("drop=0.5", Mix(drop=0.5)),
        ("delay=0.1", Mix(delay=0.1, longest=0.2)),
        (" cut=0 , seed=2", Mix(2)),
        (FULL, Mix(7, 0.01, 0.05, 0.5, 0.02, 0.03, 0.005, 0.04, 0.5, 1.5)),
    ],
)
def test_a_text_stands_for_a_mix(spec: str, mix: Mix) -> None:  # A25
    assert read_mix(spec) == mix


@pytest.mark.parametrize(
    ("spec", "why"),
    [
        ("", "no fault ''"),
        ("dorp=0.1", "no fault 'dorp'"),
        ("drop", "'' is no number from 0 to 0.5"),
        ("drop=1", "'1' is no number from 0 to 0.5"),
        ("drop=-0.1", "no number"),
        ("drop=nan", "no number"),
        ("cut=0.1:3", "'0.1:3' is no number"),
        ("delay=0.1:99", "from 0 to 60"),
        ("mend=61", "from 0 to 60"),
        ("seed=x", "no seed"),
        ("seed=" + "9" * 40, "no seed"),
        ("²", "no seed"),
        ("drop=0.1,drop=0.2", "twice"),
        ("drop=0.5,cut=0.5,delay=0.1", "more than 1"),
    ],
)
def test_a_wrong_text_is_refused_with_what_is_allowed(spec: str, why: str) -> None:  # A25
    with pytest.raises(ConfigError, match="Write a number") as caught:
        read_mix(spec)
    assert why in str(caught.value)


@given(st.integers(0, 10**9), st.integers(1, 99), st.lists(st.sampled_from(["in", "out"]), max_size=60))
def test_the_same_seed_and_frames_have_the_same_faults(seed: int, socket: int, ways: list[str]) -> None:  # A25
    def faults(seed: int, socket: int) -> list[Decision]:
        plan = Plan(replace(EVEN, seed=seed), socket)
        return [plan.decide("in" if way == "in" else "out", "CONFIRM MSG a") for way in ways]

    assert faults(seed, socket) == faults(seed, socket)
    if len(ways) > 40:
        assert faults(seed, socket) != faults(seed + 1, socket)
        assert faults(seed, socket) != faults(seed, socket + 1)


def test_one_way_does_not_change_the_other() -> None:  # A25
    alone, mixed = Plan(EVEN, 1), Plan(EVEN, 1)
    expected = [alone.decide("in", "x") for _ in range(50)]
    found = []
    for _ in range(50):
        mixed.decide("out", "y")
        found.append(mixed.decide("in", "x"))
    assert found == expected


def test_the_shares_are_kept() -> None:  # A25
    plan = Plan(replace(EVEN, seed=11), 1)
    decided = [plan.decide("out", "@id=3 CONFIRM MSG general") for _ in range(20_000)]
    counts = Counter(decision.fault for decision in decided)
    assert all(
        1700 < counts[fault] < 2300 for fault in ("drop", "delay", "duplicate", "reorder", "cut", "lose-confirm")
    )
    cuts = [decision for decision in decided if decision.fault == "cut"]
    assert {cut.code for cut in cuts} == set(CUT_CODES)
    assert 0.4 < sum(cut.forget for cut in cuts) / len(cuts) < 0.6
    assert all(0 <= decision.seconds <= EVEN.longest for decision in decided)
    assert plan.mending("out").fault == "cut"


def test_only_confirms_are_lost_as_confirms() -> None:  # A25
    plan = Plan(Mix(lose_confirm=0.5), 1)
    decided = {plan.decide("out", frame).fault for frame in ("EVENT a B c", "ERROR X Y z", "@id=1 PONG 2") * 50}
    assert decided == {"pass"}
    assert {plan.decide("in", "CONFIRM x").fault for _ in range(50)} == {"pass"}
    assert is_confirm("CONFIRM MSG a")
    assert not is_confirm("@id=1 EVENT a CONFIRM b")
    assert not is_confirm(b"CONFIRM x")


def passed(faults: str, times: list[float], seconds: float = 0.5) -> list[tuple[float, int]]:
    """Put one frame after another into a lane, at these times; gives when each came out."""
    lane = Lane[int]()
    decisions = {
        "-": Decision("pass"),
        "2": Decision("duplicate"),
        "x": Decision("reorder"),
        "d": Decision("delay", seconds),
    }
    out: list[tuple[float, int]] = []

    def let_pass(until: float) -> None:
        while (wake := lane.wake_at()) is not None and wake <= until:
            out.extend((wake, frame) for frame in lane.due(wake))

    for number, (letter, now) in enumerate(zip(faults, times, strict=True)):
        let_pass(now)
        lane.put(number, decisions[letter], now)
        out.extend((now, frame) for frame in lane.due(now))
    let_pass(1e9)
    assert lane.rest() == []
    return out


@pytest.mark.parametrize(
    ("faults", "expected"),
    [
        ("---", [(0, 0), (1, 1), (2, 2)]),
        ("2-", [(0, 0), (0, 0), (1, 1)]),
        ("d-", [(0.5, 0), (1, 1)]),
        ("x-", [(0.3, 0), (1, 1)]),
    ],
)
def test_frames_that_are_far_apart(faults: str, expected: list[tuple[float, int]]) -> None:  # A25
    assert passed(faults, [float(n) for n in range(len(faults))]) == expected


@pytest.mark.parametrize(
    ("faults", "order"),
    [("x-", [1, 0]), ("xx", [1, 0]), ("x2", [1, 1, 0]), ("d--", [0, 1, 2]), ("xd-", [1, 0, 2]), ("-x--", [0, 2, 1, 3])],
)
def test_frames_that_follow_at_once(faults: str, order: list[int]) -> None:  # A25
    assert [frame for _, frame in passed(faults, [0.0] * len(faults))] == order


@given(st.text("-2xd", max_size=30), st.lists(st.sampled_from([0.0, 0.1, 0.4]), min_size=30, max_size=30))
def test_a_lane_loses_nothing_and_moves_a_frame_by_one_place(faults: str, steps: list[float]) -> None:  # A25
    times = [sum(steps[: number + 1]) for number in range(len(faults))]
    out = passed(faults, times)
    assert Counter(frame for _, frame in out) == {n: 2 if letter == "2" else 1 for n, letter in enumerate(faults)}
    order = list(dict.fromkeys(frame for _, frame in out))
    assert all(abs(place - frame) <= 1 for place, frame in enumerate(order))
    # A frame's own delay, the wait for the one that overtakes it, and the delay of that one.
    assert all(at - times[frame] <= 0.5 + 0.3 + 0.5 for at, frame in out)


def test_a_lane_holds_no_more_than_it_may() -> None:
    lane = Lane[int]()
    for number in range(MOST_HELD + 1):
        lane.put(number, Decision("delay", 50.0), 1.0)
    assert len(lane.due(1.0)) == MOST_HELD + 1
    lane.put(1, Decision("reorder"), 1.0)
    lane.put(2, Decision("delay", 9.0), 1.0)
    assert lane.rest() == [2, 1]


async def test_a_server_without_a_plan_makes_its_ordinary_sockets() -> None:
    from chat_tui_core.contract import ServerOptions
    from chat_tui_wschat.server.sockets import OutgoingSocket
    from tests.wschat.wschat_peer import dial

    server = await WschatServerMaker().start(ServerOptions(), limits=Limits(), cost=Cost(16, 1, 1))
    try:
        async with dial(server.url):
            assert [type(socket) for socket in server._sockets.values()] == [OutgoingSocket]
            await asyncio.sleep(0)
    finally:
        await server.close()
