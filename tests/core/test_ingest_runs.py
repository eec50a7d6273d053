"""A crowd's lines that come one by one: stored together, and nobody can tell that they were."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st

from chat_tui_core.model import Gap, Room, RoomEvent
from chat_tui_core.news import Arrived, Edited, News, Position
from chat_tui_core.session.ingest import ingest
from chat_tui_core.session.ingest_runs import joined as put_together
from chat_tui_core.session.ingest_state import Known, Outcome
from chat_tui_core.store import Store, events, meta
from chat_tui_core.store import rooms as stored_rooms
from tests.core.scripted import joined, said

ROOMS = ("r", "s")


def known(rooms: dict[str, Room], *, contiguous: bool = True) -> Known:
    return Known("me", rooms, {}, contiguous, 5_000)


def line(order: int, room_id: str = "r", **fields: object) -> Arrived:
    event = replace(said(order, f"line {order}", room_id=room_id), **fields)  # type: ignore[arg-type]
    return Arrived(room_id, (event,))


def orders(run: Sequence[Arrived]) -> list[int]:
    return [event.order for item in run for event in item.events]


def test_lines_that_follow_each_other_are_put_together_room_by_room() -> None:  # A16
    given_news: list[News] = [line(1), line(2), line(7, "s"), line(3), line(8, "s"), Position({}), line(4)]
    items = list(put_together(given_news, "me"))
    assert [(item.room_id, orders([item])) for item, _ in items if isinstance(item, Arrived)] == [
        ("r", [1, 2, 3]),
        ("s", [7, 8]),
        ("r", [4]),
    ]
    assert [orders(parts) for _, parts in items] == [[1, 2, 3], [7, 8], [], []]
    assert isinstance(items[2][0], Position)


def test_what_is_ours_or_missed_or_after_a_hole_stays_by_itself() -> None:  # A16
    own, missed = line(2, sender="me"), replace(line(3), live=False)
    given_news = [line(1), own, missed, replace(line(4), token="t"), line(6), line(8)]
    assert [item for item, _ in put_together(given_news, "me")] == given_news


def test_a_crowd_costs_a_few_statements_and_not_a_few_each(tmp_path: Path) -> None:  # E2
    store = Store.open(tmp_path / "chat.db")
    counted: list[str] = []

    def counting(db: sqlite3.Connection, news: Sequence[News]) -> None:
        db.set_trace_callback(counted.append)
        ingest(db, known({"r": joined()}), news)
        db.set_trace_callback(None)

    store.write_now(counting, [line(order) for order in range(1, 301)])
    assert store.read(events.bounds, "r") == (1, 300)
    others = [one for one in counted if not one.startswith("INSERT INTO events")]
    assert len(counted) - len(others) == 300
    assert len([one for one in others if not one.startswith("-- ")]) < 30  # "-- ": inside of the search index
    store.close_now()


def test_of_a_run_that_cannot_be_applied_each_line_is_counted_by_itself(tmp_path: Path) -> None:  # B5
    store = Store.open(tmp_path / "chat.db")
    far = 1 << 70
    rooms = {"r": joined(), "s": joined("s")}
    store.write_now(ingest, known(rooms), [line(1), line(1, "s")])
    store.write_now(ingest, known(rooms), [line(far), line(far + 1), line(2, "s")])
    assert store.read(meta.problem_count) == 2
    assert store.read(events.bounds, "r") == (1, 1)
    assert store.read(events.bounds, "s") == (1, 2)
    store.close_now()


@st.composite
def talk(draw: st.DrawFn) -> list[News]:
    """News of two rooms: lines mostly in order, some skipped, some twice, some ours; edits and positions between."""
    heads = dict.fromkeys(ROOMS, 0)
    news: list[News] = []
    for number in range(draw(st.integers(1, 25))):
        room_id, kind = draw(st.sampled_from(ROOMS)), draw(st.sampled_from(("line",) * 8 + ("hole", "again", "edit")))
        if kind == "edit":
            news.append(Edited(room_id, f"e{heads[room_id]}", heads[room_id], "changed", 9_000 + number))
        elif kind == "again" and heads[room_id]:
            news.append(line(heads[room_id], room_id))
        else:
            heads[room_id] += 3 if kind == "hole" else 1
            ours = draw(st.booleans()) and draw(st.booleans())
            news.append(line(heads[room_id], room_id, sender="me" if ours else "ann", text=draw(st.text(max_size=5))))
        if draw(st.integers(0, 6)) == 0:
            news.append(Position({"seq": str(number)}))
    return news


Seen = tuple[list[RoomEvent], list[Gap], list[RoomEvent], dict[str, RoomEvent]]


def applied(news: Sequence[News], step: int, *, contiguous: bool) -> tuple[dict[str, Room], dict[str, Seen]]:
    """Apply news in batches of so many; the rooms, and by room what is stored, what arrived, what was told."""
    rooms = {room_id: joined(room_id) for room_id in ROOMS}
    outcomes: list[Outcome] = []
    with TemporaryDirectory() as folder:
        store = Store.open(Path(folder) / "chat.db")
        store.write_now(stored_rooms.save_rooms, rooms.values())
        for at in range(0, len(news), step):
            outcomes.append(store.write_now(ingest, known(rooms, contiguous=contiguous), news[at : at + step]))
            rooms |= outcomes[-1].rooms
        assert {room.room_id: room for room in store.read(stored_rooms.load_rooms)} == rooms
        seen = {room_id: _seen(store, outcomes, room_id) for room_id in ROOMS}
        store.close_now()
    return rooms, seen


def _seen(store: Store, outcomes: list[Outcome], room_id: str) -> Seen:
    told: dict[str, RoomEvent] = {}
    for outcome in outcomes:
        told |= outcome.deltas[room_id].events if room_id in outcome.deltas else {}
    arrived = [event for outcome in outcomes for event in outcome.arrivals.get(room_id, [])]
    return store.read(events.newest_events, room_id, 100), store.read(events.gaps, room_id), arrived, told


@settings(max_examples=60, deadline=None)
@given(news=talk(), contiguous=st.booleans())
def test_batches_of_any_size_end_in_the_same(news: list[News], contiguous: bool) -> None:  # A16, B5
    assert applied(news, len(news), contiguous=contiguous) == applied(news, 1, contiguous=contiguous)
