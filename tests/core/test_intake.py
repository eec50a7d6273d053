"""The one way into the store under a flood: few transactions, and what the person does does not wait for them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from chat_tui_core.news import Arrived
from chat_tui_core.session import intake
from chat_tui_core.store import events
from tests.core.scripted import Play, joined, said


@pytest.fixture
async def play(tmp_path: Path) -> AsyncIterator[Play]:
    play = Play(tmp_path / "chat.db")
    await play.online(joined())
    yield play
    await play.close()


def counted(play: Play, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The number of news of each transaction from now on."""
    counts: list[int] = []
    real = play.store.write

    async def write(*args: object, **options: object) -> object:
        counts.extend([len(args[2])] if isinstance(args[2], list) else [])
        return await real(*args, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(play.store, "write", write)
    return counts


def deliver(play: Play, first: int, count: int) -> None:
    play.connection.deliver([Arrived("r", (said(order),)) for order in range(first, first + count)])


async def test_a_flood_is_stored_in_few_transactions_and_whole(play: Play, monkeypatch: pytest.MonkeyPatch) -> None:
    # E2
    monkeypatch.setattr(intake, "GATHER_SECONDS", 3_600.0)  # so that only what fills a transaction ends the wait
    counts = counted(play, monkeypatch)
    for first in range(1, 1_001, intake.FLOOD):
        deliver(play, first, intake.FLOOD)
        for _ in range(3):
            await asyncio.sleep(0)
    await play.comes(lambda: play.store.read(events.bounds, "r")[1] >= 1_000 - intake.BATCH_LIMIT)
    assert len(counts) <= 2 + 1_000 // intake.BATCH_LIMIT
    await play.session.close()
    assert play.store.read(events.bounds, "r") == (1, 1_000)
    assert sum(counts) == 1_000


async def test_what_the_person_says_does_not_wait_for_a_flood(play: Play, monkeypatch: pytest.MonkeyPatch) -> None:
    # E2, A14
    monkeypatch.setattr(intake, "GATHER_SECONDS", 3_600.0)
    deliver(play, 1, intake.FLOOD)
    await play.comes(lambda: play.store.read(events.bounds, "r")[1] == intake.FLOOD)
    deliver(play, intake.FLOOD + 1, 5)
    async with asyncio.timeout(30):
        action = await play.session.send("r", "hello")
    assert action.id
    assert play.store.read(events.bounds, "r") == (1, intake.FLOOD + 5)  # in their order: they came first


async def test_a_quiet_line_is_stored_at_once(play: Play, monkeypatch: pytest.MonkeyPatch) -> None:  # E2
    monkeypatch.setattr(intake, "GATHER_SECONDS", 3_600.0)
    for order in range(1, 4):
        deliver(play, order, 1)
        await play.comes(lambda order=order: play.store.read(events.bounds, "r")[1] == order)  # type: ignore[misc]
