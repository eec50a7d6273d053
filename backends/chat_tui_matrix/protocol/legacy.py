"""The legacy way: /initialSync, then /events, which misses nothing but tells little of rooms that we come to."""

from __future__ import annotations

from typing import Any, Final

from chat_tui_core.contract import Capability
from chat_tui_matrix.protocol.way import (
    FIRST_LIMIT,
    POLL_MS,
    Poll,
    Verdict,
    first_poll,
    long_poll,
    own_memberships,
    verdict,
    with_membership,
)
from chat_tui_matrix.wire import paths
from chat_tui_matrix.wire.calls import Answer, Request
from chat_tui_matrix.wire.events import MatrixEvent, RoomSection, SyncReply

EVENTS_LIMIT: Final = 1000
"""Events of one answer to /events; the server caps it there, and `end` goes only past what was given."""

MOST_LOOKUPS: Final = 50
"""Rooms of one answer that more is asked about: an account may be flooded with invites."""

MOST_TRIES: Final = 2
"""How often a lookup that the server fails at is made again."""

_TOLD: Final = {
    "m.room.name": ("name", "name"),
    "m.room.topic": ("topic", "topic"),
    "m.room.canonical_alias": ("canonical_alias", "alias"),
    "m.room.join_rules": ("join_rule", "join_rule"),
}
"""State event -> field of a room's summary, and field of the event's content."""


_BESIDE: Final = ("ephemeral", "account_data", "problems")
"""What a room's own initialSync does not have in it."""


class LegacyWay:
    """See way.Way.

    An answer is given on only when what it leaves open was asked: all there is of a room that we joined, and the name
    of a room that we are invited to. These requests are made one by one before the next poll; the token moves after
    them, so that nothing of it is lost when the program ends in between.
    """

    mode = "legacy"
    key = "since"
    counts = False
    note = "legacy event stream"
    lacks: frozenset[Capability] = frozenset()

    def __init__(self, me: str) -> None:
        self._me = me
        self.token = ""
        self.behind = False
        self._reply: SyncReply | None = None
        self._open: list[RoomSection] = []
        self._found: dict[str, tuple[RoomSection, ...]] = {}
        self._tries = 0

    @property
    def whole(self) -> bool:
        """One answer tells of every room."""
        return bool(self.token)

    def begin(self, token: str) -> None:
        """See way.Way."""
        self.token = token
        self.behind = False
        self._reply = None

    def next(self, *, wait: bool, presence: str) -> Poll:
        """See way.Way."""
        if self._reply is not None:
            return long_poll(_lookup(self._open[0]), 0)
        if not self.token:
            return first_poll(paths.initial_sync(FIRST_LIMIT))
        timeout_ms = POLL_MS if wait else 0
        return long_poll(paths.events(self.token, timeout_ms, EVENTS_LIMIT), timeout_ms)

    def take(self, answer: Answer) -> SyncReply | Verdict:
        """See way.Way."""
        reply = self._reply
        if reply is None:
            reply = answer.value
            if not isinstance(reply, SyncReply) or not reply.since:
                return verdict(answer, self.token)
            reply = reply.__replace__(rooms=tuple(map(_sorted_out, with_membership(reply.rooms, self._me))))
            self._found, self._tries = {}, 0
            self._open = self._left_open(reply)
        elif not self._take_lookup(answer):
            return Verdict.FAILED
        if self._open:
            self._reply = reply
            return Verdict.MORE
        return self._finish(reply)

    def _take_lookup(self, answer: Answer) -> bool:
        """Take the answer to a lookup. False: it must be made again; a server that fails at one room is not stuck on."""
        if answer.status == 429 or (answer.status >= 500 and self._tries < MOST_TRIES):
            self._tries += answer.status >= 500
            return False
        section = self._open.pop(0)
        self._tries = 0
        self._found[section.room_id] = _completed(section, answer.value)
        return True

    def _left_open(self, reply: SyncReply) -> list[RoomSection]:
        """The rooms that the server tells too little of, those that we joined first."""
        joined = [section for section in reply.rooms if not section.whole and self._newly_joined(section)]
        invited = [section for section in reply.rooms if section.membership == "invite"]
        return [*joined, *invited][:MOST_LOOKUPS]

    def _newly_joined(self, section: RoomSection) -> bool:
        """Whether one of our own member events is a join, and not a new name of one who was there."""
        for said, event in own_memberships(section, self._me):
            before = event.unsigned.get("prev_content")
            was_there = isinstance(before, dict) and before.get("membership") == "join"
            if said == "join" and not was_there:
                return section.membership == "join"
        return False

    def _finish(self, reply: SyncReply) -> SyncReply:
        self.behind = bool(self.token) and 2 * _count(reply) >= EVENTS_LIMIT  # our own member events came twice
        self.token = reply.since
        self._reply = None
        rooms = [one for room in reply.rooms for one in self._found.get(room.room_id, (room,))]
        return reply.__replace__(rooms=tuple(rooms))


def _sorted_out(section: RoomSection) -> RoomSection:
    """A room that we are not in has no timeline: the bare event that invited us is its state."""
    if section.membership not in {"invite", "knock"}:
        return section
    return section.__replace__(state=(*section.state, *section.timeline), timeline=())


def _lookup(section: RoomSection) -> Request:
    if section.membership == "join":
        return paths.room_initial_sync(section.room_id, FIRST_LIMIT)
    return paths.room_summary(section.room_id)


def _completed(section: RoomSection, found: Any) -> tuple[RoomSection, ...]:
    """The section with what was found; as it was, where the server would not tell."""
    if isinstance(found, SyncReply):
        first, *rest = [room for room in found.rooms if room.room_id == section.room_id] or [section]
        if first is section:
            return (section,)
        both = {name: (*getattr(first, name), *getattr(section, name)) for name in _BESIDE}
        return (first.__replace__(**both), *rest)
    if isinstance(found, dict):
        told = [(kind, to, found.get(name)) for kind, (name, to) in _TOLD.items()]
        state = [
            MatrixEvent(kind, {to: text}, state_key="") for kind, to, text in told if text and isinstance(text, str)
        ]
        joined = found.get("num_joined_members")
        members = joined if isinstance(joined, int) and joined >= 0 else section.joined
        return (section.__replace__(state=(*section.state, *state), joined=members),)
    return (section,)


def _count(reply: SyncReply) -> int:
    """How many events an answer held at least."""
    inner = sum(len(room.timeline) + len(room.ephemeral) + len(room.account_data) for room in reply.rooms)
    return inner + len(reply.presence) + len(reply.account_data)
