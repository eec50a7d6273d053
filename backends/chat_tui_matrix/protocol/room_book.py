"""Keeps the rooms as they were last told, works them out of their state, and says which fields are different."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from chat_tui_core.model import Membership, Room, RoomKind
from chat_tui_core.news import RoomChanged
from chat_tui_core.values import slotted
from chat_tui_matrix.protocol.account import TAG, OwnData, tag_of
from chat_tui_matrix.protocol.desk import Desk
from chat_tui_matrix.protocol.members import CREATE
from chat_tui_matrix.protocol.names import MEMBER, Names, called_after, display_name, heroes_of, with_id
from chat_tui_matrix.protocol.spaces import CHILD, children, is_space
from chat_tui_matrix.protocol.standing import STANDING, Standing, standing_of
from chat_tui_matrix.protocol.state_tracker import Content, StateTracker

NAME: Final = "m.room.name"
TOPIC: Final = "m.room.topic"
ALIASES: Final = "m.room.canonical_alias"
JOIN_RULES: Final = "m.room.join_rules"
TOMBSTONE: Final = "m.room.tombstone"
SHOWN: Final = frozenset({NAME, TOPIC, ALIASES, JOIN_RULES, TOMBSTONE, MEMBER, CHILD})
"""The state that a room is shown by."""

FIELDS: Final = (
    "name",
    "topic",
    "kind",
    "membership",
    "members",
    "aliases",
    "tag",
    "muted",
    "inviter",
    "successor",
    "direct",
    "children",
)
"""What is told of every room that is new. How much is unread is told where the server says so."""

COUNTS: Final = ("unread", "mentions")
MOST_ALIASES: Final = 50
_IN_ROOM: Final = frozenset({"join", "invite"})
_GONE: Final = ("leave", "ban")
_MEMBERSHIPS: Final = {
    "join": Membership.JOINED,
    "invite": Membership.INVITED,
    "knock": Membership.KNOCKED,
    "leave": Membership.LEFT,
}


@slotted
class Entry:
    """One room of this run. `kept` is its standing as it was said; `room` what was told of it, None = it is new.

    `counted`: how much is unread was told in this run. `seen`: the server told of it in this run.
    """

    room_id: str
    standing: Standing
    kept: Content
    room: Room | None = None
    counted: bool = False
    seen: bool = False


class RoomBook:
    """All rooms that something was told of in this run."""

    def __init__(self, desk: Desk, state: StateTracker, names: Names, own: OwnData) -> None:
        self._desk = desk
        self._state = state
        self._names = names
        self._own = own
        self._entries: dict[str, Entry] = {}

    def __iter__(self) -> Iterator[Room]:
        return (entry.room for entry in self._entries.values() if entry.seen and entry.room is not None)

    def entry(self, room_id: str, *, whole: bool) -> Entry:
        """The entry of a room that the server tells of; a new one where it never did. `whole`: it tells all there is."""
        entry = self._loaded(room_id)
        if entry is None:
            if whole:
                self._state.begin(room_id)
            entry = self._entries[room_id] = Entry(room_id, Standing(), {})
        entry.seen = True
        return entry

    def has(self, room_id: str) -> bool:
        """Whether a room was asked for in this run."""
        return room_id in self._entries

    def known(self, room_id: str) -> Entry | None:
        """The entry of a room that was told, in this run or in an earlier one."""
        entry = self._loaded(room_id)
        return entry if entry is not None and entry.room is not None else None

    def _loaded(self, room_id: str) -> Entry | None:
        entry = self._entries.get(room_id)
        if entry is None and (kept := self._state.get(room_id, STANDING)) is not None:
            entry = self._entries[room_id] = Entry(room_id, standing_of(kept), kept)
            if entry.standing.membership:
                entry.room = self._view(entry, {})
        return entry

    def tell(self, entry: Entry, *, moved: bool, counts: Mapping[str, Any] | None = None, said: bool = False) -> None:
        """Say what is different of a room now. `moved`: something that it is shown by may be.

        `counts` is how much is unread, where the server tells; it is said anew when something was `said`, because the
        session counts that by itself.
        """
        content, before = entry.standing.content(), entry.room
        if content != entry.kept:
            moved, entry.kept = True, content
            news = self._state.put((entry.room_id, STANDING, ""), content)
            if news is not None:
                self._desk.say(news)
        after = self._view(entry, counts or {}) if moved or before is None else before
        fields = {name for name in FIELDS if before is None or getattr(before, name) != getattr(after, name)}
        if counts:
            anew = said or not entry.counted
            fields |= {name for name, number in counts.items() if anew or getattr(before, name, 0) != number}
            after = replace(after, **counts) if after is before else after
            entry.counted = True
        if fields:
            entry.room = after
            self._desk.say(RoomChanged(after, frozenset(fields)))

    # ------------------------------------------------------------ a room

    def _view(self, entry: Entry, counts: Mapping[str, int]) -> Room:
        """The room as its state and the account's data show it; how much is unread stays, but for the `counts`."""
        standing, room_id = entry.standing, entry.room_id
        aliases, tombstone = self._content(room_id, ALIASES), self._content(room_id, TOMBSTONE)
        successor = _text(tombstone, "replacement_room")
        direct = self._own.direct.get(room_id) or standing.direct
        public = self._content(room_id, JOIN_RULES).get("join_rule") == "public"
        membership = _MEMBERSHIPS.get(standing.membership, Membership.NONE)
        return Room(
            room_id,
            name=self._name(standing, room_id),
            topic=_text(self._content(room_id, TOPIC), "topic"),
            kind=RoomKind.DIRECT if direct else RoomKind.PUBLIC if public else RoomKind.PRIVATE,
            membership=membership,
            members=standing.joined or 0,
            aliases=_aliases(aliases),
            unread=counts.get("unread", entry.room.unread if entry.room else 0),
            mentions=counts.get("mentions", entry.room.mentions if entry.room else 0),
            tag=tag_of(self._state.get(room_id, TAG)),
            muted=room_id in self._own.muted,
            inviter=standing.inviter if membership is Membership.INVITED else "",
            successor=successor if successor.startswith("!") else "",
            direct=direct,
            children=self._children(standing, room_id),
        )

    def _children(self, standing: Standing, room_id: str) -> tuple[str, ...] | None:
        """The rooms that a space holds; None for a room."""
        if not is_space(self._content(room_id, CREATE)):
            return None
        return children(self._state.all(room_id, CHILD), {child: ts for child, (ts, _) in standing.held.items()})

    def _content(self, room_id: str, kind: str) -> Mapping[str, Any]:
        return self._state.get(room_id, kind) or {}

    def _name(self, standing: Standing, room_id: str) -> str:
        """Its name, else its alias, else whom it is called after (Matrix: "calculating the display name for a room")."""
        name = _text(self._content(room_id, NAME), "name").strip()
        if name:
            return name
        alias = _text(self._content(room_id, ALIASES), "alias")
        if alias.startswith("#"):
            return alias
        heroes = [user_id for user_id in standing.heroes or () if user_id != self._desk.me]
        if not heroes:
            if standing.name:
                return standing.name
            if standing.membership == "invite" and standing.inviter:
                return self._hero_names(room_id, [standing.inviter])[0]
        return self._called(standing, room_id, heroes)

    def _called(self, standing: Standing, room_id: str, heroes: Sequence[str]) -> str:
        """The name of a room that nobody named; "" where it is not known who is there."""
        if standing.joined is not None:
            others = standing.joined + (standing.invited or 0) - (standing.membership in _IN_ROOM)
        else:
            others = len(self._names.people(room_id).keys() - {self._desk.me}) or len(heroes)
        if not heroes:
            heroes = heroes_of(self._names.people(room_id), self._desk.me)
        if not heroes and others <= 0:
            heroes = heroes_of(self._gone(room_id), self._desk.me)
        if not heroes and (others > 0 or standing.joined is None):
            return ""
        left = max(0, others - len(heroes)) if others > 0 else -1
        return called_after(self._hero_names(room_id, heroes), left)

    def _gone(self, room_id: str) -> Collection[str]:
        """Who was in a room and is no more."""
        members = self._state.all(room_id, MEMBER).items()
        return [user_id for user_id, content in members if content.get("membership") in _GONE]

    def _hero_names(self, room_id: str, heroes: Sequence[str]) -> Sequence[str]:
        names = {user_id: display_name(self._state.get(room_id, MEMBER, user_id)) or user_id for user_id in heroes}
        given = list(names.values())
        return [with_id(name, user_id) if given.count(name) > 1 else name for user_id, name in names.items()]


def _text(content: Mapping[str, Any], key: str) -> str:
    found = content.get(key)
    return found if isinstance(found, str) else ""


def _aliases(content: Mapping[str, Any]) -> tuple[str, ...]:
    """The addresses of m.room.canonical_alias, the main one first, each once."""
    others = content.get("alt_aliases")
    named = [content.get("alias"), *(others if isinstance(others, list) else ())]
    found = dict.fromkeys(alias for alias in named if isinstance(alias, str) and alias.startswith("#"))
    return tuple(found)[:MOST_ALIASES]
