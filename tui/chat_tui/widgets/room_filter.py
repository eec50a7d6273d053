"""What is typed to find a room in the list: the line above the list, and the rooms that fit."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from chat_tui.widgets.fuzzy import NameIndex
from chat_tui.widgets.text_layout import clean_line
from chat_tui.widgets.text_line import TextLine
from chat_tui_core.model import Room

__all__ = ["FilterLine", "RoomFilter"]

FOUND: Final = 200
"""Rooms that are listed at most: whoever looks for one types another letter instead of scrolling on."""


class FilterLine(TextLine):
    """Shows what is typed, and how many rooms fit."""

    DEFAULT_CSS = """
    FilterLine { padding: 0 1; background: $surface; display: none; }
    """

    def tell(self, query: str | None, found: int) -> None:
        """Show this; None: nothing is sought."""
        self.display = query is not None
        if query is not None:
            count = f"{found}" if found < FOUND else f"{FOUND}+"
            self.show([("/", "$accent bold"), (clean_line(query), ""), ("▏", "$accent")], [(count, "dim")])


class RoomFilter:
    """The rooms that fit a query, the best first; their names are prepared once, until they change."""

    def __init__(self) -> None:
        self.query: str | None = None
        """What is typed after the slash; None: nothing is sought."""
        self.found: list[Room] = []
        self._rooms: list[Room] = []
        self._index: NameIndex | None = None
        self._places: dict[str, int] = {}

    @property
    def narrows(self) -> bool:
        """Whether only the rooms that fit are listed."""
        return bool(self.query)

    def seek(self, query: str | None, rooms: Callable[[], list[Room]]) -> None:
        """Take what is typed now; `rooms` gives all there are, in the order of the list."""
        self.query = query
        if query is None:
            self.forget_names()
            return
        if self._index is None:
            self._rooms = rooms()
            self._index = NameIndex(room.title for room in self._rooms)
        self.found = [self._rooms[at] for at in self._index.rank(query, FOUND)]
        self._places = {room.room_id: position for position, room in enumerate(self.found)}

    def forget_names(self) -> None:
        """Prepare the names anew before the next search: rooms came, went or are called otherwise."""
        self._index, self._rooms, self.found, self._places = None, [], [], {}

    def position(self, room_id: str) -> int | None:
        """Where a room stands among those that fit."""
        return self._places.get(room_id)

    def put(self, room: Room) -> int | None:
        """Take what has become of a room whose name is the same; its position if it is among those that fit."""
        position = self._places.get(room.room_id)
        if position is not None:
            self.found[position] = room
        return position
