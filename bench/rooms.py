"""Measure a home screen of 10,000 rooms, in processor time of its thread, beside Textual's OptionList in the same run.

Run it as `python -m bench.rooms`. The whole app runs on a real store without a terminal: keys are typed, news delivered,
and everything counts until the screen is painted and calm: rows, compositor and the output for the terminal.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import os
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

ROOT = Path(__file__).resolve().parent.parent
if __name__ == "__main__":
    sys.path[:0] = [str(ROOT), str(ROOT / "tui"), str(ROOT / "backends")]

from bench.figures import Figures, part  # noqa: E402
from bench.headless_app import Chat, Stage, chat_app, chatting, replaced, staged  # noqa: E402
from bench.option_list_app import OptionListApp  # noqa: E402
from bench.stored_rooms import fill_many, many_rooms  # noqa: E402
from chat_tui_core.model import EventKind, Membership, Room, RoomEvent  # noqa: E402
from chat_tui_core.news import Arrived, RoomChanged  # noqa: E402

WORDS: Final = ("gen", "music99", "xq", "opsdev7", "e")
"""What is sought: many rooms fit some of it, few or none the rest."""
TARGETS: Final = {
    "shown after the start of the screen": 150,
    "one room bumped to the top": 10,
    "a key in the list's filter": 10,
    "a key in Ctrl+K": 10,
    "a space of 1,000 rooms chosen": 10,
    "all rooms shown again": 10,
    "one room bumped while a space is chosen": 10,
}
IN_SPACE: Final = 1_000

Samples = dict[str, list[float]]


async def first_shown(file: Path, samples: Samples) -> None:
    """From when the screen is made, its rooms read and listed, until they are painted."""
    app, _ = chat_app(file)
    began: list[float] = []
    shown: list[float] = []
    make, display = app.get_default_screen, app._display  # noqa: SLF001

    def made() -> Any:
        began.append(time.thread_time())
        return make()

    def displayed(screen: Any, frame: Any) -> None:
        display(screen, frame)
        rooms = getattr(screen, "rooms", None)
        if frame is not None and rooms is not None and rooms.viewport.rows and not shown:
            shown.append(time.thread_time())

    gc.disable()  # as the command line does; the app turns it on again once it stands
    with replaced(app, "get_default_screen", made), replaced(app, "_display", displayed):
        async with staged(app):
            samples.setdefault("shown after the start of the screen", []).append(shown[0] - began[0])
    await app.close_account()


async def ours(file: Path, samples: Samples, count: int) -> None:
    """What is done with the rooms, in the whole app."""
    async with chatting(file) as chat:
        main = chat.main
        first = next(room for room in main.rooms.rooms if room.membership is Membership.JOINED)
        main.open_room(first.room_id)
        await chat.settle(0.5)
        samples.setdefault("one room bumped to the top", []).extend(await chat.costs(bumps(chat), count))
        main.rooms.focus()
        await chat.settle()
        samples.setdefault("cursor down", []).extend(await chat.costs(lambda: chat.press("down"), count))
        samples.setdefault("the filter begins", []).extend(await chat.costs(lambda: chat.press("slash", "/"), 1))
        samples.setdefault("a key in the list's filter", []).extend(await keys(chat))
        samples.setdefault("the filter ends", []).extend(await chat.costs(lambda: chat.press("escape"), 1))
        samples.setdefault("Ctrl+K opens", []).extend(await chat.costs(lambda: chat.press("ctrl+k"), 1))
        await chat.settle(0.5)
        samples.setdefault("a key in Ctrl+K", []).extend(await keys(chat))
        await chat.costs(lambda: chat.press("escape"), 1)
        await in_a_space(chat, samples, count)


async def in_a_space(chat: Chat, samples: Samples, count: int) -> None:
    """What choosing some of the rooms costs, and what a change costs then: every second one is of a room elsewhere."""
    main, every = chat.main, bumps(chat)
    held = tuple(room.room_id for room in main.rooms.rooms[:: max(1, len(main.rooms.rooms) // IN_SPACE)])
    chat.connection.deliver([RoomChanged(Room("space", "Space", children=held), frozenset())])
    await chat.settle(0.5)
    for number in range(max(2, count // 2)):
        name = f"a space of 1,000 rooms chosen{'' if number else ' for the first time'}"
        chosen = await chat.costs(lambda: main.choose_view(main.desk, "space"), 1)
        samples.setdefault(name, []).extend(chosen)
        samples.setdefault("one room bumped while a space is chosen", []).extend(await chat.costs(every, 4))
        again = await chat.costs(lambda: main.choose_view(main.desk, ""), 1)
        samples.setdefault("all rooms shown again", []).extend(again)


def bumps(chat: Chat) -> Callable[[], None]:
    """Somebody is spoken to in a room that is far down, another one each time: it comes to the top of the screen."""
    rooms = [room for room in chat.main.rooms.rooms if room.membership is Membership.JOINED]
    rooms = [room for room in rooms if not room.muted][len(rooms) // 2 :]
    newest = max(room.last_ts for room in rooms)
    done = [0]

    def bump() -> None:
        done[0] += 1
        room, ts = rooms[done[0] * 37 % len(rooms)], newest + 1000 * done[0]
        event = RoomEvent(room.room_id, f"bump{done[0]}", done[0], EventKind.MESSAGE, "user3", ts, "@me: here I am")
        chat.connection.deliver([Arrived(room.room_id, (event,))])

    return bump


async def keys(chat: Stage) -> list[float]:
    """Seconds for each key of several words, typed and erased again."""
    found: list[float] = []
    for word in WORDS:
        for letter in word:
            found += await chat.costs(lambda letter=letter: chat.press(letter, letter), 1)  # type: ignore[misc]
        for _ in word:
            found += await chat.costs(lambda: chat.press("backspace"), 1)
    return found


async def theirs(rooms: list[Room], samples: Samples, count: int) -> None:
    """The same things in an OptionList, as far as it can do them."""
    app = OptionListApp(rooms)
    async with staged(app) as stage:
        add = samples.setdefault
        add("shown after the start of the screen", []).append(await stage.cost(app.show_all, 0.5))
        for number in range(max(1, count // 6)):
            add("one room bumped to the top", []).append(
                await stage.cost(lambda number=number: app.bump(5_000 + number), 0.5)  # type: ignore[misc]
            )
        app.query_one("OptionList").focus()
        await stage.settle()
        add("cursor down", []).extend(await stage.costs(lambda: stage.press("down"), count))
        for word in WORDS[:3]:
            for end in (*range(1, len(word) + 1), 0):
                narrowed = await stage.cost(lambda word=word, end=end: app.narrow(word[:end]), 0.3)  # type: ignore[misc]
                add("a key in the list's filter", []).append(narrowed)


def tell(mine: Samples, others: Samples) -> int:
    """Print what was found, each beside the other's; gives the exit code."""
    figures = Figures()
    for name, values in mine.items():
        figures.say(f"chat-tui: {name}, p50 of {len(values)}", part(values, 50) * 1000, "ms", TARGETS.get(name))
        if len(values) > 1:
            figures.say(f"chat-tui: {name}, from {min(values) * 1000:.1f} to", max(values) * 1000, "ms")
        if beside := others.get(name):
            figures.say(f"OptionList: {name}, p50 of {len(beside)}", part(beside, 50) * 1000, "ms")
            figures.say(f"OptionList: {name}, from {min(beside) * 1000:.1f} to", max(beside) * 1000, "ms")
    return figures.verdict()


def main() -> int:
    """Measure, print, and tell by the exit code whether all targets are kept."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rooms", type=int, default=10_000, metavar="N", help="rooms (default: 10000)")
    parser.add_argument("--rounds", type=int, default=3, metavar="N", help="rounds of both (default: 3)")
    asked = parser.parse_args()
    mine: Samples = {}
    others: Samples = {}
    rooms = [replace(room, topic="") for room in many_rooms(asked.rooms)]
    for number in range(asked.rounds):
        with tempfile.TemporaryDirectory(prefix="chat-tui-bench-") as folder:
            file = Path(folder) / "chat.db"
            fill_many(file, asked.rooms)
            asyncio.run(first_shown(file, mine))
            asyncio.run(ours(file, mine, 12))
        asyncio.run(theirs(rooms, others, 12))
        print(f"# round {number + 1} of {asked.rounds}, load {os.getloadavg()[0]:.1f}", flush=True)
    return tell(mine, others)


if __name__ == "__main__":
    sys.exit(main())
