"""How actions stand, in words: every state, every reason to wait, every kind; and how quick the server is."""

from __future__ import annotations

from datetime import UTC
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat_tui.latency import Delays, delays_of
from chat_tui.waiting import (
    Now,
    Standing,
    deed_of,
    mark_of,
    note_of,
    reason_of,
    standing,
    subject_of,
    waits_now,
)
from chat_tui.widgets.obstacle import Obstacle, find_obstacle
from chat_tui_core.actions import Action, Kind, State
from chat_tui_core.outbox import Wait, Why

NOW = Now(1_000_000, online=True, zone=UTC)
OFFLINE = Now(1_000_000, online=False, zone=UTC)
LATER = 1_000_000 + 4_000


def action(kind: Kind = Kind.SEND, action_id: int = 7, **fields: Any) -> Action:
    content = fields.pop("content", {"text": "hello"})
    return Action(action_id, kind, "r", content, **fields)


REFUSED = action(state=State.FAILED, error_code="NOPERM", error_text="You may not write here.")


@pytest.mark.parametrize(
    ("wait", "now", "words", "tone"),
    [
        (Wait(Why.TURN), NOW, "leaves now", "warn"),
        (Wait(Why.TURN), OFFLINE, "leaves with the next connection", "warn"),
        (Wait(Why.ANSWER), NOW, "on its way", "warn"),
        (Wait(Why.CHECK), NOW, "checking… whether it arrived", "warn"),
        (Wait(Why.CHECK, LATER), NOW, "checking… again in 4 s", "warn"),
        (Wait(Why.CHECK), OFFLINE, "checking… with the next connection", "warn"),
        (Wait(Why.ECHO), NOW, "sent, not seen in the room yet", "good"),
        (Wait(Why.TIME, 9_000_000), NOW, "goes today at 02:30, in 2 h 14 min", "good"),
        (Wait(Why.UNDO, LATER), NOW, "sends in 4 s", "warn"),
        (Wait(Why.RETRY, LATER), NOW, "… again in 4 s", "warn"),
        (Wait(Why.RETRY, LATER), OFFLINE, "… again with the next connection", "warn"),
        (Wait(Why.BEHIND, by=3), NOW, "waits behind #3", "dim"),
        (Wait(Why.BLOCKED, by=3), NOW, "held back: #3 was refused", "warn"),
        (Wait(Why.CAUSE, by=3), NOW, "waits until #3 is there", "dim"),
    ],
)
def test_what_is_waited_for(wait: Wait, now: Now, words: str, tone: str) -> None:
    assert standing(action(), wait, now) == Standing(words, tone)  # type: ignore[arg-type]


def test_reasons_are_told() -> None:
    late = action(error_text="Too many messages.")
    assert standing(late, Wait(Why.RETRY, LATER), NOW).words == "… again in 4 s: Too many messages"
    assert standing(REFUSED, Wait(Why.PERSON), NOW) == Standing("refused: You may not write here", "bad")
    assert reason_of(action(error_code="NOPERM")) == "NOPERM"
    assert reason_of(action()) == "the server gave no reason"


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"state": State.CONFIRMED, "created_at": 1_000, "confirmed_at": 1_084}, "confirmed after 84 ms"),
        ({"state": State.CONFIRMED}, "confirmed"),
        ({"state": State.CANCELLED}, "taken back"),
        ({"state": State.CANCELLED, "error_text": "No."}, "discarded: No"),
        ({"state": State.FAILED, "error_text": "No.", "let_pass": True}, "refused, others pass it: No"),
        ({"state": State.PENDING}, "pending"),
    ],
)
def test_what_is_settled(fields: dict[str, Any], words: str) -> None:
    assert standing(action(**fields), None, NOW).words == words


def test_marks() -> None:
    assert mark_of(action(), Wait(Why.TIME, LATER)) == "◷"
    assert mark_of(action(doubt=True), Wait(Why.CHECK)) == "…?"
    assert [mark_of(action(state=state), None) for state in State] == ["…", "✓", "✓✓", "✗", "⊘"]


@pytest.mark.parametrize("kind", list(Kind))
def test_every_kind_has_its_words(kind: Kind) -> None:
    done = action(kind, content={"name": "x"})
    assert deed_of(done)[0] or kind is Kind.SEND
    assert subject_of(done)


def test_what_was_done_is_said() -> None:
    react = action(Kind.REACT, content={"key": "👍"})
    assert deed_of(react) == ("react", "👍")
    assert deed_of(action(Kind.REACT, content={"key": "👍", "remove": True})) == ("take back", "👍")
    assert deed_of(action(content={"text": "waves", "kind": "emote"})) == ("/me", "waves")
    assert deed_of(action(content={"text": "two\nlines"})) == ("", "two lines")
    assert subject_of(react, "the line") == "The reaction 👍 to “the line”"
    assert subject_of(react) == "The reaction 👍 to a message"
    assert subject_of(action()) == "“hello”"


def test_only_what_the_mark_does_not_say_is_noted() -> None:
    assert note_of(action(), Wait(Why.UNDO, LATER), NOW, "Ctrl+Z") == "sends in 4 s, Ctrl+Z takes it back"
    assert note_of(action(), Wait(Why.RETRY, LATER), NOW, "") == "… again in 4 s"
    assert [note_of(action(), Wait(why), NOW, "") for why in (Why.TURN, Why.ANSWER, Why.BEHIND, Why.PERSON)] == [""] * 4


def test_what_is_waited_for_is_known_before_the_session_has_looked() -> None:
    first, second = action(action_id=1), action(action_id=2)
    waits = waits_now({}, {1: first, 2: second}, NOW.ms)
    assert (waits[1].why, waits[2]) == (Why.TURN, Wait(Why.BEHIND, by=1))
    assert waits_now(waits, {1: first}, NOW.ms) is waits


# ---------------------------------------------------------------- what stands in the way

SENT, NEXT, THIRD = (action(action_id=number) for number in (11, 12, 13))
BLOCKING = action(action_id=10, state=State.FAILED)
EDIT = action(Kind.EDIT, 9, state=State.FAILED)
TOPIC = action(Kind.TOPIC, 8)


def obstacle(*waits: tuple[Action, Wait]) -> Obstacle | None:
    return find_obstacle([one for one, _ in waits], {one.id: wait for one, wait in waits}, NOW.ms)


def test_a_refused_message_and_what_it_holds_back() -> None:  # B13, E3
    held = Wait(Why.BLOCKED, by=10)
    found = obstacle((BLOCKING, Wait(Why.PERSON)), (SENT, held), (NEXT, held), (EDIT, Wait(Why.PERSON)))
    assert found is not None
    assert (found.action, found.held, found.refused) == (BLOCKING, 2, True)
    assert [str(choice) for choice in found.choices] == ["retry", "edit", "discard", "pass"]


def test_the_first_of_two_refused_ones() -> None:
    later = action(action_id=12, state=State.FAILED)
    found = obstacle((later, Wait(Why.PERSON)), (BLOCKING, Wait(Why.PERSON)))
    assert found is not None
    assert found.action is BLOCKING


def test_something_invisible_that_has_to_wait() -> None:
    far, behind = NOW.ms + 40_000, Wait(Why.BEHIND, by=8)
    found = obstacle((TOPIC, Wait(Why.RETRY, far)), (SENT, behind), (NEXT, behind))
    assert found is not None
    assert (found.action, found.held, found.refused) == (TOPIC, 2, False)
    assert [str(choice) for choice in found.choices] == ["retry", "discard", "pass"]
    assert obstacle((TOPIC, Wait(Why.RETRY, far))) is None, "it holds nothing back"
    assert obstacle((TOPIC, Wait(Why.RETRY, NOW.ms + 1_000)), (SENT, behind)) is None, "it is over in a moment"
    assert obstacle((SENT, Wait(Why.RETRY, far)), (NEXT, Wait(Why.BEHIND, by=11))) is None, "its own line says it"


def test_a_refused_change_of_a_message() -> None:
    found = obstacle((EDIT, Wait(Why.PERSON)), (SENT, Wait(Why.TURN)))
    assert found is not None
    assert [str(choice) for choice in found.choices] == ["retry", "edit", "discard"]
    react = action(Kind.REACT, 9, state=State.FAILED)
    found = obstacle((react, Wait(Why.PERSON)))
    assert found is not None
    assert [str(choice) for choice in found.choices] == ["retry", "discard"]


def test_what_stands_in_nobody_s_way() -> None:
    passed = action(state=State.FAILED, let_pass=True)
    read = action(Kind.READ, state=State.FAILED)
    assert obstacle((passed, Wait(Why.PERSON)), (read, Wait(Why.PERSON)), (SENT, Wait(Why.TURN))) is None
    assert obstacle((action(Kind.TOPIC, state=State.FAILED), Wait(Why.PERSON))) is None, "it is said when it happens"
    assert obstacle() is None


# ---------------------------------------------------------------- delays


def test_delays() -> None:
    assert delays_of([]) == Delays()
    assert delays_of([]).text == ""
    assert delays_of(range(1, 101)) == Delays(100, 50, 95, 100)
    assert delays_of([7]).text == "p50 7 ms, p95 7 ms"
    assert delays_of([-5, 10]) == Delays(2, 0, 10, 10)


@given(st.lists(st.integers(0, 10_000), min_size=1))
def test_delays_are_those_of_real_actions(values: list[int]) -> None:
    delays = delays_of(values)
    assert delays.median in values
    assert delays.slow in values
    assert min(values) <= delays.median <= delays.slow <= delays.worst == max(values)
    assert sum(value <= delays.slow for value in values) >= 0.95 * len(values)
