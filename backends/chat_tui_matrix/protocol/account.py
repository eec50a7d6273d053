"""Reads what an account keeps on its server: who is a direct chat, what is muted, which rooms are favourites."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from chat_tui_core.model import RoomTag
from chat_tui_matrix.protocol.state_tracker import OWN, Content, StateTracker

DIRECT: Final = "m.direct"
PUSH_RULES: Final = "m.push_rules"
KEPT: Final = frozenset({DIRECT, PUSH_RULES})
"""The global account data that rooms are shown by."""

TAG: Final = f"{OWN}m.tag"
"""Where a room's own m.tag is kept: no state event can have this type."""

_TAGS: Final = {"m.favourite": RoomTag.FAVOURITE, "m.lowpriority": RoomTag.LOW}


def direct_rooms(content: Mapping[str, Any] | None) -> dict[str, str]:
    """Room -> the other person, by m.direct; entries that make no sense are left out."""
    found: dict[str, str] = {}
    for user_id, rooms in (content or {}).items():
        if isinstance(rooms, list):
            for room_id in rooms:
                if isinstance(room_id, str):
                    found.setdefault(room_id, user_id)
    return found


def muted_rooms(content: Mapping[str, Any] | None) -> frozenset[str]:
    """Rooms with a push rule of their own that does not notify: nothing at all (override), or mentions only (room)."""
    rules = (content or {}).get("global")
    if not isinstance(rules, dict):
        return frozenset()
    found = [rule.get("rule_id") for rule in _silent(rules.get("room"))]
    found += [_only_room(rule) for rule in _silent(rules.get("override"))]
    return frozenset(room_id for room_id in found if isinstance(room_id, str) and room_id.startswith("!"))


def tag_of(content: Mapping[str, Any] | None) -> RoomTag:
    """Where a room's m.tag puts it."""
    tags = (content or {}).get("tags")
    if isinstance(tags, dict):
        for name, tag in _TAGS.items():
            if name in tags:
                return tag
    return RoomTag.NONE


def _silent(rules: object) -> Iterator[Content]:
    for rule in rules if isinstance(rules, list) else ():
        if isinstance(rule, dict) and rule.get("enabled", True) is True:
            actions = rule.get("actions")
            if isinstance(actions, list) and "notify" not in actions and "coalesce" not in actions:
                yield rule


def _only_room(rule: Content) -> object:
    """The room that is a rule's only condition."""
    conditions = rule.get("conditions")
    if not isinstance(conditions, list) or len(conditions) != 1 or not isinstance(conditions[0], dict):
        return None
    (condition,) = conditions
    if condition.get("kind") != "event_match" or condition.get("key") != "room_id":
        return None
    return condition.get("pattern")


class OwnData:
    """The account's data as of now, worked out when they change and not for every room."""

    def __init__(self, state: StateTracker) -> None:
        self._state = state
        self._direct: dict[str, str] | None = None
        self._muted: frozenset[str] | None = None

    @property
    def direct(self) -> Mapping[str, str]:
        """Room -> the other person, of direct chats."""
        if self._direct is None:
            self._direct = direct_rooms(self._state.get("", DIRECT))
        return self._direct

    @property
    def muted(self) -> frozenset[str]:
        """Rooms that do not notify."""
        if self._muted is None:
            self._muted = muted_rooms(self._state.get("", PUSH_RULES))
        return self._muted

    def concerned(self, kind: str, content: Content) -> set[str]:
        """The rooms to which new data of a kind make a difference."""
        if kind == DIRECT:
            return {room_id for room_id, _ in self.direct.items() ^ direct_rooms(content).items()}
        return set(self.muted ^ muted_rooms(content))

    def changed(self) -> None:
        """New data were put."""
        self._direct = self._muted = None
