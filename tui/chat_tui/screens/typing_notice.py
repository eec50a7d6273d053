"""Tell a room that the person writes, and that they stopped: after a pause, on sending, on leaving."""

from __future__ import annotations

import asyncio
from typing import Final

from chat_tui_core.session import Session

__all__ = ["TypingNotice"]

PAUSE: Final = 4.0
"""Seconds without a key after which the person no longer writes."""


class TypingNotice:
    """At most one room is told at a time."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._room_id = ""
        self._timer: asyncio.TimerHandle | None = None

    def writes(self, room_id: str) -> None:
        """A key was pressed in this room's composer."""
        if room_id != self._room_id:
            self.stopped()
            self._room_id = room_id
            if room_id:
                self._session.set_typing(room_id, True)
        if self._timer is not None:
            self._timer.cancel()
        self._timer = asyncio.get_running_loop().call_later(PAUSE, self.stopped) if room_id else None

    def stopped(self) -> None:
        """Nothing is written any more."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._room_id:
            self._session.set_typing(self._room_id, False)
            self._room_id = ""
