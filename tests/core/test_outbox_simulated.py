"""Exactly once under simulated faults; and the simulator finds what is broken on purpose."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from dataclasses import replace
from pathlib import Path

import pytest

from chat_tui_core import outbox
from chat_tui_core.actions import Action, State
from chat_tui_core.news import LostAction
from chat_tui_core.outbox import Outbox, Step
from chat_tui_core.session import ingest, ingest_actions
from chat_tui_core.session.ingest_state import Batch
from chat_tui_core.store import actions as stored_actions
from tests.core.simulator import WIRES, run
from tests.core.simulator_disk import FileDisk, MemoryDisk
from tests.core.simulator_naive import NaiveClient

SEEDS = 40
MOST_SEEDS = 400
"""Schedules within which a planted fault must be found."""


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
def test_every_fault_happens(wire: str) -> None:
    happened = set[str]().union(*(run(seed, wire).happened for seed in range(SEEDS)))
    everywhere = {"cut", "drop", "double", "busy", "crash", "power cut", "restart", "server restart", "older copy"}
    assert everywhere | {"clock set", "copy"} <= happened


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


TWICE, ORDER = "was done 2 times", "has .*, not"
GONE, TAKEN_BACK = "was said to be durable, and is gone", "ends cancelled, and the server has it"

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
