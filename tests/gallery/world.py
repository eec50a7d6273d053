"""Who the scenes are about: Sam's account, Sam's rooms, what was said in them, and names that are far too long."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any, Final

from chat_tui.config import Config
from chat_tui.themes import DARK
from chat_tui_core.actions import Kind
from chat_tui_core.contract import Connection, Deliver, Surroundings
from chat_tui_core.link import Link, LinkChanged
from chat_tui_core.model import (
    Account,
    EventKind,
    Member,
    Membership,
    Presence,
    Reaction,
    Role,
    Room,
    RoomEvent,
    RoomKind,
)
from chat_tui_core.news import (
    Answered,
    Arrived,
    Echoed,
    HistoryGiven,
    LostAction,
    MembersListed,
    Postponed,
    PresenceSet,
    Reacted,
    RefusedAction,
    TypingSet,
    Written,
)
from chat_tui_core.questions import AskHistory, Question
from tests.core.file_play import FileBackend, FileConnection
from tests.gallery.fixed import MINUTE, MONDAY, NOW
from tests.gallery.picture import still
from tests.gallery.quick import QuickPilot
from tests.gallery.rules import LONG_END, LONG_START
from tests.tui.stage import Stage

__all__ = ["ME", "PEOPLE", "Sam", "chat", "long", "long_names", "one_of_each", "refused", "said", "talk"]

ME: Final = "sam"
PEOPLE: Final = ("ada", "bruno", "chioma", "hana", "ivo", "mei")
ROOMS: Final = (
    Room("general", topic="Everything that concerns everybody", members=7, head=40, read=40),
    Room("dev", topic="Code, reviews, releases", members=5, head=9, unread=3, mentions=1),
    Room("help", topic="Nobody was born knowing it", members=6, head=4, unread=12),
    Room("music", topic="What are you listening to?", members=4, head=7),
    Room("@ada+sam", name="ada", kind=RoomKind.DIRECT, members=2, head=5),
    Room("garden", topic="Tomatoes, mostly", members=3, membership=Membership.INVITED),
    Room("book-club", topic="This month: Momo", members=9, membership=Membership.NONE),
)
LAST: Final = {
    "dev": (1655, "ivo", "sam: could you look at the timeline patch?"),
    "help": (1640, "hana", "how do I make a room private?"),
    "music": (-300, "chioma", "listening to rain on the roof"),
    "@ada+sam": (1500, "ada", "see you at four"),
}
TALK: Final = (
    (-1500, "hana", "I am off, see you on Monday 👋"),
    (-1499, "ivo", "bye hana"),
    (1440, "bruno", "good morning! did the night build pass?"),
    (1441, "chioma", "it did. 312 tests, 9 minutes, no red at all"),
    (1441, "chioma", "first time this month"),
    (
        1444,
        "ivo",
        "I would like to claim that was me, but it was the cache:\n```python\nkey = (event.id, width, theme)\n```",
    ),
    (
        1452,
        "mei",
        "J’ai mis les photos du voyage dans #music — and a few from the garden, see https://photos.example/mei/autumn",
    ),
    (1453, "ada", "these are *lovely*. `_autumn_03` is my new wallpaper"),
    (1630, "hana", "who has the release notes? I can only find last week's"),
    (1631, "sam", "I have them. Give me ten minutes, I want to say something kind about the old parser"),
    (1633, "hana", "take your time"),
    (1640, "bruno", "it did its best"),
)
UNREAD: Final = (
    (1652, "ivo", "sam: the draft reads well. One thing: “never reordered” deserves its own line"),
    (1653, "chioma", "and a picture"),
)


def long(what: str) -> str:
    """A name that is too long for every place."""
    return f"{LONG_START}-{what}-" + "-".join(["that-nobody-would-ever-choose"] * 8) + f"-{LONG_END}"


class _Connection(FileConnection):
    """Has no older messages than it was told to bring."""

    slow = False

    def ask(self, question: Question) -> None:
        super().ask(question)
        if isinstance(question, AskHistory) and not self.slow:
            nothing = HistoryGiven(question.request, question.room_id, (), more=False)
            asyncio.get_running_loop().call_soon(self.deliver, (nothing,))


class Server(FileBackend):
    """Says at once that there is nothing older; never, where `slow`."""

    slow = False

    def connect(
        self,
        account: Account,
        token: str,
        position: Mapping[str, str],
        deliver: Deliver,
        surroundings: Surroundings = Surroundings(),  # noqa: B008 - it cannot be changed
    ) -> Connection:
        self.surroundings = surroundings
        made = _Connection(position, deliver, surroundings.files)
        made.slow = self.slow
        self.connections.append(made)
        return made


class Sam(Stage):
    """The app of somebody called Sam, at a fixed time, on a server that carries files."""

    ME = ME
    ACCOUNT = "home"

    def __init__(self, path: Path, config: Config | None = None) -> None:
        super().__init__(path, config or Config(theme=DARK.name), clock=NOW)
        self.app.animation_level = "none"
        notify = self.app.notify
        self.app.notify = lambda *said, **how: notify(*said, **{**how, "timeout": 3600})  # type: ignore[method-assign]
        self.app.run_test = partial(self.app.run_test, notifications=True)  # type: ignore[method-assign]

    def open(self) -> None:
        if not isinstance(self.backend, Server):
            self.backend = Server()
        super().open()

    @asynccontextmanager
    async def show(self, size: tuple[int, int] = (80, 24)) -> AsyncIterator[Sam]:
        async with super().show(size):
            self._pilot = QuickPilot(self.app, self.settle)
            yield self

    async def settle(self) -> None:
        self.hold_clock()
        await super().settle()

    async def until_shown(self, text: str) -> None:
        """Wait until the screen shows a text; threads have their time."""
        for _ in range(600):
            await self.settle()
            if text in self.screen_text():
                return
            await self.pilot.pause(0.02)
        raise AssertionError(f"{text!r} never came; the screen is:\n{self.screen_text()}")


def said(order: int, minute: int, sender: str, text: str, *, room_id: str = "general", **fields: Any) -> RoomEvent:
    """A message, so many minutes after Monday, eight o'clock."""
    at = MONDAY + minute * MINUTE
    return RoomEvent(room_id, f"{room_id}{order}", order, EventKind.MESSAGE, sender, at, text, **fields)


async def talk(stage: Sam) -> None:
    """Online, with rooms and what was said lately."""
    await stage.online(*ROOMS)
    for room_id, (minute, sender, text) in LAST.items():
        await stage.news(Arrived(room_id, (said(9, minute, sender, text, room_id=room_id),), live=False))
    lines = tuple(said(order, *line) for order, line in enumerate(TALK, 41 - len(TALK)))
    await stage.news(Arrived("general", lines, live=False))
    members = tuple(Member(name) for name in (*PEOPLE, ME))
    states = (Presence.ONLINE, Presence.ONLINE, Presence.IDLE, Presence.ONLINE, Presence.OFFLINE, Presence.IDLE)
    await stage.news(
        MembersListed("general", members),
        *(PresenceSet(name, state) for name, state in zip(PEOPLE, states, strict=True)),
        Reacted("general", lines[3].event_id, lines[3].order, "ada", "🎉"),
        Reacted("general", lines[3].event_id, lines[3].order, "hana", "🎉"),
    )


async def general(stage: Sam) -> None:
    """The same, in the room general."""
    await talk(stage)
    await opened(stage, "general")


async def opened(stage: Sam, room_id: str) -> None:
    """Open a room; what is on screen then is measured and read."""
    stage.main.open_room(room_id)
    await still(stage.pilot)
    for _ in range(200):
        if not stage.session.rooms[room_id].unread:
            return
        await stage.settle()
    raise AssertionError(f"{room_id} is never read")


async def chat(stage: Sam) -> None:
    """In a room: what is new, what was just said and how far it has come, who types."""
    await talk(stage)
    await stage.news(Arrived("general", tuple(said(o, *line) for o, line in enumerate(UNREAD, 41))))
    stage.main.open_room("general")
    action = await stage.session.send("general", "You are right. Done, with a picture")
    await stage.news(Written(action.id))
    stage.clock += 84
    await stage.news(
        Answered(action.id, "general43", 43),
        Arrived("general", (said(43, 1655, ME, action.text, action_id=action.id),)),
        Echoed(action.id, "general43", 43),
        TypingSet("general", ("chioma",)),
    )
    sent = await stage.session.send("general", "Shall we ship it today?")
    await stage.news(Written(sent.id), Answered(sent.id, "general44", 44))
    await stage.session.send("general", "I could do the announcement, too")
    await stage.settle()


async def offline(stage: Sam) -> None:
    """The connection is away, and two messages wait for it."""
    await general(stage)
    held = time.monotonic()
    stage.main.status._clock = lambda: held
    await stage.news(LinkChanged(Link.WAITING, "the server does not answer", held + 7.5, 3))
    for text in ("Written in a tunnel", "and kept until there is a network again"):
        await stage.session.send("general", text)
    await stage.settle()


async def refused(stage: Sam) -> None:
    """The server refuses a message, and one more waits behind it."""
    await general(stage)
    action = await stage.session.send("general", "An announcement for everybody")
    await stage.session.send("general", "and what comes after it")
    await stage.news(Written(action.id), RefusedAction(action.id, "NOPERM", "Only moderators may speak here."))


async def one_of_each(stage: Sam) -> None:
    """One of everything that an action can wait for."""
    await chat(stage)
    send, perform = stage.session.send, stage.session.perform
    first = await send("dev", "Release 0.4 goes out at noon, unless somebody objects")
    await stage.news(Written(first.id), RefusedAction(first.id, "NOPERM", "Only moderators may speak here."))
    await send("dev", "and here are the notes for it")
    await perform(Kind.REACT, "dev", target="dev9", target_order=9, key="👍")
    doubt = await send("help", "You make a room private with /create NAME --private")
    await stage.news(Written(doubt.id), LostAction(doubt.id))
    later = await send("music", "Rain again? Try the Köln Concert")
    await stage.news(Written(later.id), Postponed(later.id, 12, "RATELIMIT", "too many messages"))
    question = await send("@ada+sam", "See you at four, then")
    await perform(Kind.EDIT, "@ada+sam", target_action=question.id, text="See you at five, then")
    await send("general", "Good morning, all. The new build is up", at_ms=stage.clock + 15 * 3_600_000)
    await perform(Kind.JOIN, "book-club")
    await stage.settle()


async def long_names(stage: Sam) -> None:
    """Everything has a name that is far too long: rooms, topics, people, words, reactions, the account's note."""
    room = Room(long("room"), topic=long("topic"), members=7, head=9, unread=123_456, mentions=99)
    direct = Room("@x", name=long("friend"), kind=RoomKind.DIRECT, members=2, head=5)
    invited = Room("inv", name=long("invitation"), membership=Membership.INVITED, inviter=long("inviter"))
    await stage.online(room, direct, invited, *ROOMS[:3])
    who = long("person")
    lines = (
        said(1, 1600, who, f"{long('word')} and then some more words", room_id=room.room_id, sender_name=who),
        said(2, 1601, ME, "a short answer", room_id=room.room_id, reply_to=f"{room.room_id}1"),
        said(
            3,
            1602,
            "ada",
            "many reactions",
            room_id=room.room_id,
            reactions=tuple(Reaction(f"{long('reaction')[:20]}{n}", ("ada", "ivo")) for n in range(12)),
        ),
        said(4, 1603, who, "漢字" * 70, room_id=room.room_id, sender_name=who),
    )
    await stage.news(
        Arrived(room.room_id, lines, live=False),
        MembersListed(room.room_id, (Member(who, who, role=Role.OWNER), Member("ada"), Member(ME))),
        PresenceSet(who, Presence.ONLINE),
        TypingSet(room.room_id, (who, "ada", "ivo", "bruno")),
    )
    await opened(stage, room.room_id)
