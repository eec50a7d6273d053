"""The transfer table and the window: what becomes of a file, which chunks go next and which are taken."""

from __future__ import annotations

import random
from dataclasses import replace
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chat_tui_core import transfers
from chat_tui_core.errors import IllegalTransition
from chat_tui_core.transfers import (
    ENDED,
    TRANSITIONS,
    Cause,
    Direction,
    Receiving,
    Sending,
    State,
    Take,
    Transfer,
    after,
    chunk_count,
    chunk_length,
    chunks_within,
    next_to_move,
)

# ---------------------------------------------------------------- the table


@pytest.mark.parametrize(("state", "cause"), list(product(State, Cause)))
def test_every_pair_is_a_step_or_refused_and_nothing_takes_an_end_back(state: State, cause: Cause) -> None:  # D5, D7
    if cause not in TRANSITIONS[state]:
        with pytest.raises(IllegalTransition, match=f"A file that is {state} cannot be {cause}"):
            after(state, cause)
    elif state in ENDED:
        assert after(state, cause) is state
    else:
        assert after(state, cause) in State


def test_what_has_ended_cannot_be_cancelled_or_failed() -> None:  # D5, D6
    assert all(cause not in TRANSITIONS[state] for state in ENDED for cause in (Cause.CANCELLED, Cause.FAILED))


def test_an_offer_that_nobody_accepted_neither_moves_nor_finishes() -> None:  # D3
    assert not {Cause.MOVED, Cause.FINISHED} & TRANSITIONS[State.NEW].keys()
    assert after(State.NEW, Cause.LOST) is State.NEW


def test_every_state_can_be_reached_and_has_a_mark() -> None:  # D7
    reached, new = {State.NEW}, {State.NEW}
    while new:
        new = {to for state in new for to in TRANSITIONS[state].values()} - reached
        reached |= new
    assert reached == set(State) == set(transfers.MARKS)
    assert len(set(transfers.MARKS.values())) == len(State)


@pytest.mark.parametrize(
    ("state", "done", "size", "percent"),
    [
        (State.NEW, 0, 0, 0),
        (State.CONNECTED, 0, 0, 0),
        (State.COMPLETE, 0, 0, 100),
        (State.CONNECTED, 50, 200, 25),
        (State.CONNECTED, 199, 200, 99),
        (State.CONNECTED, 200, 200, 99),
        (State.CONNECTED, 500, 200, 99),
        (State.COMPLETE, 200, 200, 100),
        (State.CONNECTED, 7, -1, 0),
    ],
)
def test_progress_never_divides_by_nothing_and_never_passes_a_hundred(  # D7
    state: State, done: int, size: int, percent: int
) -> None:
    assert Transfer(1, Direction.IN, "r", "a", size, state, done).percent == percent


# ---------------------------------------------------------------- whose turn it is


def a_transfer(number: int, direction: Direction, state: State = State.ACCEPTED) -> Transfer:
    return Transfer(number, direction, "r", "a", 10, state)


def test_the_oldest_of_each_direction_move_and_those_that_wait_leave_their_turn() -> None:
    many = [a_transfer(n, Direction.OUT if n % 2 else Direction.IN) for n in range(1, 13)]
    assert [one.id for one in next_to_move(reversed(many), (), 2)] == [1, 2, 3, 4]
    assert [one.id for one in next_to_move(many, {1, 4}, 2)] == [2, 3, 5, 6]


@pytest.mark.parametrize(
    ("direction", "state", "moves"),
    [
        (Direction.IN, State.NEW, False),
        (Direction.OUT, State.NEW, True),
        (Direction.IN, State.ACCEPTED, True),
        (Direction.IN, State.CONNECTED, True),
        *((direction, state, False) for direction in Direction for state in sorted(ENDED)),
    ],
)
def test_what_nobody_wants_does_not_move(direction: Direction, state: State, moves: bool) -> None:  # D3
    assert bool(next_to_move([a_transfer(1, direction, state)], ())) is moves


def test_what_is_left_to_do_keeps_a_transfer_in_mind() -> None:
    ended = a_transfer(1, Direction.IN, State.CANCELLED)
    assert ended.is_settled
    assert not replace(ended, tell="cancelled").is_settled
    assert not replace(ended, stamp="[1]").is_settled
    assert replace(ended, stamp="[1]", state=State.COMPLETE).is_settled
    assert not replace(ended, state=State.NEW).is_settled


# ---------------------------------------------------------------- chunks

SIZES = st.integers(0, 400)
CHUNKS = st.integers(1, 40)


@pytest.mark.parametrize(
    ("size", "chunk", "lengths"),
    [
        (0, 16, [0]),
        (1, 16, [1]),
        (15, 16, [15]),
        (16, 16, [16]),
        (17, 16, [16, 1]),
        (32, 16, [16, 16]),
        (100_000, 16_384, [16_384] * 6 + [1_696]),
    ],
)
def test_chunks_of_a_file(size: int, chunk: int, lengths: list[int]) -> None:  # D1, D2
    assert [chunk_length(size, chunk, n) for n in range(1, chunk_count(size, chunk) + 1)] == lengths


@given(SIZES, CHUNKS)
def test_the_chunks_are_the_file(size: int, chunk: int) -> None:  # D1
    count = chunk_count(size, chunk)
    assert sum(chunk_length(size, chunk, n) for n in range(1, count + 1)) == size
    assert chunks_within(size, chunk, size) == count
    assert all(chunks_within(size, chunk, n * chunk) == n for n in range(count) if size)


@given(SIZES, CHUNKS, st.integers(1, 8), st.lists(st.integers(0, 60), max_size=60))
def test_never_more_than_a_window_is_on_its_way(size: int, chunk: int, window: int, acks: list[int]) -> None:  # D2, D6
    flow = Sending(size, chunk, window)
    sent: list[int] = []
    for ack in acks:
        sent += flow.take_due()
        assert sent == list(range(1, len(sent) + 1)), "each once, in order"
        assert flow.sent - flow.kept <= window
        before = flow.kept
        told = flow.acknowledge(ack)
        assert told is (before < ack <= flow.sent)
        assert flow.kept == (ack if told else before)
        assert flow.done <= size


@given(SIZES, CHUNKS, st.integers(1, 8), st.lists(st.tuples(st.integers(-3, 60), st.integers(-1, 41)), max_size=80))
def test_only_the_next_chunk_is_kept_whatever_comes(  # D2
    size: int, chunk: int, window: int, coming: list[tuple[int, int]]
) -> None:
    flow = Receiving(size, chunk, window)
    for number, length in coming:
        kept, taken = flow.kept, flow.taken
        take = flow.take(number, length)
        if take is Take.KEEP:
            assert number == taken + 1
            assert length == chunk_length(size, chunk, number)
            assert number <= kept + window
            assert flow.taken == number
        else:
            assert flow.taken == taken
            assert take is Take.WRONG or 0 < number <= taken
        if number % 3 == 0:
            flow.keep(flow.taken)
        assert flow.kept <= flow.taken


@settings(max_examples=200, deadline=None)
@given(SIZES, CHUNKS, st.integers(1, 8), st.integers(0, 10_000), st.integers(0, 10_000))
def test_a_file_arrives_whole_however_often_either_side_is_killed(  # D3, D4
    size: int, chunk: int, window: int, seed: int, kills: int
) -> None:
    """A wire that loses what is on it, ends that forget everything but what is durable; at most a window comes twice."""
    rng, body = random.Random(seed), bytes(n % 251 for n in range(size))
    disk = b""
    out, into, wire, acks = Sending(size, chunk, window), Receiving(size, chunk, window), [], []
    twice = cuts = written = 0
    for _ in range(5_000):
        if into.all_kept:
            break
        step = rng.randrange(8 if kills % 3 else 7)
        if step < 3:
            wire += list(out.take_due())
        elif step < 5 and wire:
            number = wire.pop(0)
            piece = body[(number - 1) * chunk : number * chunk]
            if into.take(number, len(piece)) is Take.KEEP:
                disk = disk[: (number - 1) * chunk] + piece
                written += 1
                if rng.random() < 0.8:
                    into.keep(number)
                    acks.append(number)
        elif step < 7 and acks:
            out.acknowledge(acks.pop(0))
        elif step == 7:  # killed: nothing but `kept` is left
            cuts += 1
            twice += into.taken - into.kept
            wire, acks = [], []
            into, kept = Receiving(size, chunk, window), into.kept
            into.go_on_from(kept + 1)
            out = Sending(size, chunk, window)
            out.go_on_from(kept + 1)
        if not wire and not acks and into.taken > into.kept:
            into.keep(into.taken)
            acks.append(into.kept)
    assert into.all_kept
    assert disk == body
    assert written - chunk_count(size, chunk) == twice <= cuts * window


def test_what_is_just_being_stored_need_not_come_again_and_does_not_count_against_the_window() -> None:  # D3
    flow = Receiving(100, 10, 2)
    assert [flow.take(n, 10) for n in (1, 2, 3)] == [Take.KEEP, Take.KEEP, Take.WRONG]
    assert flow.resume() == 3
    assert [flow.take(n, 10) for n in (3, 4, 5)] == [Take.KEEP, Take.KEEP, Take.WRONG]
    assert flow.keep(4)
    assert flow.take(5, 10) is Take.KEEP


def test_going_on_never_goes_beyond_the_file() -> None:  # D3
    flow = Sending(100, 16, 4)
    for asked, due in ((1, [1, 2, 3, 4]), (7, [7]), (8, []), (99, []), (0, [1, 2, 3, 4])):
        flow.go_on_from(asked)
        assert list(flow.take_due()) == due
    flow.go_on_from(1)
    assert list(flow.take_due(stored=2)) == [1, 2], "no more than is here"
    assert list(flow.take_due(stored=2)) == []
