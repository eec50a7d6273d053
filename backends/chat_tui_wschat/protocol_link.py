"""The link to the server as data: what HELLO offers, what a close code means, when to try again."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto
from typing import Final

from chat_tui_core.contract import Capability
from chat_tui_core.safe_text import one_line
from chat_tui_wschat.protocol_fields import Data, names

EVENT_TYPES: Final = ("channel", "user", "message", "presence", "typing", "file")
"""Event types that this client knows, in the order in which it declares them (wschat 3.3)."""

PROTOCOL: Final = "wschat-ie/1"

DELAYS: Final = (1.0, 2.0, 4.0, 8.0, 16.0, 30.0)
"""Seconds before each next try; the last one holds for all further tries (wschat 3.6)."""

JITTER: Final = 0.2
STABLE_AFTER: Final = 60.0
"""Seconds of being online after which the tries are counted from the start again (wschat 3.6)."""

MAX_WAIT: Final = 600.0
"""Seconds that a server may ask us to wait at most."""

REASON_LIMIT: Final = 120


def _clamped(data: Data, key: str, default: float, low: float, high: float) -> float:
    value = data.get(key)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return default
    return float(min(max(value, low), high))


@dataclass(frozen=True, slots=True)
class Limits:
    """What HELLO offers, with hostile values clamped and absent ones at wschat 3.8's defaults. Sizes are bytes.

    `burst` commands may be sent at once, `refill` a second on and on: 120 in 60 s. At most `window` chunks of a file, each
    of at most `max_chunk` bytes, are on their way beyond the last acknowledged one.
    """

    heartbeat: float = 30.0
    auth_timeout: float = 10.0
    max_frame: int = 65_536
    max_text: int = 4_000
    max_history: int = 100
    burst: float = 120.0
    refill: float = 2.0
    max_chunk: int = 131_072
    window: int = 32
    events: tuple[str, ...] = ()
    caps: frozenset[str] | None = None


def read_hello(data: Data) -> Limits:
    """Give the limits of a HELLO; keys that are not known are read over."""
    offered = names(data, "events", 64)
    return Limits(
        heartbeat=_clamped(data, "heartbeat", 30_000, 100, 600_000) / 1000,
        auth_timeout=_clamped(data, "auth_timeout", 10, 1, 120),
        max_frame=int(_clamped(data, "max_frame", 65_536, 1_024, 1 << 20)),
        max_text=int(_clamped(data, "max_text", 4_000, 1, 1 << 20)),
        max_history=int(_clamped(data, "max_history", 100, 1, 1_000)),
        burst=_clamped(data, "commands", 120, 10, 1_000_000),
        refill=_clamped(data, "refill", 2, 0.1, 1_000_000),
        max_chunk=int(_clamped(data, "max_chunk", 131_072, 1, 1 << 19)),
        window=int(_clamped(data, "window", 32, 1, 64)),
        events=tuple(kind for kind in EVENT_TYPES if kind in offered),
        caps=frozenset(names(data, "caps", 64)) if isinstance(data.get("caps"), list) else None,
    )


_ALWAYS: Final = frozenset(
    {
        Capability.SEND,
        Capability.HISTORY,
        Capability.CREATE,
        Capability.DELETE,
        Capability.JOIN,
        Capability.INVITE,
        Capability.KICK,
        Capability.TOPIC,
        Capability.READ,
        Capability.DIRECTORY,
        Capability.CONTIGUOUS,
    }
)
_CHAT: Final = frozenset({Capability.EDIT, Capability.REDACT, Capability.REACT, Capability.REPLY})
_BY_EVENT: Final = {"typing": Capability.TYPING, "presence": Capability.PRESENCE, "file": Capability.FILES}

ALL_CAPABILITIES: Final = _ALWAYS | _CHAT | frozenset(_BY_EVENT.values())
"""What this backend can do with a server that offers everything."""


def capabilities(limits: Limits) -> frozenset[Capability]:
    """Give what can be done with a server of these limits; one that lists no caps is taken to have them all."""
    chat = _CHAT if limits.caps is None or "chat" in limits.caps else frozenset()
    return _ALWAYS | chat | {able for kind, able in _BY_EVENT.items() if kind in limits.events}


class Next(Enum):
    """What follows a closed socket."""

    RETRY = auto()  # after the back-off
    WAIT = auto()  # after the time that the server names
    ONCE = auto()  # one more try, then stop
    STOP = auto()  # the person must act


CLOSES: Final = {
    1000: (Next.STOP, "the server ended the session"),
    1001: (Next.RETRY, "the server is going away"),
    1003: (Next.STOP, "the server does not take binary messages; please report this as a fault of the program"),
    1006: (Next.RETRY, "the connection broke"),
    1007: (Next.STOP, "the server found invalid text; please report this as a fault of the program"),
    1009: (Next.STOP, "a frame was over the size limit; please report this as a fault of the program"),
    1011: (Next.RETRY, "the server has a fault"),
    1012: (Next.RETRY, "the server is restarting"),
    1013: (Next.RETRY, "the server is too busy"),
    4000: (Next.STOP, "wrong password or token"),
    4001: (Next.WAIT, "the server asks to slow down"),
    4002: (Next.STOP, "the server wants another version of this program"),
    4003: (Next.ONCE, "signing in took too long"),
    4004: (Next.RETRY, "the connection was too slow"),
    4005: (Next.STOP, "this account was opened elsewhere; connect again to take it back here"),
    4006: (Next.RETRY, "the server missed our heartbeat"),
}
"""Close code -> what follows, and the words for it (wschat 3.7)."""


def closing(code: int, reason: str) -> tuple[Next, str]:
    """Give what follows a close code and one phrase for people; codes that are not known are tried again."""
    follows, words = CLOSES.get(code, (Next.RETRY, f"the connection was closed with code {code}"))
    said = one_line(reason, REASON_LIMIT)
    if said and code != 4001 and said.casefold() not in words.casefold():
        words = f"{words} ({said})"
    return follows, words


def retry_after(reason: str) -> float:
    """Give the seconds in the reason of close code 4001, `{"retry_after":s}`, from 1 to MAX_WAIT; 30 when there are none."""
    try:
        data = json.loads(reason)
    except (ValueError, RecursionError):
        data = None
    return _clamped(data if isinstance(data, dict) else {}, "retry_after", 30, 1, MAX_WAIT)


class Backoff:
    """How long to wait before the next try. `rng` gives a number from 0 to below 1."""

    def __init__(self, rng: Callable[[], float]) -> None:
        self._rng = rng
        self.attempt = 0

    def reset(self) -> None:
        """Count the tries from the start again."""
        self.attempt = 0

    def next(self) -> float:
        """Give the seconds to wait, with 20 % jitter to either side, and count one try."""
        delay = DELAYS[min(self.attempt, len(DELAYS) - 1)]
        self.attempt += 1
        return delay * (1 + JITTER * (2 * self._rng() - 1))


class Beat(Enum):
    """What a heartbeat asks for now."""

    NOTHING = auto()
    PING = auto()
    DEAD = auto()


class Heartbeat:
    """When to PING, and when the other side counts as gone (wschat 3.8): no PONG for one heartbeat."""

    PROBE: Final = 5.0
    """Seconds to answer after the clock jumped (a suspended laptop), when the socket is probably dead."""

    def __init__(self, interval: float, now: float, first: float) -> None:
        """Beat every `interval` seconds; the first one after the part `first` (0 to 1) of it."""
        self._interval = interval
        self._next = now + interval * first
        self._due = 0.0
        self._awaited: int | None = None

    def tick(self, now: float, num: int) -> Beat:
        """Say what to do now; PING means: send PING `num`."""
        at = self.wake_at()
        if now < at:
            return Beat.NOTHING
        jumped = now - at > self._interval
        if self._awaited is not None and not jumped:
            return Beat.DEAD
        self._awaited = num
        self._next = now + self._interval
        self._due = now + (min(self._interval, self.PROBE) if jumped else self._interval)
        return Beat.PING

    def pong(self, num: int) -> bool:
        """Take a PONG; False when it answers nothing that was asked."""
        if num != self._awaited:
            return False
        self._awaited = None
        return True

    def wake_at(self) -> float:
        """Give the time of the next beat or of the end of the other side's time."""
        return self._next if self._awaited is None else self._due


class Pace:
    """How fast commands may leave, so that the server's limit (wschat 3.8) is not met; a little below it."""

    SHARE: Final = 0.8
    """The part of the server's limit that is used: its clock and ours, and what the handshake takes, differ."""

    def __init__(self, limits: Limits, now: float) -> None:
        self._most = max(1.0, limits.burst * self.SHARE)
        self._rate = limits.refill * self.SHARE
        self._left = self._most
        self._at = now
        self._held_until = now

    def _refill(self, now: float) -> None:
        self._left = min(self._most, self._left + max(0.0, now - self._at) * self._rate)
        self._at = max(self._at, now)

    def take(self, now: float) -> bool:
        """Use up one command; False when it must wait until `ready_at`."""
        self._refill(now)
        if now < self._held_until or self._left < 1:
            return False
        self._left -= 1
        return True

    def spend(self, now: float) -> None:
        """Count a command that leaves in any case, such as those of the handshake."""
        self._refill(now)
        self._left = max(0.0, self._left - 1)

    def hold(self, until: float) -> None:
        """Let nothing leave before this time: the server said so."""
        self._held_until = max(self._held_until, until)

    @property
    def ready_at(self) -> float:
        """The time from which `take` succeeds."""
        if self._left >= 1:
            return self._held_until
        # A hair later, so that rounding never finds a little less than one command there.
        return max(self._held_until, self._at + (1 - self._left) / self._rate + 0.001)
