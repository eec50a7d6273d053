"""Read the answer to GET /sync: what it tells of each room, of the account and of people's presence."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final, TypeVar

import msgspec

from chat_tui_core.safe_text import one_line
from chat_tui_matrix.wire.event_reading import (
    Listed,
    Maker,
    SaidEvent,
    StateEvent,
    StrippedEvent,
    WireEvent,
    before,
    count,
    is_id,
    token,
)
from chat_tui_matrix.wire.events import MatrixEvent, RoomSection, SyncReply
from chat_tui_matrix.wire.json_reading import Path, Unreadable, read

_ROOM_DEPTH: Final = 3  # rooms / join / id

R = TypeVar("R")


class Timeline(msgspec.Struct):
    """The newest events of a room."""

    events: list[SaidEvent] | None = None
    limited: bool | None = None
    prev_batch: str | None = None


class Counts(msgspec.Struct):
    """How many unread messages there are."""

    notification_count: int | None = None
    highlight_count: int | None = None


class Summary(msgspec.Struct):
    """Who is in a room, as far as a list of rooms needs it."""

    heroes: list[str] | None = msgspec.field(default=None, name="m.heroes")
    joined: int | None = msgspec.field(default=None, name="m.joined_member_count")
    invited: int | None = msgspec.field(default=None, name="m.invited_member_count")


class BeenIn(msgspec.Struct):
    """A room that we are in or have left."""

    timeline: Timeline | None = None
    state: Listed[StateEvent] | None = None
    state_after: Listed[StateEvent] | None = None
    account_data: Listed[WireEvent] | None = None
    ephemeral: Listed[WireEvent] | None = None
    unread_notifications: Counts | None = None
    summary: Summary | None = None


class AtTheDoor(msgspec.Struct):
    """A room that we are invited to, or have asked to be let into."""

    invite_state: Listed[StrippedEvent] | None = None
    knock_state: Listed[StrippedEvent] | None = None


class Rooms(msgspec.Struct):
    """The sections that Matrix knows; others are not read."""

    join: dict[str, BeenIn] | None = None
    invite: dict[str, AtTheDoor] | None = None
    knock: dict[str, AtTheDoor] | None = None
    leave: dict[str, BeenIn] | None = None


class Told(msgspec.Struct):
    """What any answer may say instead of what was asked for."""

    errcode: str | None = None
    error: str | None = None


class Sync(Told):
    """The whole answer."""

    next_batch: str | None = None
    rooms: Rooms | None = None
    account_data: Listed[WireEvent] | None = None
    presence: Listed[WireEvent] | None = None


def sync(body: bytes, *, whole: bool = False) -> SyncReply:
    """A sync's answer; `whole`: it was asked for everything, not for what is new. Raises Unreadable."""
    answer, notes = read(body, Sync)
    since = position(answer, answer.next_batch, "next_batch")
    of_room, problems = notes.split(_ROOM_DEPTH)
    maker = Maker()
    reader = _SectionReader(maker, of_room, whole=whole)
    sections = tuple(reader.sections(answer.rooms or Rooms()))
    return SyncReply(
        since,
        sections,
        maker.listed(answer.account_data),
        maker.listed(answer.presence),
        (*problems, *reader.problems),
    )


def position(answer: Told, told: str | None, name: str) -> str:
    """The token from which the next request starts. Raises Unreadable where the answer has none."""
    if found := token(told):
        return found
    if answer.errcode:
        raise Unreadable(one_line(f"The server answered {answer.errcode}: {answer.error or 'no reason given'}", 300))
    raise Unreadable(f"The server's answer does not say where to go on: it has no {name}.")


def user_ids(ids: Iterable[str] | None) -> tuple[str, ...] | None:
    """Those ids that can be users', None where none are told."""
    return None if ids is None else tuple(user for user in ids if is_id(user))


def odd_room(room_id: str) -> str:
    """The sentence on a room whose id cannot be one."""
    return f"A room was set aside: {one_line(room_id, 40)!r} is no room's id."


class _SectionReader:
    """Turns a sync's sections into RoomSections.

    A room in several sections is where the furthest of knock, invite, join and leave says: the one that comes last in
    a stay's life. What was said in it stands in join as well as in leave, so both are given, leave last.
    """

    def __init__(self, maker: Maker, notes: dict[Path, list[str]], *, whole: bool) -> None:
        self._maker = maker
        self._notes = notes
        self._whole = whole
        self.problems: list[str] = []

    def sections(self, rooms: Rooms) -> Iterator[RoomSection]:
        """Every room's section, in the answer's order within join, invite, knock and leave. Uses `rooms` up."""
        joined, invited, knocked, left = (
            self._known(told or {}) for told in (rooms.join, rooms.invite, rooms.knock, rooms.leave)
        )
        for room_id in joined.keys() | left.keys():
            invited.pop(room_id, None)
        for room_id in invited.keys() | joined.keys() | left.keys():
            knocked.pop(room_id, None)
        for room_id in tuple(joined):
            yield from self._been_in(room_id, "join", joined.pop(room_id))
        for room_id, door in invited.items():
            yield self._at_the_door(room_id, "invite", door.invite_state)
        for room_id, door in knocked.items():
            yield self._at_the_door(room_id, "knock", door.knock_state)
        for room_id in tuple(left):
            yield from self._been_in(room_id, "leave", left.pop(room_id))

    def _known(self, rooms: dict[str, R]) -> dict[str, R]:
        for room_id in [room_id for room_id in rooms if not is_id(room_id)]:
            del rooms[room_id]
            self.problems.append(odd_room(room_id))
        return rooms

    def _noted(self, *path: str) -> tuple[str, ...]:
        return tuple(self._notes.get(("rooms", *path), ()))

    def _at_the_door(self, room_id: str, membership: str, state: Listed[StrippedEvent] | None) -> RoomSection:
        problems = self._noted(membership, room_id)
        return RoomSection(room_id, membership, state=self._maker.listed(state, room_id), problems=problems)

    def _been_in(self, room_id: str, membership: str, room: BeenIn) -> Iterator[RoomSection]:
        timeline, counts = room.timeline or Timeline(), room.unread_notifications or Counts()
        summary = room.summary or Summary()
        said = self._maker.all(timeline.events, room_id)
        state = self._maker.listed(room.state, room_id)
        corrections: tuple[MatrixEvent, ...] = ()
        if room.state_after is not None:
            state, corrections = before(self._maker.listed(room.state_after, room_id), said)
        yield RoomSection(
            room_id,
            membership,
            timeline=said,
            state=state,
            ephemeral=self._maker.listed(room.ephemeral, room_id),
            account_data=self._maker.listed(room.account_data, room_id),
            limited=bool(timeline.limited),
            prev_batch=token(timeline.prev_batch),
            whole=self._whole,
            heroes=user_ids(summary.heroes),
            joined=count(summary.joined),
            invited=count(summary.invited),
            unread=count(counts.notification_count),
            mentions=count(counts.highlight_count),
            problems=self._noted(membership, room_id),
        )
        if corrections:
            yield RoomSection(room_id, membership, state=corrections)
