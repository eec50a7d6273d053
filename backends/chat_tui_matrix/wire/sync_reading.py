"""Read the answer to GET /sync: what it tells of each room, of the account and of people's presence."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple, overload

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
from chat_tui_matrix.wire.json_reading import Unreadable, read, read_part


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
    """The sections that Matrix knows; others are not read. Each room's part is read when its turn comes."""

    join: dict[str, msgspec.Raw] | None = None
    invite: dict[str, msgspec.Raw] | None = None
    knock: dict[str, msgspec.Raw] | None = None
    leave: dict[str, msgspec.Raw] | None = None


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
    """A sync's answer; `whole`: it was asked for everything, not for what is new. Raises Unreadable.

    Only what surrounds the rooms is read now: an answer of ten megabytes in a hundredth of a second. Its rooms are read
    one by one when they are taken, so that no large answer ever stands in memory as values.
    """
    answer, notes = read(body, Sync)
    since = position(answer, answer.next_batch, "next_batch")
    maker = Maker()
    parts, odd = _parts(answer.rooms or Rooms())
    return SyncReply(
        since,
        _Sections(parts, maker, whole=whole),
        maker.listed(answer.account_data),
        maker.listed(answer.presence),
        (*notes.texts(), *odd),
        len({part.room_id for part in parts}) if whole else 0,
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


class _Part(NamedTuple):
    """A room's part of an answer, as it stands there."""

    membership: str
    room_id: str
    raw: msgspec.Raw


def _parts(rooms: Rooms) -> tuple[list[_Part], list[str]]:
    """Every room's part, in the answer's order within join, invite, knock and leave; and what is no room.

    A room in several sections is where the furthest of knock, invite, join and leave says: the one that comes last in
    a stay's life. What was said in it stands in join as well as in leave, so both are given, leave last.
    """
    told = {name: getattr(rooms, name) or {} for name in ("join", "invite", "knock", "leave")}
    been_in = told["join"].keys() | told["leave"].keys()
    beside = {"invite": been_in, "knock": been_in | told["invite"].keys()}
    parts, odd = [], []
    for membership, raws in told.items():
        for room_id, raw in raws.items():
            if not is_id(room_id):
                odd.append(odd_room(room_id))
            elif room_id not in beside.get(membership, ()):
                parts.append(_Part(membership, room_id, raw))
    return parts, odd


class _Sections(Sequence[RoomSection]):
    """The rooms of one answer, each read whenever it is taken."""

    def __init__(self, parts: Sequence[_Part], maker: Maker, *, whole: bool) -> None:
        self._parts = parts
        self._maker = maker
        self._whole = whole

    def __len__(self) -> int:
        return len(self._parts)

    @overload
    def __getitem__(self, place: int) -> RoomSection: ...
    @overload
    def __getitem__(self, place: slice) -> tuple[RoomSection, ...]: ...
    def __getitem__(self, place: int | slice) -> RoomSection | tuple[RoomSection, ...]:
        if isinstance(place, slice):
            return tuple(map(self._read, self._parts[place]))
        return self._read(self._parts[place])

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and tuple(self) == tuple(other)

    __hash__ = None  # type: ignore[assignment]

    def _read(self, part: _Part) -> RoomSection:
        data, path = bytes(part.raw), ("rooms", part.membership, part.room_id)
        if part.membership in {"invite", "knock"}:
            door, problems = read_part(data, AtTheDoor, path)
            if door is not None:
                state = door.invite_state if part.membership == "invite" else door.knock_state
                made = self._maker.listed(state, part.room_id)
                return RoomSection(part.room_id, part.membership, state=made, problems=problems)
        else:
            room, problems = read_part(data, BeenIn, path)
            if room is not None:
                return self._been_in(part, room, problems)
        return RoomSection(part.room_id, "", problems=problems)

    def _been_in(self, part: _Part, room: BeenIn, problems: tuple[str, ...]) -> RoomSection:
        maker, room_id = self._maker, part.room_id
        timeline, counts = room.timeline or Timeline(), room.unread_notifications or Counts()
        summary = room.summary or Summary()
        said = maker.all(timeline.events, room_id)
        state = maker.listed(room.state, room_id)
        corrections: tuple[MatrixEvent, ...] = ()
        if room.state_after is not None:
            state, corrections = before(maker.listed(room.state_after, room_id), said)
        return RoomSection(
            room_id,
            part.membership,
            timeline=said,
            state=state,
            ephemeral=maker.listed(room.ephemeral, room_id),
            account_data=maker.listed(room.account_data, room_id),
            limited=bool(timeline.limited),
            prev_batch=token(timeline.prev_batch),
            whole=self._whole,
            heroes=user_ids(summary.heroes),
            joined=count(summary.joined),
            invited=count(summary.invited),
            unread=count(counts.notification_count),
            mentions=count(counts.highlight_count),
            problems=problems,
            corrections=corrections,
        )
