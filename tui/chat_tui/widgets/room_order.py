"""The order of the room list, kept while rooms change, as splices of a list: no step walks over all rooms."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Container, Iterable, Sequence
from enum import IntEnum
from operator import itemgetter
from typing import Final

from chat_tui.strings import N_, _
from chat_tui_core.model import Membership, Room, RoomKind, RoomTag
from chat_tui_core.values import frozen

__all__ = ["MARKS", "Heading", "RoomOrder", "Section", "Splice", "mark_of", "section_of"]


class Section(IntEnum):
    """The sections from top to bottom; an invitation waits for an answer, so it stands first."""

    INVITED = 0
    FAVOURITE = 1
    JOINED = 2
    LOW = 3
    PUBLIC = 4


HEADINGS: Final = {
    Section.INVITED: N_("Invitations"),
    Section.FAVOURITE: N_("Favourites"),
    Section.JOINED: N_("Rooms"),
    Section.LOW: N_("Low priority"),
    Section.PUBLIC: N_("Public rooms"),
}
TAGGED: Final = {RoomTag.FAVOURITE: Section.FAVOURITE, RoomTag.LOW: Section.LOW}
OTHERS: Final = {Membership.INVITED: Section.INVITED, Membership.NONE: Section.PUBLIC}

MARKS: Final = {RoomKind.PUBLIC: "#", RoomKind.PRIVATE: "◆", RoomKind.DIRECT: "@"}
SPACE_MARK: Final = "▣"

_Rank = tuple[int, int, int, int, int, str, str]


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


def mark_of(room: Room) -> str:
    """What stands before a room's name."""
    return SPACE_MARK if room.is_space else MARKS[room.kind]


def section_of(room: Room) -> Section | None:
    """The section in which a room is listed, None when it is not: in a space that one is in nobody talks."""
    if room.membership is Membership.JOINED:
        if room.is_space:
            return None
        return Section.JOINED if room.tag is RoomTag.NONE else TAGGED[room.tag]
    return OTHERS.get(room.membership)


def news_of(room: Room) -> tuple[int, int]:
    """(unread messages, mentions) that a person is to hear of."""
    if room.membership is not Membership.JOINED:
        return 0, 0
    return 0 if room.muted else room.unread, room.mentions


def urgency(room: Room) -> int:
    """How much a room wants to be seen: 2 for a mention, 1 for what is unread, unless it is muted."""
    if room.membership is not Membership.JOINED:
        return 0
    return 2 if room.mentions else 1 if room.unread and not room.muted else 0


class RoomOrder:
    """Rooms by section; within one muted ones come last, then mentions and unread ones first, then what was said last.

    There is a heading above each section that is not empty; the plain rooms have one only while they are not the only
    section. The room that is `held` stays where its unread messages have put it while they are being read.
    """

    def __init__(self) -> None:
        self.entries: list[Room | Heading] = []
        self._ranks: list[_Rank] = []
        self._rank_of: dict[str, _Rank] = {}
        self._counts = dict.fromkeys(Section, 0)
        self._held = ("", 0)
        self._news: tuple[int, int] | None = None  # counted once that is asked for, and kept from then on

    def __len__(self) -> int:
        return len(self.entries)

    def position(self, room_id: str) -> int | None:
        """Where the room stands, None when it is not in the list."""
        found = self._rank_of.get(room_id)
        return None if found is None else bisect_left(self._ranks, found)

    def rooms(self) -> list[Room]:
        """The rooms from top to bottom."""
        return [entry for entry in self.entries if isinstance(entry, Room)]

    def room(self, room_id: str) -> Room | None:
        """The room as this list knows it, None when it does not."""
        at = self.position(room_id)
        entry = None if at is None else self.entries[at]
        return entry if isinstance(entry, Room) else None

    @property
    def empty(self) -> bool:
        """Whether there is no room."""
        return not self._rank_of

    @property
    def news(self) -> tuple[int, int]:
        """(unread messages, mentions) of all rooms; what is said in muted ones counts only where it is a mention."""
        if self._news is None:
            weights = [news_of(one) for one in self.entries if isinstance(one, Room) and (one.unread or one.mentions)]
            self._news = sum(unread for unread, _ in weights), sum(mentions for _, mentions in weights)
        return self._news

    def narrowed(self, wanted: Container[str]) -> RoomOrder:
        """The same order of some of the rooms, and of all invitations: those wait for an answer."""
        ranks, entries, invited = self._ranks, self.entries, bisect_left(self._ranks, (Section.INVITED + 1,))
        kept = [at for at, ranked in enumerate(ranks) if ranked[1] and (ranked[-1] in wanted or at < invited)]
        other = RoomOrder()
        other._held = self._held
        other._fill([ranks[at] for at in kept], [entries[at] for at in kept])
        return other

    def reset(self, rooms: Iterable[Room]) -> None:
        """Start over with these rooms."""
        listed = [(self._rank(room, section), room) for room in rooms if (section := section_of(room)) is not None]
        listed.sort(key=itemgetter(0))
        self._fill([ranked for ranked, _ in listed], [room for _, room in listed])

    def _fill(self, ranks: list[_Rank], rooms: Sequence[Room | Heading]) -> None:
        """Have these rooms, which are in order."""
        self._news = None
        self._ranks, self.entries = ranks, list(rooms)
        self._rank_of = {ranked[-1]: ranked for ranked in ranks}
        self._counts = dict.fromkeys(Section, 0)
        for section, count in Counter(map(itemgetter(0), self._ranks)).items():
            self._counts[Section(section)] = count
        self._headings()

    def put(self, room: Room) -> list[Splice]:
        """Take a new room, or what has become of a known one."""
        section = section_of(room)
        if section is None:
            return self.drop(room.room_id)
        self._count_news(room)
        ranked, old = self._rank(room, section), self._rank_of.get(room.room_id)
        if old == ranked:
            at = bisect_left(self._ranks, ranked)
            if self.entries[at] == room:
                return []
            self.entries[at] = room
            return [Splice(at, 1, 1)]
        splices = [self._take_out(room.room_id)] if old is not None else []
        splices.append(self._insert(ranked, room))
        if len({splice.position for splice in splices}) < len(splices):
            splices = [Splice(splices[0].position, 1, 1)]  # it is newer, and stands where it stood
        self._rank_of[room.room_id] = ranked
        self._counts[section] += 1
        return splices + self._headings()

    def drop(self, room_id: str) -> list[Splice]:
        """Forget a room."""
        if room_id not in self._rank_of:
            return []
        self._count_news(Room(room_id))
        return [self._take_out(room_id), *self._headings()]

    def hold(self, room_id: str) -> list[Splice]:
        """Keep this room where it is though it is read now; let the one that was held go where it belongs."""
        before, at = self._held[0], self.position(room_id)
        if room_id == before:
            return []
        room = None if at is None else self.entries[at]
        self._held = (room_id, urgency(room)) if isinstance(room, Room) else ("", 0)
        at = self.position(before)
        room = None if at is None else self.entries[at]
        return self.put(room) if isinstance(room, Room) else []

    # ------------------------------------------------------------ parts

    def _count_news(self, room: Room) -> None:
        """A room becomes this."""
        if self._news is not None:
            before, after = self.room(room.room_id), news_of(room)
            gone = news_of(before) if before is not None else (0, 0)
            self._news = self._news[0] + after[0] - gone[0], self._news[1] + after[1] - gone[1]

    def _rank(self, room: Room, section: Section) -> _Rank:
        """Where a room stands in its section."""
        urgent = urgency(room)
        if room.room_id == self._held[0]:
            urgent = max(urgent, self._held[1])
        recent = room.last_ts if room.membership is Membership.JOINED else 0
        return section, 1, room.muted, -urgent, -recent, (room.name or room.room_id).casefold(), room.room_id

    def _take_out(self, room_id: str) -> Splice:
        ranked = self._rank_of.pop(room_id)
        at = bisect_left(self._ranks, ranked)
        self._counts[Section(ranked[0])] -= 1
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
        only_joined = not any(count for section, count in self._counts.items() if section is not Section.JOINED)
        for section, count in self._counts.items():
            ranked: _Rank = (section, 0, 0, 0, 0, "", "")
            wanted = Heading(_(HEADINGS[section]), count) if count else None
            if section is Section.JOINED and only_joined:
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
