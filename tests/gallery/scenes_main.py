"""Scenes of the main screen: rooms and messages, empty, loading, in trouble, full, and with names that are too long."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final

from textual.notifications import SeverityLevel

from chat_tui_core.actions import Kind
from chat_tui_core.link import Link, LinkChanged
from chat_tui_core.model import EventKind, FileInfo, Room, RoomEvent
from chat_tui_core.news import Arrived, Postponed, Redacted, RefusedAction, RoomGone, RoomsListed, TypingSet, Written
from tests.gallery.fixed import MINUTE
from tests.gallery.scene import Scene, by_sam, then
from tests.gallery.world import Sam, Server, chat, general, long_names, offline, refused, said, talk

__all__ = ["SCENES", "banner", "scheduled", "undo"]


async def _no_rooms(stage: Sam) -> None:
    await stage.online()


async def _connecting(stage: Sam) -> None:
    stage.session.connect()
    await stage.news(LinkChanged(Link.CONNECTING))


async def _stopped(stage: Sam) -> None:
    await general(stage)
    await stage.news(LinkChanged(Link.STOPPED, "The server has ended this session: sign in again."))


def _room(room: Room) -> Callable[[Sam], Awaitable[None]]:
    async def play(stage: Sam) -> None:
        assert isinstance(stage.backend, Server)
        stage.backend.slow = True
        await stage.online(room)
        stage.main.open_room(room.room_id)
        await stage.settle()

    return play


async def _not_here(stage: Sam) -> None:
    await _room(Room("dev", topic="Code, reviews, releases", members=5, head=90))(stage)
    await stage.news(LinkChanged(Link.WAITING, "the server does not answer"))


async def _gone(stage: Sam) -> None:
    await general(stage)
    await stage.news(RoomGone("general"))


def _looked_for(text: str) -> Callable[[Sam], Awaitable[None]]:
    async def play(stage: Sam) -> None:
        await general(stage)
        stage.main.rooms.focus()
        await stage.type(f"/{text}")

    return play


async def _many_rooms(stage: Sam) -> None:
    await general(stage)
    topics = ("", "what happens next", "a place for everything")
    many = (
        Room(f"room-{n:03}", topic=topics[n % 3], members=n, unread=n % 7, mentions=n % 7 and n % 2, muted=n % 5 == 0)
        for n in range(200)
    )
    await stage.news(RoomsListed((*stage.session.rooms.values(), *many)))
    stage.main.rooms.focus()
    await stage.pilot.press("down")


async def _every_kind(stage: Sam) -> None:
    """One event of every kind."""
    await general(stage)
    made = []
    for order, kind in enumerate(EventKind, 41):
        file = FileInfo("holiday.jpg", 2_400_000, "image/jpeg", "f1", 4000, 3000) if kind is EventKind.FILE else None
        event = said(order, 1600 + order, "ada", "" if file else "what it says")
        made.append(
            RoomEvent("general", event.event_id, order, kind, "ada", event.ts, event.text, target="ivo", file=file)
        )
    await stage.news(Arrived("general", tuple(made)))
    answer = said(70, 1655, "ivo", "to that I answer this", reply_to="general33", edited_ts=stage.clock)
    await stage.news(Arrived("general", (answer,)), Redacted("general", "general34", 34, "bruno"))


async def _writing(stage: Sam) -> None:
    """A text of several lines."""
    await general(stage)
    for line in ("First, the notes.", "Second, the picture:", "a long line that goes on and on " * 5, "and the end"):
        await stage.type(line)
        await stage.pilot.press("ctrl+j")


async def _people_type(stage: Sam) -> None:
    await general(stage)
    await stage.news(TypingSet("general", ("chioma", "ada", "bruno", "hana")))


async def scheduled(stage: Sam) -> None:
    """What is said later, what was put off and what is asked about a waiting line."""
    await general(stage)
    first = await stage.session.send("general", "I have the notes here, they read well")
    await stage.news(Written(first.id), Postponed(first.id, 4, "RATELIMIT", "too many messages"))
    await stage.session.perform(Kind.REACT, "general", target_action=first.id, key="🎉")
    await stage.session.send("general", "checks the old parser once more", kind="emote")
    await stage.session.send("general", "Happy December!", at_ms=stage.clock + 16 * 24 * 3_600_000)
    await stage.session.send("general", "The notes go out in two minutes", at_ms=stage.clock + 130 * MINUTE)
    await stage.type("/at 18:30 ")


async def undo(stage: Sam) -> None:
    await general(stage)
    stage.session.undo_seconds = 5
    await stage.session.send("general", "Shall we ship it today?")


async def banner(stage: Sam) -> None:
    """Something invisible holds messages back."""
    await general(stage)
    topic = await stage.session.perform(Kind.TOPIC, "general", topic="Release day")
    await stage.news(Written(topic.id), Postponed(topic.id, 40, "RATELIMIT", "too many changes in a short time"))
    for text in ("It is done", "Thanks to everybody"):
        await stage.session.send("general", text)


async def _refused_long(stage: Sam) -> None:
    await long_names(stage)
    action = await stage.session.send(stage.main.conversation.room_id, "An announcement " * 12)
    reason = "Only those may speak here whom the moderators have named, and the moderators are on holiday until Monday."
    await stage.news(Written(action.id), RefusedAction(action.id, "NOPERM", reason))


async def _notices(stage: Sam) -> None:
    await general(stage)
    told: tuple[tuple[str, SeverityLevel], ...] = (
        ("Copied.", "information"),
        ("The account 'home' has no key for this: see /settings. " * 3, "warning"),
        ("release-notes-final-2.pdf cannot be read; nothing is sent.", "error"),
    )
    for text, severity in told:
        stage.app.notify(text, severity=severity, markup=False)
    await stage.pilot.pause()


def _main(name: str, about: str, play: Callable[[Sam], Awaitable[None]], *shows: str, listed: bool = False) -> Scene:
    return Scene(name, about, "MainScreen", by_sam(play), shows, listed=listed)


SCENES: Final = (
    _main("no-rooms", "No rooms yet", _no_rooms, "No rooms yet", "/join NAME", "F1"),
    _main("connecting", "The first connection", _connecting, "connecting"),
    _main("home", "The start: the room with the newest talk", talk, "general", "online"),
    _main("chat", "A room: what is new, what was just sent, who types", chat, "chioma", "✓✓", listed=True),
    _main("nothing-said", "An empty room", _room(Room("dev", members=1)), "Nothing has been said here yet."),
    _main("loading", "Messages are on their way", _room(Room("dev", members=5, head=90)), "loading messages…"),
    _main(
        "not-here", "A room that is not stored, without a connection", _not_here, "Nothing of this room is stored yet."
    ),
    _main("room-gone", "A room that is no more", _gone, "is gone"),
    _main("offline", "No connection", offline, "reconnecting in 8 s", "2 unsent", listed=True),
    _main("stopped", "The server has ended the session", _stopped, "/login", "stopped"),
    _main("refused", "A refused message", refused, "Only moderators may speak here.", listed=True),
    _main("notice", "On the notice of a refused message", then(refused, "f6"), "r again", "d discard"),
    _main("banner", "Something invisible waits", banner, "Setting the topic has to wait"),
    _main("scheduled", "What leaves later", scheduled, "/at 18:30"),
    _main("undo", "What can still be taken back", undo, "Ctrl+Z"),
    _main("kinds", "An event of every kind", _every_kind, "to that I answer this"),
    _main("walking", "On a message", then(chat, "up", "up", "up"), "online"),
    _main("reply", "An answer is written", then(general, "up", "r"), "it did its best", listed=True),
    _main("edit", "A message is changed", then(general, "up", "up", "up", "e"), "I have them."),
    _main("command", "A command is typed", then(general, *"/invite"), "PERSON"),
    _main("unknown-command", "A command that there is not", then(general, *"/frobnicate", "enter")),
    _main("writing", "A text of several lines", _writing, "and the end"),
    _main("typing", "Several people type", _people_type, "chioma"),
    _main("filter", "A room is looked for in the list", _looked_for("m"), "music"),
    _main("filter-nothing", "No such room in the list", _looked_for("zzz")),
    _main("members", "The members", then(general, "f8"), "chioma", listed=True),
    _main("many-rooms", "Many rooms", _many_rooms),
    _main("notices", "Notices", _notices, "release-notes-final-2.pdf"),
    _main("long", "Names that are far too long", long_names),
    _main("long-members", "Members with names that are far too long", then(long_names, "f8")),
    _main("long-refused", "A refused message, everything too long", _refused_long, "Only those may speak"),
)
