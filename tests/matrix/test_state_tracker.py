"""Tests the state of rooms: what was put, what is stored, and both together across restarts."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from chat_tui_core.contract import StateSet
from chat_tui_matrix.protocol.state_tracker import MOST_BYTES, StateTracker, compact
from tests.matrix.rooms_stage import ROOM, Stored

TOPIC = (ROOM, "m.room.topic", "")


def put(tracker: StateTracker, stored: Stored | None, place: tuple[str, str, str], content: Any, **more: Any) -> None:
    """Put a piece, and store it where there is a store."""
    news = tracker.put(place, content, **more)
    if news is not None and stored is not None:
        stored.take(news)


def test_a_piece_all_of_a_type_and_none() -> None:
    # B9
    tracker = StateTracker(Stored())
    put(tracker, None, (ROOM, "m.room.member", "@a:x"), {"membership": "join"})
    put(tracker, None, (ROOM, "m.room.member", "@b:x"), {"membership": "leave"})
    put(tracker, None, TOPIC, {"topic": "tea"})
    assert tracker.get(*TOPIC) == {"topic": "tea"}
    assert tracker.get(ROOM, "m.room.name") is None
    assert tracker.get("!other:x", "m.room.topic") is None
    assert tracker.all(ROOM, "m.room.member") == {"@a:x": {"membership": "join"}, "@b:x": {"membership": "leave"}}
    assert tracker.all(ROOM, "m.room.name") == {}


def test_what_was_stored_is_there_in_the_next_run() -> None:
    # B9
    stored = Stored()
    put(StateTracker(stored), stored, TOPIC, {"topic": "tea"})
    tracker = StateTracker(stored)
    assert tracker.get(*TOPIC) == {"topic": "tea"}
    put(tracker, None, (ROOM, "m.room.topic", "odd key"), {"topic": "coffee"})
    assert tracker.all(ROOM, "m.room.topic") == {"": {"topic": "tea"}, "odd key": {"topic": "coffee"}}


def test_the_later_event_wins_and_the_same_event_changes_nothing() -> None:
    # B10
    tracker = StateTracker(Stored())
    put(tracker, None, TOPIC, {"topic": "old"}, event_id="$1", ts=2_000)
    put(tracker, None, TOPIC, {"topic": "new"}, event_id="$2", ts=1_000)
    assert tracker.get(*TOPIC) == {"topic": "new"}, "the order of the stream decides, not the sender's clock"
    assert tracker.put(TOPIC, {"topic": "forged"}, event_id="$2") is None
    assert tracker.get(*TOPIC) == {"topic": "new"}


def test_a_redacted_event_and_one_without_content_are_applied() -> None:
    # B10
    stored = Stored()
    tracker = StateTracker(stored)
    put(tracker, stored, TOPIC, {"topic": "secret"}, event_id="$1")
    news = tracker.put(TOPIC, {}, event_id="$1", redacted=True)
    assert news == StateSet(ROOM, "m.room.topic", "", "", "", "$1")
    assert tracker.get(*TOPIC) is None
    assert tracker.all(ROOM, "m.room.topic") == {}, "though it is stored still"
    assert tracker.put(TOPIC, {}, event_id="$1", redacted=True) is None


def test_an_event_is_found_by_its_id_as_long_as_it_is_the_state() -> None:
    # B10
    tracker = StateTracker(Stored())
    put(tracker, None, TOPIC, {"topic": "a"}, event_id="$1")
    assert tracker.event_at("$1") == TOPIC
    put(tracker, None, TOPIC, {"topic": "b"}, event_id="$2")
    assert tracker.event_at("$1") is None
    assert tracker.event_at("$2") == TOPIC
    for _ in range(3):
        tracker.stored()
    assert tracker.event_at("$2") == TOPIC, "stored pieces keep their ids as long as they are cached"


@pytest.mark.parametrize("content", [{"topic": "x" * MOST_BYTES}, {"topic": "é" * (MOST_BYTES // 2)}])
def test_what_no_event_can_hold_is_refused_and_changes_nothing(content: dict[str, Any]) -> None:
    # B5
    tracker = StateTracker(Stored())
    put(tracker, None, TOPIC, {"topic": "tea"})
    with pytest.raises(ValueError, match=r"bytes|JSON"):
        tracker.put(TOPIC, content)
    assert tracker.get(*TOPIC) == {"topic": "tea"}
    assert tracker.put(("", "m.direct", ""), {"@a:x": ["!r:x"] * 10_000}) is not None, "account data may be larger"


def test_half_a_surrogate_pair_can_be_stored() -> None:
    # B5
    content = compact({"topic": "\ud800"}, 100)
    assert content.isascii()
    assert json.loads(content) == {"topic": "\ud800"}


@pytest.mark.parametrize("damaged", ["", "{", "[]", '"text"', "null", "{}", "\x00"])
def test_a_damaged_row_is_no_state(damaged: str) -> None:
    # B9
    stored = Stored()
    stored.rows[ROOM, "m.room.topic"] = {"": damaged}
    tracker = StateTracker(stored)
    assert tracker.get(*TOPIC) is None
    assert tracker.all(ROOM, "m.room.topic") == {}


def test_ten_thousand_members_are_looked_up_one_by_one() -> None:
    # B9: no blob, no work that grows with the room
    stored = Stored()
    tracker = StateTracker(stored)
    for number in range(10_000):
        place = (ROOM, "m.room.member", f"@u{number}:x")
        put(tracker, stored, place, {"membership": "join", "displayname": f"U {number}"}, event_id=f"${number}")
    tracker.stored()
    tracker = StateTracker(stored, cached=100)
    stored.asked = 0
    for _ in range(3):
        assert tracker.get(ROOM, "m.room.member", "@u777:x") == {"membership": "join", "displayname": "U 777"}
    assert stored.asked == 1
    for number in range(200):
        tracker.get(ROOM, "m.room.member", f"@u{number}:x")
    assert stored.asked == 201
    assert tracker.get(ROOM, "m.room.member", "@u777:x") is not None
    assert stored.asked == 202, "what was not used for long is read anew"
    assert len(tracker.all(ROOM, "m.room.member")) == 10_000


def test_what_was_put_a_moment_ago_outlives_the_word_that_earlier_state_is_stored() -> None:
    # B4
    stored = Stored()
    tracker = StateTracker(stored, cached=0)
    put(tracker, stored, TOPIC, {"topic": "stored"})
    put(tracker, None, (ROOM, "m.room.name", ""), {"name": "on its way"})
    tracker.stored()
    assert tracker.get(ROOM, "m.room.name") == {"name": "on its way"}
    assert tracker.get(*TOPIC) == {"topic": "stored"}


def test_a_room_of_which_nothing_is_stored_is_not_asked_for() -> None:
    # B1: a first sync of thousands of rooms makes no lookups
    stored = Stored()
    tracker = StateTracker(stored)
    tracker.begin(ROOM)
    put(tracker, stored, TOPIC, {"topic": "tea"})
    assert tracker.get(ROOM, "m.room.name") is None
    assert tracker.all(ROOM, "m.room.member") == {}
    assert stored.asked == 0
    for _ in range(2):
        tracker.stored()
    stored.rows[ROOM, "m.room.name"] = {"": '{"name":"n"}'}
    assert tracker.get(ROOM, "m.room.name") == {"name": "n"}, "as soon as its state is left to the store"


def test_what_is_stored_of_rooms_that_are_expected_is_read_in_one_go() -> None:
    # B9: each lookup by itself would wait for the store's writer
    stored = Stored()
    for room_id in ("!a:x", "!b:x"):
        for kind in ("m.room.topic", "m.room.name", "m.room.member"):
            stored.take(StateSet(room_id, kind, "", json.dumps({"of": room_id})))
    tracker = StateTracker(stored)
    tracker.expect(["!a:x", "!b:x", "!new:x"])
    assert stored.asked == 1
    for room_id in ("!a:x", "!b:x"):
        assert tracker.get(room_id, "m.room.topic") == {"of": room_id}
        assert tracker.all(room_id, "m.room.name") == {"": {"of": room_id}}
        assert tracker.get(room_id, "m.room.avatar") is None
    assert tracker.get("!new:x", "m.room.topic") is None
    assert stored.asked == 1
    assert tracker.get("!a:x", "m.room.member") == {"of": "!a:x"}
    assert stored.asked == 2
    tracker.expect([])
    assert tracker.all("!b:x", "m.room.name") == {"": {"of": "!b:x"}}
    assert stored.asked == 3


PLACES = st.tuples(
    st.sampled_from(["!a:x", "!b:x"]), st.sampled_from(["m.room.topic", "m.room.member"]), st.sampled_from(["", "@a:x"])
)
CONTENTS = st.dictionaries(st.sampled_from(["a", "b"]), st.integers(0, 3) | st.text(max_size=3), max_size=2)


class OverlayAndReader(RuleBasedStateMachine):
    """The tracker over a store that lags behind and a program that restarts, against a plain dict."""

    # B9, B4
    @initialize(cached=st.integers(0, 3))
    def start(self, cached: int) -> None:
        """An empty store; a cache that is much too small."""
        self.cached = cached
        self.stored = Stored()
        self.tracker = StateTracker(self.stored, cached)
        self.model: dict[tuple[str, str, str], dict[str, Any]] = {}
        self.unkept: list[StateSet] = []
        self.number = 0

    @rule(place=PLACES, content=CONTENTS)
    def put(self, place: tuple[str, str, str], content: dict[str, Any]) -> None:
        """A new event."""
        self.number += 1
        news = self.tracker.put(place, content, event_id=f"${self.number}")
        assert news is not None
        self.unkept.append(news)
        self.model[place] = content

    @rule(room_id=st.sampled_from(["!a:x", "!b:x"]))
    def begin(self, room_id: str) -> None:
        """A room that is new."""
        if not any(place[0] == room_id for place in self.model):
            self.tracker.begin(room_id)

    @rule(room_ids=st.lists(st.sampled_from(["!a:x", "!b:x", "!c:x"]), max_size=3))
    def expect(self, room_ids: list[str]) -> None:
        """Rooms of which much will be asked."""
        self.tracker.expect(room_ids)

    @rule()
    def store(self) -> None:
        """Everything is stored and told so."""
        for news in self.unkept:
            self.stored.take(news)
        self.unkept.clear()
        self.tracker.stored()

    @rule()
    def restart(self) -> None:
        """The program ends after everything was stored."""
        self.store()
        self.tracker = StateTracker(self.stored, self.cached)

    @invariant()
    def both_say_the_same(self) -> None:
        """Every piece, and all of every type."""
        for room_id in ("!a:x", "!b:x"):
            for kind in ("m.room.topic", "m.room.member"):
                wanted = {
                    key: content
                    for (room, one, key), content in self.model.items()
                    if (room, one) == (room_id, kind) and content
                }
                assert self.tracker.all(room_id, kind) == wanted
                for key in ("", "@a:x"):
                    assert self.tracker.get(room_id, kind, key) == wanted.get(key)


TestOverlayAndReader = OverlayAndReader.TestCase
TestOverlayAndReader.settings = settings(
    max_examples=60, stateful_step_count=25, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)


@given(CONTENTS)
def test_compact_json_comes_back(content: dict[str, Any]) -> None:
    # B9
    assert (json.loads(compact(content, 1000)) if content else compact(content, 1000)) == (content or "")
