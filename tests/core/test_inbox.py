"""What was said to the person, found in the store: mentions by the full-text index, answers by their own."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from chat_tui_core.model import RoomEvent
from chat_tui_core.store import Store
from chat_tui_core.store.events import insert_events
from chat_tui_core.store.inbox import ANSWERS, NAMING, answers_to, naming
from tests.core.scripted import said


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = Store.open(tmp_path / "chat.db")
    yield store
    store.close_now()


def keep(store: Store, *events: RoomEvent) -> None:
    for room_id in dict.fromkeys(event.room_id for event in events):
        store.write_now(insert_events, [event for event in events if event.room_id == room_id])


def orders(events: list[RoomEvent]) -> list[tuple[str, int]]:
    return [(event.room_id, event.order) for event in events]


def test_mentions_by_others_newest_first(store: Store) -> None:
    keep(
        store,
        said(1, "hello ann", "bob"),
        said(2, "I am Ann", "ann"),
        said(3, "anne is not meant", "bob"),
        said(4, "@ann: look", "carol"),
        said(1, "ANN?", "bob", room_id="s"),
    )
    assert orders(store.read(naming, "ann", "ann", 10)) == [("s", 1), ("r", 4), ("r", 1)]
    assert orders(store.read(naming, "ann", "ann", 1)) == [("s", 1)]


@pytest.mark.parametrize("name", ["", '"', "*", "-", " ", "()"])
def test_a_name_without_letters_is_named_by_nothing(store: Store, name: str) -> None:
    keep(store, said(1, "anything - at * all ()"))
    assert store.read(naming, name, "me", 10) == []


@pytest.mark.parametrize("name", ['a"b', "a OR b", "NEAR(a b)", "a*", "a-b_c.d"])
def test_a_name_is_never_taken_as_a_query(store: Store, name: str) -> None:
    keep(store, said(1, f"for {name}, as it is written"), said(2, "a and b and c"))
    assert ("r", 1) in orders(store.read(naming, name, "me", 10))


def test_answers_to_what_one_said_and_no_others(store: Store) -> None:
    keep(
        store,
        said(1, "mine", "ann"),
        said(2, "not mine", "bob"),
        replace(said(3, "to ann", "bob"), reply_to="m1"),
        replace(said(4, "to bob", "carol"), reply_to="m2"),
        replace(said(5, "to myself", "ann"), reply_to="m1"),
        replace(said(6, "to what is not here", "bob"), reply_to="gone"),
        replace(said(9, "another room's m1", "bob", room_id="s"), reply_to="m1"),
    )
    assert orders(store.read(answers_to, "ann", 10)) == [("r", 3)]
    assert orders(store.read(answers_to, "bob", 10)) == [("r", 4)]
    assert store.read(answers_to, "carol", 10) == []


@pytest.mark.parametrize(
    ("sql", "values", "by"), [(ANSWERS, ("ann", 10, 50), "events_answering"), (NAMING, ("x", "ann", 10), "found")]
)
def test_neither_walks_over_all_events(store: Store, sql: str, values: tuple[object, ...], by: str) -> None:
    plan = store.read(lambda db: [row[3] for row in db.execute(f"EXPLAIN QUERY PLAN {sql}", values)])
    assert any(by in step for step in plan), plan
    assert not any(step.startswith("SCAN") and by not in step and "answer" not in step for step in plan), plan
