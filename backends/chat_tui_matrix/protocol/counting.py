"""Asks how much is unread where the way of syncing does not tell: by a small plain sync beside it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, Protocol

from chat_tui_core.contract import Link
from chat_tui_matrix.protocol.desk import Desk
from chat_tui_matrix.protocol.replies import Declined, Given, Later, judge
from chat_tui_matrix.protocol.uncounted import Counts, Uncounted
from chat_tui_matrix.wire import paths
from chat_tui_matrix.wire.calls import Reply
from chat_tui_matrix.wire.events import SyncReply

PAUSES: Final = (1.0, 2.0, 4.0, 8.0, 16.0, 60.0)
"""Seconds before counts that could not be had, or were of a moment ago, are asked for again; the last one holds."""

_NONE: Final[dict[str, Any]] = {"types": []}
COUNTS_ONLY: Final[dict[str, Any]] = {
    "account_data": _NONE,
    "presence": _NONE,
    "room": {
        "account_data": _NONE,
        "state": _NONE,
        "ephemeral": {"types": ["m.receipt"]},
        "timeline": {"limit": 1},
    },
}
"""A filter with which a sync tells of each room how much is unread and as of which event.

Without receipts a room in which only something was read would not be named.
"""


def _nothing(_now: float) -> None:
    """Nobody waits for the answer."""


class CountedRooms(Protocol):
    """What counting needs to know of the rooms."""

    @property
    def uncounted(self) -> Uncounted:
        """Those of which it is not known how much is unread."""

    def counted(self, room_id: str, counts: Counts) -> None:
        """Say how much is unread."""


class Counting:
    """Asks when the rooms have something open, one request at a time.

    The first one is for all rooms and may take the server seconds; later ones go on from `token`, which is kept with
    the position, and are about what has changed since.
    """

    def __init__(self, desk: Desk, rooms: CountedRooms) -> None:
        self.token = ""
        self._desk = desk
        self._rooms = rooms
        self._call = 0
        self._vain = 0  # answers in a row after which something was still open
        self._asked = 0
        self._not_before = 0.0
        self._refused = False
        self._then: Callable[[float], None] = _nothing

    @property
    def wanted(self) -> bool:
        """Whether something is to be asked: nothing was ever counted, or something is open. Nothing is under way."""
        return not (self._call or self._refused) and (bool(self._rooms.uncounted) or not self.token)

    def ask(self, now: float, then: Callable[[float], None] = _nothing) -> None:
        """Ask now; `then` is called when that has ended, well or not."""
        self._rooms.uncounted.asking(everything=not self.token)
        # A server may repeat an answer to equal questions for minutes; the waiting time, without meaning for a whole
        # answer, differs.
        self._asked += 1
        timeout_ms = 0 if self.token else self._asked
        request = paths.sync(self.token, timeout_ms, COUNTS_ONLY, set_presence="offline")
        self._then = then
        self._call = self._desk.call(request, self._replied)

    def tick(self, now: float) -> None:
        """Ask what is wanted, after the pause."""
        if self._desk.link is Link.ONLINE and self.wanted and now >= self._not_before:
            self.ask(now)

    def lost(self) -> None:
        """The link broke: ask again when it is back."""
        self._desk.hang_up(self._call)
        self._rooms.uncounted.unanswered()
        self._call, self._not_before, self._then = 0, 0.0, _nothing

    def wake_at(self) -> float | None:
        """When `tick` must be called at the latest; 0 = at once."""
        return self._not_before if self._desk.link is Link.ONLINE and self.wanted else None

    def _replied(self, reply: Reply, now: float) -> None:
        self._call = 0
        verdict, uncounted = judge(reply), self._rooms.uncounted
        asked = 0.0
        if isinstance(verdict, Given) and isinstance(verdict.value, SyncReply):
            self.token = verdict.value.since
            for room_id, counts in uncounted.answered(verdict.value.rooms).items():
                self._rooms.counted(room_id, counts)
            self._vain = self._vain + 1 if uncounted else 0
        else:
            uncounted.unanswered()
            self._vain += 1
            if isinstance(verdict, Declined):
                # A token that is refused is worth nothing; what is refused without one, the server cannot do.
                self._refused = not self.token
                self.token = ""
            elif isinstance(verdict, Later):
                asked = verdict.seconds or 0.0
        pause = PAUSES[min(self._vain, len(PAUSES)) - 1] if self._vain else 0.0
        self._not_before = now + max(pause, asked)
        then, self._then = self._then, _nothing
        then(now)
