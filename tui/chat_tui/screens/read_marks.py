"""Mark what was seen as read: at once where people talk, a few times a second in a flood: there no line costs a write."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

__all__ = ["ReadMarks"]

WINDOW: Final = 1.0
"""Seconds in which there is only a number of marks."""
FREE: Final = 3
"""Marks of one window that are handed on at once; what is seen after them waits for its end."""


class ReadMarks:
    """How far rooms were seen, handed on.

    `mark` takes a room and how far it was read; `later` has a callable called after so many seconds.
    """

    def __init__(self, mark: Callable[[str, int], None], later: Callable[[float, Callable[[], None]], object]) -> None:
        self._mark = mark
        self._later = later
        self._seen: dict[str, int] = {}
        self._free = FREE

    def seen(self, room_id: str, order: int) -> None:
        """The person has seen a room up to this order."""
        self._seen[room_id] = order
        if self._free:
            self._hand_on()

    def flush(self) -> None:
        """Hand on what was seen, now."""
        seen, self._seen = self._seen, {}
        for room_id, order in seen.items():
            self._mark(room_id, order)

    def _hand_on(self) -> None:
        self.flush()
        if self._free == FREE:
            self._later(WINDOW, self._window_ends)
        self._free -= 1

    def _window_ends(self) -> None:
        self._free = FREE
        if self._seen:
            self._hand_on()
