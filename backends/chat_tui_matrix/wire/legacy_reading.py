"""Read the answers to S1's calls, initialSync, rooms/{id}/initialSync and events, into what a plain sync brings."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

import msgspec

from chat_tui_matrix.wire.event_reading import (
    Maker,
    SaidEvent,
    StateEvent,
    StrippedEvent,
    WireEvent,
    before,
    is_id,
    token,
)
from chat_tui_matrix.wire.events import MatrixEvent, RoomSection, SyncReply
from chat_tui_matrix.wire.json_reading import SetAside, Unreadable, read, sentence
from chat_tui_matrix.wire.sync_reading import Told, odd_room, position

#: How a room is listed for each membership that a server may tell; one that it does not tell is a room we are in.
_SECTIONS: Final = {"invite": "invite", "knock": "knock", "leave": "leave", "ban": "leave"}
_EPHEMERAL: Final = frozenset({"m.typing", "m.receipt"})


class Messages(msgspec.Struct):
    """The newest events of a room, oldest first; `start` is the token for what is before them."""

    chunk: list[SaidEvent] | None = None
    start: str | None = None
    end: str | None = None


class Room(msgspec.Struct):
    """A room as it is now: `state` holds after `messages`. `invite` is the bare event that invited us."""

    room_id: str | None = None
    membership: str | None = None
    messages: Messages | None = None
    state: list[StateEvent] | None = None
    account_data: list[WireEvent] | None = None
    receipts: list[WireEvent] | None = None
    presence: list[WireEvent] | None = None
    invite: StrippedEvent | None = None


class InitialSync(Told):
    """The whole answer to initialSync. Every room is read by itself."""

    rooms: list[msgspec.Raw] | None = None
    receipts: list[WireEvent] | None = None
    presence: list[WireEvent] | None = None
    account_data: list[WireEvent] | None = None
    end: str | None = None


class Events(Told):
    """The whole answer to events, in which everything that can happen is in one list."""

    chunk: list[WireEvent] | None = None
    end: str | None = None


def initial_sync(body: bytes) -> SyncReply:
    """Every room that we are in or invited to, as it is now. Raises Unreadable."""
    answer, notes = read(body, InitialSync)
    since = position(answer, answer.end, "end")
    maker, problems = Maker(), list(notes.texts())
    sections: list[RoomSection] = []
    receipts: dict[str, list[WireEvent]] = {}
    for receipt in answer.receipts or ():
        receipts.setdefault(receipt.room_id or "", []).append(receipt)
    for raw in answer.rooms or ():
        try:
            room, noted = read(bytes(raw), Room)
        except Unreadable:
            problems.append("A room was set aside: it is no object.")
            continue
        if room.room_id is None or not is_id(room.room_id):
            problems.append(odd_room(room.room_id or ""))
            continue
        told = receipts.get(room.room_id, ())
        sections.extend(_sections(room.room_id, room, told, maker, noted.texts()))
    return SyncReply(
        since,
        tuple(sections),
        maker.all(answer.account_data),
        _presence(answer.presence, maker),
        tuple(problems),
        len({section.room_id for section in sections}),
    )


def room_initial_sync(body: bytes) -> SyncReply:
    """One room as it is now, by itself. `since` is where its messages end. Raises Unreadable."""
    room, noted = read(body, Room)
    if room.room_id is None or not is_id(room.room_id):
        raise Unreadable("The server's answer does not say which room it tells of.")
    maker = Maker()
    sections = tuple(_sections(room.room_id, room, room.receipts or (), maker, noted.texts()))
    since = token((room.messages or Messages()).end)
    return SyncReply(since, sections, presence=_presence(room.presence, maker))


def events(body: bytes) -> SyncReply:
    """What has happened since a token: room events by room, in the order in which each room appears first.

    Where we stand to a room is told by our own member events only. Those come twice and are given once. Raises
    Unreadable.
    """
    answer, notes = read(body, Events)
    since = position(answer, answer.end, "end")
    maker, problems = Maker(), list(notes.texts())
    happened: dict[str, _Happened] = {}
    account_data, presence = [], []
    for event in answer.chunk or ():
        if event.room_id:
            happened.setdefault(event.room_id, _Happened()).add(event, problems)
        elif event.type == "m.presence":
            presence.append(event)
        elif event.event_id:
            problems.append(sentence(SetAside(f"it does not say in which room it is ({event.type})")))
        else:
            account_data.append(event)
    sections = tuple(
        RoomSection(
            room_id,
            "join",
            timeline=maker.all(room.said.values(), room_id),
            ephemeral=maker.all(room.ephemeral, room_id),
            account_data=maker.all(room.account_data, room_id),
        )
        for room_id, room in happened.items()
    )
    return SyncReply(since, sections, maker.all(account_data), _presence(presence, maker), tuple(problems))


class _Happened:
    """What one answer brings of one room."""

    def __init__(self) -> None:
        self.said: dict[str, WireEvent] = {}
        self.ephemeral: list[WireEvent] = []
        self.account_data: list[WireEvent] = []

    def add(self, event: WireEvent, problems: list[str]) -> None:
        """Put an event where it belongs. One that comes again keeps its first place."""
        is_state = event.state_key is not msgspec.UNSET
        if event.event_id and event.sender:
            self.said.setdefault(event.event_id, event)
        elif event.event_id or event.sender or is_state:
            problems.append(sentence(SetAside(f"it has no usable event_id or sender ({event.type})")))
        else:
            (self.ephemeral if event.type in _EPHEMERAL else self.account_data).append(event)


def _sections(
    room_id: str, room: Room, receipts: Iterable[WireEvent], maker: Maker, problems: tuple[str, ...]
) -> Iterator[RoomSection]:
    """A room's section, with a second one where the state is not what its timeline leaves."""
    membership = _SECTIONS.get(room.membership or "", "join")
    messages = room.messages or Messages()
    timeline, start = maker.all(messages.chunk, room_id), token(messages.start)
    state, corrections = before(maker.all(room.state, room_id), timeline)
    if room.invite is not None:
        state = (*state, maker.event(room.invite, room_id))
    yield RoomSection(
        room_id,
        membership,
        timeline=timeline,
        state=state,
        ephemeral=maker.all(receipts, room_id),
        account_data=maker.all(room.account_data, room_id),
        limited=bool(start) and not _begins(timeline),
        prev_batch=start,
        whole=membership in {"join", "leave"},
        problems=problems,
    )
    if corrections:
        yield RoomSection(room_id, membership, state=corrections)


def _begins(timeline: Sequence[MatrixEvent]) -> bool:
    """Whether these are a room's events from its very first on."""
    return any(event.type == "m.room.create" and event.state_key == "" for event in timeline)


def _presence(events: Iterable[WireEvent] | None, maker: Maker) -> tuple[MatrixEvent, ...]:
    """Presence events, of which these calls name the person in the content only."""
    made = []
    for event in maker.all(events):
        user: Any = event.content.get("user_id")
        named = event.sender or not is_id(user)
        made.append(event if named else msgspec.structs.replace(event, sender=user))
    return tuple(made)
