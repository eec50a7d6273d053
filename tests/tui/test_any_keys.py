"""Whatever is pressed, clicked and typed, in any order and while anything comes, the app goes on."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Final

import pytest
from textual import events

from chat_tui.app import ChatApp
from chat_tui.commands import COMMANDS
from chat_tui.keys import KEYS
from chat_tui.screens.palette import CommandPalette
from chat_tui.screens.switcher import SwitcherScreen
from chat_tui_core.link import Link, LinkChanged
from chat_tui_core.news import Arrived, Edited, News, Reacted, Redacted
from tests.core.scripted import said
from tests.tui.stage import ROOMS, Stage

STEPS: Final = 120
AWAY: Final = frozenset({"ctrl+q", "alt+q"})
"""They end the app."""
BOUND: Final = sorted({key for entry in KEYS for key in entry.keys.split(",")} - AWAY)
PLAIN: Final = (*"abc :@/12", "enter", "enter", "escape", "tab", "up", "down", "left", "right", "backspace", "ctrl+z")
APART: Final = frozenset({"quit"})
SAID: Final = ("hello", "one\ntwo\n" * 6, "👩‍👩‍👧 שלום", "s/hello/bye/", "//slash", "\x1b[2J")
LINES: Final = (
    *SAID,
    *(f"/{one.name}{rest}" for one in COMMANDS if one.name not in APART for rest in ("", " ann", " 1 x")),
)
SIZES: Final = ((100, 30), (80, 24), (40, 12), (20, 5), (160, 45), (7, 3))


@pytest.fixture
async def stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Stage]:
    monkeypatch.chdir(tmp_path)
    for name in ("HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME"):
        monkeypatch.setenv(name, str(tmp_path))
    monkeypatch.setattr("chat_tui.screens.file_work.open_path", lambda _path: True)
    monkeypatch.setattr("chat_tui.browsing.open_page", lambda _page: True)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(ChatApp, "exit", lambda *_: None)  # a click in the palette may choose it
    shown = Stage(tmp_path / "chat.db")
    async with shown.show():
        await shown.rooms()
        await shown.lines("general", 1, 60)
        shown.main.open_room("general")
        await shown.pilot.pause()
        yield shown


def news(chance: random.Random, orders: Iterator[int]) -> News:
    """Something that comes from the server."""
    room = chance.choice(ROOMS).room_id
    about = chance.randrange(1, 60)
    return chance.choice(
        (
            Arrived(room, (said(next(orders), chance.choice(SAID), room_id=room),)),
            Edited("general", f"m{about}", about, "said otherwise", 10_000),
            Redacted("general", f"m{about}", about),
            Reacted("general", f"m{about}", about, "bob", "👍"),
            LinkChanged(chance.choice((Link.OFFLINE, Link.ONLINE)), "chance"),
        )
    )


async def step(stage: Stage, chance: random.Random, orders: Iterator[int]) -> None:
    """Do one thing."""
    app, what = stage.app, chance.random()
    if what < 0.62:
        key = chance.choice(BOUND if what < 0.4 else PLAIN)
        app.post_message(events.Key(key, key if len(key) == 1 else None))
    elif what < 0.72:
        app.post_message(events.Paste(chance.choice(LINES)))
        app.post_message(events.Key("enter", None))
    elif what < 0.8:
        size = app.size
        await stage.pilot.click(offset=(chance.randrange(size.width), chance.randrange(size.height)))
    elif what < 0.83:
        await stage.pilot.resize_terminal(*chance.choice(SIZES))
    else:
        stage.connection.deliver([news(chance, orders)])


@pytest.mark.parametrize("seed", range(8))
async def test_the_app_goes_on(stage: Stage, seed: int) -> None:  # E2
    chance, orders = random.Random(seed), iter(range(100, 10_000))
    for number in range(STEPS):
        await step(stage, chance, orders)
        if number % 4 == 0:
            await stage.pilot.pause()
    await stage.pilot.pause()
    assert stage.app.is_running
    assert stage.screen_text().strip()


async def test_an_answer_that_is_given_twice_takes_nothing_else_away(stage: Stage) -> None:  # E2
    await stage.pilot.press("ctrl+k")
    switcher = stage.app.screen
    assert isinstance(switcher, SwitcherScreen)
    switcher.action_close()
    switcher.action_close()
    await stage.pilot.pause()
    assert stage.app.screen is stage.main
    await stage.type("still here")
    assert stage.main.composer.text == "still here"


async def test_a_page_of_a_palette_that_is_not_laid_out_yet_is_none(stage: Stage) -> None:
    stage.app.action_command_palette()
    for _ in range(20):
        stage.app.post_message(events.Key("pageup", None))
    await stage.pilot.pause()
    assert isinstance(stage.app.screen, CommandPalette)
