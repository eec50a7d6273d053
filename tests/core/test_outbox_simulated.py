"""Exactly once under simulated faults; and the simulator finds what is broken on purpose."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable, Collection
from dataclasses import replace
from pathlib import Path

import pytest

from chat_tui_core import outbox
from chat_tui_core.actions import Action, Kind, State
from chat_tui_core.news import Answered, LostAction
from chat_tui_core.outbox import Outbox, Step
from chat_tui_core.session import ingest, ingest_actions
from chat_tui_core.session.ingest_state import Batch
from chat_tui_core.session.open_rooms import OpenRooms
from chat_tui_core.store import actions as stored_actions
from chat_tui_core.store import ids
from tests.core.simulator import LEAST_DEEDS, WIRES, run
from tests.core.simulator_disk import FileDisk, MemoryDisk
from tests.core.simulator_naive import NaiveClient

SEEDS = 40
MOST_SEEDS = 200
"""Schedules within which a planted fault must be found."""

#: What one of the two protocols has no way to do.
UNKNOWN = {
    "wschat": {
        *(Kind.BAN, Kind.UNBAN, Kind.NAME, Kind.FORGET, Kind.KNOCK, Kind.PROFILE, Kind.TAG, Kind.MUTE),
        Kind.HOLD,
    },
    "matrix": {Kind.DELETE_ROOM},
}


@pytest.mark.parametrize("wire", sorted(WIRES))
@pytest.mark.parametrize("first", range(0, SEEDS, 10))
def test_nothing_is_lost_doubled_or_reordered(wire: str, first: int) -> None:  # A13, A14, A16, A23, B12, B13, E3
    for seed in range(first, first + 10):
        verdict = run(seed, wire)
        assert not verdict.broken, f"python -m bench.exactly_once --seed {seed} --wire {wire}"


@pytest.mark.parametrize("wire", sorted(WIRES))
def test_it_holds_with_a_real_store_in_files(wire: str, tmp_path: Path) -> None:  # E3
    for seed in range(5):
        folder = tmp_path / str(seed)
        folder.mkdir()
        assert not run(seed, wire, disk=lambda folder=folder: FileDisk(folder)).broken  # type: ignore[misc]


@pytest.mark.parametrize("wire", sorted(WIRES))
def test_a_seed_is_a_schedule(wire: str) -> None:
    first, second = run(7, wire), run(7, wire)
    assert first == second
    assert first.steps > 200
    assert first.happened != run(8, wire).happened


def test_what_happens_can_be_told() -> None:
    told: list[str] = []
    run(7, "wschat", trace=told.append)
    assert any("Make(" in line for line in told)
    assert any("heard" in line for line in told)


@pytest.mark.parametrize("wire", sorted(WIRES))
def test_every_fault_happens_and_every_kind_of_action_is_tried(wire: str) -> None:  # E3
    verdicts = [run(seed, wire) for seed in range(SEEDS)]
    happened = set[str]().union(*(verdict.happened for verdict in verdicts))
    everywhere = {"cut", "drop", "double", "busy", "crash", "power cut", "restart", "server restart", "older copy"}
    assert everywhere | {"clock set", "copy"} <= happened
    assert {f"{kind} confirmed" for kind in set(Kind) - UNKNOWN[wire]} <= happened
    assert min(verdict.deeds for verdict in verdicts) >= LEAST_DEEDS


# ---------------------------------------------------------------- what is broken on purpose

Plant = Callable[[pytest.MonkeyPatch], None]


def everything_at_once(patch: pytest.MonkeyPatch) -> None:
    """Nothing waits for what was typed before it."""

    def plan(actions: Collection[Action], in_flight: Collection[int], now_ms: int) -> outbox.Plan:
        known = {action.id: action for action in actions}
        due = (a for a in actions if a.state is State.PENDING and a.not_before <= now_ms and a.id not in in_flight)
        there = (a for a in due if a.depends_on not in known or outbox.is_there(known[a.depends_on]))
        return outbox.Plan(tuple(sorted(there, key=lambda action: action.place)), {}, 0, {})

    patch.setattr(outbox, "plan", plan)


def a_refusal_holds_nothing_back(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(outbox._Lane, "_refused", lambda _self, _action: outbox.Wait(outbox.Why.PERSON))


def what_is_tried_again_goes_last(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Action, "place", property(lambda self: self.id))


def a_new_id_after_silence(patch: pytest.MonkeyPatch) -> None:
    def lost(batch: Batch, news: LostAction) -> None:
        action = batch.action(news.action_id)
        if action is not None and action.state is State.PENDING:
            ingest_actions.try_again(batch, replace(action, state=State.FAILED), action.content)

    patch.setitem(ingest.STORED, LostAction, lost)


def nothing_is_noted_before_it_leaves(patch: pytest.MonkeyPatch) -> None:
    real = Outbox.next

    def following(self: Outbox, actions: Collection[Action], now_ms: int) -> Step:
        step = real(self, actions, now_ms)
        ready = [action for action in actions if action.id in step.mark]
        self._in_flight.update(step.mark)
        return Step((*step.hand, *ready), (), (), step.due)

    patch.setattr(Outbox, "next", following)


def a_restart_doubts_nothing(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(stored_actions, "tidy", lambda _db, _now_ms: None)


def nothing_is_synced(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(MemoryDisk, "_sync", lambda _self: None)


def nothing_is_looked_up(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Outbox, "_as_known", lambda _self, action: replace(action, doubt=False, attempts=0))


def an_answer_is_the_end(patch: pytest.MonkeyPatch) -> None:
    """What was answered is dropped before it is seen in the stream."""
    real = ingest_actions.answered

    def answered(batch: Batch, news: Answered) -> None:
        real(batch, news)
        batch.db.execute("DELETE FROM actions WHERE id = ? AND state = 'sent'", (news.action_id,))

    patch.setitem(ingest.STORED, Answered, answered)


def ids_begin_anew(patch: pytest.MonkeyPatch) -> None:
    """Each start forgets what is settled, and numbers on from what is left: from nothing, where nothing is left."""

    def counter(db: sqlite3.Connection) -> ids._Counter:
        return ids._Counter(next_id=db.execute(ids.LAST_USED).fetchone()[0] + 1)

    def forget(db: sqlite3.Connection, _now_ms: int) -> None:
        db.execute(stored_actions.DOUBT)
        db.execute("DELETE FROM actions WHERE state IN ('confirmed', 'cancelled')")

    patch.setattr(ids, "_counter", counter)
    patch.setattr(ids, "signed_in", lambda _db, _last_id: 0)
    patch.setattr(stored_actions, "needs_tidying", lambda _db, _now_ms: True)
    patch.setattr(stored_actions, "tidy", forget)


def a_line_stays_as_it_was(patch: pytest.MonkeyPatch) -> None:
    """An open room does not hear what becomes of what was said."""
    patch.setattr(OpenRooms, "show", lambda _self, _action, _old_id=0: None)


def an_echo_is_overheard(patch: pytest.MonkeyPatch) -> None:
    """Neither the echo nor the stream's position ends what was answered."""
    patch.setattr(ingest_actions, "_confirmed", lambda _batch, action: action)


TWICE, ORDER = "was done 2 times", "has .*, not"
GONE, TAKEN_BACK = "was said to be durable, and is gone", "ends cancelled, and the server has it"
SHOWN, REUSED, STUCK = "shows .* than what is stored", "ERROR IDREUSE", "it never comes to rest"

PLANTED: list[tuple[str, Plant, str]] = [
    ("wschat", everything_at_once, ORDER),
    ("matrix", everything_at_once, ORDER),
    ("wschat", a_refusal_holds_nothing_back, ORDER),
    ("wschat", what_is_tried_again_goes_last, ORDER),
    ("wschat", a_new_id_after_silence, TWICE),
    ("matrix", a_new_id_after_silence, TWICE),
    ("wschat", nothing_is_noted_before_it_leaves, TAKEN_BACK),
    ("wschat", a_restart_doubts_nothing, TAKEN_BACK),
    ("wschat", nothing_is_synced, GONE),
    ("matrix", nothing_is_looked_up, TWICE),
    ("wschat", an_answer_is_the_end, GONE),
    ("matrix", an_answer_is_the_end, GONE),
    ("wschat", ids_begin_anew, REUSED),
    ("wschat", a_line_stays_as_it_was, SHOWN),
    ("matrix", a_line_stays_as_it_was, SHOWN),
    ("matrix", an_echo_is_overheard, STUCK),
]


@pytest.mark.parametrize(("wire", "plant", "sentence"), PLANTED, ids=lambda value: getattr(value, "__name__", value))
def test_a_planted_fault_is_found(wire: str, plant: Plant, sentence: str, monkeypatch: pytest.MonkeyPatch) -> None:
    plant(monkeypatch)
    told = (one for seed in range(MOST_SEEDS) for one in run(seed, wire, often="killed").broken)
    assert any(re.search(sentence, one) for one in told)


@pytest.mark.parametrize("wire", sorted(WIRES))
@pytest.mark.parametrize("promise", ["lost", "doubled", "reordered"])
def test_a_client_as_many_are_breaks_each_promise(wire: str, promise: str) -> None:
    assert any(getattr(run(seed, wire, client=NaiveClient), promise) for seed in range(MOST_SEEDS))
