"""What an EVENT means to a session: one table from event type and action to news (wschat 3.3)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Final

from chat_tui_core.contract import (
    Arrived,
    Echoed,
    Edited,
    GapFound,
    MemberChanged,
    MembersListed,
    News,
    PresenceSet,
    Problem,
    Reacted,
    ReadMoved,
    Redacted,
    RoomChanged,
    RoomGone,
    TypingSet,
)
from chat_tui_core.file_news import FileOffered
from chat_tui_core.model import Gap, Member, Membership, Room, RoomEvent
from chat_tui_wschat.frames import Event
from chat_tui_wschat.grammar import channel_name_ok
from chat_tui_wschat.protocol_fields import flag, moment, named, names, text, whole
from chat_tui_wschat.protocol_files import Files
from chat_tui_wschat.protocol_labels import FIRST_LABEL
from chat_tui_wschat.protocol_rooms import (
    TOPIC_LIMIT,
    Lists,
    Rooms,
    affected,
    changed_fields,
    kind_of,
    members,
    name_of,
    presence,
    spoken,
)
from chat_tui_wschat.protocol_timeline import Timeline
from chat_tui_wschat.protocol_typing import Typers


class Stream:
    """Turns events into news, and keeps what that needs: the rooms, who types, the lists on their way."""

    def __init__(self, me: str, files: Files) -> None:
        self.me = me
        self.files = files
        self.rooms = Rooms()
        self.timeline = Timeline()
        self.typers = Typers()
        self.lists: Lists | None = None
        self.wants_lists = False
        self.now = 0.0

    def apply(self, event: Event, now: float) -> list[News]:
        """Give the news of one event that is due; an event of this device's own action ends in its echo."""
        self.now = now
        handler = _EVENTS.get((event.type, event.action))
        if handler is None:
            return [Problem(f"An event of an unknown kind was set aside: {event.type} {event.action}.")]
        news = list(handler(self, event))
        if event.id is not None and event.id < FIRST_LABEL:
            news.append(self.echo(event))
        return news

    def echo(self, event: Event) -> Echoed:
        """Give the echo that an event of this device's own action is."""
        order = whole(event.data, "pos")
        event_id = named(event.data, "id")
        if not event_id and order:
            event_id = self.timeline.ids.find(event.resource, order)
        return Echoed(event.id or 0, event_id, order)

    # ------------------------------------------------------------ rooms and their timelines

    def change_room(self, event: Event, item: RoomEvent | None = None) -> Iterator[News]:
        """Apply an event to the room that it names; gives what changed."""
        if self.lists is not None and event.seq is not None:
            self.lists.note(event, item)
        before = self.rooms.rooms.get(event.resource)
        after = affected(before, event, self.me)
        if after is None:  # deleted, or never heard of and nothing that makes it known
            if (event.type, event.action) == ("channel", "DELETE"):
                self.rooms.forget(event.resource)
            return
        if item is not None:
            after = spoken(after, item, self.me)
        if before is not None or event.type in {"channel", "user"}:
            self.rooms.rooms[event.resource] = after
            self.rooms.gone.discard(event.resource)
        if event.type in {"channel", "user"}:  # what is said changes nothing that is told of a room
            fields = changed_fields(before, after, counted=event.resource in self.rooms.counted)
            if fields:
                yield RoomChanged(after, fields)
        if before is None and event.type == "user" and after.membership in {Membership.JOINED, Membership.INVITED}:
            self.wants_lists = True

    def arrive(self, event: Event) -> Iterator[News]:
        """Hand a timeline item on, with what it does to its room."""
        own = event.id if event.id is not None and event.id < FIRST_LABEL else 0
        item = self.timeline.item(event.resource, event.type, event.action, event.data, own)
        if item is None:
            yield _unplaced(event)
        else:
            self.rooms.delivering(event.resource, item.order)
            yield Arrived(event.resource, (item,))
        yield from self.change_room(event, item)

    def snapshot(self, event: Event) -> Iterator[News]:
        """Replace what is known of a joined room; what lies between is a gap (wschat 3.6)."""
        room_id, order = event.resource, whole(event.data, "pos")
        if not channel_name_ok(room_id):
            yield Problem("A snapshot of no channel was set aside.")
            return
        people = members(event.data, "members")
        whole_list = not flag(event.data, "more")
        room = Room(
            room_id,
            name_of(room_id, self.me),
            text(event.data, "topic", TOPIC_LIMIT),
            kind_of(room_id, event.data),
            Membership.JOINED,
            members=len(people),
            head=order,
            read=whole(event.data, "read"),
        )
        fields = {"name", "topic", "membership", "head", "read", *(("members",) if whole_list else ())}
        yield RoomChanged(room, frozenset(fields))
        if whole_list:
            yield MembersListed(room_id, people)
        seen = self.rooms.delivered.get(room_id, 0)
        if seen and order > seen:
            yield GapFound(Gap(room_id, seen, order + 1))
        self.rooms.rooms[room_id] = room
        if whole_list:
            self.rooms.counted.add(room_id)

    def clear_typing(self) -> list[News]:
        """Nobody types any more, as far as is known (wschat 3.4 rule 9)."""
        return [TypingSet(room_id, ()) for room_id in self.typers.clear()]

    def lapse_typing(self, now: float) -> list[News]:
        """Lists of people who type that were not repeated in time are empty now (A19)."""
        return [TypingSet(room_id, ()) for room_id in self.typers.lapsed(now)]


def _unplaced(event: Event) -> Problem:
    return Problem(f"An event without a position was set aside: {event.type} {event.action}.", event.resource)


def _incomplete(event: Event) -> Problem:
    return Problem(f"An event that lacks a field was set aside: {event.type} {event.action}.", event.resource)


def _created(stream: Stream, event: Event) -> Iterator[News]:
    if event.resource not in stream.rooms.rooms:
        stream.rooms.counted.add(event.resource)
    yield from stream.change_room(event)


def _deleted(stream: Stream, event: Event) -> Iterator[News]:
    by = named(event.data, "by")
    yield from stream.change_room(event)
    yield RoomGone(event.resource, f"deleted by {by}" if by else "deleted")


def _member(stream: Stream, event: Event, *, gone: bool) -> Iterator[News]:
    user = named(event.data, "username")
    if not user:
        yield _incomplete(event)
        return
    if whole(event.data, "pos"):
        yield from stream.arrive(event)
    else:  # bare S0 has no positions
        yield from stream.change_room(event)
    yield MemberChanged(event.resource, Member(user, text(event.data, "display", 80)), gone)
    if gone and (left := stream.typers.drop_user(event.resource, user)) is not None:
        yield TypingSet(event.resource, left)


def _came(stream: Stream, event: Event) -> Iterator[News]:
    yield from _member(stream, event, gone=False)


def _went(stream: Stream, event: Event) -> Iterator[News]:
    yield from _member(stream, event, gone=True)


def _invited(stream: Stream, event: Event) -> Iterator[News]:
    if named(event.data, "username") == stream.me:
        yield from stream.change_room(event)


def _arrives(stream: Stream, event: Event) -> Iterator[News]:
    if event.resource in stream.rooms.gone:
        yield Problem("Something that came after its room was deleted was set aside.", event.resource)
    else:
        yield from stream.arrive(event)


def _edited(stream: Stream, event: Event) -> Iterator[News]:
    room_id, order = event.resource, whole(event.data, "pos")
    if not order or not isinstance(event.data.get("text"), str):
        yield _incomplete(event)
        return
    event_id = named(event.data, "id") or stream.timeline.ids.find(room_id, order)
    yield Edited(room_id, event_id, order, text(event.data, "text"), moment(event.data))


def _redacted(stream: Stream, event: Event) -> Iterator[News]:
    room_id, order = event.resource, whole(event.data, "pos")
    if not order:
        yield _unplaced(event)
        return
    event_id = named(event.data, "id") or stream.timeline.ids.find(room_id, order)
    yield Redacted(room_id, event_id, order, named(event.data, "by"))


def _reacted(stream: Stream, event: Event) -> Iterator[News]:
    room_id, order = event.resource, whole(event.data, "pos")
    by, key, op = named(event.data, "by"), text(event.data, "key", 32), event.data.get("op")
    if not order or not by or not key or op not in {"add", "remove"}:
        yield _incomplete(event)
        return
    event_id = named(event.data, "id") or stream.timeline.ids.find(room_id, order)
    yield Reacted(room_id, event_id, order, by, key, removed=op == "remove")


def _read(stream: Stream, event: Event) -> Iterator[News]:
    by, order = named(event.data, "by"), whole(event.data, "pos")
    if by and order:
        yield ReadMoved(event.resource, by, order)


def _present(stream: Stream, event: Event) -> Iterator[News]:
    yield PresenceSet(event.resource, presence(event.data), text(event.data, "text", TOPIC_LIMIT))


def _typing(stream: Stream, event: Event) -> Iterator[News]:
    users = tuple(user for user in names(event.data, "users") if user != stream.me)
    yield TypingSet(event.resource, stream.typers.put(event.resource, users, stream.now))


def _offered(stream: Stream, event: Event) -> Iterator[News]:
    """An offer is a line of its room; one by somebody else can be accepted."""
    for news in _arrives(stream, event):
        yield news
        item = news.events[0] if isinstance(news, Arrived) else None
        if item is not None and item.file is not None and item.sender != stream.me:
            if stream.lists is not None:
                stream.lists.files.offered(item.file.ref)
            yield FileOffered(item.room_id, item.event_id, item.sender, item.file)


def _file(stream: Stream, event: Event) -> Iterator[News]:
    if stream.lists is not None and event.action in {"FAIL", "CANCEL"}:
        stream.lists.files.ended(event.resource)
    yield from stream.files.event(event)


def _nothing(stream: Stream, event: Event) -> Iterator[News]:
    yield from ()


_EVENTS: Final[Mapping[tuple[str, str], Callable[[Stream, Event], Iterator[News]]]] = {
    ("channel", "CREATE"): _created,
    ("channel", "DELETE"): _deleted,
    ("channel", "TOPIC"): _arrives,
    ("user", "JOIN"): _came,
    ("user", "PART"): _went,
    ("user", "KICK"): _went,
    ("user", "INVITE"): _invited,
    ("user", "UPDATE"): _nothing,
    ("message", "CREATE"): _arrives,
    ("message", "UPDATE"): _edited,
    ("message", "DELETE"): _redacted,
    ("message", "REACT"): _reacted,
    ("message", "READ"): _read,
    ("presence", "SET"): _present,
    ("typing", "SET"): _typing,
    ("file", "OFFER"): _offered,
    **dict.fromkeys((("file", action) for action in ("STORED", "ACK", "ACCEPT", "DONE", "FAIL", "CANCEL")), _file),
}
