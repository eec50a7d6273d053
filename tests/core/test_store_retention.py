"""What is too old is forgotten, but for what is not read and each room's newest lines; nothing else changes."""

from __future__ import annotations

from pathlib import Path

import pytest

from chat_tui_core.model import Gap, Room, RoomEvent
from chat_tui_core.search_query import parse_query
from chat_tui_core.store import Store, events, gaps, retention, rooms
from chat_tui_core.store.search import find_messages
from tests.core.scripted import said

COUNT = 300


@pytest.fixture
def store(tmp_path: Path) -> Store:
    store = Store.open(tmp_path / "chat.db")
    for room_id, read in (("hall", COUNT), ("fresh", 120)):
        store.write_now(rooms.save_rooms, [Room(room_id, head=COUNT, read=read)])
        store.write_now(events.insert_events, [said(order, room_id=room_id) for order in range(1, COUNT + 1)])
        store.write_now(gaps.set_room_start, room_id, True)
    return store


def orders(store: Store, room_id: str) -> list[int]:
    return [event.order for event in store.read(events.newest_events, room_id, 2 * COUNT)]


def time_of(store: Store, order: int) -> int:
    event: RoomEvent | None = store.read(events.event_at, "hall", order)
    assert event is not None
    return event.ts


@pytest.mark.parametrize(
    ("young_from", "left_from"), [(1, 1), (2, 2), (151, 151), (201, 201), (250, 201), (9_999, 201)]
)
async def test_what_is_old_goes_from_the_start_only(store: Store, young_from: int, left_from: int) -> None:  # E4
    ts = time_of(store, min(young_from, COUNT)) + (1 if young_from > COUNT else 0)
    await retention.forget_before(store, ts)
    assert orders(store, "hall") == list(range(left_from, COUNT + 1))
    assert orders(store, "fresh") == list(range(min(left_from, 121), COUNT + 1)), "what is not read stays"
    assert store.read(events.room_start, "hall") == (left_from == 1), "the server has what came before"
    await retention.forget_before(store, ts)
    assert orders(store, "hall") == list(range(left_from, COUNT + 1))
    await store.close()


async def test_it_goes_in_small_steps_and_out_of_the_index(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:  # E4
    found = parse_query("line in:hall")
    before = len(store.read(find_messages, found, COUNT))
    monkeypatch.setattr(retention, "STEP", 7)
    assert store.write_now(retention.forget_in_room, "hall", time_of(store, 151), 7)
    assert orders(store, "hall")[0] == 8
    await retention.forget_before(store, time_of(store, 151))
    assert len(orders(store, "hall")) == 150
    assert len(store.read(find_messages, found, COUNT)) == before - 150
    await store.close()


async def test_holes_that_lie_before_what_is_left_are_none(store: Store) -> None:  # A12
    for after, until in ((10, 12), (200, 202)):
        store.write_now(gaps.add_gap, Gap("hall", after, until))
    await retention.forget_before(store, time_of(store, 100))
    assert [gap.after for gap in store.read(events.gaps, "hall")] == [200]
    await store.close()


async def test_what_is_forgotten_and_comes_again_is_stored_again(store: Store) -> None:  # A17
    await retention.forget_before(store, time_of(store, 100))
    store.write_now(events.insert_events, [said(order, room_id="hall") for order in range(50, 100)])
    assert orders(store, "hall") == list(range(50, COUNT + 1))
    assert len(store.read(find_messages, parse_query("line in:hall"), COUNT)) == COUNT - 49
    await store.close()
