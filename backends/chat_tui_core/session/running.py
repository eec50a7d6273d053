"""One running account, as the screen, the command line and a bot see it.

Data flows one way: the connection's news and the person's commands go through the intake into the store; what came of
them goes into the session's values, and from there to whoever watches. Actions are stored before they leave and stay
until their echo (design 5).
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from chat_tui_core.actions import SETTLED, Action, State
from chat_tui_core.contract import Backend, Connection, KeepSecret, Surroundings, forget_secret
from chat_tui_core.errors import AuthRefused, LocalError, Refused, TransportError, UnknownRoom
from chat_tui_core.link import Capability, Link, LinkChanged
from chat_tui_core.model import Account, Gap, Member, Membership, Presence, Room, RoomEvent
from chat_tui_core.session.acting import Acting
from chat_tui_core.session.drafting import Drafting
from chat_tui_core.session.intake import Intake
from chat_tui_core.session.line import Line
from chat_tui_core.session.open_rooms import PAGE, OpenRooms
from chat_tui_core.session.publishing import Listener, Publisher
from chat_tui_core.session.sender import Sender
from chat_tui_core.session_changes import (
    ActionMoved,
    EventsArrived,
    LinkMoved,
    MembersMoved,
    PresenceMoved,
    ReadMarkMoved,
    RoomsMoved,
    Said,
    SessionChange,
    TypingMoved,
)
from chat_tui_core.store import Store, meta
from chat_tui_core.store import actions as stored_actions
from chat_tui_core.store import rooms as stored_rooms
from chat_tui_core.store.drafts import Draft
from chat_tui_core.timeline import Timeline
from chat_tui_core.values import changed as with_fields

if TYPE_CHECKING:
    from chat_tui_core.news import AskRefused, News, PresenceSet, SignedIn, TypingSet
    from chat_tui_core.questions import Question
    from chat_tui_core.session.ingest_state import Outcome

PREFETCH_ROOMS: Final = 20
PREFETCH_LINES: Final = 50

Watcher = Callable[[SessionChange], None]


def _wall_ms() -> int:
    return time.time_ns() // 1_000_000


class Session(Acting):
    """One running account. What is stored can be read at once; `connect` starts the network. Lives on one event loop."""

    def __init__(
        self,
        account: Account,
        backend: Backend,
        token: str,
        store: Store,
        *,
        wall_ms: Callable[[], int] = _wall_ms,
        undo_seconds: float = 0.0,
        keep_secret: KeepSecret = forget_secret,
    ) -> None:
        self.account = account
        self.backend = backend
        self.store = store
        self.link = LinkChanged(Link.OFFLINE)
        self.note = ""
        self.undo_seconds = undo_seconds
        self._keep_secret = keep_secret
        self._wall_ms = wall_ms
        self._publisher = Publisher()
        self._publish = self._publisher.publish
        self._members: dict[str, dict[str, Member]] = {}
        self._presence: dict[str, Presence] = {}
        self._typing: dict[str, tuple[str, ...]] = {}
        self._renamed: dict[int, int] = {}  # ids that were given up for new ones
        self._load()
        self.rooms: Mapping[str, Room] = MappingProxyType(self._rooms)
        self.open_actions: Mapping[int, Action] = MappingProxyType(self._actions)
        self._drafting = Drafting(store, self._complain)
        self.drafts: Mapping[str, Draft] = self._drafting.drafts
        self._intake = Intake(store, self._known, self._settle, self._complain)
        self._line = Line(token, self._make_connection, self._intake.deliver, account.name)
        self._open: OpenRooms = OpenRooms(
            store, self._ask, self._publish, self._actions, self._rooms, online=self._online
        )
        deliver, command = self._intake.deliver, self._intake.command
        self._sender = Sender(self._actions, self._hand_over, command, deliver, wall_ms)

    def _load(self) -> None:
        read = self.store.read
        self.me = read(meta.get_meta, "me") or self.account.user
        self.capabilities = frozenset(Capability(c) for c in (read(meta.get_meta, "can") or "").split() if c in _KNOWN)
        self.capabilities = self.capabilities or self.backend.capabilities
        if read(stored_actions.needs_tidying, self._wall_ms()):
            self.store.write_now(stored_actions.tidy, self._wall_ms())
        self._rooms = {room.room_id: room for room in read(stored_rooms.load_rooms)}
        self._actions = {action.id: action for action in read(stored_actions.open_actions)}

    # ------------------------------------------------------------ life

    def watch(self, callback: Watcher) -> Callable[[], None]:
        """Call back with every change, on the session's loop; returns what ends it."""
        return self._publisher.subscribe(object, callback)

    def subscribe(self, kinds: type | tuple[type, ...], listener: Listener) -> Callable[[], None]:
        """Call back, or start a coroutine, with every change of these kinds; returns what ends it."""
        return self._publisher.subscribe(kinds, listener)

    def connect(self, token: str = "") -> None:
        """Connect, and stay connected until `close`. Nothing happens while no token is known: a keyring may have it."""
        self._line.connect(token)

    def connect_now(self) -> None:
        """The person does not want to wait for the next try, or tries again after the link was stopped."""
        self._line.connect_now()

    async def reconnect(self, token: str) -> None:
        """Go on with another token, as after signing in again; everything else stays as it is."""
        await self._line.reconnect(token)

    async def close(self) -> None:
        """Say goodbye and store what is left, within about a second."""
        self._sender.stop()
        await self._open.stop()
        await self._line.close()
        await asyncio.gather(self._intake.close(), self.files.close())
        await self._drafting.close()
        await self._publisher.close()

    async def ready(self) -> None:
        """Wait until the link is online. Raises AuthRefused or TransportError when it is stopped for good."""
        while self.link.link is not Link.ONLINE:
            if self.link.link is Link.STOPPED:
                kind = AuthRefused if "password" in self.link.reason or "token" in self.link.reason else TransportError
                raise kind(self.link.reason or "The server ended the connection.")
            await self._next(LinkMoved)

    # ------------------------------------------------------------ rooms

    def open_room(self, room_id: str, count: int = PAGE) -> Timeline:
        """The room's timeline with its newest stored lines; what is missing is fetched by itself. A few ms."""
        if room_id not in self._members:
            self._members[room_id] = {m.user_id: m for m in self.store.read(stored_rooms.load_members, room_id)}
        return self._open.open(room_id, count)

    def close_room(self, place: str) -> None:
        """Forget the loaded lines of a room or a thread; they stay in the store."""
        self._open.close(place)

    def timeline(self, place: str) -> Timeline | None:
        """The timeline of an open room or thread (see `chat_tui_core.threads`), else None."""
        return self._open.timeline(place)

    def at_start(self, place: str) -> bool:
        """Whether the oldest loaded line is the room's first."""
        return self._open.at_start(place)

    async def load_older(self, room_id: str, count: int = PAGE) -> bool:
        """Bring lines before the oldest loaded one into the timeline. True: there may be more."""
        return await self._open.load_older(room_id, count)

    async def fill_gap(self, room_id: str, gap: Gap) -> None:
        """Fetch the newest part of a hole. Raises TransportError while offline, Refused."""
        await self._open.fill_gap(room_id, gap)

    async def history(self, room_id: str, count: int, before: int = 0) -> list[RoomEvent]:
        """The last `count` events (before an order): the store's where it has them whole, else the network's."""
        self._room(room_id)
        return await self._open.history(room_id, count, before)

    @property
    def landing(self) -> OpenRooms:
        """Going elsewhere in a room than its end: see `open_at`, `load_newer`, `to_newest`, `find_around` there."""
        return self._open

    async def directory(self, search: str = "") -> tuple[Room, ...]:
        """Rooms that could be joined. Raises TransportError, Refused."""
        from chat_tui_core.news import DirectoryGiven
        from chat_tui_core.questions import AskDirectory

        given = await self._open.answer(lambda request: AskDirectory(request, search))
        return given.rooms if isinstance(given, DirectoryGiven) else ()

    async def people(self, search: str) -> tuple[Member, ...]:
        """People whom the server knows by a name or an id like this. Raises TransportError, Refused."""
        from chat_tui_core.news import UsersGiven
        from chat_tui_core.questions import AskUsers

        given = await self._open.answer(lambda request: AskUsers(request, search))
        return given.users if isinstance(given, UsersGiven) else ()

    def members(self, room_id: str) -> tuple[Member, ...]:
        """Who is known to be in the room, and whether they are there now as far as that was told since."""
        known = self._presence
        people = self._members.get(room_id, {}).values()
        return tuple(with_fields(one, presence=known[one.user_id]) if one.user_id in known else one for one in people)

    def typing(self, room_id: str) -> tuple[str, ...]:
        """Other people who type in the room now."""
        return tuple(user for user in self._typing.get(room_id, ()) if user != self.me)

    @property
    def problems(self) -> int:
        """How many events were set aside, ever; `chat-tui doctor` lists the newest."""
        return self.store.read(meta.problem_count)

    def presence(self, user_id: str) -> Presence:
        """Whether a person is there, as far as the server has said."""
        return self._presence.get(user_id, Presence.UNKNOWN)

    # ------------------------------------------------------------ actions

    async def settled(self, action_id: int, state: State) -> Action:
        """Wait until an action has reached `state` (SENT or CONFIRMED), or is failed or cancelled."""
        wanted = {State.CONFIRMED, State.FAILED, State.CANCELLED, state}
        while True:
            action_id = self._current(action_id)
            action = self._actions.get(action_id) or self.store.read(stored_actions.load_action, action_id)
            if action is None:
                raise LocalError(f"There is no action {action_id}.")
            if action.state in wanted:
                return action
            await self._next(ActionMoved)

    def set_typing(self, room_id: str, typing: bool) -> None:
        """Tell the room that we type, or no longer do; lost while offline."""
        if Capability.TYPING in self.capabilities:
            from chat_tui_core.questions import SetTyping

            self._ask(SetTyping(room_id, typing))

    def save_draft(self, draft: Draft) -> None:
        """Keep what is being typed; durable within a third of a second."""
        self._drafting.keep(draft)

    # ------------------------------------------------------------ one way: what was stored, into the values, to watchers

    def _settle(self, outcome: Outcome, news: Sequence[News]) -> None:
        self.me = outcome.me
        self._rooms.update(outcome.rooms)
        self._settle_members(outcome)
        old_ids = {new: old for old, new in outcome.rekeyed.items()}
        self._renamed.update(outcome.rekeyed)
        for old in outcome.rekeyed:
            self._actions.pop(old, None)
            self._sender.settled(old)
        self._open.apply(outcome)
        for room_id, events in outcome.arrivals.items():
            self._publish(EventsArrived(room_id, tuple(events)))
        for action in outcome.actions.values():
            self._put_action(action, old_ids.get(action.id, 0), shown=True)
        if outcome.rooms:
            self._publish(RoomsMoved(frozenset(outcome.rooms)))
        for room_id, positions in outcome.reads.items():
            self._publish(ReadMarkMoved(room_id, positions))
        from chat_tui_core.session.hearing import HEARD

        for item in news:
            handler = HEARD.get(type(item))
            if handler is not None:
                handler(self, item)
        if outcome.position is not None and self._line.connection is not None:
            self._line.connection.stored(outcome.position)
        self._sender.note(news)
        self._sender.pump()
        self.files.settle(outcome, news)

    def _settle_members(self, outcome: Outcome) -> None:
        for room_id, members in outcome.members.items():
            self._members[room_id] = {member.user_id: member for member in members}
            self._publish(MembersMoved(room_id))
        for room_id, changed in outcome.member_changes.items():
            if (known := self._members.get(room_id)) is not None:
                known.update({user: member for user, member in changed.items() if member is not None})
                for user in [user for user, member in changed.items() if member is None]:
                    known.pop(user, None)
                self._publish(MembersMoved(room_id))

    def _put_action(self, action: Action, old_id: int = 0, *, shown: bool = False) -> None:
        if action.state in SETTLED and action.state is not State.FAILED:
            self._actions.pop(action.id, None)
        else:
            self._actions[action.id] = action
        if not shown:
            self._open.show(action, old_id)
        self._publish(ActionMoved(action, old_id))

    def _link_changed(self, news: LinkChanged) -> None:
        was, self.link = self.link.link, news
        self._sender.online(online=news.link is Link.ONLINE)
        if news.link is Link.ONLINE:
            if was is not Link.ONLINE:
                self._catch_up()
        elif self._typing:
            rooms, self._typing = list(self._typing), {}
            for room_id in rooms:
                self._publish(TypingMoved(room_id))
        self._publish(LinkMoved(news))

    def _signed_in(self, news: SignedIn) -> None:
        self.note = news.note
        self.capabilities = news.capabilities

    def _typing_set(self, news: TypingSet) -> None:
        self._typing[news.room_id] = news.users
        self._publish(TypingMoved(news.room_id))

    def _presence_set(self, news: PresenceSet) -> None:
        self._presence[news.user_id] = news.presence
        self._publish(PresenceMoved(news.user_id))

    def _ask_refused(self, news: AskRefused) -> None:
        self._open.refused(news.request, Refused(news.text, news.code))

    # ------------------------------------------------------------ parts

    def _make_connection(self, token: str) -> Connection:
        from chat_tui_core.store.state import StoredState

        position = self.store.read(meta.get_position)
        lent = Surroundings(StoredState(self.store), self._keep_secret, self.files.bytes)
        return self.backend.connect(self.account, token, position, self._intake.deliver, lent)

    def _catch_up(self) -> None:
        for room_id in self._open.timelines:
            self._open.refresh(room_id)
        for place in self._open.threads.timelines:
            self._open.threads.refresh(place)
        joined = (r for r in self._rooms.values() if r.membership is Membership.JOINED and not r.is_space)
        recent = sorted(joined, key=lambda room: room.last_ts, reverse=True)[:PREFETCH_ROOMS]
        for room in recent:
            empty = Capability.CONTIGUOUS in self.capabilities and not room.head
            if room.room_id not in self._open.timelines and not empty:
                self._open.prefetch(room.room_id, PREFETCH_LINES)

    def _hand_over(self, action: Action) -> None:
        if self._line.connection is not None:
            self._line.connection.do(action)

    def _online(self) -> bool:
        return self._line.connection is not None and self.link.link is Link.ONLINE

    def _ask(self, question: Question) -> bool:
        if self._line.connection is None or not self._online():
            return False
        self._line.connection.ask(question)
        return True

    def _room(self, room_id: str) -> Room:
        room = self._rooms.get(room_id)
        if room is None:
            raise UnknownRoom(f"There is no room {room_id!r} in the account {self.account.name!r}.")
        return room

    async def _next(self, kind: type[SessionChange]) -> SessionChange:
        found: asyncio.Future[SessionChange] = asyncio.get_running_loop().create_future()

        def look(change: SessionChange) -> None:
            if isinstance(change, kind) and not found.done():
                found.set_result(change)

        unwatch = self.watch(look)
        try:
            return await found
        finally:
            unwatch()

    def _complain(self, text: str) -> None:
        self._publish(Said(text, serious=True))


_KNOWN: Final = frozenset(Capability)
