"""Keeps of which rooms it is not known how much is unread, and what came in them since: counts are as of an event."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Final

from chat_tui_core.values import frozen
from chat_tui_matrix.wire.events import RoomSection

Counts = Mapping[str, int]
"""How much is unread: "unread" and "mentions"."""

MOST_NOTED: Final = 200
"""Events of a room that are noted while nobody knows how much of them is unread; then its counts are as good as any."""


_UNKNOWN: Final = ""
"""Stands for the newest event of a room of which none was seen since it is open."""


@frozen
class _AsOf:
    """Counts that include an event which has not come yet."""

    event_id: str
    counts: Counts


class Uncounted:
    """Rooms whose unread counts must be asked for.

    A session counts what arrives, so nothing is asked of a room whose events come one after the other. After a first
    answer, after a gap, and after something was read elsewhere that is not here, only the server knows.
    """

    def __init__(self) -> None:
        self._came: dict[str, list[str]] = {}  # room -> events since its counts are not known, the newest last
        self._asked: set[str] = set()  # rooms that the answer under way is about
        self._everything = False  # it is about every other room as well
        self._as_of: dict[str, _AsOf] = {}

    def __bool__(self) -> bool:
        return bool(self._came)

    def took(self, section: RoomSection, *, elsewhere: bool) -> Counts:
        """Note what a section leaves open; gives the counts as of its last event where they are known.

        `elsewhere`: this user has read up to an event that was not seen in this run.
        """
        room_id = section.room_id
        if section.unread is not None or section.membership != "join":
            self._forget(room_id)
            return _told(section)
        ids = [event.event_id for event in section.timeline]
        as_of = self._as_of.pop(room_id, None) if ids else None  # it can only be the next that comes
        open_ = section.whole or section.limited or elsewhere
        if as_of is not None and as_of.event_id in ids:
            if as_of.event_id == ids[-1] and not open_:
                return as_of.counts
            open_ = True
        if self._everything and room_id not in self._came:
            self._came[room_id] = [_UNKNOWN]
            self._asked.add(room_id)
        if open_:
            self._asked.discard(room_id)
            self._as_of.pop(room_id, None)
            self._came.setdefault(room_id, [])
        came = self._came.get(room_id)
        if came is not None:
            came.extend(ids)
            del came[:-MOST_NOTED]
        return {}

    def asking(self, *, everything: bool = False) -> None:
        """What is asked for now is about the rooms that are open now, or about all there are."""
        self._asked, self._everything = set(self._came), everything
        for room_id, came in self._came.items():
            self._came[room_id] = came[-1:] or [_UNKNOWN]

    def answered(self, sections: Collection[RoomSection]) -> dict[str, Counts]:
        """Take what the server counts: the counts to tell, by room. A room with a newer event than they know stays open.

        A room that is not named has the counts that were told before, or is left.
        """
        found: dict[str, Counts] = {}
        named = {section.room_id: section for section in sections if section.unread is not None}
        if self._everything:
            others = {room_id: [_UNKNOWN] for room_id in named if room_id not in self._came}
            self._came |= others
            self._asked |= others.keys()
        for room_id in [room_id for room_id in self._came if room_id in self._asked]:
            section, came = named.get(room_id), self._came[room_id]
            if section is not None:
                newest = section.timeline[-1].event_id if section.timeline else _UNKNOWN
                if newest != came[-1] and len(came) > 1 and (came[0] == _UNKNOWN or newest in {_UNKNOWN, *came}):
                    continue  # events came that are not counted yet
                if newest not in came:
                    self._as_of[room_id] = _AsOf(newest, _told(section))
                found[room_id] = _told(section)
            del self._came[room_id]
        self.unanswered()
        return found

    def unanswered(self) -> None:
        """Nothing is asked any more."""
        self._asked.clear()
        self._everything = False

    def _forget(self, room_id: str) -> None:
        self._came.pop(room_id, None)
        self._as_of.pop(room_id, None)


def _told(section: RoomSection) -> Counts:
    told = {"unread": section.unread, "mentions": section.mentions}
    return {name: number for name, number in told.items() if number is not None}
