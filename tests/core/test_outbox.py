"""Each room in the order typed, one at a time; rooms do not wait for each other; everybody knows what they wait for."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from itertools import permutations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat_tui_core.actions import ENDING, NOTES, Action, Kind, State
from chat_tui_core.outbox import LONGEST_HOLD, Wait, Why, in_order, is_there, plan, resolved


def send(number: int, room: str = "a", **fields: object) -> Action:
    return Action(number, Kind.SEND, room, {"text": str(number)}, **fields)  # type: ignore[arg-type]


def note(number: int, kind: Kind = Kind.EDIT, room: str = "a", **fields: object) -> Action:
    return Action(number, kind, room, {"text": str(number)}, **fields)  # type: ignore[arg-type]


def timed(number: int, at: int, **fields: Any) -> Action:
    """A message that is to leave at a time."""
    return replace(send(number, not_before=at, **fields), content={"text": str(number), "at": at})


def ready(actions: list[Action], in_flight: Collection[int] = (), now: int = 0) -> list[int]:
    return [action.id for action in plan(actions, in_flight, now).ready]


def waits(actions: list[Action], in_flight: Collection[int] = (), now: int = 0) -> dict[int, Wait]:
    return plan(actions, in_flight, now).waits


# ---------------------------------------------------------------- order


def test_one_action_of_each_room_leaves_in_id_order() -> None:  # A16
    assert ready([send(3), send(1), send(2, "b"), send(4, "b")]) == [1, 2]


def test_the_next_one_waits_while_one_is_on_its_way() -> None:
    assert ready([send(1), send(2), send(3, "b")], {1}) == [3]


def test_an_answered_one_lets_the_next_go_before_its_echo() -> None:
    assert ready([send(1, state=State.SENT), send(2)]) == [2]


def test_what_is_done_with_is_no_part_of_the_plan() -> None:
    done = [send(1, state=State.CONFIRMED), send(2, state=State.CANCELLED)]
    found = plan([*done, send(3)], (), 0)
    assert ([action.id for action in found.ready], set(found.waits)) == ([3], {3})


def test_a_refused_message_holds_its_room_back_until_it_may_be_passed() -> None:  # E3
    failed = send(1, state=State.FAILED)
    held = plan([failed, send(2), send(3, "b")], set(), 0)
    assert [action.id for action in held.ready] == [3]
    assert held.blocked == {"a": failed}
    assert held.waits == {1: Wait(Why.PERSON), 2: Wait(Why.BLOCKED, by=1), 3: Wait(Why.TURN)}
    assert ready([send(1, state=State.FAILED, let_pass=True), send(2)]) == [2]


def test_a_refused_one_that_is_tried_again_keeps_its_place() -> None:
    assert ready([send(2), send(9, retry_of=1)]) == [9]


@pytest.mark.parametrize("kind", sorted(set(Kind) - {Kind.SEND}))
def test_only_a_refused_message_blocks(kind: Kind) -> None:
    assert ready([Action(1, kind, "a", state=State.FAILED), send(2)]) == [2]


@pytest.mark.parametrize("kind", sorted(set(Kind) - {Kind.SEND}))
def test_a_refused_message_holds_back_messages_and_the_rooms_end(kind: Kind) -> None:
    """Joining again, for one, may be what lets the refused message through."""
    held = ready([send(1, state=State.FAILED), send(2), Action(3, kind, "a")])
    assert held == ([] if kind in ENDING else [3])


def test_a_read_position_waits_for_nothing_and_holds_nothing_back() -> None:
    read = Action(2, Kind.READ, "a", {"order": 5})
    assert ready([send(1, state=State.FAILED), read, send(3)]) == [2]
    assert ready([send(1), Action(2, Kind.READ, "a", not_before=99), send(3)], {1}) == []


# ---------------------------------------------------------------- on its way, in doubt


def test_what_may_be_out_there_goes_before_everything_else_of_its_room() -> None:  # A14
    doubtful = send(5, written_at=9, doubt=True)
    again = send(7, retry_of=2)
    assert ready([doubtful, again, send(6)]) == [5]
    assert waits([doubtful, again]) == {5: Wait(Why.CHECK), 7: Wait(Why.BEHIND, by=5)}
    assert ready([doubtful, again], {5}) == []


def test_of_several_that_may_be_out_there_one_is_sent_again_at_a_time() -> None:
    out = [send(number, written_at=9, doubt=True) for number in (1, 2, 3)]
    assert ready(out) == [1]
    assert ready(out, {2}) == []
    assert waits(out, {2})[1] == Wait(Why.BEHIND, by=2)


def test_a_refused_message_does_not_hold_back_what_may_be_out_there() -> None:
    assert ready([send(1, state=State.FAILED), send(2, written_at=9, doubt=True)]) == [2]


# ---------------------------------------------------------------- waiting for a time


def test_a_postponed_one_keeps_its_place_and_says_when_to_look_again() -> None:  # A23
    busy = send(1, not_before=500, attempts=1, error_code="RATELIMIT")
    waiting = plan([busy, send(2)], set(), 100)
    assert (waiting.ready, waiting.due) == ((), 500)
    assert waiting.waits == {1: Wait(Why.RETRY, 500), 2: Wait(Why.BEHIND, by=1)}
    assert ready([busy, send(2)], now=500) == [1]
    assert ready([replace(busy, let_pass=True), send(2)], now=100) == [2]


def test_what_is_in_doubt_waits_for_its_time_and_for_its_place() -> None:  # A14
    doubtful = send(1, not_before=500, written_at=9, attempts=1, doubt=True)
    assert waits([doubtful, send(2)], now=100) == {1: Wait(Why.CHECK, 500), 2: Wait(Why.BEHIND, by=1)}
    assert ready([doubtful, send(2)], now=500) == [1]
    edit = replace(doubtful, kind=Kind.EDIT)
    assert ready([edit, send(2)], now=100) == [2]


def test_what_can_be_taken_back_holds_back_what_was_typed_after_it() -> None:
    new = send(1, not_before=500)
    assert waits([new, send(2)], now=100) == {1: Wait(Why.UNDO, 500), 2: Wait(Why.BEHIND, by=1)}


def test_a_clock_that_was_set_back_holds_nothing_for_ever() -> None:
    assert ready([send(1, not_before=100 + LONGEST_HOLD)], now=100) == []
    assert ready([send(1, not_before=101 + LONGEST_HOLD)], now=100) == [1]


def test_a_scheduled_one_holds_nothing_back_until_its_time_comes() -> None:
    later = timed(1, 500, created_at=10)
    found = plan([later, send(2, created_at=20)], set(), 100)
    assert [action.id for action in found.ready] == [2]
    assert found.waits[1] == Wait(Why.TIME, 500)
    assert found.due == 500


def test_the_place_of_a_scheduled_one_is_its_time() -> None:
    queue = [
        timed(1, 500, created_at=10),
        send(2, created_at=20),
        send(3, created_at=500),
        send(4, created_at=501),
        timed(5, 400, created_at=30),
    ]
    for shuffled in permutations(queue):
        assert [action.id for action in in_order(shuffled)] == [2, 5, 3, 1, 4]
    assert ready(queue, now=600) == [2]
    assert ready([action for action in queue if action.id not in {2, 3, 5}], now=600) == [1]


def test_a_scheduled_one_that_the_server_could_not_take_holds_its_place() -> None:
    assert ready([replace(timed(1, 500), not_before=900, attempts=1), send(2, created_at=600)], now=700) == []


def test_a_scheduled_one_goes_behind_a_refused_one_that_is_tried_again() -> None:
    again = replace(send(9, retry_of=1, created_at=600), content={"text": "9", "typed": 50})
    assert ready([again, timed(2, 500)], now=700) == [9]
    assert ready([replace(again, content={"text": "9", "typed": 550}), timed(2, 500)], now=700) == [2]
    assert ready([again, send(3, created_at=100), timed(2, 500)], now=700) == [9]
    assert ready([send(3, created_at=100), timed(2, 500)], now=700) == [3]


# ---------------------------------------------------------------- what is done to messages


@pytest.mark.parametrize("kind", sorted(NOTES))
def test_a_note_that_has_to_wait_holds_back_notes_and_no_message(kind: Kind) -> None:
    held = note(1, kind, not_before=500, attempts=1)
    assert ready([held, note(2, Kind.REACT), send(3)], now=100) == [3]
    assert waits([held, note(2, Kind.REACT)], now=100)[2] == Wait(Why.BEHIND, by=1)


def test_a_dependent_one_waits_for_its_cause_and_takes_its_event() -> None:
    cause = send(1)
    edit = note(2, room="b", depends_on=1)
    assert ready([cause, edit]) == [1]
    assert waits([cause, edit])[2] == Wait(Why.CAUSE, by=1)
    arrived = send(1, state=State.SENT, event_id="m9", event_order=9)
    assert ready([arrived, edit]) == [2]
    assert resolved(edit, arrived).content == {"text": "2", "target": "m9", "target_order": 9}
    assert resolved(edit, arrived).depends_on == 0


def test_a_reply_answers_the_event_of_its_cause() -> None:
    arrived = send(1, event_id="m9", event_order=9)
    assert resolved(send(2, depends_on=1), arrived).content == {"text": "2", "reply_to": "m9", "target_order": 9}


def test_taking_back_a_reaction_is_about_the_reaction_and_its_message() -> None:
    reaction = Action(1, Kind.REACT, "a", {"target": "m9", "target_order": 9, "key": "+"}, event_id="r1")
    back = Action(2, Kind.REACT, "a", {"key": "+", "remove": True}, depends_on=1)
    about = {"target": "m9", "target_order": 9, "reaction_id": "r1"}
    assert resolved(back, reaction).content == {"key": "+", "remove": True, **about}


@pytest.mark.parametrize(
    ("cause", "there"),
    [
        (send(1), False),
        (send(1, event_id="m1"), True),
        (send(1, state=State.SENT), False),
        (send(1, state=State.CONFIRMED), True),
        (note(1, Kind.REACT, state=State.SENT), True),
        (note(1, Kind.REACT), False),
    ],
)
def test_a_cause_is_there_when_the_server_has_it_and_its_event_is_known(cause: Action, there: bool) -> None:
    assert is_there(cause) is there


def test_what_depends_on_a_refused_message_that_may_be_passed_holds_nothing_back() -> None:
    passed = send(1, state=State.FAILED, let_pass=True)
    assert ready([passed, send(2, depends_on=1), send(3)]) == [3]
    assert waits([passed, send(2, depends_on=1)])[2] == Wait(Why.CAUSE, by=1)


def test_a_reply_to_a_scheduled_message_holds_nothing_back_until_its_time() -> None:
    assert ready([timed(1, 500), send(2, depends_on=1), send(3)], now=100) == [3]


def test_a_reply_to_a_message_whose_place_is_behind_it_waits_and_does_not_hold_it_back() -> None:
    queue = [timed(1, 500, created_at=10), send(2, depends_on=1, created_at=20), send(3, created_at=30)]
    assert ready(queue, now=600) == [3]
    assert ready(queue[:2], now=600) == [1]
    assert ready([*queue[:2], send(4, depends_on=2, created_at=40)], now=600) == [1]


def test_a_reply_whose_message_is_about_to_be_there_holds_its_place() -> None:
    assert ready([send(1, state=State.SENT), send(2, depends_on=1), send(3)]) == []
    assert ready([send(1, state=State.SENT), note(2, depends_on=1), send(3)]) == [3]


# ---------------------------------------------------------------- whatever there is

ACTIONS = st.lists(
    st.builds(
        lambda kind, room, state, **fields: (kind, room, state, fields),
        st.sampled_from([Kind.SEND, Kind.SEND, Kind.EDIT, Kind.REACT, Kind.KICK, Kind.READ]),
        st.sampled_from("abc"),
        st.sampled_from(State),
        let_pass=st.booleans(),
        not_before=st.integers(0, 3),
        written_at=st.sampled_from([0, 0, 1]),
        depends_on=st.integers(0, 5),
        attempts=st.integers(0, 1),
    ),
    max_size=30,
)


@given(ACTIONS, st.sets(st.integers(1, 30)))
def test_never_two_of_a_room_and_never_out_of_order(
    rows: list[tuple[Kind, str, State, dict[str, int]]], in_flight: set[int]
) -> None:
    actions = [
        replace(note(number, kind, room, state=state), **fields)  # type: ignore[arg-type]
        for number, (kind, room, state, fields) in enumerate(rows, 1)
    ]
    found = plan(actions, in_flight, 1)
    lanes = [(action.room_id, action.kind is Kind.READ) for action in found.ready]
    assert len(lanes) == len(set(lanes))
    assert set(found.waits) == {a.id for a in actions if a.state in {State.PENDING, State.SENT, State.FAILED}}
    for action in found.ready:
        assert action.state is State.PENDING
        assert action.id not in in_flight
        beside = [a for a in actions if (a.room_id, a.kind is Kind.READ) == (action.room_id, action.kind is Kind.READ)]
        assert not [a for a in beside if a.state is State.PENDING and a.id in in_flight], "one at a time"
        if action.written_at:
            continue
        for earlier in (a for a in beside if a.id < action.id and a.kind is Kind.SEND):
            if earlier.state is State.FAILED:
                assert earlier.let_pass or action.kind is not Kind.SEND
            elif earlier.state is State.PENDING:
                held = earlier.not_before > 1 and earlier.let_pass
                assert held or found.waits[earlier.id].why is Why.CAUSE
