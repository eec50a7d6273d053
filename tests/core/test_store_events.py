"""Stored timelines: every order of reports, edits, redactions and reactions ends as a plain dictionary would."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from itertools import accumulate
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from chat_tui_core.model import SPOKEN, EventKind, Reaction, RoomEvent
from chat_tui_core.store import Store, changes, events, meta

ROOM = "general"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = Store.open(tmp_path / "store.db")
    yield store
    store.close_now()


def said(order: int, text: str = "hello", sender: str = "ann", room: str = ROOM) -> RoomEvent:
    return RoomEvent(room, f"m{order}", order, EventKind.MESSAGE, sender, 1000 + order, text)


def orders(found: list[RoomEvent]) -> list[int]:
    return [event.order for event in found]


def test_an_event_comes_back_as_it_went_in(store: Store) -> None:  # E4
    event = RoomEvent(
        ROOM, "m7", 7, EventKind.FILE, "ann", 5, "a\nb ☺", "Ann", "bob", "m3", 9, (Reaction("👍", ("bob", "cy")),), 12
    )
    assert store.write_now(events.insert_events, [event]) == [event]
    assert store.read(events.event_by_id, ROOM, "m7") == event
    assert store.read(events.event_at, ROOM, 7) == event
    assert store.read(events.event_by_id, "other", "m7") is None
    assert store.read(events.event_by_id, ROOM, "") is None


def test_pages_are_exclusive_ascending_and_of_one_room(store: Store) -> None:  # E5
    store.write_now(events.insert_events, [said(order) for order in (9, 1, 5, 3, 7)])
    store.write_now(events.insert_events, [said(order, room="other") for order in range(1, 20)])
    assert orders(store.read(events.newest_events, ROOM, 3)) == [5, 7, 9]
    assert orders(store.read(events.newest_events, ROOM, 50)) == [1, 3, 5, 7, 9]
    assert orders(store.read(events.events_before, ROOM, 7, 2)) == [3, 5]
    assert orders(store.read(events.events_after, ROOM, 3, 2)) == [5, 7]
    assert orders(store.read(events.events_before, ROOM, 1, 2)) == []
    assert store.read(events.bounds, ROOM) == (1, 9)
    assert store.read(events.bounds, "empty") == (0, 0)


steps = st.lists(st.tuples(st.sampled_from((1, 2, 1000, 1 << 40)), st.sampled_from((0, 1, 60_000, 10**9))), max_size=30)


@given(steps, st.data())
def test_a_time_is_found_as_by_looking_at_every_event(taken: list[tuple[int, int]], data: st.DataObject) -> None:  # B11
    moments = list(accumulate(taken, lambda before, step: (before[0] + step[0], before[1] + step[1]), initial=(1, 5)))
    ts = data.draw(st.sampled_from([ts + off for _, ts in moments for off in (-1, 0, 1)]))
    with closing(sqlite3.connect(":memory:")) as db:
        db.execute("CREATE TABLE events (room_id TEXT, ord INTEGER, ts INTEGER)")
        db.executemany("INSERT INTO events VALUES ('r', ?, ?)", moments)
        wanted = next((order for order, said_at in moments if said_at >= ts), 0)
        assert events.first_since(db, "r", ts) == wanted


def test_a_known_event_is_not_new_and_keeps_what_only_one_report_knows(store: Store) -> None:  # E4
    first = replace(said(4), action_id=9, sender_name="Ann", edited_ts=50, text="edited")
    again = replace(said(4), sender_name="Anna", reactions=(Reaction("x", ("bob",)),), reply_to="m1")
    store.write_now(events.insert_events, [first])
    assert store.write_now(events.insert_events, [again]) == []
    assert store.read(events.event_at, ROOM, 4) == replace(first, reactions=(Reaction("x", ("bob",)),), reply_to="m1")
    assert store.read(meta.problem_count) == 0


def test_a_repeat_in_one_batch_is_one_event(store: Store) -> None:
    assert store.write_now(events.insert_events, [said(1), said(1), said(2)]) == [said(1), said(2)]


def test_the_first_to_take_a_place_keeps_it(store: Store) -> None:  # E4
    thief = replace(said(4, "mine now"), event_id="other")
    moved = replace(said(4, "same text"), order=8)
    assert store.write_now(events.insert_events, [said(4), thief, moved, said(5)]) == [said(4), said(5)]
    assert orders(store.read(events.newest_events, ROOM, 9)) == [4, 5]
    told = store.read(meta.problems, 10)
    assert [("'other' claims the place 4" in one.text, one.room_id) for one in told[:1]] == [(True, ROOM)]
    assert "'m4' claims the place 8" in told[1].text


def test_an_event_without_an_id_is_known_by_its_place(store: Store) -> None:
    nameless = [replace(said(order), event_id="", kind=EventKind.JOIN, text="") for order in (1, 2)]
    assert store.write_now(events.insert_events, nameless) == nameless
    assert store.write_now(events.insert_events, nameless) == []
    named = replace(nameless[0], event_id="j1")
    assert store.write_now(events.insert_events, [named]) == []
    assert store.read(events.event_by_id, ROOM, "j1") == named
    assert store.read(meta.problem_count) == 0


@pytest.mark.parametrize("bad", [replace(said(2), ts=2**64), replace(said(2), text="\ud800")])
def test_an_event_that_cannot_be_stored_does_not_stop_the_others(store: Store, bad: RoomEvent) -> None:  # B5
    assert store.write_now(events.insert_events, [said(1), bad, said(3)]) == [said(1), said(3)]
    assert "'m2' at 2 cannot be stored" in store.read(meta.problems, 1)[0].text


def test_unread_counts_what_others_said_up_to_a_limit(store: Store) -> None:  # E6
    lines = [said(order, sender="me" if order % 3 == 0 else "ann") for order in range(1, 61)]
    lines[0] = replace(lines[0], kind=EventKind.EMOTE)
    lines[1] = replace(lines[1], kind=EventKind.JOIN)
    store.write_now(events.insert_events, lines)
    assert store.read(events.unread_count, ROOM, 0, "me", 1000) == 39
    assert store.read(events.unread_count, ROOM, 30, "me", 1000) == 20
    assert store.read(events.unread_count, ROOM, 60, "me", 1000) == 0
    assert store.read(events.unread_count, ROOM, 0, "me", 7) == 7
    # Of each kind no more than the newest ten times the limit is looked at.
    store.write_now(events.insert_events, [said(order, sender="me") for order in range(61, 71)])
    assert store.read(events.unread_count, ROOM, 0, "me", 1) == 1  # the emote
    assert store.read(events.unread_count, ROOM, 1, "me", 1) == 0
    assert store.read(events.unread_count, ROOM, 1, "me", 2) == 2


def test_the_newest_of_a_kind_and_the_last_word(store: Store) -> None:  # E6
    assert store.read(events.last_spoken, ROOM) is None
    topic = replace(said(9), kind=EventKind.TOPIC)
    store.write_now(events.insert_events, [said(3), replace(said(5), kind=EventKind.NOTICE), said(4), topic])
    assert store.read(events.newest_order_of_kind, ROOM, EventKind.TOPIC) == 9
    assert store.read(events.newest_order_of_kind, ROOM, EventKind.KICK, EventKind.MESSAGE) == 4
    found = store.read(events.last_spoken, ROOM)
    assert found is not None
    assert found.order == 5
    store.write_now(events.apply_redaction, ROOM, "m5", 0)
    found = store.read(events.last_spoken, ROOM)
    assert found is not None
    assert found.order == 4


def test_changes_find_their_event_by_id_else_by_place(store: Store) -> None:
    nameless = replace(said(8), event_id="")
    store.write_now(events.insert_events, [said(7), nameless])
    assert store.write_now(events.apply_edit, ROOM, "m7", 0, "by id", 1) == replace(said(7), text="by id", edited_ts=1)
    assert store.write_now(events.apply_edit, ROOM, "", 7, "by place", 2) is not None
    assert store.write_now(events.apply_edit, ROOM, "m8", 8, "the nameless one", 2) is not None
    assert store.write_now(events.apply_edit, ROOM, "m9", 7, "another's place", 3) is None
    assert store.write_now(events.apply_redaction, ROOM, "m9", 99) is None
    assert [event.text for event in store.read(events.newest_events, ROOM, 9)] == ["by place", "the nameless one"]


def test_reactions_of_one_event_are_bounded(store: Store) -> None:
    store.write_now(events.insert_events, [said(1)])

    def flood(db: sqlite3.Connection) -> None:
        for number in range(changes.MAX_KEYS + 5):
            events.apply_reaction(db, ROOM, "m1", 1, "bob", str(number), False)

    store.write_now(flood)
    found = store.read(events.event_at, ROOM, 1)
    assert found is not None
    assert len(found.reactions) == changes.MAX_KEYS


def test_pages_and_counts_are_answered_from_an_index(store: Store) -> None:  # E5
    """No query walks a room from end to end, whatever its size."""
    queries = {
        events.NEWEST: 2,
        events.BEFORE: 3,
        events.AFTER: 3,
        events.LOWEST: 1,
        events.BOUNDS: 2,
        events.HIGHEST_OF_KIND: 2,
        events.UNREAD: 5,
    }

    def plans(db: sqlite3.Connection) -> list[str]:
        return [
            row[3]
            for query, marks in queries.items()
            for row in db.execute(f"EXPLAIN QUERY PLAN {query}", [1] * marks)
            if "events" in row[3] or "B-TREE" in row[3]
        ]

    found = store.read(plans)
    assert len(found) == len(queries) + 1, "the bounds are two looks"
    assert all("USING" in line and "INDEX events_by_" in line for line in found), found
    assert "COVERING INDEX events_by_kind" in found[-1]


# ---------------------------------------------------------------- against a dictionary

PLACES = st.integers(1, 6)
TIMES = st.integers(1, 5)
TEXTS = st.sampled_from(["a", "b", "c"])
PEOPLE = st.sampled_from(["ann", "bob"])
KEYS = st.sampled_from(["👍", "x"])


class Timelines(RuleBasedStateMachine):
    """Random reports of a few events; the model is a dictionary of values."""

    @initialize()
    def start(self) -> None:
        self.folder = TemporaryDirectory()
        self.store = Store.open(Path(self.folder.name) / "store.db")
        self.model: dict[int, RoomEvent] = {}

    @rule(places=st.lists(PLACES, min_size=1, max_size=4), text=TEXTS, sender=PEOPLE, edited=st.integers(0, 5))
    def reported(self, places: list[int], text: str, sender: str, edited: int) -> None:
        batch = [replace(said(place, text, sender), edited_ts=edited) for place in places]
        fresh = [event for index, event in enumerate(batch) if event.order not in {*self.model, *places[:index]}]
        assert self.store.write_now(events.insert_events, batch) == fresh
        for event in batch:
            old = self.model.get(event.order)
            if old is None:
                self.model[event.order] = event
            elif old.kind is EventKind.REDACTED:
                self.model[event.order] = replace(old, sender=event.sender)
            else:
                late = event if event.edited_ts >= old.edited_ts else old
                self.model[event.order] = replace(
                    event, text=late.text, edited_ts=late.edited_ts, reactions=old.reactions
                )

    @rule(place=PLACES, text=TEXTS, ts=TIMES, by_id=st.booleans())
    def edited(self, place: int, text: str, ts: int, by_id: bool) -> None:
        old = self.model.get(place)
        if old is not None and old.kind is not EventKind.REDACTED and ts >= old.edited_ts:
            self.model[place] = replace(old, text=text, edited_ts=ts)
        changed = self.store.write_now(
            events.apply_edit, ROOM, f"m{place}" if by_id else "", 0 if by_id else place, text, ts
        )
        assert changed == (None if self.model.get(place) == old else self.model[place])

    @rule(place=PLACES)
    def redacted(self, place: int) -> None:
        old = self.model.get(place)
        if old is not None:
            self.model[place] = replace(old, kind=EventKind.REDACTED, text="", reactions=(), edited_ts=0)
        changed = self.store.write_now(events.apply_redaction, ROOM, f"m{place}", place)
        assert changed == (None if self.model.get(place) == old else self.model[place])

    @rule(place=PLACES, by=PEOPLE, key=KEYS, removed=st.booleans())
    def reacted(self, place: int, by: str, key: str, removed: bool) -> None:
        old = self.model.get(place)
        if old is not None and old.kind is not EventKind.REDACTED:
            users = {one.key: list(one.users) for one in old.reactions}
            if removed and by in users.get(key, []):
                users[key].remove(by)
            elif not removed and by not in users.setdefault(key, []):
                users[key].append(by)
            kept = tuple(Reaction(one, tuple(who)) for one, who in users.items() if who)
            self.model[place] = replace(old, reactions=kept)
        changed = self.store.write_now(events.apply_reaction, ROOM, f"m{place}", place, by, key, removed)
        assert changed == (None if self.model.get(place) == old else self.model[place])

    @rule()
    def reopened(self) -> None:
        self.store.close_now()
        self.store = Store.open(self.store.path)

    @invariant()
    def same_as_the_model(self) -> None:
        expected = [self.model[place] for place in sorted(self.model)]
        assert self.store.read(events.newest_events, ROOM, 100) == expected
        spoken = [event for event in expected if event.kind in SPOKEN]
        assert self.store.read(events.last_spoken, ROOM) == (spoken[-1] if spoken else None)
        assert self.store.read(events.unread_count, ROOM, 2, "ann", 1000) == sum(
            event.order > 2 and event.sender != "ann" for event in spoken
        )
        assert self.store.read(meta.problem_count) == 0

    def teardown(self) -> None:
        self.store.close_now()
        self.folder.cleanup()


TestTimelines = Timelines.TestCase  # E4
TestTimelines.settings = settings(max_examples=60, stateful_step_count=25, deadline=None)
