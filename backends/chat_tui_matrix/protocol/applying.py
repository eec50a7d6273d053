"""Applies one answer in slices, so that the program can breathe while a large one comes in."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Final

from chat_tui_matrix.protocol.desk import ROOM_FOR_LATER, Desk
from chat_tui_matrix.protocol.parts import Rooms
from chat_tui_matrix.wire.events import RoomSection, SyncReply

MOST_ROOMS: Final = 40
"""Rooms that are looked at ahead, to read what is stored of them in one go; between two looks progress is told."""

MOST_EVENTS: Final = 150
"""Events in one slice, which takes some milliseconds; a room is never divided."""


class Applying:
    """One answer on its way to the rooms. `wall_s` is when it came; its events get their orders from that.

    `told` are the rooms of which all was applied; `rested`: that many are a good number to tell of.
    """

    def __init__(self, reply: SyncReply, wall_s: int, desk: Desk, rooms: Rooms) -> None:
        self.reply = reply
        self.told: list[str] = []
        self.rested = False
        self._begun = False
        self._next = 0
        self._ahead: deque[RoomSection] = deque()
        self._desk = desk
        self._rooms = rooms
        news = any(room.timeline or room.state or room.limited for room in reply.rooms)
        self._base = desk.next_turn(wall_s) if news else desk.turn * ROOM_FOR_LATER

    def slice(self) -> bool:
        """Apply a part; says whether more is left."""
        if not self._begun:
            self._begin()
        if not self._ahead:
            self._look_ahead()
        events = 0
        while self._ahead and events < MOST_EVENTS:
            section = self._ahead.popleft()
            events += 1 + len(section.timeline) + len(section.state)
            self._apart("a room", lambda: self._rooms.apply(section, self._base), section.room_id)  # noqa: B023
            self.told.append(section.room_id)
        self.rested = not self._ahead
        if self._ahead or self._next < len(self.reply.rooms):
            return True
        self._rooms.expect(())
        self._apart("who is there", lambda: self._rooms.presence(self.reply.presence))
        return False

    def _look_ahead(self) -> None:
        self._ahead.extend(self.reply.rooms[self._next : self._next + MOST_ROOMS])
        self._next += len(self._ahead)
        self._rooms.expect(self._ahead)

    def _begin(self) -> None:
        self._begun = True
        for problem in self.reply.problems:
            self._desk.problem(problem)
        self._apart("the account's data", lambda: self._rooms.account_data(self.reply.account_data))

    def _apart(self, what: str, apply: Callable[[], None], room_id: str = "") -> None:
        """What fails is set aside: neither the rest of the answer nor the loop is lost to it (B5, B22)."""
        try:
            apply()
        except Exception as error:  # noqa: BLE001 - whatever it is, the same answer would bring it again for ever
            self._desk.problem(f"What the server told of {what} was set aside: {type(error).__name__}.", room_id)
