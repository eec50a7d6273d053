"""What a session of ours shows of a room, and waiting for it: shared by the flows, the rows and the other clients."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from typing import Final

import pytest

from chat_tui_core.model import SPOKEN, EventKind, Member, Membership, Room, RoomEvent
from chat_tui_core.session import Session
from chat_tui_core.session_changes import EventsArrived
from tests.matrix_live.ours import MODES, PATIENCE, shown, until
from tests.matrix_live.people import Person

each_mode: Final = pytest.mark.parametrize("mode", MODES)


def spoken(session: Session, room_id: str) -> list[RoomEvent]:
    """What people said in an open room, as far as it is loaded."""
    return [event for event in shown(session, room_id) if event.kind in SPOKEN]


def texts(session: Session, room_id: str) -> list[str]:
    """The texts of it, as they read now."""
    return [event.text for event in spoken(session, room_id)]


def kinds(session: Session, room_id: str) -> list[EventKind]:
    """The kinds of all loaded lines of an open room."""
    return [event.kind for event in shown(session, room_id)]


async def saying(session: Session, room_id: str, text: str) -> RoomEvent:
    """The line with this text in an open room, once it is there; it is there once."""
    return await showing(session, room_id, lambda event: event.text == text and event.kind in SPOKEN)


async def showing(session: Session, room_id: str, wanted: Callable[[RoomEvent], bool]) -> RoomEvent:
    """The only line of an open room that is as wanted, once it is there."""
    session.open_room(room_id)
    try:
        await until(lambda: any(map(wanted, shown(session, room_id))))
    except TimeoutError:
        raise AssertionError([(event.kind.value, event.text) for event in shown(session, room_id)]) from None
    (event,) = filter(wanted, shown(session, room_id))
    return event


async def of_kind(session: Session, room_id: str, kind: EventKind, target: str = "") -> RoomEvent:
    """The only line of a kind (about somebody) in an open room, once it is there."""
    return await showing(session, room_id, lambda event: event.kind is kind and target in {"", event.target})


async def room_with(session: Session, room_id: str, wanted: Callable[[Room], object]) -> Room:
    """The room as it is listed, once it is as wanted."""
    try:
        await until(lambda: room_id in session.rooms and wanted(session.rooms[room_id]))
    except TimeoutError:
        raise AssertionError(session.rooms.get(room_id)) from None
    return session.rooms[room_id]


async def joined(session: Session, room_id: str) -> Room:
    """The room once we are in it."""
    return await room_with(session, room_id, lambda room: room.membership is Membership.JOINED)


def member(session: Session, room_id: str, user_id: str) -> Member | None:
    """One member of an open room as it is known now."""
    return next((one for one in session.members(room_id) if one.user_id == user_id), None)


def names(session: Session, room_id: str) -> dict[str, str]:
    """The names of an open room's members by user id."""
    return {one.user_id: one.name for one in session.members(room_id)}


class Arrivals:
    """Every event that a session told as new in the stream, in the order told."""

    def __init__(self, session: Session) -> None:
        self.events: list[RoomEvent] = []
        session.subscribe(EventsArrived, self._arrived)

    def _arrived(self, change: EventsArrived) -> None:
        self.events.extend(change.events)

    def texts(self, *rooms: str) -> list[str]:
        """What was said, in some rooms or in all."""
        return [one.text for one in self.events if one.kind in SPOKEN and (not rooms or one.room_id in rooms)]


def once(found: Iterable[str]) -> list[str]:
    """The same, sorted; fails where something is there twice."""
    listed = sorted(found)
    assert len(set(listed)) == len(listed), f"twice: {listed}"
    return listed


async def rename(person: Person, name: str, *rooms: str) -> None:
    """Give a person another name; returns when the rooms have it: the homeserver tells them after it has answered."""
    await person.raw.put(f"profile/{person.user_id}/displayname", {"displayname": name})
    async with asyncio.timeout(PATIENCE):
        for room in rooms:
            while (await person.state(room))["m.room.member", person.user_id].get("displayname") != name:
                await asyncio.sleep(0.02)


async def scroll_back(session: Session, room_id: str, count: int = 20, *, most: int = 20) -> int:
    """Load older lines of an open room until its start; how many times that took, which is at most `most`."""
    for times in range(1, most + 1):
        if not await session.load_older(room_id, count):
            assert session.at_start(room_id)
            return times
    raise AssertionError(f"{most} pages do not reach the room's start")
