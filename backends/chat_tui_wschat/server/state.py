"""What the rules hold in memory: users, channels, devices, sessions and sockets."""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections import deque
from dataclasses import dataclass, field
from typing import Final

from chat_tui_wschat.frames import Command
from chat_tui_wschat.server.limits import Meter
from chat_tui_wschat.server.outgoing import Frame

TAIL: Final = 2000
"""Newest items of a channel whose authors are in memory; unread messages are counted among these."""

UNREAD_MAX: Final = 1000
"""The largest number of unread messages that a list tells."""


class IdRanges:
    """The action ids that a device has settled, as ranges low..high in ascending order."""

    __slots__ = ("highs", "lows")

    def __init__(self) -> None:
        self.lows: list[int] = []
        self.highs: list[int] = []

    def __contains__(self, number: int) -> bool:
        index = bisect_right(self.lows, number) - 1
        return index >= 0 and number <= self.highs[index]

    @property
    def last(self) -> int:
        """The highest settled id, 0 if there is none."""
        return self.highs[-1] if self.highs else 0

    def add(self, number: int) -> tuple[int, int, tuple[int, ...]]:
        """Settle an id; give the range that now holds it and the beginnings of the ranges that it took in."""
        index = bisect_right(self.lows, number)
        low = high = number
        first = index
        absorbed: list[int] = []
        if index and self.highs[index - 1] >= number - 1:
            first -= 1
            low, high = self.lows[first], max(number, self.highs[first])
        if index < len(self.lows) and self.lows[index] == high + 1:
            high = self.highs[index]
            absorbed.append(self.lows[index])
            index += 1
        self.lows[first:index] = [low]
        self.highs[first:index] = [high]
        return low, high, tuple(absorbed)


@dataclass(slots=True, eq=False)
class Device:
    """One device of one user: which action ids it has settled, and how many since the start. Outlives its sessions."""

    user: User
    name: str
    ids: IdRanges = field(default_factory=IdRanges)
    settled: int = 0


@dataclass(slots=True, eq=False)
class User:
    """A person with an account."""

    number: int
    name: str
    password: str = field(repr=False)
    channels: dict[str, Channel] = field(default_factory=dict)
    devices: dict[str, Device] = field(default_factory=dict)
    tokens: dict[str, bytes] = field(default_factory=dict, repr=False)
    sessions: list[Session] = field(default_factory=list)
    state: str = "offline"
    note: str = ""
    changed_at: float = 0.0


@dataclass(frozen=True, slots=True)
class Last:
    """The newest spoken item of a channel, for lists: `text` is cut, "" when the item was deleted."""

    pos: int
    sender: str
    ts: int
    text: str


@dataclass(slots=True, eq=False)
class Channel:
    """A channel: who is in it and where its timeline stands. Items are in the storage.

    `members` is by user name, `reads` (positions read up to) and `authors` by user number. `online` holds the
    sessions of members, `typing` until when somebody's sign of typing lasts. `authors` says who spoke at the newest positions, 0 where nobody did; the last is `head`.
    """

    number: int
    name: str
    topic: str
    creator: int
    private: bool
    locked: bool
    base: int
    head: int
    members: dict[str, User] = field(default_factory=dict)
    invited: dict[str, User] = field(default_factory=dict)
    online: dict[Session, None] = field(default_factory=dict)
    reads: dict[int, int] = field(default_factory=dict)
    typing: dict[str, float] = field(default_factory=dict)
    typing_told: float = 0.0
    authors: array[int] = field(default_factory=lambda: array("I"))
    last: Last | None = None

    @property
    def direct(self) -> bool:
        """Whether this is a conversation of two (wschat 3.12)."""
        return self.name[0] == "@"

    def sees(self, user: User) -> bool:
        """Whether the channel exists as far as this user can tell (wschat 3.12)."""
        if self.direct:
            return user.name in self.name[1:].split("+")
        return not self.private or user.name in self.members or user.name in self.invited

    def moderated_by(self, user: User) -> bool:
        """Whether this user is the channel's moderator: the one who created it."""
        return user.number == self.creator

    def added(self, author: int) -> None:
        """Note who spoke at the new head, 0 for an item that nobody spoke."""
        self.authors.append(author)
        if len(self.authors) > 2 * TAIL:
            del self.authors[:TAIL]

    def silenced(self, pos: int) -> None:
        """Note that the message at `pos` was deleted, so that it no longer counts as unread."""
        index = len(self.authors) - 1 - (self.head - pos)
        if index >= 0:
            self.authors[index] = 0

    def unread(self, user: User) -> int:
        """Messages by others after this user's read position, as far as TAIL and UNREAD_MAX go."""
        new = min(self.head - self.reads.get(user.number, 0), len(self.authors))
        if new <= 0:
            return 0
        tail = self.authors[-new:]
        return min(UNREAD_MAX, new - tail.count(0) - tail.count(user.number))


@dataclass(slots=True, eq=False)
class Socket:
    """One WebSocket as the rules see it: what it is bound to and what waits to be sent on it."""

    number: int
    address: str
    meter: Meter
    heard_at: float
    session: Session | None = None
    closed: bool = False
    signed: bool = False
    """It has, or had, a session."""
    failures: int = 0
    asked: bool = False
    """A PING was sent and nothing was heard since."""
    out: list[Frame] = field(default_factory=list)
    busy: bool = False
    """A frame of this socket waits for the storage or for a password check; later ones wait in `backlog`."""
    backlog: deque[str | bytes] | None = None
    signing: Command | None = field(default=None, repr=False)


@dataclass(slots=True, eq=False)
class Session:
    """One sign-in of one device; outlives its socket for a while (wschat 3.2).

    `tagged`: its first frame had an id, so its events carry seq and id and it can be resumed. `replay` holds the
    newest sequenced events without their seq, as bodies or (body, id), the last one being number `seq`.
    """

    sid: str = field(repr=False)
    user: User
    device: Device
    tagged: bool
    replay: deque[str | tuple[str, int]]
    heard_at: float
    meter: Meter
    socket: Socket | None = None
    intents: int = 0
    seq: int = 0
    detached_at: float = 0.0
    state: str = "online"
    note: str = ""

    def acknowledge(self, seq: int) -> None:
        """Forget events up to and including `seq`: the client has them."""
        surplus = len(self.replay) - (self.seq - min(seq, self.seq))
        for _ in range(surplus):
            self.replay.popleft()


@dataclass(slots=True)
class Gate:
    """How often one address gave wrong credentials, and when last."""

    failures: int
    at: float
