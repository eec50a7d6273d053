"""What is told and never stored: that this user types, and whether this user is there."""

from __future__ import annotations

from functools import partial
from typing import Final

from chat_tui_core.contract import Link
from chat_tui_core.model import Presence
from chat_tui_core.safe_text import one_line
from chat_tui_core.values import slotted
from chat_tui_matrix.protocol.desk import Desk
from chat_tui_matrix.protocol.replies import Declined, Given, Later, judge
from chat_tui_matrix.wire import paths
from chat_tui_matrix.wire.calls import Reply

TYPING_MS: Final = 20_000
"""Milliseconds after which the server forgets that we type, unless it is told again."""

TYPING_REPEAT: Final = 15.0
"""Seconds between two repetitions: five before it would lapse."""

PRESENCE_PAUSE: Final = 10.0
"""Seconds before presence is told again after it could not be told."""

STATUS_LIMIT: Final = 200

_WORDS: Final = {Presence.ONLINE: "online", Presence.IDLE: "unavailable", Presence.OFFLINE: "offline"}


@slotted
class _Room:
    """`on`: we type there. `told`: what the server was told last. `call` is under way, 0 = none."""

    on: bool = False
    told: bool = False
    call: int = 0
    again_at: float = 0.0


class OwnTyping:
    """In which rooms this user types. Never more than one request at a time for a room; nothing outlives the link."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._rooms: dict[str, _Room] = {}
        self._held_until = 0.0

    def put(self, room_id: str, now: float, *, typing: bool) -> None:
        """Start or stop; what was started is repeated until it is stopped."""
        if self._desk.link is not Link.ONLINE:
            return
        room = self._rooms.setdefault(room_id, _Room())
        if typing and not room.told:
            room.again_at = now
        room.on = typing
        self._pump(room_id, now)

    def tick(self, now: float) -> None:
        """Repeat what is due; forget everything where the link is down."""
        if self._desk.link is not Link.ONLINE:
            self.lost()
            return
        for room_id in list(self._rooms):
            self._pump(room_id, now)

    def lost(self) -> None:
        """The link broke: the server forgets by itself."""
        for room in self._rooms.values():
            self._desk.hang_up(room.call)
        self._rooms.clear()

    def wake_at(self) -> float | None:
        """Give the time of the next repetition."""
        times = (room.again_at for room in self._rooms.values() if room.on and not room.call)
        first = min(times, default=None)
        return None if first is None else max(first, self._held_until)

    def _pump(self, room_id: str, now: float) -> None:
        room = self._rooms[room_id]
        if room.call:
            return
        if not room.on and (not room.told or now < self._held_until):
            del self._rooms[room_id]  # a stop that may not leave is left to the server's own clock
        elif not room.on or now >= max(room.again_at, self._held_until):
            room.told, room.again_at = room.on, now + TYPING_REPEAT
            request = paths.typing(room_id, self._desk.me, room.on, TYPING_MS)
            room.call = self._desk.call(request, partial(self._replied, room_id, room))

    def _replied(self, room_id: str, room: _Room, reply: Reply, now: float) -> None:
        room.call = 0
        verdict = judge(reply)
        if isinstance(verdict, Later) and verdict.seconds is not None:
            self._held_until = now + verdict.seconds
        if isinstance(verdict, Declined):
            room.on = room.told = False  # refused for good, as after leaving the room
        elif not isinstance(verdict, Given):
            room.told = room.told and room.on
        elif room.on != room.told:
            room.again_at = now
        self._pump(room_id, now)


class OwnPresence:
    """Whether this user is there. The last word holds; it is told again after a reconnect."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._wanted: tuple[str, str] | None = None
        self._told: tuple[str, str] | None = None
        self._call = 0
        self._again_at = 0.0

    @property
    def word(self) -> str:
        """What a sync must say for itself so as not to contradict it (set_presence); "" while nothing was said."""
        return self._wanted[0] if self._wanted else ""

    def put(self, presence: Presence, text: str, now: float) -> None:
        """This holds from now on."""
        if presence in _WORDS:
            self._wanted = (_WORDS[presence], one_line(text, STATUS_LIMIT))
            self.tick(now)

    def tick(self, now: float) -> None:
        """Tell it when it is new and the server's pause is over."""
        if self._desk.link is not Link.ONLINE:
            self.lost()
        elif self._wanted and self._wanted != self._told and not self._call and now >= self._again_at:
            request = paths.presence(self._desk.me, *self._wanted)
            self._call = self._desk.call(request, partial(self._replied, self._wanted))

    def lost(self) -> None:
        """The link broke: say it anew when it is back."""
        self._desk.hang_up(self._call)
        self._told, self._call = None, 0

    def wake_at(self) -> float | None:
        """Give the time when it may be told; None = nothing is to be told."""
        waiting = self._wanted is not None and self._wanted != self._told and not self._call
        return self._again_at if waiting and self._desk.link is Link.ONLINE else None

    def _replied(self, said: tuple[str, str], reply: Reply, now: float) -> None:
        self._call = 0
        match judge(reply):
            case Given() | Declined():  # a server without presence refuses it: it is not asked again for the same
                self._told = said
            case Later(seconds=float() as seconds):
                self._again_at = now + max(seconds, 1.0)
            case _:
                self._again_at = now + PRESENCE_PAUSE
        self.tick(now)
