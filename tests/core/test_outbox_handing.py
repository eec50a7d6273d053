"""Between the plan and the wire: what is noted, handed over, landed, lost, and taken back."""

from __future__ import annotations

from dataclasses import replace

import pytest

from chat_tui_core.actions import Action, Kind, State
from chat_tui_core.news import Answered, Echoed, LostAction, News, Postponed, RefusedAction, Written
from chat_tui_core.outbox import Outbox, Step


def send(number: int, room: str = "a", **fields: object) -> Action:
    return Action(number, Kind.SEND, room, {"text": str(number)}, **fields)  # type: ignore[arg-type]


def stored(actions: list[Action], *ids: int) -> list[Action]:
    """The actions after these were marked to leave."""
    return [replace(action, written_at=7) if action.id in ids else action for action in actions]


def does(step: Step) -> tuple[list[int], list[int], list[int]]:
    return [action.id for action in step.hand], list(step.mark), list(step.unmark)


def test_that_it_may_leave_is_stored_before_it_is_handed_over() -> None:  # A14
    outbox = Outbox()
    queue = [send(1), send(2)]
    assert does(outbox.next(queue, 0)) == ([], [], [])
    outbox.link(online=True)
    assert does(outbox.next(queue, 0)) == ([], [1], [])
    assert does(outbox.next(queue, 0)) == ([], [], []), "that is under way already"
    assert does(outbox.next(stored(queue, 1), 0)) == ([1], [], [])
    assert does(outbox.next(stored(queue, 1), 0)) == ([], [], [])


def test_what_could_not_be_marked_is_marked_again() -> None:
    outbox = Outbox()
    outbox.link(online=True)
    assert does(outbox.next([send(1)], 0)) == ([], [1], [])
    outbox.marked([1])
    assert does(outbox.next([send(1)], 0)) == ([], [1], [])


def test_what_was_marked_and_never_handed_over_can_be_taken_back_again() -> None:
    outbox = Outbox()
    outbox.link(online=True)
    outbox.next([send(1)], 0)
    outbox.link(online=False)
    marked = stored([send(1)], 1)
    assert does(outbox.next(marked, 0)) == ([], [], [1])
    assert does(outbox.next(marked, 0)) == ([], [], [])
    outbox.link(online=True)
    assert does(outbox.next(marked, 0)) == ([], [], []), "the mark is about to go"
    outbox.note([Postponed(1, 0.0, "OFFLINE", "")], 0)
    assert does(outbox.next([send(1)], 0)) == ([], [1], [])


def test_what_was_handed_over_is_never_taken_for_unsent() -> None:
    outbox = Outbox()
    outbox.link(online=True)
    queue = stored([send(1)], 1)
    outbox.next(queue, 0)
    outbox.link(online=False)
    assert does(outbox.next(queue, 0)) == ([], [], [])
    outbox.link(online=True)
    assert does(outbox.next(queue, 0)) == ([1], [], []), "nothing was heard of it: it goes again"


LANDINGS: list[tuple[News, Action, tuple[list[int], list[int], list[int]]]] = [
    (Answered(1), send(1, state=State.SENT), ([], [2], [])),
    (Echoed(1), send(1, state=State.CONFIRMED), ([], [2], [])),
    (RefusedAction(1, "X", "no"), send(1, state=State.FAILED), ([], [], [])),
    (Postponed(1, 0.0, "X", "later"), send(1, attempts=1), ([], [1], [])),
    (LostAction(1), send(1, written_at=7, doubt=True), ([1], [], [])),
    (Written(1), send(1, written_at=8), ([], [], [])),
]


@pytest.mark.parametrize(("news", "then", "step"), LANDINGS, ids=[type(row[0]).__name__ for row in LANDINGS])
def test_what_happens_when_something_is_heard(
    news: News, then: Action, step: tuple[list[int], list[int], list[int]]
) -> None:  # A13, A14
    outbox = Outbox()
    outbox.link(online=True)
    outbox.next(stored([send(1), send(2)], 1), 0)
    outbox.note([news], 0)
    assert does(outbox.next([then, send(2)], 0)) == step


def test_an_online_link_that_says_so_again_hands_nothing_over_twice() -> None:
    outbox = Outbox()
    outbox.link(online=True)
    queue = stored([send(1)], 1)
    outbox.next(queue, 0)
    outbox.link(online=True)
    assert does(outbox.next(queue, 0)) == ([], [], [])


def test_an_id_that_is_no_longer_in_use_is_forgotten() -> None:
    outbox = Outbox()
    outbox.link(online=True)
    outbox.next(stored([send(1)], 1), 0)
    outbox.forget(1)
    assert does(outbox.next([send(9, retry_of=1)], 0)) == ([], [9], [])


def test_what_an_earlier_run_made_is_handed_over_as_in_doubt() -> None:  # A14
    outbox = Outbox([1, 3], 99)
    outbox.link(online=True)
    doubtful = send(3, "c", written_at=50, doubt=True)
    first = outbox.next([*stored([send(1), send(4, "b")], 1, 4), doubtful], 0)
    seen = [(action.id, action.doubt, action.written_at) for action in first.hand]
    assert seen == [(1, True, 99), (3, True, 50), (4, False, 0)]


def test_a_backend_is_told_when_an_earlier_try_was_written() -> None:  # A14
    outbox = Outbox()
    outbox.link(online=True)
    outbox.next(stored([send(1)], 1), 0)
    outbox.note([Written(1), Postponed(1, 0.0, "BUSY", "later")], 20)
    assert does(outbox.next([send(1, attempts=1)], 30)) == ([], [1], [])
    (again,) = outbox.next([send(1, attempts=1, written_at=30)], 30).hand
    assert again.written_at == 20
