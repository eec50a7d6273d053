"""Going elsewhere in a room than its end, and coming back: what is loaded, what is held back, what is asked for."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from chat_tui_core.errors import TransportError
from chat_tui_core.link import Capability, Link, LinkChanged
from chat_tui_core.news import AroundGiven, Arrived, RoomsListed, SignedIn
from chat_tui_core.questions import AskAround
from chat_tui_core.session import open_rooms
from chat_tui_core.store import events as stored
from tests.core.scripted import ALL, Play, joined, said


@pytest.fixture
async def play(tmp_path: Path) -> AsyncIterator[Play]:
    play = Play(tmp_path / "chat.db")
    play.session.connect()
    can = ALL - {Capability.CONTIGUOUS}
    await play.news(SignedIn(Play.ME, "device", 0, can), RoomsListed((joined(),)), LinkChanged(Link.ONLINE))
    play.store.write_now(stored.insert_events, [said(order) for order in range(1, 401)])
    play.session.open_room("r", 50)
    yield play
    await play.close()


def orders(play: Play) -> list[int]:
    timeline = play.session.timeline("r")
    assert timeline is not None
    return [item.event.order if item.event else -1 for item in timeline.items]


def away(play: Play) -> bool:
    """Whether the list ends elsewhere than the room."""
    timeline = play.session.timeline("r")
    assert timeline is not None
    return timeline.detached


async def test_lines_around_a_place_and_the_way_back(play: Play) -> None:  # B11
    landing = play.session.landing
    landing.open_at("r", 200, 30)
    assert away(play)
    assert orders(play) == list(range(180, 230))
    assert await landing.load_newer("r", 100)
    assert orders(play) == list(range(180, 330))
    assert await play.session.load_older("r", 30)
    assert orders(play)[0] == 150
    assert not await landing.load_newer("r", 100)
    assert not away(play)
    assert orders(play)[-1] == 400
    assert not await landing.load_newer("r", 100)


async def test_what_is_said_meanwhile_waits_at_the_end(play: Play) -> None:  # E2
    landing = play.session.landing
    timeline = landing.open_at("r", 100, 15)
    action = await play.session.send("r", "typed far away")
    await play.news(Arrived("r", (said(401),)))
    assert orders(play) == list(range(90, 115))
    landing.to_newest("r")
    assert not away(play)
    assert orders(play)[-2:] == [401, -1]
    last = timeline.items[-1].action
    assert last is not None
    assert last.id == action.id


async def test_near_the_end_it_is_the_end(play: Play) -> None:
    play.session.landing.open_at("r", 395, 40)
    assert not away(play)
    assert orders(play)[-1] == 400


async def test_memory_follows_the_reader(play: Play, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(open_rooms, "MOST_LOADED", 120)
    monkeypatch.setattr(open_rooms, "KEPT_LOADED", 80)
    for _ in range(4):
        await play.session.load_older("r", 50)
    timeline = play.session.timeline("r")
    assert timeline is not None
    assert away(play)
    assert len(timeline.items) <= 120
    first = orders(play)[0]
    while await play.session.landing.load_newer("r", 50):
        assert len(timeline.items) <= 120
    assert orders(play)[-1] == 400
    assert orders(play)[0] > first
    assert orders(play) == sorted(orders(play))


async def test_a_place_is_found_by_id_by_time_and_by_asking(play: Play) -> None:
    landing = play.session.landing
    assert await landing.find_around("r", "m77") == 77
    assert await landing.find_around("r", ts=77_500) == 78
    assert await landing.find_around("r", ts=1) == 1
    await play.news(Arrived("r", (replace(said(1 << 40), event_id="late", ts=9 << 40),), token="t"))
    finding = asyncio.ensure_future(landing.find_around("r", "elsewhere"))
    await play.comes(lambda: isinstance(play.connection.asked[-1], AskAround))
    question = play.connection.asked[-1]
    assert isinstance(question, AskAround)
    found = replace(said(1), event_id="elsewhere", ts=8 << 40)
    await play.news(AroundGiven(question.request, "r", "elsewhere", (found,), "a", "b"))
    order = await finding
    assert 400 < order < 1 << 40
    landing.open_at("r", order)
    assert order in orders(play)


async def test_offline_what_is_not_stored_cannot_be_found(play: Play) -> None:
    await play.offline()
    with pytest.raises(TransportError):
        await play.session.landing.find_around("r", "elsewhere")
