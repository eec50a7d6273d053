"""What is typed to find a room in the list, and the rooms that fit."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Final

from chat_tui.widgets.room_accounts import RoomKey
from chat_tui_core.model import Room

if TYPE_CHECKING:
    from chat_tui.widgets.fuzzy import NameIndex

__all__ = ["FOUND", "RoomFilter"]

FOUND: Final = 200
"""Rooms that are listed at most: whoever looks for one types another letter instead of scrolling on."""


class RoomFilter:
    """The rooms that fit a query, the best first; their names are prepared once, until they change.

    Where there are several accounts, a room is found by the name of its account, too.
    """

    def __init__(self) -> None:
        self.query: str | None = None
        """What is typed after the slash; None: nothing is sought."""
        self.found: list[Room] = []
        self._accounts: list[str] = []
        self._rooms: list[tuple[str, Room]] = []
        self._index: NameIndex | None = None
        self._places: dict[RoomKey, int] = {}

    @property
    def narrows(self) -> bool:
        """Whether only the rooms that fit are listed."""
        return bool(self.query)

    def seek(self, query: str | None, rooms: Callable[[], Iterable[tuple[str, Room]]]) -> None:
        """Take what is typed now; `rooms` gives all there are with their accounts, in the order of the list."""
        self.query = query
        if query is None:
            self.forget_names()
            return
        if self._index is None:
            from chat_tui.widgets.fuzzy import NameIndex

            self._rooms = list(rooms())
            several = len({account for account, _ in self._rooms}) > 1
            self._index = NameIndex(
                f"{room.title} {account}" if several else room.title for account, room in self._rooms
            )
        places = self._index.rank(query, FOUND)
        self.found = [self._rooms[at][1] for at in places]
        self._accounts = [self._rooms[at][0] for at in places]
        self._places = {
            RoomKey(account, room.room_id): position
            for position, (account, room) in enumerate(zip(self._accounts, self.found, strict=True))
        }

    def forget_names(self) -> None:
        """Prepare the names anew before the next search: rooms came, went or are called otherwise."""
        self._index, self._rooms, self.found, self._accounts, self._places = None, [], [], [], {}

    def position(self, key: RoomKey) -> int | None:
        """Where a room stands among those that fit."""
        return self._places.get(key)

    def account_at(self, position: int) -> str:
        """The account of the room at a position among those that fit."""
        return self._accounts[position]

    def put(self, room: Room, account: str) -> int | None:
        """Take what has become of a room whose name is the same; its position if it is among those that fit."""
        position = self._places.get(RoomKey(account, room.room_id))
        if position is not None:
            self.found[position] = room
        return position
