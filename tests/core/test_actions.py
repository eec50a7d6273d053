"""The action table is total, and says what S1's diagram says."""

from __future__ import annotations

from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat_tui_core.actions import MARKS, TRANSITIONS, Action, Cause, Kind, State, after
from chat_tui_core.errors import IllegalTransition

ILLEGAL = {
    (State.PENDING, Cause.RETRIED),
    (State.SENT, Cause.RETRIED),
    (State.SENT, Cause.CANCELLED),
    (State.CONFIRMED, Cause.RETRIED),
    (State.CONFIRMED, Cause.CANCELLED),
    (State.CANCELLED, Cause.RETRIED),
    (State.CANCELLED, Cause.CANCELLED),
}


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("cause", Cause)
def test_every_pair_is_a_step_or_a_named_error(state: State, cause: Cause) -> None:
    if (state, cause) in ILLEGAL:
        with pytest.raises(IllegalTransition, match=f"{state} cannot be {cause}"):
            after(state, cause)
    else:
        assert after(state, cause) in State


def test_every_state_has_a_row_and_a_mark() -> None:
    assert set(TRANSITIONS) == set(State) == set(MARKS)
    assert len(set(MARKS.values())) == len(State), "marks differ by shape, not by colour alone"


@pytest.mark.parametrize("state", State)
def test_an_echo_confirms_from_anywhere(state: State) -> None:
    assert after(state, Cause.ECHOED) is State.CONFIRMED


@given(st.lists(st.sampled_from([Cause.WRITTEN, Cause.ANSWERED, Cause.ECHOED, Cause.REFUSED, Cause.LOST])))
def test_nothing_takes_confirmed_back(causes: list[Cause]) -> None:
    state = State.CONFIRMED
    for cause in causes:
        state = after(state, cause)
    assert state is State.CONFIRMED


@pytest.mark.parametrize("order", list(permutations([Cause.WRITTEN, Cause.ANSWERED, Cause.ECHOED])))
def test_answer_and_echo_come_in_either_order(order: tuple[Cause, ...]) -> None:  # A13
    state = State.PENDING
    for cause in order:
        state = after(state, cause)
    assert state is State.CONFIRMED


def test_a_lost_answer_leaves_it_pending_for_the_same_id() -> None:  # A14
    assert after(State.PENDING, Cause.LOST) is State.PENDING
    assert after(State.SENT, Cause.LOST) is State.SENT


@pytest.mark.parametrize(
    ("action", "may"),
    [
        (Action(1, Kind.SEND, "r"), True),
        (Action(1, Kind.SEND, "r", written_at=5), False),
        (Action(1, Kind.SEND, "r", doubt=True), False),
        (Action(1, Kind.SEND, "r", state=State.SENT), False),
        (Action(1, Kind.SEND, "r", state=State.CONFIRMED), False),
        (Action(1, Kind.SEND, "r", state=State.FAILED, written_at=5), True),
    ],
)
def test_cancel_only_while_it_still_prevents_it(action: Action, may: bool) -> None:
    assert action.may_cancel is may


def test_the_gist_of_an_action() -> None:
    assert Action(1, Kind.SEND, "r", {"text": "hi"}).text == "hi"
    assert Action(1, Kind.KICK, "r", {"user": "bob", "reason": "x"}).text == "bob"
    assert Action(1, Kind.LEAVE, "r").text == ""
