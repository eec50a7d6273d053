"""Spaces: rooms that hold other rooms, read as a tree whatever they say of each other, and what is asked and told of one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from chat_tui_core.model import Membership, Room
from chat_tui_core.values import frozen

__all__ = [
    "AskSpace",
    "Held",
    "Listed",
    "Listing",
    "Loose",
    "SpaceGiven",
    "SpaceRoom",
    "is_ours",
    "rooms_in",
    "space_tree",
    "stored_listing",
]

MOST_LISTED: Final = 2_000
"""Rooms of a space that are listed at most, however many pages a server has of them."""
DEEPEST: Final = 8
"""Beyond this depth rooms are listed as if they were as deep: a list has only so much room for steps."""


@frozen
class Held:
    """What a space says of one room in it. `via` are the servers through which the room can be joined."""

    room_id: str
    via: tuple[str, ...] = ()
    suggested: bool = False


@frozen
class SpaceRoom:
    """A room as a space's server lists it, also one that we are not in. `holds`: what is in it, where it is a space."""

    room: Room
    holds: tuple[Held, ...] = ()


@frozen
class AskSpace:
    """What is in a space, with what is in the spaces in it; `token` is the end of the page before. Answered by SpaceGiven."""

    request: int
    room_id: str
    token: str = ""


@frozen
class SpaceGiven:
    """The answer to AskSpace: a space comes before what is in it. `token` fetches the next page, "" = this is the last."""

    request: int
    room_id: str
    rooms: tuple[SpaceRoom, ...]
    token: str = ""


# ---------------------------------------------------------------- the spaces that one is in


def is_ours(room: Room | None) -> bool:
    """Whether this is a space that we are in; what a space says that we have left is old."""
    return room is not None and room.is_space and room.membership is Membership.JOINED


def rooms_in(space_id: str, rooms: Mapping[str, Room]) -> set[str]:
    """The ids of all that is in a space, and in the spaces in it that we are in; each is looked at once."""
    found = {space_id}
    ahead = [space_id]
    while ahead:
        room = rooms.get(ahead.pop())
        if room is not None and is_ours(room):
            new = [held for held in room.children or () if held not in found]
            found.update(new)
            ahead += new
    found.discard(space_id)
    return found


class Loose:
    """The ids of the rooms that are in no space that we are in."""

    def __init__(self, rooms: Mapping[str, Room]) -> None:
        self.held = frozenset(child for room in rooms.values() if is_ours(room) for child in room.children or ())

    def __contains__(self, room_id: object) -> bool:
        return room_id not in self.held

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Loose) and other.held == self.held

    __hash__ = None  # type: ignore[assignment]


def space_tree(rooms: Mapping[str, Room]) -> list[tuple[Room, int]]:
    """The spaces that we are in with their depths, each once: below the first that holds it, else by its name.

    Spaces that hold each other in a circle begin with the first of them by name.
    """
    ours = {room_id: room for room_id, room in rooms.items() if is_ours(room)}
    named = sorted(ours.values(), key=lambda room: (room.title.casefold(), room.room_id))
    held = {child for room in named for child in room.children or () if child != room.room_id}
    found: dict[str, tuple[Room, int]] = {}
    for first in (*(room for room in named if room.room_id not in held), *named):
        ahead = [(first, 0)]
        while ahead:
            room, depth = ahead.pop()
            if room.room_id not in found:
                found[room.room_id] = room, depth
                inner = (ours[child] for child in reversed(room.children or ()) if child in ours)
                ahead += [(child, min(depth + 1, DEEPEST)) for child in inner]
    return list(found.values())


# ---------------------------------------------------------------- a space as its server lists it


@frozen
class Listed:
    """One room of a space. `depth` is 1 for what is in the space itself; `held` is what the space above says of it."""

    room: Room
    depth: int
    held: Held


class Listing:
    """What is in a space, put together of pages: each room once, below the first space that holds it; never the space itself."""

    def __init__(self, space_id: str) -> None:
        self.listed: list[Listed] = []
        self.token = ""
        """Fetches the next page; "" = none was fetched yet, or the last one was."""
        self.whole = False
        """There is no further page, or no room for one."""
        self._space_id = space_id
        self._places: dict[str, tuple[int, Held]] = {}
        self._told = {space_id}
        self._tokens: set[str] = set()

    def take(self, page: SpaceGiven) -> None:
        """Add a page; a server that leads in a circle is not followed."""
        for told in page.rooms:
            room_id = told.room.room_id
            depth, held = self._places.get(room_id, (0 if room_id == self._space_id else 1, Held(room_id)))
            for inner in told.holds:
                self._places.setdefault(inner.room_id, (min(depth + 1, DEEPEST), inner))
            if room_id not in self._told and len(self.listed) < MOST_LISTED:
                self._told.add(room_id)
                self.listed.append(Listed(told.room, depth, held))
        again = page.token in self._tokens
        self._tokens.add(page.token)
        self.whole = not page.token or again or len(self.listed) >= MOST_LISTED
        self.token = "" if self.whole else page.token


def stored_listing(space_id: str, rooms: Mapping[str, Room]) -> SpaceGiven:
    """What is stored of a space, as its server would list it: only rooms that we know."""
    found: dict[str, SpaceRoom] = {}
    ahead = [space_id]
    while ahead and len(found) <= MOST_LISTED:
        room = rooms.get(ahead.pop())
        if room is not None and room.room_id not in found:
            found[room.room_id] = SpaceRoom(room, tuple(map(Held, room.children or ())))
            ahead += [child for child in reversed(room.children or ()) if child not in found]
    return SpaceGiven(0, space_id, tuple(found.values()))
