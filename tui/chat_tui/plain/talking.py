"""Talk by lines: what comes is read out, each event once; what is typed is said in the current room, or done."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import OrderedDict
from collections.abc import Callable, Coroutine, Iterable, Mapping
from datetime import tzinfo
from typing import TYPE_CHECKING, Any, Final

from chat_tui.commands import Call, Wrong, read_line
from chat_tui.config import AppOptions
from chat_tui.feed import gather
from chat_tui.notices import why_told
from chat_tui.plain.changes import Changes
from chat_tui.plain.handling import carry_out, doing_on
from chat_tui.plain.stand_in import StandIn
from chat_tui.plain.words import DONE, event_line, link_line, refused_line, room_line, title_of
from chat_tui.requests.following import Follower
from chat_tui.screens.doing import Doing
from chat_tui.spoken import Plain
from chat_tui.strings import _, of_error
from chat_tui_core.actions import SETTLED, Action, Kind, State
from chat_tui_core.errors import ChatError, LocalError
from chat_tui_core.link import Link
from chat_tui_core.model import SPOKEN, Membership, Room, RoomEvent
from chat_tui_core.safe_text import harmless_name
from chat_tui_core.session import Session
from chat_tui_core.session.ingest_history import mentions_me
from chat_tui_core.session_changes import ActionMoved, LinkMoved, RoomsMoved, Said, SessionChange, TimelineMoved

if TYPE_CHECKING:
    from chat_tui.own_tables import OwnCommand

__all__ = ["Talking"]

LAST_LINES: Final = 10
"""Lines of a room that are read out when it becomes the current one."""
SETTLE_SECONDS: Final = 10.0
"""A line waits so long for what the line before it began, while there is a connection."""
REMEMBERED: Final = 5_000
"""Events whose ids are kept, so that none is read out twice."""


class Talking:
    """One account without a screen. `write` takes finished lines; everything in them is harmless."""

    def __init__(
        self, session: Session, options: AppOptions, write: Callable[[str], None], *, zone: tzinfo | None = None
    ) -> None:
        self.session = session
        self.ended = asyncio.Event()
        self._write = write
        self._zone = zone
        self._stand_in = StandIn(session, options, self.tell, self.open)
        self.doing: Doing = doing_on(self._stand_in)
        self._told: OrderedDict[tuple[str, str], None] = OrderedDict()
        self._link = ""
        self._refused: set[int] = set()
        self._done: set[int] = set()
        self._invited = {room.room_id for room in session.rooms.values() if room.membership is Membership.INVITED}
        self._opening: set[asyncio.Task[None]] = set()
        self._moved = asyncio.Event()
        self._reading = asyncio.Lock()
        self._question: asyncio.Future[bool] | None = None
        self._follower: Follower | None = None
        self._changes = Changes(lambda: self.session.me)
        self._upto = 0  # the place in the current room up to which all was read out

    # ------------------------------------------------------------ what is read out

    def tell(self, line: str) -> None:
        """Read out a line; what is in it is plain text already."""
        self._write(line)

    @property
    def own_commands(self) -> Mapping[str, OwnCommand]:
        """The person's own commands."""
        return self._stand_in.options.config.commands

    @property
    def room(self) -> Room | None:
        """The current room, if there is one."""
        return self._stand_in.conversation.room

    @property
    def current(self) -> Room:
        """The current room; raises LocalError when there is none."""
        if self.room is None:
            raise LocalError(_("There is no current room: /switch or /join one first."))
        return self.room

    def joined(self) -> list[Room]:
        """The rooms that the person is in."""
        rooms = self.session.rooms.values()
        return [room for room in rooms if room.membership is Membership.JOINED and not room.is_space]

    def open(self, room_id: str) -> None:
        """Make a room the current one and read out its last lines."""
        if room_id == self._stand_in.conversation.room_id:
            return
        if before := self._stand_in.conversation.room_id:
            self.session.close_room(before)
        self._stand_in.conversation.room_id = room_id
        self._upto = 0
        self._changes.begin(self.session.open_room(room_id).items)  # from here on its members are known
        task = asyncio.get_running_loop().create_task(self._read_room(room_id))
        self._opening.add(task)
        task.add_done_callback(self._room_read)

    def _room_read(self, task: asyncio.Task[None]) -> None:
        self._opening.discard(task)
        self._moved.set()

    async def _read_room(self, room_id: str) -> None:
        room = self.session.rooms[room_id]
        known = bool(room.last_ts)
        if known:
            self.tell(room_line(room))
        async with self._reading:  # what comes meanwhile is newer, and is read out after it
            events, wrong = [], ""
            try:
                events = await self.session.history(room_id, LAST_LINES)
            except ChatError as error:
                wrong = of_error(error)
            room = self.session.rooms.get(room_id, room)
            if (
                not known
            ):  # what the server tells of a room that is being made comes piece by piece: its name, its topic
                self.tell(room_line(room))
            if wrong:
                self.tell(wrong)
            for event in events:
                self._read(event, room)

    def _names(self, room_id: str) -> dict[str, str]:
        """What people in a room are called, by their ids."""
        return {member.user_id: member.name for member in self.session.members(room_id) if member.name}

    def _read(self, event: RoomEvent, room: Room) -> None:
        """Read out an event unless it was; what was read out of the current room is read."""
        key = (event.room_id, event.event_id)
        if key in self._told:
            return
        here = event.room_id == self._stand_in.conversation.room_id
        names = {} if event.sender_name and event.kind in SPOKEN else self._names(event.room_id)
        line = event_line(event, self.session.me, room=None if here else room, names=names, zone=self._zone)
        if line:
            self._told[key] = None
            if len(self._told) > REMEMBERED:
                self._told.popitem(last=False)
            self.tell(line)
        if here:
            self._upto = max(self._upto, event.order)
            self.session.mark_read(event.room_id, event.order)

    async def follow(self) -> None:
        """Read out what comes, until cancelled: all of the current room, of others what notices are given for."""
        follower = self._follower = Follower(self.session, (), {})
        while True:
            await self._read_news(follower)
            await follower.moved.wait()

    async def _read_news(self, follower: Follower) -> None:
        async with self._reading:
            async for event in follower.news():
                room = self.session.rooms.get(event.room_id)
                here = event.room_id == self._stand_in.conversation.room_id
                if room is not None and (here or self._wanted(event, room)):
                    self._read(event, room)

    def _wanted(self, event: RoomEvent, room: Room) -> bool:
        now = time.localtime()
        minute, me = now.tm_hour * 60 + now.tm_min, self.session.me
        mentioned = mentions_me(event, me)
        config = self._stand_in.options.config
        return why_told(config, room, event, me, minute=minute, mentioned=mentioned, seen=False) is not None

    # ------------------------------------------------------------ what changes

    def note(self, change: SessionChange) -> None:
        """Take a change of the session."""
        if self._follower is not None:
            self._follower.note(change)
        if isinstance(change, LinkMoved):
            self._link_moved()
        elif isinstance(change, ActionMoved):
            self._changes.did(change.action)
            self._action_moved(change.action)
        elif isinstance(change, TimelineMoved):
            self._changed(change)
        elif isinstance(change, RoomsMoved):
            self._rooms_moved(change.room_ids)
        elif isinstance(change, Said):
            self._stand_in.say(change.text)
        self.doing.apply(gather([change]))
        self._moved.set()

    def _changed(self, change: TimelineMoved) -> None:
        """Read out what became of messages of the current room."""
        room_id = self._stand_in.conversation.room_id
        if change.room_id == room_id:
            names = {member.user_id: member.name for member in self.session.members(room_id)}
            for line in self._changes.lines(change.changes, names, self._upto):
                self.tell(line)

    def _link_moved(self) -> None:
        line = link_line(self.session.link)
        kind = self.session.link.link.value
        if line and kind != self._link:
            self._link = kind
            self.tell(line)

    def _action_moved(self, action: Action) -> None:
        said = action.kind is Kind.SEND or action.kind in DONE
        if said and action.state is State.FAILED and action.id not in self._refused:
            self._refused.add(action.id)
            self.tell(refused_line(action))
        elif action.state is State.CONFIRMED and action.kind in DONE and action.id not in self._done:
            self._done.add(action.id)  # the answer and the event that comes back may both tell it
            self.tell(_(DONE[action.kind]))

    def _rooms_moved(self, changed: Iterable[str]) -> None:
        for room_id in changed:
            room = self.session.rooms.get(room_id)
            if room is not None and room.membership is Membership.INVITED:
                if room_id not in self._invited:
                    self._invited.add(room_id)
                    who = harmless_name(room.inviter) or _("Somebody")
                    self.tell(
                        _("{who} invites you to {room}. /join {room} accepts.").format(who=who, room=title_of(room))
                    )
                continue
            self._invited.discard(room_id)
            if room_id == self._stand_in.conversation.room_id and (
                room is None or room.membership is not Membership.JOINED
            ):
                title = title_of(room) if room else room_id
                own = self._stand_in.standing.leaving.pop(room_id, _("is gone: deleted, or you were removed"))
                self._stand_in.conversation.room_id = ""
                self.tell(f"{title} {own}.")

    def leaving(self, room: Room, how: str) -> None:
        """That this room goes away is the person's own wish; `how` is said then."""
        self._stand_in.standing.leaving[room.room_id] = how

    # ------------------------------------------------------------ what is typed

    async def take(self, line: str) -> None:
        """Say a line, or do it; what cannot be done is read out in one sentence."""
        if self._question is not None and not self._question.done():
            self._question.set_result(line.strip().lower() in {"y", "yes", _("y"), _("yes")})
        elif line.strip():
            before = set(self.session.open_actions)
            try:
                await self._do(line)
            except ChatError as error:
                self.tell(of_error(error))
            await self._settled(before)

    async def _do(self, line: str) -> None:
        typed = read_line(line, self.own_commands)
        if isinstance(typed, Wrong):
            raise LocalError(typed.text)
        if isinstance(typed, Call):
            await carry_out(self, typed)
        elif isinstance(typed, Plain):
            await self.session.send(self.current.room_id, typed.text, kind="emote" if typed.emote else "")
            if self.session.link.link is not Link.ONLINE:
                self.tell(_("It is kept, and leaves with the next connection."))

    async def agrees(self, question: str) -> bool:
        """Ask something; the next line is the answer, and only yes is yes."""
        self.tell(f"{question} {_('Type yes or no.')}")
        self._question = asyncio.get_running_loop().create_future()
        self._moved.set()
        try:
            return await self._question
        finally:
            self._question = None

    @property
    def asks(self) -> bool:
        """Whether the next line is the answer to a question."""
        return self._question is not None and not self._question.done()

    async def asked(self) -> None:
        """Wait until a question is asked."""
        while not self.asks:
            self._moved.clear()
            await self._moved.wait()

    def beside(self, work: Coroutine[Any, Any, object]) -> None:
        """Do something that goes on while further lines are typed."""
        self._stand_in.start(work)

    def quit(self) -> None:
        """End."""
        self.ended.set()

    async def _settled(self, before: set[int]) -> None:
        """Wait a while for what a line began, so that the next one finds it done; not without a connection."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(SETTLE_SECONDS):
                while self._waits(before):
                    self._moved.clear()
                    await self._moved.wait()
        if self._follower is not None and self.session.link.link is Link.ONLINE:
            await self._read_news(self._follower)

    def _waits(self, before: set[int]) -> bool:
        begun = self._begun(before) or self.doing.opens or self._opening
        return bool(begun) and self.session.link.link is Link.ONLINE

    def _begun(self, before: set[int]) -> bool:
        now = self.session.now_ms()
        return any(
            action.id not in before and action.state not in SETTLED and action.not_before <= now
            for action in self.session.open_actions.values()
            if action.kind is not Kind.READ
        )

    async def finish(self) -> None:
        """Nothing is typed any more: wait a while for what is on its way, and read it out."""
        await self._settled(set())
