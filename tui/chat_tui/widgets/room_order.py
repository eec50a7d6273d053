"""The order of the room list, kept while rooms change, as splices of a list: no step walks over all rooms."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable
from typing import Final

from chat_tui_core.model import Membership, Room, RoomKind
from chat_tui_core.values import frozen

__all__ = ["MARKS", "Heading", "RoomOrder", "Splice"]

SECTIONS: Final = (Membership.INVITED, Membership.JOINED, Membership.NONE)
"""Sections from top to bottom; an invitation waits for an answer, so it stands first."""
HEADINGS: Final = {Membership.INVITED: "Invitations", Membership.JOINED: "Rooms", Membership.NONE: "Public rooms"}

MARKS: Final = {RoomKind.PUBLIC: "#", RoomKind.PRIVATE: "◆", RoomKind.DIRECT: "@"}
"""What stands before a room's name."""

_Rank = tuple[int, int, int, str, str]


@frozen
class Heading:
    """The line above a section."""

    title: str
    count: int


@frozen
class Splice:
    """The entries [position, position + removed) were replaced by `inserted` others; (p, 1, 1) is a change in place."""

    position: int
    removed: int
    inserted: int


def rank(room: Room) -> _Rank:
    """Where a room stands: by section, then what was said in last first, then by name."""
    section = SECTIONS.index(room.membership)
    recent = room.last_ts if room.membership is Membership.JOINED else 0
    return section, 1, -recent, room.title.casefold(), room.room_id


class RoomOrder:
    """Rooms by section and recency, with a heading above each section that is not empty.

    The section of joined rooms has a heading only while it is not the only one.
    """

    def __init__(self) -> None:
        self.entries: list[Room | Heading] = []
        self._ranks: list[_Rank] = []
        self._rank_of: dict[str, _Rank] = {}
        self._counts = dict.fromkeys(SECTIONS, 0)

    def __len__(self) -> int:
        return len(self.entries)

    def position(self, room_id: str) -> int | None:
        """Where the room stands, None when it is not in the list."""
        found = self._rank_of.get(room_id)
        return None if found is None else bisect_left(self._ranks, found)

    def rooms(self) -> list[Room]:
        """The rooms from top to bottom."""
        return [entry for entry in self.entries if isinstance(entry, Room)]

    def reset(self, rooms: Iterable[Room]) -> None:
        """Start over with these rooms."""
        listed = sorted((rank(room), room) for room in rooms if room.membership in SECTIONS)
        self._rank_of = {room.room_id: ranked for ranked, room in listed}
        self._ranks = [ranked for ranked, _ in listed]
        self.entries = [room for _, room in listed]
        self._counts = dict.fromkeys(SECTIONS, 0)
        for _, room in listed:
            self._counts[room.membership] += 1
        self._headings()

    def put(self, room: Room) -> list[Splice]:
        """Take a new room, or what has become of a known one."""
        if room.membership not in SECTIONS:
            return self.drop(room.room_id)
        ranked, old = rank(room), self._rank_of.get(room.room_id)
        if old == ranked:
            at = bisect_left(self._ranks, ranked)
            if self.entries[at] == room:
                return []
            self.entries[at] = room
            return [Splice(at, 1, 1)]
        splices = [self._take_out(room.room_id)] if old is not None else []
        splices.append(self._insert(ranked, room))
        self._rank_of[room.room_id] = ranked
        self._counts[room.membership] += 1
        return splices + self._headings()

    def drop(self, room_id: str) -> list[Splice]:
        """Forget a room."""
        if room_id not in self._rank_of:
            return []
        return [self._take_out(room_id), *self._headings()]

    # ------------------------------------------------------------ parts

    def _take_out(self, room_id: str) -> Splice:
        at = bisect_left(self._ranks, self._rank_of.pop(room_id))
        entry = self.entries[at]
        if isinstance(entry, Room):
            self._counts[entry.membership] -= 1
        del self.entries[at], self._ranks[at]
        return Splice(at, 1, 0)

    def _insert(self, ranked: _Rank, entry: Room | Heading) -> Splice:
        at = bisect_left(self._ranks, ranked)
        self.entries.insert(at, entry)
        self._ranks.insert(at, ranked)
        return Splice(at, 0, 1)

    def _headings(self) -> list[Splice]:
        """Bring the headings in line with what the sections hold."""
        splices: list[Splice] = []
        only_joined = not any(self._counts[section] for section in SECTIONS if section is not Membership.JOINED)
        for index, section in enumerate(SECTIONS):
            ranked: _Rank = (index, 0, 0, "", "")
            count = self._counts[section]
            wanted = Heading(HEADINGS[section], count) if count else None
            if section is Membership.JOINED and only_joined:
                wanted = None
            at = bisect_left(self._ranks, ranked)
            there = at < len(self._ranks) and self._ranks[at] == ranked
            if there and wanted is None:
                del self.entries[at], self._ranks[at]
                splices.append(Splice(at, 1, 0))
            elif there and wanted is not None and self.entries[at] != wanted:
                self.entries[at] = wanted
                splices.append(Splice(at, 1, 1))
            elif not there and wanted is not None:
                splices.append(self._insert(ranked, wanted))
        return splices
