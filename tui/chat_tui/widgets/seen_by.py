"""Who has read one's own messages: each person stands at the newest one that they have read."""

from __future__ import annotations

from bisect import bisect_right, insort
from collections.abc import Mapping
from typing import Final

from chat_tui.strings import _
from chat_tui.widgets.text_layout import cells, clean_line, fit
from chat_tui_core.model import EventKind, RoomEvent

__all__ = ["SeenBy", "said_of_readers"]

SPOKEN: Final = frozenset({EventKind.MESSAGE, EventKind.EMOTE, EventKind.NOTICE, EventKind.FILE})
NAMED: Final = 3
"""Readers whose names are told; of the others it is told how many they are."""
NAME: Final = 16
"""Cells of a name at most."""


class SeenBy:
    """Readers by the loaded messages of one's own; of other people's messages nothing is told.

    Who says something has read what stands above it, whether or not their program tells that.
    """

    def __init__(self, me: str) -> None:
        self._me = me
        self._read: dict[str, int] = {}  # how far people have read, by their ids
        self._own: list[int] = []  # the orders of one's own messages
        self._ids: dict[int, str] = {}  # and their events
        self._at: dict[int, set[str]] = {
            0: set()
        }  # who stands at each; at 0 those who have read none, once there is one
        self._moved: set[int] = set()
        self.told = False
        """Whether it is known how far people have read; before that nothing is told."""

    def note(self, event: RoomEvent) -> None:
        """An event is loaded."""
        if event.sender != self._me:
            if event.order > self._read.get(event.sender, 0):
                self._read_to(event.sender, event.order)
        elif event.kind in SPOKEN and event.order not in self._ids:
            if not self._own:
                self._at[0] = set(self._read)
            below = self._newest(event.order)
            insort(self._own, event.order)
            self._ids[event.order] = event.event_id
            came = self._at[event.order] = {user for user in self._at[below] if self._read[user] >= event.order}
            if came:
                self._at[below] -= came
                self._moved |= {below, event.order}

    def read(self, positions: Mapping[str, int]) -> None:
        """People have read so far, by their ids; nobody goes back."""
        if not self.told:
            self.told = True
            self._moved.update(order for order, users in self._at.items() if users)
        for user, order in positions.items():
            if user != self._me and order > self._read.get(user, 0):
                self._read_to(user, order)

    def hide(self) -> None:
        """Nothing is to be told until `read` is called again."""
        self.told = False
        self._moved.update(order for order, users in self._at.items() if users)

    def take(self) -> list[str]:
        """The events of whose readers something has become known since the last time."""
        moved, self._moved = self._moved, set()
        return [self._ids[order] for order in moved if order in self._ids]

    def readers(self, order: int, names: Mapping[str, str]) -> tuple[str, ...]:
        """What those are called who have read one's own message of this order, and no later one."""
        if not self.told or not (users := self._at.get(order)):
            return ()
        return tuple(sorted(names.get(user) or user for user in users))

    def _read_to(self, user: str, order: int) -> None:
        before = self._read.get(user, 0)
        self._read[user] = order
        if not self._own:
            return
        before, after = self._newest(before), self._newest(order)
        self._at[before].discard(user)
        self._at[after].add(user)
        if before != after:
            self._moved |= {before, after}

    def _newest(self, order: int) -> int:
        """The order of the newest own message at or before that one, 0 without one."""
        at = bisect_right(self._own, order)
        return self._own[at - 1] if at else 0


def said_of_readers(names: tuple[str, ...], width: int) -> str:
    """Who has read a message, in at most `width` cells; less of it where there is less room, "" where there is none."""
    shown = [fit(clean_line(name), NAME) for name in names]
    for named in range(min(NAMED, len(shown)), 0, -1):
        more = f" +{len(shown) - named}" if len(shown) > named else ""
        said = _("read by {names}").format(names=", ".join(shown[:named]) + more)
        if cells(said) <= width:
            return said
    short = _("read by {count}").format(count=len(names))
    return short if names and cells(short) <= width else ""
