"""The demo: a plausible past, a bot with manners, and a present in which every live feature is seen."""

from __future__ import annotations

import asyncio
import os
import random
import re
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat_tui.demo import start_demo
from chat_tui.demo.bot import Wit
from chat_tui.demo.content import BOT, CONVERSATIONS, ME, PEOPLE, POP_UPS
from chat_tui.demo.past import LONG, rooms
from chat_tui_core import registry
from chat_tui_core.contract import SeedRoom, ServerOptions
from chat_tui_core.errors import ConfigError
from chat_tui_core.model import EventKind, Membership
from chat_tui_core.session import Session
from chat_tui_core.session_changes import RoomsMoved, SessionChange, TimelineMoved, TypingMoved
from chat_tui_core.store import Store

NOW = 1_790_000_000_000
DAY = 86_400_000
DIRECT = f"@{min(BOT, ME)}+{max(BOT, ME)}"


@pytest.fixture(scope="module")
def past() -> dict[str, SeedRoom]:
    """The rooms by name."""
    return {room.room_id: room for room in rooms(NOW)}


def test_the_past_is_long_in_order_and_over(past: dict[str, SeedRoom]) -> None:
    assert list(past) == ["general", "help", "random", "music", "dev", DIRECT]
    assert len(past["general"].lines) >= 5_000
    for room in past.values():
        times = [line.ts for line in room.lines]
        assert times == sorted(times)
        assert times[-1] < NOW
        assert {line.sender for line in room.lines} <= set(room.members)
        assert {ME, BOT} <= set(room.members)


def test_the_past_looks_like_people(past: dict[str, SeedRoom]) -> None:
    lines = past["general"].lines
    assert {line.sender for line in lines} == set(PEOPLE)
    assert lines[-1].ts - lines[0].ts > 21 * DAY
    assert NOW - lines[-1].ts < 600_000
    hours = [datetime.fromtimestamp(line.ts / 1000).astimezone().hour for line in lines]
    assert sum(8 <= hour < 19 for hour in hours) > 0.8 * len(hours)
    texts = "\n".join(line.text for line in lines)
    for kind in (r"[\u4e00-\u9fff]", r"[\u3040-\u30ff]", r"[\uac00-\ud7af]", r"[\u0600-\u06ff]", r"[\u0590-\u05ff]",
                 r"https://", r"[\U0001f300-\U0001faff]", r"\n    "):  # fmt: skip
        assert re.search(kind, texts), kind
    assert "{" not in texts
    assert len({line.text for line in lines}) > 700
    assert all(first.text != second.text for first, second in pairwise(lines) if len(first.text) > 20)


def test_the_past_is_the_same_for_the_same_seed() -> None:
    assert rooms(NOW, 3) == rooms(NOW, 3)
    assert rooms(NOW, 3) != rooms(NOW, 4)
    assert len(rooms(NOW, 4)[0].lines) == LONG


def test_every_conversation_has_three_parts_at_most() -> None:
    for talk in CONVERSATIONS:
        assert {line.partition("|")[0] for line in talk} <= set("ABC")
        assert all(line.partition("|")[2] for line in talk)


# ---------------------------------------------------------------- the bot


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("hello", r"(?i)hello|hey|welcome|hi"),
        ("שלום", r"(?i)hello|hey|welcome|hi"),
        ("Thanks a lot", r"(?i)welcome|pleasure|any time"),
        ("!help", r"!roll 2d6"),
        ("!time", r"12:30:00 on Monday, 21 September"),
        ("!roll", r"🎲 [1-6]\Z"),
        ("!roll 3d8", r"🎲 [1-8] \+ [1-8] \+ [1-8] = \d+"),
        ("!roll 0d6", r"2d6"),
        ("!roll 5x", r"2d6"),
        ("is it?", r"."),
        ("the moon {name} {text}", r"the moon {name} {text}"),
        ("a " * 500, r"…"),
    ],
)
def test_the_bot_answers(text: str, answer: str) -> None:
    said = Wit(random.Random(1)).answer(text, "ada", datetime(2026, 9, 21, 12, 30, tzinfo=UTC))
    assert re.search(answer, said), said


@given(st.lists(st.sampled_from(["hello", "!help", "!time", "x", "why?", "wow!", "thanks"]) | st.text(), max_size=30))
def test_the_bot_never_says_the_same_twice_in_a_row(texts: list[str]) -> None:
    wit = Wit(random.Random(5))
    now = datetime(2026, 9, 21, tzinfo=UTC)
    answers = [wit.answer(text, "ada", now) for text in texts]
    assert all(first != second for first, second in pairwise(answers))
    assert all(answer and len(answer) < 600 for answer in answers)


# ---------------------------------------------------------------- live


class Visit:
    """The person's own session, and what it has seen."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.seen: list[SessionChange] = []
        session.watch(self.seen.append)

    async def sees(self, look: Callable[[], object], seconds: float = 30.0) -> None:
        """Wait until `look` is true."""
        async with asyncio.timeout(seconds):
            while not look():
                await asyncio.sleep(0.02)

    def moved(self) -> set[str]:
        """The rooms that came, went or changed."""
        return {room for change in self.seen if isinstance(change, RoomsMoved) for room in change.room_ids}


# A7, A18, A19, E6
async def test_every_live_feature_is_seen_and_nothing_stays() -> None:
    threads = threading.active_count()
    demo = await start_demo(pace=0.03)
    try:
        async with AsyncExitStack() as stack:
            store = Store.open(demo.data.folder(demo.account.name) / "chat.db")
            stack.push_async_callback(store.close)
            session = Session(demo.account, registry.load("wschat"), demo.data.token(demo.account.name), store)
            stack.push_async_callback(session.close)
            assert set(session.rooms) >= {"general", "help"}, "stored before the first connection"
            assert session.rooms["general"].unread < 50
            visit = Visit(session)
            session.connect()
            await session.ready()
            timeline = session.open_room(DIRECT)
            await session.send(DIRECT, "hello robin")
            await visit.sees(lambda: timeline.items[-1].event and timeline.items[-1].event.sender == BOT)
            assert any(isinstance(change, TypingMoved) and change.room_id == DIRECT for change in visit.seen)
            assert session.rooms["general"].head >= LONG

            general = session.open_room("general")
            await session.send("general", "!roll 2d6")
            await visit.sees(
                lambda: any(i.event and i.event.sender == BOT and "🎲" in i.event.text for i in general.items)
            )

            pop_ups = {name for name, _ in POP_UPS}
            await visit.sees(lambda: visit.moved() & pop_ups)
            name = next(iter(visit.moved() & pop_ups))
            await visit.sees(lambda: session.rooms[name].membership is Membership.LEFT)

            for room in ("random", "music", "help", "dev"):
                session.open_room(room)
            await visit.sees(lambda: {EventKind.JOIN, EventKind.LEAVE} & set(live_kinds(visit.seen)))
            assert any(room.unread for room in session.rooms.values())
    finally:
        await demo.close()
    assert not demo.data.root.exists()
    assert not demo.data.root.parent.exists()
    await demo.close()
    await asyncio.get_running_loop().shutdown_default_executor()
    assert threading.active_count() <= threads


def live_kinds(seen: list[SessionChange]) -> list[EventKind]:
    """The kinds of events that came while watching."""
    items = [
        item
        for change in seen
        if isinstance(change, TimelineMoved) and change.live
        for step in change.changes
        for item in getattr(step, "items", ())
    ]
    return [item.event.kind for item in items if item.event]


async def test_the_loop_of_the_screen_is_never_held_up() -> None:
    """Starting happens in another thread: here only pauses of the interpreter's own switching are felt."""
    longest, last = 0.0, asyncio.get_running_loop().time()

    async def breathe() -> None:
        nonlocal longest, last
        while True:
            await asyncio.sleep(0)
            now = asyncio.get_running_loop().time()
            longest, last = max(longest, now - last), now

    breathing = asyncio.ensure_future(breathe())
    demo = await start_demo()
    breathing.cancel()
    await demo.close()
    assert longest < 0.25


async def test_what_a_killed_demo_left_is_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    names = {f"chat-tui-demo-{ended.pid}-x": False, f"chat-tui-demo-{os.getpid()}-x": True, "chat-tui-demo-y-x": True}
    for name in names:
        (tmp_path / name / "data").mkdir(parents=True)
    demo = await start_demo()
    await demo.close()
    assert {name: (tmp_path / name).exists() for name in names} == names
    assert sorted(tmp_path.iterdir()) == sorted(tmp_path / name for name, stays in names.items() if stays)


async def test_a_demo_starts_on_a_faulty_line() -> None:
    demo = await start_demo("seed=4,drop=0.01,cut=0.01")
    await demo.close()
    assert demo.token


async def test_a_demo_that_cannot_start_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    backend = registry.load("wschat")
    assert backend.server is not None

    async def taken(_options: ServerOptions) -> None:
        raise ConfigError("Port 1 is taken.")

    monkeypatch.setattr(backend.server, "start", taken)
    with pytest.raises(ConfigError, match="Port 1 is taken"):
        await start_demo()
