"""Who types: what the server says lapses after ten seconds, what we say is repeated every five (wschat 3.8, A19)."""

from __future__ import annotations

from typing import Final

LAPSE: Final = 10.0
"""Seconds after which a list of people who type is forgotten, unless it is repeated."""

REPEAT: Final = 5.0
"""Seconds between two repetitions of our own typing."""

MOST_TYPERS: Final = 1_000


class Typers:
    """Who else types, by room."""

    def __init__(self) -> None:
        self._rooms: dict[str, tuple[tuple[str, ...], float]] = {}

    def put(self, room_id: str, users: tuple[str, ...], now: float) -> tuple[str, ...]:
        """Replace a room's list; gives what holds now."""
        users = users[:MOST_TYPERS]
        if users:
            self._rooms[room_id] = (users, now + LAPSE)
        else:
            self._rooms.pop(room_id, None)
        return users

    def drop_user(self, room_id: str, user: str) -> tuple[str, ...] | None:
        """Take somebody who left out of a room's list; gives the list when that changed it."""
        users, ends = self._rooms.get(room_id, ((), 0.0))
        if user not in users:
            return None
        left = tuple(name for name in users if name != user)
        if left:
            self._rooms[room_id] = (left, ends)
        else:
            del self._rooms[room_id]
        return left

    def lapsed(self, now: float) -> list[str]:
        """Give the rooms whose list has not been repeated in time, and forget it."""
        rooms = [room_id for room_id, (_, ends) in self._rooms.items() if now >= ends]
        for room_id in rooms:
            del self._rooms[room_id]
        return rooms

    def clear(self) -> list[str]:
        """Give all rooms where somebody typed, and forget it."""
        rooms = list(self._rooms)
        self._rooms.clear()
        return rooms

    def wake_at(self) -> float | None:
        """Give the time when the next list lapses."""
        return min((ends for _, ends in self._rooms.values()), default=None)


class OwnTyping:
    """In which rooms this user types, and when to say so again."""

    def __init__(self) -> None:
        self._rooms: dict[str, float] = {}

    def put(self, room_id: str, now: float, *, typing: bool) -> bool:
        """Start or stop; says whether the server must be told to stop. A start is told by the next `due`."""
        if not typing:
            return self._rooms.pop(room_id, None) is not None
        self._rooms.setdefault(room_id, now)
        return False

    def due(self, now: float) -> list[str]:
        """Give the rooms for which it is time to tell the server, and count it as told."""
        rooms = [room_id for room_id, at in self._rooms.items() if now >= at]
        for room_id in rooms:
            self._rooms[room_id] = now + REPEAT
        return rooms

    def again(self, now: float) -> None:
        """Tell everything anew: the server is a new one, or has forgotten."""
        self._rooms = dict.fromkeys(self._rooms, now)

    def wake_at(self) -> float | None:
        """Give the time of the next repetition."""
        return min(self._rooms.values(), default=None)
