"""Says what a room's members are to it: who is there, under which name, and what they may do."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from chat_tui_core.model import Member, Role
from chat_tui_core.values import frozen
from chat_tui_matrix.protocol.names import MEMBER, display_name, is_in, told_apart
from chat_tui_matrix.protocol.state_tracker import Content, StateTracker
from chat_tui_matrix.wire.events import MatrixEvent

CREATE: Final = "m.room.create"
POWER_LEVELS: Final = "m.room.power_levels"

_OWNER: Final = 100
_MODERATOR: Final = 50
_ABOVE_ALL: Final = 12
"""From this room version on the creators' power has no number and no end."""


@frozen
class Powers:
    """Who may do what in one room. `creators` stand above all levels."""

    creators: frozenset[str]
    users: Mapping[str, object]
    default: int

    def role(self, user_id: str) -> Role:
        """What a person is to the room."""
        if user_id in self.creators:
            return Role.OWNER
        level = _level(self.users.get(user_id), self.default)
        return Role.OWNER if level >= _OWNER else Role.MODERATOR if level >= _MODERATOR else Role.MEMBER


def powers(state: StateTracker, room_id: str, creator: str) -> Powers:
    """The powers in a room as of now; `creator` sent its m.room.create."""
    create, levels = state.get(room_id, CREATE) or {}, state.get(room_id, POWER_LEVELS)
    creators: set[str] = set()
    version = create.get("room_version")
    if isinstance(version, str) and version.isascii() and version.isdigit() and int(version[:4]) >= _ABOVE_ALL:
        more = create.get("additional_creators")
        creators = {user for user in (creator, *(more if isinstance(more, list) else ())) if isinstance(user, str)}
    elif levels is None:  # nobody has said anything: only the creator can do what needs power
        told = create.get("creator")
        creators = {told if isinstance(told, str) else creator}
    levels = levels or {}
    users = levels.get("users")
    default = _level(levels.get("users_default"), 0)
    return Powers(frozenset(creators), users if isinstance(users, dict) else {}, default)


def _level(value: object, otherwise: int) -> int:
    """A power level; old rooms hold texts as well."""
    if isinstance(value, str) and len(value) <= 16:
        value = int(value) if value.strip().removeprefix("-").isdecimal() else None
    return value if isinstance(value, int) else otherwise


def regraded(before: Mapping[str, Any] | None, after: Mapping[str, Any]) -> set[str]:
    """The people to whom two m.room.power_levels give different levels of their own."""
    old, new = (before or {}).get("users"), after.get("users")
    old, new = old if isinstance(old, dict) else {}, new if isinstance(new, dict) else {}
    return {user_id for user_id in old.keys() | new.keys() if old.get(user_id) != new.get(user_id)}


def members_from(events: Iterable[MatrixEvent], grades: Powers) -> tuple[Member, ...]:
    """The people who are in a room or invited, of all its member events: each once, names told apart."""
    found: dict[str, Content] = {}
    for event in events:
        if event.type == MEMBER and event.state_key:
            found[event.state_key] = event.content
    names = {user_id: display_name(content) for user_id, content in found.items() if is_in(content)}
    owners: dict[str, int] = {}
    for name in names.values():
        owners[name] = owners.get(name, 0) + 1
    shown = {user_id: told_apart(user_id, name, shared=owners[name] > 1) for user_id, name in names.items()}
    return tuple(Member(user_id, name, role=grades.role(user_id)) for user_id, name in shown.items())
