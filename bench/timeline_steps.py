"""What a person does in a room, as steps that bench/timeline.py counts the cost of; as a program it measures one room.

It takes a store's file and the number of messages of the room. Before every few steps it prints "turn" and waits for a
line, so that rooms of other lengths can be measured in between, while the machine is as fast. In the end it prints JSON:
by step, seconds of the thread's processor time until the paint that shows it and until everything that followed has
ended; and the memory after all of it.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import random
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Final

ROOT = Path(__file__).resolve().parent.parent
if __name__ == "__main__":
    sys.path[:0] = [str(ROOT), str(ROOT / "tui"), str(ROOT / "backends")]

from textual.app import App, ComposeResult  # noqa: E402
from textual.screen import Screen  # noqa: E402

from bench.headless_app import Chat, chatting, resident, staged  # noqa: E402
from bench.stored_rooms import room_of, said_at  # noqa: E402
from chat_tui.widgets.line_view import LineScreen  # noqa: E402
from chat_tui.widgets.room_source import RoomSource  # noqa: E402
from chat_tui.widgets.room_timeline import RoomTimeline  # noqa: E402
from chat_tui_core.model import EventKind, RoomEvent  # noqa: E402
from chat_tui_core.news import Arrived, Edited  # noqa: E402
from chat_tui_core.store import events  # noqa: E402

COUNT: Final = 20
IN_A_TURN: Final = 5
"""Steps before the next room has its turn."""
PAGES: Final = 1_000
Costs = dict[str, list[tuple[float, float]]]
"""By step: seconds until the paint, and in all."""


class Room:
    """One room of the running app, and what is done in it."""

    def __init__(self, chat: Chat, size: int) -> None:
        self.chat = chat
        self.main = chat.main
        self.view = self.main.timeline
        self.room_id = room_of(size)
        self.size = size
        self.newest = self.main.session.store.read(events.bounds, self.room_id)[1]
        self._chance = random.Random(5)
        self._edits = itertools.count()

    def open(self) -> None:
        """Open it, after it was closed: nothing of it is in memory."""
        self.main.open_room(self.room_id)

    def close(self) -> None:
        """Forget it."""
        self.main.conversation.close()

    def reopen(self) -> None:
        """Begin at its end again, with nothing else in memory."""
        self.close()
        self.open()

    def page_up(self) -> None:
        """Press PgUp."""
        self.chat.press("pageup")

    def wheel(self) -> None:
        """Turn the wheel by a notch over the messages."""
        self.chat.wheel(60, 10)

    def home(self) -> None:
        """Press Ctrl+Home."""
        self.chat.press("ctrl+home")

    def end(self) -> None:
        """Press Ctrl+End."""
        self.chat.press("ctrl+end")

    def go_to_a_day(self) -> None:
        """Go to some moment of the room's life, as `/goto` does."""
        moment = said_at(self._chance.randrange(self.size // 10, self.size - self.size // 10))
        self.main.start(self.main.conversation.go_to(ts=moment))

    def prepend(self) -> None:
        """Have fifty older messages loaded."""
        self.main.run_worker(self.main.session.load_older(self.room_id, 50))

    def append(self) -> None:
        """Somebody says something."""
        self.newest += 1
        event = RoomEvent(
            self.room_id,
            f"new{self.newest}",
            self.newest,
            EventKind.MESSAGE,
            "user3",
            said_at(self.newest),
            "hello there, this is a new message",
        )
        self.chat.connection.deliver([Arrived(self.room_id, (event,))])

    def edit(self) -> None:
        """Somebody changes a message that is on the screen."""
        source = self.main.conversation.source
        assert source is not None  # noqa: S101 - the room is open
        event = source.item(self.view.viewport.rows[20][0]).event
        assert event is not None  # noqa: S101 - this room has neither gaps nor echoes
        number = next(self._edits)
        text = f"changed for the {number}th time"
        self.chat.connection.deliver([Edited(self.room_id, event.event_id, event.order, text, event.ts + 1 + number)])


async def in_turns() -> AsyncIterator[None]:
    """Come round once for each step, a few of them whenever it is this room's turn."""
    assert sys.__stdout__ is not None  # noqa: S101 - what is printed is the app's while it runs
    for number in range(COUNT):
        if number % IN_A_TURN == 0:
            print("turn", file=sys.__stdout__, flush=True)
            if not await asyncio.to_thread(sys.stdin.readline):
                raise EOFError("nobody gives turns")
        yield


async def measure(room: Room, costs: Costs) -> None:
    """Do everything, from a calm screen each time."""
    chat, view = room.chat, room.view

    async def step(name: str, do: Callable[[], None], back: Callable[[], None] | None = None) -> None:
        async for _ in in_turns():
            costs.setdefault(name, []).append(await chat.painted(view, do))
            if back is not None:
                back()
                await chat.settle(0.3)

    room.close()
    await chat.settle()
    await step("open", room.open, room.close)
    room.open()
    await chat.settle()
    await step("PgUp", room.page_up)
    view.to_end()
    await chat.settle()
    room.page_up()
    await chat.settle()
    await step("wheel", room.wheel)
    await step("Home", room.home, room.reopen)
    await step("End", room.end, room.home)
    await step("jump to a date", room.go_to_a_day, room.reopen)
    view.move(-20)
    await chat.settle()
    async for _ in in_turns():
        costs.setdefault("prepend of 50", []).append(await chat.painted(view, room.prepend))
        if room.main.session.at_start(room.room_id):  # a short room: from its end again
            room.reopen()
            await chat.settle()
            view.move(-20)
            await chat.settle()
    room.reopen()
    await chat.settle()
    await step("append while following", room.append)
    view.move(-100)
    await chat.settle()
    await step("append while scrolled up", room.append)
    await step("edit of a visible line", room.edit)
    chat.resize(80, 40)
    await chat.settle(0.3)
    await step("resize 80 to 200, the whole app", lambda: chat.resize(200, 40), lambda: chat.resize(80, 40))
    chat.resize(120, 40)
    await chat.settle(0.3)


class Alone(App[None]):
    """The messages and nothing else."""

    def get_default_screen(self) -> Screen[None]:
        """Give a screen as the app's is."""
        return LineScreen()

    def compose(self) -> ComposeResult:
        """Give the timeline."""
        yield RoomTimeline()


async def measure_alone(items: RoomSource, costs: Costs) -> None:
    """Resize a screen that shows only the messages."""
    async with staged(Alone()) as stage:
        view = stage.app.query_one(RoomTimeline)
        view.set_source(items, items.lo, items.hi, older_done=True)
        stage.resize(80, 40)
        await stage.settle(0.3)
        async for _ in in_turns():
            cost = await stage.painted(view, lambda: stage.resize(200, 40))
            costs.setdefault("resize 80 to 200, the timeline", []).append(cost)
            stage.resize(80, 40)
            await stage.settle()


async def scroll(room: Room) -> None:
    """Press PgUp a thousand times."""
    room.end()
    await room.chat.settle()
    for _ in range(PAGES):
        room.page_up()
        await room.chat.settle(0.02)


async def main(file: Path, size: int) -> None:
    """Measure one room."""
    costs: Costs = {}
    async with chatting(file) as chat:
        room = Room(chat, size)
        await measure(room, costs)
        source = room.main.conversation.source
        assert source is not None  # noqa: S101 - the room is open
        items = RoomSource(source.items()[-200:], "me", 0)
        await scroll(room)
        source = room.main.conversation.source
        assert source is not None  # noqa: S101 - it is open still
        reached = source.order_at(room.view.viewport.rows[0][0])
        memory = resident()
    await measure_alone(items, costs)
    print(json.dumps({"costs": costs, "memory": memory, "reached": room.newest - reached}))


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), int(sys.argv[2])))
