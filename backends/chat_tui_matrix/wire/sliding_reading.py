"""Read the answer to a simplified sliding sync (MSC4186, as Synapse gives it) into what a plain sync brings."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

import msgspec

from chat_tui_matrix.wire.event_reading import (
    MAX_TEXT,
    Maker,
    SaidEvent,
    StrippedEvent,
    WireEvent,
    before,
    count,
    is_id,
    token,
)
from chat_tui_matrix.wire.events import MatrixEvent, RoomSection, SyncReply
from chat_tui_matrix.wire.json_reading import SetAside, read, sentence
from chat_tui_matrix.wire.sync_reading import Told, odd_room, position, user_ids

_ROOM_DEPTH: Final = 2  # rooms / id

#: How a room is listed for each membership that a server may tell.
_SECTIONS: Final = {"join": "join", "invite": "invite", "knock": "knock", "leave": "leave", "ban": "leave"}


class Hero(msgspec.Struct):
    """A member whose name stands for the room's."""

    user_id: str | None = None


class Room(msgspec.Struct):
    """A room of the window, or one that was asked for by name. `required_state` holds after the timeline."""

    name: str | None = None
    initial: bool | None = None
    membership: str | None = None
    required_state: list[StrippedEvent] | None = None
    timeline: list[SaidEvent] | None = None
    timeline_events: list[SaidEvent] | None = None
    expanded_timeline: bool | None = None
    unstable_expanded_timeline: bool | None = None
    num_live: int | None = None
    prev_batch: str | None = None
    limited: bool | None = None
    joined_count: int | None = None
    invited_count: int | None = None
    notification_count: int | None = None
    highlight_count: int | None = None
    heroes: list[Hero] | None = None
    invite_state: list[StrippedEvent] | None = None
    knock_state: list[StrippedEvent] | None = None
    stripped_state: list[StrippedEvent] | None = None


class Window(msgspec.Struct):
    """A list of rooms: how many there are."""

    count: int | None = None


class ByRoom(msgspec.Struct):
    """An extension that tells one event of each room: receipts, typing."""

    rooms: dict[str, WireEvent] | None = None


class AccountData(msgspec.Struct):
    """The extension that tells account data."""

    everywhere: list[WireEvent] | None = msgspec.field(default=None, name="global")
    rooms: dict[str, list[WireEvent]] | None = None


class Extensions(msgspec.Struct):
    """The extensions that are asked for."""

    receipts: ByRoom | None = None
    typing: ByRoom | None = None
    account_data: AccountData | None = None


class Sliding(Told):
    """The whole answer."""

    pos: str | None = None
    lists: dict[str, Window] | None = None
    rooms: dict[str, Room] | None = None
    extensions: Extensions | None = None


def sliding(body: bytes) -> SyncReply:
    """A sliding sync's answer. Raises Unreadable."""
    answer, notes = read(body, Sliding)
    since = position(answer, answer.pos, "pos")
    of_room, problems = notes.split(_ROOM_DEPTH)
    maker, rooms = Maker(), answer.rooms or {}
    beside = _Beside(answer.extensions or Extensions())
    sections: list[RoomSection] = []
    for room_id in dict.fromkeys((*rooms, *beside.rooms)):
        if not is_id(room_id):
            problems.append(odd_room(room_id))
            continue
        noted = of_room.get(("rooms", room_id), [])
        room = rooms.pop(room_id, None) or Room()
        sections.extend(_sections(room_id, room, beside, maker, noted))
    return SyncReply(
        since,
        tuple(sections),
        maker.all(beside.everywhere),
        problems=tuple(problems),
        total=max((count(window.count) or 0 for window in (answer.lists or {}).values()), default=0),
    )


class _Beside:
    """What the extensions tell, by room."""

    def __init__(self, told: Extensions) -> None:
        data = told.account_data or AccountData()
        self.everywhere = data.everywhere or []
        self.account_data = data.rooms or {}
        self.ephemeral: dict[str, list[WireEvent]] = {}
        for extension in (told.receipts, told.typing):
            for room_id, event in ((extension and extension.rooms) or {}).items():
                self.ephemeral.setdefault(room_id, []).append(event)
        self.rooms = (*self.ephemeral, *self.account_data)


def _sections(room_id: str, room: Room, beside: _Beside, maker: Maker, noted: list[str]) -> Iterator[RoomSection]:
    """A room's section, with a second one where the state is not what its timeline leaves."""
    stripped = next((told for told in (room.stripped_state, room.invite_state, room.knock_state) if told), [])
    said, limited, prev_batch = _live(room)
    timeline = maker.all(said, room_id)
    state, corrections = before(_state(room, maker, room_id, noted), timeline)
    membership = _membership(room, stripped)
    unread, mentions = _counts(room)
    yield RoomSection(
        room_id,
        membership,
        timeline=timeline,
        state=(*maker.all(stripped, room_id), *state),
        ephemeral=maker.all(beside.ephemeral.get(room_id), room_id),
        account_data=maker.all(beside.account_data.get(room_id), room_id),
        limited=limited,
        prev_batch=prev_batch,
        whole=bool(room.initial) and not stripped,
        heroes=None if room.heroes is None else user_ids(hero.user_id or "" for hero in room.heroes),
        joined=count(room.joined_count),
        invited=count(room.invited_count),
        unread=unread,
        mentions=mentions,
        name=(room.name or "")[:MAX_TEXT],
        problems=tuple(noted),
    )
    if corrections:
        yield RoomSection(room_id, membership, state=corrections)


def _live(room: Room) -> tuple[Sequence[SaidEvent], bool, str]:
    """The timeline, whether something is missing before it, and the token for what is before it.

    A timeline that was only expanded begins with events that were brought before, or are older than those: what is
    new in it is its last `num_live` events, and it is complete unless all of it is new.
    """
    said: Sequence[SaidEvent] = room.timeline or room.timeline_events or []
    limited, prev_batch = bool(room.limited), token(room.prev_batch)
    if not room.initial and (room.expanded_timeline or room.unstable_expanded_timeline):
        new = min(count(room.num_live) or 0, len(said))
        if new < len(said):
            return said[len(said) - new :], False, ""
    return said, limited, prev_batch


def _state(room: Room, maker: Maker, room_id: str, noted: list[str]) -> list[MatrixEvent]:
    """The state, in which only a stub, which says that something is gone, may be without a sender and an id."""
    kept = []
    for event in maker.all(room.required_state, room_id):
        if event.content and not (event.event_id and event.sender):
            noted.append(sentence(SetAside(f"it has no usable event_id or sender ({event.type})")))
        else:
            kept.append(event)
    return kept


def _membership(room: Room, stripped: Sequence[StrippedEvent]) -> str:
    """How we stand to a room, as far as it can be seen without knowing who we are; Synapse does not say.

    The last member event of the stripped state is the one that invited us, or with which we knocked.
    """
    if room.membership in _SECTIONS:
        return _SECTIONS[room.membership]
    if not stripped:
        return "join"
    for event in reversed(stripped):
        told = event.content.get("membership")
        if event.type == "m.room.member" and isinstance(told, str) and told in {"invite", "knock"}:
            return told
    return "invite"


def _counts(room: Room) -> tuple[int | None, int | None]:
    """How much is unread. Two zeros are no statement: Synapse says that of every room (MSC4186)."""
    if not room.notification_count and not room.highlight_count:
        return None, None
    return count(room.notification_count), count(room.highlight_count)
