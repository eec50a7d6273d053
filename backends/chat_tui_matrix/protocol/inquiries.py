"""How each question is answered over HTTP: its requests, and the news that come of their answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from chat_tui_core.contract import (
    AroundGiven,
    AskAround,
    AskDirectory,
    AskHistory,
    AskMembers,
    AskUsers,
    DirectoryGiven,
    HistoryGiven,
    MembersListed,
    News,
    UsersGiven,
)
from chat_tui_core.model import Member, Membership, Room, RoomEvent, RoomKind
from chat_tui_core.safe_text import harmless_id, harmless_name, one_line
from chat_tui_core.small_pictures import AskPicture
from chat_tui_core.spaces import AskSpace
from chat_tui_core.threads import AskThread, ThreadGiven
from chat_tui_core.values import slotted
from chat_tui_matrix.content.relations import THREAD
from chat_tui_matrix.protocol.desk import Desk
from chat_tui_matrix.protocol.known_rooms import KnownRooms
from chat_tui_matrix.protocol.naming import is_user_id
from chat_tui_matrix.protocol.replies import Declined, Steps, Unreadable, object_of, text_of
from chat_tui_matrix.protocol.small_pictures import small_picture
from chat_tui_matrix.protocol.spaces import hierarchy
from chat_tui_matrix.wire import paths
from chat_tui_matrix.wire.events import ContextReply, MatrixEvent, PageReply

MOST_EVENTS: Final = 500
"""Events that one page is asked for at most."""

MOST_EMPTY: Final = 20
"""Pages without a line that are passed over before the person is shown that there is more."""

MOST_THREAD_PAGES: Final = 20
"""Pages of a thread that are fetched for one question: a server may give few answers on each."""

MOST_AROUND: Final = 100
MOST_MEMBERS: Final = 50_000
DIRECTORY_PAGE: Final = 100
DIRECTORY_PAGES: Final = 5
MOST_USERS: Final = 50
_TOPIC_LIMIT: Final = 500
_CREATE: Final = "m.room.create"


@slotted
class Inquiry:
    """A question that is being answered. `wall_s` is the time of day of the newest answer."""

    desk: Desk
    rooms: KnownRooms
    wall_s: int = 0

    def set_aside(self, problems: Sequence[str], room_id: str) -> None:
        """Tell what an answer brought that cannot be used."""
        for text in problems:
            self.desk.problem(text, room_id)


# ---------------------------------------------------------------- history


def history(inquiry: Inquiry, asked: AskHistory) -> Steps[tuple[News, ...]]:
    """Give a page; pages without any line are passed over (edits, reactions, what is not shown).

    The end is where the answer names no further token, or the same again, or the room's first event is there.
    """
    forward = asked.after > 0 and not asked.before
    placing = _Placing(asked)
    token = asked.token or (yield from _token_at(inquiry, asked))
    lines: tuple[RoomEvent, ...] = ()
    more = True
    for _ in range(MOST_EMPTY):
        page = yield paths.messages(asked.room_id, token, "f" if forward else "b", _between(asked.count, MOST_EVENTS))
        if not isinstance(page, PageReply):
            raise Unreadable("The server's page of history is not what it should be.")
        inquiry.set_aside(page.problems, asked.room_id)
        events = page.events if forward else page.events[::-1]
        first = placing.first_order(inquiry, len(events))
        found = inquiry.rooms.page(asked.room_id, events, page.state, first)
        lines = (*lines, *found) if forward else (*found, *lines)
        more = bool(page.end) and page.end != (token or page.start)
        more = more and (forward or not any(event.type == _CREATE for event in events))
        token = page.end
        if lines or not more:
            break
    return (HistoryGiven(asked.request, asked.room_id, lines, more, token if more else ""),)


class _Placing:
    """Where pages go: down from an order, up from one, or, as the newest, on a turn of their own."""

    def __init__(self, asked: AskHistory) -> None:
        self._up = asked.after > 0 and not asked.before
        self._edge = asked.before or asked.after

    def first_order(self, inquiry: Inquiry, count: int) -> int:
        """The order of the first of the next page's events."""
        if not self._edge:
            self._edge = inquiry.desk.next_turn(inquiry.wall_s) + count
        if self._up:
            self._edge += count
            return self._edge - count + 1
        self._edge -= count
        return self._edge


def _token_at(inquiry: Inquiry, asked: AskHistory) -> Steps[str]:
    """The token of a place that came without one: by the event that is there. "" for the newest page."""
    order = asked.before or asked.after
    if not order:
        return ""
    event_id = asked.event_id or inquiry.rooms.event_at(asked.room_id, order)
    if not event_id:
        raise Declined("UNKNOWN_PLACE", "Where to go on in this room's history is not known; open the room again.")
    # With a limit of 0 the tokens enclose the event itself (spec: rooms/{id}/context).
    reply = _context((yield paths.context(asked.room_id, event_id, 0)))
    return reply.start if asked.before else reply.end


def around(inquiry: Inquiry, asked: AskAround) -> Steps[tuple[News, ...]]:
    """Give events around one, or around a time."""
    event_id = asked.event_id or (yield from _event_at_time(asked))
    try:
        value = yield paths.context(asked.room_id, event_id, _between(asked.count, MOST_AROUND))
    except Declined as no:
        if no.status != 404:
            raise
        raise Declined(no.code, "That message is not in this room, or not for you to see.", 404) from no
    reply = _context(value)
    inquiry.set_aside(reply.problems, asked.room_id)
    lines = inquiry.rooms.page(asked.room_id, reply.events, reply.state, 1)
    before = "" if any(event.type == _CREATE for event in reply.events) else reply.start
    meant = _nearest_line(reply.events, lines, event_id)
    return (AroundGiven(asked.request, asked.room_id, meant, lines, before, reply.end),)


def _event_at_time(asked: AskAround) -> Steps[str]:
    """The first event at or after a time, else the last one before it."""
    for direction in ("f", "b"):
        try:
            found = yield paths.timestamp_to_event(asked.room_id, asked.ts, direction)
        except Declined as no:
            if no.status != 404 or no.code == "M_UNRECOGNIZED":
                raise
            continue
        if event_id := text_of(object_of(found), "event_id"):
            return event_id
    raise Declined("M_NOT_FOUND", "The server finds no message around that time.", 404)


def _nearest_line(events: Sequence[MatrixEvent], lines: Sequence[RoomEvent], event_id: str) -> str:
    """The event that is meant; where it is no line of its own, as a reaction is not, the line before it."""
    shown = {line.event_id for line in lines}
    nearest = lines[0].event_id if lines else event_id
    for event in events:
        if event.event_id in shown:
            nearest = event.event_id
        if event.event_id == event_id:
            break
    return nearest


def thread(inquiry: Inquiry, asked: AskThread) -> Steps[tuple[News, ...]]:
    """Give the newest answers of a thread, and the event that it began with where we may see that."""
    found: list[MatrixEvent] = []
    token = ""
    for _ in range(MOST_THREAD_PAGES):
        page = yield paths.relations(asked.room_id, asked.root, THREAD, token)
        if not isinstance(page, PageReply):
            raise Unreadable("The server's page of a thread is not what it should be.")
        inquiry.set_aside(page.problems, asked.room_id)
        found += page.events
        if not page.end or page.end == token or len(found) >= asked.count:
            break
        token = page.end
    try:
        root = yield paths.event(asked.room_id, asked.root)
    except Declined:
        root = None
    events = [*([root] if isinstance(root, MatrixEvent) else []), *reversed(found[: asked.count])]
    lines = inquiry.rooms.page(asked.room_id, events, (), 1)
    return (ThreadGiven(asked.request, asked.room_id, asked.root, lines),)


def _context(value: Any) -> ContextReply:
    if not isinstance(value, ContextReply):
        raise Unreadable("The server's answer is not what it should be.")
    return value


def _between(count: int, most: int) -> int:
    """The count, at least one: a limit of 0 answers with the token that it was asked with."""
    return min(max(count, 1), most)


# ---------------------------------------------------------------- people


def members(inquiry: Inquiry, asked: AskMembers) -> Steps[tuple[News, ...]]:
    """Give who is in a room, or invited."""
    events = yield paths.members(asked.room_id)
    if not isinstance(events, tuple):
        raise Unreadable("The server's list of members is not what it should be.")
    there = tuple(event for event in events if event.content.get("membership") in {"join", "invite"})
    if len(there) > MOST_MEMBERS:
        inquiry.desk.problem(f"Of {len(there)} members {MOST_MEMBERS} are shown.", asked.room_id)
    people = inquiry.rooms.members_from(asked.room_id, there[:MOST_MEMBERS])
    return (MembersListed(asked.room_id, people, asked.request),)


def users(inquiry: Inquiry, asked: AskUsers) -> Steps[tuple[News, ...]]:
    """Give people whose name or id matches; a full id is looked up, for directories know few people of other servers."""
    answer = object_of((yield paths.user_search(asked.search, MOST_USERS)))
    found = [person for item in _objects(answer, "results") if (person := _person(item)) is not None]
    wanted = asked.search.strip()
    if is_user_id(wanted) and all(person.user_id != wanted for person in found):
        try:
            profile = object_of((yield paths.profile(wanted)))
        except Declined:
            profile = None
        if profile is not None:
            found.insert(0, Member(wanted, harmless_name(text_of(profile, "displayname"))))
    return (UsersGiven(asked.request, tuple(found), answer.get("limited") is True),)


def _person(item: Mapping[str, Any]) -> Member | None:
    user = text_of(item, "user_id")
    return Member(user, harmless_name(text_of(item, "display_name"))) if is_user_id(user) else None


# ---------------------------------------------------------------- rooms


def directory(inquiry: Inquiry, asked: AskDirectory) -> Steps[tuple[News, ...]]:
    """Give the rooms that the server publishes, page by page up to a bound."""
    rooms: dict[str, Room] = {}
    standing = {room.room_id: room.membership for room in inquiry.rooms.overview()}
    token = ""
    for _ in range(DIRECTORY_PAGES):
        answer = object_of((yield paths.public_rooms(asked.search, DIRECTORY_PAGE, token, "")))
        for item in _objects(answer, "chunk"):
            room = _published(item)
            if room is not None:
                rooms.setdefault(room.room_id, room)
        following = text_of(answer, "next_batch")
        if not following or following == token:
            break
        token = following
    found = tuple(_with_standing(inquiry, room, standing.get(room.room_id)) for room in rooms.values())
    return (DirectoryGiven(asked.request, found),)


def _published(item: Mapping[str, Any]) -> Room | None:
    room_id = text_of(item, "room_id")
    if not room_id.startswith("!"):
        return None
    alias, count = harmless_id(text_of(item, "canonical_alias"), 255), item.get("num_joined_members")
    return Room(
        room_id,
        harmless_name(text_of(item, "name")) or alias,
        one_line(text_of(item, "topic"), _TOPIC_LIMIT),
        RoomKind.PUBLIC,
        Membership.NONE,
        count if isinstance(count, int) and count > 0 else 0,
        (alias,) if alias else (),
    )


def _with_standing(inquiry: Inquiry, room: Room, known: Membership | None) -> Room:
    """The room as we stand to it: in it, or not."""
    own = inquiry.rooms.state.get(room.room_id, "m.room.member", inquiry.desk.me) if known is None else None
    joined = known is Membership.JOINED or (own is not None and own.get("membership") == "join")
    return replace(room, membership=Membership.JOINED) if joined else room


def _objects(answer: Mapping[str, Any], key: str) -> list[Mapping[str, Any]]:
    """The objects of a list; what is none is left out."""
    found = answer.get(key)
    return [item for item in found if isinstance(item, dict)] if isinstance(found, list) else []


ANSWERS: Final[Mapping[type, Callable[[Inquiry, Any], Steps[tuple[News, ...]]]]] = {
    AskHistory: history,
    AskAround: around,
    AskThread: thread,
    AskMembers: members,
    AskUsers: users,
    AskDirectory: directory,
    AskPicture: lambda _inquiry, asked: small_picture(asked),
    AskSpace: lambda _inquiry, asked: hierarchy(asked),
}
"""Every question that has an answer."""
