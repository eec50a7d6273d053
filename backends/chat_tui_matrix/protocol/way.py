"""What the three ways of syncing have in common: the next request, and what its answer means."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from enum import Enum, auto
from typing import Any, Final, Protocol

from chat_tui_core.contract import Capability
from chat_tui_core.values import frozen
from chat_tui_matrix.wire.calls import LONG, Answer, Refusal, Request
from chat_tui_matrix.wire.events import MatrixEvent, RoomSection, SyncReply

POLL_MS: Final = 30_000
"""Milliseconds that the server may hold an answer back until something happens (S2)."""

GRACE: Final = 30.0
"""Seconds beyond that after which a poll counts as failed."""

FIRST_LIMIT: Final = 20
"""Events of each room that a first sync brings, whichever way.

No answer brings fewer where there are more, so what is stored of a room ends in as many events without a hole. A room
that is told of afresh therefore overlaps with that, and none of its events is older than a hole.
"""

_TOKEN: Final = re.compile(r"token|stream|since|pos\b|'from'", re.IGNORECASE)
UNRECOGNIZED: Final = "M_UNRECOGNIZED"
_TOKEN_CODES: Final = frozenset({"M_UNKNOWN", "M_INVALID_PARAM", "M_BAD_JSON"})


class Verdict(Enum):
    """What an answer means that brings nothing to apply."""

    MORE = auto()  # ask for the next request at once
    FAILED = auto()  # try the same again later
    FORGOTTEN = auto()  # the server does not know the token: a first sync again
    ABSENT = auto()  # the server does not offer this way


@frozen
class Poll:
    """A request of a way, and the seconds after which it counts as failed."""

    request: Request
    seconds: float


class Way(Protocol):
    """One way of syncing. It knows its token; a lost answer is asked for again by the same request."""

    mode: str
    """What it is called in a position and in the account's options."""

    key: str
    """What its token is called in a position."""

    counts: bool
    """Whether its answers tell how much is unread."""

    note: str
    """What is worth telling the person about it."""

    lacks: frozenset[Capability]
    """What cannot be had this way."""

    def begin(self, token: str) -> None:
        """Go on from a stored token, or start a first sync with ""; what was gathered is forgotten."""

    def next(self, *, wait: bool, presence: str) -> Poll:
        """Give the next request. `wait`: the server may hold its answer back until something happens.

        `presence` is what the request must say of this user where it says something; "" for the server's own guess.
        """

    def take(self, answer: Answer) -> SyncReply | Verdict:
        """Take the answer to it: what is to be applied now, or why there is nothing to apply."""

    @property
    def token(self) -> str:
        """The token of the newest answer; "" before the first."""

    @property
    def whole(self) -> bool:
        """Whether every room has been told of."""

    @property
    def behind(self) -> bool:
        """Whether the newest answer was full, so that more of what was missed is to come."""


def long_poll(request: Request, timeout_ms: int) -> Poll:
    """A request for what is new since a token."""
    return Poll(request, timeout_ms / 1000 + GRACE)


def first_poll(request: Request) -> Poll:
    """A request for everything: it is the server's own work that lasts."""
    return Poll(request, LONG)


def verdict(answer: Answer, token: str) -> Verdict:
    """What it means that an answer is no SyncReply."""
    refusal = answer.value
    if not isinstance(refusal, Refusal):
        return Verdict.FAILED
    if answer.status in {404, 405} and (refusal.code == UNRECOGNIZED or not (refusal.code or token)):
        return Verdict.ABSENT
    lost = refusal.code in _TOKEN_CODES and answer.status == 400 and _TOKEN.search(refusal.text)
    if token and (refusal.code == "M_UNKNOWN_POS" or lost):
        return Verdict.FORGOTTEN
    return Verdict.FAILED


_MEMBERSHIPS: Final = {"join": "join", "invite": "invite", "knock": "knock", "leave": "leave", "ban": "leave"}


def own_memberships(section: RoomSection, me: str) -> Iterator[tuple[str, MatrixEvent]]:
    """How we stand to a room after each of our own member events, in order: join, invite, knock or leave."""
    for event in (*section.state, *section.timeline):
        if event.type == "m.room.member" and event.state_key == me:
            said: Any = event.content.get("membership")
            if isinstance(said, str) and said in _MEMBERSHIPS:
                yield _MEMBERSHIPS[said], event


def with_membership(sections: Sequence[RoomSection], me: str) -> tuple[RoomSection, ...]:
    """Sections of an answer that does not sort its rooms: how we stand to each is told by our own member events."""
    told = {section.room_id: said for section in sections for said, _ in own_memberships(section, me)}
    return tuple(section.__replace__(membership=told.get(section.room_id, section.membership)) for section in sections)
