"""Who has read one's own messages: however it becomes known, each person stands at the newest one that they have read."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat_tui.widgets.seen_by import SeenBy, said_of_readers
from chat_tui.widgets.text_layout import cells
from chat_tui_core.model import EventKind
from tests.core.scripted import said

PEOPLE = ("me", "ann", "bob", "cy")
positions = st.dictionaries(st.sampled_from(PEOPLE), st.integers(0, 30), max_size=4)
events = st.tuples(st.integers(1, 30), st.sampled_from(PEOPLE))
steps = st.lists(events | positions, max_size=30)


@given(steps)
def test_it_is_as_if_all_had_been_known_at_once(todo: list[tuple[int, str] | dict[str, int]]) -> None:
    seen, known, shown = SeenBy("me"), dict[int, str](), dict[int, tuple[str, ...]]()
    read = dict.fromkeys(PEOPLE, 0)
    for step in todo:
        if isinstance(step, dict):
            seen.read(step)
            read |= {user: max(order, read[user]) for user, order in step.items()}
        elif known.setdefault(*step) == step[1]:  # an order is one event's
            seen.note(said(*step[:1], "words", step[1]))
            read[step[1]] = max(step[0], read[step[1]])
        for event_id in seen.take():  # nothing that is not told anew may differ from what was told
            order = int(event_id.removeprefix("m"))
            shown[order] = seen.readers(order, {})
        assert seen.take() == []
    own = sorted(order for order, user in known.items() if user == "me")
    wanted: dict[int, set[str]] = {order: set() for order in own}
    for user in PEOPLE[1:]:
        if newest := max((order for order in own if order <= read[user]), default=0):
            wanted[newest].add(user)
    for order, users in wanted.items():
        assert seen.readers(order, {}) == (tuple(sorted(users)) if seen.told else ())
        assert shown.get(order, ()) == seen.readers(order, {})


def test_nothing_is_told_before_it_is_known_and_after_it_is_hidden() -> None:
    seen = SeenBy("me")
    seen.note(said(1, "words", "me"))
    seen.note(said(2, "an answer", "ann"))
    assert seen.readers(1, {}) == ()
    seen.read({})
    assert seen.take() == ["m1"]
    assert seen.readers(1, {"ann": "Ann"}) == ("Ann",)
    seen.hide()
    assert (seen.take(), seen.readers(1, {})) == (["m1"], ())


@pytest.mark.parametrize("kind", [EventKind.JOIN, EventKind.TOPIC, EventKind.REDACTED])
def test_only_what_was_said_has_readers(kind: EventKind) -> None:
    seen = SeenBy("me")
    seen.note(said(1, "words", "me"))
    seen.note(replace(said(2, "", "me"), kind=kind))
    seen.read({"ann": 2})
    assert (seen.readers(1, {}), seen.readers(2, {})) == (("ann",), ())


@pytest.mark.parametrize(
    ("names", "width", "shown"),
    [
        ((), 40, ""),
        (("Ann",), 40, "read by Ann"),
        (("Ann", "Bob", "Cy"), 40, "read by Ann, Bob, Cy"),
        (("Ann", "Bob", "Cy", "Dan", "Eve"), 40, "read by Ann, Bob, Cy +2"),
        (("Ann", "Bob", "Cy", "Dan", "Eve"), 20, "read by Ann, Bob +3"),
        (("Ann", "Bob", "Cy", "Dan", "Eve"), 14, "read by Ann +4"),
        (("Ann", "Bob", "Cy", "Dan", "Eve"), 10, "read by 5"),
        (("Ann",), 8, ""),
        (("Ann",), -3, ""),
        (("A very long name, indeed",), 40, "read by A very long nam…"),
        (("evil\x1b[31m\nname",), 40, "read by evil�[31m name"),
    ],
)
def test_as_much_is_said_as_there_is_room_for(names: tuple[str, ...], width: int, shown: str) -> None:
    text = said_of_readers(names, width)
    assert cells(text) <= max(0, width)
    assert text == shown
