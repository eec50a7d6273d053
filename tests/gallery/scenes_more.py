"""Scenes of threads, of what was said to the person, of messages that are sent on, and of several accounts."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, Final

from textual.pilot import Pilot

from chat_tui.config import Config
from chat_tui.screens.adding import AddingScreen
from chat_tui.themes import DARK
from chat_tui_core.link import Link, LinkChanged
from chat_tui_core.model import Room, RoomEvent
from chat_tui_core.news import Arrived, HistoryGiven
from chat_tui_core.questions import AskHistory, Question
from tests.gallery.fixed import NOW
from tests.gallery.quick import QuickPilot
from tests.gallery.scene import SIZES, Scene, by_sam, then
from tests.gallery.world import Sam, general, long, long_names, said, talk
from tests.tui.house import Flat, House

__all__ = ["SCENES"]

ANSWERS: Final = (
    (1641, "ada", "it deserves a line in the notes"),
    (1642, "sam", "It has **two**. One is an apology"),
    (1643, "hana", "who wrote it, back then?\nI only know that it was there before me"),
)


async def _thread(stage: Sam) -> None:
    """A thread below the newest message."""
    await general(stage)
    answers = (replace(said(order, *line), thread="general40") for order, line in enumerate(ANSWERS, 41))
    await stage.news(Arrived("general", (*answers, said(44, 1650, "ivo", "lunch is at one"))))
    await stage.settle()


async def _in_thread(stage: Sam) -> None:
    await then(_thread, "up", "up", "T")(stage)
    await stage.until_shown("Answer in the thread")


async def _inbox(stage: Sam) -> None:
    """Mentions and answers."""
    await talk(stage)
    answer = said(41, 1652, "ivo", "to that I can only agree", reply_to="general38")
    mention = said(42, 1653, "chioma", "sam: and a picture, with the old parser on it")
    await stage.news(Arrived("general", (answer, mention)))
    await stage.pilot.press("f4")
    await stage.until_shown("and a picture")


async def _inbox_empty(stage: Sam) -> None:
    await stage.online(Room("general", members=2))
    await stage.pilot.press("f4")
    await stage.until_shown("Nobody has said anything")


async def _inbox_long(stage: Sam) -> None:
    await long_names(stage)
    room = stage.main.conversation.room_id
    event: RoomEvent = said(9, 1655, long("person"), f"sam: {long('word')}", room_id=room, sender_name=long("person"))
    await stage.news(Arrived(room, (event,)))
    await stage.pilot.press("f4")
    await stage.until_shown("Very-long-word")


async def _adding(stage: Sam) -> None:
    await general(stage)
    await stage.app.push_screen(AddingScreen(stage.app.options.data))
    await stage.pilot.pause()


def _at_home(play: Callable[[House], Awaitable[None]], *names: str) -> Callable[[Path], Any]:
    """The app with an account for each name."""

    @asynccontextmanager
    async def opened(folder: Path) -> AsyncIterator[Pilot[Any]]:
        house = House(folder, *names, config=Config(theme=DARK.name))
        house.app.animation_level = "none"
        house.app.run_test = partial(house.app.run_test, notifications=True)  # type: ignore[method-assign]
        async with house.show(SIZES[0]):
            pilot = house._pilot = QuickPilot(house.app, house.flats[names[0]].settle)
            for flat in house.flats.values():
                flat.session._wall_ms = flat.session._sender._wall_ms = lambda: NOW
            await play(house)
            yield pilot

    return opened


async def _online(flat: Flat, *rooms: str) -> None:
    await flat.online(*(Room(room, members=3, topic=f"{room} of {flat.ACCOUNT}", head=1, unread=1) for room in rooms))
    connection, loop = flat.connection, asyncio.get_running_loop()
    asked = connection.ask

    def ask(question: Question) -> None:
        """There is nothing older."""
        asked(question)
        if isinstance(question, AskHistory):
            loop.call_soon(connection.deliver, (HistoryGiven(question.request, question.room_id, (), more=False),))

    connection.ask = ask  # type: ignore[method-assign]
    for question in [one for one in connection.asked if isinstance(one, AskHistory)]:
        await flat.news(HistoryGiven(question.request, question.room_id, (), more=False))
    for room in rooms:
        await flat.news(Arrived(room, (said(1, 1640, "ada", f"hello {room}", room_id=room),), live=False))


async def _two(house: House) -> None:
    """One account at work, one at home whose server is away."""
    home, work = house.flats.values()
    await _online(home, "family", "garden")
    await _online(work, "general", "dev")
    await home.news(LinkChanged(Link.WAITING, "the server does not answer"))
    house.main.open_room("general", work.ACCOUNT)
    await work.settle()


async def _two_long(house: House) -> None:
    for flat in house.flats.values():
        await _online(flat, long("room"), "general")
    await next(iter(house.flats.values())).news(LinkChanged(Link.STOPPED, "The server has ended this session."))


def _scene(
    name: str, about: str, screen: str, play: Callable[[Sam], Awaitable[None]], *shows: str, listed: bool = False
) -> Scene:
    return Scene(name, about, screen, by_sam(play), shows, listed=listed)


INBOX: Final = "InboxScreen"
SCENES: Final = (
    _scene("thread", "A thread in its room", "MainScreen", _thread, "↳ 3 answers", listed=True),
    _scene("thread-open", "A thread", "MainScreen", _in_thread, "Answer in the thread", "It has two."),
    _scene("inbox", "What was said to one", INBOX, _inbox, "and a picture", "close", listed=True),
    _scene("inbox-empty", "Nothing was said to one", INBOX, _inbox_empty, "Nobody has said anything", "close"),
    _scene("inbox-long", "What was said to one, too long", INBOX, _inbox_long, "close"),
    _scene("forward", "A message is sent on", "SwitcherScreen", then(general, "up", "F")),
    _scene("adding", "Another account", "AddingScreen", _adding, "Add an account", "Esc goes back"),
    Scene("accounts", "Two accounts", "MainScreen", _at_home(_two, "home", "work"), ("family",), listed=True),
    Scene(
        "accounts-long",
        "Accounts with very long names",
        "MainScreen",
        _at_home(_two_long, "very-long-account-that-nobody-wo", "work"),
    ),
)
