"""A connection that has ended for good: by a refused token or by a fault, and how a session goes on with what waits."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from chat_tui_core.link import Link, LinkChanged
from chat_tui_core.store import actions as stored_actions
from tests.core.scripted import Play, ScriptedConnection, joined


@pytest.fixture
async def play(tmp_path: Path) -> AsyncIterator[Play]:
    play = Play(tmp_path / "chat.db")
    yield play
    await play.close()


async def stop(play: Play, reason: str = "the server no longer accepts the token") -> None:
    """The link is stopped for good, and `run` returns, as the contract has it."""
    await play.news(LinkChanged(Link.STOPPED, reason))
    await play.connection.close()
    await asyncio.sleep(0)


async def test_a_new_token_goes_on_with_what_waits_under_the_same_ids(play: Play) -> None:  # A10, B13, E3
    await play.online(joined())
    under_way = await play.session.send("r", "under way")
    await play.settle()
    await stop(play)
    waiting = await play.session.send("r", "typed meanwhile")
    assert play.done == [under_way.id]
    await play.session.reconnect("a new token")
    assert len(play.backend.connections) == 2
    await play.online()
    assert play.done == [under_way.id]
    stored = play.store.read(stored_actions.load_action, waiting.id)
    assert stored is not None
    assert stored.may_cancel


async def test_who_tries_again_after_the_end_gets_a_new_connection(play: Play) -> None:  # A21
    await play.online(joined())
    await stop(play, "the server ended the session")
    play.session.connect_now()
    assert len(play.backend.connections) == 2
    play.session.connect_now()
    assert (len(play.backend.connections), play.connection.forced) == (2, 1)


async def test_after_the_end_nothing_connects(play: Play) -> None:
    await play.online(joined())
    await play.session.close()
    await play.store.close()
    play.session.connect_now()
    assert len(play.backend.connections) == 1


async def test_hanging_up_while_it_runs_says_goodbye_first(play: Play) -> None:
    await play.online(joined())
    first = play.connection
    await play.session.reconnect("another")
    assert first._closed.is_set()
    assert len(play.backend.connections) == 2


async def test_a_fault_of_a_backend_is_told_and_can_be_tried_again(
    play: Play, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:  # E10
    async def broken(_self: ScriptedConnection) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(ScriptedConnection, "run", broken)
    play.session.connect()
    await asyncio.sleep(0)
    await play.settle()
    assert play.session.link == LinkChanged(Link.STOPPED, "a fault of the program, its log says where")
    assert "ZeroDivisionError" in caplog.text
    monkeypatch.undo()
    play.session.connect_now()
    await play.online(joined())
    assert play.session.link.link is Link.ONLINE
