"""A session whose file cannot be written, or whose clock was set back: nothing is lost, and it says why."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from chat_tui_core.actions import State
from chat_tui_core.errors import StoreUnwritable
from chat_tui_core.news import Answered, Arrived, Position, RefusedAction, Written
from chat_tui_core.session_changes import Said
from chat_tui_core.store import connect, events
from chat_tui_core.store.drafts import Draft
from tests.core.scripted import Play, joined, said, texts
from tests.core.store_trouble import TROUBLES, full

DAY = 86_400_000


@pytest.fixture
async def play(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Play]:
    monkeypatch.setattr(connect, "BUSY_SECONDS", 0.01)
    for module in ("intake", "sender", "drafting"):
        name = "RETRY_DELAY" if module == "drafting" else "RETRY_SECONDS"
        monkeypatch.setattr(f"chat_tui_core.session.{module}.{name}", 0.01)
    play = Play(tmp_path / "chat.db")
    play.clock = 1_790_000_000_000
    yield play
    await play.close()


async def rested(play: Play) -> None:
    """Everything that was tried again has worked."""
    async with asyncio.timeout(20):
        while (task := play.session._intake._task) is not None and not task.done():
            await asyncio.sleep(0.01)
    await play.settle()


@pytest.mark.parametrize("trouble", TROUBLES)
async def test_nothing_is_said_lost_or_acknowledged_that_is_not_stored(play: Play, trouble: str) -> None:  # E3, E4
    await play.online(joined())
    play.session.open_room("r")
    first = await play.session.send("r", "before")
    await play.news(Written(first.id), Answered(first.id, "m1", 1))
    heard: list[str] = []
    play.session.watch(lambda change: heard.append(change.text) if isinstance(change, Said) else None)
    cause, words = TROUBLES[trouble]
    with cause(play.store):
        with pytest.raises(StoreUnwritable, match=words):
            await play.session.send("r", "kept by the composer")
        play.connection.deliver((Arrived("r", (said(1, "before", "me", first.id), said(2))), Position({"seq": "2"})))
        play.session.save_draft(Draft("r", "half a sentence"))
        async with asyncio.timeout(20):
            while len(heard) < 2:
                await asyncio.sleep(0.01)
        assert play.done == [first.id]
        assert play.connection.acknowledged == []
    await rested(play)
    assert all(words in text for text in heard)
    assert play.connection.acknowledged == [{"seq": "2"}]
    again = await play.session.send("r", "kept by the composer")
    await play.settle()
    assert (again.id > first.id, play.done) == (True, [first.id, again.id])
    async with asyncio.timeout(20):
        while play.session._drafting._unsaved:
            await asyncio.sleep(0.01)
    stored = play.store.read(events.newest_events, "r", 10)
    assert texts(stored) == ["before", "line 2"]
    copy = Play(play.path)
    assert copy.session.drafts["r"].text == "half a sentence"
    await copy.close()


@pytest.mark.parametrize("trouble", TROUBLES)
async def test_a_decision_that_cannot_be_stored_changes_nothing(play: Play, trouble: str) -> None:  # B13, E4
    await play.online(joined())
    refused = await play.session.send("r", "no")
    await play.news(Written(refused.id), RefusedAction(refused.id, "NOPERM", "No."))
    waiting = await play.session.send("r", "later")
    cause, words = TROUBLES[trouble]
    with cause(play.store):
        for decide in (play.session.retry, play.session.cancel, play.session.let_pass):
            with pytest.raises(StoreUnwritable, match=words):
                await decide(refused.id)
        with pytest.raises(StoreUnwritable, match=words):
            await play.session.resend(refused.id, "yes")
    assert play.session.open_actions[refused.id].state is State.FAILED
    assert play.session.blocked["r"].id == refused.id
    assert play.done == [refused.id]
    again = await play.session.retry(refused.id)
    await play.settle()
    assert play.done == [refused.id, again.id]
    await play.news(Written(again.id), Answered(again.id, "m1", 1))
    assert play.done == [refused.id, again.id, waiting.id]


async def test_an_answer_that_cannot_be_stored_at_once_is_not_forgotten(play: Play) -> None:  # A14, E4
    await play.online(joined())
    first, second = await play.session.send("r", "1"), await play.session.send("r", "2")
    with full(play.store):
        play.connection.deliver((Written(first.id), Answered(first.id, "m1", 1)))
        await asyncio.sleep(0.05)
        assert play.done == [first.id]
    await rested(play)
    assert play.session.open_actions[first.id].state is State.SENT
    assert play.done == [first.id, second.id]


async def test_a_clock_that_is_set_back_a_day_neither_holds_nor_reorders(play: Play) -> None:  # A13, A14
    play.session.undo_seconds = 5
    await play.online(joined())
    first = await play.session.send("r", "before")
    play.clock -= DAY
    second = await play.session.send("r", "after")
    assert second.id > first.id
    play.session._sender.pump()
    await play.settle()
    assert play.done == [first.id], "what was to be held for five seconds is not held for a day"
    await play.news(Written(first.id), Answered(first.id, "m1", 1))
    play.clock += 5000
    play.session._sender.pump()
    await play.settle()
    assert play.done == [first.id, second.id]


async def test_a_clock_that_is_set_back_changes_nothing_after_a_restart(play: Play) -> None:  # A14, E3
    await play.online(joined())
    await play.offline()
    ids = [(await play.session.send("r", text)).id for text in ("1", "2")]
    play.clock -= DAY
    await play.restart()
    third = await play.session.send("r", "3")
    assert third.id > max(ids)
    await play.online()
    for number in (*ids, third.id):
        assert play.done[-1] == number
        await play.news(Written(number), Answered(number, f"m{number}", number))
