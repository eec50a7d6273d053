"""What is known of the rooms: the lists, what events do to one room, and how the two are put together (wschat 3.3)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from chat_tui_core.model import SPOKEN, Member, Membership, Presence, Role, Room, RoomEvent, RoomKind
from chat_tui_core.safe_text import one_line
from chat_tui_core.values import changed
from chat_tui_wschat.frames import Event
from chat_tui_wschat.grammar import channel_name_ok
from chat_tui_wschat.protocol_fields import Data, entries, flag, identifier, moment, named, names, text, whole
from chat_tui_wschat.protocol_file_list import FileList

TOPIC_LIMIT: Final = 300
LAST_LIMIT: Final = 120
MOST_PAGES: Final = 1_000

_STATES: Final = {state.value: state for state in (Presence.ONLINE, Presence.IDLE, Presence.OFFLINE)}
_ROLES: Final = {role.value: role for role in Role}


def presence(data: Data) -> Presence:
    """Give the field `state` as presence; UNKNOWN when it is none."""
    return _STATES.get(text(data, "state", 16), Presence.UNKNOWN)


def member(item: object) -> Member | None:
    """Give one entry of a list of people: a name, or `{"name","state","role","display"}`; None when it is neither."""
    if isinstance(item, Mapping):
        user = named(item, "name")
        role = _ROLES.get(text(item, "role", 16), Role.MEMBER)
        return Member(user, text(item, "display", 80), presence(item), role) if user else None
    user = identifier(item)
    return Member(user) if user else None


def members(data: Data, key: str) -> tuple[Member, ...]:
    """Give a list of people, each once."""
    found = {person.user_id: person for item in entries(data, key) if (person := member(item)) is not None}
    return tuple(found.values())


def kind_of(room_id: str, data: Data | None = None) -> RoomKind:
    """Give who can see a channel: `@a+b` is direct (wschat 3.12), the rest says whether it is private."""
    if room_id.startswith("@") or (data is not None and flag(data, "direct")):
        return RoomKind.DIRECT
    return RoomKind.PRIVATE if data is not None and flag(data, "private") else RoomKind.PUBLIC


def name_of(room_id: str, me: str) -> str:
    """Give the name to show: of a direct channel the other user's."""
    if not room_id.startswith("@"):
        return room_id
    return next((user for user in room_id[1:].split("+") if user != me), room_id)


def listed(item: object, me: str) -> tuple[Room, bool] | None:
    """Give one entry of LSCHANS as a room, and whether the account has a part in it; None when it names none."""
    if not isinstance(item, Mapping):
        return None
    room_id = named(item, "name")
    if not channel_name_ok(room_id):
        return None
    joined, invited = flag(item, "joined"), flag(item, "invited")
    membership = Membership.JOINED if joined else Membership.INVITED if invited else Membership.NONE
    last = item.get("last")
    last = last if isinstance(last, Mapping) else {}
    room = Room(
        room_id,
        name=name_of(room_id, me),
        topic=text(item, "topic", TOPIC_LIMIT),
        kind=kind_of(room_id, item),
        membership=membership,
        members=whole(item, "members", 1_000_000),
        unread=whole(item, "unread"),
        head=whole(item, "pos"),
        read=whole(item, "read"),
        last_ts=moment(last),
        last_sender=named(last, "from"),
        last_text=one_line(text(last, "text"), LAST_LIMIT),
    )
    return room, joined or invited


# ---------------------------------------------------------------- what one event does to one room


def _created(room: Room, data: Data, me: str) -> Room:
    """A new channel has no members yet: a JOIN follows for everyone who comes with it."""
    kind = kind_of(room.room_id, data)
    membership = Membership.JOINED if named(data, "by") == me else room.membership
    return replace(room, kind=kind, membership=membership, topic=text(data, "topic", TOPIC_LIMIT) or room.topic)


def _topic(room: Room, data: Data, _me: str) -> Room:
    order = whole(data, "pos")
    # State with a lower pos never replaces state with a higher one (wschat 3.4 rule 5).
    return room if order and order < room.head else replace(room, topic=text(data, "topic", TOPIC_LIMIT))


def _joined(room: Room, data: Data, me: str) -> Room:
    if named(data, "username") == me:
        room = replace(room, membership=Membership.JOINED)
    return replace(room, members=room.members + 1)


def _left(room: Room, data: Data, me: str) -> Room:
    if named(data, "username") == me:
        room = replace(room, membership=Membership.LEFT)
    return replace(room, members=max(0, room.members - 1))


def _invited(room: Room, data: Data, me: str) -> Room:
    if named(data, "username") != me or room.membership is Membership.JOINED:
        return room
    kind = RoomKind.PRIVATE if flag(data, "private") else room.kind
    return replace(room, kind=kind, membership=Membership.INVITED, topic=text(data, "topic", TOPIC_LIMIT) or room.topic)


_EFFECTS: Final[Mapping[tuple[str, str], Callable[[Room, Data, str], Room]]] = {
    ("channel", "CREATE"): _created,
    ("channel", "TOPIC"): _topic,
    ("user", "JOIN"): _joined,
    ("user", "PART"): _left,
    ("user", "KICK"): _left,
    ("user", "INVITE"): _invited,
}


def affected(room: Room | None, event: Event, me: str) -> Room | None:
    """Give the room after an event; None when there is none (any more). Pure, so that it can be applied again."""
    if (event.type, event.action) == ("channel", "DELETE"):
        return None
    effect = _EFFECTS.get((event.type, event.action))
    if effect is None:
        return room
    if room is None:
        room = Room(
            event.resource, name_of(event.resource, me), kind=kind_of(event.resource), membership=Membership.NONE
        )
    room = effect(room, event.data, me)
    return replace(room, head=max(room.head, whole(event.data, "pos")))


def spoken(room: Room, event: RoomEvent, me: str) -> Room:
    """Give the room after a timeline event: its head, its newest line, and one more unread from somebody else."""
    head = max(room.head, event.order)
    if event.kind not in SPOKEN:
        return replace(room, head=head)
    unread = room.unread + (event.sender != me and event.order > room.read)
    said = one_line(event.text or (event.file.name if event.file else ""), LAST_LIMIT)
    return changed(room, head=head, unread=unread, last_ts=event.ts, last_sender=event.sender, last_text=said)


def changed_fields(before: Room | None, after: Room, counted: bool) -> frozenset[str]:
    """Give the fields in which a room differs; of a room that was not known, those that an event can tell."""
    known = before or Room(after.room_id, membership=Membership.NONE)
    fields = {
        name
        for name in ("name", "topic", "kind", "membership", "members")
        if getattr(known, name) != getattr(after, name)
    }
    if not counted:
        fields.discard("members")
    return frozenset(fields)


# ---------------------------------------------------------------- lists


@dataclass(slots=True)
class Lists:
    """The lists of one sync on their way: LSSUBS, the pages of LSCHANS and of LSFILES, and what happened since they were asked for."""

    me: str
    joined: dict[str, int] | None = None  # by LSSUBS: room -> at
    subs_at: int = 0
    rooms: dict[str, tuple[Room, int]] = field(default_factory=dict)  # by LSCHANS: room -> as of at
    first_at: int | None = None
    pages: int = 0
    subs_done: bool = False
    rooms_done: bool = False
    files: FileList = field(default_factory=FileList)
    since: list[tuple[Event, RoomEvent | None]] = field(default_factory=list)

    @property
    def done(self) -> bool:
        """Whether all lists are there, or were refused."""
        return self.subs_done and self.rooms_done and self.files.done

    def note(self, event: Event, item: RoomEvent | None) -> None:
        """Keep a numbered event that came while the lists were on their way, with its timeline item."""
        self.since.append((event, item))

    def take_subs(self, data: Data) -> None:
        """Take the answer to LSSUBS: it wins for membership."""
        self.subs_at = whole(data, "at")
        self.joined = dict.fromkeys((name for name in names(data, "channels") if channel_name_ok(name)), self.subs_at)
        self.subs_done = True

    def take_page(self, data: Data) -> str:
        """Take a page of LSCHANS; gives the name to list after, "" when it was the last page."""
        at = whole(data, "at")
        self.first_at = at if self.first_at is None else min(self.first_at, at)
        self.pages += 1
        last = ""
        for item in entries(data, "channels"):
            found = listed(item, self.me)
            if found is not None:
                last = found[0].room_id
                self.rooms.setdefault(last, (found[0], at))
        more = flag(data, "more") and bool(last) and self.pages < MOST_PAGES
        self.rooms_done = not more
        return last if more else ""

    def result(self) -> dict[str, Room]:
        """Give the rooms as of now: the lists, and on top of each what happened after it was taken (wschat 3.3)."""
        after: dict[str, list[tuple[Event, RoomEvent | None]]] = {}
        for event, item in self.since:
            after.setdefault(event.resource, []).append((event, item))
        found = {}
        for room_id in dict.fromkeys((*self.rooms, *(self.joined or ()), *after)):
            room = self._room(room_id, after.get(room_id, []))
            if room is not None:
                found[room_id] = room
        return found

    def _room(self, room_id: str, since: list[tuple[Event, RoomEvent | None]]) -> Room | None:
        listed_room, at = self.rooms.get(room_id, (None, self.first_at or 0))
        if listed_room is None and self.joined is not None and room_id in self.joined:
            listed_room, at = self._named(room_id, Membership.JOINED), self.subs_at
        room = self._fold(listed_room, at, since)
        if self.joined is None or room is None:
            return room
        start = Membership.JOINED if room_id in self.joined else self._outside(listed_room)
        by_subs = self._fold(self._named(room_id, start), self.subs_at, since)
        return room if by_subs is None else replace(room, membership=by_subs.membership)

    def _named(self, room_id: str, membership: Membership) -> Room:
        return Room(room_id, name_of(room_id, self.me), kind=kind_of(room_id), membership=membership)

    def _outside(self, room: Room | None) -> Membership:
        """How the account stands to a room that it is not joined to by LSSUBS."""
        if room is None or room.membership is Membership.JOINED:
            return Membership.NONE
        return room.membership

    def _fold(self, room: Room | None, at: int, since: Iterable[tuple[Event, RoomEvent | None]]) -> Room | None:
        for event, item in since:
            if (event.seq or 0) <= at:
                continue
            room = affected(room, event, self.me)
            if room is not None and item is not None:
                room = spoken(room, item, self.me)
        return room


class Rooms:
    """The rooms as they are known in this run; `counted` are those whose number of members is known."""

    def __init__(self) -> None:
        self.rooms: dict[str, Room] = {}
        self.counted: set[str] = set()
        self.delivered: dict[str, int] = {}  # room -> highest pos that was handed on as it happened
        self.gone: set[str] = set()  # deleted: what still comes of them is too late

    def replace(self, rooms: dict[str, Room]) -> None:
        """Put a whole list in place."""
        self.rooms = rooms
        self.gone.clear()
        self.counted = {room_id for room_id, room in rooms.items() if room.members}

    def delivering(self, room_id: str, order: int) -> None:
        """Note how far a room's stream was handed on."""
        self.delivered[room_id] = max(order, self.delivered.get(room_id, 0))

    def forget(self, room_id: str) -> None:
        """Drop a room that is gone."""
        self.gone.add(room_id)
        self.rooms.pop(room_id, None)
        self.counted.discard(room_id)
        self.delivered.pop(room_id, None)

    def __iter__(self) -> Iterator[Room]:
        return iter(self.rooms.values())
