"""Applies what one answer tells of one room: state first, then the timeline with its state as it goes (S2)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Final

from chat_tui_core.model import Member
from chat_tui_core.news import Arrived, MemberChanged, MembersListed, ReadMoved
from chat_tui_core.safe_text import one_line
from chat_tui_core.values import frozen
from chat_tui_matrix.protocol.account import TAG
from chat_tui_matrix.protocol.desk import Desk
from chat_tui_matrix.protocol.file_fetching import offers
from chat_tui_matrix.protocol.members import CREATE, POWER_LEVELS, Powers, powers, regraded
from chat_tui_matrix.protocol.names import MEMBER, Names, display_name, is_in
from chat_tui_matrix.protocol.receipts import receipts, typing
from chat_tui_matrix.protocol.room_book import NAME, SHOWN, RoomBook
from chat_tui_matrix.protocol.spaces import CHILD, MOST_HELD
from chat_tui_matrix.protocol.state_tracker import OWN, Content, StateTracker
from chat_tui_matrix.protocol.timeline import REDACTION, SPOILED, Orders, Reading, redacted_by
from chat_tui_matrix.protocol.uncounted import Uncounted
from chat_tui_matrix.wire.events import MatrixEvent, RoomSection

_DOORS: Final = frozenset({"invite", "knock"})
_ID_SHOWN: Final = 120
_LEFT_BY_REDACTION: Final[Mapping[str, tuple[str, ...]]] = {
    MEMBER: ("membership", "join_authorised_via_users_server"),
    "m.room.join_rules": ("join_rule", "allow"),
}
"""What a redaction leaves of state (Matrix: "redactions"); of state that is not named here nothing that is read."""
_ALWAYS_TOLD: Final = (SHOWN - {MEMBER}) | {POWER_LEVELS, "m.room.avatar", "m.room.encryption"}
"""State that is asked for in every way of syncing: what is not named then is not there."""
_COUNTED: Final[Mapping[str, str]] = {"joined": "join", "invited": "invite"}
"""A room's counts, and whom they are of."""
_NOTED: Final = SHOWN - {MEMBER}
"""State of which the newest event is noted for later runs."""
_UNTOUCHED: Final = frozenset({CREATE, POWER_LEVELS})
"""State that a redaction leaves as it is, as far as it is read here."""


@frozen
class Parts:
    """What the sections of all rooms share."""

    desk: Desk
    state: StateTracker
    names: Names
    orders: Orders
    book: RoomBook
    uncounted: Uncounted


def apply(parts: Parts, section: RoomSection, base: int) -> None:
    """Say what a section brings; `base` is the order of its first line."""
    if not section.membership:
        for text in section.problems:
            parts.desk.problem(text, section.room_id)
        return
    _Section(parts, section, base).apply()
    if section.corrections:
        apply(parts, RoomSection(section.room_id, section.membership, state=section.corrections), base)


class _Section:
    """One section on its way."""

    def __init__(self, parts: Parts, section: RoomSection, base: int) -> None:
        self._desk, self._state, self._names = parts.desk, parts.state, parts.names
        self._orders, self._book, self._uncounted = parts.orders, parts.book, parts.uncounted
        self._section = section
        self._base = base
        self._room_id = section.room_id
        self._entry = parts.book.entry(section.room_id, whole=section.whole)
        self._standing = self._entry.standing
        self._was_joined = self._standing.membership == "join"
        self._reading = Reading(section.room_id, parts.desk.me, parts.orders, base, self._apart)
        self._moved = False  # something that the room is shown by
        self._touched: dict[str, None] = {}  # people to say anew, in order
        self._shown: dict[str, str] = {}  # names as of the event that is being read
        self._replaced: set[tuple[str, str]] = set()  # state that the timeline has set so far
        self._told: set[tuple[str, str]] | None = None  # state that the section begins with, once that is asked for
        self._all = self._everybody()  # who is there, where the section names all of them
        self._known = self._was_joined and not section.whole  # what is known of the room's state is what was before
        self._preceded: dict[str, Content | None] = {}  # by event: what was there before the section's state
        self._came = dict.fromkeys(_COUNTED.values(), 0)  # how many more are in the room or invited, by the timeline
        self._elsewhere = False  # we have read up to an event that was not seen in this run

    def apply(self) -> None:
        """See `apply`."""
        section = self._section
        live = self._known
        for text in section.problems:
            self._desk.problem(text, self._room_id)
        if self._entry.kept and self._is_all():
            self._drop_state()
        self._each(section.state, self._state_event)
        self._each(section.timeline, self._timeline_event)
        self._arrived(live=live)
        self._stand()
        if section.membership not in _DOORS:
            self._people()
        self._each(section.account_data, self._own_data)
        self._each(section.ephemeral, self._ephemeral)
        counts = self._uncounted.took(section, elsewhere=self._elsewhere)
        if self._standing.membership:
            self._book.tell(self._entry, moved=self._moved, counts=counts, said=live and bool(self._reading.lines))

    def _apart(self, user_id: str, name: str) -> str:
        return self._names.apart(self._room_id, user_id, name)

    def _each(self, events: Iterable[MatrixEvent], take: Callable[[MatrixEvent], None]) -> None:
        """One malformed event is set aside, the others go on (B5)."""
        for event in events:
            try:
                take(event)
            except SPOILED as error:
                what = one_line(f"{event.type} {event.event_id}", _ID_SHOWN)
                self._desk.problem(f"{what} was set aside: {type(error).__name__}: {error}", self._room_id)

    # ------------------------------------------------------------ state

    def _is_all(self) -> bool:
        """Whether the section tells all state that there is (but for members), not what changed.

        A room that we stand to in a new way is told from its beginning; what was known of it is from another time.
        """
        section = self._section
        if section.whole:
            return True
        if section.membership == self._standing.membership:
            return False
        return any(event.type == CREATE for event in (*section.state, *section.timeline))

    def _drop_state(self) -> None:
        """Remove the state that is no longer there; members stay, because not all of them are told (lazy loading)."""
        section = self._section
        named = {(event.type, event.state_key or "") for event in (*section.state, *section.timeline)}
        self._desk.say(*self._state.keep_only(self._room_id, _ALWAYS_TOLD, named))
        self._moved = True

    def _state_event(self, event: MatrixEvent) -> None:
        if event.state_key is None:
            raise ValueError("it is no state")
        if event.event_id:
            known = self._state.get(self._room_id, event.type, event.state_key) if self._known else None
            self._preceded[event.event_id] = known
        self._put(event, event.state_key)

    def _put(self, event: MatrixEvent, key: str) -> None:
        """Make an event the newest state of its place, and note what hangs on it."""
        kind, content, place = event.type, event.content, (self._room_id, event.type, key)
        if kind.startswith(OWN):
            raise ValueError("no state has such a type")
        watch = _WATCHED.get(kind)
        before = self._state.get(*place) if watch else None
        redacted = "redacted_because" in event.unsigned
        news = self._state.put(place, content, event.sender, event.event_id, event.origin_server_ts, redacted=redacted)
        if news is None:
            return
        self._desk.say(news)
        if kind in _NOTED and not key and event.event_id:
            self._standing.events[kind] = event.event_id
        if watch:
            watch(self, event, before)
        elif kind in SHOWN:
            self._moved = True

    def _member_put(self, event: MatrixEvent, before: Content | None) -> None:
        user_id, after = event.state_key or "", event.content
        if user_id == self._desk.me and after.get("membership") == "invite":
            self._standing.inviter = event.sender
            self._standing.direct = event.sender if after.get("is_direct") is True else ""
        if self._was_joined and display_name(before) == display_name(after) and is_in(before) == is_in(after):
            return
        self._shown.clear()
        others = self._names.moved(self._room_id, user_id, after)
        if self._all is None:
            if is_in(before) or is_in(after):
                self._touched[user_id] = None
            self._touched.update(dict.fromkeys(others))
        heroes = self._standing.heroes
        self._moved = self._moved or heroes is None or user_id in heroes or user_id == self._standing.inviter

    def _levels_put(self, event: MatrixEvent, before: Content | None) -> None:
        if self._all is not None:
            return  # everybody is said anew
        for user_id in sorted(regraded(before, event.content)):
            if is_in(self._state.get(self._room_id, MEMBER, user_id)):
                self._touched[user_id] = None

    def _create_put(self, event: MatrixEvent, _before: Content | None) -> None:
        self._standing.creator = event.sender

    def _child_put(self, event: MatrixEvent, _before: Content | None) -> None:
        held, room_id = self._standing.held, event.state_key or ""
        if event.content and (room_id in held or len(held) < MOST_HELD):
            held[room_id] = event.origin_server_ts, event.event_id
        else:
            held.pop(room_id, None)
        self._moved = True

    def _name_put(self, _event: MatrixEvent, _before: Content | None) -> None:
        self._standing.name = ""  # what the server called the room before
        self._moved = True

    # ------------------------------------------------------------ timeline

    def _timeline_event(self, event: MatrixEvent) -> None:
        sender, key = event.sender, event.state_key
        name = self._shown.get(sender)
        if name is None:
            name = self._shown[sender] = self._names.shown(self._room_id, sender)
        if key is None:
            self._reading.take(event, name, None)
            if event.type == REDACTION:
                self._redact(redacted_by(event), event)
            return
        told = event.unsigned.get("prev_content")
        previous = told if isinstance(told, dict) else self._before(event, key)
        self._replaced.add((event.type, key))
        try:
            self._reading.take(event, name, previous)
        finally:  # that it makes no line is no reason to lose the state
            if event.type == MEMBER and self._state.event_at(event.event_id) is None:
                self._count(event.content, 1)
                self._count(previous, -1)
            self._put(event, key)

    def _count(self, content: Content | None, difference: int) -> None:
        if (membership := _membership(content)) in self._came:
            self._came[membership] += difference

    def _before(self, event: MatrixEvent, key: str) -> Content | None:
        """The state that a timeline event replaces, where the server does not say.

        What an invitation told, or what holds after a whole answer, is not what was before. Nor is the event itself:
        Synapse tells a member who is new here in the state as well, to name the sender.
        """
        if event.event_id in self._preceded:
            return self._preceded[event.event_id]
        known = self._known or self._is_replaced((event.type, key))
        return self._state.get(self._room_id, event.type, key) if known else None

    def _is_replaced(self, place: tuple[str, str]) -> bool:
        """Whether the section has set a piece of state before the event that is being read."""
        if self._told is None:
            self._told = {(event.type, event.state_key or "") for event in self._section.state}
        return place in self._replaced or place in self._told

    def _redact(self, event_id: str, by: MatrixEvent) -> None:
        """A redaction empties the state that it meets, where that is known to be the event it is of (B10)."""
        noted = (kind for kind, newest in self._standing.events.items() if newest == event_id)
        held = (room_id for room_id, (_, newest) in self._standing.held.items() if newest == event_id)
        places = (*((self._room_id, kind, "") for kind in noted), *((self._room_id, CHILD, child) for child in held))
        earlier = next(iter(places), None)
        place = self._state.event_at(event_id) or earlier
        if place is None or place[0] != self._room_id or place[1] in _UNTOUCHED:
            return
        _, kind, key = place
        known = self._state.get(*place) or {}
        content = {name: known[name] for name in _LEFT_BY_REDACTION.get(kind, ()) if name in known}
        unsigned = {"redacted_because": {"event_id": by.event_id}}
        self._put(MatrixEvent(kind, content, by.sender, event_id, by.origin_server_ts, key, unsigned=unsigned), key)

    def _arrived(self, *, live: bool) -> None:
        section, lines = self._section, self._reading.lines
        token = section.prev_batch if section.limited else ""
        if section.limited and not token:
            self._desk.problem("Older messages were left out, and nothing says how to get them.", self._room_id)
        if lines or token:
            self._desk.say(Arrived(self._room_id, tuple(lines), live, token, self._base))
        if self._was_joined:  # what was said before we came, or signed in, is fetched by its message
            self._desk.say(*offers(lines, self._desk.me))
        self._desk.say(*self._reading.later)

    # ------------------------------------------------------------ people

    def _everybody(self) -> Mapping[str, Content] | None:
        """The newest member events, where the section names everybody in the room; None where it may not.

        The legacy calls tell all members and count none; the others count, and tell those who spoke (lazy loading).
        """
        section = self._section
        if not section.whole or section.membership != "join":
            return None
        told = (*section.state, *section.timeline)
        named = {event.state_key: event.content for event in told if event.type == MEMBER and event.state_key}
        if section.joined is None:
            return named
        memberships = [content.get("membership") for content in named.values()]
        counted = memberships.count("join") == section.joined and memberships.count("invite") == (section.invited or 0)
        return named if counted else None

    def _stand(self) -> None:
        """Take how we stand to the room and the server's counts; where it has none, count who came and went."""
        section, standing = self._section, self._standing
        if self._tells_of_us():
            standing.membership = section.membership
        there = None if self._all is None else [_membership(content) for content in self._all.values()]
        for name, membership in _COUNTED.items():
            told, known = getattr(section, name), getattr(standing, name)
            if told is None and there is not None:
                told = there.count(membership)
            elif told is None and known is not None:
                told = max(0, known + self._came[membership])
            if told is not None:
                setattr(standing, name, told)
        if section.heroes is not None:
            standing.heroes = section.heroes
        standing.name = section.name or standing.name

    def _tells_of_us(self) -> bool:
        """Whether the section says how we stand to the room.

        One that sliding sync or the legacy calls make for a receipt, a tag or a correction of state does not.
        """
        section = self._section
        if section.whole or section.timeline or section.membership != "join":
            return True
        if not self._standing.membership:
            return bool(section.state)
        return any(event.type == MEMBER and event.state_key == self._desk.me for event in section.state)

    def _people(self) -> None:
        """Say who came, changed or left: all at once where everybody is named."""
        grades = powers(self._state, self._room_id, self._standing.creator)
        if self._all is not None:
            people = self._names.people(self._room_id)
            for user_id in [user_id for user_id in people if user_id not in self._all]:
                self._put(MatrixEvent(MEMBER, state_key=user_id), user_id)
            listed = tuple(self._member(user_id, grades) for user_id in people)
            self._desk.say(MembersListed(self._room_id, listed))
            return
        for user_id in self._touched:
            gone = not is_in(self._state.get(self._room_id, MEMBER, user_id))
            self._desk.say(MemberChanged(self._room_id, self._member(user_id, grades), gone))

    def _member(self, user_id: str, grades: Powers) -> Member:
        return Member(user_id, self._names.shown(self._room_id, user_id), role=grades.role(user_id))

    # ------------------------------------------------------------ beside the room's events

    def _own_data(self, event: MatrixEvent) -> None:
        if event.type == "m.fully_read":
            read = event.content.get("event_id")
            if not isinstance(read, str):
                raise ValueError("it names no event")
            order = self._orders.order_of(self._room_id, read)
            self._desk.say(ReadMoved(self._room_id, self._desk.me, order, read))
        elif event.type == "m.tag":
            news = self._state.put((self._room_id, TAG, ""), event.content)
            if news is not None:
                self._desk.say(news)
            self._moved = True

    def _ephemeral(self, event: MatrixEvent) -> None:
        if event.type == "m.typing":
            self._desk.say(typing(self._room_id, event, self._desk.me))
        elif event.type == "m.receipt":
            all_of_them = not self._section.whole
            found = tuple(receipts(self._room_id, event, self._desk.me, self._orders, all_of_them=all_of_them))
            self._elsewhere |= any(read.user_id == self._desk.me and not read.order for read in found)
            self._desk.say(*found)


def _membership(content: Mapping[str, object] | None) -> str:
    said = content.get("membership") if content else None
    return said if isinstance(said, str) else ""


_Watch = Callable[[_Section, MatrixEvent, Content | None], None]
_WATCHED: Final[Mapping[str, _Watch]] = {
    MEMBER: _Section._member_put,  # noqa: SLF001
    POWER_LEVELS: _Section._levels_put,  # noqa: SLF001
    CREATE: _Section._create_put,  # noqa: SLF001
    NAME: _Section._name_put,  # noqa: SLF001
    CHILD: _Section._child_put,  # noqa: SLF001
}
