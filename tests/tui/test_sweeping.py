"""Garbage is collected soon after a frame, in no frame, and all of it once nothing is drawn any more."""

from __future__ import annotations

import asyncio
import gc
import weakref
from collections.abc import Iterator

import pytest

from chat_tui import sweeping
from chat_tui.sweeping import MIDDLE, OLD, YOUNG, Sweeper


class Knot:
    """Refers to itself, so that only a collection frees it."""

    def __init__(self) -> None:
        self.self = self


@pytest.fixture(autouse=True)
def own_collections() -> Iterator[None]:
    """No collection begins by itself; what was set before holds again afterwards."""
    thresholds, running = gc.get_threshold(), gc.isenabled()
    gc.collect()
    gc.disable()
    yield
    gc.set_threshold(*thresholds)
    if running:
        gc.enable()


async def until_gone(knot: weakref.ref[Knot]) -> None:
    async with asyncio.timeout(30):
        while knot() is not None:
            await asyncio.sleep(0.01)


async def test_what_came_up_with_frames_is_collected_after_them() -> None:  # D1
    sweeper = Sweeper()
    knots = [Knot() for _ in range(YOUNG)]
    last = weakref.ref(knots[-1])
    knots.clear()
    sweeper.painted()
    assert last() is not None  # not within the frame
    await until_gone(last)


async def test_one_timer_is_enough_for_many_frames() -> None:
    sweeper = Sweeper()
    sweeper.painted()
    first = sweeper._timer
    for _ in range(100):
        sweeper.painted()
    assert sweeper._timer is first


async def test_what_has_lived_long_is_collected_once_it_is_calm(monkeypatch: pytest.MonkeyPatch) -> None:  # D1
    monkeypatch.setattr(sweeping, "CALM", 0.1)
    sweeper = Sweeper()
    knot = Knot()
    old = weakref.ref(knot)
    gc.collect(1)  # it is among the old ones
    del knot
    for _ in range(OLD):
        gc.collect(1)
    assert old() is not None
    sweeper.painted()
    await until_gone(old)
    async with asyncio.timeout(30):
        while sweeper._timer is not None:  # nothing is woken for ever
            await asyncio.sleep(0.01)


async def test_what_outlived_many_looks_is_looked_at_again() -> None:
    sweeper = Sweeper()
    knot = Knot()
    old = weakref.ref(knot)
    gc.collect(0)
    del knot
    for _ in range(MIDDLE):
        gc.collect(0)
    assert old() is not None
    sweeper.painted()
    await until_gone(old)
