"""Each room in id order, one at a time; rooms do not wait for each other."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from chat_tui_core.actions import Action, Kind, State
from chat_tui_core.outbox import plan, resolved


def send(number: int, room: str = "a", **fields: object) -> Action:
    return Action(number, Kind.SEND, room, {"text": str(number)}, **fields)  # type: ignore[arg-type]


def ready(actions: list[Action], in_flight: set[int] = frozenset(), now: int = 0) -> list[int]:  # type: ignore[assignment]
    return [action.id for action in plan(actions, in_flight, now).ready]


def test_one_action_of_each_room_leaves_in_id_order() -> None:  # A16
    assert ready([send(3), send(1), send(2, "b"), send(4, "b")]) == [1, 2]


def test_the_next_one_waits_while_one_is_on_its_way() -> None:
    assert ready([send(1), send(2), send(3, "b")], {1}) == [3]


def test_an_answered_one_lets_the_next_go_before_its_echo() -> None:
    assert ready([send(1, state=State.SENT), send(2)]) == [2]


def test_a_refused_message_holds_its_room_back_until_it_may_be_passed() -> None:  # E3
    failed = send(1, state=State.FAILED)
    held = plan([failed, send(2), send(3, "b")], set(), 0)
    assert [action.id for action in held.ready] == [3]
    assert held.blocked == {"a": failed}
    assert ready([send(1, state=State.FAILED, let_pass=True), send(2)]) == [2]


def test_a_refused_one_that_is_tried_again_keeps_its_place() -> None:
    assert ready([send(2), send(9, retry_of=1)]) == [9]


def test_a_refused_join_blocks_nothing() -> None:
    assert ready([Action(1, Kind.JOIN, "a", state=State.FAILED), send(2)]) == [2]


def test_a_read_position_waits_for_nothing_and_holds_nothing_back() -> None:
    read = Action(2, Kind.READ, "a", {"order": 5})
    assert ready([send(1, state=State.FAILED), read, send(3)]) == [2]
    assert ready([send(1), Action(2, Kind.READ, "a", not_before=99), send(3)], {1}) == []


def test_a_postponed_one_keeps_its_place_and_says_when_to_look_again() -> None:  # A23
    waiting = plan([send(1, not_before=500), send(2)], set(), 100)
    assert (waiting.ready, waiting.due) == ((), 500)
    assert ready([send(1, not_before=500), send(2)], now=500) == [1]


def test_a_scheduled_one_lets_later_ones_pass() -> None:
    assert ready([send(1, not_before=500, let_pass=True), send(2)], now=100) == [2]


def test_a_dependent_one_waits_for_its_cause_and_takes_its_event() -> None:
    cause = send(1)
    edit = Action(2, Kind.EDIT, "b", {"text": "new"}, depends_on=1)
    assert ready([cause, edit]) == [1]
    arrived = send(1, state=State.SENT, event_id="m9", event_order=9)
    assert ready([arrived, edit]) == [2]
    assert resolved(edit, arrived).content == {"text": "new", "target": "m9", "target_order": 9}


@given(
    st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from(State), st.booleans(), st.integers(0, 3)), max_size=30),
    st.sets(st.integers(1, 30)),
)
def test_never_two_of_a_room_and_never_out_of_order(
    rows: list[tuple[str, State, bool, int]], in_flight: set[int]
) -> None:
    actions = [
        send(number, room, state=state, let_pass=let_pass, not_before=later)
        for number, (room, state, let_pass, later) in enumerate(rows, 1)
    ]
    found = plan(actions, in_flight, 1)
    rooms = [action.room_id for action in found.ready]
    assert len(rooms) == len(set(rooms))
    for action in found.ready:
        assert action.state is State.PENDING
        assert action.id not in in_flight
        earlier = [a for a in actions if a.room_id == action.room_id and a.id < action.id]
        assert all(a.state is not State.PENDING or (a.let_pass and a.not_before > 1) for a in earlier)
