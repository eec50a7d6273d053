"""Applies one answer in slices, so that the program can breathe while a large one comes in."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from chat_tui_matrix.protocol.desk import ROOM_FOR_LATER, Desk
from chat_tui_matrix.protocol.parts import Rooms
from chat_tui_matrix.wire.events import SyncReply

MOST_ROOMS: Final = 40
"""Rooms in one slice."""

MOST_EVENTS: Final = 1_500
"""Events in one slice; a room is never divided."""


class Applying:
    """One answer on its way to the rooms. `wall_s` is when it came; its events get their orders from that."""

    def __init__(self, reply: SyncReply, wall_s: int, desk: Desk, rooms: Rooms) -> None:
        self.reply = reply
        self.done = 0
        self._desk = desk
        self._rooms = rooms
        news = any(room.timeline or room.state or room.limited for room in reply.rooms)
        self._base = desk.next_turn(wall_s) if news else desk.turn * ROOM_FOR_LATER

    def slice(self) -> bool:
        """Apply a part; says whether more is left."""
        if not self.done:
            self._begin()
        events, end = 0, min(len(self.reply.rooms), self.done + MOST_ROOMS)
        while self.done < end and events < MOST_EVENTS:
            section = self.reply.rooms[self.done]
            self.done += 1
            events += len(section.timeline) + len(section.state)
            self._apart("a room", lambda: self._rooms.apply(section, self._base), section.room_id)  # noqa: B023
        if self.done < len(self.reply.rooms):
            return True
        self._apart("who is there", lambda: self._rooms.presence(self.reply.presence))
        return False

    def _begin(self) -> None:
        for problem in self.reply.problems:
            self._desk.problem(problem)
        self._apart("the account's data", lambda: self._rooms.account_data(self.reply.account_data))

    def _apart(self, what: str, apply: Callable[[], None], room_id: str = "") -> None:
        """What fails is set aside: neither the rest of the answer nor the loop is lost to it (B5, B22)."""
        try:
            apply()
        except Exception as error:  # noqa: BLE001 - whatever it is, the same answer would bring it again for ever
            self._desk.problem(f"What the server told of {what} was set aside: {type(error).__name__}.", room_id)
