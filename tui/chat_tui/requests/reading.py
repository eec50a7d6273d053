"""Answer what reads: rooms, members, history; from the server where it can be reached, else from the store."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Any

from chat_tui.requests.values import Done, Note, Request, Row, Told
from chat_tui.requests.watching import CONNECTING, online, until, why_offline
from chat_tui.strings import _
from chat_tui_core.contract import Capability, Link
from chat_tui_core.errors import ConfigError, TransportError, UnknownRoom
from chat_tui_core.model import Membership, Room, RoomEvent
from chat_tui_core.session import Session
from chat_tui_core.session_changes import MembersMoved
from chat_tui_core.store.event_rows import event_by_id

_MINE = frozenset({Membership.JOINED, Membership.INVITED})


def find_room(session: Session, wanted: str) -> Room:
    """The room with this id, or else the one with this name whatever its case; raises UnknownRoom that names rooms."""
    room = session.rooms.get(wanted)
    if room is not None:
        return room
    low = wanted.casefold()
    present = [room for room in session.rooms.values() if room.membership is not Membership.LEFT]
    found = [room for room in present if low in {room.room_id.casefold(), room.name.casefold()}]
    found = found or [room for room in present if low in (alias.casefold() for alias in room.aliases)]
    if len(found) == 1:
        return found[0]
    if found:
        ids = ", ".join(sorted(room.room_id for room in found))
        raise UnknownRoom(
            _("{wanted!r} is the name of several rooms; say which: {ids}.").format(wanted=wanted, ids=ids)
        )
    there = sorted(room.title for room in present)
    shown = ", ".join(there[:12]) + (_(" and {count} more").format(count=len(there) - 12) if len(there) > 12 else "")
    raise UnknownRoom(
        _("There is no room {wanted!r}; there are: {rooms}.").format(wanted=wanted, rooms=shown or _("none yet"))
    )


async def known_room(session: Session, wanted: str) -> Room:
    """The same, asking the server when the room is not stored; raises UnknownRoom, TransportError."""
    try:
        return find_room(session, wanted)
    except UnknownRoom:
        if session.link.link is Link.ONLINE:
            raise
        if not await online(session):
            raise
        return find_room(session, wanted)


def not_in(room: Room) -> UnknownRoom:
    """The error for what only members can do."""
    return UnknownRoom(
        _("You are not in {title!r}: run `chat-tui join {id}` first.").format(title=room.title, id=room.room_id)
    )


async def rooms(session: Session, request: Request) -> AsyncGenerator[Told, None]:
    """The account's rooms, the one with the newest message first; `every`: public rooms too."""
    stale = not await online(session)
    wanted = _MINE | {Membership.NONE} if request.every else _MINE
    known = [room for room in session.rooms.values() if request.every or not room.is_space]
    chosen = [room for room in known if room.membership in wanted]
    if stale and not chosen:
        raise TransportError(why_offline(session))
    for room in sorted(chosen, key=lambda room: (room.membership is Membership.NONE, -room.last_ts, room.room_id)):
        row = room_row(session, room)
        yield Row({**row, "membership": room.membership.value} if request.every else row)
    if stale:
        yield Note(_("{why} This is what is stored.").format(why=why_offline(session)))
    yield Done()


async def members(session: Session, request: Request) -> AsyncGenerator[Told, None]:
    """Who is in a room, by name."""
    room = await known_room(session, request.room)
    fresh = await online(session)
    if find_room(session, room.room_id).membership is not Membership.JOINED:
        raise not_in(room)
    known = session.timeline(room.room_id) is not None
    told: list[str] = []

    def note(change: object) -> None:
        if isinstance(change, MembersMoved):
            told.append(change.room_id)

    unwatch = session.watch(note)
    try:
        session.open_room(room.room_id)
        if fresh and not known:
            await until(session, lambda: True if room.room_id in told else None, (MembersMoved,), CONNECTING)
    finally:
        unwatch()
    for member in sorted(session.members(room.room_id), key=lambda member: member.user_id):
        yield Row(
            {
                "account": session.account.name,
                "room_id": room.room_id,
                "user_id": member.user_id,
                "name": member.name,
                "presence": member.presence.value,
                "role": member.role.value,
            }
        )
    if not fresh:
        yield Note(_("{why} This is what is stored.").format(why=why_offline(session)))
    yield Done()


async def history(session: Session, request: Request) -> AsyncGenerator[Told, None]:
    """The last events of a room, or the last before one; oldest first."""
    room = await known_room(session, request.room)
    fresh = await online(session)
    if find_room(session, room.room_id).membership in {Membership.NONE, Membership.INVITED}:
        raise not_in(room)
    before = _order_of(session, room, request.before) if request.before else 0
    for event in await session.history(room.room_id, request.count, before) if request.count else []:
        yield Row(event_row(session, event))
    if not fresh:
        yield Note(_("{why} This is what is stored.").format(why=why_offline(session)))
    yield Done()


def _order_of(session: Session, room: Room, event_id: str) -> int:
    """The order of an event that history or tail has told of: by its event_id, or by its pos."""
    event = session.store.read(event_by_id, room.room_id, event_id)
    if event is not None:
        return event.order
    if Capability.CONTIGUOUS in session.capabilities and event_id.isascii() and event_id.isdigit():
        return int(event_id)
    raise ConfigError(
        _("No event {id!r} of {title!r} is stored: take an event_id that history has shown.").format(
            id=event_id, title=room.title
        )
    )


def room_row(session: Session, room: Room) -> dict[str, Any]:
    """A room as `rooms --json` gives it; `last` is null while no message is known."""
    last = {"sender": room.last_sender, "ts": room.last_ts, "text": room.last_text} if room.last_ts else None
    return {
        "account": session.account.name,
        "room_id": room.room_id,
        "name": room.title,
        "topic": room.topic,
        "members": room.members,
        "unread": room.unread,
        "last": last,
    }


def event_row(session: Session, event: RoomEvent) -> dict[str, Any]:
    """An event as `history --json` and `tail --json` give it; `ts` in milliseconds since 1970."""
    row: dict[str, Any] = {"account": session.account.name, "room_id": event.room_id, "event_id": event.event_id}
    if Capability.CONTIGUOUS in session.capabilities:
        row["pos"] = event.order
    row |= {"sender": event.sender, "ts": event.ts, "kind": event.kind.value, "text": event.text}
    if event.file is not None and not event.text:
        row["text"] = event.file.name
    if event.action_id:
        row["action_id"] = event.action_id
    if event.thread:
        row["thread"] = event.thread
    return row
