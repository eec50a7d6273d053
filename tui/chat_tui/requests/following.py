"""Follow rooms live: every event from now on, each once, in its room's order, across reconnects."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Collection, Mapping

from chat_tui.requests.reading import event_row, find_room
from chat_tui.requests.values import Cursor, Note, Request, Row, Told
from chat_tui.requests.watching import online, until, watched, why_offline
from chat_tui.strings import _
from chat_tui_core.contract import Capability, Link
from chat_tui_core.errors import TransportError
from chat_tui_core.model import Membership, Room, RoomEvent
from chat_tui_core.session import Session
from chat_tui_core.session_changes import LinkMoved, RoomsMoved, SessionChange
from chat_tui_core.store import events as stored

_PAGE = 100


async def tail(session: Session, request: Request) -> AsyncGenerator[Told, None]:
    """Events of some rooms, or of all that the account is in, until the caller stops listening.

    Raises TransportError when the server ends the connection for good.
    """
    if not await online(session):
        yield Note(_("{why} Waiting for it.").format(why=why_offline(session)))
        await until(session, lambda: session.link.link in {Link.ONLINE, Link.STOPPED} or None, (LinkMoved,), None)
    chosen = frozenset(find_room(session, name).room_id for name in request.rooms)
    follower = Follower(session, chosen, request.after)
    with watched(session, follower.note):
        yield Cursor({"after": dict(follower.told)})
        while True:
            async for event in follower.news():
                yield Row(event_row(session, event), {"after": {event.room_id: event.order}})
            if session.link.link is Link.STOPPED:
                raise TransportError(why_offline(session))
            await follower.moved.wait()


class Follower:
    """Up to which order each room was told, and where there may be more."""

    def __init__(self, session: Session, chosen: Collection[str], after: Mapping[str, int]) -> None:
        self._session = session
        self._chosen = chosen
        self.moved = asyncio.Event()
        self.told = {room.room_id: room.head for room in session.rooms.values() if self._wanted(room)} | dict(after)
        self._dirty = set(self.told)
        self._young: set[str] = set()  # rooms that came while following: told from the first news on
        self._since_ts = max((room.last_ts for room in session.rooms.values()), default=0)

    def note(self, change: SessionChange) -> None:
        """Remember where to look; called for every change of the session."""
        if isinstance(change, LinkMoved):
            self._dirty |= set(self.told)  # what was missed is here, or can be fetched now
            self.moved.set()
        elif isinstance(change, RoomsMoved):
            for room_id in change.room_ids:
                self._look_at(room_id)
            self.moved.set()

    async def news(self) -> AsyncIterator[RoomEvent]:
        """What has not been told yet, ascending in each room."""
        self.moved.clear()
        while self._dirty:
            room_id = self._dirty.pop()
            for event in await self._since(room_id):
                self.told[room_id] = event.order
                yield event

    def _wanted(self, room: Room) -> bool:
        if self._chosen:
            return room.room_id in self._chosen
        return room.membership is Membership.JOINED and not room.is_space

    def _look_at(self, room_id: str) -> None:
        room = self._session.rooms.get(room_id)
        if room is None:
            return
        if room_id not in self.told and self._wanted(room) and room.head:
            self.told[room_id] = 0
            self._young.add(room_id)
        if room_id in self.told:
            self._dirty.add(room_id)

    async def _since(self, room_id: str) -> list[RoomEvent]:
        """Everything after what was told, paging backwards until it meets."""
        room = self._session.rooms.get(room_id)
        told = self.told[room_id]
        if room is None or room.head <= told:
            return []
        oldest_ts = self._since_ts if room_id in self._young else -1
        found: list[RoomEvent] = []
        before = 0
        while True:
            page = await self._session.history(room_id, min(_PAGE, room.head - told), before)
            if not page or (before and page[0].order >= before):
                break
            found = [event for event in page if event.order > told and event.ts > oldest_ts] + found
            before = page[0].order
            if before <= told + 1 or page[0].ts <= oldest_ts:
                break
        if room_id in self._young:
            # What was said before this tail began is no news; from here on it is a room like any other.
            self._young.discard(room_id)
            self.told[room_id] = found[0].order - 1 if found else room.head
        elif self._session.link.link is not Link.ONLINE:
            if Capability.CONTIGUOUS in self._session.capabilities:
                return _without_hole(found, told)
            gaps = self._session.store.read(stored.gaps, room_id)
            hole = min((gap.before for gap in gaps if gap.after >= told), default=0)
            return [event for event in found if not hole or event.order < hole]
        return found


def _without_hole(events: list[RoomEvent], told: int) -> list[RoomEvent]:
    """The events that follow each other without a hole; the rest waits until the hole can be fetched."""
    whole = []
    for event in events:
        if event.order != told + 1:
            break
        told = event.order
        whole.append(event)
    return whole
