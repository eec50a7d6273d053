"""Scenes of spaces: the list of rooms with one chosen, choosing among them, the rooms of one, and names that are too long."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Final

from chat_tui.screens.space_page import SpaceScreen
from chat_tui_core.model import Membership, Room, RoomKind
from chat_tui_core.news import RoomChanged
from chat_tui_core.spaces import AskSpace, Held, SpaceGiven, SpaceRoom
from tests.gallery.scene import Scene, by_sam, then
from tests.gallery.world import Sam, general, long

__all__ = ["SCENES"]

SPACES: Final = (
    Room("team", "The team", members=9, children=("general", "dev", "crafts", "releases", "design")),
    Room("crafts", "Crafts", members=6, children=("music", "help", "knitting")),
    Room("home", "Family & friends", members=5, children=("@ada+sam", "cousins")),
)
OTHERS: Final = (
    Room("releases", "releases", "What is in them, and when they come", members=23),
    Room("design", "design", "Colours, distances, and the space between", RoomKind.PRIVATE, members=4),
    Room("knitting", "knitting", "Bring your own wool", members=11),
)


async def _spaces(stage: Sam) -> None:
    """In the room general, which is in one of three spaces."""
    await general(stage)
    await stage.news(*(RoomChanged(space, frozenset()) for space in SPACES))


async def _chosen(stage: Sam) -> None:
    await _spaces(stage)
    stage.main.choose_view(stage.main.desk, "team")
    stage.main.open_room("general")
    await stage.settle()


async def _elsewhere(stage: Sam) -> None:
    """A space in which nothing is new, while something is elsewhere."""
    await _spaces(stage)
    stage.main.choose_view(stage.main.desk, "home")
    await stage.settle()


async def _without_rooms(stage: Sam) -> None:
    await _spaces(stage)
    declined = RoomChanged(Room("garden", membership=Membership.LEFT), frozenset({"membership"}))
    await stage.news(RoomChanged(Room("new", "Newcomers", children=("x",)), frozenset()), declined)
    stage.main.choose_view(stage.main.desk, "new")
    await stage.settle()


async def _none(stage: Sam) -> None:
    await general(stage)
    await stage.pilot.press("alt+o")


def _page(*rooms: SpaceRoom, token: str = "") -> Callable[[Sam], Awaitable[None]]:
    """The page of a space for which the server has told these rooms."""

    async def play(stage: Sam) -> None:
        await _spaces(stage)
        stage.main._show_space(stage.main.desk, "team")
        await stage.pilot.pause()
        asked = next(one for one in stage.connection.asked if isinstance(one, AskSpace))
        await stage.news(SpaceGiven(asked.request, "team", rooms, token))
        screen = stage.app.screen
        assert isinstance(screen, SpaceScreen)
        for _ in range(200):
            if screen._list.entries or not rooms:
                return
            await stage.pilot.pause(0.02)

    return play


def _listed(room: Room, *suggested: str) -> SpaceRoom:
    held = tuple(Held(room_id, suggested=room_id in suggested) for room_id in room.children or ())
    return SpaceRoom(replace(room, membership=Membership.NONE), held)


def _known(stage_room: str, topic: str, members: int) -> SpaceRoom:
    return _listed(Room(stage_room, stage_room, topic, members=members))


TEAM: Final = (
    _listed(SPACES[0], "releases"),
    _known("general", "Everything that concerns everybody", 7),
    _known("dev", "Code, reviews, releases", 5),
    _listed(SPACES[1]),
    _known("music", "What are you listening to?", 4),
    _known("help", "Nobody was born knowing it", 6),
    _listed(OTHERS[2]),
    _listed(OTHERS[0]),
    _listed(OTHERS[1]),
)


async def _long(stage: Sam) -> None:
    """Spaces with names that are far too long, in each other."""
    await general(stage)
    spaces = [
        Room(f"s{n}", long(f"space{n}"), children=(f"s{n + 1}", "dev", "help"), members=9, topic=long("topic"))
        for n in range(12)
    ]
    await stage.news(*(RoomChanged(space, frozenset()) for space in spaces))
    many = Room("dev", unread=123_456, mentions=99)
    await stage.news(RoomChanged(many, frozenset({"unread", "mentions"})))
    stage.main.choose_view(stage.main.desk, "s0")
    await stage.settle()


SCENES: Final = (
    Scene(
        "space-chosen",
        "The rooms of one space; what is new elsewhere is told below",
        "MainScreen",
        by_sam(_chosen),
        ("home · The team", "nothing new elsewhere"),
        listed=True,
    ),
    Scene(
        "space-elsewhere",
        "A space in which nothing is new",
        "MainScreen",
        by_sam(_elsewhere),
        ("home · Family", "unread elsewhere"),
    ),
    Scene(
        "space-without-rooms",
        "A space in whose rooms the person is not",
        "MainScreen",
        by_sam(_without_rooms),
        ("You are in none",),
    ),
    Scene(
        "spaces",
        "All spaces, with what is new in each",
        "SpacesScreen",
        by_sam(then(_chosen, "alt+o")),
        ("Which rooms the list shows", "Crafts", "Rooms in no space"),
        listed=True,
    ),
    Scene("spaces-none", "No space", "SpacesScreen", by_sam(_none), ("You are in no space.",)),
    Scene(
        "space-rooms",
        "The rooms of a space, to join them",
        "SpaceScreen",
        by_sam(_page(*TEAM)),
        ("The team", "joined", "not joined", "suggested"),
        listed=True,
    ),
    Scene("space-empty", "A space that shows nothing", "SpaceScreen", by_sam(_page()), ("Nothing is in this space",)),
    Scene("space-long", "A space with a name that is too long", "MainScreen", by_sam(_long), ("home · Very-long",)),
    Scene("spaces-long", "Spaces with such names", "SpacesScreen", by_sam(then(_long, "alt+o")), ("All rooms",)),
)
