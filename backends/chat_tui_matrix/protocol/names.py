"""Finds the names to show: of people, told apart where two share one, and of rooms that have none of their own."""

from __future__ import annotations

import heapq
from collections import OrderedDict
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, Final

from chat_tui_core.safe_text import NAME_LIMIT, harmless_name
from chat_tui_matrix.protocol.state_tracker import StateTracker

MEMBER: Final = "m.room.member"
IN_ROOM: Final = frozenset({"join", "invite"})
"""Memberships whose names must not be confused (Matrix: "calculating the display name for a user")."""

MOST_NAMES: Final = 100_000
"""People whose names are kept at hand, of all rooms in use together."""
HEROES: Final = 5
_LONGEST: Final = 400
_SHORTEST: Final = 20


def display_name(content: Mapping[str, Any] | None) -> str:
    """The name that a member event gives, harmless; "" when it gives none."""
    name = content.get("displayname") if content else None
    return harmless_name(name[:_LONGEST]) if isinstance(name, str) else ""


def is_in(content: Mapping[str, Any] | None) -> bool:
    """Whether a member event says that its person is in the room or invited."""
    membership = content.get("membership") if content else None
    return isinstance(membership, str) and membership in IN_ROOM


def with_id(name: str, user_id: str) -> str:
    """A name that needs its owner's id beside it; the name is cut, so that the id stays whole where it can."""
    told_by = f" ({user_id})"
    return name[: max(_SHORTEST, NAME_LIMIT - len(told_by))] + told_by


def told_apart(user_id: str, name: str, *, shared: bool) -> str:
    """A name as it is shown: with the id where another has it too, or where it looks like an id; "" for none."""
    if not name or name == user_id:
        return ""
    return with_id(name, user_id) if shared or ("@" in name and ":" in name) else name


class _Index:
    """Who is in one room, and who has which name."""

    def __init__(self, people: Mapping[str, str]) -> None:
        self.people: dict[str, str] = {}
        self._owner: dict[str, str] = {}
        self._shared: dict[str, set[str]] = {}
        for user_id, name in people.items():
            self.add(user_id, name)

    def add(self, user_id: str, name: str) -> None:
        """Somebody has this name from now on."""
        self.people[user_id] = name
        first = self._owner.setdefault(name, user_id) if name else user_id
        if first != user_id:
            self._shared.setdefault(name, {first}).add(user_id)

    def remove(self, user_id: str) -> None:
        """Somebody is no longer in the room."""
        name = self.people.pop(user_id, "")
        sharing = self._shared.get(name)
        if sharing is None:
            self._owner.pop(name, None)
            return
        sharing.discard(user_id)
        self._owner[name] = next(iter(sharing))
        if len(sharing) == 1:
            del self._shared[name]

    def others(self, user_id: str, name: str) -> Collection[str]:
        """Who else has a name."""
        sharing = self._shared.get(name)
        if sharing is not None:
            return sharing - {user_id}
        owner = self._owner.get(name, user_id)
        return () if owner == user_id else (owner,)


class Names:
    """People's names in the rooms in use: looked up one by one, and told apart by an index made when it is needed."""

    def __init__(self, state: StateTracker, most: int = MOST_NAMES) -> None:
        self._state = state
        self._most = most
        self._rooms: OrderedDict[str, _Index] = OrderedDict()
        self._held = 0

    def shown(self, room_id: str, user_id: str) -> str:
        """A member's name as of now, told apart; "" for one without a name, or who is not known."""
        index = self._index(room_id)
        name = index.people.get(user_id)
        if name is None:
            name = display_name(self._state.get(room_id, MEMBER, user_id))
        return told_apart(user_id, name, shared=bool(name and index.others(user_id, name)))

    def apart(self, room_id: str, user_id: str, name: str, also: Collection[str] = ()) -> str:
        """A name as it is shown, where another member (or one of `also`) may have the same; see `told_apart`."""
        shared = any(other != user_id for other in also)
        return told_apart(user_id, name, shared=shared or bool(name and self._index(room_id).others(user_id, name)))

    def people(self, room_id: str) -> Mapping[str, str]:
        """Everybody who is known to be in a room or invited, by id, with their names."""
        return self._index(room_id).people

    def moved(self, room_id: str, user_id: str, after: Mapping[str, Any] | None) -> tuple[str, ...]:
        """A member event was put. Gives who else is to be shown differently now: whoever was, or is, alone with a name.

        Only of a room in use; of others the index is made of the state when it is needed.
        """
        index = self._rooms.get(room_id)
        if index is None:
            return ()
        before = index.people.get(user_id, "")
        name = display_name(after) if is_in(after) else ""
        self._held -= len(index.people)
        if user_id in index.people:
            index.remove(user_id)
        if is_in(after):
            index.add(user_id, name)
        self._held += len(index.people)
        if before == name:
            return ()
        alone = (index.others(user_id, one) for one in (before, name) if one)
        return tuple(other for others in alone if len(others) == 1 for other in others)

    def _index(self, room_id: str) -> _Index:
        index = self._rooms.get(room_id)
        if index is not None:
            self._rooms.move_to_end(room_id)
            return index
        members = self._state.all(room_id, MEMBER)
        index = _Index({user_id: display_name(content) for user_id, content in members.items() if is_in(content)})
        self._rooms[room_id] = index
        self._held += len(index.people) + 1
        while self._held > self._most and len(self._rooms) > 1:
            _, dropped = self._rooms.popitem(last=False)
            self._held -= len(dropped.people) + 1
        return index


def heroes_of(people: Iterable[str], me: str) -> Sequence[str]:
    """Whom a room without a name is called after, when the server does not say: the first by id."""
    return heapq.nsmallest(HEROES, (user_id for user_id in people if user_id != me))


def called_after(heroes: Sequence[str], others: int) -> str:
    """The name of a room that has none: its heroes' names and how many there are beside them.

    `others` is negative when nobody else is there (any more): then the heroes are those who were (Matrix: "calculating
    the display name for a room").
    """
    if others < 0:
        return f"Empty room (was {_listed(heroes)})" if heroes else "Empty room"
    if others:
        return _listed([*heroes, f"{others} other{'s' if others > 1 else ''}"])
    return _listed(heroes)


def _listed(names: Sequence[str]) -> str:
    if len(names) < 2:
        return "".join(names)
    return f"{', '.join(names[:-1])} and {names[-1]}"
